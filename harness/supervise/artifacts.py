"""
What a DUT has to say for itself after each trial, kept beside the record: its console, its log, its database's state.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import anyio
import anyio.to_thread

from .. import clock
from ..assemble import Assembly
from ..errors import DeviceError, UsageError
from ..model.event import JSON, Event, Kind
from ..model.instant import Instant
from ..model.rig import ArtifactSpec
from ..model.trial import Trial
from ..protocols import Console, Listener, NoAnswer, Shell, SqlService

# Whoever has not answered by then is taken for one that has nothing to say.
_WITHIN_S = 10.0
# Of what is longer the end is kept: what happened last is what is looked for.
_LARGEST = 4 * 1024 * 1024


class Artifacts:
    """
    Keeps, after each trial, what the rig's file names as a DUT's artifacts, and what its consoles have said since the
    last one, in `folder/trials/INDEX/DUT/`. What cannot be had is a note in the record, and changes no verdict.
    """

    def __init__(self, folder: Path, bench: Assembly, emit: Listener, note: Callable[[str], None]) -> None:
        self._folder, self._bench, self._emit, self._note = folder, bench, emit, note
        self._consoles = [
            (dut.name, role, device)
            for dut in bench.rig.duts.values()
            for role, name in dut.roles.items()
            if isinstance(device := bench.devices[name], Console)
        ]
        self._next = {(dut, role): 0 for dut, role, _ in self._consoles}

    @staticmethod
    def check(bench: Assembly) -> None:
        """
        Raises UsageError for an artifact's role that is filled by something else.
        """
        for dut in bench.rig.duts.values():
            for file, spec in dut.artifacts.items():
                try:
                    bench.roles.get(f"{dut.name}.{spec.role}", SqlService if spec.sql else Shell)
                except UsageError as error:
                    key = f"dut.{dut.name}.artifacts.{file}"
                    raise UsageError(error.problem, file=str(bench.rig.path), key=key) from error

    async def keep(self, trial: Trial) -> None:
        """
        Keeps what there is after a trial.
        """
        for dut in self._bench.rig.duts.values():
            for file, spec in dut.artifacts.items():
                try:
                    with anyio.fail_after(_WITHIN_S):
                        said = await self._asked(dut.name, spec)
                except (NoAnswer, DeviceError, TimeoutError) as error:
                    why = str(error) or "no answer"
                    self._note(f"{dut.name}'s {file} was not kept after trial {trial.index}: {why}")
                else:
                    await self._put(trial, dut.name, file, said)
        for name, role, console in self._consoles:
            try:
                self._next[name, role], chunks = _after(console, self._next[name, role])
            except DeviceError as error:
                self._next[name, role] = console.count
                self._note(f"{name}'s {role} was not kept after trial {trial.index}: {error}")
            else:
                await self._put(trial, name, f"{role}.log", b"".join(chunks))

    async def _asked(self, dut: str, spec: ArtifactSpec) -> bytes:
        role = f"{dut}.{spec.role}"
        if spec.sql:
            rows = await self._bench.roles.get(role, SqlService).query(spec.sql, timeout_s=_WITHIN_S)
            return "".join("\t".join(map(str, row)) + "\n" for row in rows).encode()
        answer = await self._bench.roles.get(role, Shell).run(spec.run, timeout_s=_WITHIN_S)
        if answer.code != 0:
            complaint = answer.stderr.decode("utf-8", "replace").strip()
            raise NoAnswer(f"`{shlex.join(spec.run)}` ended with {answer.code}: {complaint}")
        return answer.stdout

    async def _put(self, trial: Trial, dut: str, file: str, said: bytes) -> None:
        path = self._folder / "trials" / str(trial.index) / dut / file
        try:
            if clock.is_virtual():
                _write(path, said[-_LARGEST:])
            else:
                await anyio.to_thread.run_sync(_write, path, said[-_LARGEST:])
        except OSError as error:
            self._note(f"{dut}'s {file} was not kept after trial {trial.index}: {error.strerror}")
            return
        data: dict[str, JSON] = {
            "path": str(path.relative_to(self._folder)),
            "bytes": min(len(said), _LARGEST),
            "of_bytes": len(said),
        }
        at = Instant.exactly(clock.now_ns())
        self._emit(Event(kind=Kind.ARTIFACT, at=at, trial=trial.index, subject=dut, data=data))


def _after(console: Console, number: int) -> tuple[int, list[bytes]]:
    following, chunks = console.since(number)
    return following, [chunk.data for chunk in chunks]


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
