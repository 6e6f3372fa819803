"""
What the engine asks of a fault and of a probe.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, runtime_checkable

from ..model.instant import Instant, Span
from ..model.quantity import Quantity
from ..model.undo import Undo


class Strike(Protocol):
    """
    A fault that is being done to the DUT.
    """

    commanded: Instant
    """When it was commanded."""

    removal_commanded: Instant | None
    """When its removal was commanded; set on leaving."""

    hold_up: Span | None
    """From the rail's leaving 90 % to its brown-out, where a meter saw both."""

    async def effective(self) -> Instant:
        """
        Waits until a sensor has shown the effect; ends only by that, or by being cancelled.
        """

    def why_not(self) -> str:
        """
        What was seen instead, when the effect was not shown in time.
        """

    async def last(self) -> None:
        """
        Lets the fault last as long as it was asked to.
        """

    async def removed(self) -> Instant:
        """
        After leaving: waits until a sensor has shown that it is gone. Raises NotProven when it never will.
        """


@runtime_checkable
class Telling(Protocol):
    """
    A strike that says itself what it delivered, where the time from its effect to its removal does not.
    """

    delivered: str
    """One clause; empty while there is nothing to tell."""


@runtime_checkable
class Dicing(Protocol):
    """
    A fault of which something may be drawn by others than the run's seed: the same seed does not repeat that.
    """

    dice: str
    """What is, and by whom; empty when nothing is."""


class Fault(Protocol):
    """
    Something that can be done to a DUT, and undone. Built as `Kind(spec, roles)`.
    """

    expects_loss: bool | None
    """Whether the steady state is expected to be lost; None: it may be, or not."""

    undo: tuple[Undo, ...]
    """What undoes it, known before anything is done."""

    strikes: tuple[tuple[str, float, int], ...]
    """For the guard: device, the shortest off-time in seconds, number of strokes."""

    levels_v: tuple[float, float]
    """The rail's levels (volts) below which it is effective and above which it is removed; zeros for no rail."""

    def plan(self) -> list[tuple[float, str]]:
        """
        What it would switch, for a dry run: seconds after its start, and a sentence.
        """

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Entering injects, leaving restores, insisting, whatever happens in between.
        """


class Probe(Protocol):
    """
    One question about the DUT. Built as `Kind(spec, roles)`.
    """

    async def ask(self) -> bool:
        """
        Asks once; True is well. Raises NoAnswer, which is unwell. The engine sets the deadline.
        """

    def accepts(self, sample: Any) -> bool:
        """
        Whether one sample of what it watches (an HttpAnswer, a Reading, None for silence) is well.
        """

    def measured(self) -> dict[str, float]:
        """
        What criteria may name, as it stands now: name to number.
        """


@runtime_checkable
class Arming(Protocol):
    """
    A probe that does not measure what was before the trial's steady state.
    """

    def arm(self) -> None:
        """
        The steady state is met: measuring begins.
        """


@runtime_checkable
class Measuring(Protocol):
    """
    A probe that measures something over a trial, within bounds.
    """

    def quantities(self) -> dict[str, Quantity]:
        """
        What criteria may name, as it stands now.
        """
