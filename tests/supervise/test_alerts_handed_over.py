"""
An alert that another process has received reaches the bench process, with its instant.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import clock
from harness.config.source import shipped
from harness.model.event import Event, Kind
from harness.model.instant import Instant
from harness.supervise.request import RunRequest
from harness.supervise.supervisor import Supervisor
from tests.supervise.played import patient

PAGER = """
[devices.pager]
kind = "alert_receiver"

[dut.edge]
"""


def notification(text: str) -> dict[str, object]:
    """
    A notification that is longer than a pipe hands over at once.
    """
    alert = {"status": "firing", "labels": {"alertname": "DutDown"}, "annotations": {"text": text}, "fingerprint": "1"}
    return {"version": "4", "status": "firing", "alerts": [alert]}


@pytest.mark.lab
def test_an_alert_is_handed_over_to_a_run_and_is_its_detection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    rig = tmp_path / "bench.toml"
    text = patient(shipped("rig")["lab-gpio"].read_text())
    rig.write_text(text.replace("[dut.edge]\n", PAGER, 1))
    rig.write_text(rig.read_text().replace('probes.rail = "monitor"\n', 'probes.rail = "monitor"\nalerts = "pager"\n'))
    drill = tmp_path / "quick.toml"
    drill.write_text(DRILL)
    events: list[Event] = []
    handed = Instant(0, 0)

    def hear(event: Event) -> None:
        nonlocal handed
        events.append(event)
        if event.kind is Kind.FAULT_EFFECTIVE:
            handed = Instant(clock.now_ns(), clock.now_ns())
            supervisor.alert(notification("x" * 9000), handed)

    supervisor = Supervisor(RunRequest(drill=str(drill), rig=str(rig), seed=1), hear)
    outcome = clock.run(supervisor.run)
    assert (outcome.exit_code, outcome.problem) == (0, "")
    (detected,) = [event for event in events if event.kind is Kind.DETECTED]
    assert detected.at == handed


DRILL = """
title = "Somebody else hears of it"
hypothesis = "An alert comes."
chaos_type = "power_outage"
component = "edge-gateway"
hold = "0.5 s"

[blast_radius]
roles = ["power"]

[[steady_state]]
kind = "http"
role = "probes.health"
period = "100 ms"
timeout = "500 ms"

[[fault]]
kind = "power_cut"
role = "power"
at = "0.5 s"
for = "1 s"

[detected]
kind = "alertmanager"
role = "alerts"

[[criteria]]
expr = "time_to_detect < 5 s"
"""
