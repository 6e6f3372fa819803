"""
A link in virtual time: what goes over it comes later, or never.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random
from typing import TypeVar

import anyio

from ..clock import NS_PER_S, now_ns
from ..model.link import CLEAR, Burst, Came, LinkShape
from ..model.world import LinkSpec
from ..protocols import HttpAnswer, NoAnswer
from ._steps import Steps

T = TypeVar("T")

# A round trip over an empty link, in seconds: what an office's network takes.
_TRIP_S = 0.0006

# What HTTP and TCP add to a body, about.
_HEAD_BYTES = 300

# How long a packet that is overtaken steps aside, in seconds.
_ASIDE_S = 0.010


class SimLink:
    """
    A way on which a unit is reached. Its `history` says how it was from each moment on.

    What is asked while it is down, or while its answer is under way when it falls, is never answered, as for a silent
    cable; a link that `refuses` says so at once. The same shape with the same seed does the same again.
    """

    def __init__(self, name: str, spec: LinkSpec) -> None:
        self.name, self.spec = name, spec
        self.history: Steps[LinkShape] = Steps(now_ns(), CLEAR)
        self._asked, self._is_cut = CLEAR, False
        self._rng = Random(0)
        self._free_ns = 0

    @property
    def shape_now(self) -> LinkShape:
        """
        How it is shaped.
        """
        return self.history.at(now_ns())

    def shape(self, shape: LinkShape) -> None:
        """
        Makes it like that.
        """
        if self.spec.defect == "never_clears" and not shape.asks:
            return
        self._rng = Random(f"{shape.seed} {self.name}")
        self._free_ns = 0
        self._asked = shape
        self._settle()

    def cut(self, is_cut: bool) -> None:
        """
        Its cable is cut, or whole again, whatever else is done to it.
        """
        self._is_cut = is_cut
        self._settle()

    async def carried(self, question: Callable[[], Awaitable[T]]) -> T:
        """
        The answer to a question that is put over the link. Raises NoAnswer when the link says that there is none; waits
        for ever for one that is lost.
        """
        asked_ns, shape = now_ns(), self.shape_now
        await self._pass(shape)
        await anyio.sleep(_TRIP_S / 2)
        answer = await question()
        await anyio.sleep(self._late_s(self.shape_now, _size(answer)) + _TRIP_S / 2)
        await self._pass(replace(self.shape_now, loss_ratio=0.0, reset_ratio=0.0))
        if any(then.is_down for _, then in self.history.between(asked_ns, now_ns())):
            await anyio.sleep_forever()
        return self._damaged(answer)

    async def round_trip(self) -> None:
        """
        There and back. Raises NoAnswer; waits for ever when nothing comes back.
        """
        await self.carried(_nothing)

    async def burst(self, count: int, size: int, within_s: float) -> Burst:
        """
        Packets and their echoes, of those that come within `within_s`.
        """
        began_ns, came = now_ns(), list[Came]()
        shape = self.shape_now
        for number in range(0 if shape.is_down else count):
            if self._draws(shape.loss_ratio):
                continue
            is_whole = not self._draws(shape.corrupt_ratio)
            aside_s = _ASIDE_S if self._draws(shape.reorder_ratio) else 0.0
            at_ns = began_ns + round((self._late_s(shape, size) + _TRIP_S + aside_s) * NS_PER_S) + number
            came += [Came(number, is_whole, at_ns)] * (2 if self._draws(shape.duplicate_ratio) else 1)
        came = sorted((echo for echo in came if echo.at_ns <= began_ns + within_s * NS_PER_S), key=_when)
        last_ns = came[-1].at_ns if len(came) >= count else began_ns + round(within_s * NS_PER_S)
        await anyio.sleep(max(0, last_ns - now_ns()) / NS_PER_S)
        return Burst(count, size, began_ns, tuple(came))

    def shapes(self, since_ns: int) -> list[tuple[int, LinkShape]]:
        """
        How it was at a moment (nanoseconds), and from each one after it until now.
        """
        return self.history.between(since_ns, now_ns())

    def forget(self, before_ns: int) -> None:
        """
        Drops what ended before a moment.
        """
        self.history.forget(before_ns)

    def _settle(self) -> None:
        shape = replace(self._asked, is_down=True, refuses=False) if self._is_cut else self._asked
        self.history.set(now_ns(), shape)

    async def _pass(self, shape: LinkShape) -> None:
        """
        The way into the link.
        """
        if shape.refuses:
            raise NoAnswer("connection refused: the link is down")
        if self._draws(shape.reset_ratio):
            raise NoAnswer("connection reset")
        if shape.is_down or self._draws(shape.loss_ratio):
            await anyio.sleep_forever()

    def _late_s(self, shape: LinkShape, size: int) -> float:
        """
        How much later than over an empty link something of a size is there.
        """
        late_s = 0.0
        if shape.rate_bps:
            self._free_ns = max(self._free_ns, now_ns()) + round(8 * size / shape.rate_bps * NS_PER_S)
            late_s += (self._free_ns - now_ns()) / NS_PER_S
        if shape.stall_most_s:
            late_s += self._rng.uniform(shape.stall_least_s, shape.stall_most_s)
        if shape.latency_s:
            late_s += self._rng.uniform(shape.latency_s - shape.jitter_s, shape.latency_s + shape.jitter_s)
        return late_s

    def _damaged(self, answer: T) -> T:
        if isinstance(answer, HttpAnswer) and answer.body and self._draws(self.shape_now.corrupt_ratio):
            place = self._rng.randrange(len(answer.body))
            flipped = bytes([answer.body[place] ^ 1 << self._rng.randrange(8)])
            return type(answer)(answer.status, answer.body[:place] + flipped + answer.body[place + 1 :])
        return answer

    def _draws(self, ratio: float) -> bool:
        return bool(ratio) and self._rng.random() < ratio


async def _nothing() -> None:
    """
    A question that is answered by whoever is there.
    """


def _size(answer: object) -> int:
    return _HEAD_BYTES + (len(answer.body) if isinstance(answer, HttpAnswer) else 0)


def _when(echo: Came) -> int:
    return echo.at_ns
