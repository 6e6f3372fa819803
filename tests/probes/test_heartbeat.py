"""
The `heartbeat` probe: edges within a time are well, and edges that were lost are the bench's trouble.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness import clock
from harness.errors import DeviceError, UsageError
from harness.model.instant import Instant
from harness.probes.heartbeat import Heartbeat
from tests.probes.services import made

S = clock.NS_PER_S


class Line:
    """
    A line with edges at these moments (seconds).
    """

    name = "beat"

    def __init__(self, *at_s: float) -> None:
        self._edges = [(Instant.exactly(round(at * S)), n % 2) for n, at in enumerate(at_s)]

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def since(self, at: Instant) -> list[tuple[Instant, int]]:
        now_ns = clock.now_ns()
        return [edge for edge in self._edges if at.earliest_ns <= edge[0].latest_ns <= now_ns]


def asked(line: Line, at_s: float, **config: Any) -> bool:
    async def main() -> bool:
        await anyio.sleep(at_s)
        return bool(await made(Heartbeat, line, **config).ask())

    return clock.run(main, virtual=True)


@pytest.mark.parametrize(("at_s", "is_well"), [(1.0, False), (2.0, True), (2.9, True), (3.1, False)])
def test_well_is_an_edge_within_the_time(at_s: float, is_well: bool) -> None:
    assert asked(Line(2.0), at_s, within_s=1.0) is is_well


def test_one_beat_may_be_too_few() -> None:
    assert asked(Line(1.0, 1.5, 2.0), 2.1, within_s=1.2, edges=3)
    assert not asked(Line(1.0, 1.5, 2.0), 2.4, within_s=1.2, edges=3)


def test_edges_that_were_lost_are_the_benchs_trouble() -> None:
    line: Any = Line()

    async def since(at: Instant) -> list[tuple[Instant, int]]:
        raise DeviceError("beat", "3 edge(s) of its board were lost")

    line.since = since
    with pytest.raises(DeviceError, match="were lost"):
        asked(line, 1.0, within_s=1.0)


def test_a_board_that_does_not_answer_is_blamed_before_the_dut_is() -> None:
    line: Any = Line()
    line.since = lambda at: anyio.sleep_forever()
    with pytest.raises(DeviceError, match=r"did not answer within 0\.9 s"):
        asked(line, 1.0, within_s=1.0)


def test_a_sample_is_a_list_of_edges() -> None:
    probe = made(Heartbeat, Line(), within_s=1.0)
    assert [probe.accepts(sample) for sample in (None, [], [(Instant(0, 0), 1)])] == [False, False, True]
    assert probe.measured() == {}


@pytest.mark.parametrize("config", [{"within_s": 0}, {"within_s": 1, "edges": 0}])
def test_a_beat_that_is_none_is_told(config: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Heartbeat.Config(**config)
