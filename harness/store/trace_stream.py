"""
A trace while it grows: an Arrow IPC stream, one per meter, that a reader opens wherever it was torn off.

Each flush is one record batch of raw register codes. What a step of the two registers is worth is in the batch's own
metadata, with a checksum of both: a host that lost its power may have left zeros where samples were to be, and 0 V is
the one thing that must never be made up.
"""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from ..model.trace import Scale
from .trace_about import About
from .trace_raw import COLUMNS, Raw

_ARROW = {"q": pa.int64(), "i": pa.int32(), "b": pa.int8()}
RAW = pa.schema([pa.field(name, _ARROW[code], nullable=False) for name, code in COLUMNS.items()])

# Arrow columnar format, "IPC streaming format": a continuation mark and a length of 0 end a stream.
_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"

# What is read at once of a stream that is read from its middle on.
_PIECE_BYTES = 1 << 24


class StreamWriter:
    """
    Writes one meter's stream at `path`, whose folder and file it makes when there is something to write. As long as it
    lives the file is locked, so that nobody else takes it for one that was left behind.

    A write that fails leaves the stream as it was, and the next one is tried as if nothing had been: a disk may get
    room again. Where not even that works the stream ends, and every later write fails the same way.
    """

    def __init__(self, path: Path, about: About) -> None:
        self._path = path
        self._schema = RAW.with_metadata(about.metadata())
        self._head = _framed(self._schema)
        self._file: int | None = None
        self._good_bytes = 0
        self._broken: OSError | None = None

    def begin(self) -> None:
        """
        Writes the head, unless it is there. Raises OSError.
        """
        if self._broken is not None:
            raise self._broken
        if self._file is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            with suppress(OSError):  # a file system without locks
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not self._good_bytes:
            self._put(self._file, self._head)

    def append(self, scale: Scale, samples: Raw) -> None:
        """
        Adds samples, at least one, as one block. Raises OSError.
        """
        arrays = [
            pa.Array.from_buffers(_ARROW[column.typecode], len(samples), [None, pa.py_buffer(column)])
            for column in samples.columns
        ]
        words = {
            "bus_lsb_v": repr(scale.bus_lsb_v),
            "current_lsb_a": repr(scale.current_lsb_a),
            "crc32": f"{_checksum(scale, arrays):08x}",
        }
        batch = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        self.begin()
        assert self._file is not None
        self._put(self._file, _framed(self._schema, batch, words)[len(self._head) :])

    def close(self) -> None:
        """
        Ends the stream and lets go of its file. Raises OSError.
        """
        if self._file is None:
            return
        file, self._file = self._file, None
        try:
            if self._good_bytes:
                self._put(file, _END)
        finally:
            os.close(file)

    def _put(self, file: int, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(file, view) :]
        except OSError as error:
            try:
                os.ftruncate(file, self._good_bytes)
            except OSError:
                self._broken = error
            raise
        self._good_bytes += len(data)


class Headless(ValueError):
    """
    Not even a stream's head is there, so that there is no sample in it.
    """


class StreamReader:
    """
    Reads a stream as far as it is whole, also one that is still growing or was torn. Raises Headless, OSError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with pa.OSFile(str(path)) as file:
            try:
                self.about = About.of(pa.ipc.open_stream(file).schema.metadata or {})
                self._head_bytes = file.tell()
            except (pa.ArrowException, OSError, KeyError, ValueError) as error:
                raise Headless(f"it has no head: {error}") from error

    def blocks(self) -> Iterator[tuple[Scale, pa.RecordBatch]]:
        """
        All blocks, each with what a step is worth.
        """
        with pa.OSFile(str(self._path)) as file:
            yield from _whole(file)

    def following(self, first_byte: int) -> Iterator[tuple[int, Scale, pa.RecordBatch]]:
        """
        The blocks from a byte on (0, or where a block ended): where each ends, what a step is worth, the block itself.
        """
        size = _PIECE_BYTES
        with self._path.open("rb") as file:
            head = file.read(self._head_bytes)
            at = max(first_byte, len(head))
            while True:
                file.seek(at)
                piece = file.read(size)
                end = at
                source = pa.BufferReader(head + piece)
                for scale, batch in _whole(source):
                    end = at + source.tell() - len(head)
                    yield end, scale, batch
                if len(piece) < size:
                    return
                size = _PIECE_BYTES if end > at else 2 * size  # one block may be longer than a piece
                at = end


def _whole(file: pa.NativeFile) -> Iterator[tuple[Scale, pa.RecordBatch]]:
    try:
        stream = pa.ipc.open_stream(file)
        while True:
            batch, words = stream.read_next_batch_with_custom_metadata()
            scale = Scale(float(words["bus_lsb_v"]), float(words["current_lsb_a"]))
            # The checksum covers the numbers; a spoilt head may still say that some of them are null.
            is_whole = _checksum(scale, batch.columns) == int(words["crc32"], 16)
            if not is_whole or any(column.null_count for column in batch.columns):
                return
            yield scale, batch
    except (StopIteration, pa.ArrowException, OSError, ValueError, KeyError, TypeError):
        # Here it ends, or was torn. Arrow names a torn message in many ways, depending on the byte.
        return


def _framed(schema: pa.Schema, batch: pa.RecordBatch | None = None, words: dict[str, str] | None = None) -> bytes:
    """
    The bytes of a stream's head, and of one block after it.
    """
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as stream:
        if batch is not None:
            stream.write_batch(batch, custom_metadata=words)
    framed: bytes = sink.getvalue().to_pybytes()
    return framed.removesuffix(_END)


def _checksum(scale: Scale, columns: Sequence[pa.Array]) -> int:
    checksum = zlib.crc32(f"{scale.bus_lsb_v!r} {scale.current_lsb_a!r}".encode())
    for column in columns:
        size = len(column) * column.type.byte_width
        checksum = zlib.crc32(memoryview(column.buffers()[1])[:size], checksum)
    return checksum
