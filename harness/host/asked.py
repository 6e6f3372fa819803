"""
What every route may ask for.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from .host_bench import HostBench


def _bench(request: Request) -> HostBench:
    bench = request.app.state.bench
    assert isinstance(bench, HostBench)
    return bench


Bench = Annotated[HostBench, Depends(_bench)]

# For the OpenAPI document; the gate looks at the token before any route is found.
NEEDS_TOKEN = [Depends(HTTPBearer(auto_error=False, description="CRASHBENCH_TOKEN, or the one printed at the start."))]
