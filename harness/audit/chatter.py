"""
How long a contact chatters, over all its strokes, as far as its meter can tell.
"""

from __future__ import annotations

from ..model.instant import Span
from .moves import made, opened
from .seen import Channel


def longest_chatter(channel: Channel, sees_a: float) -> Span | None:
    """
    The longest chatter in the strokes of a channel, opening or closing; `sees_a` (amperes) is what its DUT draws at
    least.

    Without a high end where one of them was not seen from its beginning to its end. None when none was seen at all.
    """
    edges = [
        edge for cut in channel.strokes for edge in (opened(cut, channel.dut, sees_a), made(cut, channel.dut, sees_a))
    ]
    spans = [None if edge is None else edge.bounce for edge in edges]
    seen = [span for span in spans if span is not None]
    if not seen:
        return None
    highs = [span.high_ns for span in seen if span.high_ns is not None]
    return Span(max(span.low_ns for span in seen), max(highs) if len(highs) == len(spans) else None)
