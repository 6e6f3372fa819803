"""
What an Alertmanager posts, read.
"""

from __future__ import annotations

from typing import Any

import pytest

from harness.model.alert import Alert, alerts_of


def notification(*alerts: Any, **changes: Any) -> dict[str, Any]:
    """
    A notification with these alerts.
    """
    return {"version": "4", "status": "firing", "receiver": "bench", "alerts": list(alerts), **changes}


def test_each_alert_is_read_with_its_own_status() -> None:
    fires = {"status": "firing", "labels": {"alertname": "DutDown"}, "fingerprint": "c4d3"}
    over = {"status": "resolved", "labels": {"alertname": "Slow"}, "fingerprint": "a1b2"}
    read = alerts_of(notification(fires, over))
    assert read == (
        Alert(key="c4d3", is_firing=True, labels={"alertname": "DutDown"}),
        Alert(key="a1b2", is_firing=False, labels={"alertname": "Slow"}),
    )
    assert [alert.name for alert in read] == ["DutDown", "Slow"]


def test_one_without_a_fingerprint_is_known_by_its_labels() -> None:
    one = {"status": "firing", "labels": {"b": "2", "a": "1"}}
    other = {"status": "resolved", "labels": {"a": "1", "b": "2"}}
    read = alerts_of(notification(one, other))
    assert read[0].key == read[1].key == read[0].name


@pytest.mark.parametrize(
    ("labels", "has"),
    [({}, True), ({"a": "1"}, True), ({"a": "2"}, False), ({"a": "1", "c": "3"}, False)],
)
def test_an_alert_has_the_labels_that_it_has(labels: dict[str, str], has: bool) -> None:
    assert Alert(key="x", is_firing=True, labels={"a": "1", "b": "2"}).has(labels) is has


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ([], "a JSON object"),
        ({}, "version: None"),
        (notification(version="3"), "version: '3'"),
        ({"version": "4"}, "alerts: missing"),
        (notification(alerts={}), "alerts: missing"),
        (notification("x"), "alerts.0: not an object"),
        (notification({"status": "pending"}), "alerts.0.status"),
        (notification({"status": "firing", "labels": {"a": 1}}), "alerts.0.labels"),
        (notification({"status": "firing", "labels": []}), "alerts.0.labels"),
    ],
)
def test_what_is_no_notification_says_what_is_wrong_with_it(told: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        alerts_of(told)
