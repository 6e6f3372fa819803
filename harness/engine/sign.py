"""
The first sign of life: the first current that the DUT draws after its supply is back.
"""

from __future__ import annotations

from functools import partial

import anyio

from .. import clock
from ..insist import answered, reading_s
from ..model.instant import Instant
from ..protocols import PowerMeter
from ..science.crossing import Crossing

# A unit that draws nothing at first is watched closely for this long, and then less often, to spare the bus.
_CLOSELY_NS = 2 * clock.NS_PER_S
_SELDOM_S = 0.1


async def first_sign(meter: PowerMeter, above_a: float, removal: Instant, chatter_s: float) -> Instant:
    """
    Waits for a current above `above_a` (amperes); ends only by that, or by being cancelled.

    A current that flows at the first reading began at some moment since the removal was commanded. A contact that
    chatters for at most `chatter_s` may have touched for so long before the current stayed.
    """
    crossing = Crossing(above_a, rising=True)
    read_ns = removal.earliest_ns
    while True:
        reading = await answered(meter.name, partial(meter.read, read_ns), reading_s(meter.period_s))
        read_ns = reading.at.latest_ns
        if reading.is_ok and reading.current_a is not None:
            found = crossing.feed(reading.current_a, reading.at)
            if found is None and reading.current_a > above_a:
                return Instant(removal.earliest_ns, reading.at.latest_ns)
            if found is not None:
                earliest_ns = found.earliest_ns - round(chatter_s * clock.NS_PER_S)
                return Instant(earliest_ns, found.latest_ns)
        now_ns = clock.now_ns()
        if now_ns - read_ns < meter.period_s * clock.NS_PER_S:  # else there are more already
            await anyio.sleep(_SELDOM_S if now_ns - removal.latest_ns > _CLOSELY_NS else meter.period_s)
