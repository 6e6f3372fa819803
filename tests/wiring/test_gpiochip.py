"""
The pin factory for any Linux board, over a module shaped like lgpio.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gpiozero import Button, OutputDevice, PinInvalidPin
from gpiozero.exc import PinFixedPull, PinInvalidFunction, PinInvalidPull, PinSetInput, PinSPIUnsupported

from harness.devices.relay import Relay
from harness.errors import DeviceError, UsageError
from harness.model.rig import GpioSpec
from harness.wiring._chips import label_of
from harness.wiring.gpiochip import GpiochipFactory
from tests.sim.played import Scribe, Wires, play, world_of
from tests.wiring.fake_lgpio import FakeLgpio, chips

LINE = 17


@pytest.fixture
def lgpio() -> FakeLgpio:
    return FakeLgpio()


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    return chips(tmp_path)


@pytest.fixture
def factory(lgpio: FakeLgpio, dev: Path) -> GpiochipFactory:
    return GpiochipFactory(0, lgpio=lgpio, dev=dev, label_of=lgpio.label_of)


@pytest.mark.parametrize("active_high", [True, False])
@pytest.mark.parametrize("initial", [True, False])
def test_an_output_is_claimed_at_its_level_and_never_at_another(
    lgpio: FakeLgpio, factory: GpiochipFactory, active_high: bool, initial: bool
) -> None:
    output = OutputDevice(LINE, active_high=active_high, initial_value=initial, pin_factory=factory)
    level = int(initial == active_high)
    assert lgpio.done == [("output", LINE, level)]
    output.toggle()
    assert output.value == int(not initial)
    assert lgpio.done == [("output", LINE, level), ("write", LINE, 1 - level)]


@pytest.mark.parametrize(("level", "pull"), [(True, FakeLgpio.SET_PULL_UP), (False, FakeLgpio.SET_PULL_DOWN)])
def test_an_output_is_pulled_to_where_it_was_taken(
    lgpio: FakeLgpio, factory: GpiochipFactory, level: bool, pull: int
) -> None:
    with OutputDevice(LINE, initial_value=level, pin_factory=factory) as output:
        output.toggle()
        assert lgpio.pulls == {LINE: pull}


def test_closing_frees_the_line_without_making_it_an_input(lgpio: FakeLgpio, factory: GpiochipFactory) -> None:
    output = OutputDevice(LINE, initial_value=True, pin_factory=factory)
    output.close()
    assert lgpio.done == [("output", LINE, 1), ("free", LINE)]
    again = OutputDevice(LINE, initial_value=True, pin_factory=factory)
    factory.close()
    factory.close()
    assert not again.closed
    assert lgpio.done[2:] == [("output", LINE, 1), ("free", LINE)]
    assert lgpio.open == []


def test_a_relay_on_it_moves_only_as_it_is_told(lgpio: FakeLgpio, factory: GpiochipFactory) -> None:
    async def main() -> None:
        relay = Relay("mains", Relay.Config(pin=LINE), Wires(world_of(Scribe()), factory=factory))
        await relay.open()
        await relay.off()
        await relay.on()
        await relay.aclose()

    play(main)
    assert lgpio.done == [("output", LINE, 1), ("write", LINE, 0), ("write", LINE, 1), ("free", LINE)]


@pytest.mark.parametrize("chip", [1, "1", "gpiochip1", "brcmvirt-gpio"])
def test_a_chip_goes_by_number_path_or_label(lgpio: FakeLgpio, dev: Path, chip: int | str) -> None:
    assert GpiochipFactory(chip, lgpio=lgpio, dev=dev, label_of=lgpio.label_of).chip == dev / "gpiochip1"
    assert (
        GpiochipFactory(str(dev / "gpiochip1"), lgpio=lgpio, dev=dev, label_of=lgpio.label_of).label == "brcmvirt-gpio"
    )
    assert lgpio.open == [1, 1]


def test_a_link_to_a_chip_is_that_chip(lgpio: FakeLgpio, dev: Path) -> None:
    (dev / "relays").symlink_to(dev / "gpiochip1")
    assert GpiochipFactory(str(dev / "relays"), lgpio=lgpio, dev=dev, label_of=lgpio.label_of).chip == dev / "gpiochip1"


def test_it_says_which_chip_it_drives(factory: GpiochipFactory, dev: Path) -> None:
    assert repr(factory) == f"gpiochip ({dev}/gpiochip0, pinctrl-rp1, lgpio)"
    assert factory.board_info.description == f"{dev}/gpiochip0 (pinctrl-rp1)"


@pytest.mark.parametrize(
    ("chip", "problem"),
    [
        (7, "there is no .*gpiochip7; did you mean '.*gpiochip"),
        ("/dev/no-such-chip", "there is no /dev/no-such-chip"),
        ("pinctrl-rp2", "label 'pinctrl-rp2'; did you mean 'pinctrl-rp1'"),
        (None, "give one as gpio.chip: .*gpiochip0, .*gpiochip1"),
    ],
)
def test_a_chip_that_is_not_there_is_a_device_error(lgpio: FakeLgpio, dev: Path, chip: Any, problem: str) -> None:
    with pytest.raises(DeviceError, match=problem):
        GpiochipFactory(chip, lgpio=lgpio, dev=dev, label_of=lgpio.label_of)
    assert lgpio.open == []


@pytest.mark.parametrize("chip", [0, None, "pinctrl-rp1"])
def test_a_machine_without_chips_is_told_so(lgpio: FakeLgpio, tmp_path: Path, chip: Any) -> None:
    with pytest.raises(DeviceError, match="no GPIO chip is there at all"):
        GpiochipFactory(chip, lgpio=lgpio, dev=tmp_path, label_of=lgpio.label_of)


def test_the_only_chip_needs_no_name(lgpio: FakeLgpio, tmp_path: Path) -> None:
    assert GpiochipFactory(lgpio=lgpio, dev=chips(tmp_path, 1)).chip == tmp_path / "gpiochip0"


def test_a_chip_that_cannot_be_opened_is_a_device_error(lgpio: FakeLgpio, dev: Path) -> None:
    lgpio.refuses_to_open = True
    with pytest.raises(DeviceError, match=r"gpiochip0: cannot be opened: can not open gpiochip; .*group `gpio`"):
        GpiochipFactory(0, lgpio=lgpio, dev=dev, label_of=lgpio.label_of)


def test_a_chip_whose_label_may_not_be_asked_is_a_device_error(lgpio: FakeLgpio, dev: Path) -> None:
    def forbidden(node: Path) -> str:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(DeviceError, match=r"gpiochip0: cannot be opened: Permission denied; .*group `gpio`"):
        GpiochipFactory("pinctrl-rp1", lgpio=lgpio, dev=dev, label_of=forbidden)


def test_what_is_no_gpio_chip_has_no_label(dev: Path) -> None:
    with pytest.raises(OSError, match="ioctl"):
        label_of(dev / "gpiochip0")


def test_a_busy_line_names_who_holds_it(lgpio: FakeLgpio, factory: GpiochipFactory) -> None:
    lgpio.held_by_others[LINE] = "spi0 CS0"
    with pytest.raises(DeviceError, match=r"pin 17: cannot be had as an output: GPIO busy; it is held by 'spi0 CS0'"):
        OutputDevice(LINE, pin_factory=factory)
    lgpio.held_by_others[LINE] = ""
    with pytest.raises(DeviceError, match=r"GPIO busy$"):
        factory.pin(LINE).function = "input"


def test_any_line_of_the_chip_will_do_and_no_other(lgpio: FakeLgpio, factory: GpiochipFactory) -> None:
    last = OutputDevice(53, pin_factory=factory)
    with pytest.raises(DeviceError, match=r"pin 54: .*has lines 0 to 53"):
        OutputDevice(54, pin_factory=factory)
    with pytest.raises(PinInvalidPin):
        factory.pin("J8:11")
    assert lgpio.done == [("output", 53, 0)]
    last.close()


def test_an_input_is_claimed_with_its_pull_and_reports_edges_on_the_bench_clock(
    lgpio: FakeLgpio, factory: GpiochipFactory
) -> None:
    pin = factory.pin(LINE)
    pin.input_with_pull("up")
    assert lgpio.done == [("input", LINE, lgpio.SET_PULL_NONE), ("free", LINE), ("input", LINE, lgpio.SET_PULL_UP)]
    assert (pin.function, pin.pull, pin.state) == ("input", "up", False)
    seen: list[tuple[float, int]] = []

    def listen(ticks: float, state: int) -> None:
        seen.append((ticks, state))

    pin.bounce = 0.005
    pin.edges = "falling"
    pin.when_changed = listen
    assert lgpio.done[3:] == [("debounce", LINE, 5000), ("alert", LINE, lgpio.FALLING_EDGE, lgpio.SET_PULL_UP)]
    assert factory.stamps_edges
    lgpio.listeners[LINE](0, LINE, 0, 1_500_000_000)
    assert seen == [(1.5, 0)]
    assert (pin.bounce, pin.edges) == (0.005, "falling")
    pin.close()
    assert lgpio.listeners == {}
    assert lgpio.done[-1] == ("free", LINE)


def test_a_button_works_on_it(lgpio: FakeLgpio, factory: GpiochipFactory) -> None:
    with Button(LINE, pin_factory=factory) as button:
        assert button.is_pressed


def test_what_makes_no_sense_is_refused(factory: GpiochipFactory) -> None:
    pin = factory.pin(LINE)
    pin.function = "input"
    with pytest.raises(PinInvalidFunction):
        pin.function = "sideways"
    pin.function = "output"
    with pytest.raises(PinFixedPull):
        pin.pull = "up"
    pin.function = "input"
    with pytest.raises(PinInvalidPull):
        pin.pull = "sideways"
    with pytest.raises(PinSetInput):
        pin.state = True
    with pytest.raises(PinSPIUnsupported):
        factory.spi()


def rig_with(chip: int | str | None) -> Any:
    return SimpleNamespace(path=Path("rigs/bench.toml"), gpio=GpioSpec(factory="gpiochip", chip=chip))


def test_a_rig_is_checked_by_its_file_and_key_before_any_line_is_touched(dev: Path, lgpio: FakeLgpio) -> None:
    GpiochipFactory.check_rig(rig_with(1), dev)
    GpiochipFactory.check_rig(rig_with("brcmvirt-gpio"), dev, lgpio.label_of)
    with pytest.raises(UsageError, match=r"gpio.chip: .*did you mean 'brcmvirt-gpio'"):
        GpiochipFactory.check_rig(rig_with("bcrmvirt-gpio"), dev, lgpio.label_of)
    assert lgpio.done == []
    assert lgpio.open == []
    with pytest.raises(UsageError) as caught:
        GpiochipFactory.check_rig(rig_with(9), dev)
    problem = f"there is no {dev}/gpiochip9; did you mean '{dev}/gpiochip"
    assert str(caught.value).startswith(f"rigs/bench.toml: gpio.chip: {problem}")


def test_a_rig_whose_chip_is_missing_is_a_device_error() -> None:
    with pytest.raises(DeviceError, match="gpiochip987"):
        GpiochipFactory.for_rig(rig_with(987), None)


def test_the_fake_has_lgpios_own_functions_and_constants() -> None:
    spec = importlib.util.find_spec("lgpio")
    if spec is None or spec.origin is None:
        pytest.skip("lgpio is not installed")
    functions: dict[str, int] = {}
    constants: dict[str, int] = {}
    # Read, not imported: importing it starts a thread.
    for node in ast.parse(Path(spec.origin).read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            functions[node.name] = len(node.args.args)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            constants[node.targets[0].id] = getattr(node.value, "value", 0)
    ours = {name: value for name, value in vars(FakeLgpio).items() if name[0] != "_"}
    for name, value in ours.items():
        if inspect.isfunction(value) and name not in ("callback", "label_of"):
            assert len(inspect.signature(value).parameters) - 1 <= functions[name]
        elif isinstance(value, int):
            assert constants[name] == value
