"""
A process and all that came from it, killed as by a power cut: at once, and with no time to say anything.

Its process group is not enough: PostgreSQL's backends, for one, each lead a session of their own, and would see their
parent die and go on to answer whoever they were talking to.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

# Where a kernel has them (CONFIG_PROC_CHILDREN), as most do.
_LIST = "/proc/thread-self/children"


def cut(pid: int) -> None:
    """
    Kills a process that leads its own group, the group, and, on Linux, whatever descends from it.

    They are stopped first, parents before their children: who is stopped starts no other one meanwhile, and sees nobody
    die.
    """
    doomed = [pid]
    _send(pid, signal.SIGSTOP)
    while sys.platform == "linux" and (more := _descendants(doomed)):
        for child in more:
            _send(child, signal.SIGSTOP)
        doomed += more
    # In a session of its own it leads a group, with whoever lost his parent before.
    with suppress(ProcessLookupError, PermissionError):  # it is being reaped; macOS says EPERM then
        os.killpg(pid, signal.SIGKILL)
    for child in doomed:
        _send(child, signal.SIGKILL)


def _descendants(known: list[int]) -> list[int]:
    """
    Those who descend from any of them, and are none of them, parents first.
    """
    children = _children if os.path.exists(_LIST) else _children_looked_for
    found, seen = [], set(known)
    queue = list(known)
    while queue:
        new = [child for child in children(queue.pop(0)) if child not in seen]
        found += new
        queue += new
        seen.update(new)
    return found


def _children(pid: int) -> list[int]:
    """
    What it has started, each of its threads; nothing when it is gone.
    """
    found: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += map(int, file.read().split())
    return found


def _children_looked_for(pid: int) -> list[int]:
    """
    The same where the kernel keeps no such lists: it takes ten times as long.
    """
    return [int(entry) for entry in os.listdir("/proc") if entry.isdecimal() and _parent(entry) == pid]


def _parent(entry: str) -> int | None:
    try:
        with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
            # Behind the program's name in brackets: the state, then the parent (proc_pid_stat(5)).
            return int(file.read().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None  # it ended a moment ago, or is hidden from us


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
