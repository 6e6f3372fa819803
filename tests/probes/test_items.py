"""
What users put into the DUT is there when they ask for it.
"""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from harness import clock
from harness.model.drill import ProbeSpec
from harness.probes.items import Items
from harness.protocols import HttpAnswer, HttpService, NoAnswer
from tests.faults.batteries import Cast


class Keeper:
    """
    An HTTP service that keeps items; what it answers with instead, and when, can be said.
    """

    name = "keeper"

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.instead: dict[str, HttpAnswer | NoAnswer | float] = {}

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        instead = self.instead.get(method)
        if isinstance(instead, NoAnswer):
            raise instead
        if isinstance(instead, HttpAnswer):
            return instead
        await anyio.sleep(instead or 0.001)
        if method == "POST":
            item = json.loads(body)
            self.kept[item["key"]] = item["value"]
            return HttpAnswer(200, b'{"created": true}')
        key = path.rpartition("/")[2]
        if key not in self.kept:
            return HttpAnswer(404, b"{}")
        return HttpAnswer(200, json.dumps({"key": key, "value": self.kept[key]}).encode())


def probe(keeper: Keeper, timeout_s: float = 1.0) -> Items:
    assert isinstance(keeper, HttpService)
    spec = ProbeSpec(name="i", kind="items", role="api", period_s=1, timeout_s=timeout_s, config=Items.Config())
    return Items(spec, Cast(api=keeper))


def asked(*steps: Any) -> dict[str, float]:
    """
    What a probe has measured after those steps: True, False and NoAnswer are an `ask` and what comes of it, anything
    callable is done to the service or the probe.
    """
    found: list[dict[str, float]] = []

    async def main() -> None:
        keeper = Keeper()
        items = probe(keeper)
        for step in steps:
            if callable(step) and step is not NoAnswer:
                step(keeper, items)
            elif step is NoAnswer:
                with pytest.raises(NoAnswer):
                    await items.ask()
            else:
                assert await items.ask() is step
        found.append(items.measured())

    clock.run(main, virtual=True)
    return found[0]


def instead(method: str, answer: HttpAnswer | NoAnswer | float | None) -> Any:
    def tell(keeper: Keeper, _: Items) -> None:
        keeper.instead = {} if answer is None else {method: answer}

    return tell


def test_what_is_there_is_well() -> None:
    assert asked(True, True, True) == {
        "lost_items": 0,
        "acknowledged_items": 3,
        "failed_writes": 0,
        "failed_reads": 0,
    }


@pytest.mark.parametrize(
    ("answer", "comes"), [(HttpAnswer(503, b""), False), (NoAnswer("refused"), NoAnswer), (9.0, NoAnswer)]
)
@pytest.mark.parametrize(("method", "what"), [("POST", "failed_writes"), ("GET", "failed_reads")])
def test_what_fails_is_counted_by_its_kind(method: str, what: str, answer: Any, comes: Any) -> None:
    measured = asked(True, instead(method, answer), comes, instead(method, None), True)
    assert measured[what] == 1
    assert measured["failed_writes"] + measured["failed_reads"] == 1
    assert measured["lost_items"] == 0


@pytest.mark.parametrize("lost", [lambda kept: kept.pop(min(kept)), lambda kept: kept.update({min(kept): "other"})])
def test_what_was_acknowledged_and_is_gone_or_changed_is_found_however_much_came_after(lost: Any) -> None:
    async def main() -> None:
        keeper = Keeper()
        items = probe(keeper)
        for _ in range(20):
            assert await items.ask()
        lost(keeper.kept)
        assert False in [await items.ask() for _ in range(20)]
        assert items.measured()["lost_items"] == 1

    clock.run(main, virtual=True)


def test_what_was_missing_for_a_while_is_not_lost() -> None:
    kept: dict[str, str] = {}

    def hide(keeper: Keeper, _: Items) -> None:
        kept.update(keeper.kept)
        keeper.kept.clear()

    measured = asked(True, hide, False, lambda keeper, _: keeper.kept.update(kept), True, True)
    assert measured["lost_items"] == 0


def test_what_failed_before_the_steady_state_does_not_count() -> None:
    measured = asked(instead("POST", HttpAnswer(503, b"")), False, lambda _, items: items.arm())
    assert measured["failed_writes"] == 0


def test_a_question_that_is_cut_off_by_the_trials_end_is_no_failure() -> None:
    async def main() -> None:
        keeper = Keeper()
        keeper.instead = {"POST": 9.0}
        items = probe(keeper, timeout_s=20.0)
        with anyio.move_on_after(1):
            await items.ask()
        assert items.measured()["failed_writes"] == 0

    clock.run(main, virtual=True)


def test_a_slow_write_leaves_no_time_for_reads_which_is_no_failure_of_theirs() -> None:
    measured = asked(instead("POST", 0.8), True)
    assert (measured["acknowledged_items"], measured["failed_reads"]) == (1, 0)


def test_an_answer_that_is_no_json_is_none() -> None:
    asked(True, instead("GET", HttpAnswer(200, b"<html>")), NoAnswer)
