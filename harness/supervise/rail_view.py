"""
Rails while a run goes on: for those who watch, not for the record.
"""

from __future__ import annotations

import anyio

from ..assemble import Assembly
from ..model.event import Event, Kind
from ..protocols import Listener

# Ten pictures a second look continuous, and leave the bus to the proofs.
_PERIOD_S = 0.1


async def show_rails(bench: Assembly, emit: Listener) -> None:
    """
    Emits every metered rail's voltage and current until it is cancelled.
    """
    meters = {name: meter for name in bench.rig.duts if (meter := bench.meter_of(name)) is not None}
    while meters:
        for name, meter in meters.items():
            reading = await meter.read()
            data = {
                "nominal_v": bench.rig.duts[name].nominal_v,
                "bus_v": reading.bus_v,
                "current_a": reading.current_a,
                "flag": reading.flag.value,
            }
            emit(Event(kind=Kind.READING, at=reading.at, subject=name, data=data))
        await anyio.sleep(_PERIOD_S)
