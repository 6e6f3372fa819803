"""
The page around it all: one file that needs nothing else, and lets nothing else in.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from plotly.offline import get_plotlyjs

from ..figures.encoding import to_json
from ..model.evidence import Evidence
from ..model.run import Run
from . import _html_rest as rest
from ._html_figures import Figures
from ._html_tags import Markup, joined, raw, tag
from ._html_timeline import timelines
from ._html_top import targets, top
from ._html_trials import trials

Section = tuple[str, str, Markup]

# Every element is a copy of all that is in it, and the scripts weigh ten megabytes in memory: their place is kept, and
# they come in last.
_SCRIPTS = Markup("<script></script>")


def page(run: Run, evidence: Evidence) -> str:
    """
    A whole HTML page of titled sections; the empty ones are left out.
    """
    figures: Figures = {}
    sections = [(key, title, inside) for key, title, inside in _sections(run, evidence, figures) if inside]
    scripts, hashes = _scripts()
    body = tag(
        "body",
        tag("a", "Skip to the verdict", href="#report", class_="skip"),
        tag("main", top(run), _navigation(sections), *(_section(*section) for section in sections), id="report"),
        _footer(run),
        raw("script", to_json(figures), type="application/json", id="figures"),
        _SCRIPTS,
    )
    before, _, after = tag("html", _head(run, hashes), body, lang="en").rpartition(_SCRIPTS)
    return f"<!DOCTYPE html>\n{before}{scripts}{after}\n"


def _sections(run: Run, evidence: Evidence, figures: Figures) -> list[Section]:
    return [
        ("targets", "Targets", targets(run, figures)),
        ("timeline", "Timeline and power", timelines(run, evidence, figures)),
        ("quantities", "Measured quantities", rest.quantities(run)),
        ("trials", "All trials", trials(run, figures)),
        ("deviations", "Deviation sheet", rest.deviation_sheet(run)),
        ("notes", "Notes", rest.noted(run)),
        ("limits", "What this run cannot tell you", rest.cannot_tell(run)),
        ("repeat", "Run it again", rest.repeat(run)),
        ("identity", "What took part", rest.identity(run)),
        ("events", "Events", rest.events(evidence)),
    ]


@cache
def _scripts() -> tuple[Markup, str]:
    """
    The scripts of every page, plotly's own five megabytes among them, and the hashes by which a browser knows them.
    """
    scripts = (str(get_plotlyjs()), _resource("_html.js"))
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return joined(*(raw("script", script) for script in scripts)), hashes


def _head(run: Run, hashes: str) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(hashes)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{run.head.drill_title}: {run.verdict}"),
        tag("link", rel="icon", href="data:,"),
        raw("style", _resource("_html.css")),
    )


def _policy(hashes: str) -> str:
    """
    Nothing is fetched, and no script runs but those of these hashes.
    """
    # plotly styles its drawings in place, and saves one as a picture through an image of its own making.
    rest_of_it = "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {hashes}; {rest_of_it}"


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _resource(name: str) -> str:
    return files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def _navigation(sections: list[Section]) -> Markup:
    links = [tag("li", tag("a", title, href=f"#{key}")) for key, title, _ in sections]
    return tag("nav", tag("ul", *links), aria_label="Sections of this report")


def _section(key: str, title: str, inside: Markup) -> Markup:
    return tag("section", tag("h2", title), inside, id=key)


def _footer(run: Run) -> Markup:
    version = run.head.versions.get("crashbench") or "of unknown version"
    return tag(
        "footer",
        tag("noscript", tag("p", "The figures need JavaScript; the numbers in them are in the tables too.")),
        tag("p", f"Made by crashbench {version} from the record of run {run.head.run_id}."),
    )
