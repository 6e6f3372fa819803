"""
Imports point down only, libraries stay in their rooms: read off the syntax tree, so that nothing has to be imported.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "harness"

# From the top down. Names on one line are neighbours: they do not know of each other.
LAYERS = (
    ("cli", "host"),
    ("supervise",),
    ("assemble",),
    ("audit",),
    ("engine", "store", "reports"),
    ("figures",),
    ("faults", "probes"),
    ("devices", "sim", "lab", "wiring", "board"),
    ("forwarder", "netlink"),
    ("config", "plugins", "science"),
    ("protocols", "clock", "insist"),
    ("model",),
    ("errors",),
)
LEVEL = {name: len(LAYERS) - depth for depth, names in enumerate(LAYERS) for name in names}

# The few who do know a neighbour, and never the other way round.
KNOWS = {
    ("cli", "host"),  # `crashbench serve`
    ("lab", "sim"),  # the lab plays the same twins, in real time
    ("sim", "wiring"),  # played pin factories and the real one have one shape
    ("lab", "wiring"),
    ("sim", "board"),  # a played board runs the firmware
    ("lab", "board"),
    ("devices", "board"),  # a device may be a pin of the board
    ("config", "plugins"),  # a kind's Config is found by the kind's name
}

# Faults and probes ask protocols, whoever answers them; figures draw what was recorded.
NEVER = {
    (above, below)
    for above in ("faults", "probes", "figures")
    for below in ("devices", "sim", "lab", "wiring", "board", "forwarder", "netlink")
}

ROOMS = ("devices", "faults", "probes", "reports")
HARDWARE = ("devices", "wiring", "lab", "sim", "board")
ARROW = ("pyramid", "trace_columns", "trace_growth", "trace_pack", "trace_reading", "trace_rows", "trace_stream")
HOMES = {
    "pydantic": ("config", "host"),
    "fastapi": ("host",),
    "starlette": ("host",),
    "uvicorn": ("host",),
    "typer": ("cli",),
    "gpiozero": HARDWARE,
    "lgpio": HARDWARE,
    "pyroute2": ("netlink",),
    "mpremote": HARDWARE,
    "RPi": HARDWARE,
    "smbus2": HARDWARE,
    "serial": HARDWARE,
    "sqlalchemy": ("store/index.py",),
    "plotly": ("figures", "reports/_html_page.py"),
    "pyarrow": tuple(f"store/{name}.py" for name in ARROW),
}
STANDARD_LIBRARY_ONLY = ("model", "errors")


def imports(path: str, source: str) -> Iterator[str]:
    """
    What a file of the package imports, wherever in it: `.devices.relay` for its own package, `httpx` for others.
    """
    here = path.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(ast.parse(source, path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] + (node.module.split(".") if node.module else [])
            # `from .. import plugins` names a module of the package, `from ..errors import BenchError` lies in one.
            yield from ("." + ".".join([*base, alias.name]) for alias in node.names)


def layer_of(parts: list[str]) -> str:
    """
    The layer that a path or an import belongs to: the first folder or module below the package.
    """
    return parts[0].removesuffix(".py")


def offences(path: str, source: str) -> list[str]:
    """
    What is wrong with the imports of the file at `path`, relative to the package.
    """
    found = []
    above = layer_of(path.split("/"))
    if above not in LEVEL and path != "__init__.py":
        found.append(f"{path}: the layers do not know '{above}'")
    for name in imports(path, source):
        found += _own(path, above, name) if name.startswith(".") else _foreign(path, above, name)
    return found


def _own(path: str, above: str, name: str) -> Iterator[str]:
    target = name.lstrip(".").split(".")
    below = layer_of(target)
    if below == "__version__":
        return
    if below not in LEVEL:
        yield f"{path}: imports {name}, which the layers do not know"
    elif below == above:
        if above in ROOMS and not target[1].startswith("_"):
            yield f"{path}: imports its neighbour {name}"
    elif (above, below) in NEVER or (LEVEL[below] >= LEVEL.get(above, 0) and (above, below) not in KNOWS):
        yield f"{path}: imports {name}, which is not below it"


def _foreign(path: str, above: str, name: str) -> Iterator[str]:
    library = name.split(".")[0]
    if library == "harness":
        yield f"{path}: imports {name} by its full name"
    if not any(path == home or above == home for home in HOMES.get(library, (above,))):
        yield f"{path}: imports {library}, whose home is {', '.join(HOMES[library])}"
    if above in STANDARD_LIBRARY_ONLY and library not in sys.stdlib_module_names:
        yield f"{path}: imports {library}; {above} is standard library only"


def test_every_import_of_the_package_points_down_and_every_library_is_at_home() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    assert files
    found = [o for file in files for o in offences(file.relative_to(PACKAGE).as_posix(), file.read_text("utf-8"))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("errors.py", "from .clock import now_ns"),
        ("model/trial.py", "from ..engine.trial import run"),
        ("model/trial.py", "from .. import clock"),
        ("model/trial.py", "import httpx"),
        ("errors.py", "import anyio"),
        ("faults/power_cut.py", "def f():\n    from ..devices.relay import Relay"),
        ("probes/http.py", "from ..wiring import pins"),
        ("faults/power_cut.py", "from ..probes import http"),
        ("faults/power_cut.py", "from .noop import Noop"),
        ("faults/power_cut.py", "from . import noop"),
        ("reports/junit.py", "from .markdown import Markdown"),
        ("reports/markdown.py", "import plotly.graph_objects as go"),
        ("figures/canvas.py", "from ..devices.relay import Relay"),
        ("figures/canvas.py", "from ..reports import load"),
        ("engine/trial.py", "from ..store.index import Index"),
        ("sim/pins.py", "from ..lab.client import Client"),
        ("wiring/pins.py", "from ..devices.relay import Relay"),
        ("board/link.py", "from ..devices.relay import Relay"),
        ("host/app.py", "from ..cli.main import main"),
        ("engine/trial.py", "from harness.model import trial"),
        ("engine/trial.py", "import harness.model.trial"),
        ("engine/trial.py", "import pydantic"),
        ("cli/main.py", "from fastapi import FastAPI"),
        ("host/app.py", "import typer"),
        ("faults/power_cut.py", "from gpiozero import OutputDevice"),
        ("store/events.py", "import sqlalchemy as sa"),
        ("store/index/tables.py", "import sqlalchemy as sa"),
        ("store/trace_log.py", "import pyarrow as pa"),
        ("attic/old.py", ""),
        ("attic.py", ""),
        ("engine/trial.py", "from ..attic import old"),
    ],
)
def test_a_wrong_import_is_seen(path: str, source: str) -> None:
    assert len(offences(path, source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("__init__.py", "from importlib.metadata import version"),
        ("model/trial.py", "from .instant import Instant\nfrom ..errors import BenchError\nimport math"),
        (
            "faults/power_cut.py",
            "from ._insist import insist\nfrom . import _insist\nfrom ..protocols import PowerSwitch",
        ),
        ("lab/server.py", "from ..sim.world import World"),
        ("devices/board_relay.py", "from ..board.link import Link\nimport serial"),
        ("cli/serve.py", "from ..host.app import app\nimport typer\nfrom .. import __version__"),
        ("store/index.py", "import sqlalchemy as sa"),
        ("config/rig.py", "from .. import plugins\nimport pydantic"),
        ("science/judge.py", "from .binomial import bound"),
    ],
)
def test_a_right_import_is_let_through(path: str, source: str) -> None:
    assert offences(path, source) == []
