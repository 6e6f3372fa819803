"""
A DUT that knows its battery's level, and one that only says so.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness import clock
from harness.errors import UsageError
from harness.model.drill import ProbeSpec
from harness.probes.battery_percent import BatteryPercent
from harness.protocols import HttpAnswer, NoAnswer


class Told:
    """
    A service that gives one answer after the other, and the role that it fills.
    """

    name = "health"

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        assert (method, path) == ("GET", "/health")
        return HttpAnswer(200, self._answers.pop(0))

    def get(self, role: str, protocol: Any) -> Any:
        assert isinstance(self, protocol)
        return self

    def dut(self, role: str) -> Any: ...

    def sibling(self, role: str, name: str) -> str:
        return name


def probe_of(*answers: bytes, **keys: Any) -> BatteryPercent:
    config = BatteryPercent.Config(**keys)
    spec = ProbeSpec(
        name="battery", kind="battery_percent", role="probes.health", period_s=1.0, timeout_s=1.0, config=config
    )
    return BatteryPercent(spec, Told(*answers))


def report(percent: Any) -> bytes:
    return json.dumps({"battery_percent": percent}).encode()


def asked(probe: BatteryPercent, times: int) -> list[bool | str]:
    async def main() -> list[bool | str]:
        told: list[bool | str] = []
        for _ in range(times):
            try:
                told.append(await probe.ask())
            except NoAnswer as silence:
                told.append(str(silence))
        return told

    return clock.run(main, virtual=True)


def test_a_level_in_the_band_is_well() -> None:
    probe = probe_of(report(20), report(19.9), report(80.0), report(80.1), min_ratio=0.2, max_ratio=0.8)
    assert asked(probe, 4) == [True, False, True, False]


def test_no_number_is_no_answer_and_never_zero() -> None:
    answers = [report(None), report("12"), report(True), b"[]", b"busy", b"{}"]
    probe = probe_of(*answers)
    assert all(isinstance(told, str) and "no number as `battery_percent`" in told for told in asked(probe, 6))
    assert probe.measured() == {"percents_seen": 0}
    assert not any(probe.accepts(HttpAnswer(200, answer)) for answer in answers)
    assert not probe.accepts(None)


def test_it_counts_each_whole_percent_once() -> None:
    probe = probe_of(*(report(percent) for percent in (100, 99.8, 99.0, 98, 99, 42.2)))
    asked(probe, 6)
    assert probe.measured() == {"percents_seen": 4, "least_percent": 42}
    assert set(probe.measured()) == set(probe.measures)


def test_what_was_reported_before_the_steady_state_does_not_count() -> None:
    probe = probe_of(report(12), report(100))
    asked(probe, 1)
    probe.arm()
    asked(probe, 1)
    assert probe.measured() == {"percents_seen": 1, "least_percent": 100}


def test_looking_at_a_sample_counts_nothing() -> None:
    probe = probe_of(report(50))
    asked(probe, 1)
    assert probe.accepts(HttpAnswer(200, report(3)))
    assert probe.measured()["least_percent"] == 50


@pytest.mark.parametrize("band", [{"min_ratio": 0.6, "max_ratio": 0.5}, {"min_ratio": -0.1}, {"max_ratio": 1.1}])
def test_a_band_that_is_none_is_told(band: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        probe_of(**band)
