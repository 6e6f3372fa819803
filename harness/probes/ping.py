"""
The DUT's network answers.
"""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from ..errors import UsageError
from ..model.drill import ProbeSpec
from ..protocols import NoAnswer, PingTarget, Roles

# What an IPv4 packet can carry behind its own header and that of ICMP (RFC 791, RFC 792).
_LONGEST = 65_535 - 20 - 8

# Of a probe's time-out: after this part of it a request is lost, and counted so.
_PATIENCE = 0.95


class Ping:
    """
    Sends an echo request; a reply is well, and what is lost is not. Its round trip is not the service's: a kernel
    answers for a program that hangs.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `size` is what a request carries, in bytes. Longer round trips than `round_trip_s` are unwell, too.
        """

        size: int = 56
        round_trip_s: float | None = None

        def __post_init__(self) -> None:
            if not 0 <= self.size <= _LONGEST:
                raise UsageError(f"must be from 0 to {_LONGEST} bytes", key="size")
            if self.round_trip_s is not None and self.round_trip_s <= 0:
                raise UsageError("must be more than 0", key="round_trip")

    measures: tuple[str, ...] = ("pings_sent", "pings_lost", "longest_round_trip_s")

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, Ping.Config)
        self._config = spec.config
        self._target = roles.get(spec.role, PingTarget)
        self._within_s = _PATIENCE * spec.timeout_s
        self.arm()

    def arm(self) -> None:
        """
        The steady state is met: counting begins.
        """
        self._round_trips_s: list[float] = []
        self._lost = 0

    async def ask(self) -> bool:
        """
        Asks once. Raises NoAnswer when the network says no, DeviceError when the bench may not ask.
        """
        round_trip_s = await self._round_trip()
        self._round_trips_s.append(round_trip_s)
        return self.accepts(round_trip_s)

    async def _round_trip(self) -> float:
        try:
            with anyio.move_on_after(self._within_s):
                return await self._target.ping(self._config.size)
            raise NoAnswer(f"no reply within {self._within_s:g} s")
        except NoAnswer:
            self._lost += 1
            raise

    def accepts(self, sample: float | None) -> bool:
        """
        Whether a round trip (seconds) is short enough; None is one that was lost.
        """
        limit_s = self._config.round_trip_s
        return sample is not None and (limit_s is None or sample <= limit_s)

    def measured(self) -> dict[str, float]:
        """
        How many came to an end, how many of those were lost, and the longest round trip in seconds.
        """
        counts: dict[str, float] = {"pings_sent": len(self._round_trips_s) + self._lost, "pings_lost": self._lost}
        if self._round_trips_s:
            counts["longest_round_trip_s"] = max(self._round_trips_s)
        return counts
