"""
The page that a customer is shown.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plotly.offline import get_plotlyjs

from harness.model.deviation import Deviation
from harness.model.event import Event
from harness.model.evidence import NO_EVIDENCE, Evidence
from harness.model.quantity import Quantity
from harness.model.run import Run
from harness.reports.html import Html
from tests.model import strategies
from tests.reports import examples

# What a page is made of; whoever gets anything else into it has broken out.
TAGS = frozenset(
    [
        "a",
        "blockquote",
        "body",
        "button",
        "caption",
        "code",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "head",
        "header",
        "html",
        "li",
        "link",
        "main",
        "meta",
        "nav",
        "noscript",
        "p",
        "pre",
        "script",
        "section",
        "span",
        "strong",
        "style",
        "summary",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)
LAST_SCRIPTS = 3


class Parsed(HTMLParser):
    """
    A page as a browser takes it apart: its elements with their attributes, the text, and what each script holds.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.scripts: list[str] = []
        self._in = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.scripts[-1] += data
        elif self._in != "style":
            self.text.append(data)

    def attribute(self, tag: str, name: str, **others: str) -> list[str | None]:
        """
        An attribute of every element of that name with those other attributes.
        """
        return [a.get(name) for t, a in self.elements if t == tag and others.items() <= a.items()]


# Five megabytes to read, and to take apart.
PLOTLY = str(get_plotlyjs())


def page(run: Run, evidence: Evidence = NO_EVIDENCE) -> Parsed:
    return Parsed(Html.render(run, evidence).replace(PLOTLY, ""))


@cache
def example(name: str) -> str:
    """
    The page of an example, without plotly's own script.
    """
    return Html.render(examples.ALL[name], examples.EVIDENCE[name]).replace(PLOTLY, "")


def figures(parsed: Parsed) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(parsed.scripts[-LAST_SCRIPTS])
    return found


@pytest.mark.parametrize("name", examples.ALL)
def test_its_structure_is_the_golden_one(name: str, is_golden: Callable[[str, str], bool]) -> None:
    bare = re.sub(r"(<(script|style)\b[^>]*>).*?</\2>", r"\1…</\2>", example(name), flags=re.DOTALL)
    bare = re.sub(r"sha256-[\w+/=]+", "sha256-…", bare).replace("><", ">\n<")

    assert is_golden(bare, f"{name}.html")


@pytest.mark.parametrize("name", examples.ALL)
def test_the_same_run_is_the_same_page(name: str) -> None:
    again = Html.render(examples.ALL[name], examples.EVIDENCE[name])

    assert again.count(PLOTLY) == 1
    assert again.replace(PLOTLY, "") == example(name)


@pytest.mark.parametrize("name", examples.ALL)
def test_it_needs_nothing_but_itself(name: str) -> None:
    parsed = Parsed(example(name))
    addresses = [
        v for _, a in parsed.elements for k, v in a.items() if k in ("href", "src", "srcset", "action", "data")
    ]

    assert addresses
    assert all(address and address.startswith(("#", "data:")) for address in addresses)
    assert "url(" not in example(name).split("</style>")[0]
    assert "@import" not in example(name).split("</style>")[0]


def test_its_policy_admits_its_own_scripts_and_no_other() -> None:
    parsed = Parsed(Html.render(examples.held))
    (policy,) = parsed.attribute("meta", "content", **{"http-equiv": "Content-Security-Policy"})
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))

    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in parsed.scripts[-2:]]
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]


def test_the_verdict_comes_first_and_the_limits_are_said() -> None:
    text = " ".join(Parsed(example("held")).text)
    order = [
        "The hypothesis held.",
        examples.HEAD.hypothesis,
        "time_to_detect < 30 s",
        "fault effective",
        "true failure rate is at most 95 %",
        examples.HEAD.repeat_command,
        "firmware version",
    ]

    places = [text.index(words) for words in order]
    assert places == sorted(places)


@given(strategies.runs, st.lists(strategies.events, max_size=5), strategies.texts)
@settings(max_examples=15)
def test_whatever_a_run_says_is_only_text(run: Run, events: list[Event], lost: str) -> None:
    trials = {trial.index for trial in run.trials}
    told = tuple(replace(event, trial=min(trials, default=None)) for event in events)
    _only_text(run, Evidence(events=told, lost=(lost,)))


HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"' onload='alert(1) <!-- ]]> &lt;b&gt; "
    "\u2028 ${1} `"
)


def test_a_hostile_unit_is_only_text() -> None:
    head = replace(
        examples.HEAD,
        drill_title=HOSTILE,
        hypothesis=HOSTILE,
        repeat_command=HOSTILE,
        wiring=HOSTILE,
        versions={HOSTILE: HOSTILE},
        dut=replace(examples.HEAD.dut, name=HOSTILE),
    )
    sheet = Deviation(row=HOSTILE, asked=HOSTILE, delivered=HOSTILE, measured_by=HOSTILE, why=HOSTILE)
    trace = replace(examples.EVIDENCE["held"].traces["monitor"], meter=HOSTILE, told=HOSTILE)  # type: ignore[type-var]
    events = [replace(event, subject=HOSTILE, data={HOSTILE: HOSTILE}) for event in examples.EVIDENCE["held"].events]
    run = replace(examples.held, head=head, reason=HOSTILE, notes=(HOSTILE,), deviations=(sheet,))

    parsed = _only_text(run, Evidence(events=tuple(events), traces={HOSTILE: trace}))
    assert "alert(1)" in "".join(parsed.text)


def _only_text(run: Run, evidence: Evidence) -> Parsed:
    text = Html.render(run, evidence).replace(PLOTLY, "")
    text.encode("utf-8")
    parsed = Parsed(text)

    assert {tag for tag, _ in parsed.elements} <= TAGS
    assert sum(tag == "script" for tag, _ in parsed.elements) == LAST_SCRIPTS
    assert not [name for _, attributes in parsed.elements for name in attributes if name.startswith("on")]
    assert set(figures(parsed)) == {a["data-figure"] for _, a in parsed.elements if "data-figure" in a}
    return parsed


def test_every_figure_has_its_place_its_words_and_its_data() -> None:
    parsed = Parsed(example("held"))
    places = {a["data-figure"]: a for _, a in parsed.elements if "data-figure" in a}

    assert set(places) == {"targets", "trial-1", "trial-1-fault", "trial-1-removal"}
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in places.values())
    assert all(figure["data"] for figure in figures(parsed).values())


@pytest.mark.parametrize(("name", "said"), [("deviated", "this ran in virtual time"), ("killed", "cannot be read")])
def test_where_there_is_no_trace_it_says_why(name: str, said: str) -> None:
    parsed = Parsed(example(name))

    assert said in " ".join(parsed.text)
    assert "rail voltage" not in parsed.scripts[0]


def test_of_many_trials_it_draws_the_telling_ones_and_says_so() -> None:
    parsed = Parsed(example("deviated"))
    text = " ".join(" ".join(parsed.text).split())

    assert {name for name in figures(parsed) if name.startswith("trial-")} == {"trial-1", "trial-3", "trial-5"}
    assert "4 of 6 trials are drawn; the tables have all." in text
    assert "the first that did not recover" in text
    assert "> 69.856 s (its end was not seen)" in text


def test_quantities_and_the_deviation_sheet_are_shown_where_there_are_any() -> None:
    trial = replace(examples.held.trials[0], quantities={"inrush_peak": Quantity(1.1, 1.3, "A")})
    sheet = Deviation(row="t1 = 10 µs", asked="10 µs", why="the relay needs 20 ms")
    parsed = page(replace(examples.held, trials=(trial,), deviations=(sheet,)))
    text = " ".join(parsed.text)

    assert str(trial.quantities["inrush_peak"]) in text
    assert "the relay needs 20 ms" in text
    assert "not run" in text
    assert "Deviation sheet" not in " ".join(page(examples.held).text)


def test_a_keyboard_reaches_what_scrolls_and_every_table_has_a_caption() -> None:
    parsed = Parsed(example("deviated"))
    tags = [tag for tag, _ in parsed.elements]

    assert tags.count("table") == tags.count("caption") > 3
    assert set(parsed.attribute("div", "tabindex", role="region")) == {"0"}
    assert tags.count("h1") == 1


def test_without_plotly_it_names_what_to_install() -> None:
    script = (
        "import sys; sys.modules['plotly'] = None\n"
        "from harness.model.evidence import NO_EVIDENCE\n"
        "from harness.reports import load\n"
        "from tests.reports import examples\n"
        "load('md').render(examples.held, NO_EVIDENCE)\n"
        "load('html').render(examples.held, NO_EVIDENCE)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert ended.returncode != 0
    assert ended.stderr.splitlines()[-1].endswith(
        "html needs plotly; install it with `pip install 'crashbench[report]'`"
    )
