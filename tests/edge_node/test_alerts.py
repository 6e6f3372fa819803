"""
Alerts reach whoever is on call, in the form that Alertmanager's webhooks have.
"""

from __future__ import annotations

import pytest

from harness import clock
from tests.edge_node.playing import OnCall, Run, Running, free_port, until

# Minutes of real processes: in the long form only.
pytestmark = [pytest.mark.lab, pytest.mark.soak]


def lost(run: Run, url: str, *options: str) -> Running:
    return run("--boot-s", "0", "--uplink", "fibre=127.0.0.1:1", "--alert-url", url, *options).until_it_answers()


def test_an_alert_has_alertmanagers_form(run: Run, on_call: OnCall) -> None:
    lost(run, on_call.url)
    until(lambda: on_call.named("UplinkLost"))
    post = next(post for post in on_call.posts if post["commonLabels"]["alertname"] == "UplinkLost")
    assert post.items() >= {"version": "4", "status": "firing", "receiver": "edge-node", "truncatedAlerts": 0}.items()
    (alert,) = post["alerts"]
    assert alert["labels"] == {"alertname": "UplinkLost", "instance": "edge-node", "uplink": "fibre"}
    assert alert["endsAt"].startswith("0001-01-01")
    assert alert["annotations"]["summary"]
    assert set(post) >= {"groupKey", "groupLabels", "commonAnnotations", "externalURL"}


def test_it_is_sent_again_until_it_is_taken(run: Run, on_call: OnCall) -> None:
    on_call.refusals = 2
    node = lost(run, on_call.url)
    until(lambda: on_call.named("UplinkLost"))
    until(lambda: node.metric('edge_node_alerts_total{result="sent"}') >= 1)


def test_one_who_does_not_answer_keeps_nobody_waiting(run: Run) -> None:
    node = lost(run, f"http://127.0.0.1:{free_port()}/")
    until(lambda: "UplinkLost" in node.health()["alerts"])
    before_ns = clock.now_ns()
    assert node.ask("POST", "/records", b"x").status_code == 200
    assert clock.now_ns() - before_ns < clock.NS_PER_S


def test_each_is_told_once_while_it_fires(run: Run, on_call: OnCall) -> None:
    node = lost(run, on_call.url, "--uplink-check-s", "0.05")
    until(lambda: node.metric("edge_node_uptime_seconds") > 1.5)
    assert len(on_call.named("UplinkLost")) == 1


def test_one_without_alerts_is_silent(run: Run, on_call: OnCall) -> None:
    node = lost(run, on_call.url, "--defect", "no_alerts")
    until(lambda: "UplinkLost" in node.health()["alerts"])
    until(lambda: node.metric("edge_node_uptime_seconds") > 1)
    assert on_call.posts == []
