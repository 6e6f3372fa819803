"""
Room for records: a run that fills the disk loses its end.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ..seen import Seen
from . import BENCH

# A meter at a thousand samples a second writes some 100 MB an hour.
_SCARCE, _TOO_LITTLE = 2_000_000_000, 200_000_000


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row.
    """
    try:
        free = shutil.disk_usage(seen.host.records).free
    except OSError as error:
        yield Finding(check="disk", subject=BENCH, measured=f"{seen.host.records}: {error.strerror}", grade=Grade.FAIL)
        return
    grade = Grade.OK if free >= _SCARCE else Grade.WARN if free >= _TOO_LITTLE else Grade.FAIL
    yield Finding(
        check="disk",
        subject=BENCH,
        measured=f"{free / 1e9:.1f} GB free for records in {seen.host.records}",
        grade=grade,
        advice="" if grade is Grade.OK else "`crashbench prune`, or CRASHBENCH_HOME on another disk",
    )
