"""
What anything that is done to a connection, or to the packets of a client, can be asked.
"""

from __future__ import annotations

from enum import Enum


class Fate(Enum):
    """
    What becomes of a connection, at its start or at an answer on it.
    """

    PASSES = "it goes on"
    SILENT = "nothing passes on it any more, and nobody is told"
    RESET = "both ends are told that it is gone"


class Toxic:
    """
    One thing that is done to one connection, or to the packets of one client, in one direction. This one does nothing.
    """

    __slots__ = ()

    def fate(self) -> Fate:
        """
        Asked at a connection's start, and at each answer that it carries but its first.
        """
        return Fate.PASSES

    def altered(self, data: bytes) -> bytes:
        """
        What arrives instead of `data`.
        """
        return data

    def copies(self, count: int) -> int:
        """
        How many arrive of a packet of which `count` would; for packets only.
        """
        return count

    def due_s(self, at_s: float, size: int, is_answer: bool) -> float:
        """
        When `size` bytes arrive that would at `at_s` (the loop's time); `is_answer`: they are the first since something
        went the other way.
        """
        return at_s
