"""
The bench process: it alone owns the hardware, and makes it safe before it ends, whoever ends first.

Run by the supervisor as a module. The first line on standard input is the request; after it come heartbeats. An end
of input, or no heartbeat for the lease's time to live, means that the supervisor is gone.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import ExitStack

import anyio

from .. import clock
from ..assemble import Assembly, assembled
from ..config.drill import load_drill
from ..config.rig import load_rig
from ..engine.drill import DrillRun
from ..engine.guard import Guard
from ..engine.leaves import ungrouped
from ..engine.restore import restore
from ..engine.undo import UndoJournal
from ..errors import CrashbenchError, Exit, UsageError
from ..model.drill import DrillSpec
from ..model.event import Event
from ..model.rig import RigSpec
from ..model.verdict import Verdict
from ..protocols import Listener
from ..store.events import EventLog
from ..store.home import runs_dir
from .head import run_head
from .lease import Lease
from .places import undo_path
from .rail_view import show_rails
from .request import RunRequest
from .wire import Done, Sender

_CODES = {Verdict.HELD: Exit.HELD, Verdict.DEVIATED: Exit.DEVIATED, Verdict.INCONCLUSIVE: Exit.BENCH}
_SIGNALS = {signal.SIGINT: Exit.SIGINT, signal.SIGTERM: Exit.SIGTERM}


class BenchProcess:
    """
    One run in a process of its own.
    """

    def __init__(self, request: RunRequest, sender: Sender) -> None:
        self._request, self._sender = request, sender
        self._run: DrillRun | None = None
        self._ended_by = ""
        self._code: int | None = None

    def main(self) -> Done:
        """
        Runs the request to its end. Every trouble becomes the last word.
        """
        try:
            rig = load_rig(self._request.rig)
            drill = load_drill(self._request.drill, self._request.drill_overrides)
            with Lease(rig, f"crashbench run {drill.name}"):
                return clock.run(self._main, rig, drill, virtual=rig.is_virtual)
        except CrashbenchError as error:
            return Done(exit_code=error.exit_code, problem=str(error))

    def end(self, reason: str, code: int | None = None) -> None:
        """
        Ends the run from outside: restored first, inconclusive for `reason`.
        """
        self._ended_by, self._code = self._ended_by or reason, self._code or code
        if self._run is not None:
            self._run.abort(self._ended_by)

    async def _main(self, rig: RigSpec, drill: DrillSpec) -> Done:
        if rig.is_virtual:
            self._listen_for_signals_between_steps()
            return await self._drill(rig, drill)
        with ungrouped():
            async with anyio.create_task_group() as tasks:
                await tasks.start(self._listen_for_signals)
                tasks.start_soon(self._listen_to_supervisor, rig.lease.ttl_s)
                done = await self._drill(rig, drill)
                tasks.cancel_scope.cancel()
        return done

    async def _drill(self, rig: RigSpec, drill: DrillSpec) -> Done:
        async with assembled(rig, self._request.seed) as bench:
            bench.check(drill)
            journal = UndoJournal(None if rig.is_virtual else undo_path(rig))
            left = journal.pending()
            if not left.is_clean:
                await restore(bench, journal)
            Guard(rig).admit(drill, bench)
            head = run_head(self._request, drill, rig, bench.wiring, bench.firmware)
            with ExitStack() as stack:
                emit = self._listeners(stack, head.run_id, rig)
                self._run = DrillRun(drill, bench, head, journal, emit)
                if self._ended_by:
                    self._run.abort(self._ended_by)
                for note in bench.notes:
                    self._run.note(note)
                bench.on_trouble(self._run.abort)
                if not left.is_clean:
                    self._run.note(f"restored what an earlier run had left: {len(left.undos)} undo(s)")
                verdict = await self._watched(self._run, bench, emit)
            return Done(exit_code=self._code or _CODES[verdict], run_id=head.run_id)

    async def _watched(self, run: DrillRun, bench: Assembly, emit: Listener) -> Verdict:
        if bench.rig.is_virtual:
            return await run.run(until_failure=self._request.until_failure)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(show_rails, bench, emit)
            verdict = await run.run(until_failure=self._request.until_failure)
            tasks.cancel_scope.cancel()
        return verdict

    def _listeners(self, stack: ExitStack, run_id: str, rig: RigSpec) -> Listener:
        record = stack.enter_context(EventLog(runs_dir() / run_id, virtual=rig.is_virtual))

        def emit(event: Event) -> None:
            self._sender.event(event)
            record(event)
            if not self._sender.is_heard:
                self.end("the supervisor is gone")

        return emit

    async def _listen_for_signals(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        with anyio.open_signal_receiver(*_SIGNALS) as signals:
            task_status.started()
            async for signum in signals:
                self.end(f"interrupted by {signal.Signals(signum).name}", _SIGNALS[signum])

    def _listen_for_signals_between_steps(self) -> None:
        # A virtual loop never waits, so nothing would wake it: the handler itself, between two steps, ends the run.
        for signum, code in _SIGNALS.items():
            reason = f"interrupted by {signum.name}"
            signal.signal(signum, lambda *_, reason=reason, code=code: self.end(reason, code))

    async def _listen_to_supervisor(self, ttl_s: float) -> None:
        # Blank lines are signs of life; the only words it has are `abort [reason, exit code]`.
        while True:
            with anyio.move_on_after(ttl_s) as patience:
                await anyio.wait_readable(0)
                said = os.read(0, 4096)
                if not said:
                    return self.end("the supervisor is gone")
                for line in said.splitlines():
                    if line.startswith(b"abort "):
                        reason, code = json.loads(line.removeprefix(b"abort "))
                        self.end(reason, code)
            if patience.cancelled_caught:
                return self.end(f"the supervisor gave no sign of life for {ttl_s:g} s")


def main() -> int:
    """
    Reads the request, runs it, says the last word.
    """
    sender = Sender(os.dup(1))
    os.dup2(2, 1)  # a stray print of some library must not get between the lines
    try:
        request = RunRequest.loads(_first_line())
    except (ValueError, TypeError) as error:
        raise UsageError(f"no request on standard input: {error}") from error
    done = BenchProcess(request, sender).main()
    sender.done(done)
    return done.exit_code


def _first_line() -> str:
    # Byte by byte, so that nothing after the line is swallowed.
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            break
        line += byte
    return line.decode()


if __name__ == "__main__":
    sys.exit(main())
