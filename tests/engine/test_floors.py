"""
Floors that were measured: kept as a whole, or not at all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.engine.floors import Floors
from harness.errors import RecordError


def test_what_was_measured_is_known_to_the_next(tmp_path: Path) -> None:
    path = tmp_path / "rig" / "floors.json"
    first = Floors(path)
    assert first.of("mains") == 0
    first.note("mains", 0.02)
    first.note("heater", 0.03)
    first.note("mains", 0.025)
    assert (Floors(path).of("mains"), Floors(path).of("heater"), Floors(path).of("pump")) == (0.025, 0.03, 0)
    assert [found.name for found in path.parent.iterdir()] == ["floors.json"]


def test_without_a_path_it_is_known_to_nobody_else() -> None:
    floors = Floors(None)
    floors.note("mains", 0.02)
    assert floors.of("mains") == 0.02
    assert Floors(None).of("mains") == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"mains": "soon"}', '{"mains": null}'])
def test_a_spoilt_file_is_no_floor_of_0(tmp_path: Path, text: str) -> None:
    path = tmp_path / "floors.json"
    path.write_text(text)
    with pytest.raises(RecordError, match="crashbench doctor"):
        Floors(path).of("mains")


def test_what_cannot_be_written_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    floors = Floors(tmp_path / "file" / "floors.json")
    with pytest.raises(RecordError):
        floors.note("mains", 0.02)
