"""
A DUT's services by a script, and its roles: for probes that ask one question at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.model.drill import ProbeSpec
from harness.model.rig import DutSpec
from harness.protocols import HttpAnswer, NoAnswer


class Service:
    """
    An HTTP service that answers by a function of method, path and body; None is silence.
    """

    name = "health"

    def __init__(self, answers: Callable[[str, str, bytes], HttpAnswer | None]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, str, bytes]] = []

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        self.asked.append((method, path, body))
        answer = self._answers(method, path, body)
        if answer is None:
            raise NoAnswer("connection refused")
        return answer


class OneRole:
    """
    Roles of a DUT that all are one device's.
    """

    def __init__(self, device: Any) -> None:
        self._device = device

    def get(self, role: str, protocol: type[Any]) -> Any:
        assert isinstance(self._device, protocol)
        return self._device

    def dut(self, role: str) -> DutSpec:
        return DutSpec(name="node")

    def sibling(self, role: str, name: str) -> str:
        return f"node.{name}"


def made(kind: type[Any], device: Any, timeout_s: float = 1.0, **config: Any) -> Any:
    """
    A probe of a device.
    """
    built = kind.Config(**config)
    spec = ProbeSpec(name="probe", kind="", role="probes.x", period_s=1.0, timeout_s=timeout_s, config=built)
    return kind(spec, OneRole(device))
