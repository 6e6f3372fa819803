"""
A link of the DUT that is late.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from statistics import median

from ..errors import NotProven, UsageError
from ..model.drill import FaultSpec
from ..model.instant import Instant
from ..model.link import LinkShape
from ..protocols import Roles, Strike
from ._link import Line, LinkStrike, Measuring, Trip, length_s, stay

# So many round trips in a row are no hiccup of the bench's own.
_IN_A_ROW = 3


class LinkLatency:
    """
    Makes a link late by something between two times, drawn for each packet, on the way to the DUT. Proven by the round
    trip as the bench measures it.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(Measuring):
        """
        `least` and `most`: 200 ± 50 ms is from 150 ms to 250 ms. It is there when three round trips in a row took half
        of `least` more than before, and gone when three took less than that.
        """

        least_s: float = 0.1
        most_s: float = 1.0

        def __post_init__(self) -> None:
            Measuring.__post_init__(self)
            if not 0 < self.least_s <= self.most_s:
                raise UsageError("must be more than 0, and not more than `most`", key="least")

    expects_loss = None
    levels_v = (0.0, 0.0)

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        assert isinstance(spec.config, LinkLatency.Config)
        self._config, self._for_s = spec.config, length_s(spec)
        middle_s, spread_s = (
            (spec.config.most_s + spec.config.least_s) / 2,
            (spec.config.most_s - spec.config.least_s) / 2,
        )
        shape = LinkShape(latency_s=middle_s, jitter_s=min(spread_s, middle_s), seed=spec.seed)
        self._line = Line(spec, shape, spec.config, "trips", roles)
        self.undo, self.strikes = self._line.undo, self._line.strikes(self._for_s)
        self.dice = self._line.dice

    def plan(self) -> list[tuple[float, str]]:
        """
        Late, then as it was.
        """
        name, config = self._line.link.name, self._config
        late = f"{name} late by {config.least_s * 1000:g} … {config.most_s * 1000:g} ms"
        return [(0.0, late), (self._for_s, f"{name} as it was")]

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Late on entering, as it was on leaving.
        """
        return self._line.struck(_Late(self._line, self._config, self._for_s))


class _Late(LinkStrike):
    """
    A latency under way.
    """

    def __init__(self, line: Line, config: LinkLatency.Config, for_s: float) -> None:
        super().__init__(line, lambda strike: stay(strike, for_s))
        self._least_s, self._patience_s = config.least_s, config.most_s + config.answer_s
        self._limit_ns = 0.0

    async def look_before(self) -> None:
        """
        How long a round trip takes now. Raises NotProven when that is too much for the latency to show.
        """
        await super().look_before()
        before = [await self.line.trip() for _ in range(5)]
        took_ns = [trip.took_ns for trip in before if trip.took_ns is not None]
        usual_ns = median(took_ns) if took_ns else float("inf")
        self._limit_ns = usual_ns + self._least_s * 1e9 / 2
        if len(took_ns) < _IN_A_ROW or max(took_ns) >= self._limit_ns:
            told = self.line.told()
            raise NotProven(f"{told} before anything was done: {self._least_s * 1000:g} ms more would not show")

    async def effective(self) -> Instant:
        return await self._until(True, self.commanded.earliest_ns)

    async def gone(self) -> Instant:
        assert self.removal_commanded is not None
        return await self._until(False, self.removal_commanded.earliest_ns)

    async def _until(self, is_late: bool, since_ns: int) -> Instant:
        """
        Waits for so many round trips in a row that are late, or are not.
        """
        row: list[Trip] = []
        while len(row) < _IN_A_ROW:
            trip = await self.line.trip(self._patience_s)
            if trip.took_ns is not None and (trip.took_ns > self._limit_ns) is is_late:
                row.append(trip)
            else:
                since_ns = max(since_ns, trip.asked_ns)
                row.clear()
            if len(row) < _IN_A_ROW:
                await self.line.pause()
        if is_late:
            took_ms = [(trip.took_ns or 0) / 1e6 for trip in row]
            self.delivered = f"round trips took {min(took_ms):.0f} … {max(took_ms):.0f} ms"
        return Instant(since_ns, row[0].settled_ns)
