"""
What is sent and answered, as the OpenAPI document describes it.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Problem(BaseModel):
    """
    What was wrong with a request (RFC 9457).
    """

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class RunOrder(BaseModel):
    """
    A run to be started.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    drill: str = Field(description="The name of a drill, as GET drills lists it.")
    rig: str | None = Field(default=None, description="The name of a rig; without it, the one that is served.")
    seed: int | None = Field(default=None, description="Repeats what is random.")
    trials: int | None = Field(default=None, ge=1, description="How many trials, instead of the drill's.")
    overrides: tuple[str, ...] = Field(default=(), alias="set", description="Like `drill.hold=5 s`.")
    until_failure: bool = Field(default=False, description="Repeat until a trial does not hold.")


class AlertsTaken(BaseModel):
    """
    What became of a notification: how many alerts were in it, and which runs were told.
    """

    alerts: int
    runs: list[str]


State = Literal["running", "ended"]


class RunState(BaseModel):
    """
    A run by its id, and whether this host is carrying it out.
    """

    run_id: str
    state: State


class DutName(BaseModel):
    """
    Who the DUT said it was.
    """

    name: str | None
    version: str | None


class RunBrief(RunState):
    """
    One run in a list; `trials` is how many there are. While it runs there is no verdict.
    """

    drill: str
    rig: str
    seed: int | None
    environment: str
    started_at: str
    dut: DutName
    verdict: str | None
    reason: str
    trials: int
    duration_s: float | None


class RigBrief(BaseModel):
    """
    One rig in a list; `problem` is what is wrong with its file, `run_id` the run that this host carries out on it.
    """

    name: str
    title: str = ""
    time: Literal["real", "virtual"] | None = None
    environment: str = ""
    duts: list[str] = []
    run_id: str | None = None
    problem: str = ""


class DutDetail(BaseModel):
    """
    A DUT of a rig: its levels in volts, and the device in each of its roles.
    """

    name: str
    nominal_v: float
    brown_out_v: float
    roles: dict[str, str]


class RigDetail(BaseModel):
    """
    A rig as its file describes it: devices by name with their kinds, and DUTs. `digest` identifies the file's content.
    """

    name: str
    title: str
    time: Literal["real", "virtual"]
    environment: str
    digest: str
    devices: dict[str, str]
    duts: list[DutDetail]
    run_id: str | None


class DrillBrief(BaseModel):
    """
    One drill in a list; `problem` is what is wrong with its file.
    """

    name: str
    title: str = ""
    hypothesis: str = ""
    severity: str = ""
    chaos_type: str = ""
    component: str = ""
    trials: int | None = None
    criteria: list[str] = []
    problem: str = ""


class ScenarioBrief(BaseModel):
    """
    One scenario of a game day: what is expected, what is done in words, and the drill that judges it. `rig` is null
    where the game day says which.
    """

    name: str
    hypothesis: str
    procedure: list[str]
    drill: str
    rig: str | None
    criteria: list[str]


class ItemBrief(BaseModel):
    """
    One item of a game day's checklist: `by` whom it is seen to, a `person` or a `proof` of the bench's.
    """

    item: str
    what: str
    by: Literal["person", "proof"]


class GameDayHeldBrief(BaseModel):
    """
    A game day on record; without an end it was interrupted. `not_run` are the scenarios that were not begun.
    """

    gameday_id: str
    started_at: str
    verdict: str
    reason: str
    runs: list[str]
    not_run: list[str]


class GameDayBrief(BaseModel):
    """
    One game day in a list, and when it was held, the newest first; `problem` is what is wrong with its file.
    """

    name: str
    title: str = ""
    severity: str = ""
    rig: str | None = None
    checklist: list[ItemBrief] = []
    scenarios: list[ScenarioBrief] = []
    held: list[GameDayHeldBrief] = []
    problem: str = ""


class Health(BaseModel):
    """
    That the host answers, and its version.
    """

    status: Literal["ok"] = "ok"
    version: str


# The JSON of a run, of its trials and of its events, which `model/codec.py` makes and nothing else describes twice.
JsonObject = dict[str, Any]
