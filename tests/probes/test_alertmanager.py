"""
The `alertmanager` probe: what begins to fire after the fault is a detection, and nothing else is.
"""

from __future__ import annotations

import anyio
import pytest

from harness import clock
from harness.model.instant import Instant
from harness.probes.alertmanager import Alertmanager
from harness.protocols import Announced
from tests.probes.hearing import PlayedAlerts, heard
from tests.probes.services import made

MS = 10**6


def announced(
    source: PlayedAlerts, *later: tuple[float, object], within_s: float = 10, **config: object
) -> Instant | None:
    """
    When the probe says that something came, of what comes seconds after it attends; None for nothing.
    """

    async def main() -> Instant | None:
        probe = made(Alertmanager, source, **config)
        assert isinstance(probe, Announced)
        assert probe.attend() == ""
        found: list[Instant] = []
        with anyio.move_on_after(within_s):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(come, source, later)
                found.append(await probe.announced())
                tasks.cancel_scope.cancel()
        return found[0] if found else None

    async def come(source: PlayedAlerts, later: tuple[tuple[float, object], ...]) -> None:
        for after_s, one in later:
            await anyio.sleep(after_s)
            source.come(one)  # type: ignore[arg-type]

    return clock.run(main, virtual=True)


def test_an_alert_is_detected_when_it_came() -> None:
    assert announced(PlayedAlerts(), (1.0, heard("DutDown", 900 * MS))) == Instant(899 * MS, 900 * MS)


def test_of_several_the_first_counts() -> None:
    both = [(1.0, heard("Slow", 990 * MS)), (0.0, heard("DutDown", 980 * MS))]
    assert announced(PlayedAlerts(), *both) == Instant(989 * MS, 990 * MS)


def test_one_that_is_resolved_does_not_count() -> None:
    assert announced(PlayedAlerts(), (1.0, heard("DutDown", 900 * MS, fires=False))) is None


def test_one_that_fired_and_was_resolved_before_anybody_looked_counts() -> None:
    source = PlayedAlerts()
    quick = [(1.0, heard("DutDown", 900 * MS)), (0.0, heard("DutDown", 950 * MS, fires=False))]
    assert announced(source, *quick) == Instant(899 * MS, 900 * MS)


def test_one_that_is_told_again_is_no_news() -> None:
    source = PlayedAlerts(heard("DutDown", 1, fires=True))

    async def main() -> tuple[str, int]:
        probe = made(Alertmanager, source)
        standing = probe.attend()
        source.come(heard("DutDown", 900 * MS))
        with anyio.move_on_after(5):
            await probe.announced()
        return standing, probe.measured()["alerts_fired"]

    assert clock.run(main, virtual=True) == ("DutDown", 0)


def test_one_that_was_resolved_and_fires_again_is_news() -> None:
    source = PlayedAlerts(heard("DutDown", 1), heard("DutDown", 2, fires=False))
    assert announced(source, (1.0, heard("DutDown", 900 * MS))) == Instant(899 * MS, 900 * MS)


@pytest.mark.parametrize(
    ("config", "counts"),
    [
        ({}, True),
        ({"alertname": "DutDown"}, True),
        ({"alertname": "Other"}, False),
        ({"labels": {"instance": "edge"}}, True),
        ({"labels": {"instance": "edge", "severity": "page"}}, False),
        ({"alertname": "DutDown", "labels": {"instance": "twin"}}, False),
    ],
)
def test_only_those_with_its_name_and_labels_count(config: dict[str, object], counts: bool) -> None:
    came = announced(PlayedAlerts(), (1.0, heard("DutDown", 900 * MS, instance="edge")), **config)
    assert (came is not None) is counts


def test_it_is_well_while_none_fires() -> None:
    source = PlayedAlerts()

    async def main() -> list[bool]:
        probe = made(Alertmanager, source, alertname="DutDown")
        told = [await probe.ask()]
        for one in (heard("Other", 1), heard("DutDown", 2), heard("DutDown", 3, fires=False)):
            source.come(one)
            told.append(await probe.ask())
        assert probe.measured() == {"alerts_fired": 1}
        return told

    assert clock.run(main, virtual=True) == [True, True, False, True]


def test_what_fired_before_the_steady_state_does_not_count() -> None:
    source = PlayedAlerts()

    async def main() -> list[float]:
        probe = made(Alertmanager, source)
        counts = [await probe.ask()]
        for name in ("Booting", "DutDown"):
            source.come(heard(name, 900 * MS))
            await probe.ask()
            counts.append(probe.measured()["alerts_fired"])
            probe.arm()
        return [*counts, probe.measured()["alerts_fired"]]

    assert clock.run(main, virtual=True) == [True, 1, 1, 0]


def test_what_the_dut_answers_is_no_alert() -> None:
    probe = made(Alertmanager, PlayedAlerts())
    assert probe.accepts(object())
    assert not probe.accepts(None)
