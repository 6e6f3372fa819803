"""
An assembled bench: who the DUT is, roles that a drill asks for, and every output made safe at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import pytest

from harness import clock
from harness.assemble import Assembly, Opening, assembled
from harness.errors import BenchError, DeviceError, UsageError
from harness.model.instant import Instant
from harness.model.rig import IdentitySpec, RigSpec
from harness.model.run import Dut
from harness.model.trial import Instants
from harness.model.undo import Undo
from harness.protocols import HttpAnswer, NoAnswer
from tests.benches import drill, fault, probe, rig, two_duts, world_behind
from tests.failing import FailsAt

T = TypeVar("T")
MS, S = 10**6, 10**9


def on(
    bench: RigSpec, main: Callable[[Assembly], Awaitable[T]], *, opening: Opening = Opening.RUN, wrap: Any = None
) -> T:
    """
    What an async function returns of an assembled bench, in virtual time.
    """

    async def played() -> T:
        async with assembled(bench, opening=opening, wrap=wrap) as assembly:
            return await main(assembly)

    return clock.run(played, virtual=True)


# --- who it is --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "who"),
    [
        (b'{"name": "gateway", "version": "2.1"}', Dut(name="gateway", version="2.1")),
        (b'{"name": "gateway"}', Dut(name="gateway")),
        (b'{"version": 7}', Dut(version="7")),
        (b"[]", Dut()),
        (b"<html>", Dut()),
        (None, Dut()),
    ],
)
def test_a_dut_is_who_it_says_and_what_it_does_not_say_stays_open(body: bytes | None, who: Dut) -> None:
    async def request(*_: object) -> HttpAnswer:
        if body is None:
            raise NoAnswer("refused")
        return HttpAnswer(200, body)

    def wrap(name: str, device: Any) -> Any:
        if name == "health":
            device.request = request
        return device

    assert on(rig(), Assembly.identify, wrap=wrap) == who


def test_a_dut_that_never_answers_is_asked_for_two_seconds() -> None:
    async def main(bench: Assembly) -> tuple[Dut, int]:
        # Its rail is up, and it boots; then its power is gone.
        await bench.switches()[0].off()
        await anyio.sleep(1)
        began_ns = clock.now_ns()
        return await bench.identify(), clock.now_ns() - began_ns

    assert on(rig(), main) == (Dut(), 2 * S)


def test_an_identity_may_be_elsewhere_or_nowhere() -> None:
    async def booted(bench: Assembly) -> Dut:
        await anyio.sleep(1)
        return await bench.identify()

    quick = {"boot_s": 0.1, "name": "node", "version": "3"}
    renamed = IdentitySpec(role="probes.health", name="version", version="nothing")
    assert on(rig(unit=quick), booted) == Dut(name="node", version="3")
    assert on(rig(unit=quick, dut={"identity": renamed}), booted) == Dut(name="3")
    assert on(rig(unit=quick, dut={"identity": None}), booted) == Dut()


# --- what a drill asks for --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (drill([fault(role="pwoer")]), "power-outage.toml: fault.0.role: 'pwoer' is no role of sim.toml; did you mean"),
        (
            drill(probes=[probe(), probe("tcp", "power")]),
            "power-outage.toml: steady_state.1.role: 'power' is filled by",
        ),
        (drill([fault("power_cut", "probes.health")]), "power-outage.toml: fault.0.role: 'probes.health' is filled by"),
    ],
)
def test_a_role_that_cannot_be_filled_is_told_at_its_key(spec: Any, told: str) -> None:
    async def main(bench: Assembly) -> None:
        bench.check(spec)

    with pytest.raises(UsageError) as caught:
        on(rig(), main, opening=Opening.CHECK)
    assert told in str(caught.value)


def test_a_dut_without_a_meter_cannot_be_cut() -> None:
    roles = {role: name for role, name in rig().duts["edge"].roles.items() if role != "meter"}

    async def main(bench: Assembly) -> None:
        bench.check(drill())

    with pytest.raises(UsageError, match=r"'edge\.meter' is no role"):
        on(rig(dut={"roles": roles}), main, opening=Opening.CHECK)


# --- making safe ------------------------------------------------------------------------------------------------------


async def made_safe(bench: Assembly) -> tuple[dict[str, str], int, list[bool | None]]:
    """
    After every switch was opened: which would not be made safe, how long that took, and how they all stand.
    """
    for switch in bench.switches():
        await switch.off()
    began_ns = clock.now_ns()
    failed = await bench.make_safe()
    return failed, clock.now_ns() - began_ns, [await switch.is_on() for switch in bench.switches()]


def test_every_output_is_made_safe() -> None:
    assert on(two_duts(), made_safe) == ({}, 0, [True, True])


@pytest.mark.parametrize("way", ["before it acts", "hanging before it acts"])
def test_one_that_would_not_keeps_no_other_waiting(way: str) -> None:
    fails = FailsAt(3, way, for_good=True, calls=("off", "make_safe"))
    failed, _, stand = on(two_duts(), made_safe, wrap=fails)
    assert failed.keys() == {"mains"}
    assert stand == [False, True]


def test_one_that_could_not_be_opened_is_told_of() -> None:
    def wrap(name: str, device: Any) -> Any:
        async def fail() -> None:
            raise DeviceError(name, "is not there")

        if name == "twin_mains":
            device.open = fail
        return device

    async def main(bench: Assembly) -> dict[str, str]:
        return await bench.make_safe()

    assert on(two_duts(), main, opening=Opening.RESTORE, wrap=wrap) == {"twin_mains": "twin_mains: is not there"}


def test_an_undo_is_insisted_on_and_one_of_no_output_is_the_benchs_trouble() -> None:
    async def main(bench: Assembly) -> bool | None:
        await bench.undo(Undo(device="mains", action="off"))
        with pytest.raises(BenchError, match="monitor: the rig has no such output any more; undo 'on' by hand"):
            await bench.undo(Undo(device="monitor", action="on"))
        return await bench.switches()[0].is_on()

    assert on(rig(), main, wrap=FailsAt(1, "before it acts", calls=("undo",))) is False


def test_a_meter_is_found_by_its_dut() -> None:
    async def main(bench: Assembly) -> list[str]:
        return [bench.meter_of(dut).name for dut in ("edge", "twin")]  # type: ignore[union-attr]

    assert on(two_duts(), main) == ["monitor", "twin_monitor"]


# --- the world's own book ---------------------------------------------------------------------------------------------


def test_the_truth_is_the_worlds_own() -> None:
    # Nothing here is left to chance: 8 ms to open, 30 ms of hold-up, 6 ms to close, 300 ms to boot.
    exact = rig(
        contact={"spread_ratio": 0.0, "bounce_s": 0.0},
        unit={"boot_s": 0.3, "boot_spread_ratio": 0.0, "latency_s": 0.0},
        chip={"clock_ratio": 0.0},
    )
    spec = drill([fault(for_s=1.0)])

    async def main(bench: Assembly) -> dict[str, int] | None:
        probes = [(each, bench.probe(each)) for each in spec.steady_state]
        await anyio.sleep(1)
        bench.begin_truth(probes)
        await clock.sleep_until(2 * S)
        off = await bench.switches()[0].off()
        await clock.sleep_until(3 * S)
        on_ = await bench.switches()[0].on()
        await clock.sleep_until(4 * S)
        instants = Instants(fault_commanded=off, removal_commanded=on_)
        assert bench.truth(Instants(), S, spec) == {}
        assert world_behind(bench.devices["mains"]).rails.keys() == {"main"}
        return bench.truth(instants, S, spec)

    truth = on(exact, main)
    assert truth is not None
    lost_ns = truth["steady_lost"]
    assert Instant(2 * S + 38 * MS, 2 * S + 38 * MS + 2).holds(lost_ns)
    assert truth == {
        "fault_commanded": 2 * S,
        "fault_effective": lost_ns,
        "steady_lost": lost_ns,
        "removal_commanded": 3 * S,
        "removal_effective": 3 * S + 6 * MS,
        "first_sign": 3 * S + 6 * MS,
        "ready": 3 * S + 306 * MS,
    }
