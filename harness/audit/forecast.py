"""
What an audit will strike, told before it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..engine.bench import Bench
from ..protocols import PowerSwitch
from .ladder import RESOLUTION_PERIODS, rungs

# Strokes to take a mean and a spread of, and pulses of each length.
STROKES = 5
_PULSES = 3

# A pulse that was timed badly, or not seen all the way, is made again: so many times as many in all.
ATTEMPTS = 2

# Readings before, during and after a stroke.
_PERIODS_A_STROKE = 15

# Of a switch's cycles per hour an audit takes this part at most.
_SHARE_OF_HOUR = 0.5
_MOST_STROKES = 60


def powered(bench: Bench) -> Sequence[tuple[PowerSwitch, str]]:
    """
    Every power switch of a rig, and the DUT that it is said to feed (empty: none).
    """
    feeds = {dut.roles["power"]: dut.name for dut in bench.rig.duts.values() if "power" in dut.roles}
    return [(switch, feeds.get(switch.name, "")) for switch in bench.switches()]


def pulses_a_rung(switch: PowerSwitch) -> int:
    """
    How many pulses of each length a switch makes: fewer where it may not cycle often.
    """
    return _PULSES if switch.cycles_per_hour * _SHARE_OF_HOUR >= _MOST_STROKES else 1


def strokes(switch: PowerSwitch, period_s: float) -> int:
    """
    How many strokes it will be at most, with a meter of that period (seconds).
    """
    ladder = rungs(switch.min_pulse_s, RESOLUTION_PERIODS * period_s, switch.min_off_s)
    return 1 + STROKES + len(ladder) * ATTEMPTS * pulses_a_rung(switch)


def lines(bench: Bench) -> Iterator[str]:
    """
    What will be struck, how often, and about how long that takes.
    """
    for switch, dut in powered(bench):
        meter = bench.meter_of(dut) if dut else None
        if meter is None:
            yield f"{switch.name}: is not struck: nothing measures what it feeds"
            continue
        count = strokes(switch, meter.period_s)
        takes_s = count * (max(0.25, switch.min_on_s) + switch.min_off_s + 0.2 + _PERIODS_A_STROKE * meter.period_s)
        yield f"{switch.name}: cuts the power of {dut} up to {count} times, in about {takes_s:.0f} s"
