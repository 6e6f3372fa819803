"""
The `console_line` probe: lines are found however their bytes come.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import clock
from harness.errors import UsageError
from harness.model.instant import Instant
from harness.probes.console_line import ConsoleLine
from harness.protocols import Announced, Chunk
from tests.probes.hearing import PlayedConsole
from tests.probes.services import made

PANIC = {"unwell": r"panic: \w+"}


def chunk(data: bytes, at_ns: int = 0) -> Chunk:
    return Chunk(Instant(at_ns, at_ns + 1), data)


def told(*parts: bytes, **config: Any) -> list[bool]:
    """
    What it says after each part.
    """
    source = PlayedConsole()

    async def main() -> list[bool]:
        probe = made(ConsoleLine, source, **config)
        answers = [await probe.ask()]
        for part in parts:
            source.come(chunk(part))
            answers.append(await probe.ask())
        return answers[1:]

    return clock.run(main, virtual=True)


def test_without_a_line_that_makes_it_well_each_question_is_about_what_came_since() -> None:
    assert told(b"ok\n", b"panic: oops\n", b"ok\n", **PANIC) == [True, False, True]


def test_with_one_it_stays_unwell_until_that_comes() -> None:
    parts = (b"ok\n", b"panic: oops\n", b"ok\n", b"login: ", b"panic: again\n")
    assert told(*parts, **PANIC, well="^login:") == [True, False, False, True, False]


def test_it_may_begin_unwell() -> None:
    assert told(b"uplink: fibre\n", b"uplink: lte\n", b"\n", well="uplink: lte", begins="unwell") == [False, True, True]


@given(st.lists(st.integers(1, 12), min_size=1))
def test_a_line_is_found_whatever_pieces_it_comes_in(cuts: list[int]) -> None:
    text, parts, at = b"U-Boot\r\nkernel panic: oops\r\nreset\r\n", [], 0
    for cut in cuts:
        parts.append(text[at : at + cut])
        at += cut
    parts.append(text[at:])
    source = PlayedConsole()

    async def main() -> tuple[float, int]:
        probe = made(ConsoleLine, source, **PANIC)
        probe.attend()
        for number, part in enumerate(parts):
            source.come(chunk(part, number * 10))
        found = await probe.announced()
        return probe.measured()["console_matches"], found.earliest_ns // 10

    matches, number = clock.run(main, virtual=True)
    assert matches == 1
    # The match was complete with the piece that brought its first word's first letter.
    assert len(b"".join(parts[: number + 1])) >= text.index(b"oops") + 1
    assert len(b"".join(parts[:number])) < text.index(b"oops") + 1


def test_what_was_said_before_the_fault_has_been_said() -> None:
    source = PlayedConsole(chunk(b"panic: an old one\n", 1))

    async def main() -> Instant | None:
        probe = made(ConsoleLine, source, **PANIC)
        assert isinstance(probe, Announced)
        assert await probe.ask()
        source.come(chunk(b"panic: before\n", 2))
        assert probe.attend() == ""
        source.come(chunk(b"fine\n", 3))
        source.come(chunk(b"panic: now\n", 4))
        return await probe.announced()

    assert clock.run(main, virtual=True) == Instant(4, 5)


def test_what_was_said_before_the_steady_state_does_not_count() -> None:
    source = PlayedConsole()

    async def main() -> dict[str, float]:
        probe = made(ConsoleLine, source, **PANIC)
        await probe.ask()
        source.come(chunk(b"panic: while it boots\n", 1))
        await probe.ask()
        probe.arm()
        source.come(chunk(b"panic: now\n", 2))
        await probe.ask()
        return dict(probe.measured())

    assert clock.run(main, virtual=True) == {"console_matches": 1}


def test_who_waits_is_woken_by_the_line_and_not_by_others() -> None:
    source = PlayedConsole()

    async def main() -> Instant:
        probe = made(ConsoleLine, source, **PANIC)
        probe.attend()

        async def speak() -> None:
            for at_s, data in enumerate((b"ok\n", b"pani", b"c: o", b"ops\n")):
                await anyio.sleep(1)
                source.come(chunk(data, at_s))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(speak)
            return await probe.announced()
        raise AssertionError

    assert clock.run(main, virtual=True) == Instant(2, 3)


def test_a_line_without_end_is_cut() -> None:
    assert told(b"x" * 5000, b"panic: oops", b"\n", b"panic: oops\n", **PANIC) == [True, True, True, False]


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert told(b"\xff\xfe\x00panic: oops\n", **PANIC) == [False]


def test_what_the_dut_answers_elsewhere_is_not_its_affair() -> None:
    probe = made(ConsoleLine, PlayedConsole(), **PANIC)
    assert probe.accepts(object())
    assert not probe.accepts(None)


@pytest.mark.parametrize(
    ("config", "key"), [({}, "unwell"), ({"unwell": "("}, "unwell"), ({"unwell": "x", "well": "["}, "well")]
)
def test_a_pattern_that_is_none_is_told(config: dict[str, Any], key: str) -> None:
    with pytest.raises(UsageError) as error:
        ConsoleLine.Config(**config)
    assert error.value.key == key
