"""
Samples the meters of one I2C bus: in a thread of its own where time is real, in one task where it is virtual.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import anyio.to_thread

from .. import clock
from ..model.trace import Sample, Scale
from ._tap import Said, Tap

Take = Callable[[str, Scale, Sequence[Sample]], object]
"""Takes a batch of a meter's samples, by the meter's name. Called in the sampler's thread; must not block it."""

# Rows are handed on in batches, so that whoever writes them down is called ten times a second, not a thousand.
_BATCH_NS = 100_000_000

# A thread that hangs in its bus driver is left behind after so long: it is a daemon, and ends with the process.
_JOIN_S = 1.0


class Sampler:
    """
    Polls the meters behind `taps`, which share a bus, one after the other, each when its next conversion is due.

    `take` may fail: then it gets nothing more, `note` is told, and the sampling goes on, for it guards the DUT.
    """

    def __init__(self, taps: Sequence[Tap], take: Take, note: Said) -> None:
        self.taps = taps
        self._take: Take | None = take
        self._note = note
        self._batch_ns = clock.now_ns() + _BATCH_NS

    def begin(self) -> None:
        """
        Called once, when the turning begins.
        """
        for tap in self.taps:
            tap.begin()

    def turn(self) -> int:
        """
        Polls what is due, and returns when to come back (nanoseconds).
        """
        now_ns = clock.now_ns()
        for tap in self.taps:
            if tap.pace.due_ns <= now_ns:
                tap.look()
        if self._batch_ns <= now_ns:
            self._hand_on()
            self._batch_ns = now_ns + _BATCH_NS
        return min(self._batch_ns, *(tap.pace.due_ns for tap in self.taps))

    async def keep_turning(self) -> None:
        """
        Samples until it is cancelled, where time is virtual.
        """
        self.begin()
        while True:
            await clock.sleep_until(self.turn())

    def close(self) -> None:
        """
        Hands on what is left.
        """
        for tap in self.taps:
            tap.close()
        self._hand_on()

    def _hand_on(self) -> None:
        for tap in self.taps:
            rows = tap.recent.settle()
            if rows and self._take is not None:
                try:
                    self._take(tap.meter.name, tap.meter.scale, rows)
                except Exception as error:  # whatever is wrong with the trace, the guard goes on
                    self._take = None
                    self._note(f"the power trace is kept no more: {error}")


class SamplerThread:
    """
    Keeps a sampler turning, from `start` to `stop`. `lost` is told, in the thread, when it ends by itself.
    """

    def __init__(self, sampler: Sampler, lost: Said) -> None:
        self._sampler, self._lost = sampler, lost
        self._stops = threading.Event()
        name = ", ".join(tap.meter.name for tap in sampler.taps)
        self._thread = threading.Thread(target=self._run, name=f"sampler of {name}", daemon=True)

    def start(self) -> None:
        """
        Starts the thread.
        """
        self._thread.start()

    async def stop(self) -> bool:
        """
        Stops it; returns whether it ended, or was left behind in a call that hangs.
        """
        self._stops.set()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._thread.join, _JOIN_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._sampler.begin()
            while not self._stops.is_set():
                pause_ns = self._sampler.turn() - clock.now_ns()
                if pause_ns > 0:
                    self._stops.wait(pause_ns / clock.NS_PER_S)
        except Exception as error:  # a bug, in whatever it is, must not leave the DUT unguarded in silence
            self._lost(f"{type(error).__name__}: {error}")
