"""
An interruption that the switch times by itself: the rail is read all the while, since afterwards it is too late.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from .. import clock
from ..errors import BenchError
from ..insist import CALL_S, answered, insist
from ..model.instant import Instant
from ..protocols import PulseSwitch
from ._supply import Supply, SupplyStrike


@asynccontextmanager
async def interrupted(
    supply: Supply, levels_v: tuple[float, float], prove_s: float, off_s: float
) -> AsyncIterator[Interruption]:
    """
    Interrupts a supply whose switch is a `PulseSwitch` on entering; on leaving switches on once more, insisting.
    """
    switch = supply.switch
    assert isinstance(switch, PulseSwitch)
    strike = Interruption(supply, levels_v, prove_s)
    await strike.look_before()
    try:
        restored = await strike.across(switch, off_s)
        yield strike
    finally:
        asked_ns = clock.now_ns()
        fed = await insist(switch.name, switch.on)
        strike.removal_commanded = Instant(min(asked_ns, fed.earliest_ns), fed.latest_ns)
    strike.removal_commanded = restored


class Interruption(SupplyStrike):
    """
    An interruption that is over before anybody can ask: the rail is read all the while, and what it showed is kept.
    """

    def __init__(self, supply: Supply, levels_v: tuple[float, float], prove_s: float) -> None:
        super().__init__(supply, levels_v, prove_s, self._stay)
        self._dip: Instant | None = None
        self._least_v: float | None = None
        self._off_s = 0.0
        self._told = anyio.Event()

    async def across(self, switch: PulseSwitch, off_s: float) -> Instant:
        """
        Interrupts, reading the rail until it has come back; returns when the switch was on again. Raises BenchError.
        """
        self._off_s = off_s
        trouble: list[BenchError] = []

        async def interrupt() -> None:
            try:
                interrupted = answered(switch.name, lambda: switch.interrupt(off_s), CALL_S + off_s)
                self.commanded, self.removal_commanded = await interrupted
            except BenchError as error:
                trouble.append(error)
                tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(interrupt)
            try:
                with anyio.move_on_after(off_s + self._prove_s):
                    await self._follow()
            except BenchError as error:
                trouble.append(error)
        if trouble:
            raise trouble[0]
        assert self.removal_commanded is not None
        return self.removal_commanded

    async def effective(self) -> Instant:
        """
        The rail's fall, if one was seen; nothing more will be.
        """
        if self._dip is None:
            await anyio.sleep_forever()
        assert self._dip is not None
        self._told.set()
        return self._dip

    def why_not(self) -> str:
        """
        How little the meter saw.
        """
        least_v, meter = self._least_v, self._supply.meter.name
        saw = self._saw() if least_v is None else f"'{meter}' read {least_v:.2f} V at the least"
        return (
            f"the supply was interrupted for {self._off_s * 1000:g} ms, but {saw}: "
            "a bypass, a large capacitor, or a meter that is too slow?"
        )

    async def _follow(self) -> None:
        """
        Reads the rail until it was seen to fall and rise, or the switch has been on for long enough to show it.
        """
        while True:
            reading = await self._read(*([self._fell] if self._dip is None else [self._rose]))
            if reading is None or reading.bus_v is None:
                continue
            self._least_v = reading.bus_v if self._least_v is None else min(self._least_v, reading.bus_v)
            if self._dip is None and self._fell.found is not None:
                # A later reading would unsee it: this rail comes back.
                self._dip = self._fell.found
                self._rose.feed(reading.bus_v, reading.at)
            if self._rose.found is not None:
                return
            restored = self.removal_commanded
            if self._dip is None and restored is not None and reading.at.earliest_ns > restored.latest_ns:
                return

    async def _stay(self, strike: SupplyStrike) -> None:
        if self._dip is not None:
            await self._told.wait()
