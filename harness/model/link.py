"""
What is done to a link: how late, lossy, narrow or broken it is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkShape:
    """
    A link as a fault wants it. Left as it is, every field says that nothing is done.

    Shaped is the way to the unit, so that a round trip shows it once; down it is both ways: silent, as a cut cable is,
    unless it `refuses`. Times in seconds: each packet is late by `latency_s` ± `jitter_s`; each answer is kept back for
    something between `stall_least_s` and `stall_most_s`. Of what the link carries (packets, or connections where it is
    a relay) a share of `loss_ratio` is lost; a share of `reset_ratio` of the connections and of the answers on them is
    reset. The same `seed` draws the same for each connection, in their order. What an answer is depends on what is
    spoken there: where that is not known, whatever comes first after something went the other way.
    """

    is_down: bool = False
    refuses: bool = False
    latency_s: float = 0.0
    jitter_s: float = 0.0
    loss_ratio: float = 0.0
    rate_bps: float = 0.0
    corrupt_ratio: float = 0.0
    duplicate_ratio: float = 0.0
    reorder_ratio: float = 0.0
    reset_ratio: float = 0.0
    stall_least_s: float = 0.0
    stall_most_s: float = 0.0
    seed: int = 0
    speaks: Literal["", "postgresql"] = ""

    def __post_init__(self) -> None:
        for ratio in (self.loss_ratio, self.corrupt_ratio, self.duplicate_ratio, self.reorder_ratio, self.reset_ratio):
            if not 0 <= ratio <= 1:
                raise ValueError("a share must be from 0 % to 100 %")
        if not 0 <= self.jitter_s <= self.latency_s:
            raise ValueError("jitter must not be negative, nor more than the latency")
        if not 0 <= self.stall_least_s <= self.stall_most_s:
            raise ValueError("an answer must be kept back for no less than 0 s, and for no less than its least")
        if self.rate_bps < 0:
            raise ValueError("the rate must not be negative; 0 is any")
        if self.refuses and not self.is_down:
            raise ValueError("only a link that is down refuses")

    @property
    def asks(self) -> tuple[str, ...]:
        """
        What it asks of a link, by the names that a link's `cannot` has for them; empty for nothing at all.
        """
        asked = {
            "down": self.is_down,
            "refuse": self.refuses,
            "latency": self.latency_s,
            "jitter": self.jitter_s,
            "loss": self.loss_ratio,
            "rate": self.rate_bps,
            "corrupt": self.corrupt_ratio,
            "duplicate": self.duplicate_ratio,
            "reorder": self.reorder_ratio,
            "reset": self.reset_ratio,
            "stall": self.stall_most_s,
        }
        return tuple(name for name, value in asked.items() if value)

    @property
    def is_drawn(self) -> bool:
        """
        Whether chance has a part in it.
        """
        ratios = (self.loss_ratio, self.corrupt_ratio, self.duplicate_ratio, self.reorder_ratio, self.reset_ratio)
        return bool(self.jitter_s) or self.stall_least_s < self.stall_most_s or any(0 < ratio < 1 for ratio in ratios)


CLEAR = LinkShape()


@dataclass(frozen=True, slots=True)
class Came:
    """
    An echo: which of the packets it answers, whether it is as it was sent, and when it was there (nanoseconds).
    """

    number: int
    is_whole: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class Burst:
    """
    Packets sent across a link at once, `size` bytes each, and their echoes in the order in which they came.
    """

    sent: int
    size: int
    sent_ns: int
    came: tuple[Came, ...]

    @property
    def lost(self) -> int:
        """
        How many never came back, whole or not.
        """
        return max(0, self.sent - len(set(self._numbers())) - self.damaged)

    @property
    def damaged(self) -> int:
        """
        How many echoes were not as they were sent.
        """
        return sum(not echo.is_whole for echo in self.came)

    @property
    def doubled(self) -> int:
        """
        How many echoes came for a second time; a damaged one may bear any number.
        """
        numbers = self._numbers()
        return len(numbers) - len(set(numbers))

    @property
    def overtaken(self) -> int:
        """
        How many echoes came after one that was sent later.
        """
        latest, count = -1, 0
        for number in self._numbers():
            count += number < latest
            latest = max(latest, number)
        return count

    @property
    def rate_bps(self) -> float | None:
        """
        How fast the later half of the echoes came in, in bits per second: the earlier ones may be what a bucket let
        through at once. None for fewer than two.
        """
        later = self.came[len(self.came) // 2 :]
        if len(later) < 2 or later[-1].at_ns <= later[0].at_ns:
            return None
        return 8e9 * self.size * (len(later) - 1) / (later[-1].at_ns - later[0].at_ns)

    def _numbers(self) -> list[int]:
        return [echo.number for echo in self.came if echo.is_whole]
