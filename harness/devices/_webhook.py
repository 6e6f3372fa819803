"""
An HTTP server of few words, in threads of its own: it takes notifications, and knows when each had surely not come.
"""

from __future__ import annotations

import json
import select
import socket
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .. import clock
from ..model.instant import Instant

# How often it looks whether anybody has connected: an instant is as wide as that, and as this thread is kept waiting.
_LOOK_EVERY_S = 0.01

# How long a client may be silent in the middle of its request, and how long a notification may be.
_CLIENT_S = 2.0
_BODY_LIMIT = 1 << 20

Take = Callable[[Mapping[str, Any], Instant], None]


class Webhook(ThreadingHTTPServer):
    """
    Listens on `address` from its making on, and hands each notification to `take`, in a thread; what raises ValueError
    is refused. `serve` it, then `end` it. Raises OSError when the address cannot be had.

    A notification came after the last look at which nobody was waiting to be let in, since each comes over a connection
    of its own, and before it was read to its end.
    """

    daemon_threads = True
    request_queue_size = 128  # as many may wait to be let in, as a storm of alerts
    block_on_close = False

    def __init__(self, address: tuple[str, int], take: Take) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._take = take
        self._nobody_ns = clock.now_ns()
        self._since: dict[socket.socket, int] = {}
        super().__init__(address, _Notification)
        self._thread = threading.Thread(target=self.serve_forever, args=(_LOOK_EVERY_S,), daemon=True)

    def serve(self) -> None:
        """
        Begins to let clients in.
        """
        self._thread.start()

    def end(self) -> None:
        """
        Lets nobody in any more, and frees the address.
        """
        self.shutdown()
        self._thread.join()
        self.server_close()

    def service_actions(self) -> None:
        """
        Looks whether anybody waits to be let in; called between any two of them, and whenever nobody came.
        """
        at_ns = clock.now_ns()
        if not select.select([self.socket], [], [], 0)[0]:
            self._nobody_ns = at_ns

    def get_request(self) -> tuple[socket.socket, Any]:
        """
        Lets one client in, who was not there at the last look that found nobody.
        """
        connection, address = super().get_request()
        self._since[connection] = self._nobody_ns
        return connection, address

    def finish_request(self, request: Any, client_address: Any) -> None:
        """
        Answers one client.
        """
        _Notification(request, client_address, self)

    def shutdown_request(self, request: Any) -> None:
        """
        Hangs up.
        """
        self._since.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """
        A client that went away, or is too slow, has told nothing.
        """

    def taken(self, connection: socket.socket, body: bytes) -> str:
        """
        Hands on what came; returns what is wrong with it, empty for nothing.
        """
        at = Instant(self._since[connection], clock.now_ns())
        try:
            self._take(json.loads(body), at)
        except ValueError as error:
            return str(error)
        return ""


class _Notification(BaseHTTPRequestHandler):
    server: Webhook
    timeout = _CLIENT_S

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            return self._answer(HTTPStatus.LENGTH_REQUIRED, "a notification has a Content-Length")
        if int(length) > _BODY_LIMIT:
            return self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {_BODY_LIMIT} bytes")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            return None
        problem = self.server.taken(self.connection, body)
        return self._answer(HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK, problem)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """
        Says nothing: what came is in the run's record.
        """

    def _answer(self, status: HTTPStatus, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
