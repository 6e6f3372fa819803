"""
The page in a real browser, opened from the disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.reports.html import Html
from tests.reports import examples
from tests.reports.chromium import Page, chromium

pytestmark = pytest.mark.browser

WIDTHS = (1280, 390)
# Every figure: how many traces it has, how many of them are drawn, and how many marks it holds.
_FIGURES = """
[...document.querySelectorAll("[data-figure]")].map((plot) => ({
  name: plot.dataset.figure,
  traces: plot.data.length,
  asked: JSON.parse(document.getElementById("figures").textContent)[plot.dataset.figure].data.length,
  drawn: plot.querySelectorAll(".scatterlayer > .trace, .barlayer > .trace").length,
  paths: plot.querySelectorAll(".main-svg path").length,
}))
"""
# What sticks out of the window, and what sticks out of a figure's own place.
_OVERFLOW = """
({
  page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  figures: [...document.querySelectorAll("[data-figure]")]
    .filter((plot) => plot.scrollWidth > plot.clientWidth + 1 || plot.scrollHeight > plot.clientHeight + 1)
    .map((plot) => plot.dataset.figure),
  elements: [...document.querySelectorAll("main *:not(svg *)")]
    .filter((one) => !one.closest(".scroll, pre, .plot") && one.getBoundingClientRect().right > innerWidth + 1)
    .map((one) => one.outerHTML.slice(0, 80)),
})
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def tab(browser: Page) -> Page:
    browser.requests.clear()
    browser.complaints.clear()
    return browser


def written(name: str, folder: Path) -> Path:
    path = folder / "chaos-report.html"
    path.write_text(Html.render(examples.ALL[name], examples.EVIDENCE[name]), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", examples.ALL)
def test_it_opens_offline_without_a_complaint_and_nothing_sticks_out(
    tab: Page, tmp_path: Path, name: str, width: int
) -> None:
    path = written(name, tmp_path)

    tab.show(path, width=width)

    overflow = tab.ask(_OVERFLOW)
    assert tab.complaints == []
    assert set(tab.requests) <= {path.as_uri(), "data:,"}
    assert overflow == {"page": 0, "figures": [], "elements": []}


@pytest.mark.parametrize("name", ["held", "deviated"])
def test_every_figure_has_its_data_and_draws_it(tab: Page, tmp_path: Path, name: str) -> None:
    tab.show(written(name, tmp_path), width=1280)

    figures = tab.ask(_FIGURES)
    assert len(figures) >= 4
    for figure in figures:
        assert figure["traces"] == figure["asked"] > 0, figure
        assert figure["drawn"] == figure["traces"], figure
        assert figure["paths"] > figure["traces"], figure


def test_a_deviation_sheet_and_quantities_can_be_read(tab: Page, tmp_path: Path) -> None:
    tab.show(written("laddered", tmp_path), width=390)

    cells = tab.ask("""
      [...document.querySelectorAll("table td")].map((td) => td.innerText)
    """)
    shown = [cell.strip() for cell in cells]
    assert {str(quantity) for quantity in examples.MEASURED.values()} <= set(shown)
    assert {row.why for row in examples.SHEET} <= set(shown)
    assert "not run" in shown


def test_the_rail_is_seen_to_fall(tab: Page, tmp_path: Path) -> None:
    tab.show(written("held", tmp_path), width=1280)

    path = tab.ask("""
      (() => {
        const plot = document.querySelector("[data-figure='trial-1']");
        const at = plot.data.findIndex((trace) => trace.name === "monitor: voltage" && trace.line.width > 0);
        const trace = plot.calcdata[at][0].trace;
        const axis = plot._fullLayout.yaxis2;
        return {least: Math.min(...trace.y.filter((y) => y !== null)), top: axis.range[1], title: axis.title.text};
      })()
    """)
    assert path["title"] == "rail voltage (V)"
    assert path["least"] < 0.1 < 5 < path["top"]


def test_it_offers_nobody_to_share_the_run(tab: Page, tmp_path: Path) -> None:
    tab.show(written("held", tmp_path), width=1280)

    titles = tab.ask("[...document.querySelectorAll('.modebar-btn')].map((button) => button.dataset.title)")
    assert titles
    assert not [title for title in titles if "share" in title.lower() or "cloud" in title.lower()]


def test_what_does_not_belong_to_it_is_kept_out(tab: Page, tmp_path: Path) -> None:
    """
    The policy works: a script that was put in afterwards does not run, and nothing can be fetched.
    """
    path = written("held", tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("</footer>", "</footer><script>window.ran = true</script>"), encoding="utf-8")

    tab.show(path, width=1280)

    assert tab.ask("window.ran === undefined")
    assert tab.ask("fetch('data:text/plain,x').then(() => false, () => true)")
    assert any("Content Security Policy" in complaint for complaint in tab.complaints)


def test_the_command_can_be_copied_and_pointing_is_not_needed(tab: Page, tmp_path: Path) -> None:
    tab.show(written("held", tmp_path), width=1280)

    told = tab.ask("""
      new Promise((done) => {
        const button = document.querySelector("[data-copy]");
        const status = document.querySelector("[role=status]");
        const tell = () => done([status.textContent, String(getSelection())]);
        new MutationObserver(tell).observe(status, {childList: true});
        button.focus();
        button.click();
      })
    """)
    assert told[0].startswith(("Copied", "Selected"))
    if told[0].startswith("Selected"):
        assert told[1].strip() == examples.HEAD.repeat_command


def test_it_prints_on_paper_with_every_figure_and_event(tab: Page, tmp_path: Path) -> None:
    tab.show(written("held", tmp_path), width=1280)

    tab.paper(tmp_path / "report.pdf")

    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    # A4 at 96 dots per inch is 794 wide; its margins are 14 mm each.
    widths = tab.ask("""
      (window.dispatchEvent(new Event("beforeprint")),
       [...document.querySelectorAll("[data-figure]")].map((plot) => plot._fullLayout.width))
    """)
    assert max(widths) <= 794 - 2 * 52
    assert tab.ask("document.querySelector('details').open")
