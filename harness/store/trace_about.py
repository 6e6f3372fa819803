"""
What a trace says of itself: whose it is, and how much of it there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import quote

from ..model.instant import NS_PER_S, Instant
from .trace_marks import Mark

# The folder of the traces in a run's folder, and the endings in it: while it grows, when it is closed, its pyramid.
FOLDER = "trace"
STREAM, CLOSED, PYRAMID = ".arrows", ".parquet", ".pyramid"

_KEY = "crashbench"


def trace_path(run: Path, meter: str, ending: str) -> Path:
    """
    Where a meter's trace is in a run's folder; whatever the meter is called, it is one file's name.
    """
    return run / FOLDER / (quote(meter, safe="") + ending)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """
    Whose trace it is: the run, its rig, the meter and its kind, the DUT on whose rail it is (or nothing), and how many
    samples a second were asked of it (0: nobody said).
    """

    run: str
    rig: str
    meter: str
    kind: str = ""
    dut: str = ""
    asked_per_s: float = 0.0

    def metadata(self) -> dict[str, str]:
        """
        The same as words, for a file's metadata.
        """
        return {name: str(value) for name, value in asdict(self).items()}

    @classmethod
    def of(cls, metadata: Mapping[bytes, bytes]) -> About:
        """
        What a file's metadata says. Raises KeyError or ValueError when it is not one of ours.
        """
        words = {field.name: metadata[field.name.encode()].decode() for field in fields(cls)}
        return cls(**{**words, "asked_per_s": float(words["asked_per_s"])})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """
    How much of a trace there is: from when to when (nanoseconds), how many rows, how many of them are good samples and
    how many overflowed their meter (the rest are gaps of one kind or another), and how many conversions are missing.
    """

    first_ns: int = 0
    last_ns: int = 0
    rows: int = 0
    good: int = 0
    overflowed: int = 0
    missed: int = 0

    def __add__(self, later: Extent) -> Extent:
        if not self.rows or not later.rows:
            return self if self.rows else later
        return Extent(
            first_ns=min(self.first_ns, later.first_ns),
            last_ns=max(self.last_ns, later.last_ns),
            rows=self.rows + later.rows,
            good=self.good + later.good,
            overflowed=self.overflowed + later.overflowed,
            missed=self.missed + later.missed,
        )

    @property
    def span(self) -> Instant:
        """
        From the first sample's beginning to the last one's end.
        """
        return Instant(self.first_ns, self.last_ns)

    @property
    def reached_per_s(self) -> float:
        """
        Good samples a second over the whole of it.
        """
        length_ns = self.last_ns - self.first_ns
        return self.good * NS_PER_S / length_ns if length_ns else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """
    What is known of a trace once it is closed; `scales` are volts and amperes per step, in the order they were set.
    """

    about: About
    extent: Extent
    scales: tuple[tuple[float, float], ...] = ()


def closing_words(closings: Iterable[Closing], marks: Iterable[Mark]) -> dict[str, str]:
    """
    A closed file's metadata: one key, so that it is never mistaken for somebody else's, with JSON.
    """
    meters = {}
    for closing in closings:
        about = asdict(closing.about)
        meter = about.pop("meter")
        meters[meter] = {
            **about,
            **asdict(closing.extent),
            "reached_per_s": closing.extent.reached_per_s,
            "scales": [{"bus_lsb_v": bus, "current_lsb_a": current} for bus, current in closing.scales],
        }
    return {_KEY: json.dumps({"meters": meters, "marks": [mark._asdict() for mark in marks]})}


def closings(metadata: Mapping[bytes, bytes]) -> list[Closing]:
    """
    What a closed file's metadata says. Raises KeyError, TypeError or ValueError when it is not one of ours.
    """
    meters = json.loads(metadata[_KEY.encode()])["meters"]
    return [
        Closing(
            about=About(
                meter=meter, **{field.name: words[field.name] for field in fields(About) if field.name != "meter"}
            ),
            extent=Extent(**{field.name: words[field.name] for field in fields(Extent)}),
            scales=tuple((scale["bus_lsb_v"], scale["current_lsb_a"]) for scale in words["scales"]),
        )
        for meter, words in meters.items()
    ]


def told(about: About, extent: Extent) -> str:
    """
    One sentence on a trace's quality.

    >>> about = About(run="a", rig="sim", meter="monitor", asked_per_s=1000)
    >>> told(about, Extent(first_ns=0, last_ns=2 * 10**9, rows=1993, good=1990, overflowed=2, missed=8))
    'asked 1000 samples/s, reached 995/s; 8 of 2,000 are missing, 2 of 2,000 were more than the meter can measure'
    """
    asked = f"asked {about.asked_per_s:.5g} samples/s, " if about.asked_per_s else ""
    missing, overflowed = extent.missed, extent.overflowed
    of = f"{extent.good + overflowed + missing:,}"
    parts = [f"{missing:,} of {of} are missing" if missing else "nothing is missing"]
    if overflowed:
        parts.append(f"{overflowed:,} of {of} were more than the meter can measure")
    return f"{asked}reached {extent.reached_per_s:.5g}/s; {', '.join(parts)}"
