"""
A home of its own for each test, and nothing of the caller's environment.
"""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    The bench's folder, empty.
    """
    path = tmp_path / "home"
    monkeypatch.setenv("CRASHBENCH_HOME", str(path))
    for name in ("CRASHBENCH_TOKEN", "CRASHBENCH_SEED", "CRASHBENCH_RIG", "CRASHBENCH_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    return path
