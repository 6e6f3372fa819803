"""
A dark unit's port stays its own.
"""

from __future__ import annotations

import socket
import sys

import pytest

from harness.lab.port import HOST, HeldPort

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the port is chosen, not held")


def test_a_held_port_refuses_connections_and_lets_its_unit_listen() -> None:
    held = HeldPort()
    with socket.socket() as client, pytest.raises(ConnectionRefusedError):
        client.connect((HOST, held.number))
    with socket.create_server((HOST, held.number)), socket.create_connection((HOST, held.number)):
        pass
    held.close()


def test_a_held_port_is_not_given_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first = HeldPort()
    offered = iter((first.number, first.number, 31_999, 31_998, 31_997))
    monkeypatch.setattr("random.choice", lambda _: next(offered))
    second = HeldPort()
    assert second.number != first.number
    first.close()
    second.close()
