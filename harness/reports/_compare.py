"""
Two runs side by side: what surely changed, and what cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..model.criterion import DURATION_NAMES, RATIOS, Judged
from ..model.instant import Span
from ..model.run import Run, RunHead
from ..model.trial import DURATIONS
from ..science import binomial
from . import _summary
from ._text import NOTHING, code, measured, plain, seconds, table, words

Interval = tuple[float, float]

_UNKNOWN = "cannot tell"
_LENGTHS = ("shorter", "longer")
_SIZES = ("lower", "higher")


def compare(a: Run, b: Run) -> str:
    """
    Both runs' criteria and durations with their intervals, and how `b` differs from `a` where these do not meet.
    """
    names = [code(a.head.run_id), code(b.head.run_id)]
    blocks = [
        f"# {names[0]} and {names[1]}",
        table(["", *names], [["verdict", a.verdict, b.verdict], *_differences(a.head, b.head)]),
    ]
    for title, rows in (("criterion", list(_criteria(a, b))), ("duration", list(_durations(a, b)))):
        if rows:
            blocks.append(table([title, *names, "the second is"], rows))
    blocks.append("Where two intervals overlap, or one is unknown, the runs cannot tell which is which.")
    return "\n\n".join(blocks) + "\n"


def _differences(a: RunHead, b: RunHead) -> Iterator[list[str]]:
    mine, theirs = _identity(a), _identity(b)
    for name in dict.fromkeys([*mine, *theirs]):
        if mine.get(name) != theirs.get(name):
            yield [f"other {name}", plain(mine.get(name, "")), plain(theirs.get(name, ""))]


def _identity(head: RunHead) -> dict[str, str]:
    facts = {
        "drill": head.drill,
        "rig": head.rig,
        "wiring": head.wiring,
        "environment": head.environment,
        "seed": head.seed,
        "DUT": head.dut.name,
        "DUT version": head.dut.version,
        **{f"{name} version": version for name, version in head.versions.items()},
    }
    return {name: "unknown" if value is None else str(value) for name, value in facts.items()}


# --- criteria --------------------------------------------------------------------------------------------------------


def _criteria(a: Run, b: Run) -> Iterator[list[str]]:
    mine, theirs = ({judged.expr: judged for judged in run.criteria} for run in (a, b))
    for expr in dict.fromkeys([*mine, *theirs]):
        pair = mine.get(expr), theirs.get(expr)
        name = expr.split()[0]
        first, second = (_judged_interval(name, judged) for judged in pair)
        relation = _relation(first, second, _LENGTHS if name in DURATION_NAMES else _SIZES)
        yield [code(expr), *map(_judged, pair), relation]


def _judged(judged: Judged | None) -> str:
    return NOTHING if judged is None else f"{judged.verdict}: {measured(judged)}"


def _judged_interval(name: str, judged: Judged | None) -> Interval | None:
    if judged is None or judged.value is None or judged.low is None:
        return None
    if name in RATIOS:
        # Counts as such have no error: what they say about the rate has.
        return binomial.interval(round(judged.value * judged.n), judged.n, _summary.CONFIDENCE)
    return judged.low, float("inf") if judged.high is None else judged.high


# --- durations -------------------------------------------------------------------------------------------------------


def _durations(a: Run, b: Run) -> Iterator[list[str]]:
    for name in [*DURATIONS, "hold_up"]:
        mine, theirs = (_summary.spans(_summary.counted(run), name) for run in (a, b))
        if mine or theirs:
            relation = _relation(_hull(mine), _hull(theirs), _LENGTHS)
            yield [words(name), _spans(mine), _spans(theirs), relation]


def _hull(spans: list[Span]) -> Interval | None:
    """
    The interval that holds every trial: only where two of these do not meet was each of one shorter than each other.
    """
    if not spans:
        return None
    highs = [span.high_s for span in spans if span.high_s is not None]
    return min(span.low_s for span in spans), max(highs) if len(highs) == len(spans) else float("inf")


def _spans(spans: list[Span]) -> str:
    if len(spans) < 2:
        return str(spans[0]) if spans else NOTHING
    ends = _hull(spans)
    assert ends is not None
    high = "not seen to end" if ends[1] == float("inf") else seconds(ends[1])
    return f"{seconds(ends[0])} … {high} (n = {len(spans)})"


def _relation(a: Interval | None, b: Interval | None, less_more: tuple[str, str]) -> str:
    if a is None or b is None:
        return _UNKNOWN
    if b[1] < a[0]:
        return less_more[0]
    if a[1] < b[0]:
        return less_more[1]
    return "the same" if a == b and a[0] == a[1] else _UNKNOWN
