"""
Two other INA219 libraries on our bus, through adapters as thin as they can be.
"""

from __future__ import annotations

import sys
from typing import Any

from _ina219_bus import ADDRESS, Ina219Bus, module


class _GpioDevice:
    """
    What pi-ina219 asks of Adafruit_GPIO, done as that does it: words of SMBus, swapped.
    """

    def __init__(self, bus: Ina219Bus, address: int) -> None:
        self._bus, self._address = bus, address

    def writeList(self, register: int, data: list[int]) -> None:
        self._bus.write_word_data(self._address, register, data[0] | data[1] << 8)

    def readU16BE(self, register: int) -> int:
        word = self._bus.read_word_data(self._address, register) & 0xFFFF
        return ((word << 8) & 0xFF00) + (word >> 8)

    def readS16BE(self, register: int) -> int:
        word = self.readU16BE(register)
        return word - 65536 if word > 32767 else word


class _BusIO:
    """
    What Adafruit's driver asks of `busio.I2C`: nobody else wants the bus, and two bytes are a word.
    """

    def __init__(self, bus: Ina219Bus) -> None:
        self._bus = bus

    def try_lock(self) -> bool:
        return True

    def unlock(self) -> None:
        pass

    def writeto(self, address: int, buffer: Any, *, start: int = 0, end: int | None = None) -> None:
        data = bytes(buffer[start:end])
        if len(data) == 3:
            self._bus.write_word_data(address, data[0], data[1] | data[2] << 8)

    def writeto_then_readfrom(
        self,
        address: int,
        out_buffer: Any,
        in_buffer: Any,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
    ) -> None:
        word = self._bus.read_word_data(address, out_buffer[out_start])
        in_buffer[in_start] = word & 0xFF
        in_buffer[in_start + 1] = word >> 8


def pi_ina219(bus: Ina219Bus) -> Any:
    """
    Its driver, configured for this chip.
    """
    i2c = module("Adafruit_GPIO.I2C", get_i2c_device=lambda address, **_: _GpioDevice(bus, address))
    sys.modules["Adafruit_GPIO"], sys.modules["Adafruit_GPIO.I2C"] = module("Adafruit_GPIO", I2C=i2c), i2c
    from ina219 import INA219

    meter = INA219(0.1, 3.2, busnum=1, address=ADDRESS)
    meter.configure(meter.RANGE_32V, meter.GAIN_8_320MV)
    return meter


def adafruit_ina219(bus: Ina219Bus) -> Any:
    """
    Its driver, as its constructor sets it up: for 32 V and 2 A.
    """
    # Blinka brings these, to reach the pins of a board: here are one function, and types for annotations.
    typing = {"ReadableBuffer": Any, "WriteableBuffer": Any, "I2CDeviceDriver": Any}
    for name, content in (
        ("micropython", {"const": lambda number: number}),
        ("busio", {"I2C": _BusIO}),
        ("circuitpython_typing", typing),
        ("circuitpython_typing.device_drivers", typing),
    ):
        sys.modules.setdefault(name, module(name, **content))
    from adafruit_ina219 import INA219

    return INA219(_BusIO(bus), ADDRESS)
