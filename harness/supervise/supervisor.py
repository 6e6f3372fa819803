"""
The supervisor: starts the bench process, watches it, and outlives it; when it dies, has the rig made safe.
"""

from __future__ import annotations

import json
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from .. import clock
from ..config.rig import load_rig
from ..engine.leaves import ungrouped
from ..errors import BenchError, CrashbenchError, Exit
from ..model.event import Event
from ..model.instant import Instant
from ..model.rig import RigSpec
from ..protocols import Listener
from .request import JobRequest, RunRequest
from .standby import Standby
from .unbegun import record_unbegun
from .wire import Done, parse

# A bench process that was asked to end restores first: relays, retries and a look at the rail take a few seconds at
# the very most. After this it is taken for dead.
_END_WITHIN_S = 30.0
_HEARD_WITHIN_S = 0.1
# Alerts on their way to a bench process that is busy; of more than these the oldest are dropped.
_WORDS = 1000
_LONGEST_LINE = 16 * 1024 * 1024
# What leaves no record: the caller erred, or the guard refused.
_NOT_ACCEPTED = (Exit.USAGE, Exit.REFUSED)
_PACKAGE = __package__.rpartition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    How a run ended: the exit code, the id of its record if there is one, and what to tell the caller.
    """

    exit_code: int
    run_id: str | None
    problem: str = ""


class Supervisor:
    """
    One job of a bench process. `run` it once; `abort` may be called at any moment.
    """

    def __init__(self, request: JobRequest, listen: Listener) -> None:
        self._request, self._listen = request, listen
        self._process: Process | None = None
        self._abort: tuple[str, int] | None = None
        self._aborted = anyio.Event()
        self._words: deque[bytes] = deque(maxlen=_WORDS)
        self._has_words = anyio.Event()
        self._run_id: str | None = None
        self._done: Done | None = None

    async def run(self) -> Outcome:
        """
        Runs the request. Raises UsageError for what the files get wrong, before anything is started.

        A run that was accepted is on record, however it ended: one that the bench kept from beginning is inconclusive.
        """
        rig = load_rig(self._request.rig)
        self._request.check()
        try:
            async with played(rig):
                outcome = await self._supervised(rig)
        except BenchError as error:
            outcome = Outcome(exit_code=self._failed(), run_id=self._run_id, problem=str(error))
        return self._on_record(rig, outcome)

    def abort(self, reason: str, exit_code: int = Exit.BENCH) -> None:
        """
        Has the bench process restore and end.
        """
        self._abort = self._abort or (reason, exit_code)
        self._aborted.set()

    def alert(self, notification: Mapping[str, Any], at: Instant) -> None:
        """
        Hands over a notification of an Alertmanager (version 4) that came at that moment. In virtual time nobody hears
        it.
        """
        told = {"at": [at.earliest_ns, at.latest_ns], "notification": notification}
        self._words.append(b"alert " + json.dumps(told).encode() + b"\n")
        self._has_words.set()

    async def _supervised(self, rig: RigSpec) -> Outcome:
        # -P: the folder that we happen to be in has no say in what is imported.
        command = [sys.executable, "-P", "-m", f"{_PACKAGE}.supervise.bench_process"]
        async with Standby(rig) as standby:
            async with await anyio.open_process(command, stderr=None, start_new_session=True) as process:
                self._process = process
                try:
                    await self._talk(process, standby)
                except BaseException:
                    await self._end_it(process)
                    raise
            if self._done is not None:
                return Outcome(exit_code=self._exit_code(), run_id=self._done.run_id, problem=self._done.problem)
            return await self._after_death(standby, process.returncode or 0)

    async def _talk(self, process: Process, standby: Standby) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._beat, process)
            tasks.start_soon(self._obey_abort, process)
            tasks.start_soon(self._pass_on, process)
            if not standby.rig.is_virtual:
                tasks.start_soon(self._have_stand_by, process, standby)
            await self._hear(process)
            await process.wait()
            tasks.cancel_scope.cancel()

    async def _beat(self, process: Process) -> None:
        assert process.stdin is not None
        try:
            await process.stdin.send(self._request.dumps().encode() + b"\n")
            while True:
                await anyio.sleep(self._request.heartbeat_s)
                await process.stdin.send(b"\n")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return  # it has died, which is noticed by its silence

    async def _pass_on(self, process: Process) -> None:
        assert process.stdin is not None
        try:
            while True:
                await self._has_words.wait()
                self._has_words = anyio.Event()
                while self._words:
                    await process.stdin.send(self._words.popleft())
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return  # it has died, which is noticed by its silence

    async def _have_stand_by(self, process: Process, standby: Standby) -> None:
        """
        The bench process may strike once what outlives it is ready to; when it never is, the run ends without a result.
        """
        try:
            await standby.stand_by()
        except (BenchError, OSError) as error:
            return self.abort(str(error))
        assert process.stdin is not None
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            await process.stdin.send(b"outlived\n")

    async def _obey_abort(self, process: Process) -> None:
        """
        Once the run is aborted, has the bench process restore and end; one that does not is killed, and outlived.
        """
        await self._aborted.wait()
        assert self._abort is not None
        reason, code = self._abort
        assert process.stdin is not None
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            await process.stdin.send(f"abort {json.dumps([reason, code])}\n".encode())
        # In virtual time, or while it starts, it does not listen; a signal it always hears.
        await anyio.sleep(_HEARD_WITHIN_S)
        process.send_signal(signal.SIGINT if code == Exit.SIGINT else signal.SIGTERM)
        await anyio.sleep(_END_WITHIN_S)
        process.kill()

    async def _hear(self, process: Process) -> None:
        assert process.stdout is not None
        lines = BufferedByteReceiveStream(process.stdout)
        while True:
            try:
                message = parse(await lines.receive_until(b"\n", _LONGEST_LINE))
            except (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError):
                return
            if isinstance(message, Event):
                self._run_id = self._run_id or _run_id(message)
                self._listen(message)
            else:
                self._done = message

    async def _end_it(self, process: Process) -> None:
        with anyio.CancelScope(shield=True):
            process.terminate()
            with anyio.move_on_after(_END_WITHIN_S):
                await process.wait()

    def _exit_code(self) -> int:
        assert self._done is not None
        return self._done.exit_code if self._abort is None or self._done.exit_code == 0 else self._abort[1]

    async def _after_death(self, standby: Standby, returncode: int) -> Outcome:
        how = signal.Signals(-returncode).name if returncode < 0 else f"exit code {returncode}"
        problem = f"the bench process died ({how})"
        if not standby.rig.is_virtual:
            problem += "; " + await restored(standby)
        return Outcome(exit_code=self._failed(), run_id=self._run_id, problem=problem)

    def _failed(self) -> int:
        return Exit.BENCH if self._abort is None else self._abort[1]

    def _on_record(self, rig: RigSpec, outcome: Outcome) -> Outcome:
        if outcome.run_id or outcome.exit_code in _NOT_ACCEPTED or not isinstance(self._request, RunRequest):
            return outcome
        reason = outcome.problem if self._abort is None else f"{self._abort[0]} before the run began"
        try:
            return replace(outcome, run_id=record_unbegun(self._request, rig, reason))
        except CrashbenchError as error:
            return replace(outcome, problem=f"{outcome.problem}; {error}")


async def restored(standby: Standby) -> str:
    """
    Has the rig made safe, and tells what came of it.
    """
    told = await standby.made_safe()
    if "problem" in told:
        return str(told["problem"])
    rails = ", ".join(
        f"{name} at {v:.2f} V" if v is not None else f"{name} unseen" for name, v in told["rails_v"].items()
    )
    return f"the rig was made safe: {rails}"


@asynccontextmanager
async def played(rig: RigSpec, *, leave_none: bool = False) -> AsyncIterator[None]:
    """
    Where a rig's world is played by a lab, there is one. A lab that we started ends with us; `leave_none` ends any.
    """
    if not rig.is_lab:
        yield
        return
    from ..lab.launch import ensure

    lab = await ensure(rig)
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True):
            if lab.started or leave_none:
                await lab.stop()
            else:
                lab.close()


def supervise(request: JobRequest, listen: Listener) -> Outcome:
    """
    Runs a request in the foreground: SIGINT and SIGTERM restore first, and become the exit code.
    """
    return clock.run(_foreground, request, listen)


async def _foreground(request: JobRequest, listen: Listener) -> Outcome:
    supervisor = Supervisor(request, listen)
    codes = {signal.SIGINT: Exit.SIGINT, signal.SIGTERM: Exit.SIGTERM}

    async def forward(*, task_status: anyio.abc.TaskStatus[None]) -> None:
        with anyio.open_signal_receiver(*codes) as signals:
            task_status.started()
            async for signum in signals:
                supervisor.abort(f"interrupted by {signal.Signals(signum).name}", codes[signum])

    with ungrouped():
        async with anyio.create_task_group() as tasks:
            await tasks.start(forward)
            outcome = await supervisor.run()
            tasks.cancel_scope.cancel()
    return outcome


def _run_id(event: Event) -> str | None:
    run_id = event.data.get("run_id")
    return run_id if isinstance(run_id, str) else None
