"""
A link of the DUT, cut and joined again.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from ..model.drill import FaultSpec
from ..model.link import LinkShape
from ..protocols import Roles, Strike
from ._link import CutStrike, Line, Measuring, length_s, stay


class LinkCut:
    """
    Takes a link down for as long as it is asked to: by relays in the cable, by its interface, by the kernel dropping
    every packet, or by a relay of the bench's own, whichever the rig has. Proven by the carrier, or by what comes back
    across it.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(Measuring):
        """
        A cut is silent, as a cable's end is, unless it `refuses`.
        """

        refuses: bool = False

    # A DUT that has another way need not be affected.
    expects_loss = None
    levels_v = (0.0, 0.0)

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        assert isinstance(spec.config, LinkCut.Config)
        self._for_s = length_s(spec)
        shape = LinkShape(is_down=True, refuses=spec.config.refuses, seed=spec.seed)
        self._line = Line(spec, shape, spec.config, "any", roles)
        self.undo, self.strikes = self._line.undo, self._line.strikes(self._for_s)

    def plan(self) -> list[tuple[float, str]]:
        """
        Down, then up.
        """
        name = self._line.link.name
        return [(0.0, f"{name} down"), (self._for_s, f"{name} up")]

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Cuts on entering, joins on leaving.
        """
        return self._line.struck(CutStrike(self._line, lambda strike: stay(strike, self._for_s)))
