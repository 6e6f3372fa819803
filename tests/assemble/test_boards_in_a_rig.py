"""
Rigs with a board: what is opened when, and whole drills through the firmware in virtual time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from harness import clock
from harness.assemble import Assembly, Opening, assembled
from harness.config.drill import load_drill
from harness.config.rig import load_rig
from harness.engine.drill import DrillRun
from harness.engine.undo import UndoJournal
from harness.errors import UsageError
from harness.model.codec import event_to_json, trial_from_json
from harness.model.event import Event, Kind
from harness.model.verdict import Verdict
from harness.supervise.head import run_head
from harness.supervise.request import RunRequest

ESTOP_GPIO = 14


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    """
    The shipped rig with other lines.
    """
    text = load_rig("sim-board").path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "bench.toml"
    path.write_text(text, encoding="utf-8")
    return path


def run(drill: str, seed: int = 1, beside: Any = None) -> tuple[Verdict, list[Event]]:
    """
    A drill on the board's shipped rig; `beside(bench)` runs along with it.
    """
    events: list[Event] = []
    rig, spec = load_rig("sim-board"), load_drill(drill)

    async def main() -> Verdict:
        async with assembled(rig, seed) as bench:
            request = RunRequest(drill=drill, rig="sim-board", seed=seed)
            head = run_head(request, spec, rig, bench.wiring, bench.firmware)
            one = DrillRun(spec, bench, head, UndoJournal(None), events.append)
            bench.on_trouble(one.abort)
            async with anyio.create_task_group() as tasks:
                if beside is not None:
                    tasks.start_soon(beside, bench)
                verdict = await one.run()
                tasks.cancel_scope.cancel()
            return verdict

    return clock.run(main, virtual=True), events


@pytest.mark.parametrize("drill", ["power-outage", "power-flicker", "control"])
def test_the_drills_of_a_relay_hold_through_the_board(drill: str) -> None:
    verdict, events = run(drill)
    assert verdict is Verdict.HELD, events[-1]
    head = next(event for event in events if event.kind is Kind.RUN_STARTED)
    versions = head.data["versions"]
    assert isinstance(versions, dict)
    assert versions["firmware"]


def test_the_same_seed_gives_the_same_record() -> None:
    def record() -> list[object]:
        # What a run on another day has in it: its wall time.
        return [event_to_json(event) for event in run("power-outage", seed=7)[1]]

    assert record() == record()


def test_what_is_stated_holds_the_truth() -> None:
    for seed in range(20):
        _, events = run("power-outage", seed)
        (trial,) = (trial_from_json(event.data) for event in events if event.kind is Kind.TRIAL_ENDED)
        assert trial.truth
        for name, true_ns in trial.truth.items():
            stated = getattr(trial.instants, name)
            assert stated.holds(true_ns), (seed, name, stated, true_ns)


def test_an_e_stop_ends_the_run_inconclusive_and_the_dut_fed() -> None:
    seen: dict[str, float] = {}

    async def press(bench: Assembly) -> None:
        board = bench.devices["pico"]._wiring.board("pico")  # type: ignore[attr-defined]
        while board._world.rails["main"].voltage_v(clock.now_ns()) > 1:  # noqa: ASYNC110 - a voltage tells no one
            await anyio.sleep(0.1)
        board.set_level(ESTOP_GPIO, 1)
        await anyio.sleep(0.1)
        seen["rail_v"] = board._world.rails["main"].voltage_v(clock.now_ns())

    verdict, events = run("power-outage", beside=press)
    assert verdict is Verdict.INCONCLUSIVE
    assert events[-1].data["reason"] == "pico: tripped: its e-stop was pressed"
    assert seen["rail_v"] == pytest.approx(5.0)


def opened(rig: Path, opening: Opening) -> Assembly:
    """
    The bench of a rig, opened and closed again.
    """

    async def main() -> Assembly:
        async with assembled(load_rig(str(rig)), opening=opening) as bench:
            bench.firmware_seen = bench.firmware  # type: ignore[attr-defined]
            return bench

    return clock.run(main, virtual=True)


def test_a_part_of_a_board_comes_after_it_wherever_it_stands_in_the_file(tmp_path: Path) -> None:
    text = load_rig("sim-board").path.read_text(encoding="utf-8")
    first, board, rest = text.partition('[devices.pico]\nkind = "board"\nport = "sim:pico"\ndead_man = "500 ms"\n')
    assert board
    path = tmp_path / "bench.toml"
    path.write_text(first + rest + "\n" + board, encoding="utf-8")
    bench = opened(path, Opening.RUN)
    assert bench.firmware_seen  # type: ignore[attr-defined]


def test_looking_opens_neither_a_board_nor_its_parts(tmp_path: Path) -> None:
    beacon = '[devices.beacon]\nkind = "board_edges"\nboard = "pico"\nline = 0\n\n[devices.monitor]'
    bench = opened(changed(tmp_path, ("[devices.monitor]", beacon)), Opening.OBSERVE)
    assert bench.firmware_seen is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("opening", [Opening.CHECK, Opening.RUN])
def test_a_part_of_no_board_is_told_at_its_key(tmp_path: Path, opening: Opening) -> None:
    path = changed(tmp_path, ('board = "pico"\noutput = 0', 'board = "pcio"\noutput = 0'))
    with pytest.raises(UsageError, match=r"devices\.mains\.board: there is no device 'pcio'; did you mean 'pico'"):
        opened(path, opening)


ELSEWHERE = "in virtual time a board is"


@pytest.mark.parametrize(
    ("port", "told"),
    [("sim:pcio", "did you mean 'pico'"), ("lab:pico", ELSEWHERE), ("/dev/none", ELSEWHERE)],
)
def test_a_port_that_is_not_there_is_told(tmp_path: Path, port: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        opened(changed(tmp_path, ("sim:pico", port)), Opening.RUN)


def test_two_devices_on_one_output_are_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, ('board = "pico"\noutput = 1', 'board = "pico"\noutput = 0'))
    with pytest.raises(UsageError, match="output 0 of board 'pico' is taken by device 'mains'"):
        load_rig(str(path))
