"""
A drill: its trials one after the other, each under the guard and the undo journal, and the verdict on all of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict

import anyio

from .. import clock
from ..errors import BenchError, Refused, Unrestored
from ..model.codec import deviation_to_json, end_to_json, run_head_to_json, trial_to_json
from ..model.criterion import Judged
from ..model.drill import DrillSpec, FaultSpec
from ..model.event import JSON, Event, Kind
from ..model.instant import Instant
from ..model.run import RunHead
from ..model.trial import Trial
from ..model.verdict import TrialVerdict, Verdict
from ..protocols import Listener, Strike, Telling
from ..science.judge import drill_verdict, judge
from .bench import Bench
from .climb import Climb, Placed
from .guard import Guard
from .leaves import ungrouped
from .odometer import Odometer
from .restore import restore
from .trial import TrialRun
from .undo import UndoJournal

Keeper = Callable[[Trial], Awaitable[None]]


class DrillRun:
    """
    One run of a drill on a bench. `run` it once; `abort` may come from outside at any moment.
    """

    def __init__(
        self,
        drill: DrillSpec,
        bench: Bench,
        head: RunHead,
        journal: UndoJournal,
        listen: Listener,
        odometer: Odometer | None = None,
    ) -> None:
        self._drill, self._bench, self._head = drill, bench, head
        self._journal, self._listen = journal, listen
        self._odometer = odometer or Odometer(None)
        self._guard = Guard(bench.rig, self._odometer)
        self._scope = anyio.CancelScope()
        self._aborted = ""
        self._trials: list[Trial] = []
        self._told: list[str] = []
        self._notes: list[str] = []
        self._is_under_way = False
        self._keepers: list[Keeper] = []

    def after_each_trial(self, keeper: Keeper) -> None:
        """
        Has something done after each trial that came to its end, before the next one begins.
        """
        self._keepers.append(keeper)

    def abort(self, reason: str) -> None:
        """
        Ends the run: what was done is undone, and the verdict is inconclusive for `reason`.
        """
        self._aborted = self._aborted or reason
        self._scope.cancel()

    def note(self, problem: str) -> None:
        """
        Has a trouble of the bench put into the run's record: at its start, or when it is under way at once.
        """
        if self._is_under_way:
            self._tell(Kind.BENCH_TROUBLE, {"problem": problem})
        else:
            self._notes.append(problem)

    async def run(self, *, until_failure: bool = False) -> Verdict:
        """
        Runs every trial (or trials until one does not recover), and judges. Raises Refused before anything is touched.

        Whatever else comes out of it, be it a bug, comes out after the rig was restored.
        """
        self._guard.admit(self._drill, self._bench)
        anchor = clock.Anchor.take()
        self._tell(Kind.RUN_STARTED, run_head_to_json(self._head))
        self._is_under_way = True
        for problem in self._notes:
            self.note(problem)
        trouble = ""
        climb = Climb(self._drill, self._bench, self._guard, self._head.seed)
        self._tell_sheet(climb.beforehand())
        try:
            with self._scope, ungrouped():
                await self._every_trial(climb, until_failure)
        except (Refused, BenchError) as error:
            trouble = str(error)
        except BaseException:
            await restore(self._bench, self._journal)
            raise
        trouble = await self._made_safe(trouble)
        self._look_at_wall(anchor)
        self._tell_sheet(climb.afterwards())
        return self._end(trouble, climb.left_out)

    async def _every_trial(self, climb: Climb, until_failure: bool) -> None:
        index = 0
        while until_failure or index < self._drill.trials.count * len(climb.rows):
            if index:
                await anyio.sleep(self._drill.trials.cool_down_s)
            trial = await self._trial(index, climb)
            if self._is_the_last(trial) or (until_failure and self._failed(trial)):
                return
            index += 1

    def _is_the_last(self, trial: Trial) -> bool:
        """
        Whether no trial may follow this one. One that is stuck leaves the DUT as it is, for somebody to look at; one
        that is inconclusive is followed in a ladder only, by a row that can be proven, if the fault is surely gone.
        """
        if trial.verdict is TrialVerdict.INCONCLUSIVE:
            return self._drill.ladder is None or trial.instants.removal_effective is None
        return trial.verdict is TrialVerdict.STUCK

    async def _trial(self, index: int, climb: Climb) -> Trial:
        self._told.clear()
        bounce_of = self._odometer.bounces.of
        trial_run = TrialRun(index, climb.drill_of(index), self._bench, self._strike, self._emit, bounce_of)
        try:
            trial = await trial_run.run()
        except BaseException as error:
            reason = self._aborted or str(error) or "the run was cancelled"
            self._keep(trial_run.interrupted(reason), climb)
            raise
        self._keep(trial, climb)
        for keeper in self._keepers:
            await keeper(trial)
        return trial

    def _keep(self, trial: Trial, climb: Climb) -> None:
        self._trials.append(trial)
        self._tell(Kind.TRIAL_ENDED, trial_to_json(trial), trial.index)
        self._tell_sheet(climb.of(trial, "; ".join(self._told)), trial.index)

    def _tell_sheet(self, rows: Iterable[Placed], trial: int | None = None) -> None:
        for place, deviation in rows:
            self._tell(Kind.DEVIATION, {"place": place, **deviation_to_json(deviation)}, trial)

    def _failed(self, trial: Trial) -> bool:
        return drill_verdict([trial], self._judged([trial]))[0] is not Verdict.HELD

    @asynccontextmanager
    async def _strike(self, spec: FaultSpec) -> AsyncIterator[Strike]:
        """
        A fault under the guard, its undo on disk before it begins, and until it was undone without an error.

        After an error the promise stays, and the run restores the whole rig once nothing strikes at it any more.
        """
        fault = self._bench.fault(spec)
        self._guard.strike(fault, self._bench.switches())
        promises = self._journal.promise(fault.undo, self._head.run_id)
        async with fault.inject() as strike:
            yield strike
        if isinstance(strike, Telling) and strike.delivered:
            self._told.append(strike.delivered)
        self._journal.keep(promises)
        self._guard.released(fault)

    async def _made_safe(self, trouble: str) -> str:
        """
        After a run that went wrong, looks once more; a DUT in the dark outranks whatever went wrong before.
        """
        doubtful = any(trial.verdict is TrialVerdict.INCONCLUSIVE for trial in self._trials)
        if not (trouble or self._aborted or doubtful):
            return ""
        try:
            await restore(self._bench, self._journal)
        except Unrestored as dark:
            return str(dark)
        except BenchError as error:
            return trouble or str(error)
        return trouble

    def _look_at_wall(self, anchor: clock.Anchor) -> None:
        if self._bench.rig.is_virtual:
            return
        stepped_ns = anchor.stepped_ns(clock.Anchor.take())
        if stepped_ns is not None:
            self._tell(Kind.CLOCK_STEPPED, {"stepped_s": stepped_ns / clock.NS_PER_S})

    def _judged(self, trials: list[Trial]) -> list[Judged]:
        return [judge(criterion, trials) for criterion in self._drill.criteria]

    def _end(self, trouble: str, left_out: str) -> Verdict:
        criteria = self._judged(self._trials)
        verdict, reason = drill_verdict(self._trials, criteria)
        if self._aborted:
            verdict, reason = Verdict.INCONCLUSIVE, self._aborted
        if trouble and (verdict is not Verdict.DEVIATED or trouble.startswith("UNRESTORED")):
            verdict, reason = Verdict.INCONCLUSIVE, trouble
        reason += left_out
        self._is_under_way = False
        for rate in self._bench.rates():
            self._tell(Kind.SAMPLED, asdict(rate))
        self._tell(Kind.RUN_ENDED, end_to_json(verdict, reason, criteria, self._acausal()))
        # A record that lacks its end, which the listener has just refused, vouches for nothing.
        return Verdict.INCONCLUSIVE if self._aborted else verdict

    def _acausal(self) -> list[str]:
        return [
            f"trial {trial.index}: {name} is negative ({span}): an effect was seen before its cause"
            for trial in self._trials
            for name, span in trial.durations().items()
            if span is not None and span.is_acausal
        ]

    def _tell(self, kind: Kind, data: dict[str, JSON], trial: int | None = None) -> None:
        at = Instant.exactly(clock.now_ns())
        self._emit(Event(kind=kind, at=at, trial=trial, data=data))

    def _emit(self, event: Event) -> None:
        """
        Tells the listener. One that cannot take it down any more ends the run, and never keeps it from restoring.
        """
        try:
            self._listen(event)
        except BenchError as error:
            self.abort(str(error))
