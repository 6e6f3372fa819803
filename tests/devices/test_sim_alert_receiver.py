"""
The monitoring of virtual rigs: it fires by its own rule, and says exactly when.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness import clock
from harness.devices.sim_alert_receiver import SimAlertReceiver
from harness.errors import DeviceError, UsageError
from harness.model.instant import Instant
from harness.protocols import HttpAnswer

S = clock.NS_PER_S


class Unit:
    """
    A unit that answers, but for some stretches (seconds).
    """

    def __init__(self, *down: tuple[float, float], answer: HttpAnswer | None = None) -> None:
        self._down, self._answer = down, answer

    def samples(self, since_ns: int) -> list[tuple[int, HttpAnswer | None]]:
        is_down = any(start * S <= since_ns < end * S for start, end in self._down)
        return [(since_ns, self._answer if is_down else HttpAnswer(200, b""))]


class Wires:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def unit(self, host: str) -> Any:
        assert host == "edge"
        return self._unit


def watched(unit: Unit, for_s: float, **config: Any) -> list[tuple[bool, float]]:
    """
    Whether an alert fired or was resolved, and when (seconds).
    """

    async def main() -> list[tuple[bool, float]]:
        pager = SimAlertReceiver("pager", SimAlertReceiver.Config(host="edge", **config), Wires(unit))  # type: ignore[arg-type]
        await pager.open()
        pager.standing()
        await anyio.sleep(for_s)
        _, heard = pager.since(0)
        await pager.aclose()
        assert all(one.at.width_ns == 0 for one in heard)
        return [(one.alert.is_firing, one.at.earliest_ns / S) for one in heard]

    return clock.run(main, virtual=True)


def test_it_fires_after_so_many_bad_looks_and_is_resolved_after_as_many_good_ones() -> None:
    assert watched(Unit((4.5, 20)), 40) == [(True, 7.05), (False, 22.05)]


def test_one_look_that_is_good_begins_the_count_anew() -> None:
    assert watched(Unit((0.5, 2.5), (3.5, 5.5)), 20) == []


def test_a_503_is_bad() -> None:
    found = watched(Unit((0.5, 9), answer=HttpAnswer(503, b"")), 20, every_s=2.0, failures=2, delay_s=0.5)
    assert found == [(True, 4.5), (False, 12.5)]


def test_it_looks_from_when_somebody_listens_on_and_no_longer_than_it_is_open() -> None:
    async def main(pager: SimAlertReceiver) -> None:
        await pager.open()
        await pager.aclose()
        with pytest.raises(DeviceError, match="is not open"):
            pager.standing()

    pager = SimAlertReceiver("pager", SimAlertReceiver.Config(host="edge"), Wires(Unit((0, 99))))  # type: ignore[arg-type]
    clock.run(main, pager, virtual=True)


def test_who_waits_is_woken() -> None:
    async def main() -> Instant:
        pager = SimAlertReceiver("pager", SimAlertReceiver.Config(host="edge"), Wires(Unit((0, 99))))  # type: ignore[arg-type]
        await pager.open()
        number, _ = pager.standing()
        await pager.more(number)
        at = pager.since(number)[1][0].at
        await pager.aclose()
        return at

    assert clock.run(main, virtual=True) == Instant.exactly(round(2.05 * S))


@pytest.mark.parametrize("config", [{"every_s": 0}, {"failures": 0}, {"delay_s": -1}, {"delay_s": 1.0}])
def test_a_rule_that_is_none_is_told(config: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        SimAlertReceiver.Config(host="edge", **config)
