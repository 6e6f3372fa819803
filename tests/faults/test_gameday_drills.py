"""
The game days' drills and the users' test suite in the lab: each holds on the sound edge node, and deviates, for the
right reason, on every planted defect that it is there to find.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from harness.config.data import data
from tests.edge_node.playing import free_port
from tests.supervise.played import crashbench, patient

pytestmark = pytest.mark.lab

# So many at once: they wait for most of their time.
AT_ONCE = 3

# What there is of the board in the rig: three tables, and two keys elsewhere.
BOARD = (
    r"^\[devices\.pico\]\n(.+\n)+",
    r"^\[devices\.battery\]\n(.+\n)+",
    r"^\[world\.boards\.pico\]\n",
    r'^battery = "battery"\n',
    r'^gauge = "pico"\n',
)
SHIPPED_PORT = "19094"


class Case(NamedTuple):
    """
    A drill, with what makes it short, on an edge node with a defect; and how it ends. Those that are not `long` are one
    for each game day, with what no other test of real processes shows.
    """

    drill: str
    sets: tuple[str, ...]
    defect: str = ""
    because: str = "1 of 1 trials recovered, every criterion met"
    long: bool = True

    @property
    def id(self) -> str:
        return f"{self.drill} {self.defect or 'sound'}"

    @property
    def needs_board(self) -> bool:
        return self.drill == "security-breach"

    @property
    def rig(self) -> str:
        return "lab-database" if self.drill.startswith(("database", "query")) else "lab-gameday"


def lasting(fault: int, for_s: float) -> str:
    return f'drill.fault.{fault}.for="{for_s:g} s"'


FAILOVER = ("drill.hold='5 s'", lasting(0, 5), "drill.watch='6 s'", 'drill.criteria.0.expr="time_to_fail_over < 4 s"')
FAILOVER_ALERTED = (*FAILOVER, 'drill.criteria.1.expr="time_to_detect < 5 s"')
CASCADE = ("drill.hold='4500 ms'", 'drill.fault.0.prove="1 s"', *(lasting(fault, 6) for fault in (1, 2, 3)))
POISON = ("drill.hold='1 s'", lasting(0, 1), 'drill.criteria.4.expr="time_to_detect < 4 s"', "drill.watch='5 s'")
BREACH = ("drill.hold='1 s'", "drill.watch='4 s'", 'drill.fault.1.at="2 s"', lasting(2, 1), lasting(3, 1))
SITES = ("drill.hold='5 s'", *(lasting(fault, 5) for fault in (0, 1, 2)), "drill.watch='6 s'")
SITES_OVER = (*SITES, 'drill.criteria.0.expr="time_to_fail_over < 4 s"')
PARTS = ('drill.fault.2.at="3 s"', lasting(0, 5))
REPLICA = ("drill.hold='1 s'", lasting(0, 4))
# Three slow queries are what proves it.
QUERIES = (
    "drill.hold='500 ms'",
    *(lasting(fault, 14) for fault in (0, 1, 2)),
    *(f"drill.fault.{fault}.{what}" for fault in (0, 1, 2) for what in ('least="1500 ms"', 'most="2 s"')),
)

CASES = [
    Case("link-failover", FAILOVER),
    Case("link-failover", FAILOVER, "never_fails_over", r"time_to_fail_over < 4 s: measured"),
    Case("link-failover", FAILOVER, "no_fail_back", r"on_fibre == 1: measured 0"),
    Case("link-failover", FAILOVER, "syncs_everything", r"less_urgent_by_lte == 0: measured \d", long=False),
    Case("link-failover", FAILOVER_ALERTED, "no_alerts", r"time_to_detect < 5 s: measured"),
    Case("cascading-worker-failures", CASCADE),
    Case(
        "cascading-worker-failures",
        (*CASCADE, "drill.fault.0.times=3"),
        "worker_not_restarted",
        r"worker_back_within < 5 s: measured",
        long=False,
    ),
    Case("cascading-worker-failures", CASCADE, "no_backoff", r"worker_restarts_per_minute <= 10: measured 1[12]"),
    Case("cascading-worker-failures", CASCADE, "breaker_never_opens", r"breaker_openings >= 1: measured 0"),
    Case("cache-poisoning", POISON),
    Case(
        "cache-poisoning",
        POISON,
        "hash_unchecked",
        r"steady state was lost, though the drill expects it to hold",
        long=False,
    ),
    Case("cache-poisoning", POISON, "no_audit", r"audited_events == 2: measured 0"),
    Case("cache-poisoning", POISON, "no_alerts", r"time_to_detect < 4 s: measured"),
    Case("security-breach", BREACH),
    Case("security-breach", BREACH, "accepts_forged_update", r"steady state was lost, though the drill expects"),
    Case("security-breach", BREACH, "accepts_replay", r"refused_credentials == 1: measured 0"),
    Case("security-breach", BREACH, "no_audit", r"audited_events == 4: measured 0"),
    Case("multi-component-cascade", ('drill.fault.2.at="3 s"', lasting(0, 5))),
    Case("multi-component-cascade", ('drill.fault.2.at="3 s"', lasting(0, 5)), "loses_writes", r"lost_writes == 0"),
    Case("region-failover", SITES_OVER),
    Case("region-failover", SITES_OVER, "never_fails_over", r"time_to_fail_over < 4 s: measured"),
    Case("region-failover", SITES_OVER, "no_fail_back", r"on_fibre == 1: measured 0"),
    Case("latency-spikes", (lasting(0, 5),)),
    Case(
        "packet-loss", (lasting(0, 6), 'drill.steady_state.0.period="20 ms"', 'drill.steady_state.0.timeout="150 ms"')
    ),
    Case("worker-restart", (), long=False),
    Case("worker-restart", ('drill.fault.0.prove="1 s"',), "worker_not_restarted", r"worker_restarts == 1: measured 0"),
    Case("database-replica-failure", REPLICA),
    Case("database-replica-failure", REPLICA, "reads_not_rerouted", r"failed_reads == 0: measured \d", long=False),
    Case("query-timeout", QUERIES, long=False),
    Case("query-timeout", QUERIES, "no_query_timeout", r"query_timeouts >= 1: measured 0", long=False),
]

# What the drill finds besides: whatever is said first, this must be among it.
ALSO = {
    "cache-poisoning hash_unchecked": {"wrong_contents == 0", "rejected >= 1", "audited_events == 2"},
    "security-breach accepts_forged_update": {"refused_updates == 1"},
    "cascading-worker-failures worker_not_restarted": {"workers_up == 2"},
    "worker-restart worker_not_restarted": {"workers_up == 2"},
    "query-timeout no_query_timeout": {"query_timeouts >= 1", "told_of_timeouts >= 1"},
}


@pytest.fixture(scope="module")
def records(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """
    The record of each case that was selected, as a future: they run beside each other.
    """
    items = [item for item in request.session.items if item.fspath == request.node.fspath]
    cases = [item.callspec.params["case"] for item in items if hasattr(item, "callspec")]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {case.id: pool.submit(record_of, case, tmp_path_factory.mktemp("case")) for case in cases}


def record_of(case: Case, folder: Path) -> Any:
    rig = rig_for(case, folder)
    sets = [word for override in case.sets for word in ("--set", override)]
    told, errors = crashbench(
        folder, "run", case.drill, "--rig", str(rig), "--seed", "7", "--json", "-", *sets
    ).communicate(timeout=200)
    assert told, errors
    return json.loads(told)


def rig_for(case: Case, folder: Path) -> Path:
    """
    The shipped rig with the defect, a port of its own, and without the board where no battery is lied about.
    """
    text = (data("rigs") / f"{case.rig}.toml").read_text(encoding="utf-8")
    if case.rig == "lab-gameday":
        text = with_a_port_of_its_own(text if case.needs_board else without_a_board(text))
    text = patient(re.sub(r'boot = "(1 s|500 ms)"', 'boot = "300 ms"', text))
    if case.defect:
        text = text.replace('"edge_node",', f'"edge_node", "--defect", "{case.defect}",')
        assert case.defect in text
    path = folder / "bench.toml"
    path.write_text(text, encoding="utf-8")
    return path


def without_a_board(text: str) -> str:
    for part in BOARD:
        text, count = re.subn(part, "", text, flags=re.M)
        assert count == 1, part
    return text


def with_a_port_of_its_own(text: str) -> str:
    assert SHIPPED_PORT in text
    return text.replace(SHIPPED_PORT, str(free_port()))


# The long form is minutes of real processes.
MARKED = [pytest.param(case, id=case.id, marks=pytest.mark.soak if case.long else ()) for case in CASES]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", MARKED)
def test_a_drill_holds_on_a_sound_node_and_deviates_on_a_planted_defect(
    case: Case, records: dict[str, Future[Any]]
) -> None:
    record = records[case.id].result(timeout=300)
    told = json.dumps({key: record[key] for key in ("verdict", "reason", "criteria")}, indent=1)
    assert record["verdict"] == ("deviated" if case.defect else "held"), told
    assert re.search(case.because, record["reason"]), told
    deviated = {criterion["expr"] for criterion in record["criteria"] if criterion["verdict"] == "deviated"}
    assert ALSO.get(case.id, set()) <= deviated, told
