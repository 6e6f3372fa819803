"""
What an audit has measured of each switch of a rig, in seconds.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from ..errors import RecordError


class Measured:
    """
    One duration per switch, in one small file per rig, written anew as a whole. With no path it is kept in memory only.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._found_s: dict[str, float] | None = None

    def of(self, switch: str) -> float | None:
        """
        What was measured of a switch (seconds); None when nothing was. Raises RecordError.
        """
        return self._read().get(switch)

    def note(self, switch: str, seconds: float) -> None:
        """
        Keeps what was measured of a switch in place of an earlier one. Raises RecordError when it cannot be written.
        """
        found_s = {**self._read(), switch: seconds}
        if self._path is not None:
            _replace(self._path, json.dumps(found_s, indent=1, sort_keys=True) + "\n")
        self._found_s = found_s

    def _read(self) -> dict[str, float]:
        if self._found_s is None:
            self._found_s = {} if self._path is None else _load(self._path)
        return self._found_s


def _load(path: Path) -> dict[str, float]:
    try:
        return {str(switch): float(seconds) for switch, seconds in json.loads(path.read_text("utf-8")).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        problem = f"{path}: cannot be read: {error}; delete it, and measure again with `crashbench doctor`"
        raise RecordError(problem) from error


def _replace(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error.strerror}") from error
