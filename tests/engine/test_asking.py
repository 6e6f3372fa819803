"""
Asking a probe: its pace, its deadlines, and what comes of a question.
"""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import clock
from harness.engine.asking import Asking
from harness.errors import DeviceError
from harness.model.drill import ProbeSpec
from harness.protocols import NoAnswer

PERIOD_S, TIMEOUT_S = 0.1, 0.25
NS_PER_MS = 1_000_000

Asked = tuple[int, int, bool, str]


class Scripted:
    """
    A probe that takes so long for each answer, in seconds; below 0 it refuses after that long.
    """

    def __init__(self, takes_s: Sequence[float]) -> None:
        self._takes_s = iter(takes_s)

    async def ask(self) -> bool:
        takes_s = next(self._takes_s)
        await anyio.sleep(abs(takes_s))
        if takes_s < 0:
            raise NoAnswer("refused")
        return True

    def accepts(self, sample: object) -> bool:
        return sample is not None

    def measured(self) -> dict[str, float]:
        return {}


class Broken(Scripted):
    """
    A probe whose meter does not answer.
    """

    async def ask(self) -> bool:
        raise DeviceError("meter", "does not answer")


def asked(probe: Scripted, count: int, period_s: float = PERIOD_S) -> list[Asked]:
    """
    What came of the first questions.
    """
    spec = ProbeSpec(name="p", kind="p", role="p", period_s=period_s, timeout_s=TIMEOUT_S, config=None)
    taken: list[Asked] = []

    async def main() -> None:
        def take(*what: object) -> None:
            taken.append(what)  # type: ignore[arg-type]
            if len(taken) == count:
                asking.stop()

        asking = Asking(spec, probe, take)
        await asking.keep_asking()

    clock.run(main, virtual=True)
    return taken


def in_ms(what: list[Asked]) -> list[tuple[int, int, bool, str]]:
    """
    To the millisecond: a virtual timer is put on the next nanosecond.
    """
    return [(round(a / NS_PER_MS), round(b / NS_PER_MS), good, detail) for a, b, good, detail in what]


def test_questions_are_a_period_apart() -> None:
    assert in_ms(asked(Scripted([0.01, 0.02, 0.03]), 3)) == [
        (0, 10, True, ""),
        (100, 120, True, ""),
        (200, 230, True, ""),
    ]


def test_a_refusal_is_a_bad_answer_with_its_reason() -> None:
    assert in_ms(asked(Scripted([-0.01]), 1)) == [(0, 10, False, "refused")]


def test_a_question_ends_at_its_deadline_and_the_next_one_is_asked_at_once() -> None:
    assert in_ms(asked(Scripted([0.01, 9, 0.02]), 3)) == [
        (0, 10, True, ""),
        (100, 350, False, "timed out"),
        (350, 370, True, ""),
    ]


def test_a_trouble_of_the_bench_comes_out() -> None:
    with pytest.raises(DeviceError, match="does not answer"):
        asked(Broken([]), 1)


@given(
    st.lists(st.sampled_from([0.0, 0.003, 0.099, 0.1, 0.101, 0.2, 0.249, 0.251, 0.3, 5.0, -0.003, -0.2]), min_size=1)
)
def test_every_question_has_its_whole_time_whatever_the_others_took(takes_s: list[float]) -> None:
    expected, at_ms = [], 0
    for takes in takes_s:
        took_ms = round(min(abs(takes), TIMEOUT_S) * 1000)
        late = abs(takes) > TIMEOUT_S
        detail = "timed out" if late else "refused" if takes < 0 else ""
        expected.append((at_ms, at_ms + took_ms, not detail, detail))
        at_ms += max(took_ms, round(PERIOD_S * 1000))
    assert in_ms(asked(Scripted(takes_s), len(takes_s))) == expected


def test_an_answer_in_the_turn_in_which_its_time_runs_out_is_one_answer() -> None:
    first, second, third = in_ms(asked(Scripted([0.01, TIMEOUT_S, 0.01]), 3, period_s=TIMEOUT_S))
    assert (first, third) == ((0, 10, True, ""), (500, 510, True, ""))
    # Which of the two timers of one moment is first, nobody says.
    assert second in ((250, 500, True, ""), (250, 500, False, "timed out"))
