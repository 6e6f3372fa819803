"""
Packets that carry no checksum: what a link damages in them arrives, where the kernel would drop it unseen.
"""

from __future__ import annotations

import socket
import sys
from typing import Any

# asm-generic/socket.h
_SO_NO_CHECK = 11


def unchecked(end: Any) -> None:
    """
    Has an IPv4 UDP socket send without a checksum (RFC 768 leaves it out as 0), where the kernel lets it.
    """
    if sys.platform == "linux":
        end.setsockopt(socket.SOL_SOCKET, _SO_NO_CHECK, 1)
