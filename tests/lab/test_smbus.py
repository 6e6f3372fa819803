"""
SMBus calls that go over the socket do on the far side what they would do here.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from smbus2 import i2c_msg

from harness.lab import smbus
from harness.lab.lab_bus import LabBus


class Eeprom:
    """
    A bus with one chip of 256 bytes at 0x50, addressed by a message's first byte.
    """

    def __init__(self) -> None:
        self.content = bytearray(range(256))
        self.pointer = 0

    def read_i2c_block_data(self, address: int, register: int, length: int) -> list[int]:
        if address != 0x50:
            raise OSError(6, "No such device or address")
        return list(self.content[register : register + length])

    def i2c_rdwr(self, *messages: Any) -> None:
        for message in messages:
            if message.flags & 1:
                for index in range(message.len):
                    message.buf[index] = bytes([self.content[self.pointer + index]])
            else:
                self.pointer, *rest = list(message)
                self.content[self.pointer : self.pointer + len(rest)] = bytes(rest)


class Loopback:
    """
    A client whose requests are performed on a bus in this process, by way of JSON.
    """

    def __init__(self, bus: Any) -> None:
        self.bus = bus

    def i2c(self, bus: int, call: str, args: list[Any]) -> Any:
        return json.loads(json.dumps(smbus.perform(self.bus, call, json.loads(json.dumps(args)))))


def bus(chip: Eeprom) -> LabBus:
    client: Any = Loopback(chip)
    return LabBus(client, 1)


def test_messages_are_written_and_filled() -> None:
    chip = Eeprom()
    read: Any
    write, pointer, read = i2c_msg.write(0x50, [16, 1, 2, 3]), i2c_msg.write(0x50, [15]), i2c_msg.read(0x50, 4)
    bus(chip).i2c_rdwr(write, pointer, read)
    assert list(read) == [15, 1, 2, 3]
    assert chip.content[16:19] == bytes([1, 2, 3])


def test_a_block_is_a_list_of_bytes_and_an_absent_chip_an_oserror() -> None:
    assert bus(Eeprom()).read_i2c_block_data(0x50, 7, 3) == [7, 8, 9]
    with pytest.raises(OSError, match="No such device"):
        bus(Eeprom()).read_i2c_block_data(0x51, 7, 3)


def test_only_smbus_calls_are_performed() -> None:
    with pytest.raises(LookupError, match="no SMBus call 'close'"):
        smbus.perform(Eeprom(), "close", [])
