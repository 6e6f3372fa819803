"""
Channels that are swapped: a switch that moves another DUT's rail than its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ..seen import Channel, Outcome, Seen


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each switch that was struck in a rig of several rails.
    """
    if len(seen.rests) < 2:
        return
    for channel in seen.channels:
        if channel.first is None:
            continue
        moved = seen.moved(channel)
        others = [dut for dut in moved if dut != channel.dut]
        if not others:
            grade, told, advice = Grade.OK, "moves no other rail", ""
        else:
            its_own = "and its own" if channel.dut in moved else f"and not that of '{channel.dut}'"
            told = f"moves the rail of {' and '.join(map(repr, others))}, {its_own}"
            grade, advice = Grade.FAIL, _advice(seen, channel, others)
        if others or seen.outcome(channel) is Outcome.SOUND:
            yield Finding(check="swapped", subject=channel.name, measured=told, grade=grade, advice=advice)


def _advice(seen: Seen, channel: Channel, others: list[str]) -> str:
    back = [other.name for other in seen.channels if other.dut in others and channel.dut in seen.moved(other)]
    if back:
        return f"swap '{channel.name}' and '{back[0]}': their wires, or their pins in the rig file"
    return "trace its wires: the relay's contact, or the meters, are in another supply than the rig file says"
