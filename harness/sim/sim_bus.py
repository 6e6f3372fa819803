"""
An smbus2-shaped I2C bus on which the simulated world's chips answer.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Any

from .. import clock
from ..errors import BenchError
from ..model.rig import RigSpec
from .world import Chip, World

_READ = 0x0001  # I2C_M_RD, linux/i2c.h

# UM10204, 3.1: eight bits and an acknowledgement, and by how much a start, another one and a stop lengthen it all.
_BYTE_CLOCKS, _FRAME_CLOCKS = 9, 3


class SimBus:
    """
    One bus of the world. SMBus words come least significant byte first, the chips send the most significant first.

    At `clock_hz` what is sent takes its time, where time is virtual; without one it takes none.
    """

    def __init__(self, world: World, number: int, clock_hz: float | None = None) -> None:
        self.number = number
        self._clock_hz = clock_hz
        self._world = world
        self._pointers: dict[int, int] = {}

    @classmethod
    def for_rig(cls, rig: RigSpec, world: World | None, number: int) -> SimBus:
        """
        A bus of a rig. Raises BenchError when no world is played for it.
        """
        if world is None:
            raise BenchError(f"rig '{rig.name}' plays no world: the I2C driver 'sim' has no bus to offer")
        return cls(world, number, None if rig.i2c is None else rig.i2c.clock_hz)

    def close(self) -> None:
        """
        Lets go of the bus.
        """
        self._pointers.clear()

    def read_byte(self, address: int, force: bool | None = None) -> int:
        """
        Reads a byte where the register pointer stands. Raises OSError.
        """
        return self._read(address, self._pointers.get(address, 0), 1)[0]

    def write_byte(self, address: int, value: int, force: bool | None = None) -> None:
        """
        Moves the register pointer. Raises OSError.
        """
        self._write(address, value, b"")

    def read_byte_data(self, address: int, register: int, force: bool | None = None) -> int:
        """
        Reads a register's first byte. Raises OSError.
        """
        return self._read(address, register, 1)[0]

    def write_byte_data(self, address: int, register: int, value: int, force: bool | None = None) -> None:
        """
        Writes one byte to a register. Raises OSError.
        """
        self._write(address, register, bytes([value]))

    def read_word_data(self, address: int, register: int, force: bool | None = None) -> int:
        """
        Reads a word, in SMBus order. Raises OSError.
        """
        return int.from_bytes(self._read(address, register, 2), "little")

    def write_word_data(self, address: int, register: int, value: int, force: bool | None = None) -> None:
        """
        Writes a word, in SMBus order. Raises OSError.
        """
        self._write(address, register, value.to_bytes(2, "little"))

    def read_i2c_block_data(self, address: int, register: int, length: int, force: bool | None = None) -> list[int]:
        """
        Reads bytes as the chip sends them. Raises OSError.
        """
        return list(self._read(address, register, length))

    def write_i2c_block_data(self, address: int, register: int, data: Sequence[int], force: bool | None = None) -> None:
        """
        Writes bytes as the chip takes them. Raises OSError.
        """
        self._write(address, register, bytes(data))

    def i2c_rdwr(self, *messages: Any) -> None:
        """
        Carries out smbus2 messages: a write's first byte is the register pointer. Raises OSError.
        """
        for message in messages:
            if message.flags & _READ:
                data = self._read(message.addr, self._pointers.get(message.addr, 0), message.len)
                for index, value in enumerate(data):
                    message.buf[index] = value
            elif message.len:
                register, *rest = bytes(message)
                self._write(message.addr, register, bytes(rest))
            else:
                self._chip(message.addr)

    def _read(self, address: int, register: int, length: int) -> bytes:
        # The address goes twice: to write the register's number, and to read.
        self._pass(3 + length)
        data = self._chip(address).read(register, length)
        self._pointers[address] = register
        return data

    def _write(self, address: int, register: int, data: bytes) -> None:
        # Without data only the register pointer moves.
        self._pass(2 + len(data))
        self._chip(address).write(register, data)
        self._pointers[address] = register

    def _pass(self, length: int) -> None:
        """
        Lets the time pass that so many bytes take, addresses and registers' numbers among them.
        """
        if self._clock_hz is not None:
            clock.spend(round((_BYTE_CLOCKS * length + _FRAME_CLOCKS) / self._clock_hz * clock.NS_PER_S))

    def _chip(self, address: int) -> Chip:
        chip = self._world.chips.get((self.number, address))
        if chip is None:
            raise OSError(errno.ENXIO, "No such device or address")
        return chip
