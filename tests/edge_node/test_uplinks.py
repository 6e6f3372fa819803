"""
Two ways to the origin: the node takes the best one that is up, and comes back to it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import clock
from tests.edge_node.playing import Link, OnCall, Origin, Run, Running, until

# Minutes of real processes: in the long form only.
pytestmark = [pytest.mark.lab, pytest.mark.soak]

Links = tuple[Link, Link]
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
    until(lambda: node.says(uplink="lte", uplink_switches=1))
    assert clock.now_ns() - cut_ns < 4.5 * clock.NS_PER_S
    until(
        lambda: on_call.named("UplinkLost") == [{"alertname": "UplinkLost", "instance": "edge-node", "uplink": "fibre"}]
    )
    assert node.metric('edge_node_uplink_active{uplink="lte"}') == 1
    assert node.metric('edge_node_uplink_up{uplink="fibre"}') == 0
    links[0].mend()
    until(lambda: node.says(uplink="fibre", uplink_switches=2))
    until(lambda: on_call.named("UplinkLost", "resolved"))
    assert 0 < node.health()["uplink_switched_s"] == node.metric("edge_node_uplink_switched_seconds")


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
    assert node.says(uplink="fibre", uplink_switches=0)
    until(lambda: node.health()["offline"])


def test_one_that_does_not_fail_back_stays_on_the_second(run: Run, surroundings: list[str], links: Links) -> None:
    node = settled(run, surroundings, *PATIENT, "--defect", "no_fail_back")
    links[0].cut()
    until(lambda: node.says(uplink="lte"))
    links[0].mend()
    until(lambda: node.says(uplinks={"fibre": "up", "lte": "up"}))
    assert node.says(uplink="lte", uplink_switches=1)


def test_one_bad_check_is_no_loss_and_one_good_one_no_recovery(run: Run, surroundings: list[str], links: Links) -> None:
    node = settled(run, surroundings, *PATIENT, "--uplink-lose", "1000")
    links[0].cut(refusing=True)
    until(lambda: node.metric('edge_node_uplink_rtt_seconds{uplink="fibre"}') is None)
    assert node.says(uplink="fibre", uplink_switches=0)


def test_without_any_uplink_none_is_in_use(run: Run, surroundings: list[str], links: Links) -> None:
    node = settled(run, surroundings, *PATIENT)
    for link in links:
        link.cut(refusing=True)
    until(lambda: node.says(uplink=None, uplinks={"fibre": "down", "lte": "down"}))
    links[1].mend()
    until(lambda: node.says(uplink="lte", uplink_switches=1))


@pytest.mark.parametrize(
    ("defects", "sync"), [((), ["P0", "P1"]), (("--defect", "syncs_everything"), ["P0", "P1", "P2", "P3"])]
)
def test_the_second_uplink_carries_only_what_is_urgent(
    run: Run, surroundings: list[str], links: Links, origin: Origin, defects: tuple[str, ...], sync: list[str]
) -> None:
    node = settled(run, surroundings, *PATIENT, *defects)
    links[0].cut(refusing=True)
    until(lambda: node.says(uplink="lte", sync=sync))
    before = {p: node.metric(f'edge_node_sync_synced_total{{priority="{p}"}}') for p in ("P0", "P1", "P2", "P3")}
    origin.ask("POST", "/change")
    until(lambda: node.metric('edge_node_sync_synced_total{priority="P1"}') == before["P1"] + 4)
    until(lambda: node.metric('edge_node_sync_age_seconds{priority="P1"}') < 1)
    brought = [int(node.metric(f'edge_node_sync_synced_total{{priority="{p}"}}') - before[p]) for p in before]
    assert brought == [4 if p in sync else 0 for p in before]
    over_lte = 'origin_requests_total{{listener="127.0.0.1:{}",uplink="lte",kind="content",priority="P2"}}'
    assert origin.metric(over_lte.format(origin.port)) == (4 if "P2" in sync else None)
    held_back = node.metric('edge_node_sync_skipped_total{priority="P3"}')
    assert (held_back == 0) == ("P3" in sync)
    links[0].mend()
    until(lambda: node.metric('edge_node_sync_synced_total{priority="P2"}') == before["P2"] + 4)


def test_each_uplink_is_reached_from_its_own_address(run: Run, links: Links) -> None:
    fibre, lte = (f"127.0.0.1:{link.port}" for link in links)
    node = run("--boot-s", "0", "--uplink", f"fibre={fibre}@127.0.0.2", "--uplink", f"lte={lte}@%lo").until_it_answers()
    until(lambda: node.says(uplinks={"fibre": "up", "lte": "up"}))
    assert set(links[0].peers) == {"127.0.0.2"}
    assert set(links[1].peers) == {"127.0.0.1"}


def test_an_interface_that_is_not_there_is_a_lost_uplink(run: Run, links: Links) -> None:
    node = run("--boot-s", "0", "--uplink", f"lte=127.0.0.1:{links[1].port}@%nosuch0").until_it_answers()
    until(lambda: node.says(uplinks={"lte": "down"}))
