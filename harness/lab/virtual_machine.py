"""
Where the MicroPython is that virtual boards run on.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..config.data import data
from ..errors import BenchError

PACKAGE = "@micropython/micropython-webassembly-pyscript"
VARIABLE = "CRASHBENCH_VM"


def node_modules() -> Path:
    """
    The folder that holds the npm package: CRASHBENCH_VM, or else `vm/node_modules` in CRASHBENCH_HOME, in the Python
    environment, or in the checkout's `.crashbench`. Raises BenchError, with the cure, when none does.
    """
    if given := os.environ.get(VARIABLE):
        places = [Path(given)]
    else:
        folders = [os.environ.get("CRASHBENCH_HOME"), sys.prefix, data("firmware").parent / ".crashbench"]
        places = [Path(folder) / "vm" / "node_modules" for folder in folders if folder]
    found = next((place for place in places if (place / PACKAGE).is_dir()), None)
    if found is None:
        seen = ", ".join(map(str, places))
        cure = f"run `npm install --prefix {Path(sys.prefix, 'vm')} {PACKAGE}`, or `make drill` in a checkout"
        raise BenchError(f"the virtual board needs MicroPython, which is not in {seen}; {cure}")
    return found.absolute()
