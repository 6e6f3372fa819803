"""
The application: routes, the gate before them, and the errors they answer with.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from .. import __version__
from . import problems
from .gate import Gate
from .host_bench import HostBench
from .routes import alerts, drills, gamedays, health, report, rigs, run_events, runs, trace, trials

API = "/api/v1"

_ABOUT = """
Starts drills on the rigs of a bench, follows them, and reads their records.

Every change needs the token as `Authorization: Bearer`. Every error is `application/problem+json` (RFC 9457).
"""


def create_app(bench: HostBench, token: str, names: Iterable[str] = ()) -> FastAPI:
    """
    The application over a bench, which is open as long as the application lives. Raises UsageError for an empty token.

    A change may be asked for under `names`, beside this machine's own and its addresses.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with bench.open():
            yield

    app = FastAPI(
        title="crashbench",
        version=__version__,
        summary="Physically breaks edge devices, and records with error bars how they recover.",
        description=_ABOUT.strip(),
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
        docs_url=None,
        redoc_url=None,
    )
    app.state.bench = bench
    app.add_middleware(Gate, token=token, names=names)
    app.add_middleware(bench.looking.noted)
    problems.add_to(app)
    for noun in (alerts, rigs, drills, gamedays, runs, trials, run_events, trace, report):
        app.include_router(noun.router, prefix=API)
    app.include_router(health.router)
    _describe_problems(app)
    return app


def _describe_problems(app: FastAPI) -> None:
    """
    Has the OpenAPI document describe errors as they are; the framework describes its own, which are never sent.
    """
    described = app.openapi

    def openapi() -> dict[str, Any]:
        is_new = app.openapi_schema is None
        document = described()
        if is_new:
            for path in document["paths"].values():
                for operation in path.values():
                    _give_problems_their_type(operation["responses"])
            for framework_s_own in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(framework_s_own, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _give_problems_their_type(answers: dict[str, Any]) -> None:
    for status, answer in answers.items():
        if status >= "4":
            answer["content"] = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
