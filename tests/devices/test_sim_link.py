"""
The link of virtual rigs.
"""

from __future__ import annotations

import pytest

from harness import clock
from harness.devices.sim_link import SimLink
from harness.errors import DeviceError, UsageError
from harness.model.link import LinkShape
from harness.model.world import LinkSpec
from harness.protocols import Link
from harness.sim.sim_link import SimLink as Model
from tests.devices.links import Wires


def test_it_shapes_the_model_and_measures_across_it() -> None:
    async def main() -> None:
        link = SimLink("fibre", SimLink.Config(link="fibre"), Wires(end=Model("fibre", LinkSpec(to="edge"))))  # type: ignore[arg-type]
        assert isinstance(link, Link)
        with pytest.raises(DeviceError, match="fibre: is not open"):
            await link.round_trip()
        await link.open()
        assert (await link.round_trip()).high_ns == pytest.approx(600_000, abs=10)
        await link.shape(LinkShape(latency_s=0.2))
        assert (await link.round_trip()).high_ns == pytest.approx(200_600_000, abs=10)
        await link.undo("clear")
        assert (await link.burst(3, 100, 1.0)).lost == 0
        assert [shape.asks for _, shape in link.shapes(0)] == [(), ("latency",)] or link.shapes(0)[-1][1].asks == ()
        with pytest.raises(DeviceError, match="cannot undo by 'on'"):
            await link.undo("on")

    clock.run(main, virtual=True)


def test_what_the_rig_file_says_it_cannot_it_refuses() -> None:
    async def main() -> None:
        config = SimLink.Config(link="fibre", cannot=("loss",))
        link = SimLink("fibre", config, Wires(end=Model("fibre", LinkSpec(to="edge"))))  # type: ignore[arg-type]
        await link.open()
        with pytest.raises(UsageError, match="'fibre' cannot do 'loss': the rig file says so"):
            await link.shape(LinkShape(loss_ratio=0.1))

    clock.run(main, virtual=True)
