"""
A board of the lab: the real firmware on the real MicroPython, its pins wired to the played world.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import anyio.to_thread
from anyio.abc import ByteStream, TaskStatus
from anyio.streams.buffered import BufferedByteReceiveStream

from ..board.failures import BoardError
from ..board.vm import VMBoard
from ..clock import now_ns
from ..config.data import data
from ..errors import BenchError
from ..model.world import BoardSpec
from ..sim.world import World
from .messages import LINE_LIMIT
from .virtual_machine import node_modules

# GPIO of the e-stop's contact, which is open when it stops (firmware/pins.py).
_ESTOP = 14
_ADC_MAX = 65535

# How often its analog inputs follow their rails, and how long it may take to answer.
_LOOK_EVERY_S = 0.01
_ANSWER_S = 1.0

Message = dict[str, Any]


class PlayedBoard:
    """
    A virtual board whose outputs drive the world's lines of its name. `play` it while it is `powered`.

    Attributes:
        path: its serial port, once it runs.
    """

    def __init__(self, name: str, spec: BoardSpec, world: World) -> None:
        self.name, self.spec, self._world = name, spec, world
        self.path = ""
        self._board: VMBoard | None = None
        self._levels: dict[int, int | None] = {}
        self._numbers = itertools.count(1)
        self._asked: dict[int, Callable[[Message], None]] = {}
        self._say, self._said = anyio.create_memory_object_stream[Message](1000)

    @asynccontextmanager
    async def powered(self) -> AsyncIterator[None]:
        """
        Gives it power, until it is left. Raises BenchError when it does not start.
        """
        try:
            self._board = board = await anyio.to_thread.run_sync(self._start)
        except BoardError as error:
            raise BenchError(f"board '{self.name}': {error}") from error
        self.path = board.path
        try:
            yield
        finally:
            board.close()

    async def play(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """
        Plays it while it has power, until it is cancelled or its process ends: its lines then float.
        """
        assert self._board is not None
        try:
            async with await anyio.connect_unix(self._board.world) as stream, anyio.create_task_group() as tasks:
                tasks.start_soon(self._speak, stream)
                tasks.start_soon(self._follow_rails)
                await self._listen(stream, task_status)
                tasks.cancel_scope.cancel()
        finally:
            for pin in self._levels:
                self._world.release(pin, self.name)
            self._levels.clear()

    def seen(self) -> Message:
        """
        What can be seen of it: its port, process id, and the levels of its outputs by GPIO.
        """
        pid = None if self._board is None else self._board.process.pid
        return {"port": self.path, "pid": pid, "levels": {str(pin): at for pin, at in self._levels.items()}}

    def set_level(self, pin: int, level: int) -> None:
        """
        Applies a level to an input: an edge to stamp, or the e-stop.
        """
        self._say.send_nowait({"pin": pin, "level": level})

    async def i2c(self, address: int, written: str, count: int) -> Message:
        """
        One transaction of the DUT with the board's gauge, bytes in hex digits: `data`, or `nack`; `error` when the
        board does not answer.
        """
        answered, answers = anyio.Event(), []

        def take(answer: Message) -> None:
            answers.append(answer)
            answered.set()

        number = next(self._numbers)
        self._asked[number] = take
        try:
            with anyio.move_on_after(_ANSWER_S):
                await self._say.send({"id": number, "i2c": address, "write": written, "read": count})
                await answered.wait()
        finally:
            self._asked.pop(number, None)
        if not answers:
            return {"error": f"board '{self.name}' does not answer"}
        return {key: value for key, value in answers[0].items() if key != "id"}

    def _start(self) -> VMBoard:
        return VMBoard(
            firmware=data("firmware"),
            fixtures=data("fixtures") / "board",
            vm=node_modules(),
            inputs={_ESTOP: int(self.spec.stopped)},
            ppm=self.spec.crystal_ratio * 1e6,
        )

    async def _speak(self, stream: ByteStream) -> None:
        # Its process may have ended, which is `_listen`'s to see: nobody hears any more.
        with suppress(anyio.BrokenResourceError):
            async for message in self._said:
                await stream.send(json.dumps(message).encode() + b"\n")

    async def _listen(self, stream: ByteStream, task_status: TaskStatus[None]) -> None:
        lines = BufferedByteReceiveStream(stream)
        try:
            while True:
                message = json.loads(await lines.receive_until(b"\n", LINE_LIMIT))
                self._take(message)
                if "booted" in message:
                    task_status.started()
                    task_status = anyio.TASK_STATUS_IGNORED
        except (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError):
            return  # its process ended: a board without power

    def _take(self, message: Message) -> None:
        if "id" in message:
            if take := self._asked.get(message["id"]):
                take(message)
        elif "pin" in message:
            self._drive(message["pin"], message["level"], message["t_us"] * 1000)
        elif "booted" in message:
            for pin, level in message["pins"].items():
                self._drive(int(pin), level, None)

    def _drive(self, pin: int, level: int | None, at_ns: int | None) -> None:
        self._levels[pin] = level
        if level is None:
            self._world.release(pin, self.name, at_ns)
        else:
            self._world.drive(pin, level, self.name, at_ns)

    async def _follow_rails(self) -> None:
        shown: dict[int, int] = {}
        while self.spec.analog:
            for analog in self.spec.analog:
                value = self._raw(analog.rail, analog.full_scale_v)
                if shown.get(analog.pin) != value:
                    shown[analog.pin] = value
                    await self._say.send({"adc": analog.pin, "value": value})
            await anyio.sleep(_LOOK_EVERY_S)

    def _raw(self, rail: str, full_scale_v: float) -> int:
        share = self._world.rails[rail].voltage_v(now_ns()) / full_scale_v
        return min(_ADC_MAX, round(share * _ADC_MAX))
