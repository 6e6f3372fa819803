"""
The TCP service of virtual rigs.
"""

from __future__ import annotations

from random import Random

import anyio
import pytest

from harness.devices.sim_tcp_service import SimTcpService
from harness.errors import DeviceError, UsageError
from harness.model.world import UnitSpec
from harness.protocols import NoAnswer, TcpService
from harness.sim.unit import SimUnit
from tests.sim.played import Scribe, Wires, play, world_of


def test_it_asks_the_unit_and_knows_the_truth() -> None:
    async def main() -> None:
        unit = SimUnit("node", UnitSpec(), Random(1))
        service = SimTcpService("service", SimTcpService.Config(host="node"), Wires(world_of(Scribe()), unit))
        assert isinstance(service, TcpService)
        await service.open()
        unit.powered(0)
        with pytest.raises(NoAnswer):
            await service.connect()
        await anyio.sleep(4)
        await service.connect()
        assert service.samples(0) == unit.samples(0) != []
        await service.aclose()
        with pytest.raises(DeviceError, match="is not open"):
            await service.connect()

    play(main)


def test_a_unit_that_is_not_there_is_a_usage_error() -> None:
    async def main() -> None:
        service = SimTcpService("service", SimTcpService.Config(host="nod"), Wires(world_of(Scribe())))
        with pytest.raises(UsageError):
            await service.open()

    play(main)
