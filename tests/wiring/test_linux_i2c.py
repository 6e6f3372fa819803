"""
Linux's I2C buses, as far as a machine without one can tell.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import smbus2.smbus2
from smbus2 import SMBus

from harness.devices.ina226 import INA226
from harness.errors import DeviceError, UsageError
from harness.model.rig import DeviceSpec
from harness.wiring import linux_i2c
from harness.wiring.linux_i2c import LinuxI2C


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    for name in ("i2c-1", "i2c-20", "i2c-mux"):
        (tmp_path / name).touch()
    return tmp_path


def test_it_is_smbus2s_own() -> None:
    assert issubclass(LinuxI2C, SMBus)


class Kernel:
    """
    Answers smbus2's calls: a word at each address and register, or an error.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.address = 0
        self.errno = 0
        self.forced = 0
        monkeypatch.setattr(linux_i2c, "ioctl", self)
        monkeypatch.setattr(smbus2.smbus2, "ioctl", self)

    def __call__(self, _: int, request: int, argument: Any) -> int:
        if request == smbus2.smbus2.I2C_SLAVE:
            self.address = argument
        elif request == smbus2.smbus2.I2C_SLAVE_FORCE:
            self.address, self.forced = argument, self.forced + 1
        elif request == smbus2.smbus2.I2C_SMBUS:
            if self.errno:
                raise OSError(self.errno, "trouble")
            assert (argument.read_write, argument.size) == (1, 3)
            argument.data.contents.word = self.address << 8 | argument.command
        return 0


def test_a_word_is_read_as_smbus2_reads_it_from_whichever_chip_and_register(
    dev: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Kernel(monkeypatch)
    ours, theirs = LinuxI2C(1, dev), SMBus(str(dev / "i2c-20"))
    for address, register in ((0x40, 1), (0x40, 2), (0x41, 1), (0x40, 1), (0x41, 0xFF)):
        assert ours.read_word_data(address, register) == address << 8 | register
        assert ours.read_word_data(address, register) == theirs.read_word_data(address, register)


def test_a_chip_is_taken_from_its_kernel_driver_for_the_read_that_says_so_alone(
    dev: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(monkeypatch)
    bus = LinuxI2C(1, dev)
    calls: list[int] = []
    for force in (None, True, True, None, False):
        kernel.address = 0x40
        assert bus.read_word_data(0x40, 1, force=force) == 0x4001
        calls.append(kernel.forced)
        assert bus._force_last is bool(force)  # type: ignore[attr-defined]
    assert calls == [0, 1, 1, 1, 1]


def test_a_word_that_cannot_be_read_is_an_error_and_no_word_of_before(
    dev: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(monkeypatch)
    bus = LinuxI2C(1, dev)
    bus.read_word_data(0x40, 1)
    kernel.errno = 121
    with pytest.raises(OSError, match="trouble"):
        bus.read_word_data(0x40, 1)


def test_a_bus_that_is_not_there_names_the_nearest(dev: Path) -> None:
    with pytest.raises(DeviceError, match=r"I2C bus 21: there is no .*/i2c-21; did you mean '.*/i2c-(20|1)'"):
        LinuxI2C(21, dev)


def test_a_machine_without_buses_is_told_the_cure(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="enable I2C"):
        LinuxI2C(1, tmp_path)


def test_what_is_no_i2c_bus_is_a_device_error(dev: Path) -> None:
    with pytest.raises(DeviceError, match="is no usable I2C bus"):
        LinuxI2C(1, dev)


def test_a_rig_is_checked_by_its_file_and_key_before_anything_is_opened(dev: Path) -> None:
    def rig_with(bus: int) -> Any:
        meter = DeviceSpec(name="meter", kind="ina226", config=INA226.Config(bus=bus))
        return SimpleNamespace(path=Path("rigs/bench.toml"), devices={"meter": meter})

    LinuxI2C.check_rig(rig_with(20), dev)
    with pytest.raises(UsageError) as caught:
        LinuxI2C.check_rig(rig_with(2), dev)
    assert str(caught.value).startswith(f"rigs/bench.toml: devices.meter.bus: there is no {dev}/i2c-2; did you mean")


def test_a_rig_whose_bus_is_missing_is_a_device_error() -> None:
    with pytest.raises(DeviceError, match="i2c-987"):
        LinuxI2C.for_rig(SimpleNamespace(), None, 987)  # type: ignore[arg-type]
