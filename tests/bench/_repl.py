"""
A port with a MicroPython REPL behind it: the one of the virtual board's MicroPython, without our firmware.
"""

from __future__ import annotations

import os
import subprocess
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.board.vm import node_path
from harness.lab.virtual_machine import node_modules


@contextmanager
def repl_port() -> Iterator[str]:
    """
    The path of the port; the REPL may need a moment before it answers.
    """
    master, slave = os.openpty()
    tty.setraw(slave)
    argv = [node_path(), str(Path(__file__).with_name("_repl.mjs")), str(node_modules())]
    process = subprocess.Popen(argv, stdin=master, stdout=master)
    os.close(master)
    try:
        yield os.ttyname(slave)
    finally:
        process.kill()
        process.wait()
        os.close(slave)
