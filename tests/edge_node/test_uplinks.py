"""
Two ways to the origin: the node takes the best one that is up, and comes back to it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from harness import clock
from tests.edge_node.playing import Link, OnCall, Origin, Run, Running, module, until, wait

# Minutes of real processes: in the long form only.
pytestmark = [pytest.mark.lab, pytest.mark.soak]

Links = tuple[Link, Link]
PRIORITIES = ["P0", "P1", "P2", "P3"]
PATIENT = ("--uplink-check-s", "0.1", "--uplink-timeout-s", "0.3")


def settled(run: Run, surroundings: list[str], *options: str) -> Running:
    node = run(*surroundings, *options).until_it_answers()
    until(lambda: node.says(uplink="fibre", cached=16, uplinks={"fibre": "up", "lte": "up"}))
    return node


@pytest.mark.parametrize("refusing", [False, True])
def test_it_fails_over_in_about_three_seconds_and_back(
    run: Run, surroundings: list[str], links: Links, on_call: OnCall, refusing: bool
) -> None:
    node = settled(run, surroundings)
    links[0].cut(refusing=refusing)
    cut_ns = clock.now_ns()
    until(lambda: node.says(uplink="lte"))
    assert clock.now_ns() - cut_ns < 4.5 * clock.NS_PER_S
    until(
        lambda: on_call.named("UplinkLost") == [{"alertname": "UplinkLost", "instance": "edge-node", "uplink": "fibre"}]
    )
    assert node.metric('edge_node_uplink_active{uplink="lte"}') == 1
    assert node.metric('edge_node_uplink_active{uplink="fibre"}') == 0
    assert node.says(uplinks={"fibre": "down", "lte": "up"})
    links[0].mend()
    until(lambda: node.says(uplink="fibre"))
    until(lambda: on_call.named("UplinkLost", "resolved"))


def test_users_notice_nothing_of_a_fail_over(run: Run, surroundings: list[str], links: Links, tmp_path: Path) -> None:
    """
    Not even those whose content has to be fetched while the uplink in use is dead and not yet given up.
    """
    node = settled(run, surroundings)
    for item in ("p0-0", "p3-0"):
        for copy in (tmp_path / "cache" / item).iterdir():
            copy.unlink()
    links[0].cut()
    for item in ("p0-0", "p3-0", "p1-1"):
        assert node.ask("GET", f"/content/{item}").status_code == 200


def test_one_that_never_fails_over_stays_cut_off(run: Run, surroundings: list[str], links: Links) -> None:
    node = settled(run, surroundings, *PATIENT, "--defect", "never_fails_over")
    links[0].cut()
    until(lambda: node.says(uplinks={"fibre": "down", "lte": "up"}))
    assert node.says(uplink="fibre")
    until(lambda: node.says(breakers={"origin": "open"}), limit_s=15)


def test_one_that_does_not_fail_back_stays_on_the_second(run: Run, surroundings: list[str], links: Links) -> None:
    node = settled(run, surroundings, *PATIENT, "--defect", "no_fail_back")
    links[0].cut()
    until(lambda: node.says(uplink="lte"))
    links[0].mend()
    until(lambda: node.says(uplinks={"fibre": "up", "lte": "up"}))
    assert node.says(uplink="lte")


def test_three_bad_checks_in_a_row_are_a_loss_and_five_good_ones_a_recovery(links: Links) -> None:
    uplink = module("uplinks").Uplink(f"fibre=127.0.0.1:{links[0].port}")

    def states(checks: int) -> list[str]:
        found = []
        for _ in range(checks):
            asyncio.run(uplink.check(1.0))
            found.append(uplink.state)
        return found

    assert [uplink.state, *states(1)] == ["unknown", "up"]
    links[0].cut(refusing=True)
    assert states(2) == ["up"] * 2
    links[0].mend()
    assert states(1) == ["up"]
    links[0].cut(refusing=True)
    assert states(3) == ["up", "up", "down"]
    links[0].mend()
    assert states(5) == ["down"] * 4 + ["up"]


def test_without_any_uplink_none_is_in_use(run: Run, surroundings: list[str], links: Links) -> None:
    node = settled(run, surroundings, *PATIENT)
    for link in links:
        link.cut(refusing=True)
    until(lambda: node.says(uplink=None, uplinks={"fibre": "down", "lte": "down"}))
    links[1].mend()
    until(lambda: node.says(uplink="lte"))


@pytest.mark.parametrize(("defects", "sync"), [((), ["P0", "P1"]), (("--defect", "syncs_everything"), PRIORITIES)])
def test_the_second_uplink_carries_only_what_is_urgent(
    run: Run, surroundings: list[str], links: Links, origin: Origin, defects: tuple[str, ...], sync: list[str]
) -> None:
    def brought(uplink: str, priority: str) -> float:
        labels = f'listener="127.0.0.1:{origin.port}",uplink="{uplink}",kind="content",priority="{priority}"'
        return origin.metric(f"origin_requests_total{{{labels}}}") or 0

    node = settled(run, surroundings, *PATIENT, *defects)
    links[0].cut(refusing=True)
    until(lambda: node.says(uplink="lte", sync=sync))
    origin.ask("POST", "/change")
    until(lambda: brought("lte", sync[-1]) == 4)
    wait(1)
    assert [brought("lte", priority) for priority in PRIORITIES] == [4 if p in sync else 0 for p in PRIORITIES]
    links[0].mend()
    until(
        lambda: [brought("fibre", priority) for priority in PRIORITIES] == [4 if p in sync else 8 for p in PRIORITIES]
    )
