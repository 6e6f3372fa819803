"""
Two network namespaces with a cable between them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.netlink.interface import Interface, addressed, joined
from harness.netlink.namespaces import Namespace

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to make network namespaces")


def path_of(space: Namespace) -> str:
    return f"/proc/{os.getpid()}/fd/{space.number}"


@contextmanager
def cable(name: str = "fibre") -> Iterator[tuple[Namespace, Namespace]]:
    """
    `one` at 10.0.0.1, `two` at 10.0.0.2, by interfaces called alike.
    """
    one, two = Namespace("one"), Namespace("two")

    try:
        one.call(lambda: joined(name, "10.0.0.1/30", two.number))
        two.call(lambda: addressed(name, "10.0.0.2/30"))
        yield one, two
    finally:
        one.close()
        two.close()


def end_of(space: Namespace, name: str = "fibre") -> Interface:
    return Interface(name, path_of(space))
