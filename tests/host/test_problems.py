"""
Errors: every one is a problem, with the status that says whose it is.
"""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from harness import clock
from harness.errors import BenchError, CrashbenchError, DeviceError, RecordError, Refused, Unrestored, UsageError
from harness.host import problems
from harness.host.problems import Busy, Unknown, WrongState


def answered(error: Exception | None, path: str = "/fails", method: str = "GET") -> httpx.Response:
    app = FastAPI()
    problems.add_to(app)

    @app.get("/fails")
    async def fails() -> None:
        assert error is not None
        raise error

    @app.get("/number/{number}")
    async def number(number: int) -> int:
        return number

    @app.delete("/number/{number}")
    async def delete(number: int) -> int:
        return number

    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path)

    return clock.run(main)


def assert_problem(answer: httpx.Response, status: int, title: str) -> None:
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["title"]) == (status, status, title)
    assert problem["type"] == "about:blank"
    assert problem["detail"]


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (Unknown("no run 'x'"), 404, "Not Found"),
        (WrongState("it is running"), 409, "Conflict"),
        (Busy("the rig has a run"), 409, "Conflict"),
        (Refused("production"), 403, "Forbidden"),
        (UsageError("wrong"), 422, "Unprocessable Entity"),
        (BenchError("a wire"), 503, "Service Unavailable"),
        (DeviceError("mains", "silent"), 503, "Service Unavailable"),
        (Unrestored(["mains"], "welded"), 503, "Service Unavailable"),
        (RecordError("broken"), 503, "Service Unavailable"),
        (CrashbenchError("anything"), 503, "Service Unavailable"),
        (ZeroDivisionError("secret"), 500, "Internal Server Error"),
    ],
)
def test_an_error_becomes_the_status_that_says_whose_it_is(error: Exception, status: int, title: str) -> None:
    assert_problem(answered(error), status, title)


def test_a_callers_mistake_is_placed() -> None:
    problem = answered(UsageError("unknown key", file="a.toml", key="drill.hold")).json()
    assert (problem["file"], problem["key"]) == ("a.toml", "drill.hold")
    assert problem["detail"] == "a.toml: drill.hold: unknown key"


def test_who_has_the_rig_is_named() -> None:
    assert answered(Busy("taken", run_id="run-1")).json()["run_id"] == "run-1"


def test_what_went_wrong_inside_is_not_shown_to_others() -> None:
    assert "secret" not in answered(ZeroDivisionError("secret")).text


def test_the_frameworks_own_errors_are_problems_too() -> None:
    assert_problem(answered(None, "/nowhere"), 404, "Not Found")
    assert_problem(answered(None, "/number/one"), 422, "Unprocessable Entity")
    assert "path.number" in answered(None, "/number/one").json()["detail"]


def test_a_wrong_method_is_told_every_right_one() -> None:
    answer = answered(None, "/number/1", "PUT")
    assert_problem(answer, 405, "Method Not Allowed")
    assert answer.headers["Allow"] == "DELETE, GET"
