"""
The `audit_log` probe: which of some events were written since the steady state was met.
"""

from __future__ import annotations

import json

import pytest

from harness import clock
from harness.errors import UsageError
from harness.probes.audit_log import AuditLog
from harness.protocols import Arming, HttpAnswer, NoAnswer
from tests.probes.services import Service, made


class Log:
    """
    An audit log that tells its last `kept` entries.
    """

    def __init__(self, kept: int = 200) -> None:
        self.entries: list[dict[str, object]] = []
        self._kept = kept
        self.answer: HttpAnswer | None = None

    def write(self, event: str) -> None:
        self.entries.append({"at": len(self.entries), "event": event})

    def __call__(self, method: str, path: str, body: bytes) -> HttpAnswer:
        assert (method, path) == ("GET", "/audit")
        told = {"count": len(self.entries), "entries": self.entries[-self._kept :]}
        return self.answer or HttpAnswer(200, json.dumps(told).encode())


def probe_of(log: Log, *events: str) -> AuditLog:
    probe: AuditLog = made(AuditLog, Service(log), events=events)
    assert isinstance(probe, Arming)
    return probe


def ask(probe: AuditLog) -> dict[str, float]:
    assert clock.run(probe.ask, virtual=True)
    return probe.measured()


def test_each_event_counts_once_and_each_entry_too() -> None:
    log = Log()
    probe = probe_of(log, "violation", "fetched")
    assert ask(probe) == {"audited_events": 0, "audit_entries": 0}
    log.write("violation")
    log.write("violation")
    log.write("something else")
    assert ask(probe) == {"audited_events": 1, "audit_entries": 2}
    log.write("fetched")
    assert ask(probe) == {"audited_events": 2, "audit_entries": 3}
    assert ask(probe) == {"audited_events": 2, "audit_entries": 3}


def test_what_was_there_before_is_no_news() -> None:
    log = Log()
    log.write("violation")
    probe = probe_of(log, "violation")
    ask(probe)
    probe.arm()
    assert ask(probe) == {"audited_events": 0, "audit_entries": 0}
    log.write("violation")
    assert ask(probe) == {"audited_events": 1, "audit_entries": 1}


def test_what_has_moved_out_of_sight_is_not_forgotten() -> None:
    log = Log(kept=2)
    probe = probe_of(log, "violation")
    log.write("violation")
    ask(probe)
    for _ in range(5):
        log.write("other")
    assert ask(probe) == {"audited_events": 1, "audit_entries": 1}


@pytest.mark.parametrize("answer", [(503, b"{}"), (200, b"no"), (200, b"[]"), (200, b'{"entries": 3}')])
def test_what_is_no_log_is_no_answer(answer: tuple[int, bytes]) -> None:
    log = Log()
    log.answer = HttpAnswer(*answer)
    probe = probe_of(log, "violation")
    with pytest.raises(NoAnswer, match="no log in"):
        clock.run(probe.ask, virtual=True)
    assert not probe.accepts(log.answer)
    assert not probe.accepts(None)
    assert probe.accepts(HttpAnswer(200, b'{"entries": [3, {}]}'))


@pytest.mark.parametrize("events", [(), ("a", "a")])
def test_it_must_know_what_to_look_for(events: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="each of them once"):
        AuditLog.Config(events=events)
