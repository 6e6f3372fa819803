"""
The `ping` probe: replies are well, losses are counted, and an open question is neither.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness import clock
from harness.errors import DeviceError, UsageError
from harness.probes.ping import Ping
from harness.protocols import NoAnswer
from tests.probes.services import made


class Target:
    """
    A target by a script: round trips in seconds, None for silence, or an error.
    """

    name = "gateway"

    def __init__(self, *replies: float | Exception | None) -> None:
        self._replies = list(replies)
        self.sizes: list[int] = []

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def ping(self, size: int) -> float:
        self.sizes.append(size)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        await anyio.sleep(3600 if reply is None else reply)
        assert reply is not None
        return reply


def asked(target: Target, times: int, **config: Any) -> tuple[list[bool | str], dict[str, float]]:
    async def main() -> tuple[list[bool | str], dict[str, float]]:
        probe = made(Ping, target, **config)
        told: list[bool | str] = []
        for _ in range(times):
            with anyio.fail_after(1.0):  # the engine's own deadline
                try:
                    told.append(await probe.ask())
                except NoAnswer as silence:
                    told.append(str(silence))
        return told, probe.measured()

    return clock.run(main, virtual=True)


def test_a_reply_is_well_and_a_loss_is_counted() -> None:
    told, measured = asked(Target(0.01, None, 0.03), 3)
    assert told == [True, "no reply within 0.95 s", True]
    assert measured == {"pings_sent": 3, "pings_lost": 1, "longest_round_trip_s": 0.03}
    assert set(measured) == set(Ping.measures)


def test_a_network_that_says_no_has_lost_it() -> None:
    told, measured = asked(Target(NoAnswer("unreachable")), 1)
    assert (told, measured) == (["unreachable"], {"pings_sent": 1, "pings_lost": 1})


def test_a_round_trip_may_be_too_long() -> None:
    told, measured = asked(Target(0.01, 0.3), 2, round_trip_s=0.2)
    assert (told, measured["pings_lost"]) == ([True, False], 0)


def test_what_was_lost_before_the_steady_state_does_not_count() -> None:
    async def main() -> dict[str, float]:
        probe = made(Ping, Target(NoAnswer("unreachable"), 0.02))
        with pytest.raises(NoAnswer):
            await probe.ask()
        probe.arm()
        await probe.ask()
        return dict(probe.measured())

    measured = clock.run(main, virtual=True)
    assert measured == {"pings_sent": 1, "pings_lost": 0, "longest_round_trip_s": 0.02}


def test_a_question_that_is_cut_off_by_the_end_of_a_trial_is_no_loss() -> None:
    async def main() -> dict[str, float]:
        probe = made(Ping, Target(None))
        with anyio.move_on_after(0.5):
            await probe.ask()
        return dict(probe.measured())

    assert clock.run(main, virtual=True) == {"pings_sent": 0, "pings_lost": 0}


def test_a_bench_that_may_not_ask_is_the_benchs_trouble() -> None:
    with pytest.raises(DeviceError):
        asked(Target(DeviceError("gateway", "needs root")), 1)


def test_it_sends_as_much_as_it_is_told() -> None:
    target = Target(0.1)
    asked(target, 1, size=1400)
    assert target.sizes == [1400]


@pytest.mark.parametrize("config", [{"size": -1}, {"size": 70_000}, {"round_trip_s": 0}])
def test_a_request_that_is_none_is_told(config: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Ping.Config(**config)


def test_a_sample_is_a_round_trip() -> None:
    probe = made(Ping, Target(), round_trip_s=0.2)
    assert [probe.accepts(sample) for sample in (None, 0.1, 0.3)] == [False, True, False]
