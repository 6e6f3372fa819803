"""
A file of lines that outlives whoever writes it: each has its checksum, and is on disk when `append` returns.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import RecordError


def append(path: Path, record: Mapping[str, object]) -> None:
    """
    Adds a record, fsynced. Raises RecordError.
    """
    try:
        is_new = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, os.O_APPEND, _line(record))
        if is_new:
            sync_folder(path.parent)
    except OSError as error:
        raise _unwritten(path, error) from error


def rewrite(path: Path, records: Iterable[Mapping[str, object]]) -> None:
    """
    Replaces the file by other records: after a crash it is either the old one or the new one. Raises RecordError.
    """
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(fresh, os.O_TRUNC, b"".join(map(_line, records)))
        fresh.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise _unwritten(path, error) from error


def read(path: Path) -> list[object]:
    """
    Every record, in order; None for a line that cannot be believed, also for a last one that was torn. Raises
    RecordError.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror}") from error
    # What is after the last line's end was torn while it was written; behind it nothing could be written either.
    torn = [None] if lines.pop() else []
    return [*map(_record, lines), *torn]


def sync_folder(folder: Path) -> None:
    """
    Has the folder's own content on disk: which files it holds. Raises OSError.
    """
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _line(record: Mapping[str, object]) -> bytes:
    body = json.dumps(record, separators=(",", ":"))
    return f"{zlib.crc32(body.encode()):08x} {body}\n".encode()


def _record(line: bytes) -> object:
    crc, _, body = line.partition(b" ")
    try:
        return json.loads(body) if int(crc, 16) == zlib.crc32(body) else None
    except ValueError:
        return None


def _write(path: Path, how: int, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    try:
        while content:
            content = content[os.write(fd, content) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def _unwritten(path: Path, error: OSError) -> RecordError:
    return RecordError(f"{path}: cannot be written: {error.strerror}; nothing may be struck")
