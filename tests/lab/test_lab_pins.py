"""
gpiozero over a lab's lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero import InputDevice, OutputDevice
from gpiozero.exc import GPIOPinInUse, PinFixedPull, PinInvalidPin

from harness.lab.lab_pins import LabFactory

# A line on which nothing hangs.
FREE = 5


class Recorder:
    """
    A lab's client that keeps what it was asked; a line that nobody drives is high.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.levels: dict[int, int] = {}
        self.lab_pid = 42

    def drive(self, pin: int, level: int) -> None:
        self.asked.append(("drive", pin, level))
        self.levels[pin] = level

    def release(self, pin: int) -> None:
        self.asked.append(("release", pin))
        self.levels.pop(pin, None)

    def level(self, pin: int, pull: int = 0) -> int:
        return self.levels.get(pin, pull if pin == FREE else 1)

    def close(self) -> None:
        self.asked.append(("close",))


@pytest.fixture
def lab() -> Recorder:
    return Recorder()


@pytest.fixture
def factory(lab: Any) -> Iterator[LabFactory]:
    with LabFactory(lab) as factory:
        yield factory


@pytest.mark.parametrize(("active_high", "on", "level"), [(True, True, 1), (True, False, 0), (False, False, 1)])
def test_an_output_goes_straight_to_its_level(
    lab: Recorder, factory: LabFactory, active_high: bool, on: bool, level: int
) -> None:
    OutputDevice(17, active_high=active_high, initial_value=on, pin_factory=factory).close()
    assert lab.asked == [("drive", 17, level)]


def test_closing_a_pin_does_not_move_it_and_closing_the_factory_lets_go_of_it(
    lab: Recorder, factory: LabFactory
) -> None:
    output = OutputDevice(17, initial_value=True, pin_factory=factory)
    output.close()
    factory.close()
    assert lab.asked == [("drive", 17, 1), ("close",)]


def test_an_output_reads_back_what_is_on_the_line(lab: Recorder, factory: LabFactory) -> None:
    output = OutputDevice(17, active_high=False, initial_value=True, pin_factory=factory)
    assert output.value == 1
    lab.levels[17] = 1
    assert output.value == 0


def test_an_input_floats_to_the_worlds_pull(lab: Recorder, factory: LabFactory) -> None:
    button = InputDevice(4, pull_up=None, active_state=True, pin_factory=factory)
    assert button.value == 1
    assert lab.asked == [("release", 4)]

    free = InputDevice(FREE, pull_up=False, pin_factory=factory)
    assert (free.pin.state, free.pin.pull) == (0, "down")
    free.pin.pull = "up"
    assert free.pin.state == 1
    with pytest.raises(PinFixedPull):
        OutputDevice(6, pin_factory=factory).pin.pull = "up"


def test_any_line_has_a_pin_and_only_one_device(factory: LabFactory) -> None:
    output = OutputDevice(612, pin_factory=factory)
    with pytest.raises(GPIOPinInUse):
        OutputDevice("GPIO612", pin_factory=factory)
    with pytest.raises(PinInvalidPin):
        OutputDevice("relay", pin_factory=factory)
    output.close()
