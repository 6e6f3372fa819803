"""
How much of its life a contact has behind it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.guard import life_of
from ...model.finding import Finding, Grade
from ..seen import Seen

_WORN_RATIO = 0.8


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each switch.
    """
    switches = {channel.name: channel.switch for channel in seen.channels}
    for name, done in seen.strokes.items():
        config = seen.rig.devices[name].config
        life = life_of(switches[name]) if name in switches else getattr(config, "contact_life", None)
        if life is None:
            told = f"{done:,} strokes; nothing in it wears out"
            yield Finding(check="contact life", subject=name, measured=told, grade=Grade.OK)
            continue
        spent = done / life
        told = f"{done:,} of {life:,} strokes, {spent:.1%}"
        grade, advice = Grade.OK, ""
        if spent >= _WORN_RATIO:
            grade = Grade.FAIL if spent >= 1 else Grade.WARN
            advice = f"replace the relay, and say so by `crashbench doctor --replaced {name}`"
        yield Finding(check="contact life", subject=name, measured=told, grade=grade, advice=advice)
    if seen.unreadable:
        yield Finding(
            check="contact life",
            subject="bench",
            measured=f"{seen.unreadable} line(s) of the odometer could not be read: strokes may be missing",
            grade=Grade.WARN,
            advice="look at the disk that CRASHBENCH_HOME is on",
        )
