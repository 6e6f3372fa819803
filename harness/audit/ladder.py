"""
The shortest interruption that a switch makes honestly: a ladder of shorter and shorter pulses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..clock import NS_PER_S
from ..model.instant import Span
from .spread import Spread

# A meter sees an interruption surely when it lasts for two of its readings.
RESOLUTION_PERIODS = 2

# Each rung is so much shorter than the one before.
_STEP = 2**0.5

# The ladder begins at so many times the shortest pulse that the rig declares, or that its meter can see.
_ABOVE_DECLARED, _ABOVE_RESOLUTION = 2.0, 4.0

# An interruption is honest when it is no further from what was asked than this part of it.
_HONEST_RATIO = 0.5


@dataclass(frozen=True, slots=True)
class Rung:
    """
    Pulses of one length (seconds): for how long each was delivered; None for one that was not seen.

    `is_judged` is False when the bench's own computer was too busy to time such pulses, or to look at them.
    """

    asked_s: float
    pulses: Sequence[Span | None]
    is_judged: bool = True

    @property
    def is_honest(self) -> bool:
        """
        Whether every pulse was seen, and none was surely another one than was asked for.
        """
        return all(pulse is not None and is_near(self.asked_s, pulse) for pulse in self.pulses)

    @property
    def told(self) -> str:
        """
        What came of its pulses, in a few words.
        """
        seen = Spread.of([pulse for pulse in self.pulses if pulse is not None])
        unseen = sum(pulse is None for pulse in self.pulses)
        told = [f"{unseen} of {len(self.pulses)} not seen"] if unseen else []
        return ", ".join(told + ([f"delivered {seen.mean}"] if seen else []))


@dataclass(frozen=True, slots=True)
class Floor:
    """
    The shortest rung (seconds) from which on every longer one was honest, and the one below it that was not, if any.

    `honest_s` None: not even the longest was. `busy_s` is the first rung that could not be judged, if there is one.
    """

    honest_s: float | None
    fails_s: float | None
    why: str
    busy_s: float | None = None

    @classmethod
    def of(cls, rungs: Sequence[Rung]) -> Floor:
        """
        The floor of a ladder that was gone down.
        """
        honest_s: float | None = None
        for rung in sorted(rungs, key=lambda rung: -rung.asked_s):
            if not rung.is_judged:
                return cls(honest_s, None, "", rung.asked_s)
            if not rung.is_honest:
                return cls(honest_s, rung.asked_s, rung.told)
            honest_s = rung.asked_s
        return cls(honest_s, None, "")


def rungs(min_pulse_s: float, resolution_s: float, min_off_s: float) -> list[float]:
    """
    The lengths (seconds) to try, from the longest down: the declared floor is one of them if the meter can see it, and
    none is below the switch's least off-time.

    >>> [round(rung, 3) for rung in rungs(0.020, 0.005, 0.0)]
    [0.04, 0.028, 0.02, 0.014, 0.01, 0.007, 0.005]
    """
    least_s = max(resolution_s, min_off_s)
    longest_s = max(_ABOVE_DECLARED * min_pulse_s, _ABOVE_RESOLUTION * resolution_s, min_off_s)
    if min_pulse_s >= least_s:
        longest_s = min_pulse_s
        while longest_s < max(_ABOVE_DECLARED * min_pulse_s, _ABOVE_RESOLUTION * resolution_s) * (1 - 1e-9):
            longest_s *= _STEP
    found = [longest_s]
    while found[-1] / _STEP >= least_s * (1 - 1e-9):
        found.append(found[-1] / _STEP)
    return found


def is_near(asked_s: float, pulse: Span) -> bool:
    """
    Whether a pulse can have been what was asked for (seconds), to within half of it.
    """
    asked_ns = asked_s * NS_PER_S
    low_ns, high_ns = asked_ns * (1 - _HONEST_RATIO), asked_ns * (1 + _HONEST_RATIO)
    return pulse.high_ns is not None and pulse.low_ns <= high_ns and low_ns <= pulse.high_ns
