"""
The `gpio_edges`, on gpiozero's mock pins: every edge is stamped, and who is asked too late says so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from gpiozero.pins.mock import MockFactory

from harness import clock
from harness.devices.gpio_edges import GpioEdges
from harness.errors import DeviceError, UsageError
from harness.model.instant import Instant
from harness.model.rig import GpioSpec
from harness.protocols import EdgeCounter


class Wires:
    rig = SimpleNamespace(path=Path("rigs/bench.toml"), gpio=GpioSpec(factory="rpigpio"))

    def __init__(self) -> None:
        self.factory = MockFactory()
        self.factory.stamps_edges = True

    def pin_factory(self) -> Any:
        return self.factory


def watched(main: Callable[[GpioEdges, Any], Awaitable[None]], **config: Any) -> None:
    """
    A line that is watched, and its pin.
    """

    async def run() -> None:
        wires = Wires()
        device = GpioEdges("beat", GpioEdges.Config(pin=4, **config), wires)  # type: ignore[arg-type]
        assert isinstance(device, EdgeCounter)
        await device.open()
        pin = wires.factory.pin(4)
        assert pin.function == "input"
        try:
            await main(device, pin)
        finally:
            await device.aclose()
            wires.factory.close()

    clock.run(run)


def test_a_factory_that_does_not_tell_when_an_edge_came_is_refused() -> None:
    async def main() -> None:
        wires = Wires()
        wires.factory.stamps_edges = False
        with pytest.raises(
            UsageError, match=r"^rigs/bench.toml: gpio.factory: 'rpigpio' does not tell when an edge of 'beat'"
        ):
            await GpioEdges("beat", GpioEdges.Config(pin=4), wires).open()  # type: ignore[arg-type]
        assert not wires.factory.pins

    clock.run(main)


def test_every_edge_is_counted_and_stamped() -> None:
    async def main(device: GpioEdges, pin: Any) -> None:
        bounds = []
        for level in (1, 0, 1):
            before_ns = clock.now_ns()
            (pin.drive_high if level else pin.drive_low)()
            bounds.append((before_ns, clock.now_ns()))
            await anyio.sleep(0.002)
        assert await device.count() == 3
        edges = await device.since(Instant.exactly(0))
        assert [level for _, level in edges] == [1, 0, 1]
        for (at, _), (before_ns, after_ns) in zip(edges, bounds, strict=True):
            assert at.earliest_ns <= after_ns
            assert before_ns <= at.latest_ns <= after_ns + 1000
        assert await device.since(Instant.exactly(bounds[2][0])) == edges[2:]
        assert await device.since(Instant.exactly(clock.now_ns() + 1)) == []

    watched(main)


@pytest.mark.parametrize(("edges", "levels"), [("rising", [1, 1]), ("falling", [0]), ("both", [1, 0, 1])])
def test_only_the_edges_that_are_asked_for_count(edges: str, levels: list[int]) -> None:
    async def main(device: GpioEdges, pin: Any) -> None:
        for level in (1, 0, 1):
            (pin.drive_high if level else pin.drive_low)()
        await anyio.sleep(0.01)
        assert [level for _, level in await device.since(Instant.exactly(0))] == levels

    watched(main, edges=edges)


def test_who_is_asked_too_late_says_so() -> None:
    async def main(device: GpioEdges, pin: Any) -> None:
        first_ns = clock.now_ns()
        for level in (1, 0, 1, 0, 1):
            (pin.drive_high if level else pin.drive_low)()
        await anyio.sleep(0.01)
        assert await device.count() == 5
        with pytest.raises(DeviceError, match="remembers its last 3 edges"):
            await device.since(Instant.exactly(first_ns))
        assert await device.since(Instant.exactly(clock.now_ns())) == []

    watched(main, keep=3)


def test_one_that_is_closed_has_nothing_to_tell() -> None:
    device = GpioEdges("beat", GpioEdges.Config(pin=4), Wires())  # type: ignore[arg-type]
    with pytest.raises(DeviceError, match="is not open"):
        clock.run(device.count)


@pytest.mark.parametrize("config", [{"pin": -1}, {"pin": 4, "keep": 0}])
def test_a_line_that_is_none_is_told(config: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        GpioEdges.Config(**config)  # type: ignore[arg-type]
    assert GpioEdges.Config(pin=4).resources() == ("pin 4",)
