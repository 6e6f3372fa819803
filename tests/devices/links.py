"""
Wiring for links: rigs of the lab and of virtual time, in a few words.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

import anyio.to_thread

from harness.errors import UsageError
from harness.model.world import LinkSpec, UnitSpec, WorldSpec

T = TypeVar("T")


class Wires:
    """
    A rig with one link `fibre`, and other devices by their names.
    """

    def __init__(self, kind: Any = "relay", *, lab: bool = True, end: Any = None, **devices: Any) -> None:
        links = {"fibre": LinkSpec(to="origin", unit="edge", kind=kind)}
        world = WorldSpec(units={"edge": UnitSpec(), "origin": UnitSpec()}, links=links)
        self.rig: Any = SimpleNamespace(world=world, is_lab=lab)
        self._end, self._devices = end, devices

    def link(self, name: str) -> Any:
        if self._end is None:
            raise UsageError("nobody plays it")
        return self._end

    def device(self, name: str) -> Any:
        return self._devices[name]


class End:
    """
    A link's end in a lab: writes down what it is asked.
    """

    address = ("127.0.0.1", 1)

    def __init__(self, probe: str = "echo 127.0.0.1:9", interface: str = "", netns: str = "") -> None:
        self.probe, self.interface, self.netns = probe, interface, netns
        self.shapes: list[Any] = []

    def shape(self, shape: Any) -> None:
        self.shapes.append(shape)

    def carrier(self) -> bool:
        return not (self.shapes and self.shapes[-1].is_down)


async def seen(look: Callable[[], T]) -> T:
    """
    What a look at the kernel shows: a blocking call, which wants a thread without a loop.
    """
    return await anyio.to_thread.run_sync(look)
