"""
Clears up after a lab that was killed: `caretaker.py LAB_PID LOCK FOLDER PATH…`, run by path, which waits for the end of
its standard input. A lab that ends in order does that itself, and ends its caretaker.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

# What a lab said before it was killed is still wanted, if it said anything.
_LOG = ".log"


@contextmanager
def hired(lock: Path, folder: Path, paths: Sequence[Path]) -> Iterator[None]:
    """
    As long as this is entered, somebody stands by: should we be killed, whatever has its working directory below
    `folder` is killed as well, and the folder, the paths and the lock are removed.
    """
    command = [sys.executable, "-I", "-S", __file__, *map(str, (os.getpid(), lock, folder, *paths))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as caretaker:
        try:
            yield
        finally:
            caretaker.kill()


def main() -> None:
    """
    Waits, and clears up, unless a next lab has the place already: it does the same when it starts.
    """
    lab, *words = sys.argv[1:]
    lock, folder, *paths = map(Path, words)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # they are meant for the lab
    sys.stdin.buffer.read()
    with suppress(FileNotFoundError):
        descriptor = os.open(lock, os.O_RDWR)
        if os.pread(descriptor, 32, 0) != lab.encode():
            return
        # A process that dies lets go of one file after the other: our pipe may have come before the lock.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.path.samestat(lock.stat(), os.fstat(descriptor)):
            _clear(folder, paths)
            lock.unlink()


def _clear(folder: Path, paths: Sequence[Path]) -> None:
    for pid in _residents(folder):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for path in paths:
        with suppress(FileNotFoundError):
            if path.suffix != _LOG or path.stat().st_size == 0:
                path.unlink()
    # Who was killed a moment ago may still be at its last system call.
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def _residents(folder: Path) -> list[int]:
    """
    Who works below the folder, where the kernel tells: a killed lab's units die by their leash, but not what led a
    session of its own.
    """
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (entry / "cwd").readlink().is_relative_to(folder):
                found.append(int(entry.name))
    return found


if __name__ == "__main__":
    main()
