"""
An entry of the DUT's cache, replaced by something else.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from .. import clock
from ..errors import NotProven, UsageError
from ..insist import insist
from ..model.drill import FaultSpec
from ..model.instant import Instant
from ..model.undo import Undo
from ..protocols import HttpService, Roles, Shell
from ._poison import Entry, PoisonStrike

# What a POSIX shell takes for the name of a file, with `*` and `?`, and for nothing else.
_ENTRY = re.compile(r"[A-Za-z0-9_.,:=@%+/*?-]+")


class CachePoison:
    """
    Overwrites an entry of the DUT's cache where it lies, by a shell, with bytes drawn from the run's seed. Proven by
    reading it back. On leaving it is removed, if it is still there.

    Removed when the DUT serves what it served before, and the file on its disk is as it was. One that does not within
    `prove` is not the bench's to heal, if the poison is gone: the steady state says what became of the DUT.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        The `entry`'s file on the DUT, one by that name or pattern (`*`, `?`), from the folder in which the shell is;
        and the `path` at which the role `seen` serves it. How long a question may take (`answer`), how often one is
        asked (`look`), and by when the DUT must be right again (`prove`).
        """

        entry: str
        path: str
        seen: str = "probes.health"
        look_s: float = 0.25
        answer_s: float = 2.0
        prove_s: float = 10.0

        def __post_init__(self) -> None:
            if not _ENTRY.fullmatch(self.entry) or self.entry.startswith("-"):
                raise UsageError("must be a file's path, like state/cache/p0-0/*", key="entry")
            for key, value in (("look", self.look_s), ("answer", self.answer_s), ("prove", self.prove_s)):
                if value <= 0:
                    raise UsageError("must be more than 0", key=key)

    # A sound DUT serves no poison, and never nothing.
    expects_loss = False
    levels_v = (0.0, 0.0)

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is None:
            raise UsageError('missing; how long it may lie there, like `for = "5 s"`', key="for")
        assert isinstance(spec.config, CachePoison.Config)
        self._config, self._for_s = spec.config, spec.for_s
        self._shell = roles.get(spec.role, Shell)
        service = roles.get(roles.sibling(spec.role, spec.config.seen), HttpService)
        poison = f"crashbench: this is not what was here {Random(spec.seed).getrandbits(128):032x}"
        self._entry = Entry(self._shell, service, spec.config.entry, spec.config.path, poison, spec.config.answer_s)
        self.undo = (Undo(device=self._shell.name, action=_removal(spec.config.entry, poison)),)
        self.strikes = ((self._shell.name, self._for_s, 1),)

    def plan(self) -> list[tuple[float, str]]:
        """
        Put there, then removed.
        """
        name, entry = self._shell.name, self._config.entry
        return [(0.0, f"{name}: poison into {entry}"), (self._for_s, f"{name}: the poison removed from {entry}")]

    @asynccontextmanager
    async def inject(self) -> AsyncIterator[PoisonStrike]:
        """
        Poisons on entering; on leaving removes the poison, insisting.
        """
        config = self._config
        strike = PoisonStrike(self._entry, self._for_s, config.look_s, config.prove_s)
        await strike.look_before()
        if strike.trouble:
            raise NotProven(f"{strike.trouble} before anything was done")
        try:
            await strike.put()
            yield strike
        finally:
            asked_ns = clock.now_ns()
            await insist(self._shell.name, lambda: self._shell.undo(self.undo[0].action))
            strike.removal_commanded = Instant(asked_ns, clock.now_ns())


def _removal(entry: str, poison: str) -> str:
    """
    The command line that removes the poison, and nothing that has taken its place.
    """
    digest = hashlib.sha256(poison.encode()).hexdigest()
    script = f'for f in {entry}; do case "$(sha256sum "$f" 2>/dev/null)" in {digest}*) rm -f "$f";; esac; done; true'
    return shlex.join(["sh", "-c", script])
