"""
The origin as a program: what an edge node finds there.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.edge_node.playing import ORIGIN, Origin, free_port, until

# Minutes of real processes: in the long form only.
pytestmark = [pytest.mark.lab, pytest.mark.soak]

Play = Callable[..., Origin]


@pytest.fixture
def play() -> Iterator[Play]:
    playing: list[Origin] = []

    def start(*options: str) -> Origin:
        playing.append(Origin(*options))
        return playing[-1]

    yield start
    for origin in playing:
        origin.kill()


def catalogue(origin: Origin) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = origin.ask("GET", "/catalogue").json()
    return items


def test_the_catalogue_names_what_the_content_is(play: Play) -> None:
    origin = play("--items", "6")
    items = catalogue(origin)
    assert [(item["id"], item["priority"]) for item in items[:5]] == [
        ("p0-0", "P0"),
        ("p1-0", "P1"),
        ("p2-0", "P2"),
        ("p3-0", "P3"),
        ("p0-1", "P0"),
    ]
    for item in items:
        content = origin.ask("GET", f"/content/{item['id']}").content
        assert (len(content), hashlib.sha256(content).hexdigest()) == (item["size"], item["sha256"])


def test_the_same_seed_gives_the_same_content(play: Play) -> None:
    first, second, other = play("--seed", "7"), play("--seed", "7"), play("--seed", "8")
    assert catalogue(first) == catalogue(second) != catalogue(other)
    for origin in (first, second):
        origin.ask("POST", "/change/p1-0")
    assert catalogue(first) == catalogue(second)


@pytest.mark.parametrize(("what", "count"), [("", 16), ("/P2", 4), ("/p0-1", 1)])
def test_a_change_gives_new_content_and_the_old_is_still_found_by_its_hash(play: Play, what: str, count: int) -> None:
    origin = play()
    before = catalogue(origin)
    assert len(origin.ask("POST", f"/change{what}").json()["changed"]) == count
    after = catalogue(origin)
    assert sum(one != other for one, other in zip(before, after, strict=True)) == count
    for item in (*before, *after):
        content = origin.ask("GET", f"/content/{item['id']}/{item['sha256']}").content
        assert hashlib.sha256(content).hexdigest() == item["sha256"]


def test_it_may_have_nothing_and_goes_on_saying_so(play: Play) -> None:
    origin = play("--items", "0", "--change-every-s", "0.01")
    for _ in range(5):
        assert catalogue(origin) == []


def test_it_changes_by_itself_when_told_to(play: Play) -> None:
    origin = play("--change-every-s", "0.05")
    before = catalogue(origin)
    until(lambda: all(one != other for one, other in zip(before, catalogue(origin), strict=True)))


def test_it_counts_what_came_in_over_which_way(play: Play) -> None:
    second = free_port()
    origin = play("--listen", f"127.0.0.1:{second}")
    first, origin.port = origin.port, second
    origin.ask("GET", "/content/p2-0")
    name = 'origin_requests_total{{listener="127.0.0.1:{}",uplink="",kind="content",priority="P2"}}'
    assert (origin.metric(name.format(second)), origin.metric(name.format(first))) == (1, None)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("GET", "/content/nothing"),
        ("GET", "/content/p0-0/0000"),
        ("POST", "/change/nothing"),
    ],
)
def test_what_is_not_there_is_not_found(play: Play, method: str, path: str) -> None:
    assert play().ask(method, path).status_code == 404


def test_it_ends_with_its_standard_input() -> None:
    command = [sys.executable, str(ORIGIN), "--listen", f"127.0.0.1:{free_port()}", "--until-eof"]
    assert subprocess.run(command, stdin=subprocess.DEVNULL, timeout=10).returncode == 0
