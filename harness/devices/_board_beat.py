"""
What keeps a board's dead-man fed, as long as the bench is alive, and brings its events to the event loop.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeVar

from .. import clock
from ..board.channel import Channel
from ..board.failures import BoardError, BoardSilent
from ..board.unsolicited import BoardEvent, read_event
from ._board_session import Session

# Between two exchanges a bound grows by 75 us at most, at 600 ppm; and never in step with anything.
_PERIOD_S, _ODD = 0.25, (0.8, 1.2)
_BEATS_PER_LIMIT = 4

# An event loop that has not turned for this long hangs: its host is as good as dead, though its threads still run.
_HANGS_S = 1.0
_STAMP_S = 0.1

T = TypeVar("T")
Heard = Callable[[BoardEvent], None]
Lost = Callable[[str], None]


class Beat(Protocol):
    """
    Beats from `start` to `stop`.
    """

    def start(self) -> None:
        """
        Begins, inside the running loop.
        """

    def stop(self) -> None:
        """
        Ends, inside the running loop: nobody is told anything any more.
        """

    def join(self) -> None:
        """
        Blocks until an exchange that was under way has ended.
        """


class ThreadBeat:
    """
    Beats from a thread of its own, so that a slow step of the loop is survived, and a hanging one is not.
    """

    def __init__(self, session: Session, heard: Heard, lost: Lost) -> None:
        self._session, self._heard, self._lost = session, heard, lost
        self._period_s = min(_PERIOD_S, session.limit_s / _BEATS_PER_LIMIT)
        self._stops = threading.Event()
        self._stamp_ns = 0
        self._stamping: asyncio.TimerHandle | None = None
        self._thread = threading.Thread(target=self._run, name="board's heartbeat", daemon=True)

    def start(self) -> None:
        """
        Starts the thread and the stamp that it looks at.
        """
        self._loop = asyncio.get_running_loop()
        self._stamp()
        self._thread.start()

    def stop(self) -> None:
        """
        Stops both.
        """
        self._stops.set()
        if self._stamping is not None:
            self._stamping.cancel()

    def join(self) -> None:
        """
        Waits for the thread.
        """
        if self._thread.is_alive():
            self._thread.join()

    def _stamp(self) -> None:
        self._stamp_ns = clock.now_ns()
        self._stamping = self._loop.call_later(_STAMP_S, self._stamp)

    def _run(self) -> None:
        due_ns = clock.now_ns()
        while not self._stops.is_set():
            try:
                event = self._session.board.event(max(0, due_ns - clock.now_ns()) / clock.NS_PER_S)
                if event is not None:
                    self._tell(self._heard, event)
                if clock.now_ns() >= due_ns:
                    due_ns = clock.now_ns() + round(self._period_s * random.uniform(*_ODD) * clock.NS_PER_S)
                    self._exchange()
            except BoardError as error:
                self._tell(self._lost, str(error))
                return

    def _exchange(self) -> None:
        if clock.now_ns() - self._stamp_ns < _HANGS_S * clock.NS_PER_S:
            # A frame that was lost is made up for by the next; if none comes through, the dead-man says so.
            with suppress(BoardSilent):
                self._session.exchange()

    def _tell(self, call: Callable[[T], None], argument: T) -> None:
        with suppress(RuntimeError):  # the loop was closed under us: nobody is left to tell
            self._loop.call_soon_threadsafe(self._deliver, call, argument)

    def _deliver(self, call: Callable[[T], None], argument: T) -> None:
        if not self._stops.is_set():
            call(argument)


class Told(Channel, Protocol):
    """
    A channel that says when there may be events to take.
    """

    heard: Callable[[], None]


class VirtualBeat:
    """
    Beats by timers of a loop in virtual time, just before they are needed: nothing is ever late there.
    """

    def __init__(self, session: Session, channel: Told, heard: Heard, lost: Lost) -> None:
        self._session, self._channel, self._heard, self._lost = session, channel, heard, lost
        self._timer: asyncio.TimerHandle | None = None
        self._is_told = self._is_stopped = False

    def start(self) -> None:
        """
        Sets the first timer.
        """
        self._loop = asyncio.get_running_loop()
        self._channel.heard = self._wake
        self._beat()

    def stop(self) -> None:
        """
        Cancels it.
        """
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
        self._channel.heard = lambda: None

    def join(self) -> None:
        """
        Nothing is ever under way.
        """

    def _beat(self) -> None:
        try:
            self._session.exchange()
        except BoardError as error:
            self._lost(str(error))
            return
        self._timer = self._loop.call_later(min(2 * _PERIOD_S, 0.8 * self._session.limit_s), self._beat)

    def _wake(self) -> None:
        # At the next turn of the loop: the board is in the middle of something now.
        if not self._is_told:
            self._is_told = True
            self._loop.call_soon(self._tell)

    def _tell(self) -> None:
        while not self._is_stopped and (message := self._channel.event(0)) is not None:
            self._heard(read_event(message))
        self._is_told = False
