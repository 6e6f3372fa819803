"""
Runs benchmarks, prints them as a table, and says by its exit code whether every ratio was met.

    python tests/bench [--json PATH] [NAME ...]

A benchmark is a file beside this one with a function `rows`; one that is added here is found by itself.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from _rows import Row
from rich.console import Console
from rich.table import Table

_MARKS = {True: "[green]yes[/]", False: "[red]NO[/]", None: ""}


def known() -> dict[str, str]:
    """
    The benchmarks by name, each with its module.
    """
    modules = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return {name.replace("_", "-"): name for name in modules if not name.startswith("_")}


def main() -> int:
    """
    Runs what the command line asks for; without a name, everything.
    """
    benchmarks = known()
    parser = argparse.ArgumentParser(prog="bench", description="Figures as ratios, taken side by side in one run.")
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(benchmarks))
    parser.add_argument("--json", metavar="PATH", type=Path, help="write the rows there, too")
    asked = parser.parse_args()
    for name in asked.names:
        if name not in benchmarks:
            parser.error(f"no benchmark '{name}'; known: {', '.join(benchmarks)}")
    console, taken = Console(), {}
    for name in asked.names or benchmarks:
        with console.status(name):
            module = importlib.import_module(benchmarks[name])
            taken[name] = module.rows()
        console.print(_table(name, module.__doc__, taken[name]))
    if asked.json is not None:
        asked.json.write_text(_json(taken), encoding="utf-8")
    missed = [f"{name}: {row.name}" for name, rows in taken.items() for row in rows if row.met is False]
    for line in missed:
        console.print(f"missed: {line}", style="red", markup=False)
    return 1 if missed else 0


def _table(name: str, doc: str | None, rows: list[Row]) -> Table:
    table = Table(title=name, caption=" ".join((doc or "").split()), title_justify="left", caption_justify="left")
    table.add_column("measure", overflow="fold")
    for column in ("value", "ratio", "target", "met"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.3g}"
        table.add_row(row.name, f"{row.value:,.4g} {row.unit}", ratio, row.target, _MARKS[row.met])
    return table


def _json(taken: dict[str, list[Row]]) -> str:
    told = {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "benchmarks": {name: [asdict(row) for row in rows] for name, rows in taken.items()},
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
