"""
The sampling of a rig's meters while a drill runs, and the guard that hangs on it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import anyio

from .. import clock
from ..devices._sampler import Sampler, SamplerThread, Take
from ..devices._tap import Polled, Tap
from ..engine.leaves import ungrouped
from ..model.rate import Rate
from ..model.rig import RigSpec
from ..model.trace import Samples
from ..protocols import Device

Said = Callable[[str], None]

# A meter may be slower than the age limit that suits the others.
_LEAST_PERIODS = 4

# A bench that stood still as a whole has more to say than that its meters were not read; the others may speak first.
_STOOD_STILL_S, _MANNERS_S = 0.25, 0.25


class Sampling:
    """
    Every sampled meter of a rig: what they said, and whether they still say anything.

    A meter without a good reading for its age limit, a current above its trip, a sampler that ended by itself: each is
    told `alarm`, once. The watch for silence is a task of the event loop, so that a thread that hangs cannot keep it.
    `alarm` and `note` are called on the event loop.
    """

    def __init__(self, rig: RigSpec, meters: Iterable[Polled], take: Take, alarm: Said, note: Said) -> None:
        assert rig.sampling is not None
        self._rig, self._take = rig, take
        self._alarm, self._note = alarm, note
        loop = asyncio.get_running_loop()
        self._soon: Callable[..., object] = loop.call_soon if clock.is_virtual() else loop.call_soon_threadsafe
        self._limit_s = rig.sampling.age_limit_s
        trips = _trips(rig)
        self._taps = {
            meter.name: Tap(meter, self._wake, self._alarmed, self._noted, trips.get(meter.name)) for meter in meters
        }

    def samples_of(self, dut: str, since_ns: int) -> Samples | None:
        """
        What the meter on a DUT's rail said since a moment (nanoseconds), as far back as it is remembered; None for a
        rail without a sampled meter.
        """
        tap = self._tap_on(dut)
        return None if tap is None else tap.recent.since(since_ns)

    def keep_samples(self, dut: str, stretches: Iterable[tuple[int, int]]) -> None:
        """
        Keeps what was said in these stretches (nanoseconds) in memory, and in no others.
        """
        if (tap := self._tap_on(dut)) is not None:
            tap.recent.keep(stretches)

    def has_forgotten(self, dut: str, since_ns: int) -> bool:
        """
        Whether anything that was said since a moment (nanoseconds) is in memory no more.
        """
        tap = self._tap_on(dut)
        return tap is not None and tap.recent.has_forgotten(since_ns)

    def rates(self) -> list[Rate]:
        """
        How well each meter was sampled so far.
        """
        return [tap.rate() for tap in self._taps.values()]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """
        Samples while it is entered: in threads, or where time is virtual in tasks.
        """
        samplers = [Sampler(taps, self._take, self._noted) for taps in self._by_bus()]
        threads = [SamplerThread(sampler, self._lost(sampler)) for sampler in samplers if not clock.is_virtual()]
        for tap in self._taps.values():
            tap.meter.feed = tap.feed
        with ungrouped():
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._watch)
                for thread in threads:
                    thread.start()
                for sampler in samplers if clock.is_virtual() else ():
                    tasks.start_soon(sampler.keep_turning)
                try:
                    yield
                finally:
                    for thread in threads:
                        await thread.stop()
                    for sampler in samplers:
                        sampler.close()
                    for tap in self._taps.values():
                        tap.meter.feed = None
                    tasks.cancel_scope.cancel()

    def _tap_on(self, dut: str) -> Tap | None:
        return self._taps.get(self._rig.duts[dut].roles.get("meter", ""))

    def _by_bus(self) -> list[list[Tap]]:
        buses: dict[int, list[Tap]] = defaultdict(list)
        for tap in self._taps.values():
            buses[tap.meter.bus_number].append(tap)
        return list(buses.values())

    async def _watch(self) -> None:
        """
        Ends the run for the first meter that is, or was, silent for too long.
        """
        while self._taps:
            due_ns = min(map(self._due_ns, self._taps.values()))
            await clock.sleep_until(due_ns)
            if clock.now_ns() - due_ns > _STOOD_STILL_S * clock.NS_PER_S:
                await anyio.sleep(_MANNERS_S)
            for tap in self._taps.values():
                if why := self._silence(tap):
                    self._alarm(f"{tap.meter.name}: no reading for {self._patience_s(tap):g} s ({why})")
                    return

    def _silence(self, tap: Tap) -> str:
        """
        Why a meter was silent for too long; empty when it was not.
        """
        # In this order: a reading that comes in between ends the one silence, and is the other's end.
        if self._due_ns(tap) <= clock.now_ns():
            return tap.trouble or "its bus does not answer"
        longest_ns, instead = tap.silence
        was_too_long = longest_ns >= self._patience_s(tap) * clock.NS_PER_S
        return (instead or "the bench stood still, or its bus did") if was_too_long else ""

    def _due_ns(self, tap: Tap) -> int:
        return tap.ok_ns + round(self._patience_s(tap) * clock.NS_PER_S)

    def _patience_s(self, tap: Tap) -> float:
        return max(self._limit_s, _LEAST_PERIODS * tap.meter.period_s)

    def _lost(self, sampler: Sampler) -> Said:
        meters = ", ".join(tap.meter.name for tap in sampler.taps)
        return lambda why: self._alarmed(f"{meters}: sampled no more: {why}")

    def _alarmed(self, problem: str) -> None:
        self._wake(self._alarm, problem)

    def _noted(self, problem: str) -> None:
        self._wake(self._note, problem)

    def _wake(self, call: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop was closed under a thread that was left behind: nobody is left to tell
            self._soon(call, *arguments)


def sampled(rig: RigSpec, devices: Mapping[str, Device]) -> Sequence[Polled]:
    """
    The meters of a rig that are to be sampled.
    """
    if rig.sampling is None:
        return ()
    named = devices if rig.sampling.meters is None else rig.sampling.meters
    return [device for name in named if isinstance(device := devices[name], Polled)]


def _trips(rig: RigSpec) -> dict[str, float]:
    """
    The current above which each meter ends the run: the least that a DUT on it allows (amperes).
    """
    trips: dict[str, float] = {}
    for dut in rig.duts.values():
        meter = dut.roles.get("meter")
        if meter is not None and dut.trip_a is not None:
            trips[meter] = min(dut.trip_a, trips.get(meter, dut.trip_a))
    return trips
