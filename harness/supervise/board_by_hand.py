"""
What a person does with a board itself, outside any drill: ask it, watch it, flash it, open its REPL.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Protocol

from anyio.to_thread import run_sync

from .. import clock
from ..board.answers import Identity, State, Status
from ..board.client import Board
from ..board.failures import BoardError, BoardRebooted, BoardSilent, FirmwareMismatch
from ..board.firmware import shipped_wirings
from ..board.flash import BoardFiles, Flashed, flash
from ..board.link import Link
from ..board.unsolicited import BoardEvent
from ..config.data import data
from ..errors import BenchError, UsageError
from ..model.rig import RigSpec
from .board_port import once_back, reached, told

_HELLO_S = 1.5
_LISTEN_S = 0.5
# All inputs of the firmware's pin table (firmware/README.md).
_ALL_INPUTS = 0b1111


class Flashable(BoardFiles, Protocol):
    """
    A board in its REPL: its files, and the way out of there.
    """

    def reset(self) -> None:
        """
        Restarts the board.
        """
        ...

    def close(self) -> None:
        """
        Lets go of the port.
        """
        ...


def info(port: str | None, rig: RigSpec | None) -> tuple[str, Identity, Status]:
    """
    The port, who the board there is, and its own account; switches nothing. Raises UsageError, Refused, BenchError.
    """

    async def main() -> tuple[str, Identity, Status]:
        async with reached(port, rig, "crashbench board info") as path:
            with told():
                return path, *await run_sync(_greeted, path)

    return clock.run(main)


def monitor(port: str | None, rig: RigSpec | None, tell: Callable[[Identity | BoardEvent], None]) -> None:
    """
    Tells who the board is, then its every event and input, until it is interrupted.

    An armed board has lost its host, since nobody else has the port. It is made safe: who listens keeps its dead-man
    quiet. Raises UsageError, Refused, BenchError.
    """

    async def main() -> None:
        async with reached(port, rig, "crashbench board monitor") as path:
            with told(), Link(path) as link:
                board = Board(link)
                tell(await run_sync(_watched, board))
                try:
                    while True:
                        for told_now in await run_sync(_heard, board):
                            tell(told_now)
                finally:
                    with suppress(BoardError):
                        board.watch(0, 0)

    clock.run(main)


def flash_by_hand(
    port: str | None,
    rig: RigSpec | None,
    opener: Callable[[str], Flashable] | None = None,
    *,
    pins: Path | None = None,
) -> tuple[Flashed, Identity]:
    """
    Brings a board's files to those of this package and restarts it; returns what it did, and who answers then. A pin
    table that is on the board stays, unless `pins` is the file to put in its place.

    Raises UsageError, BenchError, and Refused while anybody has the rig or the port.
    """
    opened = opener or _mpremote()
    table = None if pins is None else _pin_table(pins)

    async def main() -> tuple[Flashed, Identity]:
        async with reached(port, rig, "crashbench board flash", is_played=False) as path:
            with told():
                await run_sync(_stay_in_repl, path)
                flashed = await run_sync(_flashed, await once_back(lambda: opened(path)), table)
                identity, _ = await once_back(lambda: _greeted(path))
            return flashed, identity

    return clock.run(main)


def repl(port: str | None, rig: RigSpec | None, call: Callable[[list[str]], int] = subprocess.call) -> None:
    """
    Hands the terminal to mpremote's REPL; the board stays in it until its next reset. Raises as `flash_by_hand` does.
    """
    opened = _mpremote()

    async def main() -> int:
        async with reached(port, rig, "crashbench board repl", is_played=False) as path:
            with told():
                await run_sync(_stay_in_repl, path)
                (await once_back(lambda: opened(path))).close()
            # A thread that is never left: in a REPL, Ctrl-C is a key for the board and no interrupt for us.
            return await run_sync(call, [sys.executable, "-P", "-m", "mpremote", "connect", path, "resume", "repl"])

    if code := clock.run(main):
        raise BenchError(f"mpremote ended with {code}")


def _greeted(path: str) -> tuple[Identity, Status]:
    with Link(path) as link:
        board = Board(link)
        return board.hello(_HELLO_S), board.status()


def _watched(board: Board) -> Identity:
    identity = board.hello()
    if identity.state is State.ARMED:
        board.disarm()
    board.watch(_ALL_INPUTS, _ALL_INPUTS)
    return identity


def _heard(board: Board) -> list[Identity | BoardEvent]:
    try:
        event = board.event(_LISTEN_S)
        if event is not None:
            return [event]
        board.clock()  # a board whose host is silent keeps its events to itself
    except BoardRebooted:
        return [_watched(board)]
    return []


def _stay_in_repl(path: str) -> None:
    """
    Restarts the board into its REPL if it runs our firmware, of whatever version. Raises BoardError.
    """
    with Link(path) as link:
        board = Board(link)
        try:
            board.hello(_HELLO_S)
        except FirmwareMismatch:
            pass  # it has been greeted all the same, and can be told to restart
        except BoardSilent:
            return  # another program runs there, or the REPL itself
        board.restart(into_repl=True)


def is_shipped(wiring: str) -> bool:
    """
    Whether a board's wiring is that of the pin table which comes with this package.
    """
    return wiring in shipped_wirings(data("firmware"))


def _pin_table(path: Path) -> bytes:
    """
    A pin table that a board can be started with. Raises UsageError.
    """
    try:
        content = path.read_bytes()
        compile(content, str(path), "exec")
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", file=str(path), key="--pins") from error
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"is no pin table: {error}", file=str(path), key="--pins") from error
    return content


def _flashed(board: Flashable, pins: bytes | None) -> Flashed:
    with closing(board):
        flashed = flash(data("firmware"), board, pins)
        board.reset()
        return flashed


def _mpremote() -> Callable[[str], Flashable]:
    if importlib.util.find_spec("mpremote") is None:
        raise UsageError("this needs mpremote; run: pip install 'crashbench[board]'")
    from ..board.repl import Repl

    return Repl
