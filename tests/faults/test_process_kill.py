"""
Workers killed at random: drawn from a seed, proven by their processes, restarted by nobody but the DUT.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import NotProven, UsageError
from harness.faults.process_kill import ProcessKill
from harness.model.drill import FaultSpec
from harness.model.undo import Undo
from tests.faults.batteries import Cast, carried_out, play, spec_of
from tests.faults.nodes import Node, S

WORKERS = "sync", "warmer"


def fault_of(node: Node, seed: int = 1, **keys: Any) -> ProcessKill:
    keys = {"probability_ratio": 1.0, "every_s": 1.0, "times": 1, "look_s": 0.05, **keys}
    spec = spec_of(ProcessKill, role="shell", **keys)
    return ProcessKill(FaultSpec(**{name: getattr(spec, name) for name in spec.__slots__} | {"seed": seed}), cast(node))


def cast(node: Node) -> Cast:
    return Cast(shell=node, probes__health=node)


@pytest.mark.parametrize("by", ["health", "pgrep"])
def test_a_kill_is_proven_by_the_process_that_is_gone_and_removed_by_another_one(by: str) -> None:
    async def main() -> None:
        node = Node(*WORKERS)
        fault = fault_of(node, by=by, pattern="worker {worker}$", workers=("sync",))
        strike, effective, removed = await carried_out(fault, anyio.sleep_forever)
        ((killed_ns, worker, signal),) = node.signals
        assert (worker, signal) == ("sync", "KILL")
        assert strike.commanded.holds(killed_ns)
        assert effective is not None
        assert effective.holds(killed_ns)
        assert removed.holds(node.back_ns("sync"))
        assert node.pid("sync") == 1000

    play(main)


def test_each_kill_of_the_schedule_is_done_when_it_is_due() -> None:
    async def main() -> None:
        node = Node(*WORKERS)
        fault = fault_of(node, times=20, every_s=5.0, probability_ratio=0.3)
        strike, _, _ = await carried_out(fault, anyio.sleep_forever)
        assert [worker for _, worker, _ in node.signals] == [kill.worker for kill in fault.schedule]
        start_ns = node.signals[0][0] - fault.schedule[0].at_s * S
        for (at_ns, _, _), kill in zip(node.signals, fault.schedule, strict=True):
            assert at_ns - start_ns == pytest.approx(kill.at_s * S, abs=0.1 * S)
        assert strike.delivered == f"{len(fault.schedule)} of {len(fault.schedule)} kills as drawn"  # type: ignore[attr-defined]

    play(main)


@given(st.integers(0, 2**32 - 1), st.floats(0.02, 1), st.integers(1, 40))
def test_the_same_seed_draws_the_same_and_somebody_is_always_killed(seed: int, ratio: float, times: int) -> None:
    one, other = (fault_of(Node(*WORKERS), seed, probability_ratio=ratio, times=times) for _ in "ab")
    assert one.schedule == other.schedule
    assert 1 <= len(one.schedule) <= times
    assert {kill.worker for kill in one.schedule} <= set(WORKERS)
    assert all((kill.at_s / 1.0).is_integer() and 0 <= kill.at_s < times for kill in one.schedule)


def test_another_seed_draws_another_schedule() -> None:
    drawn = {fault_of(Node(*WORKERS), seed, probability_ratio=0.5, times=20).schedule for seed in range(20)}
    assert len(drawn) == 20


def test_the_missions_defaults_kill_one_time_in_ten() -> None:
    config = ProcessKill.Config()
    assert (config.every_s, config.probability_ratio, config.signal) == (300.0, 0.1, "KILL")
    counts = [len(fault_of(Node(*WORKERS), seed, times=1000, probability_ratio=0.1).schedule) for seed in range(20)]
    assert 80 < sum(counts) / len(counts) < 120


def test_who_has_not_been_started_again_is_left_out_and_told_of() -> None:
    async def main() -> None:
        node = Node("sync", restart_s=1.5)
        strike, effective, _ = await carried_out(fault_of(node, times=3, workers=("sync",)), anyio.sleep_forever)
        assert len(node.signals) == 2
        assert effective is not None
        assert strike.delivered == "2 of 3 kills as drawn; sync has no process at 1 s"  # type: ignore[attr-defined]

    play(main)


def test_a_worker_that_is_left_dead_is_the_duts_own_failure() -> None:
    async def main() -> None:
        node = Node(*WORKERS, restart_s=None)
        fault = fault_of(node, workers=("sync",), prove_s=3.0)
        strike, effective, removed = await carried_out(fault, anyio.sleep_forever)
        assert effective is not None
        assert removed == strike.removal_commanded
        assert node.pid("sync") is None

    play(main)


def test_a_process_that_takes_no_notice_proves_nothing() -> None:
    async def main() -> None:
        node = Node(*WORKERS, deaf=True)
        fault = fault_of(node, workers=("sync",), prove_s=1.0, signal="TERM")
        strike, effective, _ = await carried_out(fault, anyio.sleep_forever)
        assert effective is None
        assert strike.why_not() == "process 100 was sent SIGTERM, but sync is process 100: does it take no notice?"

    play(main)


def test_without_a_worker_nobody_can_be_killed() -> None:
    async def main() -> None:
        node = Node("sync")
        with pytest.raises(NotProven, match="warmer has no process before anything was done"):
            await carried_out(fault_of(node, workers=("warmer",)), anyio.sleep_forever)
        assert node.signals == []

    play(main)


def test_a_dut_that_cannot_be_reached_is_not_struck() -> None:
    async def main() -> None:
        node = Node("sync")
        node.is_unreachable = True
        with pytest.raises(NotProven, match="nobody was killed: process 100 of sync could not be reached"):
            await carried_out(fault_of(node, workers=("sync",)), anyio.sleep_forever)

    play(main)


def test_the_plan_shows_the_kills_and_the_undo_says_who_heals() -> None:
    fault = fault_of(Node(*WORKERS), times=3)
    assert [at_s for at_s, _ in fault.plan()] == [0, 1, 2, 2]
    assert [told for _, told in fault.plan()[:3]] == [f"node: SIGKILL to {kill.worker}" for kill in fault.schedule]
    assert fault.undo == (Undo(device="node", action="none: the DUT's own supervisor starts its workers again"),)
    assert fault.strikes == (("node", 0.0, 3),)


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"workers": ()}, "workers"),
        ({"probability_ratio": 0.0}, "probability"),
        ({"probability_ratio": 1.1}, "probability"),
        ({"times": 0}, "times"),
        ({"every_s": 0.0}, "every"),
        ({"shell_s": 0.0}, "shell"),
        ({"look_s": 0.0}, "look"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(keys: dict[str, Any], key: str) -> None:
    with pytest.raises(UsageError) as refusal:
        ProcessKill.Config(**keys)
    assert refusal.value.key == key


def test_its_length_is_its_own() -> None:
    with pytest.raises(UsageError, match="leave it out"):
        ProcessKill(spec_of(ProcessKill, role="shell", for_s=1.0), cast(Node(*WORKERS)))
