"""
Before anything is done to a DUT: how it answers, and what it draws, when it is left in peace.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence

import anyio

from .. import clock
from ..insist import answered, reading_s
from ..model.drill import DrillSpec, ProbeSpec
from ..model.finding import Finding, Grade
from ..protocols import PowerMeter
from ..science.binomial import upper_bound
from .asking import Asking
from .bench import Bench

CHECK = "baseline"

# Enough pictures of a rail for its mean and its ends; a meter may be far quicker.
_LOOK_S = 0.1
_MS = 1e-6


async def baseline(bench: Bench, drills: Sequence[DrillSpec], for_s: float) -> list[Finding]:
    """
    Waits for the steady state of the drills, and measures it for `for_s` seconds: each probe's answers, each rail.

    Raises BenchError when a device of the bench fails.
    """
    watched = [_Watched(spec) for spec in _once(spec for drill in drills for spec in drill.steady_state)]
    changed = _Bell()
    rails: list[Finding] = []
    async with anyio.create_task_group() as tasks:
        for one in watched:
            one.ring = changed.ring
            tasks.start_soon(Asking(one.spec, bench.probe(one.spec), one.take).keep_asking)
        is_steady = await _all_well(watched, changed, max(drill.settle_s for drill in drills))
        if is_steady:
            for one in watched:
                one.begin()
            rails = await _rails(bench, for_s)
        tasks.cancel_scope.cancel()
    return [one.finding(is_steady) for one in watched] + rails


class _Bell:
    """
    Rings when a probe has answered.
    """

    def __init__(self) -> None:
        self._rung = anyio.Event()

    def ring(self) -> None:
        """
        Wakes who listens.
        """
        self._rung.set()

    async def heard(self) -> None:
        """
        Waits until it rings again.
        """
        self._rung = anyio.Event()
        await self._rung.wait()


class _Watched:
    """
    What one probe was answered.
    """

    def __init__(self, spec: ProbeSpec) -> None:
        self.spec = spec
        self.is_well = False
        self.ring: Callable[[], None] = lambda: None
        self._n, self._failed, self._detail = 0, 0, ""
        self._took_ms: list[float] = []

    def begin(self) -> None:
        """
        Counts from here on.
        """
        self._n, self._failed, self._detail = 0, 0, ""
        self._took_ms.clear()

    def take(self, asked_ns: int, answered_ns: int, is_good: bool, detail: str) -> None:
        """
        Takes what came of a question.
        """
        self.is_well = is_good
        self._n += 1
        if is_good:
            self._took_ms.append((answered_ns - asked_ns) * _MS)
        else:
            self._failed, self._detail = self._failed + 1, detail or "unwell"
        self.ring()

    def finding(self, is_steady: bool) -> Finding:
        """
        What is to be told of it.
        """
        subject = f"{self.spec.name} ({self.spec.kind})"
        if not is_steady:
            said = "well" if self.is_well else self._detail if self._n else "no answer yet"
            grade = Grade.OK if self.is_well else Grade.FAIL
            return Finding(check=CHECK, subject=subject, measured=f"steady state not met: {said}", grade=grade)
        if not self._n:
            problem = f"not one answer in that time: it is asked every {self.spec.period_s:g} s"
            return Finding(check=CHECK, subject=subject, measured=problem, grade=Grade.FAIL, advice="measure longer")
        bound = upper_bound(self._failed, self._n)
        told = f"{self._failed} of {self._n} failed ({_percent(self._failed / self._n)}, "
        told += f"at 95 % confidence at most {_percent(bound)})"
        if self._took_ms:
            told += f"; well within {statistics.median(self._took_ms):.1f} ms at the median"
            told += f", {max(self._took_ms):.1f} ms at the most"
        return Finding(check=CHECK, subject=subject, measured=told, grade=Grade.WARN if self._failed else Grade.OK)


async def _all_well(watched: Sequence[_Watched], changed: _Bell, within_s: float) -> bool:
    with anyio.move_on_after(within_s):
        while not all(one.is_well for one in watched):
            await changed.heard()
    return all(one.is_well for one in watched)


async def _rails(bench: Bench, for_s: float) -> list[Finding]:
    """
    Looks at every metered rail for that long.
    """
    meters = {dut: meter for dut in bench.rig.duts if (meter := bench.meter_of(dut)) is not None}
    seen: dict[str, list[tuple[float, float]]] = {dut: [] for dut in meters}
    async with anyio.create_task_group() as tasks:
        for dut, meter in meters.items():
            tasks.start_soon(_look, meter, seen[dut])
        await anyio.sleep(for_s)
        tasks.cancel_scope.cancel()
    return [_rail(dut, readings) for dut, readings in seen.items()]


async def _look(meter: PowerMeter, readings: list[tuple[float, float]]) -> None:
    while True:
        next_ns = clock.now_ns() + round(max(meter.period_s, _LOOK_S) * clock.NS_PER_S)
        reading = await answered(meter.name, meter.read, reading_s(meter.period_s))
        if reading.bus_v is not None and reading.current_a is not None:
            readings.append((reading.bus_v, reading.current_a))
        await clock.sleep_until(next_ns)


def _rail(dut: str, readings: Sequence[tuple[float, float]]) -> Finding:
    if not readings:
        return Finding(check=CHECK, subject=f"rail {dut}", measured="no reading", grade=Grade.FAIL)
    volts, milliamperes = [v for v, _ in readings], [1000 * a for _, a in readings]
    told = f"{statistics.fmean(volts):.3f} V, {min(volts):.3f} … {max(volts):.3f} V; "
    told += f"{statistics.fmean(milliamperes):.1f} mA, {min(milliamperes):.1f} … {max(milliamperes):.1f} mA; "
    return Finding(check=CHECK, subject=f"rail {dut}", measured=f"{told}n = {len(readings)}", grade=Grade.OK)


def _once(specs: Iterable[ProbeSpec]) -> list[ProbeSpec]:
    """
    Each question once, however many drills ask it.
    """
    found: list[ProbeSpec] = []
    for spec in specs:
        if not any((one.kind, one.role, one.config) == (spec.kind, spec.role, spec.config) for one in found):
            found.append(spec)
    return found


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.3g} %"
