"""
Packets that the kernel's packet filter drops at random, where there is no netem: of what comes in by an interface.
"""

from __future__ import annotations

import errno
import socket
import struct
from contextlib import closing
from typing import Any

from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.nftables.main import NFTables

from ..errors import BenchError
from ..model.link import LinkShape
from ._talk import codes, told
from .able import without
from .interface import Interface
from .namespaces import inside

# linux/netfilter.h and linux/netfilter/nf_tables.h.
_INET, _ACCEPT, _DROP = 1, 1, 0
_IIFNAME, _EQUAL, _LESS, _RANDOM, _HTON = 6, 0, 2, 1, 1
_NAME_BYTES = 16

_OF = 1_000_000

# linux/netlink.h: what the packet filter is spoken to by.
_NETLINK_NETFILTER = 12

# What it says when there is no such table, or no nf_tables to have one.
_NOTHING = (errno.ENOENT, errno.EOPNOTSUPP)

_ABSENT = {errno.EOPNOTSUPP: "this kernel has no nf_tables", errno.ENOENT: "this kernel's nf_tables lacks a part"}


def cannot() -> dict[str, str]:
    """
    What of a `LinkShape` cannot be done this way here, each with the reason.
    """
    refused = {
        "refuse": "a packet filter that drops does so in silence",
        **dict.fromkeys(("latency", "jitter"), "a packet filter drops packets, and cannot keep them back; use netem"),
        **dict.fromkeys(("rate", "corrupt", "duplicate", "reorder"), "a packet filter drops packets, and no more"),
        **dict.fromkeys(("reset", "stall"), "a packet filter knows packets here, not connections; use a relay"),
    }
    if not _is_spoken_to() or without("nf_tables", "CONFIG_NF_TABLES"):
        refused |= dict.fromkeys(("down", "loss"), "this kernel has no nf_tables")
    elif without("nft_numgen", "CONFIG_NFT_NUMGEN"):
        refused["loss"] = "this kernel has no nft_numgen"
    return refused


def table_of(interface: Interface) -> str:
    """
    The table in which our rule for an interface is, and nothing else.
    """
    return f"crashbench_{interface.name}"


def shape(interface: Interface, shape: LinkShape) -> None:
    """
    Drops a share of what comes in by the interface, or all of it, whatever was asked before. Raises BenchError.
    """
    clear(interface)
    ratio = 1.0 if shape.is_down else shape.loss_ratio
    if not ratio:
        return
    name, refused = table_of(interface), f"{interface.name}: its packets cannot be dropped"
    if not _is_spoken_to():
        raise BenchError(f"{refused}: {_ABSENT[errno.EOPNOTSUPP]}")
    with interface.opened(), closing(NFTables(nfgen_family=_INET)) as nft:
        try:
            with told(refused, _ABSENT):
                nft.table("add", name=name)
                nft.chain("add", table=name, name="loss", hook="prerouting", type="filter", policy=_ACCEPT)
                nft.rule("add", table=name, chain="loss", expressions=[_rule(interface.name, ratio)])
        except BenchError:
            _delete(nft, name)
            raise


def clear(interface: Interface) -> None:
    """
    Deletes our rule. Raises BenchError; one that is not there is none, nor one that could not be.
    """
    if not _is_spoken_to():
        return
    with inside(interface.netns), closing(NFTables(nfgen_family=_INET)) as nft:
        _delete(nft, table_of(interface))


def is_clear(interface: Interface) -> bool:
    """
    Whether nothing of ours is there. Raises BenchError.
    """
    if not _is_spoken_to():
        return True
    with inside(interface.netns), closing(NFTables(nfgen_family=_INET)) as nft:
        return table_of(interface) not in {table.get_attr("NFTA_TABLE_NAME") for table in nft.get_tables()}


def _is_spoken_to() -> bool:
    """
    Whether this kernel has anything to speak to about packets.
    """
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER).close()
    except OSError as error:
        return error.errno != errno.EPROTONOSUPPORT
    return True


def _delete(nft: Any, name: str) -> None:
    try:
        nft.table("del", name=name)
    except NetlinkError as error:
        if codes(error) not in _NOTHING:
            raise BenchError(f"the table '{name}' cannot be deleted: {error}") from error


def _rule(interface: str, ratio: float) -> list[Any]:
    """
    `iifname NAME numgen random mod 1000000 < N drop`, in the filter's own instructions.
    """
    name = interface.encode().ljust(_NAME_BYTES, b"\0")
    matched = [
        _instruction("meta", META_KEY=_IIFNAME, META_DREG=1),
        _instruction("cmp", CMP_SREG=1, CMP_OP=_EQUAL, CMP_DATA=_data(name)),
    ]
    drawn = [
        _instruction("numgen", NG_DREG=1, NG_MODULUS=_OF, NG_TYPE=_RANDOM, NG_OFFSET=0),
        # It comes in the machine's order, and is compared in the network's.
        _instruction("byteorder", **{f"BYTEORDER_{key}": value for key, value in _TURNED.items()}),
        _instruction("cmp", CMP_SREG=1, CMP_OP=_LESS, CMP_DATA=_data(struct.pack(">I", round(ratio * _OF)))),
    ]
    verdict = {"attrs": [("NFTA_DATA_VERDICT", {"attrs": [("NFTA_VERDICT_CODE", _DROP)]})]}
    dropped = [_instruction("counter"), _instruction("immediate", IMMEDIATE_DREG=0, IMMEDIATE_DATA=verdict)]
    return [*matched, *(drawn if ratio < 1 else []), *dropped]


_TURNED = {"SREG": 1, "DREG": 1, "OP": _HTON, "LEN": 4, "SIZE": 4}


def _instruction(name: str, **values: Any) -> dict[str, Any]:
    attributes = [(f"NFTA_{key}", value) for key, value in values.items()]
    return {"attrs": [("NFTA_EXPR_NAME", name), ("NFTA_EXPR_DATA", {"attrs": attributes})]}


def _data(value: bytes) -> dict[str, Any]:
    return {"attrs": [("NFTA_DATA_VALUE", value)]}
