"""
The top of the page: what came of the run, and against which targets.
"""

from __future__ import annotations

from ..config.units import any_quantity
from ..errors import UsageError
from ..figures.target_figure import Target, target_figure
from ..model.criterion import OPERATORS, Judged
from ..model.run import Run
from ..model.verdict import TrialVerdict, Verdict
from . import _summary
from ._html_figures import Figures, plot
from ._html_tags import NOTHING, Markup, joined, spaced, table, tag
from ._text import VERDICT_WORDS, measured, percent, sentence, words

_SIGNS = {
    Verdict.HELD: "✓",
    Verdict.DEVIATED: "✕",
    Verdict.INCONCLUSIVE: "?",
    TrialVerdict.RECOVERED: "✓",
    TrialVerdict.STUCK: "✕",
    TrialVerdict.INCONCLUSIVE: "?",
}
# What was real, in words that a reader of the page knows.
WORLDS = {
    "real": "real hardware",
    "lab": "a real program on played hardware, in real time",
    "sim": "a simulation in virtual time",
}


def pill(verdict: Verdict | TrialVerdict) -> Markup:
    """
    A verdict as a sign, a word and a colour.
    """
    sign = tag("span", _SIGNS[verdict], aria_hidden="true", class_="sign")
    return tag("span", sign, verdict.value, class_=f"pill {verdict.value}")


def top(run: Run) -> Markup:
    """
    The verdict, why, and the hypothesis that was tried.
    """
    head = run.head
    facts = {
        "Unit under test": " ".join(filter(None, (head.dut.name, head.dut.version))) or "it did not say who it is",
        "Trials": _trials(run),
        "Rig": f"{head.rig}: {WORLDS[head.world]}",
        "Started": head.started_at,
    }
    strip = tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts.items()), class_="strip")
    said = tag("p", tag("strong", VERDICT_WORDS[run.verdict]), " ", sentence(run.reason))
    return tag(
        "header",
        tag("p", "Chaos report", class_="eyebrow"),
        tag("h1", head.drill_title),
        tag("div", pill(run.verdict), said, class_=f"verdict {run.verdict.value}"),
        tag("blockquote", tag("span", "Hypothesis", class_="eyebrow"), tag("p", head.hypothesis)),
        strip,
    )


def _trials(run: Run) -> str:
    counts = {verdict: sum(trial.verdict is verdict for trial in run.trials) for verdict in TrialVerdict}
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    return f"{len(run.trials)} ({said})" if run.trials else "none"


# --- targets ---------------------------------------------------------------------------------------------------------


def targets(run: Run, figures: Figures) -> Markup:
    """
    Every criterion with what was measured, and the figure of those that have one.
    """
    rows = [(tag("code", judged.expr), pill(judged.verdict), measured(judged), judged.n) for judged in run.criteria]
    if not rows:
        return joined(tag("p", "No target was judged."), _errors(run))
    header = ("target", "verdict", "measured, with its interval", "n")
    listed = table(header, rows, caption="What was measured against each target", class_="targets")
    several = "Of several trials the worst is shown; mttd and mttr are means over all."
    explained = tag("p", several, class_="quiet") if len(run.trials) > 1 else NOTHING
    return joined(listed, explained, _errors(run), _drawn(run, figures))


def _drawn(run: Run, figures: Figures) -> Markup:
    figure = target_figure([target for judged in run.criteria if (target := target_of(judged)) is not None])
    if figure is None:
        return NOTHING
    caption = (
        "Each row has its own target at 100 %; the green side meets it. The line is the interval that was judged; "
        "an arrow says that it goes on. A target of zero is in the table alone."
    )
    return plot(figures, "targets", figure, says="What was measured, as a share of each target.", caption=caption)


def target_of(judged: Judged) -> Target | None:
    """
    A criterion as it is drawn; None for one that was not measured, or whose limit has a unit unknown here.
    """
    if judged.value is None or judged.low is None:
        return None
    name, op, limit = judged.expr.split(maxsplit=2)
    try:
        number = any_quantity(limit)
    except UsageError:
        return None  # the table shows it as it was written
    assert op in OPERATORS
    return Target(
        name=words(name),
        op=op,
        limit=number,
        value=judged.value,
        low=judged.low,
        high=judged.high,
        verdict=judged.verdict,
        shown=f"{measured(judged)}  (target {op} {limit})",
    )


def _errors(run: Run) -> Markup:
    errors = _summary.error_ratio(_summary.counted(run))
    if errors is None:
        return NOTHING
    share = f"{errors.failed} of {errors.n} requests failed, from the commanded fault until ready"
    said = f"{percent(errors.ratio)} ({share}); at 95 % confidence at most {percent(errors.bound)}."
    return tag("p", spaced(tag("strong", "Error ratio:"), said))
