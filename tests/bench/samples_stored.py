"""
Samples a second of an INA219 from its registers to a row on the disk, on one core: each conversion once, its overflow
known, and the file closed. Beside the bare reads of the registers that we read, by smbus2 and by our own bus, and
beside two other libraries.
"""

from __future__ import annotations

import csv
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from _ina219_bus import (
    ADDRESS,
    BUS,
    POWER,
    READ_CLOCKS,
    SHUNT,
    WRITE_CLOCKS,
    Ina219Bus,
    our_bus,
    stand_in_for_the_kernel,
)
from _ina219_peers import adafruit_ina219, pi_ina219
from _rows import Row, at_least, median_ratio, side_by_side

from harness.clock import run
from harness.devices._tap import Tap
from harness.devices.ina219 import INA219
from harness.store.trace_log import Metered, TraceLog

_ROUNDS = 9
# What a sampler hands on at a time.
_BATCH = 100

# The fastest clock that common hosts offer: Fast-mode Plus (NXP UM10204).
_FAST_PLUS_HZ = 1e6

_LEAST_OF_BARE = 0.7

# Adafruit's voltage and current are two words read and one written, and may be of a conversion that it gave before. Who
# knows them from the next reads three, and where a wire takes nearly all the time can only be so fast beside it.
_TWO_AND_ONE_OF_THREE = (2 * READ_CLOCKS + WRITE_CLOCKS) / (3 * READ_CLOCKS)
_LEAST = {"bare": _LEAST_OF_BARE, "1 MHz: adafruit, not stored": _TWO_AND_ONE_OF_THREE}

Work = Callable[[int], None]


def rows() -> list[Row]:
    """
    At 1 MHz; and on a bus that takes no time at all, which leaves nothing but the libraries' own work.
    """
    return [*_at("1 MHz", Ina219Bus(_FAST_PLUS_HZ), 3000), *_at("no wire", Ina219Bus(), 20_000)]


def _at(name: str, bus: Ina219Bus, samples: int) -> list[Row]:
    stand_in_for_the_kernel(bus)
    with tempfile.TemporaryDirectory() as folder:
        measures = _measures(bus, Path(folder))
        for work in measures.values():
            work(1)  # what is imported when it is needed first
        taken = side_by_side(_ROUNDS, {peer: partial(_a_second, work, samples) for peer, work in measures.items()})
    hz = {peer: statistics.median(each) for peer, each in taken.items()}
    told = [Row(name=f"{name}: {peer}", value=hz[peer], unit="/s") for peer in hz if peer != "ours"]
    for peer in [peer for peer in hz if peer != "ours"]:
        ratio = median_ratio(taken["ours"], taken[peer])
        row = Row(name=f"{name}: ours beside {peer}", value=hz["ours"], unit="/s", ratio=ratio)
        least = _LEAST.get(peer, _LEAST.get(f"{name}: {peer}", 1.0))
        told.append(row if peer == _OUR_BUS else at_least(least, row))
    return told


# What our own bus saves is ours: this one is only shown.
_OUR_BUS = "bare, by our bus"


def _measures(bus: Ina219Bus, folder: Path) -> dict[str, Work]:
    pi, adafruit, ours = pi_ina219(bus), adafruit_ina219(bus), our_bus(folder)
    return {
        "bare": partial(_bare, bus),
        _OUR_BUS: partial(_bare, ours),
        "pi-ina219, not stored": partial(_asked, lambda: (pi.voltage(), pi.current())),
        "adafruit, not stored": partial(_asked, lambda: (adafruit.bus_voltage, adafruit.current)),
        "pi-ina219, stored": partial(_written, folder / "pi.csv", partial(_pi_conversion, pi)),
        "adafruit, stored": partial(_written, folder / "adafruit.csv", partial(_adafruit_conversion, adafruit)),
        "ours": _Stored(ours, folder),
    }


def _a_second(work: Work, samples: int) -> float:
    start_s = time.process_time()
    work(samples)
    return samples / (time.process_time() - start_s)


def _bare(bus: Any, samples: int) -> None:
    read = bus.read_word_data
    for _ in range(samples):
        read(ADDRESS, BUS)
        read(ADDRESS, SHUNT)
        read(ADDRESS, POWER)


def _asked(question: Callable[[], object], samples: int) -> None:
    for _ in range(samples):
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


def _written(path: Path, conversion: Callable[[], tuple[float, float]], samples: int) -> None:
    """
    What their users do: a line of CSV, with the moments before and after.
    """
    with path.open("w", encoding="utf-8") as file:
        rows = csv.writer(file)
        for number in range(samples):
            before_ns = time.monotonic_ns()
            taken = conversion()
            rows.writerow((number, before_ns, time.monotonic_ns(), *taken))


class _Stored:
    """
    What a sampler's thread does with a conversion, and what the trace's does with it: here in one thread.
    """

    def __init__(self, bus: Any, folder: Path) -> None:
        self._folder = folder
        self._meter = INA219("monitor", INA219.Config(), bus)
        run(self._meter.open)

    def __call__(self, samples: int) -> None:
        meters = {"monitor": Metered(kind="ina219")}
        log = TraceLog(self._folder, run_id="bench", rig="bench", meters=meters, virtual=True)
        tap = Tap(self._meter, lambda call, *arguments: None, _must_not, _must_not)
        tap.begin()
        for number in range(1, samples + 1):
            tap.look()
            if number % _BATCH == 0:
                log.take("monitor", self._meter.scale, tap.recent.settle())
        tap.close()
        assert (log.notes, log.close()) == ((), ())
        rate = tap.rate()
        assert (rate.conversions, rate.failures) == (samples, 0)


def _must_not(problem: str) -> None:
    raise RuntimeError(problem)
