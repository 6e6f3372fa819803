"""
The shipped `battery-drain` on the real firmware in virtual time: 45 minutes, and a percent every 30 s.
"""

from __future__ import annotations

import statistics
from functools import partial

from _rows import Row, side_by_side, within
from _sim import cpu_s, run

from harness.config.drill import load_drill
from harness.config.rig import load_rig

_ROUNDS = 3
_RIGS = ("sim", "sim-board")
_MOST_S = 2.0


def rows() -> list[Row]:
    """
    The whole drill, which holds only if the DUT has seen every percent; its rig's opening included.
    """
    drill = load_drill("battery-drain")
    drills = {rig: partial(cpu_s, partial(run, drill, rig=load_rig(rig))) for rig in _RIGS}
    taken = side_by_side(_ROUNDS, drills)
    return [
        within(_MOST_S, Row(name=f"45 virtual minutes on {rig}", value=statistics.median(taken[rig]), unit="s"))
        for rig in _RIGS
    ]
