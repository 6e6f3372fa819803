"""
One lab for each socket: a lock that the kernel lets go of, however its holder ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import Refused
from . import place


@contextmanager
def claimed(socket: Path) -> Iterator[None]:
    """
    Holds the socket's place, and clears away the socket of a killed lab. Raises Refused when a live lab holds it.
    """
    path = place.lock(socket)
    descriptor = _locked(path)
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        socket.unlink(missing_ok=True)
        yield
    finally:
        # Removed while it is still held: whoever opens it from now on gets a new file.
        path.unlink(missing_ok=True)
        os.close(descriptor)


def is_held_by(socket: Path, pid: int) -> bool:
    """
    Whether that process lives, has claimed the socket's place, and has not given it back.
    """
    try:
        claimed_by = place.lock(socket).read_text()
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return claimed_by == str(pid)


def _locked(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(descriptor, 32, 0).decode() or "just starting"
            os.close(descriptor)
            raise Refused(f"a lab for this rig is running already (pid {pid}); end that one first") from error
        if _is_still(path, descriptor):
            return descriptor
        os.close(descriptor)  # its last holder removed it while we were opening it


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
