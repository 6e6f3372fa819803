"""
Where a rig's lab is found: its socket, and what it keeps beside it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from ..errors import BenchError
from ..model.rig import RigSpec

# sockaddr_un.sun_path holds 108 bytes on Linux, 104 on macOS, the closing zero included.
_LONGEST = 100


def address(rig: RigSpec) -> Path:
    """
    The socket of the rig's lab: another one for each rig file and each CRASHBENCH_HOME.

    Raises BenchError when the folder for it is not safely ours, or its path is too long for a socket.
    """
    home = os.environ.get("CRASHBENCH_HOME", "")
    identity = f"{Path(home).expanduser().absolute() if home else ''}\n{rig.path.absolute().resolve()}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
    path = _folder() / f"lab-{digest}.sock"
    if len(os.fsencode(path)) >= _LONGEST:
        raise BenchError(f"{path} is too long for a socket; set XDG_RUNTIME_DIR or TMPDIR to a shorter folder")
    return path


def scratch(socket: Path) -> Path:
    """
    The folder in which the lab's units live; gone when the lab is.

    Beside the socket; but root's is where everyone may pass, since a program that refuses to be root has to get there.
    """
    if os.geteuid() != 0:
        return socket.with_suffix(".d")
    digest = hashlib.sha256(os.fsencode(socket)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"crashbench-lab-{digest}"


def gauge(socket: Path, number: int) -> Path:
    """
    The socket of the I2C bus of one unit's fuel gauge; gone when the lab is.
    """
    return socket.with_suffix(f".i2c{number}")


def log(socket: Path) -> Path:
    """
    What a detached lab says; gone when it ends in order.
    """
    return socket.with_suffix(".log")


def lock(socket: Path) -> Path:
    """
    The file that a live lab holds locked, with its process id in it.
    """
    return socket.with_suffix(".lock")


def _folder() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(runtime) / "crashbench" if runtime else Path(tempfile.gettempdir()) / f"crashbench-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BenchError(f"{folder} cannot be made for the lab's socket: {error.strerror}") from error
    found = folder.lstat()
    # Anyone may write into the system's temporary folder: what stands there under our name might be a trap.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise BenchError(f"{folder} must be a folder of yours with mode 0700; remove it")
    return folder
