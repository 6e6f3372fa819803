"""
Which of the node's servers are asked what, and in what order: without a server.
"""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.edge_node.playing import module

GONE = ConnectionError("gone")


class Servers:
    """
    A node's database with servers in these roles that answer as they are told, and who was asked.
    """

    def __init__(self, *roles: str, answers: dict[int, Any], defects: tuple[str, ...] = ()) -> None:
        self.asked: list[int] = []
        conninfos = [f"host=nowhere port={number}" for number in range(1, len(roles) + 1)]
        options = SimpleNamespace(defect=defects, state=Path("nowhere"), alert_url=[], name="node", database=conninfos)
        self.database = module("database").Database(module("part").Shared(options))
        for number, (server, role) in enumerate(zip(self.database._servers, roles, strict=True), 1):
            server.role = role
            server.query = self._answering(number, answers.get(number, GONE))

    def _answering(self, number: int, answer: Any) -> Any:
        async def query(*_: str) -> Any:
            self.asked.append(number)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return query

    def answer(self, method: str, path: str, **body: str) -> Any:
        """
        What the node answers.
        """
        request = module("web").Request(method, path, json.dumps(body).encode(), {})
        route = self.database.routes[method, "/items" if method == "POST" else "/items/"]
        return asyncio.run(route(request))


def test_a_write_goes_to_one_primary_and_to_no_other_though_that_says_it_is_one_too() -> None:
    servers = Servers("standby", "primary", "primary", answers={3: ("key",)}, defects=("no_write_retry",))
    with pytest.raises(ConnectionError):
        servers.answer("POST", "/items", key="key", value="value")
    assert servers.asked == [2]


def test_a_read_goes_to_the_standbys_in_turn_and_to_the_primary_last() -> None:
    servers = Servers("primary", "standby", "standby", answers={1: ("value",)})
    assert json.loads(servers.answer("GET", "/items/key").body) == {"key": "key", "value": "value"}
    assert servers.asked == [3, 2, 1]


def test_a_standby_that_has_no_such_item_may_be_behind() -> None:
    servers = Servers("primary", "standby", answers={1: None, 2: None})
    with pytest.raises(module("web").Problem) as problem:
        servers.answer("GET", "/items/key")
    assert (problem.value.response.status, servers.asked) == (HTTPStatus.NOT_FOUND, [2, 1])
