"""
What was measured of switches: kept as a whole, or not at all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.engine.measured import Measured
from harness.errors import RecordError


def test_what_was_measured_is_known_to_the_next(tmp_path: Path) -> None:
    path = tmp_path / "rig" / "floors.json"
    first = Measured(path)
    assert first.of("mains") is None
    first.note("mains", 0.02)
    first.note("heater", 0.03)
    first.note("mains", 0.025)
    assert (Measured(path).of("mains"), Measured(path).of("heater"), Measured(path).of("pump")) == (0.025, 0.03, None)
    assert [found.name for found in path.parent.iterdir()] == ["floors.json"]


def test_without_a_path_it_is_known_to_nobody_else() -> None:
    floors = Measured(None)
    floors.note("mains", 0.02)
    assert floors.of("mains") == 0.02
    assert Measured(None).of("mains") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"mains": "soon"}', '{"mains": null}'])
def test_a_spoilt_file_is_not_taken_for_nothing_measured(tmp_path: Path, text: str) -> None:
    path = tmp_path / "floors.json"
    path.write_text(text)
    with pytest.raises(RecordError, match="crashbench doctor"):
        Measured(path).of("mains")


def test_what_cannot_be_written_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    floors = Measured(tmp_path / "file" / "floors.json")
    with pytest.raises(RecordError):
        floors.note("mains", 0.02)
