"""
Relays in the wires of a cable: it is whole while all of their contacts are closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random

from ..clock import alarm
from ..model.world import ContactSpec
from .contact import Contact


class Cable:
    """
    Moves the contacts when their lines move, and tells when the cable is cut, or whole again; chatter and all.
    """

    def __init__(self, contacts: Sequence[ContactSpec], rng: Random, told: Callable[[bool], None]) -> None:
        self._poles = [_Pole(Contact(spec, rng), self._look) for spec in contacts]
        self.told = told
        """Who is told whether it is cut."""
        self._is_cut = not all(pole.is_closed for pole in self._poles)

    @property
    def is_cut(self) -> bool:
        """
        Whether any of its contacts is open.
        """
        return self._is_cut

    def contacts(self, board: str, pin: int) -> list[Contact]:
        """
        Those that hang on a line.
        """
        return [
            pole.contact for pole in self._poles if (pole.contact.spec.board, pole.contact.spec.pin) == (board, pin)
        ]

    def drive(self, board: str, pin: int, level: int, at_ns: int) -> None:
        """
        A line has the electrical `level` from a moment on: now, or a moment ago.
        """
        for pole in self._poles:
            if (pole.contact.spec.board, pole.contact.spec.pin) == (board, pin):
                pole.drive(level, at_ns)

    def close(self) -> None:
        """
        Stops every timer.
        """
        for pole in self._poles:
            pole.stop()

    def _look(self) -> None:
        is_cut = not all(pole.is_closed for pole in self._poles)
        if is_cut is not self._is_cut:
            self._is_cut = is_cut
            self.told(is_cut)


class _Pole:
    """
    One contact, and where it is going.
    """

    def __init__(self, contact: Contact, moved: Callable[[], None]) -> None:
        self.contact, self._moved = contact, moved
        self._energised = False
        self.is_closed = contact.rests_closed(False)
        self._ahead: list[asyncio.TimerHandle] = []

    def drive(self, level: int, at_ns: int) -> None:
        energised = self.contact.energised_by(level)
        if energised == self._energised:
            return
        self._energised = energised
        self.stop()
        for moment_ns, closed in self.contact.stroke(energised, at_ns, self.is_closed):
            self._ahead.append(alarm(moment_ns, self._move, closed))

    def stop(self) -> None:
        for timer in self._ahead:
            timer.cancel()
        self._ahead.clear()

    def _move(self, closed: bool) -> None:
        self.is_closed = closed
        self._moved()
