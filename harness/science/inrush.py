"""
How much current a DUT takes at first, when its supply comes back, and how much it takes once it is settled.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator

from ..model.instant import NS_PER_S, Instant
from ..model.quantity import Quantity
from ..model.trace import Code, Samples

# The inrush is over by then: input capacitors of some thousand microfarads fill in milliseconds.
_INRUSH_NS = NS_PER_S // 10


def shunt_ceiling_a(samples: Samples, shunt_ohm: float, lsb_v: float) -> float | None:
    """
    The most that the meter's own shunt can have let through: the highest voltage of the rail over the shunt.

    The supply may stand higher without a load, but then it has a resistance of its own in series. None without samples.
    """
    highest_v = max(_good(samples.bus_v, samples), default=None)
    return None if highest_v is None else (highest_v + lsb_v) / shunt_ohm


def inrush_peak(samples: Samples, rise: Instant, *, lsb_a: float, ceiling_a: float | None) -> Quantity | None:
    """
    The highest current within 100 ms of the rail's rise; None when no sample lies in them.

    A peak is at least as high as any average of it. How much higher no average can tell: the only bound is what the
    supply delivers at most (`ceiling_a`), and where that is not known, or was seen to be wrong, there is none.
    """
    early = samples.window(rise.earliest_ns, rise.earliest_ns + _INRUSH_NS)
    inside = [
        current_a
        for current_a, latest_ns, code in zip(early.current_a, early.latest_ns, early.code, strict=True)
        if code == Code.OK and rise.earliest_ns < latest_ns <= rise.earliest_ns + _INRUSH_NS
    ]
    if not inside:
        return None
    low_a = max(0.0, max(inside) - lsb_a)
    return Quantity(low_a, None if ceiling_a is None or ceiling_a < low_a else ceiling_a, "A")


def unseen_inrush_as(longest_s: float, seen_a: float, ceiling_a: float) -> float:
    """
    The most charge (ampere-seconds) of an inrush in its first `longest_s` seconds, after which it is below `seen_a`.

    It decays exponentially from at most `ceiling_a`, as a capacitor does that fills through a resistance. One that
    starts at I has a time constant of at most T / ln(I / seen); what flows is most where it starts highest, or, for a
    slow one, where I / seen is e.
    """
    if seen_a <= 0:
        return 0.0
    if ceiling_a <= math.e * seen_a:
        return ceiling_a * longest_s
    return longest_s * max(ceiling_a / math.log(ceiling_a / seen_a), math.e * seen_a)


def steady_current(samples: Samples, *, lsb_a: float) -> tuple[float, float] | None:
    """
    From the lowest to the highest that was drawn on average, in amperes; None without a good sample.
    """
    good = list(_good(samples.current_a, samples))
    return (min(good) - lsb_a, max(good) + lsb_a) if good else None


def load_step(before: Samples, after: Samples, *, lsb_a: float) -> Quantity | None:
    """
    How much more is drawn after a moment than before it, each steadily; None without a good sample on either side.
    """
    then, now = steady_current(before, lsb_a=lsb_a), steady_current(after, lsb_a=lsb_a)
    return None if then is None or now is None else Quantity(now[0] - then[1], now[1] - then[0], "A")


def _good(column: array[float], samples: Samples) -> Iterator[float]:
    return (value for value, code in zip(column, samples.code, strict=True) if code == Code.OK)
