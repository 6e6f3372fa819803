"""
The node's README tells of everything that the node has.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.edge_node.playing import NODE, Run, module, until
from tests.edge_node.test_battery import Bus, bus

__all__ = ["bus"]

pytestmark = pytest.mark.lab

MOST_LINES = 800

README = (NODE.parent / "README.md").read_text("utf-8")


def test_it_tells_of_every_option_and_default() -> None:
    told = subprocess.run([sys.executable, str(NODE), "--help"], capture_output=True, text=True, check=True).stdout
    for option in set(re.findall(r"--[a-z][a-z-]+", told)) - {"--help"}:
        assert f"`{option}" in README
    rows = [line for line in README.splitlines() if line.startswith("| `--")]
    for option in module("edge_node").command_line()._actions:
        if option.metavar and not option.choices:
            (row,) = [row for row in rows if f"`{option.option_strings[0]} {option.metavar}`" in row]
            assert str(option.default or "") in row


def test_it_tells_of_every_defect_and_no_other() -> None:
    rows = README[README.index("## Defects") :]
    told = re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]+)\|", rows, re.M)))
    assert set(told) == set(module("edge_node").DEFECTS)


def test_it_is_read_in_one_sitting() -> None:
    """
    Lines of code, without comments, docstrings and what is blank: more is to be taken out elsewhere.
    """
    assert sum(map(code_lines, NODE.parent.glob("*.py"))) <= MOST_LINES


def code_lines(path: Path) -> int:
    source = path.read_text("utf-8")
    texts = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr)]
    docstrings = {
        line
        for text in texts
        if isinstance(text.value, ast.Constant)
        for line in range(text.lineno, (text.end_lineno or 0) + 1)
    }
    lines = enumerate(source.splitlines(), 1)
    return sum(bool(text.strip()) and text.strip()[0] != "#" and number not in docstrings for number, text in lines)


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
    for name in re.findall(r"^edge_node_(\w+)", node.ask("GET", "/metrics").text, re.M):
        assert f"`{name}`" in README
    for path in ("content", "items", "update", "session", "audit", "records", "health", "metrics"):
        assert re.search(rf"`(GET|POST) /{path}", README)
