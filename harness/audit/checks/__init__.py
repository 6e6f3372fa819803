"""
The checks: one file each, with a function `findings(seen)`. A file more is a check more; no list is edited.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from ...model.finding import Finding
from ..seen import Seen

BENCH = "bench"
"""The subject of what is about no device, but about the bench's own computer."""

Check = Callable[[Seen], Iterator[Finding]]


def checks() -> dict[str, Check]:
    """
    Every check by its name.
    """
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = {name: importlib.import_module(f".{name}", __package__) for name in names if not name.startswith("_")}
    return {name: cast(Check, module.findings) for name, module in modules.items()}


def judged(seen: Seen) -> list[Finding]:
    """
    What every check finds, sorted by what it is about: the devices in the rig's order, its DUTs, the bench itself.
    """
    order = {name: index for index, name in enumerate([*seen.rig.devices, *seen.rig.duts, BENCH])}
    found = [finding for check in checks().values() for finding in check(seen)]
    return sorted(found, key=lambda finding: order.get(finding.subject, len(order)))
