"""
What every test shares: property tests that draw the same examples each time, and are not timed on a busy machine.

What was collected lives to the end of the session: no later garbage collection needs to look through all of it.
"""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

settings.register_profile(
    "bench", max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("bench")


def pytest_collection_finish() -> None:
    """
    Takes everything that is there by now out of the garbage collector's sight.
    """
    gc.collect()
    gc.freeze()
