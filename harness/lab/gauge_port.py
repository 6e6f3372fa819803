"""
The I2C bus of a unit's fuel gauge, as a Unix socket that the unit's program opens.

One JSON object a line: `{"address": 54, "write": "04", "read": 2}` writes hex digits and then, by repeated start, reads
bytes. Answered in order with `{"data": "…"}`, `{"nack": true}`, or `{"error": "…"}`.
"""

from __future__ import annotations

import json
from typing import Any

import anyio
from anyio.abc import ByteStream
from anyio.streams.buffered import BufferedByteReceiveStream

from .messages import LINE_LIMIT
from .played_board import PlayedBoard


class GaugePort:
    """
    Carries a unit's transfers to the board that pretends to be its gauge.
    """

    def __init__(self, board: PlayedBoard) -> None:
        self._board = board

    async def converse(self, stream: ByteStream) -> None:
        """
        Answers one connection until it ends.
        """
        async with stream:
            lines = BufferedByteReceiveStream(stream)
            try:
                while True:
                    answer = await self._answer(await lines.receive_until(b"\n", LINE_LIMIT))
                    await stream.send(json.dumps(answer).encode() + b"\n")
            except (anyio.EndOfStream, anyio.IncompleteRead, anyio.DelimiterNotFound, anyio.BrokenResourceError):
                return  # the unit lost its power, or talks something else

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            address, written, count = int(asked["address"]), bytes.fromhex(asked["write"]), int(asked["read"])
        except (ValueError, TypeError, KeyError) as error:
            return {"error": f"not a transfer: {error}"}
        return await self._board.i2c(address, written.hex(), count)
