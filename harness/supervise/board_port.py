"""
How a person's command reaches a board: through a port that nobody else has, or through a rig that is ours meanwhile.
"""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

import anyio
from anyio.to_thread import run_sync

from .. import clock
from ..assemble.wires import RigWires
from ..board.discover import find
from ..board.failures import BoardError, BoardLost, BoardSilent
from ..devices.board import Board as Device
from ..errors import BenchError, Refused, UsageError
from ..model.rig import RigSpec
from .board_names import names_of_port
from .lease import Lease
from .supervisor import played

T = TypeVar("T")

# A board that was reset is back on USB within some seconds; then others, such as a modem manager, may look at it first.
_BACK_S, _AGAIN_S = 15.0, 0.25
_BUSY = (errno.EAGAIN, errno.EBUSY)


@asynccontextmanager
async def reached(port: str | None, rig: RigSpec | None, purpose: str, *, is_played: bool = True) -> AsyncIterator[str]:
    """
    The path of the board's port: the given one, the rig's, or else the only one there is.

    Meanwhile the rig is leased; without one the board, by every name that a rig may have for it. Raises UsageError,
    also for a played board unless `is_played` is right; Refused, BenchError.
    """
    if rig is None:
        with told():
            path = port or find().path
        with Lease(names_of_port(path), purpose):
            yield path
        return
    if port is not None:
        raise UsageError("give either a port or a rig", key="--port")
    if rig.is_virtual:
        raise UsageError("its boards are played in virtual time: there is no port", file=str(rig.path))
    if rig.is_lab and not is_played:
        raise UsageError("its board is played, and runs the firmware's files as they stand", file=str(rig.path))
    with Lease(rig, purpose):
        async with played(rig):
            with told():
                path = await run_sync(_path, rig)
            yield path


@contextmanager
def told() -> Iterator[None]:
    """
    What keeps us from a board, as an error of the bench; a port that somebody else has is a refusal.
    """
    try:
        yield
    except BoardError as error:
        if getattr(error.__cause__, "errno", None) in _BUSY:
            raise Refused(f"{error}; somebody else has the board: wait for it, or end it") from error
        raise BenchError(str(error)) from error


async def once_back(call: Callable[[], T]) -> T:
    """
    What `call` returns, in a thread, as soon as a board that was reset is there again. Raises BoardError.
    """
    until_ns = clock.now_ns() + round(_BACK_S * clock.NS_PER_S)
    while True:
        try:
            return await run_sync(call)
        except (BoardLost, BoardSilent):
            if clock.now_ns() > until_ns:
                raise
        await anyio.sleep(_AGAIN_S)


def _path(rig: RigSpec) -> str:
    configs = [device.config for device in rig.devices.values() if isinstance(device.config, Device.Config)]
    if len(configs) != 1:
        raise UsageError(f"there are {len(configs)} boards; name one by --port", file=str(rig.path), key="devices")
    config = configs[0]
    if config.port:
        return RigWires(rig).serial_port(config.port)
    number = config.serial_number or None
    return find(serial_number=number, vendor_id=config.vendor, product_id=config.product).path
