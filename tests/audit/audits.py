"""
Audits of rigs that are said in a few words, in virtual time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio

from harness import clock
from harness.assemble import Assembly, Opening, assembled
from harness.audit.bench_audit import BenchAudit
from harness.audit.seen import Host
from harness.engine.leaves import ungrouped
from harness.engine.odometer import Odometer
from harness.engine.undo import Pending, UndoJournal
from harness.errors import DeviceError
from harness.model.event import Event
from harness.model.finding import Finding, Grade
from harness.model.instant import Instant
from harness.model.rig import RigSpec
from harness.protocols import Device
from tests.benches import FED_V, two_duts, world_behind

NOWHERE = Host(sys=Path("/nowhere"), records=Path("/tmp"))


@dataclass(kw_only=True)
class Audited:
    """
    What an audit found, what ended it or came out of it, and what it left.
    """

    findings: list[Finding] = field(default_factory=list)
    trouble: str = ""
    error: Exception | None = None
    events: list[Event] = field(default_factory=list)
    rails_v: dict[str, float] = field(default_factory=dict)
    pending: Pending = field(default_factory=lambda: Pending((), 0))
    ended_ns: int = 0

    @property
    def wrong(self) -> set[tuple[str, str]]:
        """
        What it found wrong, as check and subject.
        """
        return {(found.check, found.subject) for found in self.findings if found.grade is Grade.FAIL}

    @property
    def is_fed(self) -> bool:
        """
        Whether every rail had its power in the end.
        """
        return bool(self.rails_v) and all(volts > FED_V for volts in self.rails_v.values())

    def of(self, check: str) -> Finding:
        """
        The only finding of a check.
        """
        (found,) = [finding for finding in self.findings if finding.check == check]
        return found


def audited(
    rig: RigSpec,
    seed: int = 1,
    *,
    look_only: bool = False,
    host: Host = NOWHERE,
    odometer: Odometer | None = None,
    abort_at_s: float | None = None,
    wrap: Callable[[str, Device], Device] | None = None,
    opened: Callable[[Assembly], object] = lambda _: None,
) -> Audited:
    """
    Audits a rig in virtual time, from its opening to its closing; what was raised ends up in `error`.
    """
    done = Audited()
    clock.run(
        _main, done, rig, seed, look_only, host, odometer or Odometer(None), abort_at_s, wrap, opened, virtual=True
    )
    return done


async def _main(
    done: Audited,
    rig: RigSpec,
    seed: int,
    look_only: bool,
    host: Host,
    odometer: Odometer,
    abort_at_s: float | None,
    wrap: Any,
    opened: Callable[[Assembly], object],
) -> None:
    journal, worlds = UndoJournal(None), []

    def eye(name: str, device: Device) -> Device:
        if not worlds:
            worlds.append(world_behind(device))
        return device if wrap is None else wrap(name, device)  # type: ignore[no-any-return]

    try:
        async with assembled(rig, seed, opening=Opening.AUDIT, wrap=eye) as bench:
            opened(bench)
            missing = {name: str(error) for name, error in bench.missing.items()}
            audit = BenchAudit(bench, journal, odometer, done.events.append, host=host, missing=missing)
            with ungrouped():
                async with anyio.create_task_group() as tasks:
                    if abort_at_s is not None:
                        tasks.start_soon(_abort, audit, abort_at_s)
                    done.findings, done.trouble = await audit.run(look_only=look_only)
                    done.ended_ns = clock.now_ns()
                    tasks.cancel_scope.cancel()
    except Exception as error:  # looked at by whoever asked for the audit, beside the world it left
        done.error = error
    done.pending = journal.pending()
    await anyio.sleep(1)  # for contacts to come to rest
    done.rails_v = {name: rail.voltage_v(clock.now_ns()) for name, rail in worlds[0].rails.items()}


async def _abort(audit: BenchAudit, at_s: float) -> None:
    await anyio.sleep(at_s)
    audit.abort("enough")


def wired(**pins: int) -> RigSpec:
    """
    A rig of two DUTs whose relays are wired to other pins than it believes: `main` is on 17 and `twin` on 27.
    """
    spec = two_duts()
    assert spec.world is not None
    rails = {
        name: replace(rail, contact=replace(rail.contact, pin=pins.get(name, rail.contact.pin)))
        for name, rail in spec.world.rails.items()
    }
    return replace(spec, world=replace(spec.world, rails=rails))


class Counting:
    """
    Counts what a rig's switch `mains` is told, and has it fail after so many strokes.
    """

    def __init__(self, fails_after: int | None = None, sticks_after: int | None = None) -> None:
        self.told: list[tuple[str, Instant]] = []
        self.count = 0
        self._fails_after, self._sticks_after = fails_after, sticks_after

    def __call__(self, name: str, device: Any) -> Any:
        if name == "mains":
            on, off = device.on, device.off

            async def counted_off() -> Instant:
                if self._fails_after is not None and self.count >= self._fails_after:
                    raise DeviceError("mains", "is out of order")
                self.count += 1
                self.told.append(("off", at := await off()))
                return at

            async def kept_on() -> Instant:
                if self._sticks_after is not None and self.count >= self._sticks_after:
                    raise DeviceError("mains", "does not move")
                self.told.append(("on", at := await on()))
                return at

            device.on, device.off = kept_on, counted_off
        return device

    def widths_s(self) -> list[float]:
        """
        How long each interruption was.
        """
        pairs = zip(self.told, self.told[1:], strict=False)
        return [(b.earliest_ns - a.latest_ns) / 1e9 for (this, a), (then, b) in pairs if (this, then) == ("off", "on")]
