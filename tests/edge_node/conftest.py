"""
The played surroundings of a node, taken down after each test.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge_node.playing import Link, OnCall, Origin, Run, Running


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    started: list[Running] = []

    def start(*options: str) -> Running:
        started.append(Running(tmp_path, *options))
        return started[-1]

    yield start
    for running in started:
        running.kill()


@pytest.fixture
def origin() -> Iterator[Origin]:
    playing = Origin()
    yield playing
    playing.kill()


@pytest.fixture
def links(origin: Origin) -> Iterator[tuple[Link, Link]]:
    both = Link(origin.port), Link(origin.port)
    yield both
    for link in both:
        link.close()


@pytest.fixture
def on_call() -> Iterator[OnCall]:
    with OnCall() as server:
        yield server
        server.shutdown()


@pytest.fixture
def surroundings(links: tuple[Link, Link], on_call: OnCall) -> list[str]:
    """
    What a node is told of them, with fibre as its first uplink, and a quick pace.
    """
    fibre, lte = links
    uplinks = ["--uplink", f"fibre=127.0.0.1:{fibre.port}", "--uplink", f"lte=127.0.0.1:{lte.port}"]
    return ["--boot-s", "0", "--alert-url", on_call.url, "--sync-every-s", "0.2", "--warm-every-s", "0.2", *uplinks]
