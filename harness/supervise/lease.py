"""
One owner per rig: locks on the hardware itself, machine-wide, that the kernel lets go of when their owner dies.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from .. import clock
from ..config.rig import resources
from ..errors import BenchError, Refused
from ..model.rig import DeviceSpec, RigSpec
from ..wiring.pin_factory import lines_of

# Where locks are looked for by everybody on the machine, whoever they are (hier(7), FHS 5.9: /run/lock).
_BASES = ("/run/lock", "/tmp")


class Lease:
    """
    Holds every piece of a rig's hardware, or what is named, all or nothing, as long as the context lasts.

    Raises Refused, naming who holds what since when, if any of it is taken.
    """

    def __init__(self, what: RigSpec | Sequence[str], purpose: str) -> None:
        self._names = hardware(what) if isinstance(what, RigSpec) else sorted(set(what))
        self._purpose = purpose
        self._held: list[int] = []

    def __enter__(self) -> Self:
        try:
            for name in self._names:
                self._held.append(self._lock(name))
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._release()

    def _lock(self, name: str) -> int:
        path = _folder() / (hashlib.sha256(name.encode()).hexdigest()[:24] + ".lock")
        fd = _opened(path)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(fd, 4096, 0)
            os.close(fd)
            raise Refused(
                f"{name} is held by {_told(holder)}; wait for it, or end it and run `crashbench restore`"
            ) from error
        owner = {
            "pid": os.getpid(),
            "user": user(),
            "purpose": self._purpose,
            "since_ns": clock.now_ns(),
            "what": name,
        }
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps(owner).encode(), 0)
        return fd

    def _release(self) -> None:
        # The files stay: removing one would let two owners lock two files of the same name.
        while self._held:
            os.close(self._held.pop())


def hardware(rig: RigSpec) -> list[str]:
    """
    What of the machine a rig occupies, in a fixed order; a rig in virtual time occupies nothing.
    """
    if rig.is_virtual:
        return []
    if rig.is_lab:
        from ..lab import address

        return [f"lab {address(rig)}"]
    lines = "" if rig.gpio is None else lines_of(rig)
    names = {f"rig {rig.path.resolve()}"}
    for device in rig.devices.values():
        # What is part of a board is locked with the board: two boards have outputs of the same number.
        for resource in _resources(device) if not hasattr(device.config, "board") else ():
            names.add(f"{lines} {resource}" if resource.startswith("pin ") else resource)
    return sorted(names)


def _resources(device: DeviceSpec) -> Sequence[str]:
    if device.kind != "board":
        return resources(device)
    from .board_names import names_of  # pyserial is for rigs that have a board

    return names_of(device.config)


def _folder() -> Path:
    for base in _BASES:
        folder = Path(base) / "crashbench"
        try:
            folder.mkdir(mode=0o777, exist_ok=True)
        except OSError:
            continue
        if folder.stat().st_uid == os.getuid():
            folder.chmod(0o1777)
        if os.access(folder, os.W_OK):
            return folder
    raise BenchError(f"no lock can be made in {' or '.join(_BASES)}: make one of them writable")


def _opened(path: Path) -> int:
    # Without O_CREAT first: fs.protected_regular forbids it on another user's file in a sticky folder (proc(5)).
    try:
        return os.open(path, os.O_RDWR)
    except FileNotFoundError:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        os.fchmod(fd, 0o666)
        return fd


def _told(holder: bytes) -> str:
    try:
        owner = json.loads(holder)
        held_s = (clock.now_ns() - owner["since_ns"]) / clock.NS_PER_S
        return f"{owner['user']} (pid {owner['pid']}: {owner['purpose']}) for {held_s:.0f} s"
    except (ValueError, KeyError, TypeError):
        return "somebody who left no name"


def user() -> str:
    """
    Who runs this.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
