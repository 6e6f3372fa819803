"""
A server of a PostgreSQL cluster is up to date.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness import clock
from harness.errors import UsageError
from harness.model.drill import ProbeSpec
from harness.probes.cluster import Cluster
from harness.protocols import NoAnswer
from tests.faults.batteries import Cast


class Server:
    """
    A server at some place of its write-ahead log; without one it does not answer. A standby goes `pace` further with
    each look.
    """

    name = "server"

    def __init__(self, lsn: int | None, *, is_standby: bool = True, pace: int = 0) -> None:
        self.lsn, self.is_standby, self.pace = lsn, is_standby, pace

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def query(self, statement: str, *, timeout_s: float) -> list[tuple[Any, ...]]:
        await anyio.sleep(0.005)
        if self.lsn is None:
            raise NoAnswer("refused")
        self.lsn += self.pace
        return [(self.is_standby, self.lsn)]


def probe(server: Server, *others: Server) -> Cluster:
    config = Cluster.Config(others=tuple(f"n{number}" for number, _ in enumerate(others)))
    spec = ProbeSpec(name="c", kind="cluster", role="own", period_s=1, timeout_s=1.0, config=config)
    return Cluster(spec, Cast(own=server, **{f"n{number}": other for number, other in enumerate(others)}))


def answer(server: Server, *others: Server) -> tuple[bool, float]:
    """
    What one question says, and the most primaries that were seen with it.
    """
    found: list[tuple[bool, float]] = []

    async def main() -> None:
        cluster = probe(server, *others)
        found.append((await cluster.ask(), cluster.measured()["primaries_most"]))

    clock.run(main, virtual=True)
    return found[0]


def primary(lsn: int | None) -> Server:
    return Server(lsn, is_standby=False)


def test_a_standby_that_has_all_is_up_to_date() -> None:
    assert answer(Server(100), primary(100), Server(None)) == (True, 1)
    assert answer(Server(0, pace=20), primary(100), Server(50)) == (True, 1)


def test_a_standby_that_stays_behind_is_not() -> None:
    assert answer(Server(99), primary(100)) == (False, 1)


def test_who_does_not_answer_is_not() -> None:
    assert answer(Server(None), primary(100)) == (False, 1)


def test_who_follows_nobody_is_not() -> None:
    assert answer(Server(100), Server(100)) == (False, 0)


def test_the_primary_is_up_to_date_if_there_is_no_other_one() -> None:
    assert answer(primary(100), Server(50)) == (True, 1)
    assert answer(primary(100), primary(50)) == (False, 2)
    assert answer(Server(100), primary(100), primary(50)) == (False, 2)


def test_the_time_of_being_behind_holds_the_truth() -> None:
    async def main() -> None:
        standby = Server(100)
        cluster = probe(standby, primary(100))
        cluster.arm()
        assert cluster.quantities() == {}
        for second in range(20):
            standby.lsn = None if 5 <= second < 12 else 100
            await cluster.ask()
            await clock.sleep_until((second + 1) * clock.NS_PER_S)
        behind = cluster.quantities()["replica_caught_up_within"]
        assert behind.holds(7.0)
        assert behind.high is not None
        assert behind.high - behind.low < 2.1
        standby.lsn = None
        await cluster.ask()
        assert cluster.quantities()["replica_caught_up_within"].high is None

    clock.run(main, virtual=True)


@pytest.mark.parametrize("config", [{"others": ()}, {"others": ("a",), "each_s": 0.0}])
def test_what_cannot_be_is_the_callers_mistake(config: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Cluster.Config(**config)
