"""
A home of its own for each test.
"""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    The bench's folder, empty.
    """
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("CRASHBENCH_HOME", str(path))
    return path
