"""
Becomes another program that dies with its parent: `leash.py PARENT_PID [--netns FD] PROGRAM ARGUMENT…`. Run by path.

A killed lab cannot end its units itself, so the kernel does. Elsewhere than on Linux the units see only the end of
their standard input. With a descriptor of a network namespace the program runs in that one.
"""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h; outlives execve
_CLONE_NEWNET = 0x40000000  # linux/sched.h


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
        if argv[0] == "--netns":
            _, number, *argv = argv
            if ctypes.CDLL(None).setns(int(number), _CLONE_NEWNET) != 0:
                sys.exit("leash: the network namespace cannot be entered")
    os.execv(argv[0], argv)


if __name__ == "__main__":
    main()
