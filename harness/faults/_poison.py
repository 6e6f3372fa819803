"""
A poisoned entry of a cache: how it is put there, read back, and seen to be gone.
"""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass

import anyio

from .. import clock
from ..errors import DeviceError, NotProven
from ..model.instant import Instant, Span
from ..protocols import HttpService, NoAnswer, Shell

_DIGITS = 64

# Says which file it is, and what is in it by its SHA-256; whatever has no such file, or several, says why not.
_FIND = 'set -- {entry}; [ $# -eq 1 ] && [ -f "$1" ] || {{ echo "$# files are called {entry}" >&2; exit 3; }}'
_LOOK = 'sha256sum < "$1"; printf %s "$1"'
_PUT = 'printf %s {poison} > "$1"'


@dataclass(frozen=True, slots=True)
class Entry:
    """
    An entry as it lies on the DUT's disk, and as the DUT serves it.
    """

    shell: Shell
    service: HttpService
    entry: str
    path: str
    poison: str
    answer_s: float

    @property
    def poisoned(self) -> str:
        """
        The SHA-256 of the poison.
        """
        return hashlib.sha256(self.poison.encode()).hexdigest()

    async def on_disk(self) -> tuple[str, str]:
        """
        The SHA-256 of what lies there, and its file. Raises NoAnswer, also when there is no such file.
        """
        return await self._script(_FIND.format(entry=self.entry), _LOOK)

    async def put(self) -> tuple[str, str]:
        """
        Overwrites it, and reads it back at once: the SHA-256 of what lies there then, and its file. Raises NoAnswer.
        """
        return await self._script(_FIND.format(entry=self.entry), _PUT.format(poison=shlex.quote(self.poison)), _LOOK)

    async def served(self) -> str:
        """
        The SHA-256 of what the DUT serves. Raises NoAnswer, also when it serves nothing.
        """
        with anyio.move_on_after(self.answer_s):
            answer = await self.service.request("GET", self.path)
            if answer.status != 200:
                raise NoAnswer(f"GET {self.path} was answered with {answer.status}")
            return hashlib.sha256(answer.body).hexdigest()
        raise NoAnswer(f"GET {self.path} was not answered within {self.answer_s:g} s")

    async def _script(self, *lines: str) -> tuple[str, str]:
        answer = await self.shell.run(["sh", "-c", "; ".join(lines)], timeout_s=self.answer_s)
        if answer.code:
            raise NoAnswer((answer.stderr or answer.stdout).decode(errors="replace").strip() or f"exit {answer.code}")
        digest, _, file = answer.stdout.decode(errors="replace").partition("\n")
        if len(digest.split()[0] if digest.split() else "") != _DIGITS:
            raise DeviceError(self.shell.name, f"sha256sum said {digest[:80]!r}")
        return digest.split()[0], file


class PoisonStrike:
    """
    Poison in a cache.
    """

    commanded: Instant
    removal_commanded: Instant | None = None
    hold_up: Span | None = None

    def __init__(self, entry: Entry, for_s: float, look_s: float, prove_s: float) -> None:
        self._entry, self._for_s, self._look_s, self._prove_s = entry, for_s, look_s, prove_s
        self._right_on_disk = self._right_served = ""
        self._read_back, self._told = "", "it was never looked at"
        self.trouble = ""
        """Why it cannot be poisoned: the DUT does not serve it, or has no such entry."""

    async def look_before(self) -> None:
        """
        Notes what is right.
        """
        try:
            self._right_served = await self._entry.served()
            self._right_on_disk, _ = await self._entry.on_disk()
        except NoAnswer as error:
            self.trouble = str(error)

    async def put(self) -> None:
        """
        Puts the poison there. Raises NotProven when the DUT cannot be reached any more.
        """
        called_ns = clock.now_ns()
        try:
            self._read_back, self._told = await self._entry.put()
        except NoAnswer as error:
            raise NotProven(f"{self._entry.entry} could not be poisoned: {error}") from error
        self.commanded = Instant(called_ns, clock.now_ns())

    async def effective(self) -> Instant:
        """
        When it was put there, if reading it back gave the poison.
        """
        if self._read_back != self._entry.poisoned:
            await anyio.sleep_forever()
        return self.commanded

    def why_not(self) -> str:
        """
        What was read back instead.
        """
        return f"{self._told} was overwritten, but what was read back is {self._read_back[:12]}…, not the poison"

    async def last(self) -> None:
        """
        Leaves it there.
        """
        await clock.sleep_until(self.commanded.latest_ns + round(self._for_s * clock.NS_PER_S))

    async def removed(self) -> Instant:
        """
        Waits until the DUT serves what it served, from a file that is as it was. Raises NotProven while poison is
        there.
        """
        assert self.removal_commanded is not None
        since_ns, found = self.removal_commanded.earliest_ns, ""
        with anyio.move_on_after(self._prove_s):
            while True:
                asked_ns = clock.now_ns()
                try:
                    served = await self._entry.served()
                    found, _ = await self._entry.on_disk()
                    if (served, found) == (self._right_served, self._right_on_disk):
                        return Instant(since_ns, clock.now_ns())
                except NoAnswer:
                    found = ""
                since_ns = asked_ns
                await anyio.sleep(self._look_s)
        if found == self._entry.poisoned:
            raise NotProven(f"{self._entry.entry} was cleared of the poison, and has it again")
        return self.removal_commanded
