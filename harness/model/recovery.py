"""
What a run adds to the figures of chaos as a whole: how long recoveries took, by bounds that are the same everywhere.
"""

from __future__ import annotations

from .run import Run

# From a flicker that a capacitor rides through to the half hour of a unit that checks its disk; the mission's targets
# (30 s and 5 min) are bounds of their own.
BOUNDS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)


def recoveries_s(run: Run) -> list[float]:
    """
    From the proven removal of the fault until the DUT was ready, at most, of each trial; one that got stuck has none.
    """
    spans = [trial.duration("recovery_from_removal") for trial in run.trials]
    return [span.high_s for span in spans if span is not None and span.high_s is not None]
