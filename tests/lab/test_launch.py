"""
Finding a lab, or starting it.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from harness import clock
from harness.errors import BenchError, DeviceError, UsageError
from harness.lab.launch import Lab, ensure, resolve
from harness.model.rig import RigSpec


@pytest.mark.lab
def test_of_two_who_start_a_lab_at_once_one_does_and_both_have_it(rig: RigSpec) -> None:
    async def main() -> None:
        labs: list[Lab] = []

        async def start() -> None:
            labs.append(await ensure(rig, idle_s=5))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(start)
            tasks.start_soon(start)
        first, second = labs
        assert first.pid == second.pid
        assert sorted([first.started, second.started]) == [False, True]
        second.close()
        await first.stop()

    clock.run(main)


def is_zombie(pid: int) -> bool:
    """
    Whether a child of ours has ended, and nobody has waited for it.
    """
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
    return after_name.split()[0] == "Z"


@pytest.mark.lab
def test_labs_leave_no_zombies(rig: RigSpec) -> None:
    async def main() -> None:
        let_go = await ensure(rig, idle_s=1.0)
        let_go.close()
        with anyio.fail_after(10):
            while not is_zombie(let_go.pid):  # noqa: ASYNC110 - it ends by itself
                await anyio.sleep(0.01)
        stopped = await ensure(rig)
        await stopped.stop()
        for pid in (let_go.pid, stopped.pid):
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)

    clock.run(main)


@pytest.mark.lab
def test_a_lab_of_an_edited_rig_is_not_taken_for_this_ones(play: Any, make_rig: Any) -> None:
    playing = play()
    with pytest.raises(BenchError, match=rf"plays another world than .*; end it with `kill {playing.pid}`"):
        clock.run(partial(ensure, make_rig(boot="9 s")))


@pytest.mark.lab
def test_a_world_that_cannot_be_played_is_the_callers_error(make_rig: Any) -> None:
    rig = make_rig(program="edge_nod")
    with pytest.raises(
        UsageError, match=r"rig.toml: world.units.edge-node.program: 'edge_nod' is no file beside the rig's"
    ):
        clock.run(partial(ensure, rig))


@pytest.mark.parametrize(
    ("host", "port", "problem"),
    [("edge-nod", 8080, "no unit 'edge-nod'; did you mean 'edge-node'"), ("edge-node", 80, "no port 80; it has 8080")],
)
def test_only_a_units_own_port_is_resolved(rig: RigSpec, host: str, port: int, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        resolve(rig, host, port)


def test_without_a_lab_nothing_is_resolved(rig: RigSpec) -> None:
    with pytest.raises(DeviceError, match="none listens on"):
        resolve(rig, "edge-node", 8080)
