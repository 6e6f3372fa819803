"""
What the host knows of one board that it has greeted: its identity, its safe levels, and its clock.
"""

from __future__ import annotations

import random
import threading

from .. import clock
from ..board.answers import Cause, Identity, State
from ..board.channel import Channel
from ..board.client import Board
from ..board.clocksync import ClockSync
from ..board.failures import BoardError, RequestRefused
from ..model.instant import Instant

# A burst at the start finds a fast exchange among slow ones; its pauses keep out of step with the board's own 5 ms.
_BURST, _PAUSE_S = 12, (0.001, 0.004)

_CAUSES = {Cause.DEADMAN: "its dead-man had heard no host", Cause.ESTOP: "its e-stop was pressed"}


class Session:
    """
    One greeting of a board, and everything since. Its methods block, but for `instant`; any thread may use it.
    """

    def __init__(self, channel: Channel, limit_s: float, answer_s: float) -> None:
        self.board = Board(channel, timeout_s=answer_s)
        # A beat that is not answered must leave room for another one before the dead-man trips.
        self._beats = Board(channel, timeout_s=limit_s / 3)
        self.limit_s = limit_s
        self.identity: Identity | None = None
        self.safe_levels = 0
        """The level of each output when nothing is armed, one bit each: as the firmware declares them."""
        self.armed_us = 0
        """Board ticks before which a trip is no news."""
        self.found = ""
        """What the last host had left, if that is worth a word."""
        self._sync = ClockSync()
        self._turn = threading.Lock()

    def greet(self, hello_s: float) -> Identity:
        """
        Greets the board, puts its outputs to safety and learns its clock. Raises BoardError.
        """
        self.identity = self.board.hello(hello_s)
        status = self.board.status()
        if self.identity.state is State.TRIPPED:
            self.found = f"was found tripped: {_CAUSES.get(status.cause, 'for an unknown cause')}; armed again"
        self.board.disarm()
        self.safe_levels, _ = self.board.levels()
        pause = threading.Event()
        for _ in range(1 if clock.is_virtual() else _BURST):
            # Nothing is armed yet: an answer may take as long as any other.
            self._learn(self.board)
            if not clock.is_virtual():
                pause.wait(random.uniform(*_PAUSE_S))
        while self.board.event(0) is not None:
            pass  # what was before is not for this host
        return self.identity

    def arm(self) -> str:
        """
        Lets the outputs move; returns why the board would not, if it refused. Raises BoardError.
        """
        self.armed_us = self.board.clock().ticks_us
        try:
            self.board.arm(round(self.limit_s * 1000))
        except RequestRefused as refusal:
            return f"cannot be armed: {refusal.reason}"
        return ""

    def calm(self) -> bool:
        """
        Puts everything to safety; returns whether every output says that it is. Raises BoardError.
        """
        self.board.disarm()
        return self.board.levels()[0] == self.safe_levels

    def exchange(self) -> None:
        """
        One clock exchange, which also feeds the dead-man. Raises BoardError.
        """
        self._learn(self._beats)

    def _learn(self, board: Board) -> None:
        seen = board.clock()
        with self._turn:
            self._sync.add(
                sent_ns=seen.sent_ns, ticks_us=seen.ticks_us, received_ns=seen.received_ns, boot_id=seen.boot_id
            )

    def instant(self, ticks_us: int, boot_id: int | None = None) -> Instant:
        """
        When the board's counter showed `ticks_us`. Raises BoardError.
        """
        with self._turn:
            span = self._sync.span(ticks_us, boot_id)
        return Instant(span.earliest_ns, span.latest_ns)

    def release(self, output: int) -> None:
        """
        Puts one output to its safe level, or sees that it is there if nothing is armed. Raises BoardError.
        """
        safe = self.safe_levels >> output & 1
        try:
            self.board.write(output, safe)
        except RequestRefused as refusal:
            if self.board.levels()[0] >> output & 1 != safe:
                raise BoardError(f"output {output} is not at its safe level: {refusal.reason}") from refusal
