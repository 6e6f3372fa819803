"""
A board in virtual time: the firmware's own code in this process, its pins wired to the simulated world.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from ..board.channel import Message, Reply
from ..board.inprocess import InProcessBoard
from ..board.seam import PinChange
from ..clock import alarm, now_ns
from ..config.data import data
from ..model.world import BoardSpec
from .world import World

# GPIO of the e-stop's contact, which is open when it stops (firmware/pins.py).
ESTOP = 14
_ADC_MAX = 65535


class SimBoard:
    """
    A channel to a board whose timers fire on the running loop; its outputs drive the world's lines of its name.
    """

    def __init__(self, name: str, spec: BoardSpec, seed: int, world: World) -> None:
        self.name, self.spec, self._world = name, spec, world
        self.heard: Callable[[], None] = lambda: None
        """Called whenever the board may have something to tell: ask `event` then."""
        self._timer: asyncio.TimerHandle | None = None
        self._due_ns: int | None = None
        self._board = InProcessBoard(
            firmware=data("firmware"),
            fixtures=data("fixtures") / "board",
            now_ns=now_ns,
            changed=self._changed,
            inputs={ESTOP: int(spec.stopped)},
            seed=Random(f"{seed} board {name}").getrandbits(32),
        )

    def request(self, name: str, payload: bytes = b"", *, timeout_s: float = 1.0, is_hello: bool = False) -> Reply:
        """
        One request and its answer, in no time. Raises as the channel to a real board does.
        """
        if name == "adc_read":
            self._show_rails()
        try:
            return self._board.request(name, payload, timeout_s=timeout_s, is_hello=is_hello)
        finally:
            self._settle()

    def event(self, timeout_s: float) -> Message | None:
        """
        The oldest event so far, or None; it never waits.
        """
        return self._board.event(timeout_s)

    def flush(self) -> None:
        """
        Zeros, as on a port.
        """
        self._board.flush()

    def trust(self, boot_id: int) -> None:
        """
        From now on the board is the one that started as `boot_id`.
        """
        self._board.trust(boot_id)

    def saw_boot(self, boot_id: int) -> None:
        """
        Compares a boot id with the trusted one. Raises BoardRebooted.
        """
        self._board.saw_boot(boot_id)

    def set_level(self, pin: int, level: int) -> None:
        """
        Applies a level to an input: an edge to stamp, or the e-stop.
        """
        self._board.set_level(pin, level)
        self._settle()

    def i2c(self, address: int, written: bytes = b"", count: int = 0) -> bytes | None:
        """
        One I2C transaction of the DUT with the board's gauge; None: not acknowledged.
        """
        answer = self._board.i2c(address, written, count)
        self._settle()
        return answer

    def reset_board(self) -> None:
        """
        Pulls the board's reset line.
        """
        self._board.reset_board()
        self._settle()

    def close(self) -> None:
        """
        Stops its timer: nothing more will happen on it by itself.
        """
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._due_ns = None, None

    def _changed(self, change: PinChange) -> None:
        if change.level is None:
            self._world.release(change.gpio, self.name)
        else:
            self._world.drive(change.gpio, change.level, self.name)

    def _show_rails(self) -> None:
        for analog in self.spec.analog:
            share = self._world.rails[analog.rail].voltage_v(now_ns()) / analog.full_scale_v
            self._board.set_adc(analog.pin, min(_ADC_MAX, round(share * _ADC_MAX)))

    def _settle(self) -> None:
        """
        Sets the timer for what comes next, unless it is set for something sooner, which then looks again.
        """
        self.heard()
        due_ns = self._board.next_due_ns()
        if due_ns is None or (self._due_ns is not None and self._due_ns <= due_ns):
            return
        self.close()
        self._due_ns = due_ns
        self._timer = alarm(due_ns, self._ring)

    def _ring(self) -> None:
        self._timer, self._due_ns = None, None
        self._board.run()
        self._settle()
