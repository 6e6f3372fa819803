"""
A meter for samplers: it gives what a test puts into its script, one answer to a poll, and then nothing more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from harness.clock import now_ns
from harness.devices._feed import Feed
from harness.model.trace import Code, Sample, Scale

SCALE = Scale(1e-3, 1e-4)


class ScriptedMeter:
    """
    Each poll takes the next entry of `script`: a current in steps, a `Code`, an error to raise, None for nothing, or a
    function to call for one of these. `polled` is set when the script is at its end.
    """

    def __init__(self, script: Iterable[Any] = (), *, name: str = "monitor", period_s: float = 0.001) -> None:
        self.name, self.bus_number, self.period_s, self.typical_s, self.scale = name, 1, period_s, period_s / 1.1, SCALE
        self.feed: Feed | None = None
        self.clocks, self.seq = 144, 0
        self.script = list(script)
        self.polls = 0
        self.polled = threading.Event()

    def poll(self) -> Sample | None:
        self.polls += 1
        began_ns = now_ns()
        if not self.script:
            self.polled.set()
            return None
        said = self.script.pop(0)
        if isinstance(said, Callable):  # type: ignore[arg-type]
            said = said()
        if isinstance(said, BaseException):
            raise said
        if said is None:
            return None
        code = said if isinstance(said, Code) else Code.OK
        current = 0 if isinstance(said, Code) else said
        period_ns = round(self.period_s * 1e9)
        self.seq += 1
        return Sample(self.seq, began_ns - 2 * period_ns, now_ns(), 5000 if code is Code.OK else 0, current, code)
