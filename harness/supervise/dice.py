"""
What a drill leaves to chance that its seed does not draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from ..engine.bench import Bench
from ..errors import Refused
from ..model.drill import FaultSpec
from ..protocols import Dicing


def dice(faults: tuple[FaultSpec, ...], bench: Bench) -> Iterator[str]:
    """
    A sentence for each fault of which the same seed does not repeat everything.
    """
    for spec in faults:
        with suppress(Refused):
            fault = bench.fault(spec)
            if isinstance(fault, Dicing) and fault.dice:
                yield fault.dice
