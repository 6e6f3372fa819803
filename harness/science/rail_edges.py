"""
When a sampled rail crossed a level, and when the contact before it moved.

Every sample is an average over some part of its own instant, right to within one step of its meter's registers.
Flagged rows and gaps say nothing; an instant that has one inside is the wider for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..model.instant import Instant, Span
from ..model.quantity import Quantity
from ..model.trace import Code, Samples
from .crossing import Crossing

# Hold-up is counted from the rail's leaving 90 % of its nominal voltage (the usual 10 %..90 % rule of edges).
_LEFT_NOMINAL = 0.9


def rail_crossing(
    samples: Samples, threshold_v: float, *, rising: bool, lsb_v: float, chatter_ns: int = 0
) -> Instant | None:
    """
    The moment from which the rail stayed on the far side of a threshold; None when it was not seen on both sides.
    """
    finder = Crossing(threshold_v, rising=rising, chatter_ns=chatter_ns)
    columns = zip(samples.bus_v, samples.earliest_ns, samples.latest_ns, samples.code, strict=True)
    for bus_v, earliest_ns, latest_ns, code in columns:
        # What lies within one step of the threshold is on no side of it for sure.
        if code == Code.OK and abs(bus_v - threshold_v) >= lsb_v:
            finder.feed(bus_v, Instant(earliest_ns, latest_ns))
    return finder.found


def hold_up(
    samples: Samples, nominal_v: float, brown_out_v: float, *, lsb_v: float, chatter_ns: int = 0
) -> Span | None:
    """
    From the rail's leaving 90 % of its nominal voltage to its fall below the brown-out level.
    """
    left, fell = (
        rail_crossing(samples, level_v, rising=False, lsb_v=lsb_v, chatter_ns=chatter_ns)
        for level_v in (_LEFT_NOMINAL * nominal_v, brown_out_v)
    )
    return None if left is None or fell is None else Span.between(left, fell)


@dataclass(frozen=True, slots=True)
class Stroke:
    """
    A contact's stroke: the command, its first movement, and when it came to rest.

    `chatter_ns` is the longest that it can have chattered; None when nobody knows.
    """

    commanded: Instant
    moved: Instant
    rested: Instant
    chatter_ns: int | None

    @property
    def operate(self) -> Quantity:
        """
        From the command to the first movement.
        """
        return Quantity.of(Span.between(self.commanded, self.moved))

    @property
    def bounce(self) -> Quantity:
        """
        From the first movement until the contact rested. What is shorter than a sample cannot be told from none, and
        hides between two samples: at least what was seen, and at most what the contact was measured to do.
        """
        return Quantity.of(Span(self.rested.earliest_ns - self.moved.latest_ns, self.chatter_ns))


def stroke(
    samples: Samples, threshold_a: float, *, closes: bool, lsb_a: float, commanded: Instant, chatter_ns: int | None
) -> Stroke | None:
    """
    A contact's stroke, from the current through it; None when the samples do not show it done.

    `chatter_ns` is the longest that the contact was ever measured to chatter; None when it was not measured. Samples
    alone bound no chatter: it may have begun with the command, and go on unseen as long as they reach.

    The DUT must draw more than `threshold_a` (amperes) whenever it is fed. The contact was then closed at some moment
    of every sample above the threshold, and open at some moment of every sample below it.
    """
    near, far = _sides(samples, threshold_a, closes, lsb_a)
    last_near = samples.earliest_ns[near[-1]] if near else commanded.earliest_ns
    after = [row for row in far if samples.latest_ns[row] >= commanded.earliest_ns]
    if not after or (near and near[-1] > after[-1]):
        return None
    first_far = samples.latest_ns[after[0]]
    seen_ns = last_near - first_far
    bound_ns = None if chatter_ns is None or seen_ns > chatter_ns else chatter_ns
    began_ns = commanded.earliest_ns if bound_ns is None else max(commanded.earliest_ns, last_near - bound_ns)
    # It chatters on unseen for no longer than it may; one of which that is not known is at rest where it is last seen.
    rests_ns = first_far + bound_ns if bound_ns is not None else samples.latest_ns[after[-1]]
    return Stroke(
        commanded,
        moved=Instant(min(began_ns, first_far), first_far),
        rested=Instant(min(max(last_near, began_ns), rests_ns), rests_ns),
        chatter_ns=bound_ns,
    )


def _sides(samples: Samples, threshold_a: float, closes: bool, lsb_a: float) -> tuple[Sequence[int], Sequence[int]]:
    """
    The rows that are surely on the side from which the contact comes, and those on the side to which it goes.
    """
    above, below = [], []
    for row, (current_a, code) in enumerate(zip(samples.current_a, samples.code, strict=True)):
        if code != Code.OK:
            continue
        if current_a >= threshold_a + lsb_a:
            above.append(row)
        elif current_a <= threshold_a - lsb_a:
            below.append(row)
    return (below, above) if closes else (above, below)
