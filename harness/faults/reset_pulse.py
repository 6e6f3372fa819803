"""
The DUT's reset line, pulled for a moment.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from .. import clock
from ..errors import NotProven, UsageError
from ..insist import CALL_S, answered, insist
from ..model.drill import FaultSpec
from ..model.instant import Instant, Span
from ..model.train import Train
from ..model.undo import Undo
from ..protocols import ResetLine, Roles, TrainLine
from ._report import Report, Watching


class ResetPulse:
    """
    Holds the DUT in reset for `width`; proven by a question that it no longer answers, or by its boot id, which is
    another one afterwards. Whoever pulled the line stamps its release: a DUT that then does not come back is stuck.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(Watching):
        """
        How long the line is held, and where the DUT tells one boot from the next: `field`. A line that times by itself
        makes `count` pulses, one `every`; with `after_edges` they start `offset` after that many rising edges on its
        input `line`, the last of which must come within `prove`; with `jitter` each width and gap is longer by up to
        that, drawn by `seed`.
        """

        width_s: float = 0.1
        field: str = "boot_id"
        count: int = 1
        every_s: float = 0.0
        after_edges: int = 0
        line: int = 0
        offset_s: float = 0.0
        jitter_s: float = 0.0
        seed: int = 1

        def __post_init__(self) -> None:
            Watching.__post_init__(self)
            if self.count < 1 or self.after_edges < 0:
                raise UsageError("must be at least 1", key="count" if self.count < 1 else "after_edges")
            if self.count > 1 and self.every_s <= self.width_s:
                raise UsageError("must be more than `width`", key="every")
            if self.offset_s < 0 or (self.offset_s and not self.after_edges):
                raise UsageError("must not be negative, and needs `after_edges`", key="offset")
            if self.jitter_s < 0 or (self.jitter_s and (self.count == 1 or self.after_edges)):
                raise UsageError("must not be negative, needs a `count` and goes without `after_edges`", key="jitter")
            if not 0 <= self.seed <= 65535:
                raise UsageError("must be 0 to 65535", key="seed")

        @property
        def train(self) -> Train:
            """
            The pulses.
            """
            return Train(
                width_s=self.width_s,
                count=self.count,
                every_s=self.every_s,
                after_edges=self.after_edges,
                line=self.line,
                offset_s=self.offset_s,
                jitter_s=self.jitter_s,
                seed=self.seed,
            )

    expects_loss = True
    levels_v = (0.0, 0.0)

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is not None:
            raise UsageError("a reset is as long as its `width`; leave it out", key="for")
        assert isinstance(spec.config, ResetPulse.Config)
        self._line = roles.get(spec.role, ResetLine)
        self._train, self._width_s, self._prove_s = spec.config.train, spec.config.width_s, spec.config.prove_s
        self._is_single = self._train.count == 1 and not self._train.after_edges
        if not self._is_single and not isinstance(self._line, TrainLine):
            raise UsageError(f"{self._line.name} makes one pulse at a time; use a `board_reset`", key="role")
        if self._width_s < self._line.min_pulse_s:
            raise UsageError(
                f"{self._line.name} cannot make a pulse of {self._width_s * 1000:g} ms: "
                f"its shortest is {self._line.min_pulse_s * 1000:g} ms",
                key="width",
            )
        self._report = Report(spec.role, spec.config, roles)
        self.undo = (Undo(device=self._line.name, action="release"),)
        self.strikes = ((self._line.name, self._width_s, self._train.count),)

    def plan(self) -> list[tuple[float, str]]:
        """
        Pulled, then released, as often as it is.
        """
        starts = [self._train.offset_s + at * self._train.every_s for at in range(self._train.count)]
        pairs = [((at, "pulled"), (at + self._width_s, "released")) for at in starts]
        return [(at, f"{self._line.name} {what}") for pair in pairs for at, what in pair]

    @asynccontextmanager
    async def inject(self) -> AsyncIterator[_Reset]:
        """
        Pulses on entering; on leaving releases the line once more, insisting.
        """
        line = self._line
        before = await self._report.ask()
        if before.silence:
            raise NotProven(f"{self._report.told()} before anything was done: a reset could not be proven")
        strike = _Reset(self._report, before.value, self._prove_s)
        try:
            within_s = CALL_S + self._train.offset_s + self._train.length_s
            within_s += self._prove_s if self._train.after_edges else 0.0
            strike.commanded, released = await answered(line.name, self._pulses, within_s)
            yield strike
        finally:
            asked_ns = clock.now_ns()
            await insist(line.name, lambda: line.undo("release"))
            strike.removal_commanded = Instant(asked_ns, clock.now_ns())
        strike.removal_commanded = released

    async def _pulses(self) -> tuple[Instant, Instant]:
        if isinstance(self._line, TrainLine) and not self._is_single:
            return await self._line.train(self._train, self._prove_s)
        return await self._line.pulse(self._width_s)


class _Reset:
    """
    A reset under way.
    """

    commanded: Instant
    removal_commanded: Instant | None = None
    hold_up: Span | None = None

    def __init__(self, report: Report, boot_id: object, prove_s: float) -> None:
        self._report, self._boot_id, self._prove_s = report, boot_id, prove_s
        self._seen = anyio.Event()

    async def effective(self) -> Instant:
        since_ns = self.commanded.earliest_ns
        while True:
            said = await self._report.ask()
            if said.silence or said.value != self._boot_id:
                self._seen.set()
                return Instant(since_ns, said.answered_ns)
            since_ns = said.asked_ns
            await self._report.pause()

    def why_not(self) -> str:
        return f"the reset line was pulled, but {self._report.told()}, as before: is it on the DUT's reset input?"

    async def last(self) -> None:
        with anyio.move_on_after(self._prove_s):
            await self._seen.wait()

    async def removed(self) -> Instant:
        assert self.removal_commanded is not None
        return self.removal_commanded
