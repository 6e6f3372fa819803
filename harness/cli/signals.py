"""
Signals while no supervisor listens to them: before it starts, and while its run's outcome is told.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """
    SIGINT or SIGTERM came before anything was begun.
    """

    def __init__(self, signum: int) -> None:
        self.exit_code = 128 + signum
        super().__init__(f"interrupted by {signal.Signals(signum).name} before the run began")


@contextmanager
def heard() -> Iterator[None]:
    """
    Inside, SIGINT and SIGTERM raise Interrupted.
    """

    def interrupt(signum: int, _: FrameType | None) -> None:
        raise Interrupted(signum)

    with _handled(interrupt):
        yield


@contextmanager
def held_off() -> Iterator[None]:
    """
    Inside, SIGINT and SIGTERM are ignored: what is done there takes seconds at most, and is worth its end.
    """
    with _handled(signal.SIG_IGN):
        yield


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], Any] | signal.Handlers) -> Iterator[None]:
    before = {signum: signal.signal(signum, handler) for signum in _SIGNALS}
    try:
        yield
    finally:
        for signum, earlier in before.items():
            signal.signal(signum, earlier)
