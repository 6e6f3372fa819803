"""
The page of a run that really was, in a real browser: a shipped drill in the lab, with its trace, its console and all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reports.chromium import Page, chromium
from tests.supervise import played

pytestmark = [pytest.mark.browser, pytest.mark.lab]

_CONSOLE = """
[devices.console]
kind = "serial_console"
port = "lab:edge"
lag = "0 ms"

[dut.edge]
"""
# Every figure, whether each of its traces has numbers to draw, and what is drawn of it.
_FIGURES = """
[...document.querySelectorAll("[data-figure]")].map((plot) => ({
  name: plot.dataset.figure,
  empty: plot.data.filter((trace) => !(trace.x && trace.x.length && trace.y && trace.y.length)).map((one) => one.name),
  traces: plot.data.length,
  drawn: plot.querySelectorAll(".scatterlayer > .trace, .barlayer > .trace").length,
  said: plot.data.filter((trace) => trace.name === "edge.console").flatMap((trace) => trace.hovertext),
  volts: plot.data.filter((trace) => trace.name === "monitor: voltage").flatMap((trace) => trace.y),
}))
"""


def test_a_power_outage_in_the_lab_is_a_page_with_its_trace_and_its_console(tmp_path: Path) -> None:
    rig = played.quick_rig(
        tmp_path,
        **{
            "\n[dut.edge]\n": _CONSOLE,
            'meter = "monitor"': 'meter = "monitor"\nconsole = "console"',
            'boot = "300 ms"': 'boot = "300 ms"\nconsole = "usb"',
        },
    )
    run = played.crashbench(tmp_path, "run", "power-outage", "--rig", str(rig), "--set", 'drill.hold="300 ms"')
    told, complained = run.communicate(timeout=90)
    assert told.splitlines()[-1] == "verdict: held", complained
    (report,) = (tmp_path / "home" / "runs").glob("*/chaos-report.html")

    with chromium(tmp_path / "profile") as page:
        page.show(report, width=1280)
        figures = page.ask(_FIGURES)
        assert page.complaints == []
        assert set(page.requests) <= {report.as_uri(), "data:,"}
        _looked_at(figures, page)


def _looked_at(figures: list[dict[str, object]], page: Page) -> None:
    by_name = {figure["name"]: figure for figure in figures}
    assert {"trial-0", "trial-0-fault", "trial-0-removal"} <= by_name.keys()
    assert len(figures) >= 4
    for figure in figures:
        assert figure["empty"] == [], figure
        assert figure["drawn"] == figure["traces"], figure
    whole = by_name["trial-0"]
    volts = [volt for volt in whole["volts"] if volt is not None]  # type: ignore[attr-defined]
    assert min(volts) < 0.3 < 4.9 < max(volts)
    # The unit says so on its own port, each time that it boots.
    assert any("edge" in words for words in whole["said"])  # type: ignore[attr-defined]
    assert page.ask("document.body.innerText.includes('boot time')")
