"""
The report that a person reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model.event import Event, Kind
from ..model.evidence import NO_EVIDENCE, Evidence
from ..model.instant import Span
from ..model.quantity import QUANTITIES
from ..model.run import Run
from ..model.trial import Instants, Trial
from . import _summary
from ._limits import limits
from ._notes import notes
from ._text import (
    NOTHING,
    VERDICT_WORDS,
    code,
    command,
    measured,
    percent,
    plain,
    seconds,
    sentence,
    shown,
    table,
    words,
)

# How many trials stand side by side in one table.
_COLUMNS = 4

Section = list[str]


class Markdown:
    """
    A run on one page: the verdict first, then what it rests on, then what it cannot say.
    """

    format = "md"
    suffix = ".md"

    @staticmethod
    def render(run: Run, evidence: Evidence = NO_EVIDENCE) -> str:
        """
        The page about a run.
        """
        told = (_top, _facts, _targets, _trials, _together, _sheet)
        last = (_notes, _bounds, _repeat)
        blocks = [block for section in told for block in section(run)] + _kept(evidence)
        return "\n\n".join(blocks + [block for section in last for block in section(run)]) + "\n"


def _top(run: Run) -> Section:
    head = run.head
    return [
        f"# {plain(head.drill_title)}: {run.verdict}",
        f"**{VERDICT_WORDS[run.verdict]}** {plain(sentence(run.reason))}",
        f"> Hypothesis: {plain(head.hypothesis)}",
    ]


def _facts(run: Run) -> Section:
    head = run.head
    versions = ", ".join(f"{name} {version or 'unknown'}" for name, version in head.versions.items())
    rows = {
        "drill": f"{code(head.drill)} ({plain(head.severity)}, {plain(head.chaos_type)}, {plain(head.component)})",
        "DUT": plain(" ".join(filter(None, (head.dut.name, head.dut.version))) or "it did not say who it is"),
        "rig": f"{code(head.rig)} ({plain(head.wiring)})" if head.wiring else code(head.rig),
        "environment": plain(head.environment),
        "seed": str(head.seed),
        "started": plain(head.started_at),
        "took": NOTHING if run.duration_s is None else seconds(run.duration_s),
        "versions": plain(versions),
        "run": code(head.run_id),
    }
    return [table(["", ""], [[name, value] for name, value in rows.items()])]


def _targets(run: Run) -> Section:
    rows = [[code(judged.expr), judged.verdict, measured(judged), str(judged.n)] for judged in run.criteria]
    section = [table(["target", "verdict", "measured", "n"], rows)] if rows else []
    if rows and len(run.trials) > 1:
        section.append("Of several trials the one that did worst is shown; mttd and mttr are means over all of them.")
    section += _errors(run)
    return ["## Targets", *section] if section else []


def _errors(run: Run) -> Section:
    errors = _summary.error_ratio(_summary.counted(run))
    if errors is None:
        return []
    share = f"{errors.failed} of {errors.n} requests failed, from the commanded fault until ready"
    return [f"Error ratio: {percent(errors.ratio)} ({share}); at 95 % confidence at most {percent(errors.bound)}."]


# --- trial by trial --------------------------------------------------------------------------------------------------


def _trials(run: Run) -> Section:
    if not run.trials:
        return ["## Trials", "There was none."]
    section = ["## Trials", "Instants count from the commanded fault. Every ± holds the truth, not a share of it."]
    for start in range(0, len(run.trials), _COLUMNS):
        section += _side_by_side(run.trials[start : start + _COLUMNS])
    return section


def _side_by_side(trials: Sequence[Trial]) -> Iterator[str]:
    columns = [f"trial {trial.index}: {trial.verdict}" for trial in trials]
    seen = [_since_commanded(trial.instants) for trial in trials]
    yield table(["instant", *columns], [[words(name), *(shown(s[name]) for s in seen)] for name in seen[0]])
    took = [trial.durations() for trial in trials]
    yield table(["duration", *columns], [[words(name), *(shown(t[name]) for t in took)] for name in took[0]])
    told = [name for name in QUANTITIES if any(name in trial.quantities for trial in trials)]
    if told:
        yield table(["of the trace", *columns], [[words(name), *(_told(t, name) for t in trials)] for name in told])
    reasons = [f"- Trial {trial.index}: {plain(sentence(trial.reason))}" for trial in trials if trial.reason]
    if reasons:
        yield "\n".join(reasons)


def _told(trial: Trial, name: str) -> str:
    return str(trial.quantities.get(name, NOTHING))


def _since_commanded(instants: Instants) -> dict[str, Span | None]:
    zero = instants.fault_commanded
    return {
        name: Span.between(zero, instant) if zero is not None and instant is not None else None
        for name, instant in instants.items()
    }


# --- all trials together ---------------------------------------------------------------------------------------------


def _together(run: Run) -> Section:
    trials = _summary.counted(run)
    if len(trials) < 2:
        return []
    rows = [_row(name, seen) for name in trials[0].durations() if (seen := _summary.spans(trials, name))]
    explained = (
        "A trial that never ended counts for as long as it was watched (Kaplan-Meier). In the mean each counts for at "
        "most the limit beside it; ± is the largest error of a single one."
    )
    header = ["duration", "n", "never ended", "median", "mean", "limit", "±"]
    return [f"## All {len(trials)} trials that count", table(header, rows), explained]


def _row(name: str, seen: list[Span]) -> list[str]:
    short = _summary.summary(seen)
    median = "not reached" if short.median_s is None else seconds(short.median_s)
    sizes = (median, seconds(short.mean_s), seconds(short.limit_s), seconds(short.error_s))
    return [words(name), str(short.n), str(short.censored), *sizes]


# --- what was asked for, and what was delivered -----------------------------------------------------------------------


def _sheet(run: Run) -> Section:
    if not run.deviations:
        return []
    rows = [
        [plain(cell) for cell in (row.row, row.asked, row.delivered or "not run", row.measured_by, row.why)]
        for row in run.deviations
    ]
    return ["## Deviation sheet", table(["row", "asked", "delivered", "measured by", "why different"], rows)]


def _kept(evidence: Evidence) -> Section:
    """
    What was kept of the DUTs, below the run's folder.
    """
    kept = [event for event in evidence.events if event.kind is Kind.ARTIFACT]
    if not kept:
        return []
    rows = [[str(event.trial), plain(event.subject), code(str(event.data["path"])), _size(event)] for event in kept]
    return ["## Kept of the DUT", table(["trial", "DUT", "file", "bytes"], rows)]


def _size(event: Event) -> str:
    size, whole = event.data["bytes"], event.data["of_bytes"]
    return str(size) if size == whole else f"the last {size} of {whole}"


# --- what else to know -----------------------------------------------------------------------------------------------


def _notes(run: Run) -> Section:
    noted = notes(run)
    return ["## Notes", _bullets([plain(note) for note in noted])] if noted else []


def _bounds(run: Run) -> Section:
    return ["## What this run cannot tell you", _bullets(limits(run))]


def _repeat(run: Run) -> Section:
    return ["## Run it again", f"    {command(run.head.repeat_command)}"]


def _bullets(sentences: list[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)
