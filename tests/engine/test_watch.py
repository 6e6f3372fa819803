"""
Asking probes at their own pace, each question with a deadline, and the alert that rings after so many bad answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest

from harness import clock
from harness.engine.leaves import ungrouped
from harness.engine.moments import Moments
from harness.engine.watch import Alert, Watch
from harness.errors import DeviceError
from harness.model.drill import AlertSpec, ProbeSpec
from harness.model.event import Event, Kind
from harness.model.instant import Instant
from harness.protocols import NoAnswer

MS, S = 10**6, 10**9

# What a question comes to: an answer after some seconds, an error, or (None) nothing ever.
Outcome = tuple[float, bool | Exception] | None


class Scripted:
    """
    A probe that answers by a script, and well when that is over.
    """

    def __init__(self, *outcomes: Outcome) -> None:
        self._outcomes: Iterator[Outcome] = iter(outcomes)
        self.asked_ns: list[int] = []

    async def ask(self) -> bool:
        self.asked_ns.append(clock.now_ns())
        outcome = next(self._outcomes, (0.003, True))
        if outcome is None:
            await anyio.sleep_forever()
            raise AssertionError
        await anyio.sleep(outcome[0])
        if isinstance(outcome[1], Exception):
            raise outcome[1]
        return outcome[1]

    def accepts(self, sample: Any) -> bool:
        return bool(sample)

    def measured(self) -> dict[str, float]:
        return {"asked": len(self.asked_ns)}


def spec(name: str = "health", period_s: float = 0.1, timeout_s: float = 0.05) -> ProbeSpec:
    """
    A probe's pace.
    """
    return ProbeSpec(name=name, kind="http", role=name, period_s=period_s, timeout_s=timeout_s, config=None)


def watched(
    *probes: tuple[ProbeSpec, Scripted], for_s: float = 1.0, until: Callable[[Watch], bool] | None = None
) -> tuple[Watch, list[Event], int]:
    """
    Probes watched for a while, or until something is true; what was told, and how long it took (nanoseconds).
    """
    told: list[Event] = []

    async def main() -> tuple[Watch, int]:
        watch = Watch(list(probes), [probe.name for probe, _ in probes], Moments(0, 1, told.append))
        watch.book.arm()
        with anyio.move_on_after(for_s), ungrouped():
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(watch.keep_asking)
                await watch.until(lambda: until is not None and until(watch))
                tasks.cancel_scope.cancel()
        return watch, clock.now_ns()

    watch, ended_ns = clock.run(main, virtual=True)
    return watch, told, ended_ns


def answers(watch: Watch, name: str = "health") -> list[tuple[int, int, bool]]:
    """
    What a probe answered: asked, answered (milliseconds), and whether well.
    """
    return [(asked // MS, answered // MS, is_good) for asked, answered, is_good in watch.book.probes[name].answers]


def test_each_probe_is_asked_at_its_own_pace() -> None:
    quick, slow = Scripted(), Scripted()
    watch, *_ = watched((spec("quick"), quick), (spec("slow", period_s=0.4), slow), for_s=0.95)
    assert [at // MS for at in quick.asked_ns] == [*range(0, 950, 100)]
    assert [at // MS for at in slow.asked_ns] == [0, 400, 800]
    assert watch.measured() == {"asked": 3}


def test_a_question_that_takes_longer_than_the_period_delays_the_next() -> None:
    probe = Scripted((0.25, True), (0.25, True))
    watched((spec(timeout_s=0.5), probe), for_s=0.55)
    assert [at // MS for at in probe.asked_ns] == [0, 250, 500]


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        ((0.003, True), (0, 3, True)),
        ((0.003, False), (0, 3, False)),
        ((0.004, NoAnswer("refused")), (0, 4, False)),
        ((0.07, True), (0, 50, False)),
        (None, (0, 50, False)),
    ],
)
def test_an_answer_spans_its_question_and_is_bad_when_there_is_none_in_time(
    outcome: Outcome, answer: tuple[int, int, bool]
) -> None:
    watch, *_ = watched((spec(), Scripted(outcome)), for_s=0.15)
    assert answers(watch) == [answer, (100, 103, True)]


def test_a_deadline_comes_again_for_each_question() -> None:
    hanging = Scripted((0.003, True), None, None, (0.02, True), None)
    watch, *_ = watched((spec(), hanging), for_s=0.49)
    expected = [(0, 3, True), (100, 150, False), (200, 250, False), (300, 320, True), (400, 450, False)]
    assert answers(watch) == expected


def test_a_change_of_mind_is_told_with_its_detail() -> None:
    probe = Scripted((0.003, True), (0.003, True), (0.004, NoAnswer("refused")), None)
    _, told, _ = watched((spec(), probe), for_s=0.45)
    changes = [event.data for event in told if event.kind is Kind.PROBE]
    assert [(change["good"], change["detail"]) for change in changes] == [(True, ""), (False, "refused"), (True, "")]
    assert [change["took_ms"] for change in changes] == pytest.approx([3.0, 4.0, 3.0], abs=1e-5)
    (lost,) = (event.at for event in told if event.kind is Kind.STEADY_LOST)
    assert (lost.earliest_ns // MS, lost.latest_ns // MS) == (100, 204)


def test_a_condition_is_met_by_the_answer_that_meets_it() -> None:
    probe = Scripted((0.003, False), (0.003, False))
    *_, ended_ns = watched((spec(), probe), until=lambda watch: watch.book.is_steady)
    assert ended_ns == 203 * MS


def test_a_device_that_fails_ends_the_watch() -> None:
    with pytest.raises(DeviceError, match="health: is gone"):
        watched((spec(), Scripted((0.003, DeviceError("health", "is gone")))))


# --- the alert --------------------------------------------------------------------------------------------------------

GOOD, BAD = (0.003, True), (0.003, False)


@pytest.mark.parametrize(
    ("failures", "script", "rings_ms"),
    [
        (1, [BAD], (0, 3)),
        (3, [BAD, BAD, BAD], (200, 203)),
        (3, [BAD, BAD, GOOD, BAD, BAD, BAD], (500, 503)),
        (2, [GOOD, BAD, None], (200, 250)),
    ],
)
def test_it_rings_after_so_many_bad_answers_in_a_row(
    failures: int, script: list[Outcome], rings_ms: tuple[int, int]
) -> None:
    async def main() -> Instant:
        return await Alert(AlertSpec(probe=spec(), failures=failures), Scripted(*script)).until_fired()

    rung = clock.run(main, virtual=True)
    assert (rung.earliest_ns // MS, rung.latest_ns // MS) == rings_ms


def test_it_does_not_ring_while_all_is_well() -> None:
    async def main() -> bool:
        with anyio.move_on_after(60) as patience:
            await Alert(AlertSpec(probe=spec(), failures=1), Scripted()).until_fired()
        return patience.cancelled_caught

    assert clock.run(main, virtual=True)
