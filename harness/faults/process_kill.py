"""
Workers of the DUT, killed at random.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Literal

from ..errors import NotProven, UsageError
from ..model.drill import FaultSpec
from ..model.undo import Undo
from ..protocols import Roles, Shell
from ._kills import Kill, KillStrike
from ._report import Report, Watching
from ._workers import Workers


class ProcessKill:
    """
    Every so often, with some probability, sends a worker a signal. When, and whom, is drawn from the run's seed, anew
    for each trial, and the same for the same seed; a draw in which nobody would be killed is drawn again.

    Effective when the process that was killed first is gone, or another one has taken its place; removed when each
    worker that was killed has another process. One that is left dead within `prove` is not the bench's to start: the
    fault is over with its last kill then, and it is the steady state that says what became of the DUT.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(Watching):
        """
        `times` chances to be killed, one `every` so often, each taken with `probability` by one of the `workers`.

        Whose process a worker is, `health` says, in `field` by the worker's name, with its `pid`; or `pgrep` on the
        DUT, by a `pattern` for its command line, in which `{worker}` stands for the name. `shell` is how long a command
        on the DUT may take.
        """

        workers: tuple[str, ...] = ("sync", "warmer")
        probability_ratio: float = 0.1
        every_s: float = 300.0
        times: int = 12
        signal: Literal["KILL", "TERM", "INT", "QUIT", "ABRT", "SEGV", "HUP"] = "KILL"
        by: Literal["health", "pgrep"] = "health"
        field: str = "workers"
        pattern: str = "{worker}"
        shell_s: float = 2.0

        def __post_init__(self) -> None:
            Watching.__post_init__(self)
            if not self.workers:
                raise UsageError("must name at least one worker", key="workers")
            if not 0 < self.probability_ratio <= 1:
                raise UsageError("must be more than 0 %, and at most 100 %", key="probability")
            if self.times < 1:
                raise UsageError("must be at least 1", key="times")
            for key, value in (("every", self.every_s), ("shell", self.shell_s)):
                if value <= 0:
                    raise UsageError("must be more than 0", key=key)

    # A sound DUT may not even be seen to notice.
    expects_loss = None
    levels_v = (0.0, 0.0)

    def __init__(self, spec: FaultSpec, roles: Roles) -> None:
        if spec.for_s is not None:
            raise UsageError("its length follows from `every` and `times`; leave it out", key="for")
        assert isinstance(spec.config, ProcessKill.Config)
        self._config = config = spec.config
        self._shell = roles.get(spec.role, Shell)
        report = Report(spec.role, config, roles) if config.by == "health" else None
        self._workers = Workers(self._shell, report, config.pattern, config.shell_s, config.look_s)
        self.schedule = _drawn(config, Random(spec.seed))
        """When whom to kill, in seconds from the fault's start."""
        self.undo = (Undo(device=self._shell.name, action="none: the DUT's own supervisor starts its workers again"),)
        self.strikes = ((self._shell.name, 0.0, len(self.schedule)),)

    def plan(self) -> list[tuple[float, str]]:
        """
        Each kill, as it was drawn; and the end.
        """
        name, signal = self._shell.name, self._config.signal
        kills = [(kill.at_s, f"{name}: SIG{signal} to {kill.worker}") for kill in self.schedule]
        return [*kills, (self.schedule[-1].at_s, f"{name}: left to the DUT's own supervisor")]

    @asynccontextmanager
    async def inject(self) -> AsyncIterator[KillStrike]:
        """
        Kills whoever is first; nothing is undone on leaving, but nobody is killed any more.
        """
        config = self._config
        strike = KillStrike(self._workers, self.schedule, config.signal, config.prove_s)
        for worker in sorted({kill.worker for kill in self.schedule}):
            if not (await self._workers.look(worker)).pids:
                raise NotProven(f"{self._workers.told(worker)} before anything was done: there is nobody to be killed")
        try:
            await strike.begin()
            yield strike
        finally:
            strike.end()


def _drawn(config: ProcessKill.Config, random: Random) -> tuple[Kill, ...]:
    """
    The kills among the chances, each worker as likely as the others.
    """
    while True:
        chances = [
            (random.random() < config.probability_ratio, random.choice(config.workers)) for _ in range(config.times)
        ]
        kills = tuple(
            Kill(turn * config.every_s, worker) for turn, (is_taken, worker) in enumerate(chances) if is_taken
        )
        if kills:
            return kills
