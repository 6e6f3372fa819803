"""
What a node lets go of as its battery runs down.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.edge_node.playing import OnCall, Run, module, until
from tests.edge_node.test_battery import Bus, bus

__all__ = ["bus"]

FIRST, SECOND = ["warmer"], ["sync_p2", "sync_p3"]
THIRD = ["sync_p1", "content_p1", "content_p2", "content_p3", "items"]
FOURTH = ["sync_p0", "content_p0", "audit", "update", "session"]


def shedding(*defects: str) -> Any:
    return module("battery").Battery(SimpleNamespace(options=SimpleNamespace(shed=True), defects=defects))


def level(shed: Any, *percents: float) -> int:
    for percent in percents:
        shed.follow(percent)
    return int(shed.health()["shed_level"])


@pytest.mark.parametrize(
    ("percent", "shed"),
    [
        (100, []),
        (50, []),
        (49.9, FIRST),
        (30, FIRST),
        (29.9, FIRST + SECOND),
        (14.9, FIRST + SECOND + THIRD),
        (4.9, FIRST + SECOND + THIRD + FOURTH),
    ],
)
def test_each_threshold_takes_more(percent: float, shed: list[str]) -> None:
    shedder = shedding()
    shedder.follow(percent)
    assert shedder.health()["shed"] == shed


@pytest.mark.parametrize(("then", "left"), [(50, 1), (54.9, 1), (55, 0), (29, 2)])
def test_a_level_is_left_only_well_above_its_threshold(then: float, left: int) -> None:
    assert level(shedding(), 49, then) == left


def test_with_shedding_off_nothing_is_let_go_of() -> None:
    assert level(shedding("shedding_off"), 1) == 0


@given(st.lists(st.floats(0, 100), min_size=1))
def test_no_level_is_below_its_charge_and_none_far_above(percents: list[float]) -> None:
    shedder = shedding()
    for percent in percents:
        at = level(shedder, percent)
        assert level(shedding(), percent) <= at <= level(shedding(), max(0, percent - 5))


@pytest.mark.lab
@pytest.mark.parametrize(("defects", "sheds"), [((), True), (("--defect", "shedding_off"), False)])
def test_the_node_lets_go_and_takes_up_again(
    run: Run, surroundings: list[str], bus: Bus, on_call: OnCall, defects: tuple[str, ...], sheds: bool
) -> None:
    gauge = ("--gauge", str(bus.server_address), "--gauge-poll-s", "0.02", "--shed")
    node = run(*surroundings, *gauge, *defects).until_it_answers()
    until(lambda: node.says(cached=16, shed_level=0, battery_percent=80))
    warmer = node.health()["workers"]["warmer"]["pid"]

    def charge(percent: int) -> None:
        bus.words[0x04] = percent * 256
        until(lambda: node.says(battery_percent=percent))

    def status(path: str) -> int:
        return node.ask("GET", path).status_code

    charge(40)
    if not sheds:
        charge(1)
        assert node.says(shed=[], sync=["P0", "P1", "P2", "P3"])
        assert (status("/content/p3-0"), node.health()["workers"]["warmer"]["pid"]) == (200, warmer)
        return
    until(lambda: node.health()["workers"]["warmer"]["pid"] is None)
    charge(25)
    until(lambda: node.says(sync=["P0", "P1"], shed_level=2))
    assert status("/content/p3-0") == 200
    charge(10)
    until(lambda: node.says(sync=["P0"], shed_level=3))
    assert [status(path) for path in ("/content/p0-0", "/content/p1-0", "/audit")] == [200, 503, 200]
    until(lambda: on_call.named("BatteryLow"))
    charge(4)
    until(lambda: node.says(sync=[], shed_level=4))
    until(lambda: node.health()["workers"]["sync"]["pid"] is None)
    assert [status(path) for path in ("/content/p0-0", "/audit", "/health", "/metrics", "/records")] == [
        503,
        503,
        200,
        200,
        200,
    ]
    assert node.ask("POST", "/records", b"x").status_code == 200
    charge(100)
    until(lambda: node.says(shed_level=0))
    until(lambda: node.health()["workers"]["warmer"]["pid"])
    until(lambda: on_call.named("BatteryLow", "resolved"))
    restarts = [worker["restarts"] for worker in node.health()["workers"].values()]
    assert restarts == [0, 0]


@pytest.mark.lab
def test_a_gauge_that_lies_is_not_believed_audited_and_alerted(run: Run, bus: Bus, on_call: OnCall) -> None:
    gauge = ("--gauge", str(bus.server_address), "--gauge-poll-s", "0.02", "--shed")
    node = run("--boot-s", "0", "--alert-url", on_call.url, *gauge).until_it_answers()
    bus.words[0x04] = 40 * 256
    until(lambda: node.says(shed_level=1))
    bus.words[0x08] = 0x0002
    until(lambda: on_call.named("GaugeNotBelieved"))
    assert node.says(shed_level=1)
    assert [entry["event"] for entry in node.ask("GET", "/audit").json()["entries"]] == ["gauge_not_believed"]
    bus.words[0x08] = 0x0012
    until(lambda: on_call.named("GaugeNotBelieved", "resolved"))
    assert node.says(shed_level=1, battery_percent=40)
