"""
The physical world that is played: lines, contacts, rails, chips and the units that hang on the rails.

One class serves virtual and real time: it reads the bench clock and sets its timers on the running asyncio loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import TypeVar

from ..clock import now_ns
from ..errors import UsageError, nearest
from ..model.world import ChipSpec, WorldSpec
from .cable import Cable
from .chip import Chip, twin
from .rail import Rail, Unit
from .sim_link import SimLink
from .supply import Supply

__all__ = ["Chip", "Rail", "Unit", "World"]

T = TypeVar("T")


class World:
    """
    A bench's surroundings by their physics. Must be built and used inside a running asyncio loop.

    Every line floats at first, so that all relays are released; a unit whose rail is up is told so by the loop's first
    turn. Raises UsageError for a rail without a unit, or a chip whose kind has no twin.
    """

    def __init__(self, spec: WorldSpec, seed: int, units: Mapping[str, Unit]) -> None:
        self.spec = spec
        # By board ("" is the bench's computer) and pin.
        self._levels: dict[tuple[str, int], int] = {}
        self._supplies = {
            name: Supply(rail, _of(units, rail.dut, "unit"), Random(f"{seed} contact {name}"))
            for name, rail in spec.rails.items()
        }
        self._resets = [
            (unit.reset, supply)
            for supply in self._supplies.values()
            if (unit := spec.units.get(supply.rail.spec.dut)) is not None and unit.reset is not None
        ]
        self.rails: dict[str, Rail] = {name: supply.rail for name, supply in self._supplies.items()}
        self.links = {name: SimLink(name, link) for name, link in spec.links.items()}
        self.cables = {
            name: Cable(link.contacts, Random(f"{seed} cable {name}"), self.links[name].cut)
            for name, link in spec.links.items()
        }
        self.chips: dict[tuple[int, int], Chip] = {
            (chip.bus, chip.address): twin(chip, self._watched(chip), Random(f"{seed} chip {name}"))
            for name, chip in spec.chips.items()
        }

    def drive(self, pin: int, level: int, board: str = "", at_ns: int | None = None) -> None:
        """
        A line of the bench's computer, or of a board, is driven to an electrical level (0 or 1): now, or at `at_ns`, a
        moment ago.
        """
        self._levels[board, pin] = int(bool(level))
        self._moved(board, pin, at_ns)

    def release(self, pin: int, board: str = "", at_ns: int | None = None) -> None:
        """
        A line floats to its pull: a relay on it is released.
        """
        self._levels.pop((board, pin), None)
        self._moved(board, pin, at_ns)

    def let_go(self, pin: int) -> None:
        """
        The program that held a line has closed it or ended: the line does what `released_lines` says.
        """
        if self.spec.released_lines == "strict":
            self.release(pin)

    def level(self, pin: int, pull: int = 0, board: str = "") -> int:
        """
        The electrical level of a line; one that nobody drives and no relay hangs on goes where `pull` pulls it.
        """
        if (board, pin) in self._levels:
            return self._levels[board, pin]
        cabled = (contact for cable in self.cables.values() for contact in cable.contacts(board, pin))
        return next((contact.pull for contact in (*(supply.contact for supply in self._on(board, pin)), *cabled)), pull)

    def link(self, name: str) -> SimLink:
        """
        A link in virtual time. Raises UsageError when there is none of that name.
        """
        return _of(self.links, name, "link")

    def forget(self, before_ns: int) -> None:
        """
        Drops what happened before a moment, so that a long run needs no more memory than a short one.
        """
        before_ns = min((before_ns, *(chip.catch_up() for chip in self.chips.values())))
        for rail in self.rails.values():
            rail.forget(before_ns)
        for link in self.links.values():
            link.forget(before_ns)

    def close(self) -> None:
        """
        Stops every timer: the units are told nothing more.
        """
        for supply in self._supplies.values():
            supply.close()
        for cable in self.cables.values():
            cable.close()

    def _moved(self, board: str, pin: int, at_ns: int | None) -> None:
        moment_ns = now_ns() if at_ns is None else at_ns
        for supply in self._on(board, pin):
            supply.drive(self.level(pin, board=board), moment_ns)
        for cable in self.cables.values():
            cable.drive(board, pin, self.level(pin, board=board), moment_ns)
        for reset, supply in self._resets:
            if (reset.board, reset.pin) == (board, pin):
                level = self._levels.get((board, pin), int(reset.active_low))
                supply.hold_reset(bool(level) != reset.active_low, moment_ns)

    def _watched(self, chip: ChipSpec) -> list[Rail | None]:
        return [_of(self.rails, rail, "rail") if rail else None for rail in (chip.rail, *chip.more_rails)]

    def _on(self, board: str, pin: int) -> list[Supply]:
        contacts = ((supply, supply.contact.spec) for supply in self._supplies.values())
        return [supply for supply, contact in contacts if (contact.board, contact.pin) == (board, pin)]


def _of(known: Mapping[str, T], name: str, what: str) -> T:
    if name not in known:
        raise UsageError(f"there is no {what} '{name}'; {nearest(name, known)}", key="world")
    return known[name]
