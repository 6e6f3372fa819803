"""
A network interface.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyroute2 import IPRoute

from ..errors import BenchError
from ._talk import told
from .namespaces import inside
from .session import client

# linux/rtnetlink.h: IFLA_CARRIER is missing for an interface that is down.
_UP = 0x1


class Interface:
    """
    One interface by its name, here or in the network namespace `netns`. Each call opens its own socket, so that any
    thread may call, and nothing has to be closed. Raises BenchError.
    """

    def __init__(self, name: str, netns: str = "") -> None:
        self.name, self.netns = name, netns

    def set_up(self, is_up: bool) -> None:
        """
        Takes the interface down, as `ip link set NAME down`, or up again. What hangs on its other end loses its carrier
        where the driver turns its transmitter off, as a veth does.
        """
        with self.opened() as (ipr, index), told(f"{self.name}: cannot be set {'up' if is_up else 'down'}"):
            ipr.link("set", index=index, state="up" if is_up else "down")

    def carrier(self) -> bool:
        """
        Whether it is up, and its medium there.
        """
        with self.opened() as (ipr, index), told(f"{self.name}: cannot be looked at"):
            (link,) = ipr.get_links(index)
            return bool(link["flags"] & _UP) and link.get_attr("IFLA_CARRIER") == 1

    def whose(self) -> str:
        """
        What of the operator's hangs on it, or on what is built upon it: the default route, or the SSH session that this
        process is part of. Empty when nothing does.
        """
        with self.opened() as (ipr, index), told(f"{self.name}: its routes cannot be looked at"):
            upon = _upon(ipr, index)
            for route in ipr.get_default_routes():
                if route.get_attr("RTA_OIF") in upon:
                    return "the default route"
            address = "" if self.netns else client()
            if address and _way_to(ipr, address) in upon:
                return "your SSH session"
        return ""

    @contextmanager
    def opened(self) -> Iterator[tuple[Any, int]]:
        """
        A connection to its kernel, and its index there.
        """
        with inside(self.netns), IPRoute() as ipr:
            found = ipr.link_lookup(ifname=self.name)
            if not found:
                where = f" in {self.netns}" if self.netns else ""
                raise BenchError(f"there is no interface '{self.name}'{where}")
            yield ipr, found[0]


def _upon(ipr: Any, index: int) -> set[int]:
    """
    An interface, and what is built upon it: the bridge or the bond that it is part of, its VLANs, and theirs.
    """
    found, looked = set[int](), {index}
    links = ipr.get_links()
    while looked - found:
        found |= looked
        for link in links:
            if link["index"] in found:
                looked.add(link.get_attr("IFLA_MASTER") or index)
            # The other end of a veth is a peer, and may be in another namespace.
            if link.get_attr("IFLA_LINK") in found and _kind(link) != "veth":
                looked.add(link["index"])
    return found


def _kind(link: Any) -> str:
    told = link.get_attr("IFLA_LINKINFO")
    return "" if told is None else str(told.get_attr("IFLA_INFO_KIND"))


def _way_to(ipr: Any, address: str) -> int | None:
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    (route,) = ipr.route("get", dst=address, family=family)
    index = route.get_attr("RTA_OIF")
    return None if index is None else int(index)


def joined(name: str, address: str, peer: int) -> None:
    """
    Makes a pair of veth, both called `name`: one here with an address (`10.0.0.1/30`), up, the other in the namespace
    behind the descriptor `peer`, to be `addressed` there.
    """
    with IPRoute() as ipr, told(f"the veth pair '{name}' cannot be made"):
        ipr.link("add", ifname=name, kind="veth", peer={"ifname": name, "net_ns_fd": peer})
    addressed(name, address)


def addressed(name: str, address: str) -> None:
    """
    Gives an interface its address, and takes it up.
    """
    host, _, bits = address.partition("/")
    with IPRoute() as ipr, told(f"{name}: cannot be set up"):
        (index,) = ipr.link_lookup(ifname=name)
        ipr.addr("add", index=index, address=host, prefixlen=int(bits))
        ipr.link("set", index=index, state="up")
