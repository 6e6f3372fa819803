"""
Links on a kernel that has no packet filter: what needs none works.
"""

from __future__ import annotations

import errno
from typing import Any

import pytest
from pyroute2.netlink.exceptions import NetlinkError

from harness.errors import BenchError
from harness.model.link import CLEAR, LinkShape
from harness.netlink import nft
from harness.netlink.interface import Interface
from harness.netlink.veth import Wire
from tests.netlink.spaces import ROOT, cable, end_of


class NoFilter:
    """
    Has a socket to speak to the packet filter by, and nobody who listens.
    """

    def __init__(self, **_: Any) -> None: ...

    def table(self, command: str, **_: Any) -> None:
        raise NetlinkError(errno.EOPNOTSUPP)

    def close(self) -> None: ...


def silent(**_: Any) -> NoFilter:
    raise OSError(errno.EPROTONOSUPPORT, "Protocol not supported")


@pytest.fixture(params=[(True, NoFilter), (False, silent)], ids=["no nf_tables", "no netfilter"], autouse=True)
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    is_spoken_to, tables = request.param
    monkeypatch.setattr(nft, "_is_spoken_to", lambda: is_spoken_to)
    monkeypatch.setattr(nft, "NFTables", tables)


def test_there_is_nothing_to_clear() -> None:
    nft.clear(Interface("nowhere0"))
    nft.shape(Interface("nowhere0"), CLEAR)


@pytest.mark.lab
@ROOT
def test_a_cable_is_cut_and_joined() -> None:
    with cable() as (one, two):
        wire = Wire("fibre", one.call, two.call, one.call)
        for shape in (LinkShape(is_down=True), CLEAR):
            wire.shape(shape)
            assert wire.carrier() is not shape.is_down


@pytest.mark.lab
@ROOT
def test_a_loss_is_refused_in_words() -> None:
    with cable() as (one, _), pytest.raises(BenchError, match="fibre: its packets cannot be dropped: this kernel has"):
        nft.shape(end_of(one), LinkShape(loss_ratio=0.1))
