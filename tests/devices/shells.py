"""
What tests of shells share: a wiring that resolves nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.protocols import Program, Wiring


class Bare:
    """
    The wiring of a rig whose shell needs none.
    """

    rig: Any = None

    def __init__(self, folder: Path | None = None, pid: int | None = None, *, has_power: bool = True) -> None:
        self._folder, self.pid, self._has_power = folder, pid, has_power

    def pin_factory(self) -> Any: ...

    def i2c_bus(self, number: int) -> Any: ...

    def device(self, name: str) -> Any: ...

    def serial_port(self, port: str) -> str:
        return port

    def board(self, name: str) -> Any: ...

    def resolve(self, host: str, port: int) -> tuple[str, int]:
        return host, port

    def link(self, name: str) -> Any: ...

    def unit(self, host: str) -> Any: ...

    def program(self, unit: str) -> Program:
        assert self._folder is not None
        return Program(self._folder, self.pid, has_power=self._has_power)


def bare(folder: Path | None = None, pid: int | None = None, *, has_power: bool = True) -> Wiring:
    return Bare(folder, pid, has_power=has_power)
