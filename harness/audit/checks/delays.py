"""
How long a switch takes from its command to its rail's edge, each way.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ...model.instant import Span
from ..moves import closed, opened
from ..seen import Channel, Seen
from ..spread import Spread, milliseconds


def findings(seen: Seen) -> Iterator[Finding]:
    """
    Two rows for each switch that was measured: its coil's operate and release, whichever of them cuts.
    """
    for channel in seen.channels:
        if not channel.strokes:
            continue
        cuts = "release" if _contact(channel) == "no" else "operate"
        feeds = "operate" if cuts == "release" else "release"
        sees_a = seen.sees_a(channel.dut)
        edges = [(cut, opened(cut, channel.dut, sees_a), closed(cut, channel.dut, sees_a)) for cut in channel.strokes]
        off = [Span.between(cut.off, edge.began) for cut, edge, _ in edges if edge is not None]
        on = [Span.between(cut.on, edge.began) for cut, _, edge in edges if edge is not None]
        yield _row(channel, cuts, "off", off)
        yield _row(channel, feeds, "on", on)


def _row(channel: Channel, check: str, command: str, spans: list[Span]) -> Finding:
    spread = Spread.of([_from_zero(span) for span in spans])
    if spread is None:
        told = f"of {len(channel.strokes)} strokes {command} none was seen"
        return Finding(check=check, subject=channel.name, measured=told, grade=Grade.CANNOT_TELL)
    told = f"{command} in {spread}"
    missed = len(channel.strokes) - spread.n
    if missed:
        advice = "its contact does not follow every command: replace it"
        return Finding(
            check=check, subject=channel.name, measured=f"{told}; {missed} not seen", grade=Grade.FAIL, advice=advice
        )
    declared_s = getattr(channel.switch, "operate_s", None)
    if isinstance(declared_s, float) and spread.mean.low_s > declared_s and spread.whole.high_s is not None:
        advice = f'write `operate = "{milliseconds(spread.whole.high_s)}"` in [devices.{channel.name}]'
        return Finding(check=check, subject=channel.name, measured=told, grade=Grade.WARN, advice=advice)
    return Finding(check=check, subject=channel.name, measured=told, grade=Grade.OK)


def _from_zero(span: Span) -> Span:
    # Before its command no contact moves.
    return Span(max(0, span.low_ns), span.high_ns)


def _contact(channel: Channel) -> str:
    return str(getattr(getattr(channel.switch, "config", None), "contact", "nc"))
