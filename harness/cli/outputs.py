"""
Files that a command writes because it was asked to.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError


def check_output(path: Path, key: str) -> None:
    """
    Whether that file can be written, before there is anything to write: it is left as it was. Raises UsageError.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        return  # a pipe or a device: opening it would already say something to whoever reads it
    was_there = path.exists()
    try:
        path.open("ab").close()
        if not was_there:
            path.unlink()
    except OSError as error:
        raise _unwritable(path, key, error) from error


def write_output(path: Path, text: str, key: str) -> None:
    """
    Writes it. Raises UsageError.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(path, key, error) from error


def _unwritable(path: Path, key: str, error: OSError) -> UsageError:
    return UsageError(
        f"cannot be written: {error.strerror}; name a file in a folder that is there", file=str(path), key=key
    )
