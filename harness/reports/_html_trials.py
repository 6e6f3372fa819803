"""
Every number of every trial, and what they say together.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..figures.duration_figure import duration_figure
from ..model.instant import Span
from ..model.run import Run
from ..model.trial import DURATIONS
from . import _summary
from ._html_figures import Figures, plot
from ._html_tags import NOTHING, Markup, joined, table, tag
from ._html_top import pill, target_of
from ._text import NOTHING as DASH
from ._text import seconds, shown, words

# A table of more rows than this is not read on a page, and slows it down.
_MOST_ROWS = 1000


def trials(run: Run, figures: Figures) -> Markup:
    """
    All trials in one table, what they say together, and each duration over them; nothing for a single one.
    """
    if len(run.trials) < 2:
        return NOTHING
    named = [name for name in run.trials[0].durations() if _summary.spans(run.trials, name)]
    rows = [
        (trial.index, pill(trial.verdict), *(shown(trial.duration(name)) for name in named), trial.reason or DASH)
        for trial in run.trials[:_MOST_ROWS]
    ]
    header = ("trial", "verdict", *map(words, named), "why")
    left = len(run.trials) - len(rows)
    more = tag("p", f"{left} more trials are in the run's JSON.", class_="warning") if left else NOTHING
    listed = table(header, rows, caption="Every trial", class_="wide")
    return joined(_together(run), _over_trials(run, named, figures), listed, more)


def _over_trials(run: Run, named: Sequence[str], figures: Figures) -> Markup:
    targets = {judged.expr.split()[0]: target for judged in run.criteria if (target := target_of(judged)) is not None}
    parts = []
    for name in named:
        figure = duration_figure(name, run.trials, targets[name].limit if name in targets else None)
        if figure is not None:
            says = f"{words(name)} in each trial, with its interval."
            caption = tag("strong", words(name).capitalize())
            parts.append(plot(figures, f"over-trials-{name}", figure, says=says, caption=caption))
    explained = (
        "A line is an interval that holds the truth. ▲ was not seen to end: it is longer than drawn. ◇ belongs to a "
        "trial that the bench cannot vouch for."
    )
    return joined(tag("div", *parts, class_="grid"), tag("p", explained, class_="quiet"))


def _together(run: Run) -> Markup:
    counted = _summary.counted(run)
    rows = [_row(name, seen) for name in [*DURATIONS, "hold_up"] if (seen := _summary.spans(counted, name))]
    if len(counted) < 2 or not rows:
        return NOTHING
    explained = (
        "A trial that never ended counts for as long as it was watched (Kaplan-Meier). In the mean each counts for at "
        "most the limit beside it; ± is the largest error of a single one."
    )
    header = ("duration", "n", "never ended", "median", "mean", "limit", "±")
    listed = table(header, rows, caption=f"All {len(counted)} trials that count, together")
    return joined(listed, tag("p", explained, class_="quiet"))


def _row(name: str, seen: list[Span]) -> tuple[object, ...]:
    short = _summary.summary(seen)
    median = "not reached" if short.median_s is None else seconds(short.median_s)
    sizes = (seconds(short.mean_s), seconds(short.limit_s), seconds(short.error_s))
    return (words(name), short.n, short.censored, median, *sizes)
