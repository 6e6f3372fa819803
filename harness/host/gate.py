"""
Who may change something: whoever has the token, and is not a foreign page that uses somebody's browser.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import UsageError
from .problems import ProblemAnswer

# RFC 9110, 9.2.1: methods that are only asked to read.
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """
    Stands before the application. Every method that is not known to be safe is a change, whatever its route says.

    `names`: the host names, beside this machine's own, under which a change may be asked for. Raises UsageError for an
    empty token.
    """

    def __init__(self, app: ASGIApp, token: str, names: Iterable[str] = ()) -> None:
        if not token:
            raise UsageError("is empty; give a token that nobody guesses", key="CRASHBENCH_TOKEN")
        machine = socket.gethostname().lower()
        self._names = {"localhost", machine, f"{machine}.local", *(name.lower() for name in names)}
        self._app, self._token = app, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Lets a request through, or answers it.
        """
        if scope["type"] == "http" and scope["method"] not in _SAFE_METHODS:
            refusal = self._refusal(Headers(scope=scope))
            if refusal is not None:
                return await refusal(scope, receive, send)
        await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> ProblemAnswer | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._is_ours(host):
            return ProblemAnswer(403, f"'{host}' is no name of this host: give its address, or serve it by that name")
        if origin is not None and urlsplit(origin).netloc != host:
            return ProblemAnswer(403, f"a page of '{origin}' may change nothing here")
        if not self._has_token(headers.get("authorization", "")):
            return ProblemAnswer(
                401, "a change needs `Authorization: Bearer` with the token", {"WWW-Authenticate": "Bearer"}
            )
        return None

    def _is_ours(self, host: str) -> bool:
        # A page can have its own name resolve to our address (DNS rebinding), but not an address to another one.
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return bool(name) and (name in self._names or _is_address(name))

    def _has_token(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        return scheme.lower() == "bearer" and secrets.compare_digest(token.strip().encode(), self._token)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
