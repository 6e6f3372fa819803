"""
The node's README tells of everything that the node has.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.edge_node.playing import NODE, Run, module, until
from tests.edge_node.test_battery import Bus, bus

__all__ = ["bus"]

pytestmark = pytest.mark.lab

README = (NODE.parent / "README.md").read_text("utf-8")


def test_it_tells_of_every_option_and_default() -> None:
    told = subprocess.run([sys.executable, str(NODE), "--help"], capture_output=True, text=True, check=True).stdout
    for option in set(re.findall(r"--[a-z][a-z-]+", told)) - {"--help"}:
        assert f"`{option}" in README
    rows = [line for line in README.splitlines() if line.startswith("| `--")]
    for name, _, _, how in module("edge_node").OPTIONS:
        (row,) = [row for row in rows if f"`--{name} " in row]
        assert str(how.get("default") or "") in row


def test_it_tells_of_every_defect_and_no_other() -> None:
    rows = README[README.index("## Defects") :]
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]+)\|", rows, re.M)))) == set(module("node").DEFECTS)


def test_it_tells_of_everything_in_health_metrics_and_routes(
    run: Run, surroundings: list[str], bus: Bus, tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(b"key")
    node = run(
        *(*surroundings, "--gauge", str(bus.server_address), "--shed", "--key", str(tmp_path / "key")),
        *("--database", "host=127.0.0.1 port=1"),
    ).until_it_answers()
    until(lambda: node.says(cached=16))
    for name in node.health():
        assert f"`{name}`" in README or f'"{name}"' in README
    for name in re.findall(r"^# TYPE edge_node_(\w+)", node.ask("GET", "/metrics").text, re.M):
        assert f"`{name}`" in README
    for path in ("content", "items", "update", "session", "audit", "records", "health", "metrics"):
        assert re.search(rf"`(GET|POST) /{path}", README)
