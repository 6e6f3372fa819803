"""
What was learned: the mission's template, filled with what was measured, and blank where a person must write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from ..model.event import Kind
from ..model.evidence import NO_EVIDENCE, Evidence
from ..model.gameday import Checked, GameDay, ScenarioHeld, Standing
from ..model.instant import Instant, Span
from ..model.run import Run
from ..model.trial import Trial
from . import _summary
from ._limits import limits
from ._notes import notes
from ._text import VERDICT_WORDS, code, command, measured, percent, plain, seconds, sentence, shown, table, words

# A line to write on: legible as text, and a rule where Markdown is rendered.
_LINE = "________________"
_IMPROVEMENTS = 3

# What became of a scenario: its run with its evidence, None where there is none on record.
Found = tuple[Run, Evidence] | None


class Lessons:
    """
    A chaos event as the mission archives it, or a whole game day of them. No sentence of it is made up: what is known
    was measured, and the rest is left to those who were there.
    """

    format = "lessons"
    suffix = ".md"

    @staticmethod
    def render(run: Run, evidence: Evidence = NO_EVIDENCE) -> str:
        """
        One run as a chaos event.
        """
        head = run.head
        blocks = _event(head.drill_title, head.hypothesis, (), head.severity, head.started_at, (run, evidence))
        return _page(blocks)

    @staticmethod
    def game_day(day: GameDay, runs: Mapping[str, Found]) -> str:
        """
        A game day: its checklist as it was, and an event for each scenario; `runs` are by the scenarios' names.
        """
        blocks = [*_top(day), *_checklist(day)]
        for scenario in day.scenarios:
            started = _at(day, scenario.started).isoformat()
            title = f"{scenario.name} ({scenario.drill} on {scenario.rig})"
            found = runs.get(scenario.name)
            title = title if found is None else f"{found[0].head.drill_title}, {title}"
            severity = day.head.severity if found is None else found[0].head.severity
            blocks += _event(
                title, scenario.hypothesis, scenario.procedure, severity, started, found, problem=_problem(scenario)
            )
        return _page([*blocks, *_rest(day)])


def _page(blocks: Sequence[str]) -> str:
    return "\n\n".join(blocks) + "\n"


# --- the game day -----------------------------------------------------------------------------------------------------


def _top(day: GameDay) -> Iterator[str]:
    head = day.head
    yield f"# Game day: {plain(head.title)}: {day.verdict}"
    facts = {"Date": head.started_at[:10], "Duration": _hours(day.duration_s), "Severity": plain(head.severity)}
    yield _facts(facts)
    yield plain(sentence(day.reason))


def _checklist(day: GameDay) -> Iterator[str]:
    yield "## Pre-game checklist"
    lines = []
    for checked in day.checks:
        lines.append(_checked(day, checked))
        lines += [f"  - {plain(finding.subject)}: {plain(finding.measured)}" for finding in checked.findings]
    yield "\n".join(lines) or "No item of it was seen to."


def _checked(day: GameDay, checked: Checked) -> str:
    box = " " if checked.standing is Standing.OPEN else "x"
    when = f"{_at(day, checked.at):%Y-%m-%d %H:%M:%S} UTC"
    who = plain(checked.who)
    how = f"open, {when}" if checked.standing is Standing.OPEN else f"{checked.standing} ({who}), {when}"
    return f"- [{box}] {plain(checked.what)}: {how}"


def _rest(day: GameDay) -> Iterator[str]:
    if day.not_run:
        yield "## Not run"
        yield _bullets([plain(name) for name in day.not_run])
    if day.safe:
        yield "## Made safe"
        yield _bullets([plain(told) for told in day.safe])
    yield "## Run it again"
    yield f"    {command(day.head.repeat_command)}"


def _at(day: GameDay, at: Instant) -> datetime:
    """
    The wall time of a moment, counted from the game day's one anchor.
    """
    passed = timedelta(microseconds=(at.earliest_ns - day.started.earliest_ns) // 1000)
    return datetime.fromisoformat(day.head.started_at) + passed


def _problem(scenario: ScenarioHeld) -> str:
    return scenario.problem or ("" if scenario.run_id else "There is no record of a run.")


# --- one event, in the order of the template --------------------------------------------------------------------------


def _event(
    title: str,
    hypothesis: str,
    procedure: Sequence[str],
    severity: str,
    started_at: str,
    found: Found,
    problem: str = "",
) -> list[str]:
    took = found[0].duration_s if found else None
    facts = {"Date": started_at[:10], "Duration": _hours(took), "Severity": plain(severity)}
    return [
        f"## Chaos Event: {plain(title)}",
        _facts(facts),
        "### Hypothesis",
        plain(hypothesis),
        *_procedure(procedure),
        "### Actual Behavior",
        *([f"The bench: {plain(sentence(problem))}"] if problem else []),
        *(_behaviour(found[0]) if found else ["Nothing was measured."]),
        "### Impact",
        _bullets(list(_impact(found))),
        "### Root Cause",
        _LINE,
        "### Improvements",
        "\n".join([f"- [ ] {_LINE}"] * _IMPROVEMENTS),
        "### Codex Inscription",
        _LINE,
    ]


def _facts(facts: Mapping[str, str]) -> str:
    # Two spaces at a line's end: Markdown keeps the lines apart, as the template has them.
    return "  \n".join(f"**{name}**: {value}" for name, value in facts.items())


def _procedure(steps: Sequence[str]) -> list[str]:
    if not steps:
        return []
    return ["Procedure:", "\n".join(f"{number}. {plain(step)}" for number, step in enumerate(steps, start=1))]


def _behaviour(run: Run) -> Iterator[str]:
    yield f"**{VERDICT_WORDS[run.verdict]}** {plain(sentence(run.reason))}"
    if run.criteria:
        rows = [[code(judged.expr), judged.verdict, measured(judged), str(judged.n)] for judged in run.criteria]
        yield table(["criterion", "verdict", "measured", "n"], rows)
    for trial in run.trials:
        yield from _trial(trial)
    if noted := notes(run):
        yield _bullets([plain(note) for note in noted])
    yield "What these numbers cannot tell:"
    yield _bullets(limits(run))
    yield f"Run {code(run.head.run_id)}; again: {code(run.head.repeat_command)}"


def _trial(trial: Trial) -> Iterator[str]:
    zero = trial.instants.fault_commanded
    rows = []
    if zero is not None:
        rows += [[words(name), _since(zero, at)] for name, at in trial.instants.items() if at is not None]
    seen = {name: span for name, span in trial.durations().items() if span is not None}
    yield f"Trial {trial.index}: {trial.verdict}. {plain(sentence(trial.reason)) if trial.reason else ''}".strip()
    if rows:
        yield table(["instant, from the commanded fault", ""], rows)
    rest = [[words(name), shown(span)] for name, span in seen.items()]
    rest += [[words(name), str(quantity)] for name, quantity in trial.quantities.items()]
    rest += [[words(name), f"{value:.6g}"] for name, value in trial.readings.items()]
    if rest:
        yield table(["measured", ""], rest)


def _since(zero: Instant, at: Instant) -> str:
    return "0" if at == zero else str(Span.between(zero, at))


def _impact(found: Found) -> Iterator[str]:
    yield f"User-facing impact: {_LINE} users affected"
    if found is None:
        yield f"Duration: {_LINE}"
        yield f"Services affected: {_LINE}"
        return
    run, evidence = found
    yield f"Duration: {_downtime(run)}"
    errors = _summary.error_ratio(list(run.trials))
    if errors is None:
        yield "Failed requests of the bench's probes: none was asked"
    else:
        told = f"{errors.failed} of {errors.n} ({percent(errors.ratio)}, at 95 % confidence at most"
        yield f"Failed requests of the bench's probes: {told} {percent(errors.bound)})"
    known = f"component {plain(run.head.component)}"
    if evidence.events:
        unwell = ", ".join(code(name) for name in _unwell(run, evidence)) or "none"
        known += f"; probes that found it unwell: {unwell}"
    yield f"Services affected: {_LINE} ({known})"


def _downtime(run: Run) -> str:
    """
    The worst of all trials: one whose end was not seen before any other.
    """
    if all(trial.instants.fault_commanded is None for trial in run.trials):
        return "nothing was injected"
    spans = _summary.spans(run.trials, "downtime")
    if all(trial.instants.steady_lost is None for trial in run.trials):
        gap_s = max((span.high_s or 0.0 for span in spans), default=None)
        unseen = "" if gap_s is None else f"; one between two questions lasted {seconds(gap_s)} at most"
        return f"no loss of service was seen{unseen}"
    if not spans:
        return f"{_LINE} (service was lost; when it came back is not known)"
    worst = max(spans, key=lambda span: (span.is_censored, span.mid_s))
    return f"{worst}" + (f" (the worst of {len(spans)} trials)" if len(spans) > 1 else "")


def _unwell(run: Run, evidence: Evidence) -> list[str]:
    """
    The probes that found the DUT unwell from a trial's fault on.
    """
    struck = {trial.index: trial.instants.fault_commanded for trial in run.trials}
    found: dict[str, None] = {}
    for event in evidence.events:
        since = None if event.trial is None else struck.get(event.trial)
        is_bad = event.kind is Kind.PROBE and event.data.get("good") is False
        if is_bad and since is not None and event.at.latest_ns >= since.earliest_ns:
            found[event.subject] = None
    return list(found)


def _hours(took_s: float | None) -> str:
    return "not known" if took_s is None else f"{took_s / 3600:.3f} hours ({took_s:.1f} s)"


def _bullets(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)
