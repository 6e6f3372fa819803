"""
A link that comes and goes, by the clock or as a loose connector does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from random import Random

from .. import clock
from ..errors import Refused, UsageError
from ..model.drill import FaultSpec
from ..model.link import LinkShape
from ..protocols import Roles, Strike
from ._link import CutStrike, Line, LinkStrike, Measuring

# Silence must be waited for twice within the shortest time that the link is down for good measure.
_LOOKS = 3


class LinkFlap:
    """
    Takes a link down `times` times: for `down`, and up for `up` in between. With `bursts`, it instead makes and breaks
    at random so many times, as a loose connector does when something shakes it. Its length follows from these.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(Measuring):
        """
        In a burst there are `least` to `most` interruptions, each contact between `shortest` and `longest`, open or
        closed; between two bursts it is quiet for `rest`. Drawn from the run's seed, anew for each trial. Proven like a
        cut, by any of its interruptions.
        """

        times: int = 5
        down_s: float = 1.0
        up_s: float = 1.0
        bursts: int = 0
        least: int = 2
        most: int = 8
        shortest_s: float = 0.02
        longest_s: float = 0.3
        rest_s: float = 1.0

        def __post_init__(self) -> None:
            Measuring.__post_init__(self)
            if self.times < 1 or self.bursts < 0:
                raise UsageError("must be at least 1, and `bursts` not negative", key="times")
            for key, value in (("down", self.down_s), ("up", self.up_s), ("rest", self.rest_s)):
                if value <= 0:
                    raise UsageError("must be more than 0", key=key)
            if not 1 <= self.least <= self.most:
                raise UsageError("must be at least 1, and not more than `most`", key="least")
            if not 0 < self.shortest_s <= self.longest_s:
                raise UsageError("must be more than 0, and not more than `longest`", key="shortest")

    expects_loss = None
    levels_v = (0.0, 0.0)

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is not None:
            raise UsageError("a flap's length follows from its pattern; leave it out", key="for")
        assert isinstance(spec.config, LinkFlap.Config)
        self._config = config = spec.config
        self._line = Line(spec, LinkShape(is_down=True, seed=spec.seed), config, "any", roles)
        self._contacts_s = list(_drawn(config, Random(spec.seed)) if config.bursts else _even(config))
        self._shortest_s = min(self._contacts_s[::2])
        if self._line.link.switches and self._shortest_s < 0.02:
            raise Refused(f"{self._line.link.name} is made of contacts: none moves for less than 20 ms")
        self.undo = self._line.undo
        self.strikes = self._line.strikes(self._shortest_s, len(self._contacts_s) // 2 + 1)

    def plan(self) -> list[tuple[float, str]]:
        """
        Down and up, as often as it says, or as it was drawn.
        """
        name, steps, at_s = self._line.link.name, [(0.0, f"{self._line.link.name} down")], 0.0
        for index, lasts_s in enumerate(self._contacts_s):
            at_s += lasts_s
            steps.append((at_s, f"{name} {'down' if index % 2 else 'up'}"))
        return steps

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Makes the first interruption on entering; on leaving the link is up.
        """
        strike = CutStrike(self._line, self._flap)
        longest_s = max(self._contacts_s[::2])
        strike.patience_s = min(self._config.answer_s, longest_s / _LOOKS)
        strike.delivered = f"{self.strikes[0][2]} interruptions in {sum(self._contacts_s):.3f} s"
        return self._line.struck(strike)

    async def _flap(self, strike: LinkStrike) -> None:
        stroke = strike.commanded
        for index, lasts_s in enumerate(self._contacts_s):
            await clock.sleep_until(stroke.latest_ns + round(lasts_s * clock.NS_PER_S))
            if index < len(self._contacts_s) - 1:
                stroke = await self._line.make(self._line.shape if index % 2 else None)


def _even(config: LinkFlap.Config) -> Iterator[float]:
    """
    How long it is down, up, down, ... in seconds.
    """
    for index in range(config.times):
        yield from ([config.up_s] if index else [])
        yield config.down_s


def _drawn(config: LinkFlap.Config, random: Random) -> Iterator[float]:
    for burst in range(config.bursts):
        for index in range(random.randint(config.least, config.most)):
            if index:
                yield random.uniform(config.shortest_s, config.longest_s)
            elif burst:
                yield config.rest_s
            yield random.uniform(config.shortest_s, config.longest_s)
