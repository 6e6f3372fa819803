"""
What this kernel can do to packets, as far as it says so before it is asked to.
"""

from __future__ import annotations

import gzip
import os
from functools import cache
from pathlib import Path


def without(module: str, option: str) -> bool:
    """
    Whether the kernel surely has neither that module nor that option. One that does not say is believed to have it:
    the attempt will tell.
    """
    if (Path("/sys/module") / module).exists():
        return False
    known = _options()
    if option in known:
        return known[option] == "n" or (known[option] == "m" and module not in _modules())
    return bool(_modules()) and module not in _modules()


@cache
def _options() -> dict[str, str]:
    """
    The kernel's configuration; empty when it does not show it.
    """
    try:
        text = gzip.decompress(Path("/proc/config.gz").read_bytes()).decode()
    except OSError:
        try:
            text = Path(f"/boot/config-{os.uname().release}").read_text(encoding="utf-8")
        except OSError:
            return {}
    options = {}
    for line in text.splitlines():
        if line.startswith("CONFIG_"):
            name, _, value = line.partition("=")
            options[name] = value
        elif line.startswith("# CONFIG_") and line.endswith(" is not set"):
            options[line.removeprefix("# ").removesuffix(" is not set")] = "n"
    return options


@cache
def _modules() -> frozenset[str]:
    """
    The modules that are built in or can be loaded; empty when nobody says.
    """
    folder = Path("/lib/modules") / os.uname().release
    names = set()
    for listing in ("modules.builtin", "modules.dep"):
        try:
            lines = (folder / listing).read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        names |= {Path(line.partition(":")[0]).name.partition(".")[0] for line in lines}
    return frozenset(names)
