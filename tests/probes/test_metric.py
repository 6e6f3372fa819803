"""
The `metric` probe: the DUT's own metrics, over a trial, whatever restarts in it.
"""

from __future__ import annotations

import contextlib
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import clock
from harness.errors import UsageError
from harness.model.quantity import Quantity
from harness.probes._derived import Derived
from harness.probes._series import most_per_minute
from harness.probes.metric import Metric
from harness.protocols import HttpAnswer, NoAnswer
from tests.probes.services import Service, made

S = 10**9


def text(**metrics: float | dict[str, float]) -> bytes:
    """
    Prometheus text: a number, or numbers by the label `of`.
    """
    lines = []
    for name, value in metrics.items():
        lines.append(f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}")
        samples = value if isinstance(value, dict) else {"": value}
        lines += [f"{name}{of and f'{{of={chr(34)}{of}{chr(34)}}}'} {number}" for of, number in samples.items()]
    return ("\n".join(lines) + "\n").encode()


def scraped(
    *scrapes: bytes | None, period_s: float = 1.0, latency_s: float = 0.0, uptime: str = "", **value: Any
) -> dict[str, Any]:
    """
    What the probe measures over scrapes, a period apart; None is one that fails.
    """
    bodies = iter(scrapes)

    async def answer(method: str, path: str, body: bytes = b"") -> HttpAnswer:
        await anyio.sleep(latency_s)
        told = next(bodies)
        if told is None:
            raise NoAnswer("refused")
        return HttpAnswer(200, told)

    async def main() -> dict[str, Any]:
        service: Any = Service(lambda *_: None)
        service.request = answer
        probe = made(Metric, service, values=(Derived(name="x", **value),), uptime=uptime)
        for _ in scrapes:
            with contextlib.suppress(NoAnswer):
                await probe.ask()
            await anyio.sleep(period_s)
        return {**probe.measured(), **probe.quantities()}

    return clock.run(main, virtual=True)


@pytest.mark.parametrize(("take", "value"), [("last", 2.0), ("least", 1.0), ("most", 7.0)])
def test_a_gauge_by_its_last_least_and_most(take: str, value: float) -> None:
    assert scraped(text(g=3), text(g=7), text(g=1), text(g=2), metric="g", take=take) == {"x": value}


def test_counters_are_taken_by_their_growth_all_together() -> None:
    scrapes = [text(c_total={"a": 100, "b": 5}), text(c_total={"a": 103, "b": 5}), text(c_total={"a": 103, "b": 6})]
    assert scraped(*scrapes, metric="c_total", take="increase") == {"x": 4.0}
    assert scraped(*scrapes, metric='c_total{of="a"}', take="increase") == {"x": 3.0}


def test_a_counter_that_was_set_back_goes_on_from_zero() -> None:
    scrapes = [text(c_total=n) for n in (100, 105, 2, 4)]
    assert scraped(*scrapes, metric="c_total", take="increase") == {"x": 9.0}


@pytest.mark.parametrize("clue", ["process_start_time_seconds", "up_s"])
def test_a_restart_that_no_counter_shows_is_told_by_another_metric(clue: str) -> None:
    # Counted 3 again and one more: without the clue that would be an increase of 1.
    values = [1000.0, 1000.0, 1007.0] if clue.startswith("process") else [50.0, 51.0, 0.5]
    scrapes = [text(**{"c_total": n, clue: v}) for n, v in zip((2, 3, 4), values, strict=True)]
    uptime = "" if clue.startswith("process") else clue
    assert scraped(*scrapes, metric="c_total", take="increase", uptime=uptime) == {"x": 5.0}
    assert scraped(*(text(c_total=n) for n in (2, 3, 4)), metric="c_total", take="increase") == {"x": 2.0}


def test_a_counter_that_is_new_began_at_zero() -> None:
    scrapes = [text(c_total={"a": 1}), text(c_total={"a": 1, "b": 3})]
    assert scraped(*scrapes, metric="c_total", take="increase") == {"x": 3.0}


def test_a_counter_that_is_missing_for_a_while_is_not_counted_twice() -> None:
    scrapes = [text(c_total={"a": 1, "b": 5}), text(c_total={"a": 1}), None, text(c_total={"a": 1, "b": 6})]
    assert scraped(*scrapes, metric="c_total", take="increase") == {"x": 1.0}


def test_a_ratio_is_of_the_growth_and_not_of_all_time() -> None:
    scrapes = [text(hits_total=900, misses_total=0), text(hits_total=909, misses_total=1)]
    assert scraped(*scrapes, metric="hits_total", take="ratio", of=("hits_total", "misses_total")) == {"x": 0.9}


def test_a_ratio_of_nothing_is_nothing() -> None:
    scrapes = [text(hits_total=9, misses_total=1)] * 3
    assert scraped(*scrapes, metric="hits_total", take="ratio", of=("hits_total", "misses_total")) == {}


def test_one_scrape_is_no_growth() -> None:
    assert scraped(text(c_total=4), None, metric="c_total", take="increase") == {}
    assert scraped(text(c_total=4), metric="c_total", take="per_minute") == {}


def test_the_most_within_a_minute() -> None:
    # 4 in the first minute, 6 around its end: 8 within no more than 40 s.
    scrapes = [text(c_total=n) for n in (0, 2, 4, 4, 4, 4, 7, 10, 10)]
    found = scraped(*scrapes, period_s=10.0, metric="c_total", take="per_minute")["x"]
    assert found == Quantity(8.0, 10.0, "")


@given(
    st.lists(st.integers(0, 200_000), max_size=40).map(sorted),
    st.lists(st.tuples(st.integers(1, 30_000), st.integers(0, 500)), min_size=2, max_size=30),
    st.randoms(use_true_random=False),
)
def test_the_true_most_within_a_minute_is_in_the_interval(
    events_ms: list[int], paces: list[tuple[int, int]], rng: Any
) -> None:
    points, now = [], 0
    for pause, latency in paces:
        asked = now + pause
        served, now = asked + rng.randint(0, latency), asked + latency
        points.append((asked * 10**6, now * 10**6, served))
    first, last = points[0][2], points[-1][2]
    seen = [at for at in events_ms if first < at <= last]
    true = max((sum(at <= other <= at + 60_000 for other in seen) for at in seen), default=0)
    counted = [(asked, answered, float(sum(at <= served for at in seen))) for asked, answered, served in points]
    found = most_per_minute(counted)
    assert found is not None
    assert found.holds(true)


def below(*values: float | None, period_s: float = 1.0, latency_s: float = 0.1) -> Quantity | None:
    bodies = [None if value is None else text(up={"sync": value}) for value in values]
    found = scraped(*bodies, period_s=period_s, latency_s=latency_s, metric="up", take="below")
    return found.get("x")


def test_the_longest_time_below_lies_between_what_was_seen_and_what_can_have_been() -> None:
    # Asked at 0, 1.1, 2.2, 3.3, 4.4 s: bad in the answers of 1.2 s to 2.3 s.
    found = below(1, 0, 0, 1, 1)
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(1.0), pytest.approx(3.4))


def test_what_falls_and_rises_between_two_scrapes_is_not_seen_and_so_not_ruled_out() -> None:
    found = below(1, 1, 1)
    assert found is not None
    assert (found.low, found.high) == (0.0, pytest.approx(1.2))
    in_the_dark = below(1, None, None, 1)
    assert in_the_dark is not None
    assert (in_the_dark.low, in_the_dark.high) == (0.0, pytest.approx(3.4))


def test_what_has_not_come_back_has_no_upper_bound() -> None:
    found = below(1, 0, 0, 0)
    assert found is not None
    assert found.low == pytest.approx(2.1)
    assert found.high is None


def test_what_never_was_there_has_no_time_below() -> None:
    assert below(0, 0) is None


def test_a_series_that_is_missing_is_below() -> None:
    found = scraped(text(up={"a": 1, "b": 1}), text(up={"b": 1}), text(up={"b": 1}), metric="up", take="below")
    assert found["x"].high is None


def test_measuring_begins_when_the_steady_state_is_met() -> None:
    bodies = iter([text(c_total=0), text(c_total=50), text(c_total=51)])
    service = Service(lambda *_: HttpAnswer(200, next(bodies)))

    async def main() -> dict[str, float]:
        probe = made(Metric, service, values=(Derived(name="x", metric="c_total", take="increase"),))
        await probe.ask()
        probe.arm()
        await probe.ask()
        await probe.ask()
        return dict(probe.measured())

    assert clock.run(main, virtual=True) == {"x": 1.0}


@pytest.mark.parametrize(
    ("answer", "bounds", "is_well"),
    [
        (HttpAnswer(200, text(g=3)), {}, True),
        (HttpAnswer(200, text(other=3)), {}, True),
        (HttpAnswer(200, text(g=3)), {"min": 3}, True),
        (HttpAnswer(200, text(g=3)), {"max": 2}, False),
        (HttpAnswer(200, text(other=3)), {"min": 0}, False),
        (HttpAnswer(503, text(g=3)), {}, False),
    ],
)
def test_well_is_a_scrape_whose_values_are_within_their_bounds(
    answer: HttpAnswer, bounds: dict[str, float], is_well: bool
) -> None:
    probe = made(Metric, Service(lambda *_: answer), values=(Derived(name="x", metric="g", **bounds),))
    assert clock.run(probe.ask, virtual=True) is is_well
    assert probe.accepts(answer) is is_well


def test_what_is_no_metrics_is_no_answer() -> None:
    probe = made(Metric, Service(lambda *_: HttpAnswer(200, b"{ not } metrics\n")))
    with pytest.raises(NoAnswer, match="not Prometheus text"):
        clock.run(probe.ask, virtual=True)
    assert not probe.accepts(None)


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ({"name": "Cache Ratio", "metric": "g"}, "name"),
        ({"name": "x", "metric": "g{"}, "metric"),
        ({"name": "x", "metric": "g", "take": "ratio"}, "of"),
        ({"name": "x", "metric": "g", "of": ("h",)}, "of"),
        ({"name": "x", "metric": "g", "take": "ratio", "of": ("1st",)}, "of"),
    ],
)
def test_a_value_that_is_none_is_told(value: dict[str, Any], key: str) -> None:
    with pytest.raises(UsageError) as told:
        Derived(**value)
    assert told.value.key == key


def test_each_name_is_measured_once_and_has_its_unit() -> None:
    values = (
        Derived(name="cache_hit_ratio", metric="h", take="ratio", of=("h", "m")),
        Derived(name="worker_back_within", metric="up", take="below"),
        Derived(name="worker_restarts_per_minute", metric="r", take="per_minute"),
        Derived(name="lag", metric="l", unit="s"),
    )
    assert Metric.Config(values=values).measures == {
        "cache_hit_ratio": "_ratio",
        "worker_back_within": "_s",
        "worker_restarts_per_minute": "",
        "lag": "_s",
    }
    with pytest.raises(UsageError, match="measured twice"):
        Metric.Config(values=(values[0], values[0]))
