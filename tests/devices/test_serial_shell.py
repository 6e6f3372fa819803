"""
A shell on a serial console: a pty with a real `sh` behind it, and a log-in in front of that.
"""

from __future__ import annotations

import os
import pty
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import clock
from harness.devices.serial_shell import SerialShell
from harness.errors import DeviceError, UsageError
from harness.protocols import NoAnswer, Shell, ShellAnswer

from .shells import bare

# A console as it stands on a device: it asks who it is, and for a password, and then it is a shell with a terminal.
CONSOLE = """
import os, signal, sys, termios
fd = os.open(sys.argv[1], os.O_RDWR)
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.setsid()
import fcntl
fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
for end in (0, 1, 2):
    os.dup2(fd, end)
if sys.argv[2] == "asks":
    while True:
        sys.stdout.write("\\nedge login: "); sys.stdout.flush()
        user = sys.stdin.readline().strip()
        if not user:
            continue
        sys.stdout.write("Password: "); sys.stdout.flush()
        if (user, sys.stdin.readline().strip()) == ("chaos", "s3cret"):
            break
        sys.stdout.write("Login incorrect\\n")
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execve("/bin/sh", ["sh", "-i"], {"PS1": "edge:~$ ", "PATH": os.environ["PATH"]})
"""


class Console:
    """
    The DUT's end of a serial line.
    """

    def __init__(self, *, asks: bool) -> None:
        self._near, self._far = pty.openpty()
        # The near end is the "port": it must be the terminal's own end that the bench opens, so a relay goes between.
        self.port = os.ttyname(self._far)
        self._pid = os.fork()
        if self._pid == 0:
            relay(self._near, asks)

    def close(self) -> None:
        os.kill(self._pid, signal.SIGTERM)
        os.waitpid(self._pid, 0)
        os.close(self._near)
        os.close(self._far)


def relay(line: int, asks: bool) -> None:
    """
    In a process of its own: the console's terminal on one side, the serial line on the other. Never returns.
    """
    import select

    os.setsid()
    inner, terminal = pty.openpty()
    child = os.spawnv(
        os.P_NOWAIT, sys.executable, [sys.executable, "-c", CONSOLE, os.ttyname(terminal), "asks" if asks else "not"]
    )

    def end(*_: object) -> None:
        os.kill(child, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    while True:
        for ready in select.select([line, inner], [], [])[0]:
            data = os.read(ready, 4096)
            os.write(inner if ready == line else line, data)


@pytest.fixture
def console(request: pytest.FixtureRequest) -> Iterator[Console]:
    made = Console(asks=getattr(request, "param", "asks") == "asks")
    yield made
    made.close()


def shell(port: str, **config: Any) -> SerialShell:
    fields = {"user": "chaos", "password": "s3cret", "settle_s": 0.3, **config}
    return SerialShell("shell", SerialShell.Config(port=port, **fields), bare())


def run(made: SerialShell, *commands: tuple[str, ...], timeout_s: float = 15) -> list[ShellAnswer]:
    async def main() -> list[ShellAnswer]:
        asked: Shell = made
        await asked.open()
        try:
            return [await asked.run(argv, timeout_s=timeout_s) for argv in commands]
        finally:
            await asked.aclose()

    return clock.run(main)


pytestmark = pytest.mark.lab


@pytest.mark.parametrize("console", ["asks", "not"], indirect=True)
def test_it_gets_in_and_tells_what_a_command_said_and_how_it_ended(console: Console) -> None:
    commands = ("printf", "%s|", "a b", "$HOME", "it's"), ("sh", "-c", "echo out; echo err >&2; exit 7"), ("true",)
    assert run(shell(console.port), *commands) == [(0, b"a b|$HOME|it's|", b""), (7, b"out\nerr\n", b""), (0, b"", b"")]


def test_who_is_in_already_stays_so(console: Console) -> None:
    assert run(shell(console.port), ("true",))[0].code == 0
    assert run(shell(console.port, password="no longer"), ("echo", "again")) == [(0, b"again\n", b"")]


def test_a_wrong_password_is_no_answer_and_is_tried_once(console: Console) -> None:
    with pytest.raises(NoAnswer, match="did not take 'chaos'"):
        run(shell(console.port, password="wrong"), ("true",))


def test_many_lines_come_whole(console: Console) -> None:
    (answer,) = run(shell(console.port), ("seq", "1", "5000"))
    assert answer.stdout.split() == [b"%d" % number for number in range(1, 5001)]


def test_a_flood_is_not_taken_in(console: Console) -> None:
    with pytest.raises(NoAnswer, match="said more than"):
        run(shell(console.port), ("seq", "1", "100000"))


def test_one_that_hangs_is_interrupted_and_the_next_one_finds_a_prompt(console: Console) -> None:
    async def main() -> ShellAnswer:
        made = shell(console.port)
        await made.open()
        assert (await made.run(["true"], timeout_s=15)).code == 0
        with pytest.raises(NoAnswer, match=r"sleep was not done within 2 s"):
            await made.run(["sleep", "60"], timeout_s=2)
        answer = await made.run(["echo", "free"], timeout_s=10)
        await made.aclose()
        return answer

    assert clock.run(main) == (0, b"free\n", b"")


def test_a_line_on_which_nobody_is_gives_no_prompt() -> None:
    near, far = pty.openpty()
    try:
        with pytest.raises(NoAnswer, match="gave no prompt within 1 s"):
            run(shell(os.ttyname(far)), ("true",), timeout_s=1)
    finally:
        os.close(near)
        os.close(far)


def test_a_port_that_is_not_there_is_the_benchs_trouble(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="cannot be opened"):
        run(shell(str(tmp_path / "ttyS9")), ("true",))


@pytest.mark.parametrize("word", ["x" * 5000, "two\nlines", "\x03"])
def test_what_cannot_be_typed_is_refused(console: Console, word: str) -> None:
    with pytest.raises(UsageError, match="takes no such line"):
        run(shell(console.port), ("echo", word))
