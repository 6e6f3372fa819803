"""
Making a rig safe, and seeing that it is: after a run that went wrong, and after one that died.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import anyio

from .. import clock
from ..errors import BenchError, Unrestored
from ..insist import answered, reading_s
from .bench import Bench
from .undo import Pending, UndoJournal

# A rail is fed again from this part of its nominal voltage up, and must get there within this time: a mechanical relay
# takes 10 ms, a soft-starting supply some hundred.
_FED_RATIO = 0.9
_FED_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Restored:
    """
    What was undone, and what each DUT's rail measured afterwards, in volts (None: no meter that can be believed).
    """

    pending: Pending
    rails_v: Mapping[str, float | None]


async def restore(bench: Bench, journal: UndoJournal) -> Restored:
    """
    Undoes what the journal says is left, makes every output safe, looks at the rails, and clears the journal.

    Raises Unrestored, naming what keeps the DUT in the dark; the journal then stays as it is. Raises RecordError, after
    everything was made safe, when the journal cannot be read or cleared.
    """
    with anyio.CancelScope(shield=True):
        failed = await bench.make_safe()
        pending = journal.pending()
        for undo in pending.undos:
            try:
                await bench.undo(undo)
            except BenchError as error:
                failed[undo.device] = str(error)
        if failed:
            raise Unrestored(failed, "; ".join(failed.values()))
        rails = {name: await see_fed(bench, name) for name in bench.rig.duts}
        journal.clear()
        return Restored(pending, rails)
    raise AssertionError("a shielded scope is never cancelled")


async def see_fed(bench: Bench, dut: str) -> float | None:
    """
    Waits until a DUT's rail is fed; returns its voltage, or None when there is no meter that can be believed.

    Raises Unrestored, naming the DUT's power switch, when the rail is seen to stay down.
    """
    meter, spec = bench.meter_of(dut), bench.rig.duts[dut]
    if meter is None:
        return None
    seen_v: float | None = None
    deadline_ns = clock.now_ns() + round(_FED_WITHIN_S * clock.NS_PER_S)
    while True:
        with suppress(BenchError):  # a meter that fails says nothing, and must not stand in the way
            reading = await answered(meter.name, meter.read, reading_s(meter.period_s))
            seen_v = reading.bus_v if reading.is_ok else seen_v
        if seen_v is not None and seen_v >= _FED_RATIO * spec.nominal_v:
            return seen_v
        if clock.now_ns() > deadline_ns:
            break
        await anyio.sleep(meter.period_s)
    if seen_v is None:
        return None
    raise Unrestored([spec.roles.get("power", dut)], f"the rail of '{dut}' stays at {seen_v:.2f} V")
