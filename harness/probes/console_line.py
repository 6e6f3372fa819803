"""
What the DUT says on its serial console.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ..errors import UsageError
from ..model.drill import ProbeSpec
from ..model.instant import Instant
from ..protocols import Console, Roles

# A line that is longer is cut: a console at the wrong speed may never send the end of one.
_LONGEST_LINE = 4096


class ConsoleLine:
    """
    Looks for lines on a serial console. As an alert it fires when such a line comes, at the instant of the bytes that
    complete the match; a prompt that no end of line follows is a line, too.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        A line in which `unwell` is found (a regular expression) makes it unwell, one in which `well` is found makes it
        well again. Without a `well` each question is about the lines since the last one. It `begins` well or unwell.
        """

        unwell: str = ""
        well: str = ""
        begins: Literal["well", "unwell"] = "well"

        def __post_init__(self) -> None:
            for key, pattern in (("unwell", self.unwell), ("well", self.well)):
                try:
                    re.compile(pattern)
                except re.error as error:
                    raise UsageError(f"'{pattern}' is no regular expression: {error}", key=key) from error
            if not self.unwell and not self.well:
                raise UsageError("missing; say which line makes it unwell, or well", key="unwell")

    measures: tuple[str, ...] = ("console_matches",)
    is_of_others = True

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, ConsoleLine.Config)
        self._config = spec.config
        self._unwell = re.compile(spec.config.unwell) if spec.config.unwell else None
        self._well = re.compile(spec.config.well) if spec.config.well else None
        self._console = roles.get(spec.role, Console)
        self._next: int | None = None
        self._line = b""
        # Which of the two the line so far has matched already: it counts once.
        self._has: set[bool] = set()
        self._is_well = spec.config.begins == "well"
        self._found: list[Instant] = []
        self.arm()

    def arm(self) -> None:
        """
        The steady state is met: what was said before it does not count.
        """
        self._matches = 0

    async def ask(self) -> bool:
        """
        Whether it is well by what was said. Raises DeviceError when the console cannot be listened to.
        """
        self._catch_up()
        is_well = self._is_well
        if self._well is None:
            self._is_well = True
        return is_well

    def attend(self) -> str:
        """
        From now on a line is waited for; what was said before has been said.
        """
        self._catch_up()
        self._found.clear()
        return ""

    async def announced(self) -> Instant:
        """
        Waits for a line that makes it unwell; returns when its match was complete. Raises DeviceError.
        """
        while True:
            number = self._catch_up()
            if self._found:
                return self._found[0]
            await self._console.more(number)

    def accepts(self, sample: object | None) -> bool:
        """
        Whether what the DUT answers elsewhere is well, of which a console says nothing.
        """
        return sample is not None

    def measured(self) -> dict[str, float]:
        """
        How many lines made it unwell.
        """
        return {"console_matches": self._matches}

    def _catch_up(self) -> int:
        """
        Reads what was said; returns the number of the next chunk. What was said before the first look is not read.
        """
        if self._next is None:
            self._next = self._console.count
        self._next, chunks = self._console.since(self._next)
        for chunk in chunks:
            for part in chunk.data.splitlines(keepends=True):
                self._read(part, chunk.at)
        return self._next

    def _read(self, part: bytes, at: Instant) -> None:
        self._line = (self._line + part)[:_LONGEST_LINE]
        text = self._line.decode(errors="replace").rstrip("\r\n")
        for makes_well, pattern in ((False, self._unwell), (True, self._well)):
            if pattern is not None and makes_well not in self._has and pattern.search(text):
                self._has.add(makes_well)
                self._is_well = makes_well
                if not makes_well:
                    self._found.append(at)
                    self._matches += 1
        if part.endswith((b"\n", b"\r")):
            self._line = b""
            self._has.clear()
