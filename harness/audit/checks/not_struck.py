"""
A switch that could not be measured, and why.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ..seen import Seen


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each such switch.
    """
    for channel in seen.channels:
        if not channel.trouble:
            continue
        began = channel.first is not None
        yield Finding(
            check="strokes",
            subject=channel.name,
            measured=f"{'it ended early' if began else 'it was not struck'}: {channel.trouble}",
            grade=Grade.FAIL if channel.is_broken else Grade.CANNOT_TELL,
            advice="mend that first, and measure again" if channel.is_broken else "",
        )
