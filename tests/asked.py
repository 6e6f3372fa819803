"""
What a trial's probes were asked, and how wide that allows its `ready` to be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import anyio

from harness import clock
from harness.assemble import Assembly
from harness.model.drill import ProbeSpec

# A timer of the virtual loop is put on the next nanosecond.
TICK_NS = 1


@dataclass
class Logged:
    """
    A probe whose questions are written down: when each was asked, and when it was settled, in nanoseconds; and the
    places of those that were answered well, and of those that nobody waited for any more.
    """

    spec: ProbeSpec
    probe: Any
    asked: list[tuple[int, int]] = field(default_factory=list)
    well: set[int] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)

    async def ask(self) -> bool:
        """
        Asks, and writes it down, whatever comes of it.
        """
        asked_ns = clock.now_ns()
        try:
            is_good = bool(await self.probe.ask())
            if is_good:
                self.well.add(len(self.asked))
            return is_good
        except anyio.get_cancelled_exc_class():
            if clock.now_ns() < asked_ns + round(self.spec.timeout_s * clock.NS_PER_S):
                self.dropped.add(len(self.asked))
            raise
        finally:
            self.asked.append((asked_ns, clock.now_ns()))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.probe, name)

    def fired_ns(self, failures: int) -> int | None:
        """
        When so many in a row had not been answered well for the first time.
        """
        in_a_row = 0
        for place, (_, settled_ns) in enumerate(self.asked):
            if place not in self.dropped:
                in_a_row = 0 if place in self.well else in_a_row + 1
            if in_a_row == failures:
                return settled_ns
        return None

    def bound_ns(self, at_ns: int) -> int:
        """
        How long this probe can have let a change at `at_ns` go unseen: max(period, that question's duration) + the
        latency of the next one.
        """
        last = max(index for index, (asked_ns, _) in enumerate(self.asked) if asked_ns <= at_ns)
        (asked_ns, settled_ns), (next_ns, answered_ns) = self.asked[last : last + 2]
        period_ns = round(self.spec.period_s * clock.NS_PER_S)
        return max(period_ns, settled_ns - asked_ns) + TICK_NS + answered_ns - next_ns


def log_questions(bench: Assembly) -> list[Logged]:
    """
    Has whatever a bench's probes are asked from now on written down in the list that is given back.
    """
    logs: list[Logged] = []
    made = bench.probe

    def logged(spec: ProbeSpec) -> Any:
        logs.append(Logged(spec, made(spec)))
        return logs[-1]

    bench.probe = logged  # type: ignore[method-assign]
    return logs
