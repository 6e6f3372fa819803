"""
Samples a second of an INA219 from its registers to a row on the disk, on one core: each conversion once, and its
overflow known. Beside the bare reads of the registers that we read, and beside two other libraries.
"""

from __future__ import annotations

import csv
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from _ina219_bus import ADDRESS, BUS, POWER, SHUNT, Ina219Bus, stand_in_for_the_kernel
from _ina219_peers import adafruit_ina219, pi_ina219
from _rows import Row, at_least, median_ratio, side_by_side

from harness.clock import run
from harness.devices._tap import Tap
from harness.devices.ina219 import INA219
from harness.store.trace_log import Metered, TraceLog

_ROUNDS = 7
_SAMPLES = 2000
# What a sampler hands on at a time.
_BATCH = 100

# The fastest clock that common hosts offer: Fast-mode Plus (NXP UM10204).
_FAST_PLUS_HZ = 1e6

_LEAST_OF_BARE = 0.7

Work = Callable[[], None]


def rows() -> list[Row]:
    """
    At 1 MHz; and on a bus that takes no time at all, which leaves nothing but the libraries' own work.
    """
    return [*_at("1 MHz", Ina219Bus(_FAST_PLUS_HZ), _LEAST_OF_BARE), *_at("no wire", Ina219Bus(), None)]


def _at(name: str, bus: Ina219Bus, least_of_bare: float | None) -> list[Row]:
    stand_in_for_the_kernel(bus)
    with tempfile.TemporaryDirectory() as folder, _measures(bus, Path(folder)) as measures:
        taken = side_by_side(_ROUNDS, {peer: partial(_a_second, work) for peer, work in measures.items()})
    hz = {peer: statistics.median(each) for peer, each in taken.items()}
    told = [Row(name=f"{name}: {peer}", value=hz[peer], unit="/s") for peer in hz if peer != "ours"]
    for peer in [peer for peer in hz if peer != "ours"]:
        ratio = median_ratio(taken["ours"], taken[peer])
        row = Row(name=f"{name}: ours beside {peer}", value=hz["ours"], unit="/s", ratio=ratio)
        target = least_of_bare if peer == "bare" else None if "not stored" in peer else 1.0
        told.append(row if target is None else at_least(target, row))
    return told


@contextmanager
def _measures(bus: Ina219Bus, folder: Path) -> Iterator[dict[str, Work]]:
    pi, adafruit = pi_ina219(bus), adafruit_ina219(bus)
    with (folder / "pi.csv").open("w") as pi_file, (folder / "adafruit.csv").open("w") as adafruit_file:
        yield {
            "bare": partial(_bare, bus),
            "pi-ina219, not stored": partial(_asked, lambda: (pi.voltage(), pi.current())),
            "adafruit, not stored": partial(_asked, lambda: (adafruit.bus_voltage, adafruit.current)),
            "pi-ina219, stored": partial(_written, csv.writer(pi_file), partial(_pi_conversion, pi)),
            "adafruit, stored": partial(_written, csv.writer(adafruit_file), partial(_adafruit_conversion, adafruit)),
            "ours": _Stored(bus, folder),
        }


def _a_second(work: Work) -> float:
    start_s = time.process_time()
    work()
    return _SAMPLES / (time.process_time() - start_s)


def _bare(bus: Ina219Bus) -> None:
    read = bus.read_word_data
    for _ in range(_SAMPLES):
        read(ADDRESS, BUS)
        read(ADDRESS, SHUNT)
        read(ADDRESS, POWER)


def _asked(question: Callable[[], object]) -> None:
    for _ in range(_SAMPLES):
        question()


def _pi_conversion(meter: Any) -> tuple[float, float]:
    # It looks at the overflow by itself; reading the power is what tells one conversion from the next.
    assert meter.is_conversion_ready()
    taken = meter.voltage(), meter.current()
    meter.power()
    return taken


def _adafruit_conversion(meter: Any) -> tuple[float, float]:
    assert meter.conversion_ready
    assert not meter.overflow
    taken = meter.bus_voltage, meter.current
    _ = meter.raw_power
    return taken


def _written(rows: Any, conversion: Callable[[], tuple[float, float]]) -> None:
    """
    What their users do: a line of CSV, with the moments before and after.
    """
    for number in range(_SAMPLES):
        before_ns = time.monotonic_ns()
        taken = conversion()
        rows.writerow((number, before_ns, time.monotonic_ns(), *taken))


class _Stored:
    """
    What a sampler's thread does with a conversion, and what the trace's does with it: here in one thread.
    """

    def __init__(self, bus: Ina219Bus, folder: Path) -> None:
        self._meter = INA219("monitor", INA219.Config(), bus)
        run(self._meter.open)
        self._tap = Tap(self._meter, lambda call, *arguments: None, _must_not, _must_not)
        meters = {"monitor": Metered(kind="ina219")}
        self._log = TraceLog(folder, run_id="bench", rig="bench", meters=meters, virtual=True)

    def __call__(self) -> None:
        for number in range(1, _SAMPLES + 1):
            self._tap.look()
            if number % _BATCH == 0:
                self._log.take("monitor", self._meter.scale, self._tap.recent.settle())
        assert self._tap.rate().failures == 0


def _must_not(problem: str) -> None:
    raise RuntimeError(problem)
