"""
A file that a run shall write is looked at before the run, and left as it was.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.cli.outputs import check_output
from harness.errors import UsageError


def test_a_file_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    there, new = tmp_path / "there.json", tmp_path / "new.json"
    there.write_text("kept", encoding="utf-8")

    check_output(there, "--json")
    check_output(new, "--json")

    assert there.read_text(encoding="utf-8") == "kept"
    assert not new.exists()


def test_a_pipe_is_not_opened_before_there_is_anything_to_say(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    check_output(tmp_path / "pipe", "--json")


@pytest.mark.parametrize("where", ["", "nowhere/run.json"])
def test_what_cannot_be_written_is_named_with_its_key(tmp_path: Path, where: str) -> None:
    with pytest.raises(UsageError, match=r"--json: cannot be written: .*; name a file in a folder that is there"):
        check_output(tmp_path / where, "--json")
