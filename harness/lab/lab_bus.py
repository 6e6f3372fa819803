"""
An smbus2-shaped I2C bus on which the lab's chips answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..model.rig import RigSpec
from . import smbus
from .lab_client import LabClient
from .place import address as address_of


class LabBus:
    """
    One bus of the lab. Each call raises OSError with the chip's errno when the chip says no, DeviceError when the lab
    is gone.
    """

    def __init__(self, lab: LabClient, number: int) -> None:
        self._lab, self.number = lab, number

    @classmethod
    def for_rig(cls, rig: RigSpec, world: object, number: int) -> LabBus:
        """
        A bus of a rig whose lab is running. Raises DeviceError when it is not.
        """
        return cls(LabClient(address_of(rig)), number)

    def close(self) -> None:
        """
        Lets go of the bus.
        """
        self._lab.close()

    def read_byte(self, address: int, force: bool | None = None) -> int:
        """
        Reads a byte where the register pointer stands.
        """
        return int(self._call("read_byte", address))

    def write_byte(self, address: int, value: int, force: bool | None = None) -> None:
        """
        Moves the register pointer.
        """
        self._call("write_byte", address, value)

    def read_byte_data(self, address: int, register: int, force: bool | None = None) -> int:
        """
        Reads a register's first byte.
        """
        return int(self._call("read_byte_data", address, register))

    def write_byte_data(self, address: int, register: int, value: int, force: bool | None = None) -> None:
        """
        Writes one byte to a register.
        """
        self._call("write_byte_data", address, register, value)

    def read_word_data(self, address: int, register: int, force: bool | None = None) -> int:
        """
        Reads a word, in SMBus order: the least significant byte came first.
        """
        return int(self._call("read_word_data", address, register))

    def write_word_data(self, address: int, register: int, value: int, force: bool | None = None) -> None:
        """
        Writes a word, in SMBus order.
        """
        self._call("write_word_data", address, register, value)

    def read_i2c_block_data(self, address: int, register: int, length: int, force: bool | None = None) -> list[int]:
        """
        Reads bytes as the chip sends them.
        """
        return list(self._call("read_i2c_block_data", address, register, length))

    def write_i2c_block_data(self, address: int, register: int, data: Sequence[int], force: bool | None = None) -> None:
        """
        Writes bytes as the chip takes them.
        """
        self._call("write_i2c_block_data", address, register, list(data))

    def i2c_rdwr(self, *messages: Any) -> None:
        """
        Carries out smbus2 messages.
        """
        smbus.fill(messages, self._call(smbus.RDWR, *smbus.packed(messages)))

    def _call(self, name: str, *arguments: Any) -> Any:
        return self._lab.i2c(self.number, name, list(arguments))
