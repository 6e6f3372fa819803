"""
Talking to the kernel, in words when it says no.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from pyroute2.netlink.exceptions import NetlinkError

from ..errors import BenchError

_MEANS = {
    errno.EPERM: "not permitted; it takes root (CAP_NET_ADMIN)",
    errno.EACCES: "not permitted; it takes root (CAP_NET_ADMIN)",
    errno.ENODEV: "the interface is gone",
}


@contextmanager
def told(what: str, means: dict[int, str] | None = None) -> Iterator[None]:
    """
    Turns what the kernel says no with into a BenchError that says what was tried, and why it cannot be.
    """
    try:
        yield
    except NetlinkError as error:
        known = {**_MEANS, **(means or {})}
        raise BenchError(f"{what}: {known.get(error.code, str(error))}") from error
    except OSError as error:
        raise BenchError(f"{what}: {_MEANS.get(error.errno or 0, error.strerror or str(error))}") from error


def codes(error: NetlinkError) -> int:
    """
    The kernel's errno.
    """
    return int(error.code)
