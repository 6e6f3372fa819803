"""
What the bench adds to an answer of a probe, beside what chaostoolkit adds to an activity, when both do nothing.
"""

from __future__ import annotations

import statistics
from dataclasses import replace
from typing import Any

from _rows import Row, at_most, median_ratio, side_by_side
from _sim import HTTP, cpu_s, run
from _sleeps import sleep_again
from chaoslib.activity import execute_activity

from harness.assemble import Assembly
from harness.config.drill import load_drill

_ANSWERS = 5000
_ACTIVITIES = 1000
_ROUNDS = 7

_EXPERIMENT: dict[str, Any] = {"title": "nothing", "description": "nothing", "method": []}
_ACTIVITY = {
    "type": "probe",
    "name": "nothing",
    "tolerance": True,
    "provider": {"type": "python", "module": __name__, "func": "nothing"},
}


class Nothing:
    """
    A probe that is well at once.
    """

    def __init__(self) -> None:
        self.asked = 0

    async def ask(self) -> bool:
        """
        Says that all is well.
        """
        self.asked += 1
        return True

    def accepts(self, _: object) -> bool:
        """
        Everything is well.
        """
        return True

    def measured(self) -> dict[str, float]:
        """
        Nothing.
        """
        return {}


def nothing() -> bool:
    """
    What chaostoolkit calls.
    """
    return True


def rows() -> list[Row]:
    """
    All that a run of the drill `control` costs, from its start to its verdict, over the answers in it; and what
    chaostoolkit spends from being handed a parsed activity to its entry in the journal.

    A probe also sleeps between two answers, and an activity does not: that sleep is shown, and counted against us.
    """
    taken = side_by_side(_ROUNDS, {"sleep": _sleep_s, "theirs": _activity_s, "ours": _answer_s})
    sleep_us, theirs_us, ours_us = (statistics.median(each_s) * 1e6 for each_s in taken.values())
    ratio = median_ratio(taken["ours"], taken["theirs"])
    return [
        Row(name="a sleep on the virtual loop", value=sleep_us, unit="µs"),
        Row(name="chaostoolkit: a python activity", value=theirs_us, unit="µs"),
        at_most(1, Row(name="ours: an answer of a probe, and a sleep", value=ours_us, unit="µs", ratio=ratio)),
    ]


def _sleep_s() -> float:
    return cpu_s(lambda: sleep_again([[[HTTP.period_s] * _ANSWERS]])) / _ANSWERS


def _answer_s() -> float:
    drill = load_drill("control")
    fault = replace(drill.faults[0], for_s=_ANSWERS * HTTP.period_s)
    drill = replace(drill, steady_state=(HTTP,), ready=(HTTP.name,), faults=(fault,))
    probe = Nothing()

    def wrap(bench: Assembly) -> Assembly:
        bench.probe = lambda _: probe  # type: ignore[method-assign, assignment]
        return bench

    return cpu_s(lambda: run(drill, wrap=wrap)) / probe.asked


def _activity_s() -> float:
    def activities() -> None:
        for _ in range(_ACTIVITIES):
            assert execute_activity(_EXPERIMENT, _ACTIVITY, {}, {}, None)["output"] is True

    return cpu_s(activities) / _ACTIVITIES
