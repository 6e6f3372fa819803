"""
Importing lgpio without its side effects.
"""

from __future__ import annotations

import atexit
import importlib
import os
import shutil
import tempfile
from typing import Any


def load() -> Any:
    """
    The lgpio module. Its first import makes a FIFO in `LG_WD` and changes into that folder; we change back.

    Raises ImportError when it is not installed.
    """
    if "LG_WD" not in os.environ:
        # Else the FIFO lands in the working directory, and the import fails where that is read-only.
        folder = tempfile.mkdtemp(prefix="crashbench-lgpio-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["LG_WD"] = folder
    here = os.getcwd()
    try:
        return importlib.import_module("lgpio")
    finally:
        os.chdir(here)
