"""
All that was written down of a run.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import RecordError
from harness.store.events import read
from harness.store.evidence import load_evidence
from harness.store.trace_file import open_traces
from tests.store import recorded


def test_it_has_the_events_of_the_record_in_order(tmp_path: Path) -> None:
    folder = recorded.write(tmp_path, recorded.held())

    evidence = load_evidence(folder)

    assert evidence.events == tuple(read(folder))
    assert (evidence.traces, evidence.lost) == ({}, ())


def test_a_trace_that_cannot_be_read_is_told_and_takes_nothing_else_with_it(tmp_path: Path) -> None:
    folder = recorded.write(tmp_path, recorded.held())
    (folder / "trace").mkdir()
    (folder / "trace" / "monitor.parquet").write_bytes(b"PAR1 this is none")
    with pytest.raises(RecordError):
        open_traces(folder)

    evidence = load_evidence(folder)

    assert evidence.events == tuple(read(folder))
    assert evidence.lost[0].startswith("the power trace cannot be read: ")
    assert "monitor.parquet" in evidence.lost[0]


def test_a_broken_record_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError):
        load_evidence(tmp_path)
