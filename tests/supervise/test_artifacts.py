"""
What a DUT has to say for itself after each trial is kept beside the record, and what cannot be had is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest

from harness import clock
from harness.assemble import Assembly
from harness.assemble.casting import Casting
from harness.errors import DeviceError, UsageError
from harness.model.event import Event, Kind
from harness.model.instant import Instant
from harness.model.rig import ArtifactSpec, DeviceSpec, RigSpec
from harness.model.trial import Instants, Trial
from harness.model.verdict import TrialVerdict
from harness.protocols import Chunk, NoAnswer, ShellAnswer
from harness.supervise import artifacts
from harness.supervise.artifacts import Artifacts
from tests.benches import rig

LOG = ArtifactSpec(role="shell", run=("cat", "node.log"))
STATE = ArtifactSpec(role="database", sql="SELECT 1")


class Part:
    """
    A device that does nothing of its own.
    """

    name = "part"

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...


class ShellOfADut(Part):
    """
    A shell that gives one answer; None: never.
    """

    def __init__(self, answer: ShellAnswer | Exception | None) -> None:
        self.answer = answer

    async def run(self, argv: Sequence[str], *, timeout_s: float) -> ShellAnswer:
        if self.answer is None:
            await anyio.sleep_forever()
        if isinstance(self.answer, Exception):
            raise self.answer
        assert self.answer is not None
        return self.answer

    async def pids(self, pattern: str, *, timeout_s: float) -> list[int]:
        return []

    async def signal(self, pid: int, name: str, *, timeout_s: float) -> bool:
        return False

    async def make_safe(self) -> None: ...

    async def undo(self, action: str) -> None: ...


class DatabaseOfADut(Part):
    """
    A database with two rows.
    """

    async def query(self, statement: str, *, timeout_s: float) -> list[tuple[Any, ...]]:
        return [(True, "0/16B3748"), (False, None)]


class ConsoleOfADut(Part):
    """
    A console that has said something.
    """

    def __init__(self) -> None:
        self.said: list[bytes] = []
        self.forgets = False

    @property
    def count(self) -> int:
        return len(self.said)

    def since(self, number: int) -> tuple[int, Sequence[Chunk]]:
        if self.forgets:
            raise DeviceError("part", "remembers its last 3 only; ask sooner")
        return self.count, [Chunk(Instant.exactly(0), data) for data in self.said[number:]]

    async def more(self, number: int) -> None: ...


class Kept:
    """
    Artifacts of a DUT with such devices, and what came of them.
    """

    def __init__(self, folder: Path, specs: dict[str, ArtifactSpec], **devices: Any) -> None:
        self.folder, self.events, self.notes = folder, list[Event](), list[str]()
        self.bench = cast(Assembly, bench_of(specs, devices))
        self.artifacts = Artifacts(folder, self.bench, self.events.append, self.notes.append)

    def after(self, index: int = 0) -> dict[str, bytes]:
        """
        The files after a trial, by their paths in the run's folder.
        """
        trial = Trial(index=index, verdict=TrialVerdict.RECOVERED, reason="", instants=Instants())
        clock.run(self.artifacts.keep, trial, virtual=True)
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}


def bench_of(specs: dict[str, ArtifactSpec], devices: dict[str, Any]) -> SimpleNamespace:
    base = rig()
    dut = replace(base.duts["edge"], artifacts=specs, roles={name: name for name in devices})
    of_devices = {name: DeviceSpec(name=name, kind="part", config=None) for name in devices}
    of_rig: RigSpec = replace(base, duts={"edge": dut}, devices=of_devices)
    return SimpleNamespace(rig=of_rig, devices=devices, roles=Casting(of_rig, devices))


def test_logs_and_rows_are_kept_for_each_trial_and_told(tmp_path: Path) -> None:
    kept = Kept(
        tmp_path,
        {"node.log": LOG, "state.tsv": STATE},
        shell=ShellOfADut(ShellAnswer(0, b"booted\n", b"")),
        database=DatabaseOfADut(),
    )
    kept.after(0)
    assert kept.after(1) == {
        "trials/0/edge/node.log": b"booted\n",
        "trials/0/edge/state.tsv": b"True\t0/16B3748\nFalse\tNone\n",
        "trials/1/edge/node.log": b"booted\n",
        "trials/1/edge/state.tsv": b"True\t0/16B3748\nFalse\tNone\n",
    }
    assert kept.notes == []
    first = kept.events[0]
    assert (first.kind, first.trial, first.subject) == (Kind.ARTIFACT, 0, "edge")
    assert first.data == {"path": "trials/0/edge/node.log", "bytes": 7, "of_bytes": 7}


def test_of_what_is_too_long_the_end_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "_LARGEST", 4)
    kept = Kept(tmp_path, {"node.log": LOG}, shell=ShellOfADut(ShellAnswer(0, b"0123456789", b"")))
    assert kept.after() == {"trials/0/edge/node.log": b"6789"}
    assert kept.events[0].data["of_bytes"] == 10


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (ShellAnswer(1, b"", b"cat: node.log: No such file\n"), "`cat node.log` ended with 1: cat: node.log: No such"),
        (NoAnswer("the unit has no power"), "the unit has no power"),
        (DeviceError("part", "has no key"), "part: has no key"),
        (None, "no answer"),
    ],
)
def test_what_cannot_be_had_is_a_note_and_no_file(tmp_path: Path, answer: Any, why: str) -> None:
    kept = Kept(tmp_path, {"node.log": LOG}, shell=ShellOfADut(answer))
    assert kept.after(3) == {}
    (note,) = kept.notes
    assert note.startswith(f"edge's node.log was not kept after trial 3: {why}")


def test_a_disk_that_takes_nothing_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "trials").write_text("in the way")
    kept = Kept(tmp_path, {"node.log": LOG}, shell=ShellOfADut(ShellAnswer(0, b"booted\n", b"")))
    kept.after()
    assert kept.notes == ["edge's node.log was not kept after trial 0: Not a directory"]


def test_a_console_is_kept_trial_by_trial_from_its_first_word_on(tmp_path: Path) -> None:
    console = ConsoleOfADut()
    kept = Kept(tmp_path, {}, console=console)
    console.said += [b"U-Boot", b" 2024\n"]
    kept.after(0)
    console.said.append(b"login: ")
    kept.after(1)
    console.forgets = True
    kept.after(2)
    console.forgets = False
    console.said.append(b"again")
    assert kept.after(3) == {
        "trials/0/edge/console.log": b"U-Boot 2024\n",
        "trials/1/edge/console.log": b"login: ",
        "trials/3/edge/console.log": b"again",
    }
    assert kept.notes == ["edge's console was not kept after trial 2: part: remembers its last 3 only; ask sooner"]


def test_a_role_that_is_something_else_is_told_before_anything_is_done() -> None:
    bench = cast(Assembly, bench_of({"node.log": LOG}, {"shell": DatabaseOfADut()}))
    with pytest.raises(UsageError, match=r"dut\.edge\.artifacts\.node\.log: 'edge\.shell' is filled by .* no Shell"):
        Artifacts.check(bench)
