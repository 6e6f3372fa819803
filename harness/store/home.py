"""
Where records, leases and undo journals live.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import UsageError

RUNS = "runs"
GAMEDAYS = "gamedays"


def home() -> Path:
    """
    The bench's own folder, made for its owner alone where it is missing.

    It is CRASHBENCH_HOME, or else `crashbench` in the XDG state directory. Raises UsageError when it cannot be written.
    """
    return _own(_home())


def runs_dir() -> Path:
    """
    The folder with one folder per run. Raises UsageError when it cannot be written.
    """
    return _own(home() / RUNS)


def gamedays_dir() -> Path:
    """
    The folder with one folder per game day. Raises UsageError when it cannot be written.
    """
    return _own(home() / GAMEDAYS)


def _home() -> Path:
    if given := os.environ.get("CRASHBENCH_HOME"):
        return Path(given).expanduser().absolute()
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    # XDG Base Directory Specification: a path that is not absolute is invalid, and to be ignored.
    if state.is_absolute():
        return state / "crashbench"
    try:
        return Path.home() / ".local" / "state" / "crashbench"
    except RuntimeError as error:
        raise UsageError(
            "there is no home directory; set it to a folder for the records", key="CRASHBENCH_HOME"
        ) from error


def _own(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        problem = "" if os.access(folder, os.W_OK | os.X_OK) else "permission denied"
    except OSError as error:
        problem = error.strerror or str(error)
    if problem:
        raise UsageError(f"'{folder}' cannot be written: {problem}; set it to a folder that can", key="CRASHBENCH_HOME")
    return folder
