"""
A relay's contact: how its armature moves after its coil was switched.
"""

from __future__ import annotations

from random import Random

from ..clock import NS_PER_S
from ..model.world import ContactSpec

# A hobbyist's scope saw four bounces on an SRD relay; more than that is rare.
_BOUNCES = 4


class Contact:
    """
    A contact that moves late, and chatters, each stroke a little differently.
    """

    def __init__(self, spec: ContactSpec, rng: Random) -> None:
        self.spec = spec
        self._rng = rng

    @property
    def pull(self) -> int:
        """
        The level that the line floats to: the one that leaves the coil without current.
        """
        return int(self.spec.active_low)

    def energised_by(self, level: int) -> bool:
        """
        Whether that electrical level on the line energises the coil.
        """
        return bool(level) != self.spec.active_low

    def rests_closed(self, energised: bool) -> bool:
        """
        Whether the contact is closed once it has come to rest.
        """
        if self.spec.defect != "none":
            return self.spec.defect == "welded"
        return energised == (self.spec.contact == "no")

    def stroke(self, energised: bool, at_ns: int, is_closed: bool) -> list[tuple[int, bool]]:
        """
        When the contact will close (True) and open (False) after its coil was switched at `at_ns`, in order.

        A contact that already is where the coil wants it (a coil pulse shorter than its operate time) does not move.
        """
        target = self.rests_closed(energised)
        if target == is_closed:
            return []
        typical_s = self.spec.operate_s if energised else self.spec.release_s
        spread = self.spec.spread_ratio
        delay_ns = round(typical_s * self._rng.uniform(1 - spread, 1 + spread) * NS_PER_S)
        first_ns = at_ns + max(1, delay_ns)
        moments = [first_ns, *self._chatter(first_ns)]
        return [(moment_ns, target == (index % 2 == 0)) for index, moment_ns in enumerate(moments)]

    def _chatter(self, first_ns: int) -> list[int]:
        """
        An even number of moments after the first touch, so that the contact ends where it was going.
        """
        bounce_ns = round(self.spec.bounce_s * NS_PER_S)
        count = 2 * self._rng.randint(0, _BOUNCES)
        if count > bounce_ns:
            return []
        return sorted(self._rng.sample(range(first_ns + 1, first_ns + bounce_ns + 1), count))
