"""
What a power monitor's ADC does, over and over: one input after the other, so many times, by a clock of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

Mean = Callable[[int, int], float]

# Texas Instruments, datasheets INA226 (SBOS547B, 7.6.1), INA260 (SBOS656C, 8.6.1) and INA3221 (SBOS576B, 8.6.2.1):
# averages and conversion times (nanoseconds) by their codes.
AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)
CONVERSIONS_NS = (140_000, 204_000, 332_000, 588_000, 1_100_000, 2_116_000, 4_156_000, 8_244_000)


class Slot(NamedTuple):
    """
    One input of a cycle: its channel, whether it is the bus (else it is the shunt), how long its conversion takes.
    """

    channel: int
    is_bus: bool
    length_ns: int


class Cycle:
    """
    The slots of one turn, in order; so many turns make one conversion. A triggered one happens once.
    """

    def __init__(self, slots: Sequence[Slot] = (), averages: int = 1, is_triggered: bool = False) -> None:
        self.slots, self.is_triggered = tuple(slots), is_triggered
        ends_ns = list(accumulate((slot.length_ns for slot in slots), initial=0))
        self._offsets_ns = ends_ns[:-1]
        self._turn_ns = ends_ns[-1]
        self.period_ns = averages * self._turn_ns
        """How long one conversion takes (nanoseconds); 0 for a chip that converts nothing."""

    def mean(self, index: int, window: tuple[int, int], mean: Mean) -> float:
        """
        What slot number `index` made of `mean(from_ns, to_ns)` in the conversion that filled `window`.
        """
        length_ns = self.slots[index].length_ns
        if self.period_ns == self._turn_ns:
            start_ns = window[0] + self._offsets_ns[index]
            return mean(start_ns, start_ns + length_ns)
        turns = range(window[0] + self._offsets_ns[index], window[1], self._turn_ns)
        return sum(mean(turn, turn + length_ns) for turn in turns) / len(turns)


def shunt_and_bus(configuration: int, clock: float, channels: tuple[int, ...] = (0,)) -> Cycle:
    """
    The cycle that INA226, INA260 and INA3221 are told by the lower twelve bits of their configuration.
    """
    mode = configuration & 0b111
    shunt_ns = round(CONVERSIONS_NS[configuration >> 3 & 0b111] * clock)
    bus_ns = round(CONVERSIONS_NS[configuration >> 6 & 0b111] * clock)
    slots = []
    for channel in channels:
        if mode & 0b001:
            slots.append(Slot(channel, False, shunt_ns))
        if mode & 0b010:
            slots.append(Slot(channel, True, bus_ns))
    return Cycle(slots, AVERAGES[configuration >> 9 & 0b111], not mode & 0b100)
