"""
A line has one owner, and does what the world says when its owner ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest

from harness import clock
from harness.lab.ownership import Client, LineBusy, Lines
from harness.model.world import ContactSpec, RailSpec, UnitSpec, WorldSpec
from harness.sim.world import World


class Lamp:
    """
    A unit that only draws current.
    """

    def powered(self, at_ns: int) -> None: ...

    def power_lost(self, at_ns: int) -> None: ...

    def current_a(self, at_ns: int) -> float:
        return 0.1

    def charge(self, from_ns: int, to_ns: int) -> float:
        return 0.1 * (to_ns - from_ns)


@contextmanager
def lines(released: Literal["persist", "strict"]) -> Iterator[Lines]:
    rail = RailSpec(dut="lamp", contact=ContactSpec(pin=17, active_low=True))
    world = World(
        WorldSpec(released_lines=released, rails={"main": rail}, units={"lamp": UnitSpec()}), 0, {"lamp": Lamp()}
    )
    yield Lines(world)
    world.close()


@pytest.mark.parametrize(("released", "left"), [("persist", 0), ("strict", 1)])
def test_a_line_that_is_let_go_keeps_its_level_or_falls_to_its_pull(
    released: Literal["persist", "strict"], left: int
) -> None:
    async def main() -> None:
        with lines(released) as table:
            owner = Client("bench", 12)
            assert table.level(17) == 1
            table.drive(owner, 17, 0)
            assert table.level(17) == 0
            table.let_go(owner)
            assert table.level(17) == left
            assert table.state() == {"17": {"level": left, "commanded": 0, "owner": None}}

    clock.run(main, virtual=True)


def test_a_line_is_busy_until_its_owner_is_gone() -> None:
    async def main() -> None:
        with lines("persist") as table:
            first, second = Client("bench", 12), Client("bench", 13)
            table.drive(first, 17, 0)
            with pytest.raises(LineBusy, match=r"line 17 is busy: bench \(pid 12\) drives it"):
                table.drive(second, 17, 1)
            with pytest.raises(LineBusy):
                table.release(second, 17)
            assert table.level(17) == 0
            table.let_go(first)
            table.drive(second, 17, 1)
            assert table.level(17) == 1

    clock.run(main, virtual=True)


def test_a_released_line_floats_to_its_pull_and_is_anyones() -> None:
    async def main() -> None:
        with lines("persist") as table:
            first, second = Client("bench", 12), Client("bench", 13)
            table.drive(first, 17, 0)
            table.release(first, 17)
            assert table.level(17) == 1
            table.drive(second, 17, 0)
            assert table.state()["17"]["owner"] == "bench (pid 13)"

    clock.run(main, virtual=True)


def test_any_line_can_be_driven_and_read_back() -> None:
    async def main() -> None:
        with lines("strict") as table:
            assert table.level(400) == 0
            table.drive(Client(), 400, 1)
            assert table.level(400) == 1

    clock.run(main, virtual=True)
