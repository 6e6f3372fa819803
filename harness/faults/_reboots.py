"""
What the faults share that cut the supply again while the DUT comes back from the last time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from .. import clock
from ._supply import Supply, SupplyStrike


@dataclass(frozen=True, slots=True)
class Reboots:
    """
    So many interruptions of `off_s`, each proven by the rail's fall below `below_v`; each but the first on cue.
    """

    supply: Supply
    times: int
    off_s: float
    below_v: float
    prove_s: float

    async def run(self, strike: SupplyStrike, cue: Callable[[SupplyStrike], Awaitable[None]]) -> None:
        """
        Goes through them, but for the last restore; `cue` waits for the moment at which the supply, fed again, is to be
        cut once more. Raises NotProven, DeviceError.
        """
        with anyio.move_on_after(self.prove_s):
            await strike.fall()
        if not strike.has_fallen:
            return  # the strike says so itself
        stroke = strike.commanded
        for _ in range(self.times - 1):
            await clock.sleep_until(stroke.latest_ns + round(self.off_s * clock.NS_PER_S))
            await self.supply.on()
            await cue(strike)
            strike.is_repeated = True
            stroke = await self.supply.off()
            told = f"{self.supply.switch.name} was commanded off again"
            await strike.reading(lambda reading: (reading.bus_v or 0.0) < self.below_v, self.prove_s, told)
        await clock.sleep_until(stroke.latest_ns + round(self.off_s * clock.NS_PER_S))
