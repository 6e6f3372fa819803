"""
What outlives a bench is ready before it is needed, in nobody's way, and gone with who started it.
"""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from harness import clock
from harness.config.rig import load_rig
from harness.errors import BenchError, Exit
from harness.model.verdict import Verdict
from harness.store.record import load
from harness.supervise.request import RunRequest
from harness.supervise.standby import Standby, made_safe
from harness.supervise.supervisor import supervise
from tests.supervise import played

pytestmark = pytest.mark.lab


@pytest.fixture(name="rig_file")
def _rig_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    return played.quick_rig(tmp_path)


def standing_by(pid: int) -> list[int]:
    """
    The restore processes that a process has started.
    """
    return played.children(pid, "restore_process")


def test_one_that_was_killed_while_it_stood_by_is_replaced_when_it_is_needed(rig_file: Path) -> None:
    async def main() -> None:
        lab = await played.playing(rig_file)
        try:
            async with Standby(load_rig(str(rig_file))) as standby:
                await standby.stand_by()
                (pid,) = standing_by(os.getpid())
                os.kill(pid, signal.SIGKILL)
                told = await standby.made_safe()
            assert told["rails_v"]["edge"] > 4.5
        finally:
            await lab.stop()

    clock.run(main)


def test_it_is_in_nobodys_way_while_it_stands_by_and_leaves_nothing(rig_file: Path) -> None:
    async def main() -> None:
        lab = await played.playing(rig_file)
        try:
            async with Standby(load_rig(str(rig_file))) as standby:
                await standby.stand_by()
                assert len(standing_by(os.getpid())) == 1
                told = await made_safe(standby.rig)
                assert told["rails_v"]["edge"] > 4.5
            assert standing_by(os.getpid()) == []
        finally:
            await lab.stop()

    clock.run(main)


def test_it_ends_with_a_supervisor_that_was_killed(rig_file: Path) -> None:
    async def main() -> None:
        folder = rig_file.parent
        lab = await played.playing(rig_file)
        run = played.crashbench(folder, "run", str(folder / "quick.toml"), "--rig", str(rig_file), "--trials", "50")
        try:
            (pid,) = await played.until(lambda: standing_by(run.pid), 20, "the standby")
            run.kill()
            await played.until(lambda: not Path(f"/proc/{pid}").exists(), 20, "its end")
        finally:
            run.kill()
            run.communicate()
            await played.until(lambda: played.is_fed(lab.client), 20, "the bench's own restore")
            await lab.stop()

    clock.run(main)


def test_nothing_is_struck_before_it_stands_by(rig_file: Path) -> None:
    async def main() -> bool:
        """
        Whether the run was kept back: not so either when the standby was ready before it was stopped.
        """
        folder = rig_file.parent
        shutil.rmtree(folder / "home" / "runs", ignore_errors=True)
        lab = await played.playing(rig_file)
        run = played.crashbench(folder, "run", str(folder / "quick.toml"), "--rig", str(rig_file))
        try:
            (pid,) = await played.until(lambda: standing_by(run.pid), 20, "the standby")
            os.kill(pid, signal.SIGSTOP)
            bench = played.bench_of(run.pid)
            await played.until(lambda: holds_a_lease(bench), 20, "the bench's lease")
            # Far longer than from there to the cut when nothing keeps it back.
            await anyio.sleep(2)
            if played.record_of(folder) is not None:
                return False
            assert played.is_fed(lab.client)
            os.kill(pid, signal.SIGCONT)
            await played.until(lambda: not played.is_fed(lab.client), 20, "the cut")
        finally:
            run.terminate()
            run.communicate()
            await lab.stop()
        return True

    assert any(clock.run(main) for _ in range(3)), "it went on each time"


def holds_a_lease(pid: int) -> bool:
    """
    Whether a process has the hardware's locks.
    """
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            if os.readlink(each).endswith(".lock"):
                return True
    return False


def test_what_lies_in_the_folder_that_somebody_is_in_is_not_imported(
    rig_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "harness", "anyio"):
        (rig_file.parent / f"{name}.py").write_text("raise SystemExit(9)", encoding="utf-8")
    monkeypatch.chdir(rig_file.parent)
    request = RunRequest(drill=str(rig_file.with_name("quick.toml")), rig=str(rig_file), seed=1, trials=1)
    outcome = supervise(request, lambda _: None)
    assert (outcome.exit_code, outcome.problem) == (Exit.HELD, "")


@pytest.mark.parametrize("times", [1, 2])
def test_one_that_dies_before_it_is_ready_is_tried_once_more(
    rig_file: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    dies = rig_file.parent / "dies.py"
    dies.write_text("raise SystemExit(7)", encoding="utf-8")
    programs = [str(dies)] * times
    really = anyio.open_process

    async def start(command: list[str], **options: Any) -> Any:
        return await really([command[0], programs.pop()] if programs else command, **options)

    async def main() -> None:
        monkeypatch.setattr(anyio, "open_process", start)
        async with Standby(load_rig(str(rig_file))) as standby:
            if times == 1:
                await standby.stand_by()
                return
            with pytest.raises(BenchError, match=r"without a restore process that stands by: it ended with 7"):
                await standby.stand_by()

    clock.run(main)


def test_one_that_cannot_stand_by_says_why(rig_file: Path) -> None:
    async def main() -> None:
        gone = replace(load_rig(str(rig_file)), path=rig_file.with_name("gone.toml"))
        async with Standby(gone) as standby:
            with pytest.raises(BenchError, match=r"without a restore process that stands by: .*gone\.toml"):
                await standby.stand_by()

    clock.run(main)


def test_a_run_without_one_is_inconclusive_on_record_and_has_struck_nothing(
    rig_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: Standby) -> None:
        raise BenchError("nobody stands by")

    monkeypatch.setattr(Standby, "stand_by", never)
    request = RunRequest(drill=str(rig_file.with_name("quick.toml")), rig=str(rig_file), seed=1, trials=1)
    outcome = supervise(request, lambda _: None)

    assert outcome.exit_code == Exit.BENCH
    assert outcome.run_id is not None
    run = load(outcome.run_id)
    assert (run.verdict, run.reason) == (Verdict.INCONCLUSIVE, "nobody stands by before the run began")
    assert run.trials == ()


def test_what_it_cannot_do_it_says(rig_file: Path) -> None:
    async def main() -> None:
        gone = replace(load_rig(str(rig_file)), path=rig_file.with_name("gone.toml"))
        assert "gone.toml" in (await made_safe(gone))["problem"]

    clock.run(main)
