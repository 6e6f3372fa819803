"""
The index is a cache of the records: quick to ask, safe to lose.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from harness.errors import RecordError
from harness.model.verdict import Verdict
from harness.store import index as index_module
from harness.store.events import FILE as EVENTS
from harness.store.index import FILE, STEPS, Index, migrate
from tests.store.recorded import held, write

DAY = 86_400
NOW_S = 1_000 * DAY
NOW = datetime.fromtimestamp(NOW_S, UTC)


def ids(index: Index) -> list[str]:
    return [row.run_id for row in index.rows()]


@pytest.fixture
def three(home: Path) -> Path:
    """
    A home with three runs, `c` the newest.
    """
    write(home / "runs", held("a", drill="noop", rig="sim"), recorded_s=NOW_S - 3 * DAY)
    write(home / "runs", held("b", rig="sim", seed=2**70), recorded_s=NOW_S - 2 * DAY)
    write(home / "runs", held("c"), recorded_s=NOW_S - DAY)
    return home


def test_what_was_recorded_is_listed_newest_first(three: Path) -> None:
    with Index.open(three) as index:
        assert ids(index) == ["c", "b", "a"]
        assert [row.run_id for row in index.rows(limit=1)] == ["c"]
        assert [row.run_id for row in index.rows(drill="power-outage")] == ["c", "b"]
        assert [row.run_id for row in index.rows(rig="sim")] == ["b", "a"]
        assert [row.run_id for row in index.rows(drill="noop", rig="lab")] == []


def test_a_row_says_what_came_of_the_run(three: Path) -> None:
    with Index.open(three) as index:
        _, row, _ = index.rows()

    assert (row.drill, row.rig, row.seed, row.environment) == ("power-outage", "sim", 2**70, "staging")
    assert (row.verdict, row.reason, row.trials, row.ended) == (Verdict.HELD, "it held", 1, True)
    assert (row.dut_name, row.dut_version, row.duration_s) == ("edge-node", "1.0.0", 90.0)
    assert row.recorded_ns == (NOW_S - 2 * DAY) * 10**9


def test_a_run_that_is_added_is_listed_at_once_and_once(home: Path) -> None:
    with Index.open(home) as index:
        write(home / "runs", held("new"))
        for _ in range(2):
            index.add(held("new"))

        assert ids(index) == ["new"]


def test_a_run_whose_bench_was_killed_is_listed_by_the_next_who_asks(home: Path) -> None:
    Index.open(home).close()
    write(home / "runs", held("killed"), end=False)

    with Index.open(home) as index:
        (row,) = index.rows()
    assert (row.verdict, row.ended) == (Verdict.INCONCLUSIVE, False)
    assert row.reason == "the record has no end: the bench was killed"


def test_a_record_that_cannot_be_read_is_listed_with_the_reason(three: Path) -> None:
    (three / "runs/b" / EVENTS).write_text("rubbish\n")

    with Index.open(three) as index:
        row = next(row for row in index.rows() if row.run_id == "b")
    assert row.verdict is Verdict.INCONCLUSIVE
    assert "line 1 is not what was written" in row.reason


def test_only_what_changed_is_read_again(three: Path) -> None:
    Index.open(three).close()
    events = three / "runs/a" / EVENTS
    events.write_text("rubbish\n")
    os.utime(events, (NOW_S - 3 * DAY, NOW_S - 3 * DAY))

    with Index.open(three) as index:
        assert index.rows()[-1].verdict is Verdict.HELD
        index.rebuild()
        assert index.rows()[-1].verdict is Verdict.INCONCLUSIVE


def test_a_run_whose_folder_is_gone_is_forgotten(three: Path) -> None:
    Index.open(three).close()
    (three / "runs/b" / EVENTS).unlink()

    with Index.open(three) as index:
        assert ids(index) == ["c", "a"]


# --- pruning ---------------------------------------------------------------------------------------------------------


def test_pruning_deletes_what_is_older_and_says_what(three: Path) -> None:
    journal = three / "undo" / "lab.jsonl"
    journal.parent.mkdir()
    journal.write_text("not mine")

    with Index.open(three) as index:
        assert index.prune(1.5 * DAY, NOW) == ["b", "a"]
        assert ids(index) == ["c"]
        assert index.prune(1.5 * DAY, NOW) == []
    assert sorted(path.name for path in (three / "runs").iterdir()) == ["c"]
    assert journal.read_text() == "not mine"


def test_a_run_that_may_still_be_going_on_is_not_pruned(home: Path) -> None:
    for name, age_s in (("quiet-for-an-hour", 3_600), ("quiet-for-two-days", 2 * DAY), ("traced", 2 * DAY)):
        write(home / "runs", held(name), end=False, recorded_s=NOW_S - age_s)
    trace = home / "runs/traced/trace.arrow"
    trace.touch()
    os.utime(trace, (NOW_S - 60, NOW_S - 60))

    with Index.open(home) as index:
        assert index.prune(0, NOW) == ["quiet-for-two-days"]


# --- the file --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rubbish", [b"this is no database, and long enough to be looked at" * 100, b"SQLite format 3\0" * 300]
)
def test_a_broken_index_is_made_again_with_a_note(
    three: Path, caplog: pytest.LogCaptureFixture, rubbish: bytes
) -> None:
    (three / FILE).write_bytes(rubbish)

    with caplog.at_level(logging.WARNING, "crashbench"), Index.open(three) as index:
        assert ids(index) == ["c", "b", "a"]
    assert "made again from the records" in caplog.text


def test_an_index_that_breaks_while_it_is_open_is_made_again(three: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Index.open(three) as index:
        (three / FILE).write_bytes(b"gone" * 4096)
        for ending in ("-wal", "-shm"):
            three.joinpath(FILE + ending).unlink(missing_ok=True)
        index.add(held("c"))
        index.refresh()

        assert ids(index) == ["c", "b", "a"]
    assert "made again from the records" in caplog.text


def test_a_database_with_other_tables_is_made_again(three: Path) -> None:
    Index.open(three).close()
    _sql(three / FILE, "DROP TABLE runs")

    with Index.open(three) as index:
        assert ids(index) == ["c", "b", "a"]


def test_an_index_from_a_newer_bench_is_refused(three: Path) -> None:
    Index.open(three).close()
    _sql(three / FILE, "UPDATE schema_version SET version = 99")

    with pytest.raises(RecordError, match=rf"{FILE}: is of schema 99, and this crashbench knows {len(STEPS)}; use a"):
        Index.open(three)


def test_an_index_that_cannot_be_written_is_an_error(three: Path) -> None:
    (three / FILE).mkdir()

    with pytest.raises(RecordError, match=f"{FILE}: unable to open"):
        Index.open(three)


def test_an_older_schema_is_brought_forward_step_by_step_and_keeps_its_rows(three: Path) -> None:
    Index.open(three).close()
    engine = create_engine(f"sqlite:///{three / FILE}")
    steps = (
        *STEPS,
        lambda connection: connection.execute(text("ALTER TABLE runs ADD COLUMN note TEXT DEFAULT 'old'")),
        lambda connection: connection.execute(text("UPDATE runs SET note = note || '!'")),
    )

    for _ in range(2):
        with engine.begin() as connection:
            migrate(connection, steps)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT version FROM schema_version")).all() == [(len(STEPS) + 2,)]
        assert connection.execute(text("SELECT DISTINCT note FROM runs")).all() == [("old!",)]
        assert connection.execute(text("SELECT COUNT(*) FROM runs")).scalar() == 3
    engine.dispose()


def test_a_step_that_fails_leaves_the_old_schema_whole(three: Path) -> None:
    Index.open(three).close()

    def halfway(connection: index_module.Connection) -> None:
        connection.execute(text("ALTER TABLE runs ADD COLUMN half TEXT"))
        raise RuntimeError("the power went")

    engine = index_module._engine(three / FILE)
    with pytest.raises(RuntimeError, match="the power went"), engine.begin() as connection:
        migrate(connection, (*STEPS, halfway))
    engine.dispose()

    with Index.open(three) as index:
        assert ids(index) == ["c", "b", "a"]


def test_the_index_is_in_write_ahead_mode(three: Path) -> None:
    Index.open(three).close()
    engine = create_engine(f"sqlite:///{three / FILE}")
    with engine.begin() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    engine.dispose()


def test_many_may_write_at_once_from_the_first_moment_on(home: Path) -> None:
    names = [f"run-{n}" for n in range(8)]
    for name in names:
        write(home / "runs", held(name))

    def add(name: str) -> None:
        with Index.open(home) as index:
            for _ in range(5):
                index.add(held(name))

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(add, names))
    with Index.open(home) as index:
        assert sorted(ids(index)) == names


def test_sqlalchemy_is_loaded_by_the_index_alone() -> None:
    program = (
        "import sys, harness.store.events, harness.store.record, harness.store.home, harness.reports as reports\n"
        "reports.load('md')\n"
        "assert 'sqlalchemy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def _sql(path: Path, statement: str) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
