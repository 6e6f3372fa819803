"""
From where the operator is logged in.
"""

from __future__ import annotations

import os
from pathlib import Path

_NAME = b"SSH_CONNECTION="


def client(proc: Path = Path("/proc")) -> str:
    """
    The address from which this process's SSH session comes; empty where there is none. Those who started this process
    are asked too, since sudo takes the variable from it.
    """
    pid = os.getpid()
    while pid > 1:
        try:
            for word in (proc / str(pid) / "environ").read_bytes().split(b"\0"):
                if word.startswith(_NAME) and word[len(_NAME) :]:
                    return word[len(_NAME) :].decode(errors="replace").split()[0]
            # proc_pid_stat(5): the parent comes two words after the name, which may have spaces and brackets in it.
            pid = int((proc / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return ""
    return ""
