"""
An audit: looks at the rails at rest, cuts each supply to see what comes of it, measures what is sound, and judges.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

import anyio

from .. import clock
from ..engine.bench import Bench
from ..engine.guard import Guard
from ..engine.leaves import ungrouped
from ..engine.odometer import Odometer
from ..engine.restore import restore
from ..engine.undo import UndoJournal
from ..errors import BenchError, Refused, Unrestored
from ..insist import answered
from ..model.event import JSON, Event, Kind
from ..model.finding import Finding
from ..model.instant import Instant, Span
from ..model.quantity import BACK_POWERED_V
from ..protocols import Listener, PowerMeter, PowerSwitch
from .chatter import longest_chatter
from .checks import judged
from .forecast import ATTEMPTS, STROKES, powered, pulses_a_rung
from .ladder import RESOLUTION_PERIODS, Floor, Rung, is_near, rungs
from .moves import delivered
from .running import until_running
from .seen import Channel, Host, Outcome, Seen
from .striker import Striker
from .watching import Watch, watching

# Readings of every rail at rest.
_AT_REST = 20

# A rail that has not come down within this time has capacitors that want longer, or is fed by something else.
_DARK_S = 3.0

# After this a contact is at rest, and a short cut has been seen: in readings that lie wholly inside, also of a slow
# meter, whose readings are known to within three of its periods.
_STROKE_S, _STROKE_PERIODS = 0.1, 24

# The slowest relays take this long to close again (data sheets: 10 ms; measured: 12 ms).
_MOVED_NS = 30_000_000


class BenchAudit:
    """
    One audit of a bench. `run` it once; `abort` may come from outside at any moment.

    `missing` and `troubles` are what could not be opened, and what is open and complains, with their reasons.
    """

    def __init__(
        self,
        bench: Bench,
        journal: UndoJournal,
        odometer: Odometer,
        listen: Listener,
        *,
        host: Host | None = None,
        missing: Mapping[str, str] | None = None,
        troubles: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._bench, self._journal, self._odometer, self._listen = bench, journal, odometer, listen
        self._guard = Guard(bench.rig, odometer)
        self._scope = anyio.CancelScope()
        self._troubles = troubles
        self._aborted = ""
        self._is_striking = False
        self._channels: dict[str, Channel] = {}
        self._seen = Seen(rig=bench.rig, host=host or Host(), missing=missing or {})

    def abort(self, reason: str) -> None:
        """
        Ends the audit: what was done is undone, and what was not looked at is not told of.
        """
        self._aborted = self._aborted or reason
        self._scope.cancel()

    def hear(self, trouble: str) -> None:
        """
        A device finds by itself that it cannot go on: nothing is struck any more.
        """
        if self._is_striking:
            self.abort(trouble)

    async def run(self, *, look_only: bool = False) -> tuple[list[Finding], str]:
        """
        Audits; returns what it found, and why it ended early, if it did. Raises Refused before anything is touched.

        Whatever else comes out of it, be it a bug, comes out after the rig was restored.
        """
        if not look_only:
            self._guard.admit_audit()
        trouble = ""
        try:
            with self._scope, ungrouped():
                await self._look()
                if not look_only:
                    await self._strike()
        except BenchError as error:
            trouble = str(error)
        except BaseException:
            await restore(self._bench, self._journal)
            raise
        trouble = await self._made_safe(self._aborted or trouble)
        self._keep_measured()
        findings = judged(self._known())
        for finding in findings:
            self._tell(Kind.FINDING, finding.subject, finding.to_json())
        return findings, trouble

    def _keep_measured(self) -> None:
        """
        Has the guard refuse, from now on, what a switch was just seen not to make honestly, and has every trial know
        how long its contact chatters.
        """
        for channel in self._channels.values():
            chatter = longest_chatter(channel, self._seen.sees_a(channel.dut)) if channel.strokes else None
            if chatter is not None and chatter.high_s is not None:
                self._odometer.bounces.note(channel.name, chatter.high_s)
                self._odometer.chatters.note(channel.name, chatter.low_s)
            if not channel.rungs:
                continue
            floor = Floor.of(channel.rungs)
            if floor.busy_s is None and floor.honest_s is not None:
                # Where no rung failed, the meter can tell none shorter: only what is declared counts.
                self._odometer.floors.note(channel.name, floor.honest_s if floor.fails_s is not None else 0.0)

    async def _look(self) -> None:
        """
        Every rail at rest.
        """
        self._phase("waits until the units run")
        silent = await until_running(self._bench)
        self._phase("looks at the rails at rest")
        meters = self._meters()
        async with watching(meters) as watch:
            await watch.more(_AT_REST)
            rests = {dut: tuple(readings) for dut, readings in watch.readings.items()}
        periods_s = {dut: meter.period_s for dut, meter in meters.items()}
        self._seen = replace(self._seen, rests=rests, periods_s=periods_s, silent=silent)

    async def _strike(self) -> None:
        self._is_striking = True
        fed = frozenset(dut for dut in self._seen.rests if self._seen.is_fed(dut))
        striker = Striker(self._bench, self._guard, self._journal, self._meters(), fed)
        for switch, dut in self._switches():
            channel = self._channels[switch.name] = Channel(switch=switch, dut=dut)
            if why_not := self._unfit(switch, dut):
                self._keep(channel.but(trouble=why_not))
                continue
            try:
                await self._strike_one(striker, channel)
            except Refused as refused:
                self._keep(self._channels[switch.name].but(trouble=str(refused)))
            except Unrestored:
                raise
            except BenchError as error:
                self._keep(self._channels[switch.name].but(trouble=str(error), is_broken=True))
                await restore(self._bench, self._journal)

    async def _strike_one(self, striker: Striker, channel: Channel) -> None:
        switch, dut = channel.switch, channel.dut
        self._phase(f"{switch.name}: cuts {dut}, and looks at every rail")
        channel = channel.but(first=await striker.cut(switch, _until_dark(dut, self._stroke_s(dut))))
        self._keep(channel)
        outcome = self._seen.outcome(channel)
        if outcome is Outcome.UNMOVED:
            self._keep(channel.but(is_wired=await _is_wired(switch)))
        if outcome in (Outcome.UNMOVED, Outcome.RESET, Outcome.BLIND, Outcome.LEAKING):
            return
        stroke = _for(self._stroke_s(dut))
        for number in range(STROKES):
            self._phase(f"{switch.name}: stroke {number + 1} of {STROKES}")
            channel = channel.but(strokes=(*channel.strokes, await striker.cut(switch, stroke)))
            self._keep(channel)
        resolution_s = RESOLUTION_PERIODS * self._seen.periods_s[dut]
        for asked_s in rungs(switch.min_pulse_s, resolution_s, switch.min_off_s):
            self._phase(f"{switch.name}: interruptions of {asked_s * 1000:.3g} ms")
            rung = await self._rung(striker, switch, dut, asked_s)
            channel = channel.but(rungs=(*channel.rungs, rung))
            self._keep(channel)
            if not (rung.is_judged and rung.is_honest):
                return

    async def _rung(self, striker: Striker, switch: PowerSwitch, dut: str, asked_s: float) -> Rung:
        """
        Pulses of one length; one that was timed badly, or not looked at all the way, is made again.
        """
        wanted, pulses = pulses_a_rung(switch), []
        for _ in range(ATTEMPTS * wanted):
            cut = await striker.pulse(switch, asked_s)
            gap_ns = round(asked_s * clock.NS_PER_S) // 2
            if is_near(asked_s, Span.between(cut.off, cut.on)) and cut.is_seen(dut, gap_ns, _MOVED_NS):
                pulses.append(delivered(cut, dut, self._seen.sees_a(dut)))
            if len(pulses) == wanted:
                return Rung(asked_s, tuple(pulses))
        return Rung(asked_s, tuple(pulses), is_judged=False)

    def _stroke_s(self, dut: str) -> float:
        return max(_STROKE_S, _STROKE_PERIODS * self._seen.periods_s[dut])

    def _unfit(self, switch: PowerSwitch, dut: str) -> str:
        """
        Why a switch is not struck at all; empty when it is.
        """
        if troubles := self._troubles():
            return "; ".join(f"{name}: {trouble}" for name, trouble in troubles.items())
        if switch.name in self._seen.missing:
            return "it could not be opened"
        if not dut:
            return "it feeds no DUT of the rig"
        if dut not in self._seen.rests:
            return f"nothing measures the rail of '{dut}'"
        if self._seen.rest(dut) is None:
            return f"the meter of '{dut}' gives no reading that can be believed"
        return "" if self._seen.is_fed(dut) else f"the rail of '{dut}' has no power to be cut"

    async def _made_safe(self, trouble: str) -> str:
        """
        After an audit that went wrong; a DUT in the dark outranks whatever went wrong before.
        """
        if not trouble:
            return ""
        try:
            await restore(self._bench, self._journal)
        except Unrestored as dark:
            return str(dark)
        except BenchError as error:
            return f"{trouble}; {error}"
        return trouble

    def _known(self) -> Seen:
        names = [switch.name for switch, _ in self._switches()]
        return replace(
            self._seen,
            channels=tuple(self._channels.values()),
            troubles=self._troubles(),
            strokes={name: self._odometer.total(name) for name in names},
            unreadable=self._odometer.unreadable,
        )

    def _switches(self) -> Sequence[tuple[PowerSwitch, str]]:
        return powered(self._bench)

    def _meters(self) -> dict[str, PowerMeter]:
        found = {dut: self._bench.meter_of(dut) for dut in self._bench.rig.duts}
        return {dut: meter for dut, meter in found.items() if meter is not None}

    def _keep(self, channel: Channel) -> None:
        self._channels[channel.name] = channel

    def _phase(self, what: str) -> None:
        self._tell(Kind.PHASE, what, {})

    def _tell(self, kind: Kind, subject: str, data: Mapping[str, JSON]) -> None:
        at = Instant.exactly(clock.now_ns())
        self._listen(Event(kind=kind, at=at, subject=subject, data=data))


def _until_dark(dut: str, more_s: float) -> Callable[[Watch, Instant], Awaitable[None]]:
    """
    Holds a cut until the rail has come down, and for some time more (seconds).
    """

    async def hold(watch: Watch, _: Instant) -> None:
        readings = watch.readings[dut]
        is_dark = await watch.until(lambda: bool(readings) and _is_dark(readings[-1].bus_v), _DARK_S)
        if is_dark:
            await anyio.sleep(more_s)

    return hold


def _is_dark(bus_v: float | None) -> bool:
    return bus_v is not None and bus_v <= BACK_POWERED_V


def _for(seconds: float) -> Callable[[Watch, Instant], Awaitable[None]]:
    async def hold(_: Watch, __: Instant) -> None:
        await anyio.sleep(seconds)

    return hold


async def _is_wired(switch: PowerSwitch) -> bool | None:
    sense = getattr(switch, "is_wired", None)
    if sense is None:
        return None
    wired = await answered(switch.name, sense)
    return wired if isinstance(wired, bool) else None
