"""
A battery, a DUT that reads it every second, and their roles: in virtual time, with everything that can go wrong.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio

from harness import clock
from harness.engine.leaves import ungrouped
from harness.errors import DeviceError
from harness.model.drill import FaultSpec
from harness.model.instant import Instant
from harness.model.rig import DutSpec
from harness.protocols import HttpAnswer, NoAnswer, Strike

S = clock.NS_PER_S
POLL_S = 1.0


class SimpleBattery:
    """
    A battery that shows what it is told, and lies as a gauge does. The `nth` command to it fails, if so asked.
    """

    name = "battery"

    def __init__(self, fails_at: int | None = None, cannot: Mapping[str, str] | None = None) -> None:
        self.cannot = cannot or {}
        self.level, self.lie, self.by = 100.0, "none", 0.0
        self.told: list[tuple[int, float]] = []
        self.calls, self._fails_at, self._since_ns = 0, fails_at, 0

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def set_level(self, percent: float) -> Instant:
        self._called()
        self.level = percent
        self.told.append((clock.now_ns(), percent))
        return Instant.exactly(clock.now_ns())

    async def misbehave(self, fault: str, *, level_percent: float | None = None, seed: int = 0) -> Instant:
        self._called()
        self.lie, self.by, self._since_ns = fault, level_percent or 0.0, clock.now_ns()
        return Instant.exactly(clock.now_ns())

    async def make_safe(self) -> None:
        self._called()
        self.level, self.lie = 100.0, "none"

    async def undo(self, action: str) -> None:
        assert action == "full"
        await self.make_safe()

    @property
    def is_full_and_honest(self) -> bool:
        return (self.level, self.lie) == (100.0, "none")

    def shown(self) -> float | None:
        """
        What a DUT reads; None: it is not acknowledged, or nonsense.
        """
        if self.lie in ("nack", "garbage"):
            return None
        minutes = (clock.now_ns() - self._since_ns) / (60 * S)
        off = {"jump": self.by, "drift": self.by * minutes}.get(self.lie, 0.0)
        return min(100.0, max(0.0, self.level + off))

    def _called(self) -> None:
        self.calls += 1
        if self.calls == self._fails_at:
            raise DeviceError(self.name, "failed as asked")


class Dut:
    """
    An HTTP service that reports what it read of the battery at the last full second. Deaf, it reports 100 % for ever;
    one that latches, the lowest level that it ever saw; below `dies_at` percent it falls silent for good.
    """

    name = "health"

    def __init__(
        self, battery: SimpleBattery, *, deaf: bool = False, latches: bool = False, dies_at: float = -1.0
    ) -> None:
        self._battery, self._deaf, self._latches, self._dies_at = battery, deaf, latches, dies_at
        self.boot_id = "1"
        self.is_dead = False
        self.reports: list[tuple[int, float | None]] = []

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        await anyio.sleep(0.003)
        if self.is_dead:
            raise NoAnswer("connection refused")
        shown = self.reports[-1][1] if self.reports else 100.0
        return HttpAnswer(200, json.dumps({"battery_percent": shown, "boot_id": self.boot_id}).encode())

    async def play(self) -> None:
        """
        Reads the battery every second; to be run beside the fault.
        """
        while True:
            shown = 100.0 if self._deaf else self._battery.shown()
            if self._latches and self.reports:
                shown = min(shown or 0.0, self.reports[-1][1] or 0.0)
            if not self.reports or self.reports[-1][1] != shown:
                self.reports.append((clock.now_ns(), shown))
            self.is_dead = self.is_dead or (shown is not None and shown < self._dies_at)
            await anyio.sleep(POLL_S)

    def first(self, shows: Callable[[float | None], bool], from_ns: int = 0) -> int:
        """
        When it first reported something from a moment on (ns): the truth.
        """
        return next(ns for ns, shown in self.reports if ns >= from_ns and shows(shown))


class Cast:
    """
    Roles of one DUT, by name.
    """

    def __init__(self, **devices: Any) -> None:
        self._devices = {name.replace("__", "."): device for name, device in devices.items()}

    def get(self, role: str, protocol: type[Any]) -> Any:
        device = self._devices[role.removeprefix("node.")]
        assert isinstance(device, protocol), f"{role} is no {protocol.__name__}"
        return device

    def dut(self, role: str) -> DutSpec:
        return DutSpec(name="node")

    def sibling(self, role: str, name: str) -> str:
        return f"node.{name}"


def spec_of(kind: type[Any], role: str = "battery", for_s: float | None = None, **keys: Any) -> FaultSpec:
    """
    A fault as a drill file would have it.
    """
    return FaultSpec(kind=kind.__name__, role=role, at_s=0.0, for_s=for_s, config=kind.Config(**keys))


async def carried_out(fault: Any, beside: Callable[[], Awaitable[None]]) -> tuple[Strike, Instant | None, Instant]:
    """
    What the engine does with a fault: injects it, has it last while its effect is looked for, leaves it, and sees it
    removed. Returns the strike, the instant of its effect if that was shown, and that of its removal.
    """
    with ungrouped():
        async with anyio.create_task_group() as around:
            around.start_soon(beside)
            await anyio.sleep(0.5)
            done = await _carried_out(fault)
            around.cancel_scope.cancel()
    return done


async def _carried_out(fault: Any) -> tuple[Strike, Instant | None, Instant]:
    effective: Instant | None = None
    async with fault.inject() as strike:

        async def prove() -> None:
            nonlocal effective
            effective = await strike.effective()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(prove)
            await strike.last()
            tasks.cancel_scope.cancel()
    return strike, effective, await strike.removed()


def play(main: Callable[[], Awaitable[None]]) -> None:
    """
    Runs an async function in virtual time.
    """
    clock.run(main, virtual=True)
