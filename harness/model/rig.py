"""
A rig: which device fills each role of each DUT, and what the bench must never do with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .world import DrawSpec, WorldSpec

Released = Literal["persist", "strict", "unknown"]
"""What a line does when its program lets it go: it keeps its level, it falls to its pull, or nobody has said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioSpec:
    """
    The gpiozero pin factory, by its entry point's name, and the chip: a number, a path, or a label.

    `released_lines` is what its lines do when their program ends, where the kernel does not say and somebody has seen
    it: `persist` (they keep their level) or `strict` (they fall to their pull).
    """

    factory: str
    chip: str | int | None = None
    released_lines: Literal["persist", "strict"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class I2CSpec:
    """
    Who carries SMBus transactions, by its entry point's name in `crashbench.i2c`, and how fast the buses are clocked.

    Without a `clock_hz` nobody knows whether a bus can carry what its meters convert; a played one then takes no time.
    """

    driver: str
    clock_hz: float | None = None

    def __post_init__(self) -> None:
        if self.clock_hz is not None and self.clock_hz <= 0:
            raise ValueError("clock must be more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSpec:
    """
    A device by the rig's name for it; `config` is its kind's own Config.
    """

    name: str
    kind: str
    config: object


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySpec:
    """
    How the DUT is asked who it is: an HTTP role, a path, and the JSON keys of its name and version.
    """

    role: str
    path: str = "/health"
    name: str = "name"
    version: str = "version"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactSpec:
    """
    What is kept of a DUT after each trial: what the command `run` says on the DUT's `role` (a shell), or the rows of
    the statement `sql` there (a database).
    """

    role: str
    run: tuple[str, ...] = ()
    sql: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DutSpec:
    """
    An edge unit: its rail's nominal voltage and brown-out level (volts), the current (amperes) that counts as its first
    sign of life, and the device in each of its roles. Above `trip_a` (amperes) the run ends, and the rig is made safe.
    """

    name: str
    nominal_v: float = 5.0
    brown_out_v: float = 3.0
    first_sign_a: float = 0.05
    trip_a: float | None = None
    supply_limit_a: float | None = None
    """The most that its supply delivers, also in an inrush: its current limit; None is not known."""
    run_current_a: tuple[float, ...] = ()
    """The least and the most that it draws when it runs; empty: what it drew before the fault."""
    boot_signature: tuple[DrawSpec, ...] = ()
    """The steps of its current while it boots; the last one says that it has booted."""
    identity: IdentitySpec | None = None
    artifacts: Mapping[str, ArtifactSpec] = field(default_factory=dict)
    """By the name of the file in which each is kept."""
    roles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InterlockSpec:
    """
    Devices of which at most `at_most` may be struck at the same time.
    """

    devices: tuple[str, ...]
    at_most: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseSpec:
    """
    How long an owner that has stopped giving signs of life keeps the rig, in seconds.
    """

    ttl_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingSpec:
    """
    How the rig's meters are sampled while a drill runs: which of them (None: every one that can be), and after how many
    seconds without a good reading the run ends and the rig is made safe; a slow meter has four of its periods.
    """

    meters: tuple[str, ...] | None = None
    age_limit_s: float = 1.0

    def __post_init__(self) -> None:
        if self.age_limit_s <= 0:
            raise ValueError("age_limit must be more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class RigSpec:
    """
    A whole rig file, checked. `digest` identifies its content, whatever its name. Without a `sampling` its meters are
    read when somebody asks, and only then.
    """

    name: str
    path: Path
    title: str
    time: Literal["real", "virtual"]
    environment: str
    gpio: GpioSpec | None
    i2c: I2CSpec | None
    devices: Mapping[str, DeviceSpec]
    duts: Mapping[str, DutSpec]
    interlocks: tuple[InterlockSpec, ...] = ()
    lease: LeaseSpec = field(default_factory=LeaseSpec)
    world: WorldSpec | None = None
    sampling: SamplingSpec | None = None
    digest: str = ""

    @property
    def is_virtual(self) -> bool:
        """
        Whether its time is virtual.
        """
        return self.time == "virtual"

    @property
    def is_lab(self) -> bool:
        """
        Whether a lab process plays its physical world in real time.
        """
        return self.world is not None and not self.is_virtual
