"""
Errors as others read them: problem+json (RFC 9457), whoever raised them.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from ..errors import CrashbenchError, Refused, UsageError
from .schemas import Problem

MEDIA_TYPE = "application/problem+json"


class Unknown(UsageError):
    """
    What the path names is not there.
    """


class WrongState(UsageError):
    """
    The run is running where it should have ended, or the other way round.
    """


class Busy(Refused):
    """
    Another run, or another process, has the rig.
    """

    def __init__(self, problem: str, *, run_id: str | None = None) -> None:
        self.run_id = run_id
        super().__init__(problem)


class ProblemAnswer(JSONResponse):
    """
    An answer that says what was wrong; `members` are the problem's own.
    """

    media_type = MEDIA_TYPE

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None, **members: Any) -> None:
        problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
        super().__init__({**problem, **members}, status, headers)


# What becomes of an error; the first that fits.
_STATUS: tuple[tuple[type[CrashbenchError], int], ...] = (
    (Unknown, 404),
    (WrongState, 409),
    (UsageError, 422),
    (Busy, 409),
    (Refused, 403),
    (CrashbenchError, 503),
)

_MEANINGS = {
    401: "The token is missing or wrong.",
    403: "The guard refused, or the request came from a foreign page; nothing was touched.",
    404: "There is no such thing.",
    409: "Another run has the rig, or the run is in another state.",
    422: "The request is wrong, or a file that it names.",
    503: "The bench failed, or is about to end.",
}


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """
    The errors of a route, for the OpenAPI document.
    """
    return {status: {"model": Problem, "description": _MEANINGS[status]} for status in statuses}


def add_to(app: FastAPI) -> None:
    """
    Has every error of `app`, the framework's own among them, answered as a problem.
    """
    app.add_exception_handler(CrashbenchError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(Exception, _unexpected)


async def _ours(_: Request, error: Exception) -> ProblemAnswer:
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    if isinstance(error, UsageError):
        return ProblemAnswer(status, str(error), file=error.file, key=error.key)
    if isinstance(error, Busy):
        return ProblemAnswer(status, str(error), run_id=error.run_id)
    return ProblemAnswer(status, str(error))


async def _invalid(_: Request, error: Exception) -> ProblemAnswer:
    assert isinstance(error, RequestValidationError)
    wrong = [{"key": ".".join(str(at) for at in e["loc"]), "problem": e["msg"]} for e in error.errors()]
    return ProblemAnswer(422, "; ".join(f"{w['key']}: {w['problem']}" for w in wrong), errors=wrong)


async def _framework(request: Request, error: Exception) -> ProblemAnswer:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_allowed(request))
    return ProblemAnswer(error.status_code, f"{request.method} {request.url.path}: {error.detail}", headers)


def _allowed(request: Request) -> list[str]:
    """
    Every method that the path has (RFC 9110, 15.5.6); the framework names those of its first route alone.
    """
    paths = request.app.openapi()["paths"]
    here = (methods for path, methods in paths.items() if compile_path(path)[0].match(request.url.path))
    return sorted({method.upper() for methods in here for method in methods})


async def _unexpected(_: Request, error: Exception) -> ProblemAnswer:
    # What went wrong is for the log, where the server puts it.
    return ProblemAnswer(500, f"the host failed ({type(error).__name__}); its log says how")
