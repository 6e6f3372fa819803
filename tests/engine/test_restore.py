"""
Making a rig safe: what an earlier run left is undone, and a rail that stays down is cried out, naming its switch.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from harness import clock
from harness.assemble import Assembly, Opening, assembled
from harness.engine.restore import Restored, restore, see_fed
from harness.engine.undo import UndoJournal
from harness.errors import BenchError, DeviceError, RecordError, Unrestored
from harness.model.rig import RigSpec
from harness.model.undo import Undo
from harness.protocols import Device
from tests.benches import FED_V, rig, two_duts, world_behind
from tests.failing import WAYS, FailsAt

ON = Undo(device="mains", action="on")


class Left(UndoJournal):
    """
    A journal in which an earlier run left something.
    """

    def __init__(self, *undos: Undo) -> None:
        super().__init__(None)
        self.promise(undos, "an earlier run")


def restored(
    journal: UndoJournal, bench: RigSpec | None = None, *, wrap: Callable[[str, Device], Device] | None = None
) -> tuple[Restored | BenchError, float]:
    """
    What a restore did or raised, on a rig whose DUT an earlier run left in the dark; the rail's voltage after it.
    """

    async def main() -> tuple[Restored | BenchError, float]:
        async with assembled(bench or rig(), wrap=wrap, opening=Opening.RESTORE) as opened:
            world = world_behind(opened.devices["mains"])
            for rail in world.rails.values():
                world.drive(rail.spec.contact.pin, 0)
            await anyio.sleep(1)
            try:
                done: Restored | BenchError = await restore(opened, journal)
            except BenchError as error:
                done = error
            await anyio.sleep(1)
            return done, min(rail.voltage_v(clock.now_ns()) for rail in world.rails.values())

    return clock.run(main, virtual=True)


def test_what_was_left_is_undone_and_the_rail_is_seen_to_rise() -> None:
    journal = Left(ON)
    done, rail_v = restored(journal)
    assert isinstance(done, Restored)
    assert done.pending.undos == (ON,)
    assert done.rails_v["edge"] == pytest.approx(5.0, abs=0.01)
    assert rail_v > FED_V
    assert journal.pending().is_clean


def test_every_dut_is_fed_again() -> None:
    done, rail_v = restored(Left(), two_duts())
    assert isinstance(done, Restored)
    assert done.rails_v.keys() == {"edge", "twin"}
    assert rail_v > FED_V


def test_a_journal_that_cannot_be_read_keeps_nobody_in_the_dark(tmp_path: Path) -> None:
    (tmp_path / "undo").write_bytes(b"\xff" * 40)
    done, rail_v = restored(UndoJournal(tmp_path / "undo"))
    assert isinstance(done, Restored)
    assert done.pending.unreadable == 1
    assert rail_v > FED_V
    assert not (tmp_path / "undo").exists()


def test_a_journal_that_is_no_file_is_told_of_after_the_rig_was_made_safe(tmp_path: Path) -> None:
    (tmp_path / "undo").mkdir()
    done, rail_v = restored(UndoJournal(tmp_path / "undo"))
    assert isinstance(done, RecordError)
    assert rail_v > FED_V


def test_a_rail_that_stays_down_names_its_switch_and_keeps_the_journal() -> None:
    journal = Left(ON)
    done, _ = restored(journal, rig(contact={"defect": "open"}))
    assert isinstance(done, Unrestored)
    assert str(done) == "UNRESTORED mains: the rail of 'edge' stays at 0.00 V"
    assert journal.pending().undos == (ON,)


def test_an_undo_of_a_device_that_is_gone_is_told_of() -> None:
    done, rail_v = restored(Left(Undo(device="crowbar", action="open")))
    assert isinstance(done, Unrestored)
    assert done.devices == ("crowbar",)
    assert "undo 'open' by hand" in str(done)
    assert rail_v > FED_V


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("way", WAYS)
def test_whichever_call_of_a_restore_fails_the_dut_is_fed_or_the_relay_is_named(way: str, for_good: bool) -> None:
    for nth in itertools.count(1):
        failing = FailsAt(nth, way, for_good=for_good, calls=("open", "on", "make_safe", "undo", "read"))
        journal = Left(ON)
        done, rail_v = restored(journal, wrap=failing)
        if not failing.was_reached:
            assert nth > 5
            return
        named = isinstance(done, Unrestored) and "mains" in done.devices
        assert rail_v > FED_V or named, failing
        assert journal.pending().is_clean is isinstance(done, Restored), failing


# --- looking at a rail ------------------------------------------------------------------------------------------------


def seen(bench: RigSpec, *, doing: Callable[[Assembly], None] | None = None) -> float | None:
    """
    What is seen of the rail of a rig that nobody struck.
    """

    async def main() -> float | None:
        async with assembled(bench, opening=Opening.RESTORE) as opened:
            if doing is not None:
                doing(opened)
            return await see_fed(opened, "edge")

    return clock.run(main, virtual=True)


def test_a_dut_without_a_meter_is_fed_as_far_as_anyone_can_see() -> None:
    roles = {role: name for role, name in rig().duts["edge"].roles.items() if role != "meter"}
    assert seen(rig(dut={"roles": roles})) is None


@pytest.mark.parametrize("defect", ["dead", "sleeping"])
def test_a_meter_that_cannot_be_believed_stands_in_nobodys_way(defect: str) -> None:
    assert seen(rig(chip={"defect": defect})) is None


def test_a_meter_that_fails_stands_in_nobodys_way() -> None:
    async def fail() -> None:
        raise DeviceError("monitor", "is gone")

    def break_it(opened: Assembly) -> None:
        opened.devices["monitor"].read = fail  # type: ignore[attr-defined]

    assert seen(rig(), doing=break_it) is None
