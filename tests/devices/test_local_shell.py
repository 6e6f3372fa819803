"""
A shell on this computer: words, deadlines, bounds, and whom it ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness import clock
from harness.devices import _shell
from harness.devices._shell import MOST_BYTES
from harness.devices.local_shell import LocalShell
from harness.errors import DeviceError
from harness.protocols import NoAnswer, Output, Shell, ShellAnswer

from .shells import bare

_pause = threading.Event()


def shell(folder: str = "") -> LocalShell:
    return LocalShell("shell", LocalShell.Config(folder=folder), bare())


def run(*argv: str, timeout_s: float = 10, folder: str = "") -> ShellAnswer:
    async def main() -> ShellAnswer:
        return await shell(folder).run(argv, timeout_s=timeout_s)

    return clock.run(main)


def test_it_is_a_shell_and_can_undo() -> None:
    assert isinstance(shell(), Shell)
    assert isinstance(shell(), Output)


def test_a_command_is_its_words_and_no_shell_reads_them(tmp_path: Path) -> None:
    assert run("printf", "%s", "$HOME; *") == (0, b"$HOME; *", b"")
    assert run("pwd", folder=str(tmp_path)).stdout.decode().strip() == str(tmp_path)


def test_a_failed_command_says_how_it_ended() -> None:
    assert run("sh", "-c", "echo out; echo err >&2; exit 7") == (7, b"out\n", b"err\n")


def test_it_has_no_input_and_so_waits_for_none() -> None:
    assert run("cat") == (0, b"", b"")


def test_a_command_that_is_not_there_is_no_answer() -> None:
    with pytest.raises(NoAnswer, match="no-such-command cannot be run: No such file"):
        run("no-such-command")


def test_one_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with pytest.raises(NoAnswer, match=r"sh was not done within 0\.3 s"):
        run("sh", "-c", f"sleep 60 & echo $! $$ > {pids}; wait", timeout_s=0.3)
    assert len(pids.read_text().split()) == 2
    for pid in pids.read_text().split():
        until_gone(int(pid))


def test_one_that_ends_takes_what_it_left_behind_with_it(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    assert run("sh", "-c", f"sleep 60 >/dev/null 2>&1 & echo $! > {pids}").code == 0
    until_gone(int(pids.read_text()))


def test_what_goes_on_and_on_is_not_taken_in() -> None:
    assert len(run("head", "-c", str(MOST_BYTES), "/dev/zero").stdout) == MOST_BYTES
    with pytest.raises(NoAnswer, match=f"said more than {MOST_BYTES} bytes"):
        run("head", "-c", str(1 << 22), "/dev/zero")


def test_processes_are_found_by_their_command_line_and_ended_by_their_number() -> None:
    mark = f"crashbench_{os.getpid()}_waits"
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()", mark], stdin=subprocess.PIPE)

    async def main() -> tuple[list[int], bool]:
        found = await shell().pids(mark, timeout_s=5)
        return found, await shell().signal(child.pid, "TERM", timeout_s=5)

    with child:
        found, was_there = clock.run(main)
        assert (found, was_there) == ([child.pid], True)
        assert child.wait(10) == -15

    async def again() -> tuple[list[int], bool]:
        return await shell().pids(mark, timeout_s=5), await shell().signal(child.pid, "TERM", timeout_s=5)

    assert clock.run(again) == ([], False)


@pytest.mark.parametrize("pid", [-1, 0, 1, os.getpid(), os.getppid()], ids=["all", "group", "init", "bench", "parent"])
def test_it_ends_neither_everybody_nor_the_bench(pid: int) -> None:
    async def main() -> None:
        await shell().signal(pid, "KILL", timeout_s=5)

    with pytest.raises(DeviceError, match="process"):
        clock.run(main)


def test_an_undo_is_a_command_line_or_says_that_there_is_none(tmp_path: Path) -> None:
    async def main() -> None:
        await shell(str(tmp_path)).undo("touch 'a b'")
        await shell().undo("none: the supervisor of the DUT restarts them")

    clock.run(main)
    assert [path.name for path in tmp_path.iterdir()] == ["a b"]


@pytest.mark.parametrize("action", ["false", "no-such-command", "sleep 60"])
def test_an_undo_that_fails_is_the_benchs_trouble(action: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_shell, "_UNDO_S", 0.3)

    async def main() -> None:
        await shell().undo(action)

    with pytest.raises(DeviceError, match=action.split()[0]):
        clock.run(main)


def test_a_folder_that_is_not_there_is_found_at_once(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="there is no folder"):
        clock.run(shell(str(tmp_path / "gone")).open)
    clock.run(shell(str(tmp_path)).open)


def until_gone(pid: int) -> None:
    """
    A killed process takes its moment to be gone; one that was not killed would be there for a minute.
    """
    limit_ns = clock.now_ns() + 5 * clock.NS_PER_S
    while is_running(pid):
        assert clock.now_ns() < limit_ns, pid
        _pause.wait(0.01)


def is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")
