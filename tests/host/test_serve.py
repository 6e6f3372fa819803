"""
`crashbench serve`: where it listens, who may change something, and how it begins and ends as a process.
"""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from harness import clock
from harness.config.rig import load_rig
from harness.engine.undo import UndoJournal
from harness.errors import Exit, UsageError
from harness.host.serve import restore_what_was_left, serve_host
from harness.lab.lab_client import LabClient
from harness.lab.launch import Lab
from harness.model.event import Kind
from harness.model.undo import Undo
from harness.store.record import load
from harness.supervise.lease import Lease
from harness.supervise.places import undo_path
from tests.supervise.killing import fed_in_time
from tests.supervise.played import DRILL, Kept, crashbench, is_fed, playing, quick_rig, until

TOKEN = "sesame"


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("256.0.0.1", 0, "--host"),
        ("a" * 300, 0, "--host"),
        ("127.0.0.1", 70_000, "70000 is no port"),
        ("127.0.0.1", -1, "-1 is no port"),
        ("192.0.2.1", 0, "cannot listen"),
    ],
)
def test_an_address_that_is_not_ours_is_a_usage_error(host: str, port: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        serve_host("sim", host, port)


def test_a_port_that_is_taken_is_a_usage_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UsageError, match="cannot listen"):
        serve_host("sim", "127.0.0.1", taken.getsockname()[1])


def test_a_rig_that_is_not_there_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="did you mean 'sim'"):
        serve_host("sin", "127.0.0.1", 0)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_who_is_open_to_others_needs_a_token_of_its_own(host: str) -> None:
    if host == "::" and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with pytest.raises(UsageError, match="CRASHBENCH_TOKEN"):
        serve_host("sim", host, 0)


def test_a_rig_that_somebody_has_is_left_to_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rig = load_rig(str(quick_rig(tmp_path)))
    UndoJournal(undo_path(rig)).promise([Undo(device="mains", action="on")], "a run of theirs")
    with Lease(rig, "crashbench run elsewhere"):
        restore_what_was_left(rig)
    assert "crashbench run elsewhere" in capsys.readouterr().err
    assert not UndoJournal(undo_path(rig)).pending().is_clean


# --- as a process -----------------------------------------------------------------------------------------------------


class Served:
    """
    A host that runs, and what it said when it began.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self.said = process, ""
        assert process.stderr is not None
        while not (found := re.search(r"serving (http://\S+)/api/v1", self.said)):
            line = process.stderr.readline()
            assert line, f"it ended: {self.said}"
            self.said += line
        self.url = found[1]
        self.http = httpx.Client(
            base_url=f"{self.url}/api/v1", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30
        )

    def start(self, drill: str) -> str:
        """
        Starts a run; returns its id.
        """
        answer = self.http.post("/runs", json={"drill": drill})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["run_id"])

    @contextmanager
    def events(self, path: str) -> Iterator[Iterator[dict[str, Any]]]:
        """
        The events of a stream.
        """
        with self.http.stream("GET", path, headers={"Accept": "text/event-stream"}) as answer:
            lines = answer.iter_lines()
            yield (json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))

    def end(self, signum: signal.Signals) -> int:
        """
        Ends it; returns its exit code.
        """
        self.process.send_signal(signum)
        return self.process.wait(30)


@contextmanager
def serving(folder: Path, rig: str) -> Iterator[Served]:
    process = crashbench(folder, "serve", "--rig", rig, "--port", "0")
    served = None
    try:
        served = Served(process)
        yield served
    finally:
        if served is not None:
            served.http.close()
        process.kill()
        process.communicate()


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_TOKEN", TOKEN)


@pytest.mark.lab
@pytest.mark.usefixtures("token")
@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, Exit.SIGTERM), (signal.SIGINT, Exit.SIGINT)])
def test_a_signal_ends_it_and_a_run_that_it_interrupts_says_so(
    tmp_path: Path, signum: signal.Signals, code: int
) -> None:
    with serving(tmp_path, "sim") as served:
        assert served.end(signum) == 0
    with serving(tmp_path, "sim") as served, served.events("/events") as events:
        answer = served.http.post("/runs", json={"drill": "control", "until_failure": True})
        assert served.end(signum) == code
        kinds = [event["kind"] for event in events]
        assert kinds[-2:] == ["run_ended", "over"]
    assert load(answer.json()["run_id"]).verdict == "inconclusive"


@pytest.mark.lab
def test_without_a_token_one_is_made_and_told_once(tmp_path: Path) -> None:
    with serving(tmp_path, "sim") as served:
        made = re.findall(r"token: (\S{30,})", served.said)
        assert len(made) == 1
        order = {"drill": "contrl"}
        assert served.http.post("/runs", json=order).status_code == 401
        assert served.http.post("/runs", json=order, headers={"Authorization": f"Bearer {made[0]}"}).status_code == 422


@pytest.fixture
def lab_rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """
    A quick rig in the lab, with a drill beside it whose cut lasts.
    """
    (tmp_path / "drills").mkdir()
    (tmp_path / "drills" / "quick.toml").write_text(DRILL.replace("1200 ms", "5 s"), "utf-8")
    with TemporaryDirectory(prefix="crashbench-") as short:  # for sockets
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        yield quick_rig(tmp_path)


@contextmanager
def played(rig: Path) -> Iterator[LabClient]:
    """
    A lab that outlives the host.
    """
    lab: Lab = clock.run(playing, rig)
    try:
        yield lab.client
    finally:
        clock.run(lab.stop)


def struck(events: Iterator[dict[str, Any]]) -> None:
    """
    Reads until the fault has taken effect.
    """
    assert next(event for event in events if event["kind"] == Kind.FAULT_EFFECTIVE)


@pytest.mark.lab
@pytest.mark.usefixtures("token")
def test_a_run_on_the_lab_is_followed_and_aborted_and_the_dut_is_fed(tmp_path: Path, lab_rig: Path) -> None:
    with played(lab_rig) as client, serving(tmp_path, str(lab_rig)) as served:
        with served.events("/events") as events:
            run_id = served.start("quick")
            struck(events)
            assert not is_fed(client)
            kept = Kept(client, served.process.pid)
            assert served.http.post(f"/runs/{run_id}/abort").status_code == 202
            clock.run(fed_in_time, client, clock.now_ns(), kept)
            kinds = [event["kind"] for event in takewhile(lambda event: event["kind"] != "over", events)]
            assert "run_ended" in kinds
        run = served.http.get(f"/runs/{run_id}").json()
        assert (run["state"], run["verdict"]) == ("ended", "inconclusive")
        assert served.end(signal.SIGTERM) == 0


ENDS: list[tuple[signal.Signals, Callable[[int], bool]]] = [
    (signal.SIGTERM, lambda code: code == Exit.SIGTERM),
    (signal.SIGKILL, lambda code: code == -signal.SIGKILL),
]


@pytest.mark.lab
@pytest.mark.usefixtures("token")
@pytest.mark.parametrize(("signum", "is_right"), ENDS, ids=["SIGTERM", "SIGKILL"])
def test_a_host_that_ends_while_a_fault_lasts_leaves_the_dut_fed(
    tmp_path: Path,
    lab_rig: Path,
    signum: signal.Signals,
    is_right: Callable[[int], bool],
) -> None:
    with played(lab_rig) as client, serving(tmp_path, str(lab_rig)) as served:
        with served.events("/events") as events:
            run_id = served.start("quick")
            struck(events)
            assert not is_fed(client)
            kept = Kept(client, served.process.pid)
            served.process.send_signal(signum)
            clock.run(fed_in_time, client, clock.now_ns(), kept)
        assert is_right(served.process.wait(30))
        clock.run(until, lambda: load(run_id).ended, 20, "the record ends")
        assert load(run_id).verdict == "inconclusive"
        assert UndoJournal(undo_path(load_rig(str(lab_rig)))).pending().is_clean


@pytest.mark.lab
def test_what_an_earlier_run_left_is_undone_before_anything_is_served(tmp_path: Path, lab_rig: Path) -> None:
    rig = load_rig(str(lab_rig))
    UndoJournal(undo_path(rig)).promise([Undo(device="mains", action="on")], "a run that was killed")
    with serving(tmp_path, str(lab_rig)) as served:
        assert "restored what an earlier run left: undone: mains on" in served.said
        assert re.search(r"edge: rail at [45]\.\d\d V, safe", served.said)
    assert UndoJournal(undo_path(rig)).pending().is_clean
