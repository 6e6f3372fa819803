"""
The power traces of a run while they are written. No drill depends on them: nothing here raises, and nothing waits for
the disk.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..model.trace import Sample, Scale
from .trace_about import STREAM, About, trace_path
from .trace_file import NEEDED, remove_traces
from .trace_lane import ROOM, Lane

# What a killed bench loses at most.
_FLUSH_S = 0.5
# How long a stuck disk is waited for when the run has ended and its rig is safe.
_PATIENCE_S = 5.0
# In virtual time nobody can pull the plug: so many rows are written at a time.
_BATCH_ROWS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """
    A meter whose samples will come: its kind, the DUT on whose rail it is, and how many samples a second are asked.
    """

    kind: str = ""
    dut: str = ""
    asked_per_s: float = 0.0


class TraceLog:
    """
    Keeps the traces of a run in its folder, one stream per meter.

    In real time a thread of its own writes, twice a second; what does not fit into its bounded queue is dropped and
    counted, and a gap in the trace says so. In `virtual` time there is no thread, and the same samples give the same
    bytes. Without pyarrow, or without a disk, there is no trace: `notes` says what the record should know at once, and
    `close` how much was lost.

    In virtual time the traces of an earlier run of this name are removed. Raises RecordError when they cannot be.
    """

    def __init__(
        self, folder: Path, *, run_id: str, rig: str, meters: Mapping[str, Metered], virtual: bool = False
    ) -> None:
        self.notes: tuple[str, ...] = ()
        self._folder, self._run_id, self._rig, self._virtual = folder, run_id, rig, virtual
        self._lanes: dict[str, Lane] = {}
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        if virtual:
            remove_traces(folder)
        try:
            self._lanes = {meter: self._lane(meter, metered) for meter, metered in meters.items()}
        except ImportError:
            self.notes = (f"no power trace is kept: {NEEDED}",)
            return
        for lane in self._lanes.values():
            lane.begin()
        self.notes = tuple(f"trace of {lane.meter}: {lane.problem}" for lane in self._lanes.values() if lane.problem)
        if self._lanes and not virtual:
            self._thread = threading.Thread(target=self._write, name="crashbench-trace", daemon=True)
            self._thread.start()

    def take(self, meter: str, scale: Scale, samples: Sequence[Sample]) -> None:
        """
        Takes the next samples of one of the meters, in any thread. Raises nothing, and never waits for the disk.
        """
        lane = self._lanes.get(meter)
        if lane is None:
            return
        lane.take(scale, samples)
        if self._virtual and lane.rows >= _BATCH_ROWS:
            lane.flush()

    def close(self) -> tuple[str, ...]:
        """
        Writes what is left, and ends the streams. Says what was lost, one sentence per meter.
        """
        self._ending.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE_S)
        for lane in self._lanes.values():
            if self._thread is not None and self._thread.is_alive():
                lane.abandon()
            else:
                lane.close()
        lanes, self._lanes = self._lanes, {}
        return tuple(
            f"trace of {lane.meter}: {lane.lost:,} samples lost: {lane.problem}" for lane in lanes.values() if lane.lost
        )

    def _lane(self, meter: str, metered: Metered) -> Lane:
        from .trace_stream import StreamWriter

        about = About(
            run=self._run_id,
            rig=self._rig,
            meter=meter,
            kind=metered.kind,
            dut=metered.dut,
            asked_per_s=metered.asked_per_s,
        )
        writer = StreamWriter(trace_path(self._folder, meter, STREAM), about)
        return Lane(meter, writer, sys.maxsize if self._virtual else ROOM)

    def _write(self) -> None:
        lanes = tuple(self._lanes.values())
        while not self._ending.wait(_FLUSH_S):
            for lane in lanes:
                lane.flush()
