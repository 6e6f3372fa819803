"""
The HTTP service of virtual rigs.
"""

from __future__ import annotations

from random import Random

import anyio
import pytest

from harness.devices.sim_http_service import SimHttpService
from harness.errors import DeviceError, UsageError
from harness.model.world import UnitSpec
from harness.protocols import HttpService, NoAnswer
from harness.sim.unit import SimUnit
from tests.sim.played import Scribe, Wires, play, world_of


def test_it_asks_the_unit_and_knows_the_truth() -> None:
    async def main() -> None:
        unit = SimUnit("node", UnitSpec(), Random(1))
        service = SimHttpService("service", SimHttpService.Config(host="node"), Wires(world_of(Scribe()), unit))
        assert isinstance(service, HttpService)
        await service.open()
        unit.powered(0)
        with pytest.raises(NoAnswer):
            await service.request("GET", "/health")
        await anyio.sleep(4)
        assert (await service.request("GET", "/health")).status == 200
        assert service.samples(0) == unit.samples(0) != []
        await service.aclose()
        with pytest.raises(DeviceError, match="is not open"):
            await service.request("GET", "/health")

    play(main)


def test_a_unit_that_is_not_there_is_a_usage_error() -> None:
    async def main() -> None:
        service = SimHttpService("service", SimHttpService.Config(host="nod"), Wires(world_of(Scribe())))
        with pytest.raises(UsageError):
            await service.open()

    play(main)
