"""
A day and more at 1,000 samples a second: how long it takes to open a trace of 10^8 samples and to make the first
picture of it, beside one of 10^5. Each in a process of its own that has imported its libraries, and no more.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from _rows import Row, at_most, median_ratio, side_by_side
from _synthetic import build

_LONG, _SHORT = 10**8, 10**5
_ROUNDS = 5
_LIMIT_S = 1.0

_PICTURE = """
import sys, time
from pathlib import Path
import plotly.graph_objects as go
import harness.store.trace_reading
from harness.store.trace_file import open_traces

start_s = time.perf_counter()
(trace,) = open_traces(Path(sys.argv[1])).values()
span = trace.span
middle_ns, quarter_ns = (span.earliest_ns + span.latest_ns) // 2, span.width_ns // 4
from_ns, to_ns = (span.earliest_ns, span.latest_ns) if sys.argv[2] == "all" else (middle_ns, middle_ns + 10**10)
seen = trace.overview(from_ns, to_ns, 2000)
figure = go.Figure()
for name in ("bus_v_min", "bus_v_mean", "bus_v_max", "current_a_min", "current_a_mean", "current_a_max"):
    figure.add_scatter(x=list(seen.start_ns), y=list(getattr(seen, name)), name=name)
picture = figure.to_json()
assert len(picture) > 10_000
print(time.perf_counter() - start_s)
"""


def rows() -> list[Row]:
    """
    All of it in 2,000 points; then ten seconds from its middle.
    """
    with tempfile.TemporaryDirectory() as folder:
        long, short = Path(folder) / "long", Path(folder) / "short"
        start_s = time.perf_counter()
        build(long, _LONG)
        build_s = time.perf_counter() - start_s
        build(short, _SHORT)
        size = sum(path.stat().st_size for path in long.rglob("*") if path.is_file())
        what = {"short": (short, "all"), "long": (long, "all"), "near": (long, "ten seconds")}
        taken = side_by_side(_ROUNDS, {name: partial(_picture_s, *asked) for name, asked in what.items()})
    return [
        Row(name="closing 10^8 samples, pyramid included", value=_LONG / build_s, unit="samples/s"),
        Row(name="their size on the disk", value=size / _LONG, unit="bytes/sample"),
        Row(name="first picture of 10^5", value=statistics.median(taken["short"]), unit="s"),
        _beside(taken, "long", "first picture of 10^8, beside that"),
        _beside(taken, "near", "ten seconds of 10^8, beside that"),
        at_most(
            1,
            Row(
                name="first picture of 10^8, beside one second",
                value=statistics.median(taken["long"]),
                unit="s",
                ratio=statistics.median(taken["long"]) / _LIMIT_S,
            ),
        ),
    ]


def _beside(taken: dict[str, list[float]], name: str, told: str) -> Row:
    ratio = median_ratio(taken[name], taken["short"])
    return at_most(2, Row(name=told, value=statistics.median(taken[name]), unit="s", ratio=ratio))


def _picture_s(run: Path, stretch: str) -> float:
    command = [sys.executable, "-c", _PICTURE, str(run), stretch]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
