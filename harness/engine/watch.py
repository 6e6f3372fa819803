"""
Asking several probes at once, and waiting for what their answers mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import anyio

from ..model.drill import AlertSpec, ProbeSpec
from ..model.event import Kind
from ..model.instant import Instant
from ..model.quantity import Quantity
from ..protocols import Announced, Arming, Measuring, Probe
from .asking import Asking
from .moments import Moments
from .steadiness import Steadiness


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
                tasks.start_soon(Asking(spec, probe, partial(self._take, spec.name)).keep_asking)

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

    def arm(self) -> None:
        """
        The steady state is met: from here on a bad answer is a loss, and what is measured over a trial begins.
        """
        self.book.arm()
        for _, probe in self._probes:
            if isinstance(probe, Arming):
                probe.arm()

    def quantities(self) -> dict[str, Quantity]:
        """
        What the probes measured within bounds, by name.
        """
        measuring = [probe for _, probe in self._probes if isinstance(probe, Measuring)]
        return {name: quantity for probe in measuring for name, quantity in probe.quantities().items()}

    def measured(self) -> dict[str, float]:
        """
        What the probes measured, by name.
        """
        return {name: value for _, probe in self._probes for name, value in probe.measured().items()}

    def _take(self, name: str, asked_ns: int, answered_ns: int, is_good: bool, detail: str) -> None:
        if self.book.note(name, asked_ns, answered_ns, is_good):
            took_ms = (answered_ns - asked_ns) / 1e6
            self._moments.tell(Kind.PROBE, name, good=is_good, detail=detail, took_ms=took_ms)
            if self.book.lost is not None and self._moments.instants.steady_lost is None:
                self._moments.mark(Kind.STEADY_LOST, self.book.lost, name)
        if self._check is not None and self._check():
            self._changed.set()


class Alert:
    """
    The alert of a drill: so many bad answers in a row, or what somebody else's monitoring says.

    A rule of ours fires with the answer that meets it. What fires elsewhere, and is only looked at, did so after the
    last question that found it quiet, and before the first answer that did not; silence says nothing of it. What is
    announced says when it came.
    """

    def __init__(self, spec: AlertSpec, probe: Probe) -> None:
        self._spec, self._probe = spec, probe
        self._failures = 0
        self._quiet_ns: int | None = None
        self._first_bad_ns = 0
        self._fired: Instant | None = None
        self._announced = probe if isinstance(probe, Announced) else None
        self._attends = False
        self.is_of_others: bool = getattr(probe, "is_of_others", False)
        """Whether it fires by a rule that is not ours, also when the bench has not seen the DUT unwell."""

    async def until_quiet(self) -> None:
        """
        Asks until it does not fire: what does so before the fault is no detection of it.
        """

        def take(asked_ns: int, answered_ns: int, is_good: bool, detail: str) -> None:
            if is_good:
                self._quiet_ns = asked_ns
                asking.stop()

        asking = Asking(self._spec.probe, self._probe, take)
        await asking.keep_asking()

    def attend(self) -> str:
        """
        The fault is about to be commanded: returns what has been announced already, empty for nothing. Raises
        DeviceError.
        """
        if self._attends or self._announced is None:
            return ""
        self._attends = True
        return self._announced.attend()

    async def until_fired(self) -> Instant:
        """
        Waits, or asks, until it fires; returns when it did. Raises DeviceError.
        """
        if self._announced is not None:
            return await self._announced.announced()
        self._asking = Asking(self._spec.probe, self._probe, self._take)
        await self._asking.keep_asking()
        assert self._fired is not None
        return self._fired

    def _take(self, asked_ns: int, answered_ns: int, is_good: bool, detail: str) -> None:
        if detail and self.is_of_others:
            return  # who cannot be asked has raised no alert
        if is_good:
            self._failures, self._quiet_ns = 0, asked_ns
            return
        self._failures += 1
        if self._failures == 1:
            self._first_bad_ns = answered_ns
        if self._failures == self._spec.failures:
            since_ns = self._quiet_ns if self.is_of_others else None
            self._fired = Instant(asked_ns, answered_ns) if since_ns is None else Instant(since_ns, self._first_bad_ns)
            self._asking.stop()
