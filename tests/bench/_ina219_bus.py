"""
One INA219 on a bus that is the real smbus2 down to its system call; there a table of registers stands in for the wire.
"""

from __future__ import annotations

import time
from pathlib import Path
from types import ModuleType
from typing import Any

import smbus2.smbus2 as smbus2_module
from smbus2 import SMBus

from harness.wiring import linux_i2c

ADDRESS = 0x40
CONFIGURATION, SHUNT, BUS, POWER, CURRENT, CALIBRATION = range(6)

# Datasheet SBOS448G, table 2 and section 8.6.3: what a reset leaves, and its bit; conversion ready.
_POWER_ON, _RST, _READY = 0x399F, 0x8000, 1 << 1

# Clocks to a word that is read: start, address, register, start again, address again, two bytes, stop; each byte with
# its acknowledgement. One that is written needs no second start, and the address once.
READ_CLOCKS, WRITE_CLOCKS = 48, 38


class Ina219Bus(SMBus):  # type: ignore[misc]
    """
    A bus at `clock_hz`, or one that takes no time at all. Every look finds a new conversion: 5 V, and 0.5 A over 0.1 Ω.
    """

    def __init__(self, clock_hz: float | None = None) -> None:
        super().__init__()
        self.fd = -1
        clock_ns = 0 if clock_hz is None else 1e9 / clock_hz
        self._read_ns, self._write_ns = round(READ_CLOCKS * clock_ns), round(WRITE_CLOCKS * clock_ns)
        self._words = {
            CONFIGURATION: _POWER_ON,
            SHUNT: 5000,
            BUS: 1250 << 3 | _READY,
            POWER: 2500,
            CURRENT: 5000,
            CALIBRATION: 4096,
        }

    def close(self) -> None:
        """
        There is no file to close.
        """

    def transfer(self, message: Any) -> None:
        """
        What the kernel would do with one message, in the time that it takes on the wire.

        That is processor time, as whoever measures counts it: while another process has the core, no bit passes.
        """
        wire_ns = self._read_ns if message.read_write else self._write_ns
        ends_ns = time.process_time_ns() + wire_ns if wire_ns else 0
        if message.read_write:
            message.data.contents.word = _swapped(self._words[message.command])
        else:
            self._put(message.command, _swapped(message.data.contents.word))
        while wire_ns and time.process_time_ns() < ends_ns:
            pass

    def _put(self, register: int, word: int) -> None:
        self._words[register] = _POWER_ON if register == CONFIGURATION and word & _RST else word


class OurBus(linux_i2c.LinuxI2C):
    """
    The bus of a rig on this machine, and the wiring that gives it to a driver.
    """

    def i2c_bus(self, _: int) -> OurBus:
        """
        This bus.
        """
        return self


def our_bus(folder: Path) -> OurBus:
    """
    Ours, on a file that stands in for the device's.
    """
    (folder / "i2c-1").touch()
    return OurBus(1, folder)


def stand_in_for_the_kernel(bus: Ina219Bus) -> None:
    """
    Has smbus2, and ours, speak to this bus from now on.
    """

    def ioctl(_: int, request: int, message: Any) -> int:
        if request == smbus2_module.I2C_SMBUS:
            bus.transfer(message)
        return 0

    smbus2_module.ioctl = ioctl
    linux_i2c.ioctl = ioctl  # type: ignore[attr-defined]


def _swapped(word: int) -> int:
    return (word & 0xFF) << 8 | word >> 8


def module(name: str, **content: Any) -> ModuleType:
    """
    A module of that name with that content, for a library that imports more than it needs.
    """
    made = ModuleType(name)
    vars(made).update(content)
    return made
