"""
The index: a SQLite cache of every run's outcome, made from the records, and made again whenever it is lost.

Only this file knows SQLAlchemy, and it is imported only where runs are listed.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    event,
    insert,
    select,
)
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from ..errors import RecordError
from ..model.instant import NS_PER_S
from ..model.run import Run
from ..model.verdict import Verdict
from . import record
from .home import RUNS

FILE = "index.sqlite"

# How long one writer waits for another, in seconds.
_BUSY_S = 10.0

# A run without an end may still be going on; after a day without a word it is not. In seconds.
_SILENT_S = 86_400

_log = logging.getLogger("crashbench")
_tables = MetaData()

_version = Table("schema_version", _tables, Column("version", Integer, nullable=False))

_runs = Table(
    "runs",
    _tables,
    Column("run_id", String, primary_key=True),
    Column("drill", String, nullable=False, index=True),
    Column("rig", String, nullable=False, index=True),
    # Text, for a seed may be larger than any integer that SQLite knows.
    Column("seed", String),
    Column("environment", String, nullable=False),
    Column("started_at", String, nullable=False),
    Column("dut_name", String),
    Column("dut_version", String),
    Column("verdict", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("trials", Integer, nullable=False),
    Column("duration_s", Float),
    Column("ended", Boolean, nullable=False),
    Column("recorded_ns", BigInteger, nullable=False, index=True),
)

T = TypeVar("T")
Step = Callable[[Connection], None]

# The n-th step brings a database from version n to version n + 1. A step that has been released never changes.
STEPS: tuple[Step, ...] = (_tables.create_all,)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """
    One run in a list. `recorded_ns` is when its record was last written, by the file system's clock.

    A record that cannot be read is listed too, with the reason and nothing else.
    """

    run_id: str
    drill: str = ""
    rig: str = ""
    seed: int | None = None
    environment: str = ""
    started_at: str = ""
    dut_name: str | None = None
    dut_version: str | None = None
    verdict: Verdict = Verdict.INCONCLUSIVE
    reason: str
    trials: int = 0
    duration_s: float | None = None
    ended: bool = False
    recorded_ns: int


class Index:
    """
    The index in one home. Open it with `Index.open`, as a context manager or with `close` after.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        self._path, self._engine = path, engine
        self._runs = path.parent / RUNS

    @classmethod
    def open(cls, home: Path) -> Index:
        """
        The index of that home, brought up to date with its records; one that is broken is made again.

        Raises RecordError when it was written by a newer crashbench, or cannot be written.
        """
        path = home / FILE
        index = cls(path, _engine(path))
        index.refresh()
        return index

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """
        Lets go of the database.
        """
        self._engine.dispose()

    def add(self, run: Run) -> None:
        """
        Takes a run in, in place of what was known of it. Raises RecordError.
        """
        self._put([_row(run, record.recorded_ns(self._runs / run.head.run_id))], [])

    def rows(self, limit: int | None = 50, drill: str | None = None, rig: str | None = None) -> list[RunRow]:
        """
        The newest runs first, by when they were recorded. Raises RecordError.
        """
        query = select(_runs).order_by(_runs.c.recorded_ns.desc(), _runs.c.run_id).limit(limit)
        if drill is not None:
            query = query.where(_runs.c.drill == drill)
        if rig is not None:
            query = query.where(_runs.c.rig == rig)
        return self._sound(lambda connection: [_of(row._asdict()) for row in connection.execute(query)])

    def refresh(self) -> None:
        """
        Takes in what was recorded since, and drops what is gone: also runs whose bench was killed. Raises RecordError.
        """
        known = self._sound(_recorded)
        there = record.folders(self._runs)
        times = {run_id: record.recorded_ns(folder) for run_id, folder in there.items()}
        changed = [_read(there[run_id], times[run_id]) for run_id in there if known.get(run_id) != times[run_id]]
        self._put(changed, [run_id for run_id in known if run_id not in there])

    def rebuild(self) -> None:
        """
        Forgets everything, and reads every record again. Raises RecordError.
        """
        self._sound(lambda connection: connection.execute(delete(_runs)))
        self.refresh()

    def prune(self, older_than_s: float, now: datetime) -> list[str]:
        """
        Deletes every run last recorded more than `older_than_s` seconds before `now`; returns their ids.

        A run without an end goes only when nothing in its folder has moved for a day either. Raises RecordError.
        """
        self.refresh()
        now_ns = int(now.timestamp() * NS_PER_S)
        gone: list[str] = []
        for row in self.rows(limit=None):
            folder = self._runs / row.run_id
            limit_s = older_than_s if row.ended else max(older_than_s, _SILENT_S)
            if now_ns - (row.recorded_ns if row.ended else _touched_ns(folder)) > limit_s * NS_PER_S:
                _remove(folder)
                gone.append(row.run_id)
        self._put([], gone)
        return gone

    def _put(self, rows: list[RunRow], gone: list[str]) -> None:
        stale = [*gone, *(row.run_id for row in rows)]
        if not stale:
            return

        def put(connection: Connection) -> None:
            for run_id in stale:
                connection.execute(delete(_runs).where(_runs.c.run_id == run_id))
            if rows:
                connection.execute(insert(_runs), [_values(row) for row in rows])

        self._sound(put)

    def _sound(self, work: Callable[[Connection], T]) -> T:
        """
        Does `work` in one transaction; a database that turns out to be broken is made again first.
        """
        try:
            return self._within(work)
        except DatabaseError as error:
            if not _is_broken(error):
                raise RecordError(f"{self._path}: {error.orig}") from error
            _log.warning("%s: %s; made again from the records", self._path, error.orig)
        self._discard()
        try:
            return self._within(work)
        except DatabaseError as error:
            raise RecordError(f"{self._path}: {error.orig}") from error

    def _within(self, work: Callable[[Connection], T]) -> T:
        with _turn(self._path.with_name(FILE + ".lock")), self._engine.begin() as connection:
            migrate(connection)
            return work(connection)

    def _discard(self) -> None:
        self._engine.dispose()
        for ending in ("", "-wal", "-shm"):
            self._path.with_name(FILE + ending).unlink(missing_ok=True)


@contextmanager
def _turn(lock: Path) -> Iterator[None]:
    """
    Waits for our turn.

    SQLite's own patience does not reach everywhere: of two that turn a new file into a WAL, or of one that comes while
    the last other goes, one is told at once that it is locked.
    """
    try:
        fd = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise RecordError(f"{lock}: cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def migrate(connection: Connection, steps: Sequence[Step] = STEPS) -> None:
    """
    Brings a database to the present schema, step by step. Raises RecordError for one that is newer.
    """
    _version.create(connection, checkfirst=True)
    version = connection.scalar(select(_version.c.version)) or 0
    if version > len(steps):
        file = connection.engine.url.database
        problem = f"is of schema {version}, and this crashbench knows {len(steps)}"
        raise RecordError(f"{file}: {problem}; use a newer crashbench, or remove the file: it is made again")
    if version == len(steps):
        return
    for step in steps[version:]:
        step(connection)
    connection.execute(delete(_version))
    connection.execute(insert(_version).values(version=len(steps)))


def _engine(path: Path) -> Engine:
    # Every transaction opens the file anew, so that one made again by another process is found.
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": _BUSY_S})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        # SQLAlchemy begins transactions, not sqlite3: so a schema step is undone whole when it fails.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Taken as a writer from the start: a reader that turns writer could not wait its turn.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _is_broken(error: DatabaseError) -> bool:
    """
    Whether the file is no database, or not one of ours: our own statements are right, so a wrong one says it is not.
    """
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def _recorded(connection: Connection) -> dict[str, int]:
    found = connection.execute(select(_runs.c.run_id, _runs.c.recorded_ns))
    return {row.run_id: row.recorded_ns for row in found}


def _read(folder: Path, recorded_ns: int) -> RunRow:
    try:
        return replace(_row(record.load_folder(folder), recorded_ns), run_id=folder.name)
    except RecordError as error:
        return RunRow(run_id=folder.name, reason=str(error), recorded_ns=recorded_ns)


def _row(run: Run, recorded_ns: int) -> RunRow:
    head = run.head
    return RunRow(
        run_id=head.run_id,
        drill=head.drill,
        rig=head.rig,
        seed=head.seed,
        environment=head.environment,
        started_at=head.started_at,
        dut_name=head.dut.name,
        dut_version=head.dut.version,
        verdict=run.verdict,
        reason=run.reason,
        trials=len(run.trials),
        duration_s=run.duration_s,
        ended=run.ended,
        recorded_ns=recorded_ns,
    )


def _values(row: RunRow) -> dict[str, Any]:
    return {**asdict(row), "verdict": row.verdict.value, "seed": None if row.seed is None else str(row.seed)}


def _of(values: Mapping[str, Any]) -> RunRow:
    seed = values["seed"]
    return RunRow(**{**values, "verdict": Verdict(values["verdict"]), "seed": None if seed is None else int(seed)})


def _touched_ns(folder: Path) -> int:
    return max((path.stat().st_mtime_ns for path in (folder, *folder.rglob("*")) if path.exists()), default=0)


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise RecordError(f"{folder}: cannot be removed: {error.strerror}") from error
