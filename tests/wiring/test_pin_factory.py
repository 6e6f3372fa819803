"""
Which pin factory a rig gets, and what it is told when that cannot be had.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory
from gpiozero.pins.native import NativeFactory

from harness import plugins
from harness.assemble.wires import RigWires
from harness.errors import BenchError, UsageError
from harness.model.rig import GpioSpec
from harness.wiring import pin_factory
from harness.wiring.gpiochip import GpiochipFactory
from tests.wiring.fake_lgpio import FakeLgpio, chips


def rig_with(factory: str, chip: int | str | None = None) -> Any:
    return SimpleNamespace(
        path=Path("rigs/bench.toml"), gpio=GpioSpec(factory=factory, chip=chip), i2c=None, is_virtual=False, world=None
    )


def test_gpiozeros_own_over_lgpio_is_the_cured_one_and_says_so() -> None:
    assert pin_factory.loaded(rig_with("lgpio", 0)) is GpiochipFactory
    assert RigWires(rig_with("lgpio", "pinctrl-rp1")).told() == "gpio: gpiochip (for lgpio) on pinctrl-rp1"
    assert RigWires(rig_with("gpiochip", 0)).told() == "gpio: gpiochip on 0"
    assert RigWires(rig_with("native")).told() == "gpio: native"


@pytest.mark.parametrize(
    ("factory", "chip"),
    [
        ("gpiochip", 0),
        ("gpiochip", "0"),
        ("gpiochip", "gpiochip0"),
        ("gpiochip", "{dev}/gpiochip0"),
        ("gpiochip", "{dev}/relays"),
        ("gpiochip", "pinctrl-rp1"),
        ("lgpio", "pinctrl-rp1"),
        ("rpigpio", None),
        ("native", None),
    ],
)
def test_lines_have_one_name_however_their_chip_is_spelled(
    tmp_path: Path, factory: str, chip: int | str | None
) -> None:
    dev = chips(tmp_path)
    (dev / "relays").symlink_to(dev / "gpiochip0")
    spelled = chip.format(dev=dev) if isinstance(chip, str) else chip
    assert pin_factory.lines_of(rig_with(factory, spelled), dev, FakeLgpio().label_of) == f"{dev}/gpiochip0"


def test_lines_whose_chip_is_not_there_go_by_what_the_rig_says(tmp_path: Path) -> None:
    names = [pin_factory.lines_of(rig_with(*each), tmp_path) for each in (("gpiochip", 0), ("rpigpio",), ("mock",))]
    assert names == ["gpiochip 0", "rpigpio", "mock"]


def test_what_becomes_of_lines_is_foreseen_where_the_chip_is(tmp_path: Path) -> None:
    dev, lgpio = chips(tmp_path), FakeLgpio()
    declared = rig_with("gpiochip", 1)
    declared.gpio = replace(declared.gpio, released_lines="persist")
    assert pin_factory.foreseen(rig_with("gpiochip", 1), dev, lgpio.label_of) == "unknown"
    assert pin_factory.foreseen(declared, dev, lgpio.label_of) == "persist"
    assert pin_factory.foreseen(rig_with("gpiochip", 7), dev, lgpio.label_of) is None
    assert pin_factory.foreseen(rig_with("rpigpio"), dev, lgpio.label_of) is None


def test_a_chip_that_is_not_there_is_the_callers_error_also_for_lgpio() -> None:
    with pytest.raises(UsageError, match=r"^rigs/bench.toml: gpio.chip: .*gpiochip"):
        RigWires(rig_with("lgpio", "gpiochip971")).check(there=True)


@pytest.mark.parametrize("factory", ["native", "mock"])
def test_a_factory_that_takes_no_chip_is_given_none(factory: str) -> None:
    problem = f"^rigs/bench.toml: gpio.chip: the pin factory '{factory}' takes no chip; leave it out, or write"
    for there in (False, True):
        with pytest.raises(UsageError, match=problem):
            RigWires(rig_with(factory, "gpiochip0")).check(there=there)
    with pytest.raises(UsageError, match=problem):
        RigWires(rig_with(factory, 0)).pin_factory()


def test_a_package_that_is_missing_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("RPi", "gpiozero.pins.rpigpio"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "RPi", None)
    with pytest.raises(UsageError) as caught:
        RigWires(rig_with("rpigpio")).check(there=False)
    told = str(caught.value)
    assert told.startswith("rigs/bench.toml: gpio.factory: the pin factory 'rpigpio' needs the Python package 'RPi")
    assert "crashbench[rpi-gpio]" in told
    assert "crashbench[rpi-lgpio]" in told


def saying(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """
    Has the class of every factory be something that raises this when it is made.
    """

    def broken() -> Any:
        raise error

    monkeypatch.setattr(plugins, "seam", lambda group, name: broken)


def test_a_library_that_does_not_like_the_machine_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def seam(group: str, name: str) -> Any:
        raise RuntimeError("This module can only be run on a Raspberry Pi!")

    monkeypatch.setattr(plugins, "seam", seam)
    problem = r"'rpigpio' cannot be had: This module can only be run on a Raspberry Pi!; write `factory = .gpiochip.`"
    with pytest.raises(UsageError, match=problem):
        RigWires(rig_with("rpigpio")).check(there=False)


def test_lgpio_that_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    saying(monkeypatch, ModuleNotFoundError("No module named 'lgpio'", name="lgpio"))
    problem = r"^rigs/bench.toml: gpio.factory: .*'gpiochip' needs the Python package 'lgpio': .*crashbench\[pi\]"
    with pytest.raises(UsageError, match=problem):
        RigWires(rig_with("gpiochip")).pin_factory()


def test_hardware_that_does_not_answer_is_the_benchs_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    saying(monkeypatch, OSError("no /dev/gpiomem"))
    with pytest.raises(BenchError, match=r"^rigs/bench.toml: gpio.factory: 'native' cannot be had: no /dev/gpiomem"):
        RigWires(rig_with("native")).pin_factory()


class NoPi(NativeFactory):  # type: ignore[misc]
    """
    gpiozero's own on a machine that is none; without its memory.
    """

    def __init__(self) -> None:
        super(NativeFactory, self).__init__()

    def close(self) -> None:
        self.pins.clear()


def test_a_machine_that_is_no_pi_is_told_so_before_the_first_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    if Path("/proc/device-tree/system/linux,revision").exists():
        pytest.skip("this is a Pi")
    monkeypatch.setattr(plugins, "seam", lambda group, name: NoPi)
    with pytest.raises(UsageError, match=r"gpio.factory: .*Pi revision.*; write `factory = .gpiochip.`"):
        RigWires(rig_with("native")).pin_factory()


def test_a_pis_revision_is_told_to_the_library_that_looks_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", lambda: 0xC03114)
    monkeypatch.setattr(plugins, "seam", lambda group, name: MockFactory)
    monkeypatch.setenv("RPI_LGPIO_REVISION", "d04170")
    pin_factory.loaded(rig_with("rpigpio"))
    assert os.environ["RPI_LGPIO_REVISION"] == "d04170"
    monkeypatch.delenv("RPI_LGPIO_REVISION")
    pin_factory.loaded(rig_with("native"))
    assert "RPI_LGPIO_REVISION" not in os.environ
    pin_factory.loaded(rig_with("rpigpio"))
    assert os.environ["RPI_LGPIO_REVISION"] == "c03114"


_OVER_LGPIO = """
import os, sys, types
from pathlib import Path
from types import SimpleNamespace
from harness import plugins
from harness.model.rig import GpioSpec
from harness.wiring import pin_factory
def seam(group, name):
    import lgpio
    return dict
plugins.seam = seam
here = os.getcwd()
pin_factory.loaded(SimpleNamespace(path=Path("rig.toml"), gpio=GpioSpec(factory="somebodys")))
assert os.getcwd() == here, "it changed the working directory"
"""


def test_a_factory_over_lgpio_leaves_the_working_directory_alone(tmp_path: Path) -> None:
    pytest.importorskip("_lgpio")
    environment = {k: v for k, v in os.environ.items() if k != "LG_WD"}
    environment["PYTHONPATH"] = str(Path(__file__).parent.parent.parent)
    subprocess.run([sys.executable, "-c", _OVER_LGPIO], cwd=tmp_path, env=environment, check=True, timeout=30)
    assert list(tmp_path.iterdir()) == []


def test_gpiozero_is_not_imported_before_a_factory_is_made() -> None:
    program = "import sys, harness.assemble.wires; sys.exit('gpiozero' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=30)
