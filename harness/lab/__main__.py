"""
The lab as a process of its own, as `launch` starts it.
"""

from __future__ import annotations

import argparse
import functools
import sys

from .. import clock
from ..config.rig import load_rig
from ..errors import CrashbenchError
from .process import serve


def main() -> int:
    """
    Plays the rig that the command line names. The exit code says whose fault it was if it could not.
    """
    parser = argparse.ArgumentParser(description="Plays a rig's physical world.")
    parser.add_argument("--rig", required=True)
    parser.add_argument("--idle", type=float, metavar="SECONDS", help="end after so long without any client")
    arguments = parser.parse_args()
    try:
        clock.run(functools.partial(serve, load_rig(arguments.rig), idle_s=arguments.idle))
    except CrashbenchError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
