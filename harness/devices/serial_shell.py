"""
A shell on a DUT's serial console.
"""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import anyio

from ..errors import DeviceError, UsageError
from ..protocols import NoAnswer, ShellAnswer, Wiring
from ._serial_line import SerialLine
from ._shell import MOST_BYTES, ShellDevice

# A terminal that edits lines by itself takes no longer one (N_TTY_BUF_SIZE of Linux, the line's end included).
_LONGEST = 4095

_INTERRUPT = b"\x03"
_END = b"\r"


class SerialShell(ShellDevice):
    """
    Logs in at the console's prompt when it is asked to, and stays; one command at a time. Where a command's output
    begins and ends is marked by words drawn for it alone. Its errors are among its output: there is one stream.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        The `port` and its `baud`; who logs in, and with which password, if it asks for one. `login`, `password_asked`
        and `prompt` are regular expressions for what stands on the last line when it waits for an answer; a prompt is
        waited for no longer than `settle`, and then what came last is asked again.
        """

        port: str
        baud: int = 115_200
        user: str = "root"
        password: str = ""
        login: str = r"login: ?$"
        password_asked: str = r"[Pp]assword: ?$"
        prompt: str = r"[$#>] ?$"
        settle_s: float = 1.0

        def __post_init__(self) -> None:
            for key in ("login", "password_asked", "prompt"):
                try:
                    re.compile(getattr(self, key))
                except re.error as error:
                    raise UsageError(f"no regular expression: {error}", key=key) from error
            if self.settle_s <= 0:
                raise UsageError("must be more than 0", key="settle")

        def resources(self) -> tuple[str, ...]:
            """
            The port that it takes.
            """
            return (f"serial port {self.port}",)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        super().__init__(name)
        self._config, self._wiring = config, wiring
        self._line: SerialLine | None = None
        self._turn = anyio.Lock()
        self._is_in = False

    async def open(self) -> None:
        """
        Opens the port; nothing is sent yet. Raises DeviceError when it is not there, or somebody else has it.
        """
        self._turn, self._is_in = anyio.Lock(), False
        self._line = SerialLine(self.name, self._wiring.serial_port(self._config.port), self._config.baud)

    async def aclose(self) -> None:
        """
        Closes the port. Whoever logged in stays so.
        """
        if self._line is not None:
            self._line.close()
            self._line = None

    async def run(self, argv: Sequence[str], *, timeout_s: float) -> ShellAnswer:
        """
        Runs a command, without input. Raises NoAnswer, also for a login that is not taken; DeviceError; UsageError for
        a command that cannot be typed.
        """
        if self._line is None:
            raise DeviceError(self.name, "is not open")
        line, command, what = self._line, _Command(argv), "the console gave no prompt"
        with anyio.move_on_after(timeout_s):
            async with self._turn:
                try:
                    await self._log_in(line)
                    what = f"{argv[0]} was not done"
                    return await command.over(line)
                except BaseException:
                    # Whatever runs there, or is half said, is not what the next one is to find.
                    self._is_in = False
                    raise
        raise NoAnswer(f"{what} within {timeout_s:g} s")

    async def _log_in(self, line: SerialLine) -> None:
        """
        Gets to a prompt, logging in on the way. Raises NoAnswer when it asks again for what it was given.
        """
        if self._is_in:
            return
        config, given = self._config, list[str]()
        answers = {
            config.login: config.user.encode(),
            config.password_asked: config.password.encode(),
        }
        await line.send(_INTERRUPT + _END)
        while True:
            said = await line.settled([config.prompt, *answers], config.settle_s)
            asked = next((asked for asked in answers if re.search(asked, said)), None)
            if asked is None and re.search(config.prompt, said):
                self._is_in = True
                return
            # A name may be asked for again, if the line was not at rest when it was given; a password is given once.
            if given.count(asked or "") > (asked == config.login):
                raise NoAnswer(f"the console did not take '{config.user}'")
            given += [asked] if asked else []
            await line.send((answers[asked] if asked else b"") + _END)


class _Command:
    """
    One command, between two marks that nothing else says: not even its own echo, in which they are in two parts.
    """

    def __init__(self, argv: Sequence[str]) -> None:
        nonce = secrets.token_hex(8)
        self._begin, self._end = f"<{nonce}", f">{nonce}"
        begin = f"printf '\\n%s%s\\n' '<' {nonce}"
        end = f"printf '\\n%s%s %d\\n' '>' {nonce} $?"
        self._line = f" {begin}; {{ {shlex.join(argv)}; }} </dev/null 2>&1; {end}".encode()
        if len(self._line) >= _LONGEST or any(byte < 0x20 for byte in self._line):
            raise UsageError("a console takes no such line: too long, or with control characters")

    async def over(self, line: SerialLine) -> ShellAnswer:
        """
        Types it, and reads what it says and how it ended. Raises NoAnswer, DeviceError.
        """
        await line.send(self._line + _END)
        pattern = rf"\n{self._begin}\r?\n(.*)\n{self._end} (\d+)\r?\n".encode()
        heard = await line.until(re.compile(pattern, re.DOTALL), MOST_BYTES)
        output = heard[1].replace(b"\r\n", b"\n").removesuffix(b"\r")
        return ShellAnswer(int(heard[2]), output, b"")
