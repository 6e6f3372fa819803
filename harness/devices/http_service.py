"""
A DUT's HTTP service.
"""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from ..errors import DeviceError, UsageError
from ..protocols import HttpAnswer, NoAnswer, Wiring

_DEFAULT_PORTS = {"http": 80, "https": 443}


class HttpService:
    """
    Asks over a fresh connection each time, as a new client would: nothing is kept alive, redirected, or sent by proxy.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Where the service is, from the bench: `url = "http://edge-node:8080"`. A path in it comes before each request's.
        """

        url: str

        def __post_init__(self) -> None:
            try:
                url = httpx.URL(self.url)
            except httpx.InvalidURL as error:
                raise UsageError(f"'{self.url}' is no URL: {error}", key="url") from error
            if url.scheme not in _DEFAULT_PORTS or not url.host:
                raise UsageError(f"'{self.url}' is no HTTP URL; write it like http://edge-node:8080", key="url")
            if url.query or url.fragment:
                raise UsageError(f"'{self.url}' must end with its path", key="url")

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name = name
        self._url, self._wiring = httpx.URL(config.url), wiring
        self._client: httpx.AsyncClient | None = None

    async def open(self) -> None:
        """
        Finds out where to connect. Raises DeviceError when that is not known.
        """
        port = self._url.port or _DEFAULT_PORTS[self._url.scheme]
        host, port = self._wiring.resolve(self._url.host, port)
        self._client = httpx.AsyncClient(
            base_url=self._url.copy_with(host=host, port=port),
            headers={"Host": self._url.netloc.decode("ascii"), "Connection": "close"},
            limits=httpx.Limits(max_keepalive_connections=0),
            timeout=None,  # the deadline is the caller's
            follow_redirects=False,
            trust_env=False,
        )

    async def aclose(self) -> None:
        """
        Drops whatever request is still under way.
        """
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        """
        One request over a fresh connection. Raises NoAnswer. The caller sets the deadline.
        """
        if self._client is None:
            raise DeviceError(self.name, "is not open")
        try:
            response = await self._client.request(method, path, content=body)
        except httpx.HTTPError as error:
            raise NoAnswer(f"{method} {path}: {error or type(error).__name__}") from error
        return HttpAnswer(response.status_code, response.content)
