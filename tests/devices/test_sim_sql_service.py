"""
The database of virtual rigs.
"""

from __future__ import annotations

from random import Random

import anyio
import pytest

from harness import clock
from harness.devices.sim_sql_service import SimSqlService
from harness.errors import DeviceError, UsageError
from harness.model.link import LinkShape
from harness.model.world import LinkSpec, UnitSpec
from harness.protocols import NoAnswer, SqlService
from harness.sim.sim_link import SimLink
from harness.sim.unit import SimUnit
from tests.sim.played import Scribe, Wires, play, world_of


def test_it_answers_while_the_unit_serves() -> None:
    async def main() -> None:
        unit = SimUnit("db", UnitSpec(), Random(1))
        service = SimSqlService("db", SimSqlService.Config(host="node"), Wires(world_of(Scribe()), unit))
        assert isinstance(service, SqlService)
        await service.open()
        unit.powered(0)
        with pytest.raises(NoAnswer):
            await service.query("SELECT 1", timeout_s=1.0)
        await anyio.sleep(4)
        assert await service.query("SELECT 1", timeout_s=1.0) == [(1,)]
        await service.aclose()
        with pytest.raises(DeviceError, match="is not open"):
            await service.query("SELECT 1", timeout_s=1.0)

    play(main)


def test_an_answer_that_is_late_on_its_link_is_none() -> None:
    async def main() -> None:
        unit, link = SimUnit("db", UnitSpec(), Random(1)), SimLink("way", LinkSpec(to="node"))
        service = SimSqlService("db", SimSqlService.Config(host="node", link="way"), Behind(link, unit))
        await service.open()
        unit.powered(0)
        await anyio.sleep(4)
        link.shape(LinkShape(stall_least_s=2.0, stall_most_s=3.0))
        asked_ns = clock.now_ns()
        with pytest.raises(NoAnswer, match="no answer within 1 s"):
            await service.query("SELECT 1", timeout_s=1.0)
        assert clock.now_ns() - asked_ns == pytest.approx(1e9, abs=1e6)
        assert await service.query("SELECT 1", timeout_s=4.0) == [(1,)]
        assert 2e9 < clock.now_ns() - asked_ns - 1e9 < 3.1e9

    play(main)


def test_a_unit_that_is_not_there_is_a_usage_error() -> None:
    async def main() -> None:
        service = SimSqlService("db", SimSqlService.Config(host="nod"), Wires(world_of(Scribe())))
        with pytest.raises(UsageError):
            await service.open()

    play(main)


class Behind(Wires):
    """
    A rig whose unit is behind one link.
    """

    def __init__(self, link: SimLink, unit: SimUnit) -> None:
        super().__init__(world_of(Scribe()), unit)
        self._link = link

    def link(self, name: str) -> SimLink:
        return self._link
