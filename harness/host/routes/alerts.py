"""
Alerts that somebody's monitoring sends.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request

from ... import clock
from ...errors import UsageError
from ...model.alert import alerts_of
from ...model.instant import Instant
from ..asked import NEEDS_TOKEN, Bench
from ..looking import Looking
from ..problems import answers
from ..schemas import AlertsTaken

router = APIRouter(prefix="/alerts", tags=["alerts"])

Notification = Annotated[dict[str, Any], Body(description="What an Alertmanager posts to a webhook, version 4.")]


@router.post("", summary="Take an Alertmanager's alerts", dependencies=NEEDS_TOKEN, responses=answers(401, 403, 422))
async def take_alerts(bench: Bench, request: Request, notification: Notification) -> AlertsTaken:
    """
    Hands them to every run that is going on, where an `alert_receiver` of the rig takes them. It is no error that none
    is: monitoring goes on between runs. A run on a rig in virtual time hears nothing.

    The alert came after the host last looked and nothing was there, and before this.
    """
    at = Instant(Looking.not_there_ns(request.scope), clock.now_ns())
    try:
        alerts = alerts_of(notification)
    except ValueError as error:
        raise UsageError(f"no notification of an Alertmanager: {error}") from error
    heard_by = bench.lane.alert(notification, at)
    return AlertsTaken(alerts=len(alerts), runs=heard_by)
