"""
Relays in the wires of a cable.
"""

from __future__ import annotations

from random import Random

import anyio

from harness import clock
from harness.model.world import ContactSpec
from harness.sim.cable import Cable
from tests.sim.played import MS, play


def test_it_is_cut_while_any_contact_is_open() -> None:
    async def main() -> None:
        told: list[tuple[int, bool]] = []
        specs = [ContactSpec(pin=22, bounce_s=0), ContactSpec(pin=23, bounce_s=0)]
        cable = Cable(specs, Random(1), lambda is_cut: told.append((clock.now_ns(), is_cut)))
        assert not cable.is_cut
        assert [contact.pull for contact in cable.contacts("", 22)] == [1]
        began_ns = clock.now_ns()
        for pin in (22, 23):
            cable.drive("", pin, 0, began_ns)
        await anyio.sleep(0.05)
        assert cable.is_cut
        cable.drive("", 22, 1, clock.now_ns())
        await anyio.sleep(0.05)
        assert [is_cut for _, is_cut in told] == [True]
        cable.drive("", 23, 1, clock.now_ns())
        await anyio.sleep(0.05)
        assert [is_cut for _, is_cut in told] == [True, False]
        assert 6 * MS < told[0][0] - began_ns < 10 * MS
        cable.close()

    play(main)


def test_a_welded_contact_never_cuts_it_and_an_open_one_never_lets_it_be_whole() -> None:
    async def main() -> None:
        for defect, is_cut in (("welded", False), ("open", True)):
            cable = Cable([ContactSpec(pin=22, defect=defect)], Random(1), lambda _: None)  # type: ignore[arg-type]
            for level in (0, 1):
                cable.drive("", 22, level, clock.now_ns())
                await anyio.sleep(0.05)
                assert cable.is_cut is is_cut

    play(main)


def test_another_line_moves_nothing() -> None:
    async def main() -> None:
        cable = Cable([ContactSpec(pin=22)], Random(1), lambda _: None)
        cable.drive("", 17, 0, clock.now_ns())
        cable.drive("pico", 22, 0, clock.now_ns())
        await anyio.sleep(0.05)
        assert not cable.is_cut

    play(main)
