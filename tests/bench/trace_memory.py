"""
The memory that a trace takes while it is written and while it is closed: the peak of a process that handles 10^7
samples, beside that of one that handles 10^6.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from _rows import Row, at_most

_FEW, _MANY = 10**6, 10**7

_WRITES_AND_CLOSES = """
import resource, sys
from pathlib import Path
from harness.model.trace import Sample, Scale
from harness.store.trace_about import STREAM, trace_path
from harness.store.trace_log import Metered, TraceLog
from harness.store.trace_pack import pack

run, many = Path(sys.argv[1]), int(sys.argv[2])
log = TraceLog(run, run_id="bench", rig="bench", meters={"monitor": Metered()}, virtual=True)
scale = Scale(1.25e-3, 2.5e-5)
for first in range(0, many, 1000):
    numbers = range(first, first + 1000)
    rows = [Sample(n, n * 10**6, n * 10**6 + 1_100_000, 4000 + n % 7, 1000 + n % 11) for n in numbers]
    log.take("monitor", scale, rows)
assert log.close() == ()
written = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pack(trace_path(run, "monitor", STREAM), [])
print(written, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

_KIB_PER_MIB = 1024


def rows() -> list[Row]:
    """
    Peaks of resident memory, libraries included.
    """
    (few_written, few_closed), (many_written, many_closed) = _peaks_mib(_FEW), _peaks_mib(_MANY)
    return [
        Row(name="10^6 samples, written", value=few_written, unit="MiB"),
        Row(name="10^6 samples, closed", value=few_closed, unit="MiB"),
        _flat("10^7 samples, written", many_written, few_written),
        _flat("10^7 samples, closed", many_closed, few_closed),
    ]


def _flat(name: str, many: float, few: float) -> Row:
    return at_most(1.1, Row(name=name, value=many, unit="MiB", ratio=many / few))


def _peaks_mib(samples: int) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", _WRITES_AND_CLOSES, str(Path(folder) / "run"), str(samples)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [int(kib) / _KIB_PER_MIB for kib in told.split()]
