"""
A drill as a bench process carries it out: on record, told to the supervisor, with its rails shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack, suppress

import anyio
import anyio.to_thread

from .. import clock
from ..assemble import Assembly, Opening
from ..config.drill import load_drill
from ..engine.drill import DrillRun
from ..engine.guard import Guard
from ..engine.undo import Pending, UndoJournal
from ..errors import BenchError, Exit, RecordError
from ..model.event import Event, Kind
from ..model.instant import Instant
from ..model.rig import RigSpec
from ..model.verdict import Verdict
from ..protocols import Listener
from ..store.events import EventLog
from ..store.home import runs_dir
from ..store.trace_log import TraceLog
from .artifacts import Artifacts
from .console_lines import ConsoleLines
from .dice import dice
from .head import run_head
from .job import End
from .places import chatter_as_seen, count_opening, odometer
from .rail_view import show_rails
from .request import RunRequest
from .tracing import prepare, trace_log
from .wire import Done, Sender

_CODES = {Verdict.HELD: Exit.HELD, Verdict.DEVIATED: Exit.DEVIATED, Verdict.INCONCLUSIVE: Exit.BENCH}


class DrillJob:
    """
    One run of a drill. Raises UsageError for what its file gets wrong.
    """

    opening = Opening.RUN

    def __init__(self, request: RunRequest, rig: RigSpec, sender: Sender, end: End) -> None:
        self._request, self._rig, self._sender, self._end = request, rig, sender, end
        self.drill = load_drill(request.drill, request.drill_overrides)
        self.purpose = f"crashbench run {self.drill.name}"
        self._run: DrillRun | None = None
        self._aborted = ""
        prepare(rig)

    def check(self, bench: Assembly) -> None:
        """
        Fills every role of the drill, and those of what is kept after its trials.
        """
        bench.check(self.drill)
        Artifacts.check(bench)

    async def carry_out(self, bench: Assembly, journal: UndoJournal, left: Pending) -> Done:
        """
        Runs the drill; its verdict becomes the exit code.
        """
        rig, drill = self._rig, self.drill
        strokes = odometer(rig)
        count_opening(bench, strokes)
        chatter_as_seen(bench, strokes)
        Guard(rig, strokes).admit(drill, bench)
        head = run_head(self._request, drill, rig, bench.wiring, bench.firmware)
        with ExitStack() as stack:
            emit = self._listeners(stack, head.run_id)
            lines = ConsoleLines(bench, emit)
            self._run = DrillRun(drill, bench, head, journal, lines, strokes)
            artifacts = Artifacts(runs_dir() / head.run_id, bench, emit, self._run.note)
            self._run.after_each_trial(artifacts.keep)
            if self._aborted:
                self._run.abort(self._aborted)
            for note in [*bench.notes, *dice(self.drill.faults, bench)]:
                self._run.note(note)
            bench.on_trouble(self._run.abort)
            if not left.is_clean:
                self._run.note(f"restored what an earlier run had left: {len(left.undos)} undo(s)")
            verdict = await self._watched(self._run, head.run_id, bench, emit, lines)
        return Done(exit_code=_CODES[verdict], run_id=head.run_id)

    def abort(self, reason: str) -> None:
        """
        Ends the run: restored first, inconclusive for `reason`.
        """
        self._aborted = self._aborted or reason
        if self._run is not None:
            self._run.abort(self._aborted)

    async def _watched(
        self, run: DrillRun, run_id: str, bench: Assembly, emit: Listener, lines: ConsoleLines
    ) -> Verdict:
        """
        Runs it while every meter is sampled: their guard is needed until the rig is restored.
        """
        trace = trace_log(runs_dir() / run_id, run_id, bench)
        for note in trace.notes:
            run.note(note)
        try:
            async with bench.sampling(trace.take, run.note):
                return await self._shown(run, bench, emit, lines)
        finally:
            with anyio.CancelScope(shield=True):
                self._tell_lost(await _closed(trace), emit)

    async def _shown(self, run: DrillRun, bench: Assembly, emit: Listener, lines: ConsoleLines) -> Verdict:
        if bench.rig.is_virtual:
            return await run.run(until_failure=self._request.until_failure)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(show_rails, bench, emit)
            tasks.start_soon(self._told_of_consoles, run, lines)
            verdict = await run.run(until_failure=self._request.until_failure)
            tasks.cancel_scope.cancel()
        return verdict

    @staticmethod
    async def _told_of_consoles(run: DrillRun, lines: ConsoleLines) -> None:
        try:
            await lines.keep_telling()
        except* BenchError as group:  # the record takes nothing more down
            run.abort(str(group.exceptions[0]))

    @staticmethod
    def _tell_lost(lost: Iterable[str], emit: Listener) -> None:
        at = Instant.exactly(clock.now_ns())
        with suppress(RecordError):  # a disk that takes no trace may take no record: that has no end, which says it
            for problem in lost:
                emit(Event(kind=Kind.BENCH_TROUBLE, at=at, data={"problem": problem}))

    def _listeners(self, stack: ExitStack, run_id: str) -> Listener:
        record = stack.enter_context(EventLog(runs_dir() / run_id, virtual=self._rig.is_virtual))

        def emit(event: Event) -> None:
            self._sender.event(event)
            record(event)
            if not self._sender.is_heard:
                self._end("the supervisor is gone")

        return emit


async def _closed(trace: TraceLog) -> tuple[str, ...]:
    """
    What a trace has lost, once it is closed: a stuck disk must not keep a board from hearing its host.
    """
    return trace.close() if clock.is_virtual() else await anyio.to_thread.run_sync(trace.close)
