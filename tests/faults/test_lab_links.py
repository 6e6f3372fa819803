"""
Each link fault by each way to do it, in the lab: shown to be there, shown to be gone, and gone after the bench was
killed (one way for each is in the table of all faults); and nothing is left behind, no rule, no discipline, no
namespace, no process, no port, no file.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from harness import clock
from harness.assemble import Assembly, Opening, assembled
from harness.config.drill import split
from harness.config.rig import load_rig
from harness.engine.undo import UndoJournal
from harness.errors import UsageError
from harness.lab import place
from harness.lab.launch import Lab, ensure
from harness.model.drill import FaultSpec
from harness.model.link import LinkShape
from harness.netlink import netem, nft, veth
from harness.netlink.interface import Interface
from harness.netlink.namespaces import may_make
from harness.protocols import Link
from harness.supervise.places import undo_path
from tests.devices.links import seen
from tests.faults.batteries import carried_out
from tests.forwarder.played import is_refused
from tests.supervise import played

pytestmark = pytest.mark.lab

RIG = """
title = "a unit with links, and an origin behind one of them"
environment = "lab"
gpio = {{ factory = "lab" }}

[devices]
health = {{ kind = "http_service", url = "http://edge:8080" }}
{devices}

[dut.edge]
roles = {{ links.tried = "tried", probes.health = "health" }}

[world.units.edge]
program = ["edge_node"]
boot = "0 s"

[world.units.origin]
program = ["origin", "--listen", "{{listen}}", "--until-eof"]

[world.links.{link}]
{played}
"""

DRILL = """
title = "a long fault"
hypothesis = "It is undone, whoever is killed."
chaos_type = "{kind}"
component = "edge"

[[steady_state]]
kind = "http"
role = "probes.health"
timeout = "1 s"

[[fault]]
kind = "{kind}"
role = "links.tried"
{keys}
"""

RELAY = 'unit = "edge"\nto = "origin"\n'
CABLE = RELAY + 'kind = "netns"\n'
PAIR = """
tx = { kind = "relay", pin = 22 }
rx = { kind = "relay", pin = 23 }
web = { kind = "http_service", url = "http://front:8080" }
tried = { kind = "link_relays", relays = ["tx", "rx"], across = "web" }
"""

# The devices, the link's name in the lab, and what it is there.
BACKENDS = {
    "relay": ('tried = { kind = "lab_link", link = "fibre" }', "fibre", RELAY),
    "cable": ('tried = { kind = "lab_link", link = "fibre" }', "fibre", CABLE),
    "interface": ('tried = { kind = "link_interface", interface = "lab:fibre" }', "fibre", CABLE),
    "netem": ('tried = { kind = "link_netem", interface = "lab:fibre" }', "fibre", CABLE),
    "nft": ('tried = { kind = "link_nft", interface = "lab:fibre" }', "fibre", CABLE),
    "relays": (PAIR, "front", 'to = "edge"\ncontacts = [{ pin = 22 }, { pin = 23 }]\n'),
}

FAULTS = {
    "link_cut": {"for": "900 ms"},
    "link_flap": {"times": 2, "down": "500 ms", "up": "500 ms", "answer": "100 ms"},
    "link_latency": {"for": "1.5 s", "least": "80 ms", "most": "120 ms"},
    "link_loss": {"for": "4 s", "ratio": "20 %", "answer": "150 ms"},
    "link_shape": {"for": "3 s", "rate": "512 kbit/s"},
    "link_shape, which damages": {"for": "3 s", "corrupt": "20 %"},
    "link_shape, which doubles and shuffles": {"for": "3 s", "duplicate": "20 %", "reorder": "20 %"},
}

# The same, for longer than its bench lives.
LONG = {kind: {"for": "30 s"} for kind in FAULTS} | {"link_flap": {"times": 30}}

# By whose own word this machine cannot do it; what is not here must work.
WITHOUT = {
    ("link_cut", "netem"): ("down", netem.cannot()),
    ("link_flap", "netem"): ("down", netem.cannot()),
    ("link_latency", "cable"): ("latency", veth.cannot()),
    ("link_latency", "netem"): ("latency", netem.cannot()),
    ("link_latency", "nft"): ("latency", nft.cannot()),
    ("link_loss", "cable"): ("loss", veth.cannot()),
    ("link_loss", "netem"): ("loss", netem.cannot()),
    ("link_shape", "cable"): ("rate", veth.cannot()),
    ("link_shape", "netem"): ("rate", netem.cannot()),
    ("link_shape", "nft"): ("rate", nft.cannot()),
    ("link_shape, which damages", "cable"): ("corrupt", veth.cannot()),
    ("link_shape, which damages", "netem"): ("corrupt", netem.cannot()),
    ("link_shape, which damages", "nft"): ("corrupt", nft.cannot()),
    ("link_shape, which doubles and shuffles", "relay"): ("duplicate", {"duplicate": "a stream has no packets"}),
    ("link_shape, which doubles and shuffles", "cable"): ("duplicate", veth.cannot()),
    ("link_shape, which doubles and shuffles", "netem"): ("duplicate", netem.cannot()),
    ("link_shape, which doubles and shuffles", "nft"): ("duplicate", nft.cannot()),
}
UP_OR_DOWN_ONLY = [
    (fault, backend)
    for fault in FAULTS
    for backend in ("interface", "relays")
    if fault not in ("link_cut", "link_flap")
]

NEEDS_NAMESPACES = pytest.mark.skipif(
    bool(may_make()) or os.geteuid() != 0, reason="the kernel's own links take root, and network namespaces"
)


def backends(*names: str) -> list[Any]:
    return [pytest.param(name, marks=[NEEDS_NAMESPACES] if BACKENDS[name][2] == CABLE else []) for name in names]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))


def rig_file(folder: Path, backend: str) -> Path:
    devices, link, what = BACKENDS[backend]
    path = folder / "bench.toml"
    path.write_text(RIG.format(devices=devices, link=link, played=what), encoding="utf-8")
    return path


def is_refused_by(backend: str, fault: str) -> bool:
    name, cannot = WITHOUT.get((fault, backend), ("", {}))
    return name in cannot or (fault, backend) in UP_OR_DOWN_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """
    The keys of a fault in a drill file that are not its kind's.
    """

    kind: str
    for_s: float | None = None


def fault_spec(fault: str) -> FaultSpec:
    kind = fault.partition(",")[0]
    common, config = split(Common, {"kind": kind, **FAULTS[fault]}, "faults")
    return FaultSpec(kind=kind, role="links.tried", at_s=0.0, for_s=common.for_s, config=config, seed=3)


def in_the_lab(folder: Path, backend: str, main: Callable[[Assembly, Lab], Awaitable[None]]) -> None:
    """
    Runs an async test with the bench open, on a lab of its own whose units serve.
    """

    async def around() -> None:
        rig = load_rig(str(rig_file(folder, backend)))
        lab = await ensure(rig)
        try:
            await until_serving(lab)
            async with assembled(rig) as bench:
                await main(bench, lab)
        finally:
            await lab.stop()

    clock.run(around)


async def until_serving(lab: Lab) -> None:
    await played.until(lambda: {u["state"] for u in lab.client.state()["units"].values()} == {"serving"}, 10, "service")


async def is_clear(bench: Assembly, lab: Lab) -> bool:
    """
    Whether nothing at all is done to the lab's link, as the world and the kernel know.
    """
    (link,) = lab.client.state()["links"].values()
    if link["asked"]:
        return False
    if link["kind"] == "relay":
        return True
    told = lab.client.ask("link", link=link["interface"])
    interface = Interface(told["interface"], told["netns"])
    return await seen(lambda: interface.carrier() and nft.is_clear(interface) and netem.is_clear(interface))


@pytest.mark.soak
@pytest.mark.parametrize("backend", backends(*BACKENDS))
@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_shown_to_be_there_and_to_be_gone(tmp_path: Path, kind: str, backend: str) -> None:
    async def refused(bench: Assembly, lab: Lab) -> None:
        with pytest.raises(UsageError, match=r"'tried' cannot do '\w+': \w+"):
            bench.fault(fault_spec(kind))
        assert await is_clear(bench, lab)

    async def done(bench: Assembly, lab: Lab) -> None:
        fault = bench.fault(fault_spec(kind))
        strike, effective, removed = await carried_out(fault, nothing)
        assert effective is not None, strike.why_not()
        assert strike.removal_commanded is not None
        assert strike.commanded.earliest_ns <= effective.latest_ns < strike.removal_commanded.latest_ns
        assert removed.latest_ns >= strike.removal_commanded.earliest_ns
        assert await is_clear(bench, lab)

    in_the_lab(tmp_path, backend, refused if is_refused_by(backend, kind) else done)


async def nothing() -> None: ...


@pytest.mark.soak
@pytest.mark.parametrize("backend", backends(*BACKENDS))
@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("who", ["bench", "both"])
def test_a_killed_bench_leaves_the_link_clear(tmp_path: Path, kind: str, backend: str, who: str) -> None:
    if not is_refused_by(backend, kind):
        clock.run(_killed, tmp_path, kind, backend, who)


async def _killed(folder: Path, kind: str, backend: str, who: str) -> None:
    rig = load_rig(str(rig_file(folder, backend)))
    keys = "\n".join(f"{key} = {json.dumps(value)}" for key, value in {**FAULTS[kind], **LONG[kind]}.items())
    (folder / "long.toml").write_text(DRILL.format(kind=kind.partition(",")[0], keys=keys), encoding="utf-8")
    lab = await ensure(rig)
    run = played.crashbench(folder, "run", str(folder / "long.toml"), "--rig", str(rig.path))
    try:
        async with assembled(rig, opening=Opening.OBSERVE) as bench:
            await until_serving(lab)
            await played.until(lambda: not UndoJournal(undo_path(rig)).pending().is_clean, 20, "the promise")
            await until_async(lambda: is_clear(bench, lab), False)
            pids = [played.bench_of(run.pid), *([run.pid] if who == "both" else [])]
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            if who == "both":
                await restored_by_hand(folder, rig.path)  # which ends the lab, and all of its links with it
            else:
                await until_async(lambda: is_clear(bench, lab), True)
                await played.until(lambda: run.poll() is not None, 20, "the supervisor's end")
            assert UndoJournal(undo_path(rig)).pending().is_clean
    finally:
        run.kill()
        run.communicate()
        await lab.stop()


async def restored_by_hand(folder: Path, rig: Path) -> None:
    restore = played.crashbench(folder, "restore", "--rig", str(rig))
    await played.until(lambda: restore.poll() is not None, 20, "crashbench restore")
    said, complained = restore.communicate()
    assert restore.returncode == 0, said + complained
    assert "tried" in said, said


async def until_async(look: Callable[[], Awaitable[bool]], wanted: bool) -> None:
    with anyio.fail_after(15):
        while await look() is not wanted:  # noqa: ASYNC110 - another process's doings tell no one
            await anyio.sleep(0.02)


@pytest.mark.parametrize("backend", backends("relay", "cable"))
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_lab_that_ends_leaves_nothing_of_its_links(tmp_path: Path, backend: str, end: str) -> None:
    clock.run(_ended, tmp_path, backend, end)


async def _ended(folder: Path, backend: str, end: str) -> None:
    rig = load_rig(str(rig_file(folder, backend)))
    lab, files = await ensure(rig), place.scratch(place.address(rig))
    await until_serving(lab)
    async with assembled(rig) as bench:  # it ends while its link is shaped
        link = bench.roles.get("links.tried", Link)
        shape = LinkShape(is_down=True) if "loss" in link.cannot else LinkShape(loss_ratio=0.5)
        await link.shape(shape)
    state = lab.client.state()
    assert [link["asked"] for link in state["links"].values()] == [list(shape.asks)]
    ports = [address[1] for address in (link["address"] for link in state["links"].values()) if address[0] != "10"]
    units = [unit["pid"] for unit in state["units"].values()]
    before = {os.readlink(f"/proc/{pid}/ns/net") for pid in units}
    assert (os.readlink("/proc/self/ns/net") in before) is (backend == "relay")
    if end == "stop":
        await lab.stop()
    else:
        os.kill(lab.pid, signal.SIGKILL)
        lab.close()
    await played.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in units), 20, "the units' end")
    await played.until(lambda: not files.exists(), 20, "the end of what they kept")
    if backend == "cable":
        await played.until(lambda: before.isdisjoint(namespaces()), 20, "the end of its namespaces")
    await played.until(lambda: not interfaces(), 20, "the end of its interfaces")
    assert await seen(lambda: nft.is_clear(Interface("fibre")))
    await played.until(lambda: all(is_refused(port) for port in ports), 20, "the end of its ports")
    if end == "kill":  # the next one starts, and takes away what it finds
        again = await ensure(rig)
        await until_serving(again)
        await again.stop()


def interfaces() -> list[str]:
    """
    Those of this machine that are called like the lab's links.
    """
    return [name for name in os.listdir("/sys/class/net") if name.startswith(("fibre", "lte"))]


def namespaces() -> set[str]:
    """
    The network namespaces that any process is in.
    """
    found = set()
    for path in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            found.add(os.readlink(path))
        except OSError:
            continue  # it ended meanwhile
    return found
