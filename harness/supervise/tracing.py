"""
The power traces beside a run's record.
"""

from __future__ import annotations

from pathlib import Path

from ..assemble import Assembly
from ..model.rig import RigSpec
from ..store import trace_file
from ..store.trace_log import Metered, TraceLog


def prepare(rig: RigSpec) -> None:
    """
    What a trace of a rig's meters will take time for, done before any device is open.
    """
    if rig.sampling is not None:
        trace_file.prepare()


def trace_log(folder: Path, run_id: str, bench: Assembly) -> TraceLog:
    """
    A log for every meter of the bench that is sampled, in the run's folder.
    """
    rig = bench.rig
    duts = {dut.roles["meter"]: dut.name for dut in reversed(list(rig.duts.values())) if "meter" in dut.roles}
    meters = {
        meter.name: Metered(
            kind=rig.devices[meter.name].kind, dut=duts.get(meter.name, ""), asked_per_s=1 / meter.typical_s
        )
        for meter in bench.sampled()
    }
    return TraceLog(folder, run_id=run_id, rig=rig.name, meters=meters, virtual=rig.is_virtual)
