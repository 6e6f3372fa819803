"""
What a bench process can be asked to do with a rig.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..assemble import Assembly, Opening
from ..engine.undo import Pending, UndoJournal
from ..model.drill import DrillSpec
from .wire import Done

End = Callable[[str], None]
"""Ends the job from inside, for a reason."""


class Job(Protocol):
    """
    One job. It is carried out once; `abort` may come at any moment, also before.
    """

    purpose: str
    """What whoever is refused the rig meanwhile is told."""

    opening: Opening
    """What the rig is opened for."""

    @property
    def drill(self) -> DrillSpec | None:
        """
        The drill that it carries out, if it does.
        """

    def check(self, bench: Assembly) -> None:
        """
        Before anything is touched: whether the rig has what it needs. Raises UsageError.
        """

    async def carry_out(self, bench: Assembly, journal: UndoJournal, left: Pending) -> Done:
        """
        Does it, and leaves the rig restored. `left` is what an earlier run had left, which has been undone.

        Raises Refused before anything is touched, BenchError.
        """

    def abort(self, reason: str) -> None:
        """
        Ends it: what was done is undone, and there is no result for `reason`.
        """
