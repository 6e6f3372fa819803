"""
A trial on the axis of time.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.figures.encoding import to_json
from harness.figures.trial_figure import trial_figure
from harness.figures.trial_view import TrialView
from harness.model.event import Event, Kind
from harness.model.evidence import Evidence
from harness.model.instant import NS_PER_S, Instant
from harness.model.trace import Code, Sample, Samples
from harness.model.trial import Trial
from harness.model.verdict import TrialVerdict
from tests.figures.played_trace import MS, PERIOD_NS, SCALE, PlayedTrace
from tests.model import strategies
from tests.reports import examples

VIEW = TrialView.of(examples.held, examples.EVIDENCE["held"], examples.held.trials[0])


def named(figure: Any, name: str, kind: str) -> list[Any]:
    return [trace for trace in figure.data if trace.name == name and trace.type == kind]


def drawn_instants(figure: Any) -> dict[str, tuple[float, float]]:
    """
    Name of an instant to where its bar begins and how long it is.
    """
    names = [name.replace("_", " ") for name, _ in VIEW.seen]
    return {name: (bar.base[0], bar.x[0]) for name in names for bar in named(figure, name, "bar")}


def test_every_instant_that_was_seen_is_a_band_from_its_earliest_to_its_latest() -> None:
    drawn = drawn_instants(trial_figure(VIEW))

    assert drawn == {
        name.replace("_", " "): pytest.approx(
            ((at.earliest_ns - examples.START_NS) / NS_PER_S, at.width_ns / NS_PER_S), abs=1e-6
        )
        for name, at in VIEW.seen
    }


def test_every_instant_marks_the_voltage_and_the_current_too() -> None:
    bands = [shape for shape in trial_figure(VIEW).layout.shapes if shape.type == "rect" and shape.line.width == 1]

    assert len(bands) == 2 * len(VIEW.seen)
    assert len({band.yref for band in bands}) == 2


def test_the_rail_s_levels_and_the_units_can_be_read() -> None:
    layout = trial_figure(VIEW).layout
    titles = {
        axis["title"]["text"] for axis in layout.to_plotly_json().values() if isinstance(axis, dict) and "title" in axis
    }

    assert {"rail voltage (V)", "current (A)", "time (s after the fault was commanded)"} <= titles
    assert {"nominal 5 V", "brown-out 3 V"} <= {note.text for note in layout.annotations}
    assert {shape.y0 for shape in layout.shapes if shape.type == "line"} == {5.0, 3.0}


def test_what_a_console_said_is_a_stroke_at_its_instant_with_its_words_to_point_at() -> None:
    figure = trial_figure(VIEW)
    (lane,) = named(figure, "edge.console", "bar")

    # The first two came at once.
    assert list(lane.base) == pytest.approx([10.061, 10.902, 12.48, 13.15])
    assert list(lane.x) == pytest.approx([0.02] * 4)
    first, kernel, *_, prompt = lane.hovertext
    assert first.split("<br>")[1:] == [examples.CONSOLE[0][1], examples.CONSOLE[1][1]]
    assert kernel.endswith("Linux version 6.6.8 &lt;gcc 13.2.0&gt;")
    assert prompt.startswith("13.160 s ± 11 ms")
    assert "edge.console: 5 lines" in {note.text for note in figure.layout.annotations}


def test_of_a_babbling_console_as_much_is_shown_as_can_be_read() -> None:
    said = tuple(
        Event(
            kind=Kind.CONSOLE, at=Instant.exactly(n * MS), trial=1, subject="edge.console", data={"text": f"line {n}"}
        )
        for n in range(5_000)
    )
    trial = Trial(index=1, verdict=TrialVerdict.RECOVERED, watched_until_ns=5_000 * MS)
    (lane,) = named(trial_figure(TrialView(trial=trial, events=said)), "edge.console", "bar")

    assert len(lane.hovertext) <= 201
    assert all(words.count("<br>") <= 13 for words in lane.hovertext)
    assert lane.hovertext[100].endswith("more")


def test_no_line_is_drawn_through_a_gap() -> None:
    figure = trial_figure(VIEW)
    (line,) = (trace for trace in named(figure, "monitor: voltage", "scatter") if trace.line.width == 1.5)

    assert any(x is None for x in line.x)
    assert not [x for x in line.x if x is not None and 4.001 < x < 4.089]
    before, after = _around(line.x, 4.04)
    assert None in line.x[line.x.index(before) : line.x.index(after)]
    assert [shape for shape in figure.layout.shapes if shape.x0 < 4.04 < shape.x1 and shape.x1 - shape.x0 < 0.2]


def _around(xs: Any, at: float) -> tuple[float, float]:
    seen = [x for x in xs if x is not None]
    return max(x for x in seen if x < at), min(x for x in seen if x > at)


@given(st.lists(st.integers(0, 4_000), min_size=2, max_size=2_500), st.integers(0, 2_499))
@settings(max_examples=20)
def test_the_least_and_the_greatest_sample_are_on_the_page_however_short_they_were(
    volts: list[int], spike: int
) -> None:
    codes = [*volts]
    codes[spike % len(codes)] = 9_000
    samples = Samples()
    rows = [Sample(seq, seq * PERIOD_NS, (seq + 1) * PERIOD_NS, code, 0) for seq, code in enumerate(codes)]
    samples.add(rows, SCALE)
    trial = Trial(index=1, verdict=TrialVerdict.RECOVERED, watched_until_ns=len(codes) * PERIOD_NS)
    events = (
        Event(kind=Kind.TRIAL_STARTED, at=Instant.exactly(0), trial=1),
        Event(kind=Kind.TRIAL_ENDED, at=Instant.exactly(len(codes) * PERIOD_NS), trial=1),
    )
    figure = trial_figure(TrialView(trial=trial, events=events, traces=(PlayedTrace(samples),)))

    drawn = [y for trace in named(figure, "monitor: voltage", "scatter") for y in trace.y if y is not None]
    assert max(drawn) == pytest.approx(9_000 * SCALE.bus_lsb_v)
    assert min(drawn) == pytest.approx(min(codes) * SCALE.bus_lsb_v)


def test_a_close_up_shows_every_sample_over_the_interval_of_its_conversion() -> None:
    window = VIEW.close_up("fault_commanded", "fault_effective", "the fault was commanded")
    assert window is not None
    figure = trial_figure(VIEW, window)
    samples = VIEW.traces[0].samples(window.from_ns, window.to_ns)

    (bars,) = (trace for trace in named(figure, "monitor: voltage", "scatter") if trace.line.width == 4)
    starts = [x for x in bars.x[0::3]]
    assert starts == pytest.approx([(ns - examples.START_NS) / MS for ns in samples.earliest_ns], abs=1e-3)
    assert [y for y in bars.y[0::3]] == pytest.approx(list(samples.bus_v), abs=1e-6)
    assert figure.layout.xaxis.title.text == "time (ms after the fault was commanded)"


def test_there_is_no_close_up_of_what_was_not_seen() -> None:
    trial = replace(VIEW.trial, instants=replace(VIEW.trial.instants, fault_effective=None))

    assert replace(VIEW, trial=trial).close_up("fault_commanded", "fault_effective", "the fault was commanded") is None


def test_a_probe_s_lamps_change_where_its_answers_did() -> None:
    figure = trial_figure(VIEW)
    (good, *_), (bad, *_) = named(figure, "good", "bar"), named(figure, "bad", "bar")

    assert good.marker.pattern.shape is None
    assert bad.marker.pattern.shape == "/"  # told apart in grey print as well
    assert 0.144 in {*good.base, *bad.base, *named(figure, "bad", "bar")[-1].base}


def test_without_a_trace_there_are_the_instants_alone() -> None:
    figure = trial_figure(replace(VIEW, traces=()))

    assert "voltage" not in to_json({"figure": figure})
    assert len(drawn_instants(figure)) == len(VIEW.seen)


def test_a_trace_of_another_trial_is_left_out() -> None:
    trace = examples.EVIDENCE["held"].traces["monitor"]
    earlier = Samples()
    earlier.add([Sample(0, 0, PERIOD_NS, 4000, 0)], SCALE)
    evidence = Evidence(traces={"monitor": trace, "other": PlayedTrace(earlier, meter="other")})

    assert [t.meter for t in TrialView.of(examples.held, evidence, examples.held.trials[0]).traces] == ["monitor"]


def test_a_bad_sample_is_a_gap_and_no_zero() -> None:
    samples = Samples()
    codes = [Code.OK, Code.NACK, Code.OVERFLOW, Code.RESET, Code.OK]
    samples.add(
        [
            Sample(seq, seq * MS, (seq + 1) * MS, 4000 if code == Code.OK else 0, 0, code)
            for seq, code in enumerate(codes)
        ],
        SCALE,
    )
    trial = Trial(index=1, verdict=TrialVerdict.RECOVERED, watched_until_ns=5 * MS)
    figure = trial_figure(TrialView(trial=trial, traces=(PlayedTrace(samples),)))

    drawn = [y for trace in named(figure, "monitor: voltage", "scatter") for y in trace.y if y is not None]
    assert set(drawn) == {5.0}
    assert not any(math.isnan(y) for y in drawn)


@given(strategies.runs, st.lists(strategies.events, max_size=6))
@settings(max_examples=12)
def test_any_trial_can_be_drawn_the_same_each_time_and_its_json_holds_no_markup(run: Any, events: list[Event]) -> None:
    for trial in run.trials:
        told = tuple(replace(event, trial=trial.index) for event in events)
        view = TrialView.of(run, Evidence(events=told), trial)
        drawn = to_json({"trial": trial_figure(view)})

        assert drawn == to_json({"trial": trial_figure(view)})
        assert not {"<", ">", "&"} & set(drawn)
        drawn.encode("ascii")
