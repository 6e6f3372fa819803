"""
Interfaces, queueing disciplines and packet filters of the real kernel, in namespaces of our own.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from harness.errors import BenchError
from harness.model.link import CLEAR, LinkShape
from harness.netlink import netem, nft
from harness.netlink.interface import Interface
from harness.netlink.namespaces import Namespace, inside, may_make
from tests.netlink.spaces import ROOT, cable, end_of

pytestmark = [pytest.mark.lab, ROOT]


def lost(one: Namespace, two: Namespace, count: int = 400) -> float:
    """
    Which share of UDP packets from one to two does not arrive.
    """
    near = one.call(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    far = two.call(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    with near, far:
        far.bind(("10.0.0.2", 0))
        far.setblocking(False)
        came = 0
        for _ in range(count):
            try:
                near.sendto(b"x", far.getsockname())
            except OSError:
                continue  # no carrier, no route
            try:
                far.recv(10)
                came += 1
            except BlockingIOError:
                continue  # a veth delivers within the call
    return 1 - came / count


def test_an_interface_that_is_down_takes_the_carrier_from_its_other_end() -> None:
    with cable() as (one, two):
        near, far = end_of(one), end_of(two)
        assert (near.carrier(), far.carrier()) == (True, True)
        far.set_up(False)
        assert (near.carrier(), far.carrier()) == (False, False)
        far.set_up(True)
        assert near.carrier()
        assert lost(one, two, 10) < 1  # the first may wait for the address to be found out


@pytest.mark.skipif("loss" in nft.cannot(), reason="this kernel has no nf_tables")
def test_a_share_of_what_comes_in_is_dropped_and_nothing_stays() -> None:
    with cable() as (one, two):
        far = end_of(two)
        lost(one, two, 5)
        assert lost(one, two) == 0
        nft.shape(far, LinkShape(loss_ratio=0.2))
        assert 0.12 < lost(one, two) < 0.28
        assert not nft.is_clear(far)
        nft.shape(far, LinkShape(is_down=True))
        assert lost(one, two, 50) == 1
        nft.shape(far, CLEAR)
        assert nft.is_clear(far)
        nft.clear(far)
        assert lost(one, two) == 0


@pytest.mark.skipif("latency" in netem.cannot(), reason="this kernel has no sch_netem")
def test_netem_is_deleted_and_added_anew() -> None:
    with cable() as (one, _):
        near = end_of(one)
        netem.shape(near, LinkShape(latency_s=0.01, corrupt_ratio=1.0))
        netem.shape(near, LinkShape(latency_s=0.01))
        assert not netem.is_clear(near)
        netem.clear(near)
        assert netem.is_clear(near)


@pytest.mark.skipif("rate" in netem.cannot(), reason="this kernel has no sch_tbf")
def test_a_rate_needs_no_netem() -> None:
    with cable() as (one, _):
        near = end_of(one)
        netem.shape(near, LinkShape(rate_bps=1e6))
        netem.shape(near, LinkShape(rate_bps=2e6))
        assert not netem.is_clear(near)
        netem.clear(near)
        netem.clear(near)
        assert netem.is_clear(near)


@pytest.mark.skipif("latency" not in netem.cannot(), reason="this kernel has sch_netem")
def test_a_kernel_without_netem_says_so_beforehand_and_when_it_is_asked_all_the_same() -> None:
    assert netem.cannot()["latency"] == "this kernel has no sch_netem"
    with cable() as (one, _), pytest.raises(BenchError, match="fibre: cannot be shaped: this kernel has no such"):
        netem.shape(end_of(one), LinkShape(latency_s=0.1))


def test_what_is_not_there_is_said_in_words() -> None:
    with cable() as (one, _):
        with pytest.raises(BenchError, match="there is no interface 'lte' in /proc/"):
            end_of(one, "lte").carrier()
        with pytest.raises(BenchError, match="there is no network namespace /run/netns/nowhere"):
            Interface("fibre", "nowhere").carrier()


def test_a_namespace_ends_with_its_maker_and_leaves_the_thread_where_it_was() -> None:
    here = os.readlink("/proc/thread-self/ns/net")
    with cable() as (one, _):
        there = one.call(lambda: os.readlink("/proc/thread-self/ns/net"))
        assert there != here
        with inside(f"/proc/{os.getpid()}/fd/{one.number}"):
            assert os.readlink("/proc/thread-self/ns/net") == there
        assert os.readlink("/proc/thread-self/ns/net") == here
        assert not (Path("/sys/class/net") / "fibre").exists()
    assert may_make() == ""


def test_what_hangs_on_an_interface_is_known() -> None:
    from pyroute2 import IPRoute

    with cable() as (one, _):
        assert end_of(one).whose() == ""

        def route() -> None:
            with IPRoute() as ipr:
                ipr.route("add", dst="default", gateway="10.0.0.2")

        one.call(route)
        assert end_of(one).whose() == "the default route"


def test_what_hangs_on_a_bridge_hangs_on_its_parts() -> None:
    with cable() as (one, two):
        with end_of(two).opened() as (ipr, index):
            ipr.addr("del", index=index, address="10.0.0.2", prefixlen=30)
            ipr.link("add", ifname="br0", kind="bridge")
            (bridge,) = ipr.link_lookup(ifname="br0")
            ipr.link("set", index=index, master=bridge)
            ipr.addr("add", index=bridge, address="10.0.0.2", prefixlen=30)
            ipr.link("set", index=bridge, state="up")
            assert end_of(two).whose() == ""
            ipr.route("add", dst="default", gateway="10.0.0.1")
        assert end_of(two).whose() == "the default route"
        assert end_of(one).whose() == ""
