"""
The rest of the page: quantities, the deviation sheet, notes and limits, how to repeat it, who it was, and the events.
"""

from __future__ import annotations

from ..model.event import JSON, Event, Kind
from ..model.evidence import Evidence
from ..model.instant import NS_PER_S, Instant
from ..model.quantity import QUANTITIES
from ..model.run import Run
from ._html_tags import NOTHING, Markup, bullets, joined, table, tag, verbatim
from ._html_top import WORLDS
from ._limits import limits
from ._notes import notes
from ._text import NOTHING as DASH
from ._text import seconds, words

_MOST_EVENTS = 1000
# How many trials' quantities stand side by side.
_SIDE_BY_SIDE = 12
_MEANINGS = {
    "contact_operate": "from the command to the contact's first movement, when it cuts",
    "contact_release": "the same when it feeds again",
    "contact_bounce": "how long the contact then chatters",
    "brown_out_depth": "the rail's lowest voltage while it was cut",
    "back_power": "the voltage at which the rail stood in the end: above 0.3 V something else feeds it",
    "inrush_peak": "the highest current just after the rail is back",
    "boot_time": "from the rail's return to where the current says that the unit runs",
    "energy_to_recover": "what it drew from the rail's return until it was ready",
    "load_step": "how much more it draws recovered than before the fault",
}
# Told in full elsewhere on the page.
_OWN_DATA = frozenset({Kind.RUN_STARTED, Kind.TRIAL_ENDED, Kind.RUN_ENDED})


def quantities(run: Run) -> Markup:
    """
    What was measured of the power, trial by trial, each as an interval.
    """
    names = [name for name in QUANTITIES if any(name in trial.quantities for trial in run.trials)]
    if not names:
        return NOTHING
    rows = [
        (words(name), _MEANINGS.get(name, DASH), *(trial.quantities.get(name, DASH) for trial in trials))
        for trials in [run.trials[:_SIDE_BY_SIDE]]
        for name in names
    ]
    trials = [f"trial {trial.index}" for trial in run.trials[:_SIDE_BY_SIDE]]
    caption = "Each was read off the sampled rail; its interval holds the truth"
    listed = table(("quantity", "what it is", *trials), rows, caption=caption, class_="wide quantities")
    left = len(run.trials) - len(trials)
    more = tag("p", f"Those of {left} more trials are in the run's JSON.", class_="quiet") if left else NOTHING
    return joined(listed, more)


def deviation_sheet(run: Run) -> Markup:
    """
    What was asked, and what was delivered.
    """
    if not run.deviations:
        return NOTHING
    rows = [
        (row.row, row.asked, row.delivered or "not run", row.measured_by or DASH, row.why or DASH)
        for row in run.deviations
    ]
    header = ("row", "asked", "delivered", "measured by", "why different")
    return table(header, rows, caption="What was asked of the bench, and what it delivered")


def noted(run: Run) -> Markup:
    """
    The notes, if there are any.
    """
    told = notes(run)
    return bullets(told) if told else NOTHING


def cannot_tell(run: Run) -> Markup:
    """
    What a reader might conclude and should not.
    """
    return bullets(limits(run))


def repeat(run: Run) -> Markup:
    """
    The command that does it again, with a button that copies it.
    """
    line = tag("code", verbatim(run.head.repeat_command), id="repeat-command")
    button = tag("button", "Copy", type="button", data_copy="repeat-command")
    told = tag("span", class_="copied", role="status", aria_live="polite")
    return tag("div", tag("pre", line, tabindex=0), button, told, class_="command")


def identity(run: Run) -> Markup:
    """
    Who and what took part, in which version, where and when.
    """
    head = run.head
    facts = {
        "drill": f"{head.drill} ({head.severity}, {head.chaos_type}, {head.component})",
        "unit under test": head.dut.name or "it did not say who it is",
        "its version": head.dut.version or "it did not say which",
        "rig": f"{head.rig} ({head.wiring})" if head.wiring else head.rig,
        "kind of rig": WORLDS[head.world],
        "environment": head.environment,
        "seed": head.seed,
        "started": head.started_at,
        "took": DASH if run.duration_s is None else seconds(run.duration_s),
        **{f"{name} version": version or "unknown" for name, version in head.versions.items()},
        "run": head.run_id,
    }
    return table(("", ""), list(facts.items()), caption="This run", class_="facts")


# --- events ----------------------------------------------------------------------------------------------------------


def events(evidence: Evidence) -> Markup:
    """
    The record, event by event, in seconds since the run's start.
    """
    told = evidence.events
    if not told:
        return tag("p", "The record's events are not part of this report.")
    zero_ns = told[0].at.earliest_ns
    rows = [_event(event, zero_ns) for event in told[:_MOST_EVENTS]]
    header = ("at", "trial", "event", "about", "data")
    inside = table(header, rows, caption="Events, in seconds since the run began", class_="events")
    rest = len(told) - _MOST_EVENTS
    more = tag("p", f"{rest} more are in the run's events.jsonl.", class_="warning") if rest > 0 else NOTHING
    return tag("details", tag("summary", f"{len(told)} events"), joined(inside, more))


def _event(event: Event, zero_ns: int) -> tuple[object, ...]:
    data = {} if event.kind in _OWN_DATA else event.data
    said = ", ".join(f"{words(name)}: {_value(value)}" for name, value in data.items() if value not in (None, ""))
    return (
        _moment(event.at, zero_ns),
        DASH if event.trial is None else event.trial,
        words(event.kind),
        event.subject,
        said,
    )


def _value(value: JSON) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _moment(at: Instant, zero_ns: int) -> str:
    start, end = ((ns - zero_ns) / NS_PER_S for ns in (at.earliest_ns, at.latest_ns))
    return f"{start:.3f}" if at.width_ns == 0 else f"{start:.3f} … {end:.3f}"
