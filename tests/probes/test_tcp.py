"""
The `tcp` probe: a port that accepts is well.
"""

from __future__ import annotations

import pytest

from harness import clock
from harness.probes.tcp import Tcp
from harness.protocols import NoAnswer
from tests.probes.services import made


class Port:
    """
    A port that accepts, or refuses.
    """

    name = "port"

    def __init__(self, *, accepts: bool) -> None:
        self._accepts = accepts

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def connect(self) -> None:
        if not self._accepts:
            raise NoAnswer("refused")


def test_a_port_that_accepts_is_well() -> None:
    assert clock.run(made(Tcp, Port(accepts=True)).ask, virtual=True) is True


def test_a_port_that_refuses_is_silence() -> None:
    with pytest.raises(NoAnswer):
        clock.run(made(Tcp, Port(accepts=False)).ask, virtual=True)


def test_whatever_listens_is_accepted() -> None:
    probe = made(Tcp, Port(accepts=True))
    assert probe.accepts("anything")
    assert not probe.accepts(None)
    assert probe.measured() == {}
