"""
Asking probes, each at its own pace and with its own deadline, and waiting for what their answers mean.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

import anyio

from .. import clock
from ..model.drill import AlertSpec, ProbeSpec
from ..model.event import Kind
from ..model.instant import Instant
from ..protocols import NoAnswer, Probe
from .moments import Moments
from .steadiness import Steadiness


class Asked(NamedTuple):
    """
    A question that was put: when it was asked and when that was settled (ns), whether the DUT is well, and a detail.
    """

    asked_ns: int
    answered_ns: int
    is_good: bool
    detail: str


def asking(spec: ProbeSpec, probe: Probe) -> Callable[[], Awaitable[Asked]]:
    """
    A probe's question under its deadline.
    """
    timeout_s, now_ns, question = spec.timeout_s, clock.now_ns, probe.ask

    async def ask() -> Asked:
        is_good, detail = False, "timed out"
        asked_ns = now_ns()
        with anyio.move_on_after(timeout_s):
            try:
                is_good = await question()
                detail = ""
            except NoAnswer as silence:
                detail = str(silence)
        return Asked(asked_ns, now_ns(), is_good, detail)

    return ask


class Watch:
    """
    The steady-state probes of one trial. Run `keep_asking` in a task group; await what you need to know.
    """

    def __init__(self, probes: list[tuple[ProbeSpec, Probe]], ready: Iterable[str], moments: Moments) -> None:
        self._probes, self._moments = probes, moments
        self.book = Steadiness((spec.name for spec, _ in probes), ready)
        self._changed = anyio.Event()
        self._check: Callable[[], bool] | None = None

    async def keep_asking(self) -> None:
        """
        Asks every probe until it is cancelled. Raises BenchError when a device of the bench fails.
        """
        async with anyio.create_task_group() as tasks:
            for spec, probe in self._probes:
                tasks.start_soon(self._ask, spec, probe)

    async def until(self, condition: Callable[[], bool]) -> None:
        """
        Waits until `condition`, looked at after every answer, is true. One waiter at a time.
        """
        if condition():
            return
        self._check, self._changed = condition, anyio.Event()
        try:
            await self._changed.wait()
        finally:
            self._check = None

    def measured(self) -> dict[str, float]:
        """
        What the probes measured, by name.
        """
        return {name: value for _, probe in self._probes for name, value in probe.measured().items()}

    async def _ask(self, spec: ProbeSpec, probe: Probe) -> None:
        note, ask, name = self.book.note, asking(spec, probe), spec.name
        period_ns = round(spec.period_s * clock.NS_PER_S)
        while True:
            asked_ns, answered_ns, is_good, detail = await ask()
            if note(name, asked_ns, answered_ns, is_good):
                self._changed_its_mind(name, Asked(asked_ns, answered_ns, is_good, detail))
            if self._check is not None and self._check():
                self._changed.set()
            await clock.sleep_until(asked_ns + period_ns)

    def _changed_its_mind(self, name: str, asked: Asked) -> None:
        span_ms = (asked.answered_ns - asked.asked_ns) / 1e6
        self._moments.tell(Kind.PROBE, name, good=asked.is_good, detail=asked.detail, took_ms=span_ms)
        if self.book.lost is not None and self._moments.instants.steady_lost is None:
            self._moments.mark(Kind.STEADY_LOST, self.book.lost, name)


class Alert:
    """
    The alert rule of a drill: so many bad answers in a row. Run `keep_asking`; `fired` is when the alert arrived.
    """

    def __init__(self, spec: AlertSpec, probe: Probe) -> None:
        self._spec, self._ask = spec, asking(spec.probe, probe)
        self.fired: Instant | None = None

    async def until_fired(self) -> Instant:
        """
        Asks until the rule is met; the instant spans the question and the answer that met it.
        """
        failures = 0
        while True:
            asked_ns, answered_ns, is_good, _ = await self._ask()
            failures = 0 if is_good else failures + 1
            if failures == self._spec.failures:
                self.fired = Instant(asked_ns, answered_ns)
                return self.fired
            await clock.sleep_until(asked_ns + round(self._spec.probe.period_s * clock.NS_PER_S))
