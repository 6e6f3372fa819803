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

_ROOT = 0xFFFFFFFF

# Ours are known by their handles, which nobody takes by accident: people count from 1:, and the kernel from 8001:.
_NETEM, _TBF = 0xCBE0_0000, 0xCBF0_0000

# At a rate, two full frames may go at once (less would drop a full one); ten may wait, or 50 ms of them if that is
# more, as in a modem.
_AT_ONCE, _WAITING, _QUEUE_S = 2, 10, 0.05
_HEADER_BYTES = 18

# Times are told to the kernel in ticks of 64 ns, in 32 bits.
_LONGEST_S = 274.0

# 100 000 packets: a second of 1 Gbit/s; netem's default of 1000 would lose some of its own.
_LIMIT = 100_000

_REFUSED = {
    errno.ENOENT: "this kernel has no such queueing discipline (sch_netem, sch_tbf); load or build the module",
    errno.EEXIST: "it has a queueing discipline of its own, which ours would replace",
}

# What `tc qdisc del` says when nothing there has that handle, or nothing could have.
_NOTHING = (errno.EINVAL, errno.ENOENT, errno.EOPNOTSUPP)


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
    Has what the interface sends treated like that, whatever was asked of us before. Raises BenchError, also for an
    interface that somebody else treats.

    `change` and `replace` would keep what they do not name: ours is deleted, and added anew.
    """
    with interface.opened() as (ipr, index):
        _delete(ipr, index, interface.name)
        options, refused = _options(shape), f"{interface.name}: cannot be shaped"
        _check(refused, shape.latency_s + shape.jitter_s)
        with told(refused, _REFUSED):
            if options:
                ipr.tc("add", "netem", index, _NETEM, parent=_ROOT, limit=_LIMIT, **options)
            if shape.rate_bps:
                # Behind netem, as its only class, or alone. pyroute2's own `rate` for netem is broken.
                parent = _NETEM | 1 if options else _ROOT
                bucket = _bucket(ipr, index, shape.rate_bps / 8)
                _check(refused, bucket["burst"] / bucket["rate"])
                ipr.tc("add", "tbf", index, _TBF, parent=parent, **bucket)


def clear(interface: Interface) -> None:
    """
    Deletes what of ours treats what the interface sends, and nobody else's. Raises BenchError.
    """
    with interface.opened() as (ipr, index):
        _delete(ipr, index, interface.name)


def is_clear(interface: Interface) -> bool:
    """
    Whether nothing of ours is there. Raises BenchError.
    """
    with interface.opened() as (ipr, index), told(f"{interface.name}: cannot be looked at"):
        return not any(found["handle"] in (_NETEM, _TBF) for found in ipr.get_qdiscs(index))


def theirs(interface: Interface) -> str:
    """
    What of somebody else's treats what the interface sends, like `tbf 8001:`; empty for the kernel's own default, which
    has no handle. Raises BenchError.
    """
    with interface.opened() as (ipr, index), told(f"{interface.name}: cannot be looked at"):
        for found in ipr.get_qdiscs(index):
            if found["parent"] == _ROOT and found["handle"] not in (0, _NETEM, _TBF):
                return f"{found.get_attr('TCA_KIND')} {found['handle'] >> 16:x}:"
    return ""


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


def _bucket(ipr: Any, index: int, bytes_a_second: float) -> dict[str, int]:
    """
    As tbf wants it: what it does not let through at once, whatever is longer than its bucket, it drops.
    """
    (link,) = ipr.get_links(index)
    frame, rate = link.get_attr("IFLA_MTU") + _HEADER_BYTES, max(1, round(bytes_a_second))
    at_once, waiting = _AT_ONCE * frame, max(_WAITING * frame, round(_QUEUE_S * rate))
    return {"rate": rate, "burst": at_once, "limit": at_once + waiting}


def _check(refused: str, longest_s: float) -> None:
    if longest_s > _LONGEST_S:
        raise BenchError(f"{refused}: a packet would be kept back for more than the {_LONGEST_S:g} s that can be told")


def _delete(ipr: Any, index: int, name: str) -> None:
    for ours in (_NETEM, _TBF):
        try:
            ipr.tc("del", index=index, parent=_ROOT, handle=ours)
        except NetlinkError as error:
            if codes(error) not in _NOTHING:
                raise BenchError(f"{name}: our queueing discipline cannot be deleted: {error}") from error
