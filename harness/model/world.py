"""
The physical world that `sim` and `lab` play: what is really wired, whatever a rig's devices believe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..errors import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSpec:
    """
    A relay as it is: the pin that drives its coil, and how its contact moves (times in seconds).

    The pin is a GPIO line of the bench's computer, or of `board`, if that names one of the world's.
    `operate_s` and `release_s` are typical; each stroke is drawn within ±`spread_ratio` of them. The contact chatters
    for at most `bounce_s`. A welded contact never opens; an open one never closes.
    """

    pin: int
    board: str = ""
    contact: Literal["nc", "no"] = "nc"
    active_low: bool = True
    operate_s: float = 0.008
    release_s: float = 0.006
    bounce_s: float = 0.001
    spread_ratio: float = 0.2
    defect: Literal["none", "welded", "open"] = "none"

    def __post_init__(self) -> None:
        if min(self.operate_s, self.release_s, self.bounce_s) < 0:
            raise ValueError("operate, release and bounce must not be negative")
        if not 0 <= self.spread_ratio < 1:
            raise ValueError("spread must be at least 0 % and less than 100 %")


@dataclass(frozen=True, slots=True, kw_only=True)
class RailSpec:
    """
    A DUT's supply: volts when the contact is closed, and how long it holds up when it opens.

    `hold_up_s` runs from the contact's opening to `brown_out_v`; the decay is exponential. At `boot_v` the DUT starts.
    While the contact is open another path, such as a signal's protection diode, holds the rail at `back_power_v`.
    Closing on an empty rail draws `inrush_a` more than the load at first, which decays with the time constant
    `inrush_decay_s`; closing on a charged one draws as much less.
    """

    dut: str
    supply_v: float = 5.0
    brown_out_v: float = 3.0
    boot_v: float = 4.5
    hold_up_s: float = 0.030
    back_power_v: float = 0.0
    inrush_a: float = 0.0
    inrush_decay_s: float = 0.001
    contact: ContactSpec

    def __post_init__(self) -> None:
        if not 0 < self.brown_out_v <= self.boot_v <= self.supply_v or self.brown_out_v == self.supply_v:
            raise ValueError("must be 0 < brown_out <= boot <= supply, with brown_out below supply")
        if self.hold_up_s <= 0:
            raise ValueError("hold_up must be more than 0")
        if not 0 <= self.back_power_v < self.supply_v:
            raise ValueError("back_power must be at least 0 V, and less than supply")
        if self.inrush_a < 0 or self.inrush_decay_s <= 0:
            raise ValueError("inrush must not be negative, and its time constant must be more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipSpec:
    """
    A meter's chip as it is soldered: kind of twin, bus and address, the rail it watches, its shunt in ohms.

    A chip with several channels watches `rail` with its first, and `more_rails` with the others (an empty name is an
    input without a rail); their shunts are alike. `clock_ratio` is how far its conversion clock is off, at most
    (INA226 datasheet, 6.5: ±10 %).

    Defects: a `dead` chip never acknowledges, and one that says `nack` sometimes does not; one that `resets` is fed by
    the (first) rail it watches, and loses its registers with it; a `sleeping` one never converts, and a `stale` one
    stops a second after it was powered or reset; one with `overflow` has a shunt so wrong that any current saturates
    it, and a `reversed` one has it wired backwards; a `little_endian` one's bytes come in the wrong order; a
    `saturated` one keeps no calibration but the greatest; an `upstream` one measures the voltage before the contact.
    """

    kind: str
    bus: int
    address: int
    rail: str
    more_rails: tuple[str, ...] = ()
    shunt_ohm: float = 0.1
    clock_ratio: float = 0.1
    defect: Literal[
        "none",
        "dead",
        "nack",
        "resets",
        "sleeping",
        "stale",
        "overflow",
        "reversed",
        "little_endian",
        "saturated",
        "upstream",
    ] = "none"

    def __post_init__(self) -> None:
        if self.shunt_ohm <= 0:
            raise ValueError("shunt must be more than 0")
        if not 0 <= self.clock_ratio < 1:
            raise ValueError("clock must be at least 0 % and less than 100 %")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetSpec:
    """
    A unit's reset input as it is wired: the pin of the bench's computer, or of `board`, that holds it in reset.
    """

    pin: int
    board: str = ""
    active_low: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalogSpec:
    """
    An analog input of a board as it is wired: its pin, the rail that it sees, and the rail's voltage that reads full
    scale (a divider by two at a reference of 3.3 V: 6.6 V).
    """

    pin: int
    rail: str
    full_scale_v: float = 6.6

    def __post_init__(self) -> None:
        if self.full_scale_v <= 0:
            raise ValueError("full_scale must be more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSpec:
    """
    A board that runs the real firmware: in the lab on the virtual board, in virtual time in the bench's own process.

    `stopped`: its e-stop is pressed, or its jumper missing. `crystal_ratio` is how much too fast its clock runs, in the
    lab.
    """

    stopped: bool = False
    crystal_ratio: float = 0.0
    analog: tuple[AnalogSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawSpec:
    """
    A step of a unit's current: from `at_s` seconds after its power on it draws `draw_a` amperes.
    """

    at_s: float
    draw_a: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSpec:
    """
    The DUT as it is. In virtual time it is a model; in the lab it is `program`, run when its rail is up. One that can
    `check` is first run with `--check`, so that it says what it needs and has not, before anything depends on it.

    Times in seconds, currents in amperes; each boot is drawn within ±`boot_spread_ratio` of `boot_s`, and each answer
    takes within ±`latency_spread_ratio` of `latency_s`.

    It draws `boot_draw_a` while it boots, or what `boot_draws` say from their moments on: they are those of a boot of
    `boot_s`, and quicker or slower with each boot. Then it draws `run_draw_a`.

    `gauge` names the board whose fuel gauge is on the unit's I2C bus; `reset` is its reset input. Its `console`, in the
    lab, is by an adapter of the bench's (`uart`), or its own (`usb`), and then gone while it has no power.

    Defects: one that `never_boots` does not come back after it has lost its power; one that `loses_writes` forgets its
    last few acknowledged records then; one that is `not_fed` by its rail lives on without it; one that is
    `never_steady` answers 503.
    """

    program: tuple[str, ...] = ()
    check: bool = False
    port: int = 8080
    boot_s: float = 3.0
    boot_spread_ratio: float = 0.1
    latency_s: float = 0.003
    latency_spread_ratio: float = 0.5
    boot_draw_a: float = 0.45
    boot_draws: tuple[DrawSpec, ...] = ()
    run_draw_a: float = 0.25
    name: str = "edge-node"
    version: str = "1.0.0"
    gauge: str = ""
    console: Literal["none", "uart", "usb"] = "none"
    reset: ResetSpec | None = None
    defect: Literal["none", "never_boots", "loses_writes", "not_fed", "never_steady"] = "none"

    def __post_init__(self) -> None:
        if min(self.boot_s, self.latency_s) < 0:
            raise ValueError("boot and latency must not be negative")
        if not (0 <= self.boot_spread_ratio <= 1 and 0 <= self.latency_spread_ratio <= 1):
            raise ValueError("boot_spread and latency_spread must be from 0 % to 100 %")
        moments = [draw.at_s for draw in self.boot_draws]
        if moments != sorted(set(moments)) or any(not 0 <= at_s < self.boot_s for at_s in moments):
            raise ValueError("boot_draws must follow each other in time, from 0 s to before the end of boot")
        if any(draw.draw_a < 0 for draw in self.boot_draws):
            raise ValueError("boot_draws must not be negative")

    def draws(self, boot_s: float) -> list[tuple[float, float]]:
        """
        What it draws in a boot that takes `boot_s`: from which moment on (seconds after its power), how much (amperes).
        """
        pace = boot_s / self.boot_s if self.boot_s else 1.0
        return [(0.0, self.boot_draw_a), *((draw.at_s * pace, draw.draw_a) for draw in self.boot_draws)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSpec:
    """
    A way to the unit `to`: the uplink of `unit`, or of whoever comes from outside, the bench for one.

    The lab plays it as a `relay` on the machine's loopback, or as `netns`: both units in network namespaces of their
    own, with a pair of veth between them. In virtual time it is a model, whatever its kind; one that `never_clears`
    stays as it was shaped there. Wherever `contacts` are in its wires it is down while one of them is open.
    """

    to: str
    unit: str = ""
    kind: Literal["relay", "netns"] = "relay"
    contacts: tuple[ContactSpec, ...] = ()
    defect: Literal["none", "never_clears"] = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSpec:
    """
    Everything that is played. `released_lines`: what a driven GPIO line does when the program that held it ends:
    `persist` (Raspberry Pi OS: it keeps its level) or `strict` (mainline Linux: it falls to its pull).
    """

    released_lines: Literal["persist", "strict"] = "persist"
    rails: Mapping[str, RailSpec] = field(default_factory=dict)
    chips: Mapping[str, ChipSpec] = field(default_factory=dict)
    units: Mapping[str, UnitSpec] = field(default_factory=dict)
    boards: Mapping[str, BoardSpec] = field(default_factory=dict)
    links: Mapping[str, LinkSpec] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._check_boards()
        self._check_links()
        fed = [rail.dut for rail in self.rails.values()]
        for unit in fed:
            if fed.count(unit) > 1:
                raise ValueError(f"unit '{unit}' hangs on two rails; give it one")
        places = [(chip.bus, chip.address) for chip in self.chips.values()]
        for bus, address in places:
            if places.count((bus, address)) > 1:
                raise ValueError(f"two chips answer at address {address:#04x} of bus {bus}; give one another address")

    def _check_boards(self) -> None:
        named = [rail.contact.board for rail in self.rails.values()]
        named += [contact.board for link in self.links.values() for contact in link.contacts]
        for unit in self.units.values():
            named += [unit.gauge, unit.reset.board if unit.reset else ""]
        for board in named:
            if board and board not in self.boards:
                raise ValueError(f"there is no board '{board}'; {nearest(board, self.boards, what='board')}")
        for name, spec in self.boards.items():
            for analog in spec.analog:
                if analog.rail not in self.rails:
                    raise ValueError(f"board '{name}': there is no rail '{analog.rail}'")

    def _check_links(self) -> None:
        for name, link in self.links.items():
            # Linux: an interface's name has 15 bytes, and a dot or a colon in it means something else.
            if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii() or len(name) > 15:
                raise ValueError(f"link '{name}' needs a name of at most 15 letters, digits, - and _")
            for unit in (link.unit, link.to):
                if unit and unit not in self.units:
                    raise ValueError(f"link '{name}': there is no unit '{unit}'; {nearest(unit, self.units)}")
            if link.unit == link.to:
                raise ValueError(f"link '{name}' leads from '{link.unit}' to itself")
