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
from dataclasses import replace

import anyio

from .. import clock
from ..assemble import Assembly, assembled
from ..config.rig import load_rig
from ..engine.leaves import ungrouped
from ..engine.restore import restore
from ..engine.undo import UndoJournal
from ..errors import CrashbenchError, Exit, UsageError
from ..model.instant import Instant
from ..model.rig import RigSpec
from ..protocols import Taker
from .audit_job import AuditJob
from .drill_job import DrillJob
from .job import Job
from .lease import Lease
from .look_job import LookJob
from .places import undo_path
from .request import AuditRequest, JobRequest, LookRequest, RunRequest, loads
from .wire import Done, Sender

_SIGNALS = {signal.SIGINT: Exit.SIGINT, signal.SIGTERM: Exit.SIGTERM}


class BenchProcess:
    """
    One job in a process of its own.
    """

    def __init__(self, request: JobRequest, sender: Sender) -> None:
        self._request, self._sender = request, sender
        self._job: Job | None = None
        self._bench: Assembly | None = None
        self._may_strike: anyio.Event | None = None
        self._ended_by = ""
        self._code: int | None = None

    def main(self) -> Done:
        """
        Carries out the request to its end. Every trouble becomes the last word.
        """
        try:
            rig = load_rig(self._request.rig)
            job = self._job = self._made(rig)
            with Lease(rig, job.purpose):
                return clock.run(self._main, rig, job, virtual=rig.is_virtual)
        except CrashbenchError as error:
            return Done(exit_code=error.exit_code, problem=str(error))

    def end(self, reason: str, code: int | None = None) -> None:
        """
        Ends the job from outside: restored first, without a result for `reason`.
        """
        self._ended_by, self._code = self._ended_by or reason, self._code or code
        if self._job is not None:
            self._job.abort(self._ended_by)
        if self._may_strike is not None:
            self._may_strike.set()  # which it will not do: it only has to hear of its end

    def _made(self, rig: RigSpec) -> Job:
        match self._request:
            case RunRequest() as request:
                return DrillJob(request, rig, self._sender, self.end)
            case AuditRequest() as request:
                return AuditJob(request, rig, self._sender, self.end)
            case LookRequest() as request:
                return LookJob(request, rig, self._sender, self.end)
        raise UsageError(f"there is no job for a {type(self._request).__name__}")

    async def _main(self, rig: RigSpec, job: Job) -> Done:
        if rig.is_virtual:
            self._listen_for_signals_between_steps()
            return await self._carried_out(rig, job)
        self._may_strike = anyio.Event()
        with ungrouped():
            async with anyio.create_task_group() as tasks:
                await tasks.start(self._listen_for_signals)
                tasks.start_soon(self._listen_to_supervisor, rig.lease.ttl_s)
                await self._may_strike.wait()
                done = await self._carried_out(rig, job)
                tasks.cancel_scope.cancel()
        return done

    async def _carried_out(self, rig: RigSpec, job: Job) -> Done:
        async with assembled(rig, self._request.seed, opening=job.opening, drill=job.drill) as bench:
            job.check(bench)
            self._bench = bench
            journal = UndoJournal(None if rig.is_virtual else undo_path(rig))
            left = journal.pending()
            if not left.is_clean:
                await restore(bench, journal)
            done = await job.carry_out(bench, journal, left)
            return replace(done, exit_code=self._code or done.exit_code)

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
        # Blank lines are signs of life; `_obey` knows all the words it has.
        rest = b""
        while True:
            with anyio.move_on_after(ttl_s) as patience:
                await anyio.wait_readable(0)
                said = os.read(0, 4096)
                if not said:
                    return self.end("the supervisor is gone")
                *lines, rest = (rest + said).split(b"\n")
                for line in lines:
                    self._obey(line)
            if patience.cancelled_caught:
                return self.end(f"the supervisor gave no sign of life for {ttl_s:g} s")

    def _obey(self, line: bytes) -> None:
        """
        Does what the supervisor says: `outlived`, now that a restore process stands by; `abort [reason, exit code]`;
        or `alert {at, notification}`, which is for every device that takes such.
        """
        word, _, told = line.partition(b" ")
        if word == b"outlived" and self._may_strike is not None:
            self._may_strike.set()
        elif word == b"abort":
            reason, code = json.loads(told)
            self.end(reason, code)
        elif word == b"alert" and self._bench is not None:
            alert = json.loads(told)
            for device in self._bench.devices.values():
                if isinstance(device, Taker):
                    device.take(alert["notification"], Instant(*alert["at"]))


def main() -> int:
    """
    Reads the request, runs it, says the last word.
    """
    sender = Sender(os.dup(1))
    os.dup2(2, 1)  # a stray print of some library must not get between the lines
    try:
        request = loads(_first_line())
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"no request on standard input: {error}") from error
    return carry_out(request, sender)


def carry_out(request: JobRequest, sender: Sender) -> int:
    """
    Carries out a request, and says the last word; a bug says none, so that the supervisor has the rig made safe.
    """
    try:
        done = BenchProcess(request, sender).main()
    except Exception as error:
        if request.debug:
            raise
        said = " ".join(f"{type(error).__name__}: {error}".split())
        sys.stderr.write(
            f"crashbench: the bench process failed by itself: {said}; `crashbench --debug …` shows where\n"
        )
        return 1
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
