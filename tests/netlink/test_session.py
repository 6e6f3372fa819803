"""
From where the operator is logged in.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.netlink.session import client


def process(proc: Path, pid: int, parent: int, environ: bytes) -> None:
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "stat").write_text(f"{pid} (a (b) c) S {parent} 1 1", encoding="ascii")
    (folder / "environ").write_bytes(environ)


@pytest.mark.parametrize(
    ("ours", "shells", "expected"),
    [
        (b"A=1\0SSH_CONNECTION=10.1.1.9 5000 10.1.1.1 22\0", b"", "10.1.1.9"),
        (b"A=1\0SUDO_USER=ann\0", b"SSH_CONNECTION=fe80::1 5000 fe80::2 22\0", "fe80::1"),
        (b"A=1\0", b"B=2\0SSH_CONNECTION=\0", ""),
    ],
)
def test_whoever_started_us_is_asked_too(tmp_path: Path, ours: bytes, shells: bytes, expected: str) -> None:
    process(tmp_path, os.getpid(), 40, ours)
    process(tmp_path, 40, 20, b"")
    process(tmp_path, 20, 1, shells)
    assert client(tmp_path) == expected


def test_where_nobody_tells_there_is_none(tmp_path: Path) -> None:
    assert client(tmp_path) == ""
