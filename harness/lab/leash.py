"""
Becomes another program that dies with its parent: `leash.py PARENT_PID PROGRAM ARGUMENT…`. Run by path.

A killed lab cannot end its units itself, so the kernel does. Elsewhere than on Linux the units see only the end of
their standard input.
"""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h; outlives execve


def main() -> None:
    """
    Puts this process on the leash, and becomes the program.
    """
    parent, *argv = sys.argv[1:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):
            sys.exit(1)  # it died before the leash was on
    os.execv(argv[0], argv)


if __name__ == "__main__":
    main()
