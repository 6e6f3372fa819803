"""
What the DUTs say on their consoles while a run goes on, line by line, in the run's record.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import anyio

from .. import clock
from ..assemble import Assembly
from ..errors import DeviceError
from ..model.event import JSON, Event, Kind
from ..model.instant import Instant
from ..protocols import Console, Listener

# Of a trial so many lines of a console are told, and of a line so many bytes: its log, which is kept beside the record,
# has the others.
_MOST, _LONGEST = 1000, 200


@dataclass(slots=True)
class _Heard:
    """
    How far a console was listened to: the number of its next chunk, and the bytes that no end of line has followed.
    """

    console: Console
    next: int = 0
    line: bytes = b""
    at: Instant | None = None


class ConsoleLines:
    """
    Listens to a run for the `emit` behind it, and puts in between what the consoles of its DUTs say: an event `console`
    per line, of the trial under way, about `DUT.ROLE`, at the instant of the bytes that end it. A trial's lines are all
    told before its end is, also a last one that nothing has ended, like a prompt.
    """

    def __init__(self, bench: Assembly, emit: Listener) -> None:
        self._emit = emit
        self._heard = {
            f"{dut.name}.{role}": _Heard(device)
            for dut in bench.rig.duts.values()
            for role, name in dut.roles.items()
            if isinstance(device := bench.devices[name], Console)
        }
        self._told: Counter[str] = Counter()
        self._trial: int | None = None
        self._is_over = False

    def __call__(self, event: Event) -> None:
        """
        Takes an event of the run. Raises what `emit` raises.
        """
        if event.kind in (Kind.TRIAL_STARTED, Kind.TRIAL_ENDED, Kind.RUN_ENDED):
            for name in self._heard:
                self._catch_up(name, is_last=event.kind is not Kind.TRIAL_STARTED)
            self._end_of_trial()
        if event.kind is Kind.TRIAL_STARTED:
            self._trial = event.trial
        self._is_over = event.kind is Kind.RUN_ENDED
        self._emit(event)

    async def keep_telling(self) -> None:
        """
        Tells each line as it comes, until it is cancelled. Raises what `emit` raises.
        """
        async with anyio.create_task_group() as tasks:
            for name in self._heard:
                tasks.start_soon(self._keep_telling, name)

    async def _keep_telling(self, name: str) -> None:
        heard = self._heard[name]
        while not self._is_over:
            self._catch_up(name)
            try:
                await heard.console.more(heard.next)
            except DeviceError:
                return  # whoever needs the console is told

    def _catch_up(self, name: str, *, is_last: bool = False) -> None:
        heard = self._heard[name]
        try:
            heard.next, chunks = heard.console.since(heard.next)
        except DeviceError as error:
            heard.next, heard.line = heard.console.count, b""
            self._note(f"{name}: some of its lines are not on record: {error}")
            return
        for chunk in chunks:
            for part in chunk.data.splitlines(keepends=True):
                heard.line, heard.at = (heard.line + part)[:_LONGEST], chunk.at
                if part.endswith((b"\n", b"\r")):
                    self._tell(name, heard)
        if is_last and heard.line:
            self._tell(name, heard)

    def _tell(self, name: str, heard: _Heard) -> None:
        line, heard.line = heard.line, b""
        text = line.decode(errors="replace").strip()
        if not text or heard.at is None:
            return
        self._told[name] += 1
        if self._told[name] <= _MOST:
            data: dict[str, JSON] = {"text": text}
            self._emit(Event(kind=Kind.CONSOLE, at=heard.at, trial=self._trial, subject=name, data=data))

    def _end_of_trial(self) -> None:
        for name, count in self._told.items():
            if count > _MOST:
                self._note(f"{name}: {count - _MOST} more lines are in its log")
        self._told.clear()

    def _note(self, problem: str) -> None:
        at = Instant.exactly(clock.now_ns())
        self._emit(Event(kind=Kind.BENCH_TROUBLE, at=at, trial=self._trial, data={"problem": problem}))
