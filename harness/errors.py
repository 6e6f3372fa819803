"""
Every error of the bench. Whose fault it is shows in the type.

    CrashbenchError
      UsageError              the caller erred: a file, a key, a flag        (exit 2)
      BenchError              the bench failed: a device, a wire, a process  (exit 3)
        DeviceError             a device did not do what it was asked
        NotProven               a fault's effect or removal could not be shown by a sensor
        Unrestored              the DUT may be in the dark, and names what holds it there
        RecordError             the record of a run cannot be written or read
      Refused                 the guard said no; nothing was touched         (exit 4)

A DUT that fails is data, not an error: its silence is `protocols.NoAnswer`, which no one lets escape.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum


class Exit(IntEnum):
    """
    Exit codes of every command.
    """

    HELD = 0
    DEVIATED = 1
    USAGE = 2
    BENCH = 3
    REFUSED = 4
    SIGINT = 130
    SIGTERM = 143


class CrashbenchError(Exception):
    """
    Anything that stops the bench from doing what it was asked.
    """

    exit_code = Exit.BENCH


class UsageError(CrashbenchError, ValueError):
    """
    The caller's mistake, in one line: `FILE: KEY: what is wrong; what to write instead`.
    """

    exit_code = Exit.USAGE

    def __init__(self, problem: str, *, file: str = "", key: str = "") -> None:
        self.problem, self.file, self.key = problem, file, key
        super().__init__(": ".join(part for part in (file, key, problem) if part))

    def within(self, *, file: str = "", key: str = "") -> UsageError:
        """
        The same mistake, placed: `file` fills a blank, `key` goes in front of the key so far.
        """
        joined = ".".join(part for part in (key, self.key) if part)
        return UsageError(self.problem, file=self.file or file, key=joined)


class BenchError(CrashbenchError, RuntimeError):
    """
    The bench failed, so it cannot vouch for a result.
    """


class DeviceError(BenchError):
    """
    A device of the bench did not do what it was asked.
    """

    def __init__(self, device: str, problem: str) -> None:
        self.device, self.problem = device, problem
        super().__init__(f"{device}: {problem}")


class NotProven(BenchError):
    """
    A fault's effect, or its removal, could not be shown by an independent sensor.
    """


class Unrestored(BenchError):
    """
    A restore was insisted on and still failed: the DUT may be in the dark.
    """

    def __init__(self, devices: Iterable[str], problem: str) -> None:
        self.devices = tuple(devices)
        super().__init__(f"UNRESTORED {', '.join(self.devices)}: {problem}")


class RecordError(BenchError):
    """
    The record of a run cannot be written, or what was written cannot be trusted.
    """


class Refused(CrashbenchError):
    """
    The guard refused; nothing was touched.
    """

    exit_code = Exit.REFUSED


def nearest(word: str, known: Iterable[str], *, what: str = "") -> str:
    """
    A hint that names the known word closest to `word`, or else all of them.

    >>> nearest("pwoer", ["power", "meter"])
    "did you mean 'power'?"
    """
    choices = sorted(known)
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    if not choices:
        return f"there is no {what or 'choice'} here"
    return f"known: {', '.join(choices)}"
