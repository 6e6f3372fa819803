"""
A board in this process: the firmware's own code on virtual peripherals, moved on by whoever owns the time.

No thread, no socket, no real clock: the same seed and the same calls give the same bytes. It is a `channel.Channel` for
the host and offers the outside that `seam.World` offers for the virtual board.
"""

from __future__ import annotations

import random
import types
from collections import deque
from collections.abc import Callable
from pathlib import Path

from . import frames, protocol
from .channel import Message, Reply
from .failures import BoardError, BoardRebooted, BoardSilent, RequestRefused
from .firmware import Loader
from .seam import PinChange

_COUNTER = 1 << 30
# The widening of the counter and the gauge's drift need a tick now and then, however far the time jumps.
_TICK_US = 1_000_000


class InProcessBoard:
    """
    The firmware in `firmware`, with the virtual peripherals of `fixtures` (the project's `fixtures/board/`).

    `now_ns` is the bench clock; `changed` is called at every change of an output. Whoever owns the time calls `run` at
    the latest when `next_due_ns` says so.
    """

    def __init__(
        self,
        *,
        firmware: Path,
        fixtures: Path,
        now_ns: Callable[[], int],
        changed: Callable[[PinChange], None] = lambda change: None,
        inputs: dict[int, int] | None = None,
        seed: int = 0,
    ) -> None:
        self._folders = [firmware, fixtures]
        self._now_ns = now_ns
        self._changed = changed
        self._random = random.Random(seed)
        self._inputs = {14: 0} | (inputs or {})
        self._adc: dict[int, int] = {}
        self._seq = 0
        self._events: deque[Message] = deque()
        self._boot_id: int | None = None
        self.levels: dict[int, int | None] = {}
        self.duties: dict[int, int] = {}
        self._start()

    def run(self) -> None:
        """
        Moves the board on to the bench clock's now: timers fire in order, each at its own time.
        """
        self._run_until(self._us())

    def next_due_ns(self) -> int | None:
        """
        When something will happen on the board by itself: a scheduled switching, or the dead-man. None: nothing will.
        """
        dues = [due for due, period in self._timers.values() if not period]
        silence_us = self._core.trips_in_us()
        if silence_us is not None:
            limit = self._at_us + silence_us
            dues += [due + max(0, -(-(limit + 1 - due) // period)) * period for due, period in self._beats()]
        return self._born_ns + min(dues) * 1000 if dues else None

    def request(self, name: str, payload: bytes = b"", *, timeout_s: float = 1.0, is_hello: bool = False) -> Reply:
        """
        One request and its answer, in no time.

        Raises:
            RequestRefused: the board said no.
            BoardRebooted: it was reset since its hello.
            BoardSilent: it did not answer.
        """
        self.run()
        now_ns = self._now_ns()
        self._seq = (self._seq + 1) & 0xFF
        self._core.feed(frames.encode(self._seq, protocol.OPS[name].number, payload))
        answer = next((frame for frame in self._received() if frame.seq == self._seq), None)
        if self._is_reset:
            self._start()
        if answer is None:
            raise BoardSilent(f"{name}: no answer")
        if answer.op == protocol.ERROR:
            if answer.payload[1] == protocol.NO_HELLO:
                raise BoardRebooted("the board has restarted; greet it again and set it up anew")
            raise RequestRefused(name, answer.payload[1], answer.payload[2:].decode())
        return Reply(answer.payload, now_ns, now_ns)

    def event(self, timeout_s: float) -> Message | None:
        """
        The oldest event so far, or None; it never waits.
        """
        self.run()
        self._received()
        return self._events.popleft() if self._events else None

    def flush(self) -> None:
        """
        Zeros, as on a port.
        """
        self._core.feed(frames.FLUSH)

    def trust(self, boot_id: int) -> None:
        """
        From now on the board is the one that started as `boot_id`.
        """
        self._boot_id = boot_id

    def saw_boot(self, boot_id: int) -> None:
        """
        Raises:
            BoardRebooted: `boot_id` is not the trusted one.
        """
        if self._boot_id is not None and boot_id != self._boot_id:
            raise BoardRebooted("the board has restarted; greet it again and set it up anew")

    def set_level(self, gpio: int, level: int) -> None:
        """
        Applies a level to an input.
        """
        self.run()
        self._inputs[gpio] = level
        self._machine.level_in(gpio, level)

    def set_adc(self, gpio: int, value: int) -> None:
        """
        What an analog input reads, 0 to 65535.
        """
        self._adc[gpio] = value
        self._machine.adc_in(gpio, value)

    def i2c(self, address: int, written: bytes = b"", count: int = 0) -> bytes | None:
        """
        One I2C transaction, a write and then by repeated start a read of `count` bytes; None: not acknowledged.
        """
        self.run()
        answer: str = self._machine.transfer(address, written.hex(), count)
        return None if answer == "-" else bytes.fromhex(answer)

    def reset_board(self) -> None:
        """
        Pulls the board's reset line: its outputs are no longer driven, then it starts anew.
        """
        self.run()
        for gpio, level in self.levels.items():
            if level is not None:
                self._drive(gpio, -1)
        self._start()

    def _start(self) -> None:
        self._born_ns = self._now_ns()
        self._at_us = 0
        self._ticked_us = 0
        self._timers: dict[int, tuple[int, int]] = {}
        self._is_reset = False
        self._sent = bytearray()
        self._decoder = frames.Decoder()
        world = types.SimpleNamespace(
            ticks_us=lambda: self._at_us % _COUNTER,
            drive=self._drive,
            pwm=lambda gpio, hz, duty: self.duties.__setitem__(gpio, duty),
            timer=self._set_timer,
            random=lambda: self._random.randrange(256),
            reset=self._reset,
            identity=lambda: "5eed000000000000",
        )
        given = {
            "_world": world,
            "time": types.SimpleNamespace(ticks_us=world.ticks_us, ticks_add=_ticks_add, ticks_diff=_ticks_diff),
            "os": types.SimpleNamespace(urandom=self._random.randbytes, mkdir=lambda name: None),
        }
        loader = Loader(self._folders, given)
        self._machine = loader.load("machine")
        for gpio, level in self._inputs.items():
            self._machine.level_in(gpio, level)
        for gpio, value in self._adc.items():
            self._machine.adc_in(gpio, value)
        loader.load("boot")
        self._core = loader.load("core").Core(loader.load("hal").HAL(), self._sent.extend)

    def _us(self) -> int:
        return (self._now_ns() - self._born_ns) // 1000

    def _beats(self) -> list[tuple[int, int]]:
        return [(due, period) for due, period in self._timers.values() if period]

    def _run_until(self, end_us: int) -> None:
        while True:
            due_us = self._next_timer_us(end_us)
            tick_us = self._ticked_us + _TICK_US
            if min(due_us, tick_us) > end_us:
                break
            self._at_us = max(self._at_us, min(due_us, tick_us))
            if due_us <= tick_us:
                self._fire(due_us)
            else:
                self._tick()
        self._at_us = max(self._at_us, end_us)
        self._tick()

    def _next_timer_us(self, end_us: int) -> int:
        # A look of the dead-man before its limit changes nothing: those are passed over.
        silence_us = self._core.trips_in_us()
        limit_us = end_us if silence_us is None else min(end_us, self._at_us + silence_us)
        for number, (due, period) in self._timers.items():
            if period and due <= limit_us:
                self._timers[number] = (due + ((limit_us - due) // period + 1) * period, period)
        return min((due for due, _ in self._timers.values()), default=end_us + 1)

    def _fire(self, due_us: int) -> None:
        number = next(number for number, (due, _) in self._timers.items() if due == due_us)
        period = self._timers[number][1]
        if period:
            self._timers[number] = (due_us + period, period)
        else:
            del self._timers[number]
        self._machine.fire(number)

    def _tick(self) -> None:
        self._ticked_us = self._at_us
        self._core.tick(self._at_us % _COUNTER)

    def _set_timer(self, number: int, after_us: int, is_periodic: bool) -> None:
        self._timers.pop(number, None)
        if after_us >= 0:
            self._timers[number] = (self._at_us + after_us, after_us if is_periodic else 0)

    def _drive(self, gpio: int, level: int) -> None:
        self.levels[gpio] = None if level < 0 else level
        self._changed(PinChange(gpio, self.levels[gpio], self._born_ns + self._at_us * 1000))

    def _reset(self) -> None:
        self._is_reset = True

    def _received(self) -> list[frames.Frame]:
        found = self._decoder.feed(bytes(self._sent))
        self._sent.clear()
        for frame in found:
            if frame.op in protocol.EVENTS:
                self._events.append(Message(frame.op, frame.payload, self._now_ns(), 0))
        if self._decoder.bad_count:
            raise BoardError("the firmware sent a bad frame")
        return [frame for frame in found if frame.op not in protocol.EVENTS]


def _ticks_add(ticks: int, wait: int) -> int:
    return (ticks + wait) % _COUNTER


def _ticks_diff(later: int, earlier: int) -> int:
    return (later - earlier + _COUNTER // 2) % _COUNTER - _COUNTER // 2
