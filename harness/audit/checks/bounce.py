"""
How long a contact chatters, as far as its meter can tell.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ..chatter import longest_chatter
from ..seen import Seen
from ..spread import milliseconds


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each switch that was measured.
    """
    for channel in seen.channels:
        span = longest_chatter(channel, seen.sees_a(channel.dut)) if channel.strokes else None
        if span is None:
            continue
        declared_s, high_s = channel.switch.chatter_s, span.high_s
        most = "longer than was watched" if high_s is None else f"{high_s * 1000:.1f} ms"
        told, grade, advice = f"at most {most}", Grade.OK, ""
        if span.low_s > declared_s:
            told, grade = f"from {span.low_s * 1000:.1f} ms to {most}", Grade.FAIL
            advice = f'write `chatter = "{milliseconds(high_s or 2 * span.low_s)}"` in [devices.{channel.name}]'
        elif high_s is None:
            told, grade = "not every stroke was seen to its end", Grade.CANNOT_TELL
        elif high_s > declared_s:
            told += f", which is as short as this meter can tell; {declared_s * 1000:g} ms are declared"
        yield Finding(check="bounce", subject=channel.name, measured=told, grade=grade, advice=advice)
