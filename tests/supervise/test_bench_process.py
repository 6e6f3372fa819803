"""
A bench process that fails by itself: one line, no last word, so that whoever outlives it has the rig made safe.
"""

from __future__ import annotations

import os

import pytest

from harness.supervise.bench_process import BenchProcess, carry_out
from harness.supervise.request import RunRequest
from harness.supervise.wire import Sender


@pytest.fixture(autouse=True)
def _bug(monkeypatch: pytest.MonkeyPatch) -> None:
    def fall_over(_: BenchProcess) -> None:
        raise KeyError("no such thing")

    monkeypatch.setattr(BenchProcess, "main", fall_over)


def test_a_bug_is_one_line_and_no_last_word(capfd: pytest.CaptureFixture[str]) -> None:
    read, write = os.pipe()

    assert carry_out(RunRequest(drill="control", rig="sim", seed=0), Sender(write)) == 1

    os.close(write)
    assert os.read(read, 1) == b""
    os.close(read)
    complained = capfd.readouterr().err
    assert complained.startswith("crashbench: the bench process failed by itself: KeyError: 'no such thing'")
    assert len(complained.splitlines()) == 1


def test_debug_shows_where(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError):
        carry_out(RunRequest(drill="control", rig="sim", seed=0, debug=True), Sender(2))
