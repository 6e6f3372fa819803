"""
The gate: a change needs the token, and comes from nobody else's page.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse

from harness import clock
from harness.errors import UsageError
from harness.host.gate import Gate

TOKEN = "sesame"
GOOD = {"Authorization": f"Bearer {TOKEN}"}


def asked(method: str, headers: dict[str, str], *, names: tuple[str, ...] = ()) -> httpx.Response:
    async def main() -> httpx.Response:
        gate = Gate(PlainTextResponse("done"), TOKEN, names)
        transport = httpx.ASGITransport(gate)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
            return await client.request(method, "/anything", headers=headers)

    return clock.run(main)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_needs_no_token(method: str) -> None:
    assert asked(method, {}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "BREW"])
def test_everything_else_needs_one_even_a_method_that_nobody_knows(method: str) -> None:
    answer = asked(method, {})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert asked(method, GOOD).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer ", "Bearer sesam", "Bearer sesame2", "Basic sesame", "sesame", "Bearer Sesame", "Bearer sésame"],
)
def test_a_wrong_token_is_none(authorization: str) -> None:
    assert asked("POST", {"Authorization": authorization.encode("latin-1")}).status_code == 401  # type: ignore[dict-item]


def test_the_scheme_may_be_written_in_any_case() -> None:
    assert asked("POST", {"Authorization": f"bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "10.0.0.7", "LOCALHOST"]
)
def test_an_address_or_this_machines_own_name_is_ours(host: str) -> None:
    assert asked("POST", {**GOOD, "Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "evil.example:8000", "[::1", "", "127.0.0.1.nip.io"]
)
def test_another_name_is_not_whatever_it_resolves_to(host: str) -> None:
    answer = asked("POST", {**GOOD, "Host": host})
    assert answer.status_code == 403
    assert "no name of this host" in answer.json()["detail"]


def test_a_name_that_is_served_is_ours() -> None:
    assert asked("POST", {**GOOD, "Host": "bench.example:80"}, names=("Bench.Example",)).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9999", "https://localhost"])
def test_a_page_from_elsewhere_may_change_nothing(origin: str) -> None:
    assert asked("POST", {**GOOD, "Origin": origin}).status_code == 403


def test_our_own_page_may() -> None:
    assert asked("POST", {**GOOD, "Origin": "http://localhost:8000"}).status_code == 200


def test_an_empty_token_is_refused_at_the_start() -> None:
    app: Any = PlainTextResponse("")
    with pytest.raises(UsageError, match="CRASHBENCH_TOKEN"):
        Gate(app, "")
