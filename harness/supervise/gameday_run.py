"""
A game day under way: the checklist first, then its drills one after the other, each supervised as any run is.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import anyio

from .. import clock
from ..engine.leaves import ungrouped
from ..errors import BenchError, CrashbenchError, Exit, Refused
from ..model.event import Event, Kind
from ..model.gameday import By, Checked, CheckSpec, Standing
from ..model.run import Run
from ..model.verdict import Verdict
from ..protocols import Listener
from ..store.gameday_record import checked_to_json
from .gameday_log import GameDayLog
from .gameday_plan import Plan, Planned, admit
from .gameday_proofs import prove
from .lease import user
from .on_record import put_on_record
from .request import JobRequest
from .standby import made_safe
from .supervisor import Outcome, Supervisor, played

Ticker = Callable[[CheckSpec], Standing]
"""Asks whoever is there for an item that only a person can tick. May raise KeyboardInterrupt."""

_SIGNALS = {signal.SIGINT: Exit.SIGINT, signal.SIGTERM: Exit.SIGTERM}
_VERDICTS = {Exit.HELD: Verdict.HELD, Exit.DEVIATED: Verdict.DEVIATED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """
    How a game day ended: its exit code, why, and the folder of its record.
    """

    exit_code: int
    reason: str
    folder: Path
    is_refused: bool = False


class GameDayRun:
    """
    One game day. `run` it once, in the foreground: SIGINT and SIGTERM restore first, and become the exit code.
    """

    def __init__(self, plan: Plan, tick: Ticker, listen: Listener) -> None:
        self._plan, self._tick, self._listen = plan, tick, listen
        self._log: GameDayLog
        self._current: Supervisor | None = None
        self._interrupted: tuple[str, Exit] | None = None
        self._codes: dict[str, int] = {}
        self._stopped = ""

    def run(self) -> Ended:
        """
        Runs it to its end. Raises UsageError and Refused before anything is touched or written, RecordError.
        """
        admit(self._plan)
        with GameDayLog(self._plan, self._listen) as self._log:
            is_refused = False
            try:
                self._ask_people()
                clock.run(self._main)
            except KeyboardInterrupt:
                self._interrupted = ("interrupted by SIGINT at the checklist", Exit.SIGINT)
            except Refused as refusal:
                is_refused, self._stopped = True, str(refusal)
            code = Exit.REFUSED if is_refused else self._exit_code()
            reason = self._reason()
            verdict = _VERDICTS.get(Exit(code), Verdict.INCONCLUSIVE)
            self._log.tell(Kind.GAMEDAY_ENDED, verdict=verdict.value, reason=reason, exit_code=int(code))
        return Ended(exit_code=code, reason=reason, folder=self._log.folder, is_refused=is_refused)

    # --- the checklist ------------------------------------------------------------------------------------------------

    def _ask_people(self) -> None:
        """
        Every item that a person ticks, before any is proven: what nobody has seen to is no reason to touch a rig.
        """
        found = [self._asked(check) for check in self._plan.day.checklist if check.by is By.PERSON]
        self._refuse_open(found)

    def _asked(self, check: CheckSpec) -> Checked:
        standing = self._tick(check)
        checked = Checked(item=check.item, what=check.what, standing=standing, who=user(), at=self._log.now(), told="")
        return self._noted(checked)

    async def _prove(self) -> None:
        found = []
        for check in self._plan.day.checklist:
            if check.by is By.PROOF and self._interrupted is None:
                found.append(self._noted(await prove(check, self._plan, self._log, self._carry)))
        if self._interrupted is None:
            self._refuse_open(found)

    def _noted(self, checked: Checked) -> Checked:
        self._log.tell(Kind.ITEM_CHECKED, checked.item.value, **checked_to_json(checked))
        return checked

    @staticmethod
    def _refuse_open(checks: Iterable[Checked]) -> None:
        still = [checked for checked in checks if checked.standing is Standing.OPEN]
        if still:
            told = "; ".join(f"{one.item} ({one.told or 'not ticked'})" for one in still)
            raise Refused(f"the checklist stands open, and nothing was injected: {told}")

    # --- the drills ---------------------------------------------------------------------------------------------------

    async def _main(self) -> None:
        with ungrouped():
            async with anyio.create_task_group() as tasks:
                await tasks.start(self._listen_for_signals)
                await self._on_its_rigs()
                tasks.cancel_scope.cancel()

    async def _on_its_rigs(self) -> None:
        """
        Played worlds last as long as the game day: a DUT that a scenario leaves behind is the next one's.
        """
        async with AsyncExitStack() as stack:
            try:
                for planned in self._plan.rigs:
                    await stack.enter_async_context(played(planned.rig))
            except BenchError as error:
                self._stopped = str(error)
                return
            await self._prove()
            for planned in self._plan.scenarios:
                if self._stopped or self._interrupted is not None:
                    return
                self._stopped = await self._scenario(planned)

    async def _scenario(self, planned: Planned) -> str:
        """
        Runs one; returns why none may follow it, if so.
        """
        scenario = planned.scenario
        self._log.tell(
            Kind.SCENARIO_STARTED,
            scenario.name,
            hypothesis=scenario.hypothesis,
            procedure=list(scenario.procedure),
            drill=planned.drill.name,
            rig=planned.rig.name,
        )
        run, outcome = None, Outcome(exit_code=Exit.BENCH, run_id=None)
        try:
            outcome = await self._carry(planned.request, self._log.hear)
            run = put_on_record(outcome.run_id) if outcome.run_id else None
            problem = outcome.problem
        except CrashbenchError as error:
            problem = str(error)
        code = Exit.BENCH if run is None and outcome.exit_code in _VERDICTS else outcome.exit_code
        self._codes[scenario.name] = code
        self._log.tell(
            Kind.SCENARIO_ENDED,
            scenario.name,
            run_id=outcome.run_id,
            verdict=None if run is None else run.verdict.value,
            exit_code=int(code),
            problem=problem,
        )
        if self._interrupted is not None:
            return ""  # its bench process has restored the rig
        return _trouble(scenario.name, run, problem) or await self._made_safe(planned)

    async def _made_safe(self, planned: Planned) -> str:
        """
        Between two drills the rig is restored once more, by a process that knows nothing of the run.
        """
        told = await made_safe(planned.rig)
        if "problem" in told:
            said = str(told["problem"])
        else:
            said = ", ".join(f"{n} {'unseen' if v is None else f'at {v:.2f} V'}" for n, v in told["rails_v"].items())
        self._log.tell(Kind.MADE_SAFE, planned.rig.name, told=said)
        return said if "problem" in told else ""

    async def _carry(self, request: JobRequest, listen: Listener) -> Outcome:
        """
        Has a bench process of its own carry out a job.
        """

        def hear(event: Event) -> None:
            self._log.hear(event)
            if listen != self._log.hear:
                listen(event)

        self._current = Supervisor(request, hear)
        if self._interrupted is not None:
            self._current.abort(*self._interrupted)
        try:
            return await self._current.run()
        finally:
            self._current = None
            self._log.job_over()

    async def _listen_for_signals(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        with anyio.open_signal_receiver(*_SIGNALS) as signals:
            task_status.started()
            async for signum in signals:
                reason = f"interrupted by {signal.Signals(signum).name}"
                self._interrupted = self._interrupted or (reason, _SIGNALS[signum])
                if self._current is not None:
                    self._current.abort(*self._interrupted)

    # --- the end ------------------------------------------------------------------------------------------------------

    def _exit_code(self) -> Exit:
        """
        Its worst: trouble of the bench over a deviation, whichever came first.
        """
        if self._interrupted is not None:
            return self._interrupted[1]
        if self._stopped or any(code not in _VERDICTS for code in self._codes.values()) or not self._codes:
            return Exit.BENCH
        return Exit.DEVIATED if Exit.DEVIATED in self._codes.values() else Exit.HELD

    def _reason(self) -> str:
        names = [planned.scenario.name for planned in self._plan.scenarios]
        held = [name for name in names if self._codes.get(name) == Exit.HELD]
        parts = [f"{len(held)} of {len(names)} scenarios held"] if self._codes else []
        parts += [f"{name} {_word(self._codes[name])}" for name in names if self._codes.get(name, 0) != Exit.HELD]
        stopped = self._interrupted[0] if self._interrupted is not None else self._stopped
        parts += [stopped] if stopped else []
        not_run = [name for name in names if name not in self._codes]
        parts += [f"not run: {', '.join(not_run)}"] if not_run else []
        return "; ".join(parts)


def _word(code: int) -> str:
    return "deviated" if code == Exit.DEVIATED else "inconclusive"


def _trouble(name: str, run: Run | None, problem: str) -> str:
    """
    Why a bench that had this run may not go on, if so. A run that is merely inconclusive is no trouble by itself: the
    rig is restored and looked at before the next one.
    """
    if run is None:
        return f"{name} could not be run: {problem or 'there is no record of it'}"
    if problem or not run.ended:
        return f"{name}: {problem or run.reason}"
    return f"{name}: {run.reason}" if run.reason.startswith("UNRESTORED") else ""
