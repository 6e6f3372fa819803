"""
How words, numbers and tables are written in a report.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence

from ..model.criterion import DURATION_NAMES, RATIOS, Judged
from ..model.instant import NS_PER_S, Span
from ..model.quantity import QUANTITIES, Quantity
from ..model.verdict import Verdict

NOTHING = "–"

VERDICT_WORDS = {
    Verdict.HELD: "The hypothesis held.",
    Verdict.DEVIATED: "The hypothesis did not hold.",
    Verdict.INCONCLUSIVE: "The bench cannot vouch for a result.",
}

# What Markdown or the HTML inside it would take for more than text.
_SPECIAL = re.compile(r"([\\`*\[\]<>|&~]|\b_|_\b)")
# What XML 1.0 (section 2.2) cannot hold, and no report needs: controls, surrogates, non-characters.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: object) -> str:
    """
    Text from anywhere without characters that nobody can print.
    """
    return _UNPRINTABLE.sub("", str(text))


def clean(text: object) -> str:
    """
    Text from anywhere on one line, without characters that nobody can print.
    """
    return " ".join(printable(text).split())


def command(text: str) -> str:
    """
    A shell command on one line, with every space that was in it.
    """
    return re.sub(r"\s", " ", printable(text))


def plain(text: object) -> str:
    """
    Text from anywhere, as Markdown that shows it as it is.
    """
    return _SPECIAL.sub(r"\\\1", clean(text)) or NOTHING


def code(text: object) -> str:
    """
    A name or expression, set as code inside a table.
    """
    return f"`{clean(text).replace('`', chr(39)).replace('|', chr(92) + '|')}`"


def sentence(text: str) -> str:
    """
    >>> sentence("trial 5: not ready")
    'Trial 5: not ready.'
    """
    text = clean(text)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".") if text else ""


def words(name: str) -> str:
    """
    A key as words.

    >>> words("time_to_detect")
    'time to detect'
    """
    return name.replace("_", " ")


def percent(ratio: float) -> str:
    """
    >>> percent(0.0495)
    '4.95 %'
    """
    return f"{ratio * 100:.3g} %"


def seconds(s: float) -> str:
    """
    >>> seconds(0.1), seconds(4.2)
    ('100.0 ms', '4.200 s')
    """
    return f"{s:.3f} s" if abs(s) >= 1 else f"{s * 1000:.1f} ms"


def shown(span: Span | None) -> str:
    """
    A duration with its error, or the sign for none.
    """
    return NOTHING if span is None else str(span)


def span_of(judged: Judged) -> Span | None:
    """
    What a criterion about a duration was judged on; None where nothing was seen.
    """
    if judged.low is None:
        return None
    high = judged.high if judged.high is not None and math.isfinite(judged.high) else None
    return Span(round(judged.low * NS_PER_S), None if high is None else round(high * NS_PER_S))


def measured(judged: Judged) -> str:
    """
    What a criterion was judged on, with its error or interval.
    """
    name = judged.expr.split()[0]
    if judged.value is None:
        return "nothing was seen"
    if name in DURATION_NAMES:
        return str(span_of(judged))
    if name in QUANTITIES and judged.low is not None:
        return str(Quantity(judged.low, judged.high, QUANTITIES[name]))
    show = percent if name in RATIOS else "{:.6g}".format
    if judged.low == judged.high or judged.low is None:
        return show(judged.value)
    high = "no upper bound" if judged.high is None else show(judged.high)
    return f"{show(judged.value)} ({show(judged.low)} … {high})"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """
    A Markdown table that is legible as text too.
    """
    # Three dashes are the fewest that make a header.
    widths = [max(3, *map(_width, column)) for column in zip(header, *rows, strict=True)]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _width(text: str) -> int:
    """
    How many columns of a terminal a text takes.
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
