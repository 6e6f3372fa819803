"""
A probe's question, put again and again, each time with a deadline.
"""

from __future__ import annotations

from collections.abc import Callable

import anyio

from .. import clock
from ..model.drill import ProbeSpec
from ..protocols import NoAnswer, Probe

# Takes what came of a question: when it was asked and when that was settled (ns), whether the DUT is well, a detail.
Taker = Callable[[int, int, bool, str], None]


class Asking:
    """
    One probe's questions, a period apart. Run `keep_asking` once; `take` is told of each answer.

    Nearly every question is answered long before its deadline. So one alarm keeps the time for all of them: a scope
    and a timer for each would cost more than all the rest of asking.
    """

    def __init__(self, spec: ProbeSpec, probe: Probe, take: Taker) -> None:
        self._question, self._take = probe.ask, take
        self._period_ns = round(spec.period_s * clock.NS_PER_S)
        self._timeout_ns = round(spec.timeout_s * clock.NS_PER_S)
        self._now_ns = clock.now_ns
        self._asked_ns = 0
        self._is_open = False
        self._patience, self._until_stopped = anyio.CancelScope(), anyio.CancelScope()

    async def keep_asking(self) -> None:
        """
        Asks until it is stopped or cancelled. Raises BenchError when a device of the bench fails.
        """
        self._now_ns = clock.source()
        self._alarm = clock.alarm(self._now_ns() + self._timeout_ns, self._look_at_deadline)
        try:
            with self._until_stopped:
                while True:
                    await self._ask_until_late()
        finally:
            self._alarm.cancel()

    def stop(self) -> None:
        """
        Has no more questions asked.
        """
        self._until_stopped.cancel()

    async def _ask_until_late(self) -> None:
        with anyio.CancelScope() as self._patience:
            await self._ask_while_answered()
        # The answer may have come in the turn in which its time ran out: then it counts.
        if self._is_open:
            self._settle(False, "timed out")
        await clock.sleep_until(self._asked_ns + self._period_ns)

    async def _ask_while_answered(self) -> None:
        while True:
            self._asked_ns, self._is_open = self._now_ns(), True
            try:
                is_good, detail = await self._question(), ""
            except NoAnswer as silence:
                is_good, detail = False, str(silence)
            self._settle(is_good, detail)
            await anyio.sleep(max(0, self._asked_ns + self._period_ns - self._now_ns()) / clock.NS_PER_S)

    def _settle(self, is_good: bool, detail: str) -> None:
        self._is_open = False
        self._take(self._asked_ns, self._now_ns(), is_good, detail)

    def _look_at_deadline(self) -> None:
        """
        Ends the question that is open at its deadline, and looks again at that of the next one, or at its own if it was
        asked since: any later one has a later deadline.
        """
        now_ns, due_ns = self._now_ns(), self._asked_ns + self._timeout_ns
        if self._is_open and due_ns <= now_ns:
            self._patience.cancel()
        if not self._is_open or due_ns <= now_ns:
            due_ns = max(now_ns, self._asked_ns + self._period_ns) + self._timeout_ns
        self._alarm = clock.alarm(due_ns, self._look_at_deadline)
