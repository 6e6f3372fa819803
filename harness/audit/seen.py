"""
Everything that an audit saw: what its checks judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from ..model.quantity import BACK_POWERED_V
from ..model.reading import Flag, Reading
from ..model.rig import DutSpec, RigSpec
from ..protocols import PowerSwitch
from .cut import Cut, Level
from .ladder import Rung

# A rail is fed from this part of its nominal voltage up.
FED_RATIO = 0.9

# What is less than these parts of the level at rest has fallen: a rail, and a current.
_FALLEN_V, _GONE_A = 0.7, 0.1

# A rail that loses more than this part of itself from the third to the last quarter of its time off is still falling.
_STILL_FALLING = 0.03


class Outcome(Enum):
    """
    What came of a supply's being commanded off, for the rail of its DUT.
    """

    SOUND = "the rail and its current fell"
    UNMOVED = "neither the rail nor its current fell"
    BACK_POWERED = "the current fell, and the rail stayed above 0.3 V"
    LEAKING = "the rail fell, and its current did not cease"
    STILL_FALLING = "the rail had not come to rest"
    WRONG_SIDE = "the current fell, and the rail's voltage did not"
    RESET = "the meter was reset"
    BLIND = "the meter gave no reading that can be believed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """
    A power switch, the DUT that it is said to feed, and what its strokes showed.
    """

    switch: PowerSwitch
    dut: str = ""
    first: Cut | None = None
    """A long cut, to see which rails move."""
    strokes: tuple[Cut, ...] = ()
    rungs: tuple[Rung, ...] = ()
    is_wired: bool | None = None
    """Whether anything hangs on its line; None where that cannot be sensed, or was not."""
    trouble: str = ""
    """Why it was not struck, or not to the end."""
    is_broken: bool = False
    """Whether that is because something of the bench failed."""

    @property
    def name(self) -> str:
        """
        The switch's name in the rig.
        """
        return self.switch.name

    def but(self, **changes: object) -> Channel:
        """
        The same with something more known of it.
        """
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """
    Where the bench's own computer tells of itself: its `/sys`, and the folder that records are written to.
    """

    sys: Path = Path("/sys")
    records: Path = Path(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """
    The rig; each metered DUT's rail at rest, before anything was done; what its switches did; what is missing or in
    trouble, by device, and why; how often each switch has been struck in its life; the DUTs that never said that they
    run.
    """

    rig: RigSpec
    host: Host = field(default_factory=Host)
    rests: Mapping[str, Sequence[Reading]] = field(default_factory=dict)
    periods_s: Mapping[str, float] = field(default_factory=dict)
    channels: Sequence[Channel] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    troubles: Mapping[str, str] = field(default_factory=dict)
    strokes: Mapping[str, int] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    unreadable: int = 0

    def rest(self, dut: str) -> Level | None:
        """
        What a DUT's rail measured at rest; None when nothing could be believed.
        """
        return Level.of(self.rests.get(dut, ()))

    def is_fed(self, dut: str) -> bool:
        """
        Whether a DUT's rail was seen to have power at rest.
        """
        rest = self.rest(dut)
        return rest is not None and rest.bus_v >= FED_RATIO * self.rig.duts[dut].nominal_v

    def sees_a(self, dut: str) -> float:
        """
        From which current (amperes) on a DUT's draw can be told from none.
        """
        return self.rig.duts[dut].first_sign_a

    def outcome(self, channel: Channel) -> Outcome | None:
        """
        What came of a switch's first cut; None when there was none.
        """
        if channel.first is None or channel.dut not in self.rests:
            return None
        return outcome(channel.first, self.rig.duts[channel.dut])

    def moved(self, channel: Channel) -> list[str]:
        """
        The DUTs whose rails fell in a switch's first cut.
        """
        if channel.first is None:
            return []
        return [dut for dut in self.rests if _fell(channel.first, dut, self.sees_a(dut))]


def outcome(cut: Cut, dut: DutSpec) -> Outcome:
    """
    What came of a cut for a DUT's rail.
    """
    rest, late = cut.rest(dut.name), Level.of(cut.dark(dut.name, 0.25))
    if Flag.RESET in cut.flags_after(dut.name):
        return Outcome.RESET
    if rest is None or late is None:
        return Outcome.BLIND
    draws = rest.current_a >= dut.first_sign_a
    if draws and late.current_a > _GONE_A * rest.current_a:
        return Outcome.LEAKING if late.bus_v < FED_RATIO * rest.bus_v else Outcome.UNMOVED
    if late.bus_v <= BACK_POWERED_V:
        return Outcome.SOUND
    if late.bus_v >= FED_RATIO * rest.bus_v:
        return Outcome.WRONG_SIDE if draws else Outcome.UNMOVED
    earlier = Level.of(cut.dark(dut.name, 0.5)[: len(cut.dark(dut.name, 0.25))])
    if earlier is not None and late.bus_v < (1 - _STILL_FALLING) * earlier.bus_v:
        return Outcome.STILL_FALLING
    return Outcome.BACK_POWERED


def _fell(cut: Cut, dut: str, sees_a: float) -> bool:
    rest, late = cut.rest(dut), Level.of(cut.dark(dut, 0.25))
    if rest is None or late is None:
        return False
    is_gone = rest.current_a >= sees_a and late.current_a < _GONE_A * rest.current_a
    return is_gone or late.bus_v < _FALLEN_V * rest.bus_v
