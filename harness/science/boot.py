"""
When a DUT had booted, from the current that it draws.

A current that lasts for at least four conversions of the meter has a sample to itself; a shorter one cannot be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ..model.instant import NS_PER_S, Instant
from ..model.trace import Code, Samples

# A sample counts as the beginning of a steady current when so many more follow it, one after the other.
_FOLLOWERS = 4


def booted_in_band(samples: Samples, band_a: tuple[float, float], *, lsb_a: float, stays_ns: int) -> Instant | None:
    """
    The moment from which the current stays in the band of a DUT that runs (amperes), for at least `stays_ns`.

    None when it was not seen to come into it from outside, or did not stay long enough to be believed.
    """
    low_a, high_a = band_a[0] - lsb_a, band_a[1] + lsb_a
    outside, inside = -1, 0
    for row, (current_a, code) in enumerate(zip(samples.current_a, samples.code, strict=True)):
        if code != Code.OK:
            inside = row + 1 if row - inside <= _FOLLOWERS else inside
        elif not low_a <= current_a <= high_a:
            outside, inside = row, row + 1
    if outside < 0 or len(samples) - inside <= _FOLLOWERS:
        return None
    booted = Instant(samples.earliest_ns[outside], samples.latest_ns[inside])
    return booted if samples.earliest_ns[-1] - booted.latest_ns >= stays_ns else None


def booted_by_signature(
    samples: Samples, signature: Sequence[tuple[float, float]], rise: Instant, *, lsb_a: float
) -> Instant | None:
    """
    The last step of a boot's signature: from when on (seconds after its power) it draws how much (amperes), of which
    the last step says that it has booted. None when its currents were not seen in this order.

    A sample belongs to a level when it is closer to it than a quarter of the smallest step. A boot may be faster than
    its signature, but takes half its time at least, and the last level stays: an inrush that fades through it does not.
    """
    levels_a = [draw_a for _, draw_a in signature]
    within_a = min(abs(one - other) for one, other in pairwise(levels_a)) / 4 + lsb_a
    not_before_ns = [rise.earliest_ns + round(at_s * NS_PER_S / 2) for at_s, _ in signature]
    level, last, reached = -1, 0, []
    for row, (current_a, code) in enumerate(zip(samples.current_a, samples.code, strict=True)):
        is_late = samples.latest_ns[row] >= not_before_ns[level + 1]
        if code == Code.OK and is_late and abs(current_a - levels_a[level + 1]) <= within_a:
            reached.append(row)
        else:
            reached = []
        if reached and level + 1 < len(levels_a) - 1:
            level, last, reached = level + 1, row, []
        elif len(reached) > _FOLLOWERS:
            return Instant(samples.earliest_ns[last], samples.latest_ns[reached[0]])
        elif code == Code.OK and level >= 0 and abs(current_a - levels_a[level]) <= within_a:
            last = row
    return None
