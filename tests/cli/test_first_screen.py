"""
The README's first screen shows what `make drill` really prints: the same lines in the same order, but for the numbers.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.config.source import shipped
from tests.supervise.played import crashbench, patient

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
CHANGES = (
    (r"report: \S*/runs/\d{8}-\d{6}-power-outage-[0-9a-f]{4}/", "report: RUN/"),
    (r"\d+(\.\d+)?( (s|ms|µs|ns))?", "N"),
    (r" +", " "),
)


def form(text: str) -> list[str]:
    """
    The lines of a text without what is never the same twice.
    """
    for pattern, instead in CHANGES:
        text = re.sub(pattern, instead, text)
    return [line.strip() for line in text.splitlines()]


def shown() -> list[str]:
    """
    What the page shows.
    """
    block = re.search(r"ends like this:\n\n```text\n(.*?)```", README, re.S)
    assert block is not None
    return form(block[1])


def test_the_page_shows_a_whole_ending() -> None:
    lines = shown()
    assert lines[0] == "Power outage on lab, seed N: N of N trials recovered, every criterion met"
    assert lines[-2:] == ["report: RUN/chaos-report.html", "verdict: held"]
    assert "time to recover N ± N" in lines


@pytest.mark.lab
@pytest.mark.vm
def test_the_first_drill_ends_as_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("CRASHBENCH_ENVIRONMENT", raising=False)
    rig = tmp_path / "lab.toml"
    rig.write_text(patient(shipped("rig")["lab"].read_text("utf-8")), "utf-8")
    drill = crashbench(tmp_path, "run", "power-outage", "--rig", str(rig))
    out, err = drill.communicate(timeout=100)
    assert drill.returncode == 0, err
    assert form(err + out)[-len(shown()) :] == shown()
