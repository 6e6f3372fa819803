"""
Trials on the axis of time: what happened, when, and what the power did meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..figures.trial_figure import trial_figure
from ..figures.trial_view import TrialView
from ..model.event import Kind
from ..model.evidence import Evidence
from ..model.instant import Instant, Span
from ..model.run import Run
from ..model.trial import Trial
from ..model.verdict import TrialVerdict
from ._html_figures import Figures, plot
from ._html_tags import NOTHING, Markup, joined, table, tag
from ._html_top import pill
from ._text import sentence, shown, words

# Each drawn trial carries its own trace; the tables have every trial.
_MOST_DRAWN = 4

_CLOSE_UPS = (
    ("the fault", "fault_commanded", "fault_effective", "the fault was commanded"),
    ("the removal", "removal_commanded", "removal_effective", "its removal was commanded"),
)
_NO_TRACE = {
    "sim": "There is no power trace: this ran in virtual time. What the meter showed is in the instants.",
    "lab": "There is no power trace beside this run: none was recorded.",
    "real": "There is no power trace beside this run: none was recorded.",
}


def timelines(run: Run, evidence: Evidence, figures: Figures) -> Markup:
    """
    The trials worth a look: all when they are few, else the first and the ones that did worst.
    """
    parts: list[Markup] = [tag("p", sentence(lost), class_="warning") for lost in evidence.lost]
    if not evidence.traces and not evidence.lost:
        parts.append(tag("p", _NO_TRACE[run.head.world], class_="quiet"))
    drawn = _worth_a_look(run.trials)
    parts += [_timeline(TrialView.of(run, evidence, trial), why, figures) for trial, why in drawn]
    if not drawn:
        parts.append(tag("p", "There was no trial."))
    if len(drawn) < len(run.trials):
        said = f"{len(drawn)} of {len(run.trials)} trials are drawn; the tables have all."
        parts.append(tag("p", said, class_="quiet"))
    return joined(*parts)


def _timeline(view: TrialView, why: str, figures: Figures) -> Markup:
    trial = view.trial
    name = f"trial-{trial.index}"
    why_here = tag("span", why, class_="quiet") if why else NOTHING
    parts = [
        tag("h3", f"Trial {trial.index} ", pill(trial.verdict), " ", why_here),
        tag("p", sentence(trial.reason)) if trial.reason else NOTHING,
        _proof(trial),
    ]
    if view.traces or view.of_kind(Kind.PROBE) or len(view.seen) > 1:
        parts.append(plot(figures, name, trial_figure(view), says=_in_words(trial), caption=_caption(view)))
        parts.append(_close_ups(view, name, figures))
    return tag("section", *parts, _numbers(trial), class_="trial")


def _proof(trial: Trial) -> Markup:
    """
    What the bench proved of the fault, in a sentence.
    """
    effect, removal = trial.duration("actuation"), _between(trial, "removal_commanded", "removal_effective")
    if effect is None:
        return tag("p", "The fault was not proven effective.", class_="warning")
    said = f"The fault was shown effective {effect} after it was commanded"
    gone = f", and its removal {removal} after that was commanded." if removal else "; its removal was not shown."
    return tag("p", said + gone)


def _between(trial: Trial, first: str, last: str) -> Span | None:
    start: Instant | None = getattr(trial.instants, first)
    end: Instant | None = getattr(trial.instants, last)
    return None if start is None or end is None else Span.between(start, end)


def _close_ups(view: TrialView, name: str, figures: Figures) -> Markup:
    parts = []
    for what, first, last, after in _CLOSE_UPS if view.traces else ():
        window = view.close_up(first, last, after)
        if window is not None:
            title = tag("strong", f"{what.capitalize()}, close up.")
            caption = joined(
                title,
                " Each bar is one conversion of the meter, averaged somewhere within it; a line joins their middles.",
            )
            says = f"The rail around {what} of trial {view.trial.index}, in milliseconds."
            key = f"{name}-{first.split('_')[0]}"
            parts.append(plot(figures, key, trial_figure(view, window), says=says, caption=caption))
    return tag("div", *parts, class_="side-by-side") if parts else NOTHING


def _caption(view: TrialView) -> Markup:
    parts = ["Time runs from the commanded fault. A band is as wide as its instant is uncertain: the truth lies in it."]
    if view.traces:
        parts.append(
            "The line is the mean over what a pixel holds, the paler area reaches from its least to its greatest "
            "sample; in a dark grey stretch conversions are missing."
        )
        parts += [sentence(f"{trace.meter}: {trace.told}") for trace in view.traces]
    if view.of_kind(Kind.CONSOLE):
        parts.append("A stroke in a console's lane is what it said then: point at it to read.")
    if view.of_kind(Kind.PROBE):
        parts.append("The lowest lanes show what each probe's last answer said: plain is good, hatched is bad.")
    return joined(" ".join(parts))


def _in_words(trial: Trial) -> str:
    seen = [f"{words(name)} at {span}" for name, span in _since_commanded(trial).items() if span is not None]
    return f"Trial {trial.index}, {trial.verdict}: {', '.join(seen) or 'no instant was seen'}."


def _numbers(trial: Trial) -> Markup:
    moments = [(words(name), shown(span)) for name, span in _since_commanded(trial).items()]
    took = [(words(name), shown(span)) for name, span in trial.durations().items()]
    return tag(
        "div",
        table(("instant", "after the commanded fault"), moments, caption=f"Instants of trial {trial.index}"),
        table(("duration", "measured"), took, caption=f"Durations of trial {trial.index}"),
        class_="side-by-side",
    )


def _since_commanded(trial: Trial) -> dict[str, Span | None]:
    zero = trial.instants.fault_commanded
    return {
        name: None if zero is None or instant is None else Span.between(zero, instant)
        for name, instant in trial.instants.items()
    }


# --- which trials are drawn ------------------------------------------------------------------------------------------


def _worth_a_look(trials: Sequence[Trial]) -> list[tuple[Trial, str]]:
    if len(trials) <= _MOST_DRAWN:
        return [(trial, "") for trial in trials]
    chosen: dict[int, tuple[Trial, str]] = {}
    for trial, why in _candidates(trials):
        chosen.setdefault(trial.index, (trial, why))
    return [chosen[index] for index in sorted(chosen)]


def _candidates(trials: Sequence[Trial]) -> Iterator[tuple[Trial, str]]:
    """
    At most one trial for each reason to draw one.
    """
    for verdict, why in (
        (TrialVerdict.STUCK, "the first that did not recover"),
        (TrialVerdict.INCONCLUSIVE, "the first that cannot be vouched for"),
    ):
        yield from [(trial, why) for trial in trials if trial.verdict is verdict][:1]
    back = [(span, trial) for trial in trials if (span := trial.duration("recovery_from_removal")) and span.high_ns]
    if back:
        yield max(back, key=lambda pair: pair[0].mid_s)[1], "the slowest to recover"
    yield trials[0], "the first"
