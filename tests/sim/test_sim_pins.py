"""
The simulated lines, through gpiozero as a device uses them.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from gpiozero import Button, GPIOPinInUse, OutputDevice, PinInvalidPin
from gpiozero.exc import PinInvalidFunction, PinSetInput

from harness.errors import BenchError
from harness.sim.sim_pins import SimFactory
from harness.sim.world import World
from tests.sim.played import PIN, Scribe, play, world_of


class Recorded(World):
    """
    A world that writes down what is done to its lines.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.done: list[Any] = []

    def drive(self, pin: int, level: int) -> None:
        self.done.append((pin, level))
        super().drive(pin, level)

    def release(self, pin: int) -> None:
        self.done.append((pin, "released"))
        super().release(pin)


def recorded(**values: Any) -> Recorded:
    world = world_of(Scribe(), cls=Recorded, **values)
    assert isinstance(world, Recorded)
    return world


@pytest.mark.parametrize("active_high", [True, False])
@pytest.mark.parametrize("initial", [True, False])
def test_an_output_goes_straight_to_its_level(active_high: bool, initial: bool) -> None:
    async def main() -> None:
        world = recorded()
        output = OutputDevice(PIN, active_high=active_high, initial_value=initial, pin_factory=SimFactory(world))
        level = int(initial == active_high)
        assert world.done == [(PIN, level)]
        output.toggle()
        assert output.value == int(not initial)
        assert world.done == [(PIN, level), (PIN, 1 - level)]

    play(main)


@pytest.mark.parametrize(
    ("released_lines", "done"), [("persist", [(PIN, 0)]), ("strict", [(PIN, 0), (PIN, "released")])]
)
def test_closing_an_output_does_not_make_it_an_input(released_lines: str, done: list[Any]) -> None:
    async def main() -> None:
        world = recorded(released_lines=released_lines)
        factory = SimFactory(world)
        OutputDevice(PIN, pin_factory=factory).close()
        factory.close()
        assert world.done == done

    play(main)


def test_any_line_number_will_do_and_what_is_no_number_will_not() -> None:
    async def main() -> None:
        factory = SimFactory(recorded())
        assert repr(factory.pin(1234)) == "GPIO1234"
        assert factory.pin("GPIO1234") is factory.pin("1234") is factory.pin(1234)
        with pytest.raises(PinInvalidPin):
            factory.pin("J8:11")

    play(main)


def test_two_devices_cannot_share_a_line() -> None:
    async def main() -> None:
        factory = SimFactory(recorded())
        first = OutputDevice(PIN, pin_factory=factory)
        with pytest.raises(GPIOPinInUse):
            OutputDevice(PIN, pin_factory=factory)
        first.close()
        OutputDevice(PIN, pin_factory=factory).close()

    play(main)


def test_an_input_reads_what_drives_the_line_and_else_its_pull() -> None:
    async def main() -> None:
        world = recorded()
        with Button(5, pull_up=True, pin_factory=SimFactory(world)) as button:
            assert not button.is_pressed
            world.drive(5, 0)
            assert button.is_pressed

    play(main)


def test_an_output_reads_back_what_is_really_on_the_line() -> None:
    async def main() -> None:
        world = recorded()
        output = OutputDevice(PIN, initial_value=True, pin_factory=SimFactory(world))
        world.drive(PIN, 0)
        assert output.value == 0

    play(main)


def test_a_line_changes_its_direction_as_the_kernel_has_it() -> None:
    async def main() -> None:
        world = recorded()
        pin = SimFactory(world).pin(PIN)
        pin.function = "output"
        pin.function = "input"
        assert world.done == [(PIN, 0), (PIN, "released")]
        with pytest.raises(PinSetInput):
            pin.state = True
        with pytest.raises(PinInvalidFunction):
            pin.function = "sideways"

    play(main)


def test_a_rig_without_a_world_has_no_lines() -> None:
    rig: Any = SimpleNamespace(name="pi")
    with pytest.raises(BenchError, match="plays no world"):
        SimFactory.for_rig(rig, None)
