"""
A run's record: `events.jsonl`, one event to a line, each with its line number and a checksum.

    {"line":3,"event":{"kind":"phase",…},"crc32":"89abcdef"}

The checksum covers all that stands before it on its line.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from ..errors import RecordError
from ..model.codec import event_from_json, event_to_json
from ..model.event import EPHEMERAL, Event, Kind

FILE = "events.jsonl"

# What must survive the host's own loss of power: without it nobody knows what was done to the DUT.
_DURABLE = frozenset(
    {
        Kind.RUN_STARTED,
        Kind.FAULT_COMMANDED,
        Kind.FAULT_EFFECTIVE,
        Kind.REMOVAL_COMMANDED,
        Kind.REMOVAL_EFFECTIVE,
        Kind.TRIAL_ENDED,
        Kind.RUN_ENDED,
        Kind.GAMEDAY_STARTED,
        Kind.ITEM_CHECKED,
        Kind.SCENARIO_STARTED,
        Kind.SCENARIO_ENDED,
        Kind.GAMEDAY_ENDED,
    }
)

_BATCH_BYTES = 1 << 16
_CHECKSUM = b',"crc32":"%08x"}'
_CHECKSUM_SIZE = len(_CHECKSUM % 0)


class EventLog:
    """
    Listens to a run and writes it down in `folder`, which it makes.

    Each event is written at once, and the ones that matter are on the disk before the call returns. In `virtual` time
    nobody can pull the plug in between: lines are written in batches, and the same run's earlier record is replaced.

    The first write that fails raises RecordError; what comes after it is only counted in `lost`, for a bench that makes
    its rig safe must not stumble over its notes. Raises RecordError when the file cannot be made.
    """

    def __init__(self, folder: Path, *, virtual: bool = False) -> None:
        self.lost = 0
        self._virtual = virtual
        self._path = folder / FILE
        self._lines = 0
        self._good_bytes = 0
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file: int | None = _create(self._path, replace=virtual)
            if not virtual:
                _sync_folder(folder)
        except FileExistsError as error:
            raise RecordError(f"{self._path}: there is a record already; a run is never written twice") from error
        except OSError as error:
            raise RecordError(f"{self._path}: cannot be made: {error.strerror}") from error

    def __call__(self, event: Event) -> None:
        if event.kind in EPHEMERAL:
            return
        if self._file is None:
            self.lost += 1
            return
        line = _line(self._lines + 1, event)
        self._lines += 1
        self._pending.append(line)
        self._pending_bytes += len(line)
        if not self._virtual:
            self._write(durable=event.kind in _DURABLE)
        elif self._pending_bytes >= _BATCH_BYTES:
            self._write(durable=False)

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """
        Writes what is left and lets go of the file. Raises RecordError for the first write that fails.
        """
        if self._file is None:
            return
        self._write(durable=not self._virtual)
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, *, durable: bool) -> None:
        assert self._file is not None
        data = self._pending[0] if len(self._pending) == 1 else b"".join(self._pending)
        try:
            _write_all(self._file, data)
            if durable:
                os.fsync(self._file)
        except OSError as error:
            self._give_up(self._file)
            raise RecordError(f"{self._path}: cannot be written: {error.strerror}; the record ends here") from error
        self._good_bytes += len(data)
        self._pending.clear()
        self._pending_bytes = 0

    def _give_up(self, file: int) -> None:
        """
        Leaves a record that ends at its last whole line, where that much still works.
        """
        self.lost += len(self._pending)
        self._file = None
        try:
            os.ftruncate(file, self._good_bytes)
            os.close(file)
        except OSError:
            # A torn last line is understood by the reader; there is nothing left to save here.
            return


def read(folder: Path) -> Iterator[Event]:
    """
    The events of the record in `folder`, in order; a last line that was torn while it was written is left out.

    Raises RecordError when there is no record, or for any other line that is not what was written, naming it.
    """
    return (event for _, event in numbered(folder))


def numbered(folder: Path) -> Iterator[tuple[int, Event]]:
    """
    The events of a record with their line numbers, counted from 1. Raises RecordError as `read` does.
    """
    path = folder / FILE
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                event = _event(number, line.removesuffix(b"\n"))
                if event is not None:
                    yield number, event
                elif line.endswith(b"\n"):
                    raise RecordError(f"{path}: line {number} is not what was written: its checksum or number is wrong")
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{path}: was written by another crashbench: {error}") from error


# --- one line --------------------------------------------------------------------------------------------------------

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=dict).encode


def _line(number: int, event: Event) -> bytes:
    value = event_to_json(event)
    try:
        text = _encode(value)
    except ValueError:
        text = _encode(_finite(value))
    content = f'{{"line":{number},"event":{text}'.encode()
    return content + _CHECKSUM % zlib.crc32(content) + b"\n"


def _finite(value: Any) -> Any:
    """
    JSON has no infinity and no NaN; where a DUT's metric is one, its name is kept.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value if isinstance(value, str | int | None) else {key: _finite(item) for key, item in value.items()}


def _event(number: int, line: bytes) -> Event | None:
    content, checksum = line[:-_CHECKSUM_SIZE], line[-_CHECKSUM_SIZE:]
    if checksum != _CHECKSUM % zlib.crc32(content):
        return None
    value = json.loads(content + b"}")
    return event_from_json(value["event"]) if value["line"] == number else None


# --- one file --------------------------------------------------------------------------------------------------------


def _create(path: Path, *, replace: bool) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
    while True:
        try:
            return os.open(path, flags, 0o600)
        except FileExistsError:
            if not replace:
                raise
            # A reader or writer of the earlier record keeps its file: the two never mix.
            path.unlink(missing_ok=True)


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _sync_folder(folder: Path) -> None:
    """
    Makes the file's name as durable as its content is going to be.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
