"""
Circuit breakers: what keeps failing is left alone, and the service to users stays up.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.edge_node.playing import OnCall, Origin, Run, module, until, wait

RESET_S = 0.05


OPENINGS = 'breaker_openings_total{breaker="thing"}'


def new(*defects: str) -> tuple[Any, Any]:
    """
    A breaker, and what it shares with the node.
    """
    shared = module("part").Shared(SimpleNamespace(defect=defects, state=Path("nowhere"), alert_url=[], name="node"))
    return module("part").Breaker("thing", shared, reset_s=RESET_S), shared


def use(breaker: Any, error: type[Exception] | None = None) -> None:
    with breaker.guard():
        if error is not None:
            raise error


def fail(breaker: Any, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(ConnectionError):
            use(breaker, ConnectionError)


def test_it_opens_after_some_failures_in_a_row() -> None:
    breaker, shared = new()
    fail(breaker, 2)
    use(breaker)
    fail(breaker, 2)
    assert (breaker.state, shared.counts[OPENINGS], shared.alerts.firing) == ("closed", 0, [])
    fail(breaker)
    assert (breaker.state, shared.counts[OPENINGS], shared.alerts.firing) == ("open", 1, ["BreakerOpen"])


def test_open_it_lets_nothing_through() -> None:
    breaker, shared = new()
    fail(breaker, 3)
    with pytest.raises(module("part").BreakerOpen):
        use(breaker)
    assert shared.counts[OPENINGS] == 1


def test_half_open_it_lets_one_through_whose_success_closes_it() -> None:
    breaker, shared = new()
    fail(breaker, 3)
    wait(RESET_S)
    assert breaker.state == "half_open"
    with breaker.guard(), pytest.raises(module("part").BreakerOpen):
        use(breaker)
    assert (breaker.state, shared.alerts.firing) == ("closed", [])


def test_half_open_a_failure_opens_it_again() -> None:
    breaker, shared = new()
    fail(breaker, 3)
    wait(RESET_S)
    fail(breaker)
    assert (breaker.state, shared.counts[OPENINGS]) == ("open", 1)


def test_half_open_one_that_is_lost_on_the_way_does_not_keep_it_so() -> None:
    breaker, _ = new()
    fail(breaker, 3)
    wait(RESET_S)
    with pytest.raises(LookupError):
        use(breaker, LookupError)
    assert breaker.state == "open"
    wait(RESET_S)
    use(breaker)
    assert breaker.state == "closed"


def test_one_that_never_opens_does_not() -> None:
    breaker, _ = new("breaker_never_opens")
    fail(breaker, 10)
    assert breaker.state == "closed"
    use(breaker)


@pytest.mark.lab
@pytest.mark.parametrize(("defects", "opens"), [((), True), (("--defect", "breaker_never_opens"), False)])
def test_without_its_origin_the_node_goes_on_serving(
    run: Run,
    surroundings: list[str],
    origin: Origin,
    on_call: OnCall,
    tmp_path: Path,
    defects: tuple[str, ...],
    opens: bool,
) -> None:
    node = run(*surroundings, *defects).until_it_answers()
    until(lambda: node.says(cached=16))
    origin.kill()
    if opens:
        until(lambda: node.says(breakers={"origin": "open"}))
        until(lambda: on_call.named("BreakerOpen"))
    else:
        wait(3)
        assert node.says(breakers={"origin": "closed"})
        assert on_call.named("BreakerOpen") == []
    assert node.ask("GET", "/content/p0-0").status_code == 200
    assert (node.metric('edge_node_breaker_openings_total{breaker="origin"}') > 0) == opens
    origin.start()
    until(lambda: node.says(breakers={"origin": "closed"}, uplink="fibre"), limit_s=15)
