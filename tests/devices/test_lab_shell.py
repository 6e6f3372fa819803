"""
A shell on a played unit: its folder, its own processes, and nobody else's.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import clock
from harness.devices.lab_shell import LabShell
from harness.errors import DeviceError
from harness.protocols import NoAnswer, Shell, ShellAnswer

from .shells import bare

WAITS = [sys.executable, "-c", "import sys; sys.stdin.read()", "crashbench_waits"]
STARTS = "import subprocess, sys; p = subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); p.wait()"


@pytest.fixture
def unit() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """
    A program that leads a session and has a worker in it: the program, and the worker's process id.
    """
    with subprocess.Popen(
        [sys.executable, "-c", STARTS, *WAITS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)


@pytest.fixture
def stranger() -> Iterator[int]:
    """
    A process of the same name that is not the unit's.
    """
    with subprocess.Popen(WAITS, stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()


def shell(folder: Path, pid: int | None, *, has_power: bool = True) -> LabShell:
    return LabShell("shell", LabShell.Config(unit="edge"), bare(folder, pid, has_power=has_power))


def test_commands_run_in_the_units_folder(tmp_path: Path, unit: tuple[subprocess.Popen[bytes], int]) -> None:
    async def main() -> bytes:
        made: Shell = shell(tmp_path, unit[0].pid)
        await made.open()
        return (await made.run(["pwd"], timeout_s=5)).stdout

    assert clock.run(main).decode().strip() == str(tmp_path)


def test_a_unit_without_power_does_not_answer(tmp_path: Path) -> None:
    async def main() -> None:
        await shell(tmp_path, None, has_power=False).run(["true"], timeout_s=5)

    with pytest.raises(NoAnswer, match="no power"):
        clock.run(main)


def test_a_unit_whose_program_has_ended_answers_and_has_no_processes(tmp_path: Path) -> None:
    async def main() -> ShellAnswer:
        with pytest.raises(NoAnswer, match="its program has ended"):
            await shell(tmp_path, None).pids("waits", timeout_s=5)
        return await shell(tmp_path, None).run(["true"], timeout_s=5)

    assert clock.run(main).code == 0


def test_it_tells_of_the_units_processes_alone(
    tmp_path: Path, unit: tuple[subprocess.Popen[bytes], int], stranger: int
) -> None:
    process, worker = unit

    async def main() -> list[int]:
        return await shell(tmp_path, process.pid).pids("crashbench_waits$", timeout_s=5)

    found = clock.run(main)
    assert stranger not in found
    assert set(found) == {process.pid, worker}


def test_it_ends_the_units_processes_alone(
    tmp_path: Path, unit: tuple[subprocess.Popen[bytes], int], stranger: int
) -> None:
    process, worker = unit

    async def main(pid: int) -> bool:
        return await shell(tmp_path, process.pid).signal(pid, "KILL", timeout_s=5)

    with pytest.raises(DeviceError, match=f"process {stranger} is none of 'edge'"):
        clock.run(main, stranger)
    assert clock.run(main, worker) is True
    assert process.wait(10) == 0
    assert clock.run(main, worker) is False
