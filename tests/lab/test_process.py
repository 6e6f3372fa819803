"""
The lab as a process, and the unit that it plays: real programs, real signals, real time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from gpiozero import OutputDevice

from harness import clock
from harness.errors import DeviceError, Refused
from harness.lab import place
from harness.lab.lab_bus import LabBus
from harness.lab.lab_pins import LabFactory
from harness.lab.launch import ensure, resolve
from harness.lab.process import serve

pytestmark = pytest.mark.lab

# A bench that drives the relay and is then killed.
BENCH = """
import sys, signal
from pathlib import Path
from harness.lab.lab_client import LabClient
lab = LabClient(Path(sys.argv[1]))
lab.drive(17, 0)
print("driven", flush=True)
signal.pause()
"""

# A program with a child that leaves its session, and so its leash, but not its folder.
AWAY = """
import os, subprocess
child = subprocess.Popen(["sleep", "60"], start_new_session=True)
open("draft", "w").write(str(child.pid))
os.rename("draft", "away")
child.wait()
"""


def kill_a_bench_that_holds_the_line(socket: Path) -> None:
    bench = subprocess.Popen([sys.executable, "-c", BENCH, str(socket)], stdout=subprocess.PIPE)
    assert bench.stdout is not None
    assert bench.stdout.readline() == b"driven\n"
    bench.kill()
    bench.communicate(timeout=5)


def test_the_unit_dies_with_its_rail_and_boots_when_it_is_back(play: Any, alive: Any) -> None:
    playing = play()
    playing.until_serving()
    host, port = resolve(playing.rig, "edge-node", 8080)
    with (
        LabFactory.for_rig(playing.rig) as factory,
        httpx.Client(base_url=f"http://{host}:{port}", headers={"Connection": "close"}) as web,
    ):
        relay = OutputDevice(17, active_high=False, initial_value=False, pin_factory=factory)
        assert web.post("/records", content=b"x").json()["seq"] == 1
        first = playing.unit()
        relay.on()
        playing.until(lambda: not alive(first["pid"]))
        dark = playing.unit()
        assert (dark["state"], playing.rail_v() < 3.0) == ("off", True)
        with pytest.raises(httpx.ConnectError):
            web.get("/health")
        relay.off()
        playing.until_serving()
        assert web.get("/records").json() == {"last_seq": 1, "lost": 0, "corrupt": 0, "torn": 0}
        second = playing.unit()
        assert second["rose_ns"] > second["fell_ns"] > first["rose_ns"]
        assert (second["boots"], second["address"]) == (2, [host, port])
        relay.close()


def test_the_rail_holds_up_before_the_unit_dies(play: Any) -> None:
    playing = play()
    playing.until_serving()
    before_ns = clock.now_ns()
    playing.lab.client.drive(17, 0)
    playing.until(lambda: playing.unit()["state"] == "off")
    # Operate time 8 ms less its spread, and a hold-up of 20 ms.
    assert playing.unit()["fell_ns"] - before_ns > 26_000_000


@pytest.mark.parametrize(("released_lines", "level", "state"), [("persist", 0, "off"), ("strict", 1, "serving")])
def test_a_killed_bench_leaves_the_line_as_the_world_says(
    play: Any, released_lines: str, level: int, state: str
) -> None:
    playing = play(released_lines=released_lines)
    kill_a_bench_that_holds_the_line(playing.socket)
    playing.until(lambda: playing.lab.client.state()["lines"]["17"]["owner"] is None)
    assert playing.lab.client.level(17) == level
    playing.until(lambda: playing.unit()["state"] == state)
    playing.lab.client.drive(17, 1)
    playing.until_serving()


def test_a_line_that_a_living_client_drives_is_busy(play: Any) -> None:
    playing = play()
    with playing.connect() as first:
        first.drive(17, 1)
        with pytest.raises(DeviceError, match=rf"line 17 is busy: crashbench \(pid {os.getpid()}\) drives it"):
            playing.lab.client.drive(17, 0)
    playing.until(lambda: playing.lab.client.state()["lines"]["17"]["owner"] is None)
    playing.lab.client.drive(17, 0)


def test_the_meter_is_read_through_the_bus(play: Any) -> None:
    playing = play()
    playing.until_serving()
    bus = LabBus.for_rig(playing.rig, None, 1)
    # Bus voltage register 02h, 1.25 mV a bit; SMBus order has the bytes swapped.
    playing.until(lambda: int.from_bytes(bus.read_word_data(0x40, 2).to_bytes(2, "little")) * 1.25e-3 > 4.9)
    assert bus.read_i2c_block_data(0x40, 0xFE, 2) == [0x54, 0x49]
    with pytest.raises(OSError, match="No such device") as absent:
        bus.read_word_data(0x41, 2)
    assert absent.value.errno == 6
    bus.close()


def test_a_killed_lab_takes_its_unit_with_it_and_the_next_one_starts(play: Any, alive: Any) -> None:
    first = play()
    first.until_serving()
    pid = first.unit()["pid"]
    os.kill(first.pid, signal.SIGKILL)
    first.until(lambda: not alive(pid))
    with pytest.raises(DeviceError, match="did not answer 'level'"):
        first.lab.client.level(17)
    second = play()
    assert second.lab.started
    second.until_serving()
    assert second.unit()["boots"] == 1


def test_a_killed_lab_leaves_nothing(play: Any, alive: Any, runtime: Path, tmp_path: Path) -> None:
    (tmp_path / "away.py").write_text(AWAY)
    playing = play(program="away.py")
    told = place.scratch(playing.socket) / "edge-node" / "away"
    playing.until(told.exists)
    pid = int(told.read_text())
    assert alive(pid)
    os.kill(playing.pid, signal.SIGKILL)
    playing.until(lambda: not place.lock(playing.socket).exists())
    playing.until(lambda: not alive(pid))
    assert not place.scratch(playing.socket).exists()
    assert list((runtime / "crashbench").iterdir()) == []


@pytest.mark.parametrize("end", ["stop", "idle", "term"])
def test_a_lab_that_ends_leaves_nothing(play: Any, alive: Any, runtime: Path, end: str) -> None:
    playing = play(idle_s=1.0 if end == "idle" else 30.0)
    playing.until_serving()
    unit = playing.unit()["pid"]
    if end == "stop":
        clock.run(playing.lab.stop)
    elif end == "idle":
        playing.lab.client.close()
    else:
        os.kill(playing.pid, signal.SIGTERM)
    playing.until(lambda: not place.lock(playing.socket).exists())
    assert not alive(unit)
    assert list((runtime / "crashbench").iterdir()) == []
    assert not place.scratch(playing.socket).exists()


def test_a_second_lab_for_the_rig_is_refused(play: Any) -> None:
    playing = play()
    with pytest.raises(Refused, match=rf"running already \(pid {playing.pid}\)"):
        clock.run(partial(serve, playing.rig, idle_s=None))
    again = clock.run(partial(ensure, playing.rig))
    assert (again.started, again.pid) == (False, playing.pid)
    again.close()


def test_a_unit_that_is_not_fed_by_the_rail_lives_on(play: Any) -> None:
    playing = play(defect="not_fed")
    playing.until_serving()
    playing.lab.client.drive(17, 0)
    playing.until(lambda: playing.unit()["fell_ns"] is not None)
    assert playing.rail_v() < 3.0
    assert playing.unit()["state"] == "serving"


def test_a_unit_that_never_boots_boots_once(play: Any) -> None:
    playing = play(defect="never_boots")
    playing.until_serving()
    playing.lab.client.drive(17, 0)
    playing.until(lambda: playing.unit()["state"] == "off")
    playing.lab.client.drive(17, 1)
    playing.until(lambda: playing.unit()["boots"] == 2 and playing.unit()["pid"] is not None)
    playing.until(lambda: b"never_boots" in Path(f"/proc/{playing.unit()['pid']}/cmdline").read_bytes())
    assert playing.unit()["state"] == "booting"


def test_a_program_that_ends_by_itself_stays_down_until_its_power_was_cut(play: Any) -> None:
    playing = play()
    playing.until_serving()
    os.kill(playing.unit()["pid"], signal.SIGTERM)
    playing.until(lambda: playing.unit()["state"] == "ended")
    assert playing.lab.client.state()["rails"]["main"]["current_a"] == 0
    playing.lab.client.drive(17, 0)
    playing.until(lambda: playing.unit()["state"] == "off")
    playing.lab.client.drive(17, 1)
    playing.until_serving()


def test_a_flickering_rail_leaves_one_unit_that_serves(play: Any, alive: Any) -> None:
    playing = play()
    playing.until_serving()
    pids = set()
    for _ in range(5):
        before = playing.unit()
        pids.add(before["pid"])
        playing.lab.client.drive(17, 0)
        playing.until(lambda ns=before["fell_ns"]: playing.unit()["fell_ns"] != ns)
        playing.lab.client.drive(17, 1)
        playing.until(lambda ns=before["rose_ns"]: playing.unit()["rose_ns"] != ns)
    playing.until_serving()
    assert [pid for pid in pids - {None, playing.unit()["pid"]} if alive(pid)] == []
