"""
Traces for tests: samples in a few words, drawn at random, and logs of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from hypothesis import strategies as st

from harness.model.trace import Code, Sample, Scale
from harness.store.trace_about import STREAM, About, trace_path
from harness.store.trace_file import open_traces
from harness.store.trace_log import Metered, TraceLog
from harness.store.trace_reading import ClosedTrace, RecordedTrace

METER = "monitor"
ABOUT = About(run="a-run", rig="lab", meter=METER, kind="ina226", dut="edge", asked_per_s=1000.0)
METERED = Metered(kind=ABOUT.kind, dut=ABOUT.dut, asked_per_s=ABOUT.asked_per_s)
SCALE = Scale(1.25e-3, 2.5e-5)
MS = 1_000_000
ALWAYS = (-(2**63), 2**63 - 1)

CONVERTED = (Code.OK, Code.OVERFLOW)


def sample(number: int, code: Code = Code.OK, missed: int = 0, *, bus: int = 4000, current: int = 1000) -> Sample:
    """
    The conversion of that number, one a millisecond.
    """
    return Sample(number, number * MS, number * MS + MS, bus, current, code, missed)


def steady(first: int, last: int) -> list[Sample]:
    """
    Good samples of those numbers, none of them like the next.
    """
    return [sample(number, bus=4000 + number % 7, current=1000 - number % 11) for number in range(first, last)]


@st.composite
def in_order(draw: st.DrawFn, *, most: int = 200) -> list[Sample]:
    """
    What a sampler may hand on: rows in order, by their beginnings and by their ends.
    """
    registers = st.integers(-(2**31), 2**31 - 1)
    shape = st.tuples(
        st.integers(1, 5 * MS), st.integers(0, 5 * MS), registers, registers, st.sampled_from(Code), st.integers(0, 9)
    )
    rows: list[Sample] = []
    earliest_ns, latest_ns = draw(st.integers(0, 10**15)), -1
    for step_ns, width_ns, bus, current, code, missed in draw(st.lists(shape, min_size=1, max_size=most)):
        earliest_ns += step_ns
        latest_ns = max(latest_ns + 1, earliest_ns + width_ns)
        told = 0 if code in CONVERTED else missed
        rows.append(Sample(len(rows) + 1, earliest_ns, latest_ns, bus, current, code, told))
    return rows


def log(run: Path, *batches: Sequence[Sample], scale: Scale = SCALE, virtual: bool = True) -> Path:
    """
    A log of these batches of one meter, closed; its stream.
    """
    trace = TraceLog(run, run_id=run.name, rig="lab", meters={METER: METERED}, virtual=virtual)
    for batch in batches:
        trace.take(METER, scale, batch)
    assert trace.close() == ()
    return trace_path(run, METER, STREAM)


def only(run: Path) -> RecordedTrace:
    """
    The trace of the one meter in a run's folder.
    """
    (trace,) = open_traces(run).values()
    return trace


def is_closed(run: Path) -> bool:
    """
    Whether that trace was closed.
    """
    return isinstance(only(run), ClosedTrace)


def told_of(trace: RecordedTrace) -> list[tuple[int, Code, int]]:
    """
    Number, code and missed of every row.
    """
    rows = [row for table in trace.rows(*ALWAYS) for row in table.to_pylist()]
    return [(row["seq"], Code(row["code"]), row["missed"]) for row in rows]


def conversions(rows: Iterable[tuple[int, Code, int]]) -> int:
    """
    How many conversions rows account for.
    """
    return sum(missed + (code in CONVERTED) for _, code, missed in rows)
