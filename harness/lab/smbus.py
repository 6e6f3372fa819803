"""
SMBus calls as JSON: the names and arguments are smbus2's, messages are `[address, flags, length or bytes]`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from smbus2 import i2c_msg

CALLS = (
    "read_byte",
    "write_byte",
    "read_byte_data",
    "write_byte_data",
    "read_word_data",
    "write_word_data",
    "read_i2c_block_data",
    "write_i2c_block_data",
)
RDWR = "i2c_rdwr"

_READ = 0x0001  # I2C_M_RD, linux/i2c.h


def perform(bus: Any, call: str, args: list[Any]) -> Any:
    """
    Makes a call on a bus. Raises OSError as the bus does, LookupError for a call that is none of them.
    """
    if call in CALLS:
        return getattr(bus, call)(*args)
    if call != RDWR:
        raise LookupError(f"no SMBus call '{call}'")
    messages = [_message(*fields) for fields in args]
    bus.i2c_rdwr(*messages)
    return [list(message) if message.flags & _READ else None for message in messages]


def packed(messages: Iterable[Any]) -> list[list[Any]]:
    """
    smbus2's messages as they go over the socket.
    """
    return [[m.addr, m.flags, m.len if m.flags & _READ else list(m)] for m in messages]


def fill(messages: Iterable[Any], contents: Iterable[list[int] | None]) -> None:
    """
    Puts what was read into the messages that asked for it.
    """
    for message, content in zip(messages, contents, strict=True):
        for index, value in enumerate(content or ()):
            message.buf[index] = value


def _message(address: int, flags: int, content: Any) -> Any:
    return i2c_msg.read(address, content) if flags & _READ else i2c_msg.write(address, content)
