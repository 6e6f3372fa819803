"""
Importing lgpio without its side effects.
"""

from __future__ import annotations

import atexit
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def load() -> Any:
    """
    The lgpio module. Raises ImportError when it is not installed.
    """
    with out_of_the_way():
        return importlib.import_module("lgpio")


@contextmanager
def out_of_the_way() -> Iterator[None]:
    """
    Where lgpio may be imported for the first time, by us or by a library over it: that makes a FIFO in `LG_WD`, and
    changes into that folder; we change back.
    """
    if "lgpio" in sys.modules:
        yield
        return
    if "LG_WD" not in os.environ:
        # Else the FIFO lands in the working directory, and the import fails where that is read-only.
        folder = tempfile.mkdtemp(prefix="crashbench-lgpio-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["LG_WD"] = folder
    here = os.getcwd()
    try:
        yield
    finally:
        os.chdir(here)
