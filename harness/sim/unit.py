"""
The DUT as a model in virtual time: off, booting, or up, and what it answers then.
"""

from __future__ import annotations

import asyncio
import json
from random import Random

import anyio

from ..clock import NS_PER_S, alarm, now_ns, source
from ..model.world import UnitSpec
from ..protocols import HttpAnswer, NoAnswer
from ._gauge import Fields, Transfer, battery, shed_level
from ._steps import Amperes, Steps

# How many of its last acknowledged records a unit that loses writes forgets, at most.
_MOST_LOST = 3
_NEVER_NS = 1 << 62

# How often a unit with a fuel gauge reads it, in seconds.
_POLL_S = 1.0

# It has those of the edge node, and they never fall over by themselves.
_WORKERS = ("sync", "warm")

_NOT_FOUND = HttpAnswer(404, b'{"error": "not found"}')


class SimUnit:
    """
    A unit with a witness workload: records that are acknowledged, and shall all be there after a power loss.

    Its state at any moment follows from when it was fed, so that it needs no timers, but for the one of a unit with a
    fuel gauge, which is read every second while it is up. A request is served at a moment drawn between its being
    asked and its being answered.
    """

    def __init__(self, name: str, spec: UnitSpec, rng: Random) -> None:
        self.name = name
        self.spec = spec
        self._rng = rng
        self.gauge: Transfer | None = None
        """The I2C bus of its fuel gauge, if it has one; to be set before it is up."""
        self._boots = 0
        self._battery: Fields = {}
        self._shed_level = 0
        self._poll: asyncio.TimerHandle | None = None
        self._now_ns = source()
        start_ns = self._now_ns()
        # On from the moment it is fed, serving from the moment it is up: what it would answer to GET /health.
        self._on: Steps[bool] = Steps(start_ns, False)
        self._samples: Steps[HttpAnswer | None] = Steps(start_ns, None)
        self._current = Amperes(start_ns, 0.0)
        self._up_ns = _NEVER_NS
        self._has_lost_power = False
        # Records: the last number given out, the last one that is still there, and how many are not.
        self._given_seq = 0
        self._answered = 0
        self._last_seq = 0
        self._lost = 0

    def powered(self, at_ns: int) -> None:
        """
        The rail is up: it boots.
        """
        if self._on.at(at_ns):
            return
        spread = self.spec.boot_spread_ratio
        boot_s = self.spec.boot_s * self._rng.uniform(1 - spread, 1 + spread)
        boot_ns = round(boot_s * NS_PER_S)
        self._on.set(at_ns, True)
        for after_s, draw_a in self.spec.draws(boot_s):
            self._current.set(at_ns + round(after_s * NS_PER_S), draw_a)
        if self.spec.defect == "never_boots" and self._has_lost_power:
            return
        self._boots += 1
        self._answered = 0
        self._battery, self._shed_level = {}, 0
        self._up_ns = at_ns + max(1, boot_ns)
        self._current.set(self._up_ns, self.spec.run_draw_a)
        self._samples.set(self._up_ns, self._health())
        if self.gauge is not None:
            self._look_at_gauge(self._up_ns)

    def power_lost(self, at_ns: int) -> None:
        """
        The rail is down: it is off at once, whatever it was doing.
        """
        if self.spec.defect == "not_fed":
            return
        self.close()
        self._up_ns = _NEVER_NS
        self._has_lost_power = True
        self._on.set(at_ns, False)
        self._current.set(at_ns, 0.0)
        self._samples.set(at_ns, None)
        if self.spec.defect == "loses_writes":
            lost = min(self._last_seq, self._rng.randint(1, _MOST_LOST))
            self._last_seq -= lost
            self._lost += lost

    def current_a(self, at_ns: int) -> float:
        """
        What it draws, in amperes: what its boot takes, step by step, and another current when it is up.
        """
        return self._current.at(at_ns)

    def charge(self, from_ns: int, to_ns: int) -> float:
        """
        What it drew over a stretch, in ampere-nanoseconds.
        """
        return self._current.charge(from_ns, to_ns)

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        """
        One request. Raises NoAnswer when it is refused; a unit without power never answers.
        """
        health = await self._served()
        self._answered += 1
        if path == "/health" and method == "GET":
            return health
        if path == "/records":
            return self._records(method)
        if path == "/metrics" and method == "GET":
            return self._metrics()
        if path.startswith("/content/") and method == "GET":
            return HttpAnswer(200, path.encode())  # it never changes
        return _NOT_FOUND

    async def connect(self) -> None:
        """
        Connects and hangs up. Raises NoAnswer when it is refused; a unit without power never answers.
        """
        await self._served()

    @property
    def history(self) -> list[tuple[int, HttpAnswer | None]]:
        """
        What it would have answered to GET /health, from each moment on; None is silence or a refusal.
        """
        return self.samples(0)

    def samples(self, since_ns: int) -> list[tuple[int, HttpAnswer | None]]:
        """
        The same from a moment on: the answer in effect then, and each one after it until now.
        """
        return self._samples.between(since_ns, now_ns())

    def currents(self, since_ns: int) -> list[tuple[int, float]]:
        """
        What it drew, in amperes: the current in effect at a moment, and each one after it until now.
        """
        return self._current.between(since_ns, now_ns())

    def forget(self, before_ns: int) -> None:
        """
        Drops what ended before a moment, so that a long run needs no more memory than a short one.
        """
        for steps in (self._on, self._samples, self._current):
            steps.forget(before_ns)

    def close(self) -> None:
        """
        Stops reading the gauge.
        """
        if self._poll is not None:
            self._poll.cancel()
            self._poll = None

    async def _served(self) -> HttpAnswer:
        """
        Waits until an answer is due; returns what it then says of its health. Without power there is none at all.

        Raises NoAnswer when no service was there to give it.
        """
        asked_ns = self._now_ns()
        latency_s = self.spec.latency_s * (1 + self.spec.latency_spread_ratio * (2 * self._rng.random() - 1))
        served_ns = asked_ns + int(latency_s * NS_PER_S * self._rng.random())
        await anyio.sleep(latency_s)
        health = self._samples.at(served_ns)
        if health is not None:
            return health
        if not self._on.at(served_ns):
            await anyio.sleep_forever()
        raise NoAnswer("connection refused")

    def _health(self) -> HttpAnswer:
        steady = self.spec.defect != "never_steady"
        told = {
            "status": "ok" if steady else "degraded",
            "name": self.spec.name,
            "version": self.spec.version,
            "boot_id": f"{self._boots:08x}",
            **self._battery,
        }
        return HttpAnswer(200 if steady else 503, json.dumps(told).encode())

    def _metrics(self) -> HttpAnswer:
        """
        What it counts since it was up, as the edge node does.
        """
        up_s = (now_ns() - self._up_ns) / NS_PER_S
        lines = (
            "# TYPE edge_node_uptime_seconds gauge",
            f"edge_node_uptime_seconds {up_s:.9f}",
            "# TYPE edge_node_requests_total counter",
            f"edge_node_requests_total {self._answered}",
            "# TYPE edge_node_shed_level gauge",
            f"edge_node_shed_level {self._shed_level}",
            "# TYPE edge_node_worker_up gauge",
            *(f'edge_node_worker_up{{worker="{worker}"}} 1' for worker in _WORKERS),
        )
        return HttpAnswer(200, "\n".join(lines).encode() + b"\n")

    def _look_at_gauge(self, at_ns: int) -> None:
        self._poll = alarm(at_ns, self._polled, at_ns)

    def _polled(self, at_ns: int) -> None:
        assert self.gauge is not None
        seen = battery(self.gauge)
        if seen != self._battery:
            self._battery = seen
            percent = seen["battery_percent"]
            # What is not known changes nothing.
            self._shed_level = shed_level(percent) if isinstance(percent, float) else self._shed_level
            self._samples.set(at_ns, self._health())
        self._look_at_gauge(at_ns + round(_POLL_S * NS_PER_S))

    def _records(self, method: str) -> HttpAnswer:
        if method == "POST":
            # An acknowledged number is never given out twice, even if its record is gone.
            self._given_seq += 1
            self._last_seq = self._given_seq
            return HttpAnswer(200, b'{"seq": %d, "lost": %d, "corrupt": 0}' % (self._last_seq, self._lost))
        return HttpAnswer(200, b'{"last_seq": %d, "lost": %d, "corrupt": 0}' % (self._last_seq, self._lost))
