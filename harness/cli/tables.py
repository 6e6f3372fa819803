"""
Tables on stdout.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

# Where no terminal sets it: no cell is folded.
_WIDE = 320


def print_table(table: Table) -> None:
    """
    Prints a table: as wide as the terminal is, or as it needs where there is none.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    console.print(table, crop=False)
