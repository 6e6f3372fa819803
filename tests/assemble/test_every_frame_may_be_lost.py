"""
Nothing is left dark through a board: each frame of a run is lost in turn, or its answer, or it and all after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest

from harness import clock
from harness.assemble import assembled
from harness.board.channel import Reply
from harness.board.failures import BoardLost, BoardSilent
from harness.config.drill import load_drill
from harness.config.rig import load_rig
from harness.engine.drill import DrillRun
from harness.engine.undo import UndoJournal
from harness.errors import CrashbenchError
from harness.model.event import Event
from harness.protocols import Device
from harness.supervise.head import run_head
from harness.supervise.request import RunRequest

SHIPPED = load_rig("sim-board")
assert SHIPPED.world is not None
QUICK = {name: replace(unit, boot_s=0.5) for name, unit in SHIPPED.world.units.items()}
RIG = replace(SHIPPED, world=replace(SHIPPED.world, units=QUICK))
DRILL = load_drill("power-flicker", ("drill.hold=200 ms", "drill.watch=20 s"))
FED_V = 4.5

Fails = Callable[[int], bool]


class Line:
    """
    Stands between the host and the played board, and loses what it is told to.
    """

    def __init__(self, loses: Fails, loses_answer: Fails, is_gone: Fails) -> None:
        self._loses, self._loses_answer, self._is_gone = loses, loses_answer, is_gone
        self.world: Any = None
        self.frames = 0

    def put_in(self, name: str, device: Device) -> Device:
        """
        Goes into the line of the rig's board, before that is opened.
        """
        if name == "pico":
            played = device._wiring.board("pico")  # type: ignore[attr-defined]
            self.world, request = played._world, played.request

            def carried(*args: Any, **kwargs: Any) -> Reply:
                self.frames += 1
                if self._is_gone(self.frames):
                    raise BoardLost("the port is gone")
                if self._loses(self.frames):
                    raise BoardSilent("no answer: the request was lost")
                reply: Reply = request(*args, **kwargs)
                if self._loses_answer(self.frames):
                    raise BoardSilent("no answer: it was lost")
                return reply

            played.request = carried
        return device


def never(_: int) -> bool:
    """
    No frame.
    """
    return False


def run(line: Line) -> tuple[float, str]:
    """
    A drill over that line; the rail's voltage a second later, and how it ended.
    """
    events: list[Event] = []

    async def main() -> tuple[float, str]:
        problem = ""
        try:
            async with assembled(RIG, 1, wrap=line.put_in) as bench:
                head = run_head(RunRequest(drill="power-flicker", rig="sim-board", seed=1), DRILL, RIG, bench.wiring)
                one = DrillRun(DRILL, bench, head, UndoJournal(None), events.append)
                bench.on_trouble(one.abort)
                await one.run()
                problem = str(events[-1].data["reason"])
                # Before the world is closed: a board whose host has gone has its own way to safety.
                await anyio.sleep(1)
                return line.world.rails["main"].voltage_v(clock.now_ns()), problem
        except CrashbenchError as error:
            return line.world.rails["main"].voltage_v(clock.now_ns()), str(error)

    return clock.run(main, virtual=True)


def frames_of_a_good_run() -> int:
    """
    How many requests a run makes when nothing is lost.
    """
    line = Line(never, never, never)
    assert run(line)[0] > FED_V
    return line.frames


@pytest.mark.parametrize("kind", ["request", "answer", "port"])
def test_the_dut_is_fed_whatever_frame_was_lost(kind: str) -> None:
    last = frames_of_a_good_run()
    for lost in range(1, last + 1):
        once: Fails = lambda frame, lost=lost: frame == lost  # type: ignore[misc]  # noqa: E731
        since: Fails = lambda frame, lost=lost: frame >= lost  # type: ignore[misc]  # noqa: E731
        line = Line(
            once if kind == "request" else never,
            once if kind == "answer" else never,
            since if kind == "port" else never,
        )
        rail_v, ended = run(line)
        assert rail_v > FED_V, (kind, lost, ended)
        assert ended or kind != "port", lost
