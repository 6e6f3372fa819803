"""
A probe's question, put again and again, each time with a deadline.
"""

from __future__ import annotations

from collections.abc import Callable

import anyio
from anyio.abc import TaskGroup

from .. import clock
from ..model.drill import ProbeSpec
from ..protocols import NoAnswer, Probe

# Takes what came of a question: when it was asked and when that was settled (ns), whether the DUT is well, a detail.
Taker = Callable[[int, int, bool, str], None]


class Asking:
    """
    One probe's questions, a period apart. Run `keep_asking` in a task group; `take` is told of each answer.

    Nearly every question is answered long before its deadline. So one sleeper keeps the time for all of them: a scope
    and a timer for each would cost more than all the rest of asking.
    """

    _tasks: TaskGroup

    def __init__(self, spec: ProbeSpec, probe: Probe, take: Taker) -> None:
        self._question, self._take = probe.ask, take
        self._period_ns = round(spec.period_s * clock.NS_PER_S)
        self._timeout_ns = round(spec.timeout_s * clock.NS_PER_S)
        self._now_ns = clock.now_ns
        self._asked_ns = 0
        self._is_open = False
        self._patience = anyio.CancelScope()

    async def keep_asking(self) -> None:
        """
        Asks until it is stopped or cancelled. Raises BenchError when a device of the bench fails.
        """
        self._now_ns = clock.source()
        async with anyio.create_task_group() as self._tasks:
            self._tasks.start_soon(self._keep_time)
            while True:
                with anyio.CancelScope() as self._patience:
                    await self._ask_while_answered()
                # The answer may have come in the turn in which its time ran out: then it counts.
                if self._is_open:
                    self._settle(False, "timed out")
                await clock.sleep_until(self._asked_ns + self._period_ns)

    def stop(self) -> None:
        """
        Has no more questions asked.
        """
        self._tasks.cancel_scope.cancel()

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

    async def _keep_time(self) -> None:
        """
        Wakes at the deadline of the question that is open, or else of the next one; any later one has a later deadline.
        """
        while True:
            now_ns, due_ns = self._now_ns(), self._asked_ns + self._timeout_ns
            if self._is_open and due_ns <= now_ns:
                self._patience.cancel()
            if not self._is_open or due_ns <= now_ns:
                due_ns = max(now_ns, self._asked_ns + self._period_ns) + self._timeout_ns
            await clock.sleep_until(due_ns)
