"""
How long a contact chatters, as far as its meter can tell.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ..moves import opened
from ..seen import Seen
from ..spread import milliseconds


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each switch that was measured.
    """
    for channel in seen.channels:
        edges = [opened(cut, channel.dut, seen.sees_a(channel.dut)) for cut in channel.strokes]
        spans = [edge.bounce for edge in edges if edge is not None and edge.bounce is not None]
        if not spans:
            continue
        low_s = max(span.low_s for span in spans)
        high_s = max(span.high_s or 0.0 for span in spans)
        declared_s = channel.switch.chatter_s
        told = f"at most {high_s * 1000:.1f} ms"
        grade, advice = Grade.OK, ""
        if low_s > declared_s:
            told, grade = f"from {low_s * 1000:.1f} ms to {high_s * 1000:.1f} ms", Grade.FAIL
            advice = f'write `chatter = "{milliseconds(high_s)}"` in [devices.{channel.name}]'
        elif high_s > declared_s:
            told += f", which is as short as this meter can tell; {declared_s * 1000:g} ms are declared"
        yield Finding(check="bounce", subject=channel.name, measured=told, grade=grade, advice=advice)
