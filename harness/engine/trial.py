"""
One trial: settle, gate, inject, prove, observe, restore, prove removed, recover and hold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager

import anyio

from .. import clock
from ..errors import BenchError
from ..model.drill import DrillSpec, FaultSpec
from ..model.event import Kind
from ..model.instant import Instant, Span
from ..model.quantity import Quantity
from ..model.trial import Trial
from ..model.verdict import TrialVerdict
from ..protocols import Listener, Strike
from .bench import Bench
from .fail_over import FailOver
from .leaves import gravest
from .moments import Moments
from .quantities import BounceOf, quantities
from .remembering import keep_remembering
from .sign import first_sign
from .watch import Alert, Watch

# Who puts a fault on the DUT: the drill's runner, which asks the guard and keeps the undo journal around it.
Striker = Callable[[FaultSpec], AbstractAsyncContextManager[Strike]]


# What criteria name that ask for an alert.
_DETECTION = frozenset({"time_to_detect", "time_to_detect_from_effect", "mttd"})


class Inconclusive(BenchError):
    """
    The trial cannot be vouched for; the reason is one sentence.
    """


class TrialRun:
    """
    One trial under way: its phases are its methods, in their order.
    """

    def __init__(
        self, index: int, drill: DrillSpec, bench: Bench, strike: Striker, emit: Listener, bounce_of: BounceOf
    ) -> None:
        self._drill, self._bench, self._strike, self._bounce_of = drill, bench, strike, bounce_of
        self._moments = Moments(index, len(drill.faults), emit)
        probes = [(spec, bench.probe(spec)) for spec in drill.steady_state]
        self._watch = Watch(probes, drill.ready, self._moments)
        self._alert = Alert(drill.detected, bench.probe(drill.detected.probe)) if drill.detected else None
        self._fail_over = FailOver(drill.failed_over, bench.probe(drill.failed_over)) if drill.failed_over else None
        self._struck, self._detected = anyio.Event(), anyio.Event()
        self._started_ns = clock.now_ns()
        self._removed_ns = 0
        self._hold_up: Span | None = None
        self._reason = ""
        self._why_not = ""
        bench.begin_truth(probes)

    async def run(self) -> Trial:
        """
        Runs the trial. Raises Refused; any trouble of the bench is in the verdict.
        """
        self._moments.tell(Kind.TRIAL_STARTED)
        verdict = TrialVerdict.INCONCLUSIVE
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._watch.keep_asking)
                for dut in self._struck_duts():
                    tasks.start_soon(keep_remembering, self._bench, dut, self._moments)
                verdict = await self._phases()
                tasks.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            trouble = gravest(group)
            if not isinstance(trouble, BenchError):
                raise trouble from group
            self._reason = str(trouble)
        return self._trial(verdict)

    def interrupted(self, reason: str) -> Trial:
        """
        The trial as far as it came, when the run was ended from outside.
        """
        self._reason = reason
        return self._trial(TrialVerdict.INCONCLUSIVE)

    async def _phases(self) -> TrialVerdict:
        await self._settle()
        async with anyio.create_task_group() as tasks:
            if self._alert is not None:
                tasks.start_soon(self._detect, self._alert)
            if self._fail_over is not None:
                tasks.start_soon(self._run_by_the_other, self._fail_over)
            await self._inject()
            tasks.start_soon(self._first_sign)
            is_back = await self._recover()
            await self._alerted()
            tasks.cancel_scope.cancel()
        self._vouch()
        if is_back:
            return TrialVerdict.RECOVERED
        self._reason = f"{_named(self._watch.book.unready())} not back within {self._drill.watch_s:g} s"
        return TrialVerdict.STUCK

    async def _settle(self) -> None:
        self._moments.phase("settle", self._drill.settle_s)
        book = self._watch.book
        too_early = ""
        with anyio.move_on_after(self._drill.settle_s):
            await self._watch.until(lambda: book.is_steady)
            if self._alert is not None:
                too_early = "the alert fired"
                await self._alert.until_quiet()
            if self._fail_over is not None:
                too_early = "the service ran by the other path"
                await self._fail_over.until_apart()
            too_early = ""
        if not book.is_steady:
            raise Inconclusive(f"the steady state was not met at the start: {_named(book.unwell())} unwell")
        if too_early:
            raise Inconclusive(f"{too_early} before anything was done")
        self._watch.arm()
        dut = await self._bench.identify()
        self._moments.tell(Kind.IDENTIFIED, name=dut.name, version=dut.version)

    async def _inject(self) -> None:
        self._moments.phase("inject", min(fault.at_s for fault in self._drill.faults))
        start_ns = clock.now_ns()
        async with anyio.create_task_group() as tasks:
            for spec in self._drill.faults:
                tasks.start_soon(self._fault, spec, start_ns)
        self._removed_ns = clock.now_ns()
        instants = self._moments.instants
        assert instants.removal_commanded is not None
        assert instants.removal_effective is not None
        self._watch.book.freed(instants.removal_commanded, instants.removal_effective)

    async def _fault(self, spec: FaultSpec, start_ns: int) -> None:
        mark, subject = self._moments.mark, f"{spec.kind} {spec.role}".strip()
        await clock.sleep_until(start_ns + round(spec.at_s * clock.NS_PER_S))
        self._nothing_happened_yet()
        async with self._strike(spec) as strike:
            mark(Kind.FAULT_COMMANDED, strike.commanded, subject)
            self._note_strokes(spec, strike.commanded)
            self._struck.set()
            await self._while_it_lasts(strike, spec, subject)
        assert strike.removal_commanded is not None
        mark(Kind.REMOVAL_COMMANDED, strike.removal_commanded, subject)
        self._moments.phase("restore")
        mark(Kind.REMOVAL_EFFECTIVE, await strike.removed(), subject)

    def _note_strokes(self, spec: FaultSpec, commanded: Instant) -> None:
        strokes = {device: count for device, _, count in self._bench.fault(spec).strikes}
        self._watch.book.struck(
            commanded.earliest_ns,
            chatter_ns=round(self._chatter_s(strokes) * clock.NS_PER_S),
            repeatedly=any(count > 1 for count in strokes.values()),
        )

    def _chatter_s(self, devices: Collection[str]) -> float:
        return max((switch.chatter_s for switch in self._bench.switches() if switch.name in devices), default=0.0)

    async def _while_it_lasts(self, strike: Strike, spec: FaultSpec, subject: str) -> None:
        self._moments.phase("prove", spec.for_s)
        proven = False

        async def prove() -> None:
            nonlocal proven
            self._moments.mark(Kind.FAULT_EFFECTIVE, await strike.effective(), subject)
            proven = True
            if self._moments.instants.fault_effective is not None:
                self._watch.book.in_effect(clock.now_ns())
            self._moments.phase("observe", spec.for_s)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(prove)
            await strike.last()
            tasks.cancel_scope.cancel()
        self._hold_up = self._hold_up or strike.hold_up
        if not proven:
            self._why_not = self._why_not or strike.why_not()

    def _nothing_happened_yet(self) -> None:
        """
        Before the first strike: whatever is to be a consequence of it has not come. Raises Inconclusive.
        """
        if self._struck.is_set():
            return
        if self._watch.book.lost is not None:
            raise Inconclusive("the steady state was lost before anything was done")
        if self._alert is not None and (standing := self._alert.attend()):
            raise Inconclusive(f"the alert came before anything was done: {standing}")

    async def _detect(self, alert: Alert) -> None:
        await self._struck.wait()
        self._moments.mark(Kind.DETECTED, await alert.until_fired())
        self._detected.set()

    async def _run_by_the_other(self, fail_over: FailOver) -> None:
        over = await fail_over.until_over()
        if not self._struck.is_set():
            raise Inconclusive("the service ran by the other path before anything was done")
        self._moments.mark(Kind.FAILED_OVER, over)

    async def _alerted(self) -> None:
        """
        Waits for an alert of others until the drill's criteria have none to wait for, but not beyond its watch.
        """
        limits = [criterion.limit for criterion in self._drill.criteria if criterion.name in _DETECTION]
        effective = self._moments.instants.fault_effective
        if self._alert is None or not self._alert.is_of_others or effective is None or not limits:
            return
        last_s = effective.latest_ns / clock.NS_PER_S + max(limits)
        last_s = min(last_s, self._removed_ns / clock.NS_PER_S + self._drill.watch_s)
        with anyio.move_on_after(max(0.0, last_s - clock.now_ns() / clock.NS_PER_S)):
            await self._detected.wait()

    async def _first_sign(self) -> None:
        """
        The first current after the removal, where one DUT was struck once and a meter watches its rail.
        """
        removal = self._moments.instants.removal_commanded
        roles = [fault.role for fault in self._drill.faults if fault.role]
        if len(roles) != 1 or removal is None or self._watch.book.lost is None:
            return
        dut = self._bench.dut_of(roles[0])
        meter = self._bench.meter_of(dut.name)
        if meter is not None:
            chatter_s = self._chatter_s([self._bench.device_of(roles[0])])
            self._moments.mark(Kind.FIRST_SIGN, await first_sign(meter, dut.first_sign_a, removal, chatter_s))

    async def _recover(self) -> bool:
        self._moments.phase("recover", self._drill.watch_s)
        book = self._watch.book
        with anyio.move_on_after(self._drill.watch_s):
            await self._watch.until(self._is_ready)
        # What came back in time may still show that it stays.
        await self._watch.until(lambda: not book.is_ready or self._is_ready())
        if not book.is_ready:
            return False
        if book.regained is not None:
            self._moments.mark(Kind.READY, book.regained)
        return True

    def _is_ready(self) -> bool:
        """
        Whether the steady state has held for `hold`, and still did after the last fault was removed.
        """
        book = self._watch.book
        if not book.is_ready or (book.lost is not None and book.regained is None):
            return False
        since_ns = self._removed_ns if book.regained is None else book.regained.latest_ns
        return book.holds_at(max(since_ns + round(self._drill.hold_s * clock.NS_PER_S), self._removed_ns))

    def _vouch(self) -> None:
        """
        What must be shown before anything is said of the DUT. Raises Inconclusive.
        """
        if self._why_not:
            raise Inconclusive(self._why_not)
        if self._moments.instants.steady_lost is None and self._drill.expects_loss:
            raise Inconclusive("the fault was proven, but the DUT was never affected: its steady state was not lost")

    def _awaited(self, verdict: TrialVerdict) -> frozenset[str]:
        """
        What would have come, had it been watched for longer: a rule of ours has nothing to fire at while all is well.
        """
        was_well = verdict is TrialVerdict.RECOVERED and self._moments.instants.steady_lost is None
        awaited = {"ready"}
        if self._alert is not None and (self._alert.is_of_others or not was_well):
            awaited.add("detected")
        if self._fail_over is not None:
            awaited.add("failed_over")
        return frozenset(awaited)

    def _struck_duts(self) -> list[str]:
        return sorted({self._bench.dut_of(fault.role).name for fault in self._drill.faults if fault.role})

    def _note_forgotten(self) -> None:
        """
        Has the record say what its power quantities could not be read off.
        """
        for dut in self._struck_duts():
            if self._moments.instants.fault_commanded and self._bench.has_forgotten(dut, self._started_ns):
                told = f"the samples of '{dut}' of this trial are more than are remembered: a part of them is a gap"
                self._moments.tell(Kind.BENCH_TROUBLE, problem=f"{told} to its power quantities (the trace has them)")

    def _note_chatter(self, bounce: Quantity | None) -> None:
        """
        Has the record say that a contact was seen to chatter for longer than every crossing of its rail allows for.
        """
        declared_s = self._chatter_s([self._bench.device_of(fault.role) for fault in self._drill.faults if fault.role])
        if bounce is None or bounce.low <= declared_s:
            return
        told = (
            f"the contact was seen to chatter for {bounce.low * 1000:.3g} ms, and {declared_s * 1000:g} ms are declared"
        )
        advice = "a crossing of the rail may be later than told; run `crashbench doctor`, and correct `chatter`"
        self._moments.tell(Kind.BENCH_TROUBLE, problem=f"{told}: {advice}")

    def _trial(self, verdict: TrialVerdict) -> Trial:
        self._note_forgotten()
        book, instants = self._watch.book, self._moments.instants
        found = quantities(self._bench, self._drill, instants, self._started_ns, self._bounce_of)
        self._note_chatter(found.get("contact_bounce"))
        now_ns = clock.now_ns()
        from_ns = instants.fault_commanded.earliest_ns if instants.fault_commanded else now_ns
        requests, failed = book.requests(from_ns, instants.ready.latest_ns if instants.ready else now_ns)
        return Trial(
            index=self._moments.trial,
            verdict=verdict,
            reason=self._reason,
            instants=instants,
            watched_until_ns=now_ns if book.lost is None else book.last_bad_ns() or book.lost.earliest_ns,
            requests=requests,
            failed_requests=failed,
            gap_ns=book.gap_ns(),
            expects_loss=self._drill.expects_loss,
            heard_until_ns=now_ns if self._alert is not None and self._alert.is_of_others else None,
            awaited=self._awaited(verdict),
            hold_up=self._hold_up,
            quantities={**found, **self._watch.quantities()},
            readings=self._watch.measured(),
            truth=self._bench.truth(instants, self._started_ns, self._drill),
        )


def _named(probes: list[str]) -> str:
    return ", ".join(probes) or "a probe"
