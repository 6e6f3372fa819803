"""
The kernel's own emulator of bad links, `netem`, and its token bucket `tbf` for a rate: on what an interface sends.
"""

from __future__ import annotations

import errno
from typing import Any

from pyroute2.netlink.exceptions import NetlinkError

from ..errors import BenchError
from ..model.link import LinkShape
from ._talk import codes, told
from .able import without
from .interface import Interface

_ROOT, _NETEM, _TBF = 0xFFFFFFFF, 0x10000, 0x20000

# So much may go at once, and so long may wait: two full frames, and what a home router queues.
_BURST_BYTES = 3028
_QUEUE_S = 0.05

# 100 000 packets: a second of 1 Gbit/s; netem's default of 1000 would lose some of its own.
_LIMIT = 100_000

_ABSENT = {errno.ENOENT: "this kernel has no such queueing discipline (sch_netem, sch_tbf); load or build the module"}

# What `tc qdisc del` says when there is nothing to delete.
_NOTHING = (errno.EINVAL, errno.ENOENT)


def cannot() -> dict[str, str]:
    """
    What of a `LinkShape` cannot be done this way here, each with the reason.
    """
    refused = {
        "refuse": "netem drops packets in silence; it cannot refuse",
        "reset": "netem knows packets, not connections; a relay (`lab_link`) can reset",
        "stall": "netem knows packets, not answers; a relay (`lab_link`) can keep them back",
    }
    if without("sch_netem", "CONFIG_NET_SCH_NETEM"):
        for name in ("down", "latency", "jitter", "loss", "corrupt", "duplicate", "reorder"):
            refused[name] = "this kernel has no sch_netem"
    if without("sch_tbf", "CONFIG_NET_SCH_TBF"):
        refused["rate"] = "this kernel has no sch_tbf"
    return refused


def shape(interface: Interface, shape: LinkShape) -> None:
    """
    Has what the interface sends treated like that, whatever was asked before. Raises BenchError.

    `change` and `replace` would keep what they do not name: it is deleted, and added anew.
    """
    with interface.opened() as (ipr, index):
        _delete(ipr, index, interface.name)
        options = _options(shape)
        with told(f"{interface.name}: cannot be shaped", _ABSENT):
            if options:
                ipr.tc("add", "netem", index, _NETEM, parent=_ROOT, limit=_LIMIT, **options)
            if shape.rate_bps:
                # Behind netem, as its only class, or alone. pyroute2's own `rate` for netem is broken.
                parent = _NETEM | 1 if options else _ROOT
                bytes_a_second = max(1, round(shape.rate_bps / 8))
                held = {"burst": _BURST_BYTES, "latency": round(_QUEUE_S * 1e6)}
                ipr.tc("add", "tbf", index, _TBF, parent=parent, rate=bytes_a_second, **held)


def clear(interface: Interface) -> None:
    """
    Deletes whatever treats what the interface sends. Raises BenchError.
    """
    with interface.opened() as (ipr, index):
        _delete(ipr, index, interface.name)


def is_clear(interface: Interface) -> bool:
    """
    Whether nothing of ours is there. Raises BenchError.
    """
    with interface.opened() as (ipr, index), told(f"{interface.name}: cannot be looked at"):
        return not any(found.get_attr("TCA_KIND") in ("netem", "tbf") for found in ipr.get_qdiscs(index))


def _options(shape: LinkShape) -> dict[str, Any]:
    """
    As netem wants it: whole microseconds, and percents.
    """
    options: dict[str, Any] = {}
    if shape.is_down or shape.loss_ratio:
        options["loss"] = 100 if shape.is_down else 100 * shape.loss_ratio
    if shape.latency_s:
        options["delay"] = round(shape.latency_s * 1e6)
        options["jitter"] = round(shape.jitter_s * 1e6)
    if shape.corrupt_ratio:
        options["prob_corrupt"] = 100 * shape.corrupt_ratio
    if shape.duplicate_ratio:
        options["duplicate"] = 100 * shape.duplicate_ratio
    if shape.reorder_ratio:
        # Those that are reordered go at once, past the others: without a delay there is nothing to go past.
        options["prob_reorder"] = 100 * shape.reorder_ratio
        options.setdefault("delay", 10_000)
    return options


def _delete(ipr: Any, index: int, name: str) -> None:
    try:
        ipr.tc("del", index=index, parent=_ROOT, handle=0)
    except NetlinkError as error:
        if codes(error) not in _NOTHING:
            raise BenchError(f"{name}: its queueing discipline cannot be deleted: {error}") from error
