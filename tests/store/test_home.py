"""
Where the bench keeps its records.
"""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.store.home import home, runs_dir


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRASHBENCH_HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))


def test_without_any_word_it_is_the_users_state_directory(tmp_path: Path) -> None:
    assert home() == tmp_path / "user/.local/state/crashbench"


def test_the_xdg_state_directory_comes_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    assert home() == tmp_path / "state/crashbench"


def test_a_relative_xdg_state_directory_is_ignored_as_its_specification_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "state")

    assert home() == tmp_path / "user/.local/state/crashbench"


def test_crashbench_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "bench"))

    assert home() == tmp_path / "bench"


def test_a_relative_crashbench_home_counts_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRASHBENCH_HOME", ".crashbench")

    assert home() == tmp_path / ".crashbench"


def test_both_folders_are_for_their_owner_alone() -> None:
    assert runs_dir() == home() / "runs"
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (home(), runs_dir())] == [0o700, 0o700]


def test_a_home_that_cannot_be_written_names_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "file/home"))

    with pytest.raises(UsageError, match=r"CRASHBENCH_HOME: '.*/file/home' cannot be written: .*; set it to"):
        home()
