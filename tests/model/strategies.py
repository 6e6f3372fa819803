"""
What a bench can record, drawn at random.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from harness.model.criterion import Judged
from harness.model.deviation import Deviation
from harness.model.event import EPHEMERAL, Event, Kind
from harness.model.instant import Instant, Span
from harness.model.quantity import QUANTITIES, Quantity
from harness.model.run import Dut, RailLevels, Run, RunHead
from harness.model.trial import Instants, Trial
from harness.model.verdict import TrialVerdict, Verdict

# A month of uptime.
times_ns = st.integers(0, 30 * 86_400 * 10**9)
widths_ns = st.integers(0, 10**10)
# A DUT may say anything, half a surrogate pair included.
texts = st.text(st.characters(exclude_categories=[]), max_size=20)
words = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)
numbers = st.floats(allow_nan=False)

instants = st.builds(lambda at, width: Instant(at, at + width), times_ns, widths_ns)
spans = st.builds(
    lambda low, width: Span(low, None if width is None else low + width),
    st.integers(-(10**12), 10**15),
    st.none() | widths_ns,
)
measures = st.floats(-1e6, 1e6)


def quantities_of(name: str) -> st.SearchStrategy[Quantity]:
    """
    Any interval, bounded or not, in the unit of a quantity.
    """
    ends = st.builds(
        lambda low, wide: (low, None if wide is None else low + wide), measures, st.none() | st.floats(0, 99)
    )
    return ends.map(lambda ends: Quantity(ends[0], ends[1], QUANTITIES[name]))


data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
events = st.builds(
    Event,
    kind=st.sampled_from([kind for kind in Kind if kind not in EPHEMERAL]),
    at=instants,
    trial=st.none() | st.integers(1, 10_000),
    subject=texts,
    data=st.dictionaries(texts, data, max_size=3),
)


def _trial(*, well: int, failed: int, **rest: Any) -> Trial:
    return Trial(requests=well + failed, failed_requests=failed, **rest)


trials = st.builds(
    _trial,
    well=st.integers(0, 10**6),
    failed=st.integers(0, 10**6),
    index=st.integers(1, 10_000),
    verdict=st.sampled_from(TrialVerdict),
    reason=texts,
    instants=st.builds(Instants, **{name: st.none() | instants for name, _ in Instants().items()}),
    watched_until_ns=times_ns,
    gap_ns=widths_ns,
    expects_loss=st.none() | st.booleans(),
    awaited=st.frozensets(st.sampled_from(["detected", "failed_over", "ready"])),
    hold_up=st.none() | spans,
    quantities=st.fixed_dictionaries({}, optional={name: quantities_of(name) for name in QUANTITIES}),
    readings=st.dictionaries(words, numbers, max_size=3),
    truth=st.none() | st.dictionaries(st.sampled_from([name for name, _ in Instants().items()]), times_ns, max_size=3),
)
judged = st.builds(
    Judged,
    expr=st.sampled_from(["downtime < 30 s", "mttr < 5 min", "error_ratio < 0.1 %", "witness_lost == 0"]),
    verdict=st.sampled_from(Verdict),
    value=st.none() | st.floats(0, 1),
    low=st.none() | st.floats(0, 1),
    high=st.none() | st.floats(0, 1) | st.just(float("inf")),
    n=st.integers(0, 10_000),
)
heads = st.builds(
    RunHead,
    run_id=words,
    drill=texts,
    drill_title=texts,
    hypothesis=texts,
    severity=st.sampled_from(["P0", "P1", "P2", "P3"]),
    chaos_type=texts,
    component=texts,
    rig=texts,
    seed=st.integers(),
    environment=texts,
    started_at=st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
    versions=st.dictionaries(words, st.none() | texts, max_size=3),
    dut=st.builds(Dut, name=st.none() | texts, version=st.none() | texts),
    repeat_command=texts,
    wiring=texts,
    world=st.sampled_from(["real", "lab", "sim"]),
    rails=st.dictionaries(
        words, st.builds(RailLevels, nominal_v=st.floats(0.1, 100), brown_out_v=st.floats(0, 50)), max_size=2
    ),
)
deviations = st.builds(Deviation, row=texts, asked=texts, delivered=texts, measured_by=texts, why=texts)
runs = st.builds(
    Run,
    head=heads,
    trials=st.lists(trials, max_size=2).map(tuple),
    criteria=st.lists(judged, max_size=2).map(tuple),
    verdict=st.sampled_from(Verdict),
    reason=texts,
    notes=st.lists(texts, max_size=3, unique=True).map(tuple),
    duration_s=st.just(90.0),
    ended=st.just(True),
    deviations=st.lists(deviations, max_size=2).map(tuple),
)
