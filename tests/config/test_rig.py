from __future__ import annotations

from pathlib import Path

import pytest

from harness.config.rig import load_rig, resources
from harness.config.source import shipped
from harness.errors import UsageError
from harness.model.rig import DeviceSpec, IdentitySpec, SamplingSpec
from harness.model.world import DrawSpec

HEAD = """
title = "One relay"
[gpio]
factory = "gpiochip"
chip = 0
[i2c]
driver = "linux"
"""
DEVICES = """
[devices.mains]
kind = "relay"
pin = 17
[devices.monitor]
kind = "ina226"
[devices.health]
kind = "http_service"
url = "http://gateway:8080"
"""
DUT = """
[dut.gateway]
identity = { role = "probes.health" }
[dut.gateway.roles]
power = "mains"
probes.health = "health"
links.fibre.up = "mains"
"""
BARE = HEAD + DEVICES + DUT

LEVELS = 'nominal = "5 V"\nbrown_out = "3 V"\n'
METERED = BARE.replace("identity =", f'trip = "2 A"\n{LEVELS}identity =').replace(
    'power = "mains"', 'power = "mains"\nmeter = "monitor"'
)

WORLD = """
[world.rails.main]
dut = "gateway"
contact = { pin = 17 }
[world.chips.monitor]
kind = "ina226"
bus = 1
address = 0x40
rail = "main"
[world.units.gateway]
boot = "12 s"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "bench.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    """
    What is told of a rig, after the name of its file.
    """
    path = write(folder, text)
    with pytest.raises(UsageError) as error:
        load_rig(str(path))
    told, _, rest = str(error.value).partition(": ")
    assert told == str(path)
    assert "\n" not in rest
    return rest


def test_real_meters_are_sampled_and_simulated_ones_when_the_rig_says_so(tmp_path: Path) -> None:
    assert load_rig(str(write(tmp_path, BARE))).sampling == SamplingSpec()
    virtual = 'time = "virtual"\n' + BARE + WORLD
    assert load_rig(str(write(tmp_path, virtual))).sampling is None
    assert load_rig(str(write(tmp_path, virtual + "[sampling]"))).sampling == SamplingSpec()
    slow = load_rig(str(write(tmp_path, BARE + '[sampling]\nmeters = ["monitor"]\nage_limit = "500 ms"')))
    assert slow.sampling == SamplingSpec(meters=("monitor",), age_limit_s=0.5)


def test_a_dut_may_have_a_current_that_trips(tmp_path: Path) -> None:
    assert load_rig(str(write(tmp_path, METERED))).duts["gateway"].trip_a == 2.0
    assert load_rig(str(write(tmp_path, BARE))).duts["gateway"].trip_a is None


def test_a_dut_may_say_what_it_draws_when_it_runs_and_while_it_boots(tmp_path: Path) -> None:
    band, steps = '["0.2 A", "0.3 A"]', '[{ at = "0 s", draw = "1 A" }, { at = "3 s", draw = "0.25 A" }]'
    text = METERED.replace('trip = "2 A"', f"run_current = {band}\nboot_signature = {steps}")
    dut = load_rig(str(write(tmp_path, text))).duts["gateway"]
    assert dut.run_current_a == (0.2, 0.3)
    assert dut.boot_signature == (DrawSpec(at_s=0.0, draw_a=1.0), DrawSpec(at_s=3.0, draw_a=0.25))


@pytest.mark.parametrize("name", sorted(shipped("rig")))
def test_every_shipped_rig_loads(name: str) -> None:
    rig = load_rig(name)
    assert rig.name == name
    assert rig.duts


def test_a_rig_says_which_device_fills_each_role(tmp_path: Path) -> None:
    rig = load_rig(str(write(tmp_path, BARE)))
    assert (rig.name, rig.title, rig.time, rig.world) == ("bench", "One relay", "real", None)
    assert sorted(rig.devices) == ["health", "mains", "monitor"]
    gateway = rig.duts["gateway"]
    assert gateway.roles == {"power": "mains", "probes.health": "health", "links.fibre.up": "mains"}
    assert gateway.identity == IdentitySpec(role="probes.health")
    assert not rig.is_virtual
    assert not rig.is_lab


def test_a_rig_with_a_world_is_a_lab_or_a_simulation(tmp_path: Path) -> None:
    assert load_rig(str(write(tmp_path, BARE + WORLD))).is_lab
    simulated = load_rig(str(write(tmp_path, 'time = "virtual"' + BARE + WORLD)))
    assert simulated.is_virtual
    assert not simulated.is_lab


@pytest.mark.parametrize(
    ("in_file", "in_environment", "environment"),
    [
        ("", None, "production"),
        ('environment = "bench"', None, "bench"),
        ('environment = "bench"', "staging", "staging"),
        ('environment = "bench"', "", "bench"),
        ('environment = " bench "', " \t", "bench"),
        ('environment = "bench"', " staging\n", "staging"),
        ('environment = " "', None, "production"),
    ],
)
def test_an_environment_that_nobody_names_is_production(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    in_file: str,
    in_environment: str | None,
    environment: str,
) -> None:
    monkeypatch.delenv("CRASHBENCH_ENVIRONMENT", raising=False)
    if in_environment is not None:
        monkeypatch.setenv("CRASHBENCH_ENVIRONMENT", in_environment)
    assert load_rig(str(write(tmp_path, in_file + BARE))).environment == environment


def test_two_devices_may_share_a_bus_but_no_pin(tmp_path: Path) -> None:
    second = '[devices.spare]\nkind = "relay"\npin = 18\n[devices.other]\nkind = "ina226"\naddress = 0x41\n'
    assert len(load_rig(str(write(tmp_path, BARE + second))).devices) == 5


def test_a_device_that_occupies_nothing_has_no_resources() -> None:
    assert resources(DeviceSpec(name="x", kind="x", config=object())) == ()


def another(device: str) -> str:
    return f"{BARE}[devices.x]\n{device}"


def changed(old: str, new: str) -> str:
    assert BARE.count(old) == 1
    return BARE.replace(old, new)


def played(old: str, new: str) -> str:
    assert WORLD.count(old) == 1
    return BARE + WORLD.replace(old, new)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (DEVICES + DUT, "title: missing; add `title = …`"),
        (HEAD + DEVICES, "dut: missing; a rig needs at least one [dut.NAME]"),
        ("tittle = 3" + BARE, "tittle: unknown key; did you mean 'title'?"),
        (BARE + "[[interlocks]]", "interlocks: unknown key; did you mean 'interlock'?"),
        (BARE + "[device.x]", "device: unknown key; did you mean 'devices'?"),
        ('time = "vitual"' + BARE, "time: 'vitual' is none of them; did you mean 'virtual'?"),
        ('time = "virtual"' + BARE, "world: missing; virtual time needs a world to play"),
        (changed("factory", "factry"), "gpio.factry: unknown key; did you mean 'factory'?"),
        (changed("chip = 0", "chip = 0.5"), "gpio.chip: input should be a valid string, not a number (0.5)"),
        (BARE + "[lease]\nttl = 30", 'lease.ttl: 30 has no unit; write it like "250 ms"'),
        (BARE + '[lease]\nttl = "0 s"', "lease.ttl: must be more than 0"),
        (BARE + '[sampling]\nage_limit = "0 s"', "sampling: age_limit must be more than 0"),
        (
            BARE + '[sampling]\nmeters = ["montor"]',
            "sampling.meters: there is no device 'montor'; did you mean 'monitor'?",
        ),
        (
            BARE + '[sampling]\nmeters = ["mains"]',
            "sampling.meters: 'mains' (relay) is no meter that can be sampled",
        ),
        (
            METERED.replace('trip = "2 A"', 'supply_limit = "0 A"'),
            "dut.gateway.supply_limit: must be more than 0",
        ),
        (
            METERED.replace('trip = "2 A"', 'run_current = ["200 mA"]'),
            'dut.gateway.run_current: must be the least and the most that it draws, like ["200 mA", "300 mA"]',
        ),
        (
            METERED.replace('trip = "2 A"', 'run_current = ["300 mA", "200 mA"]'),
            'dut.gateway.run_current: must be the least and the most that it draws, like ["200 mA", "300 mA"]',
        ),
        (
            METERED.replace('trip = "2 A"', 'boot_signature = [{ at = "0 s", draw = "1 A" }]'),
            "dut.gateway.boot_signature: must be two steps or more, each later than the one before it, and to another "
            "current",
        ),
        (METERED.replace('trip = "2 A"', 'trip = "0 A"'), "dut.gateway.trip: must be more than 0"),
        (
            METERED + '[dut.gateway.artifacts]\n"../log" = { role = "meter", sql = "SELECT 1" }',
            "dut.gateway.artifacts.../log: is no name for a file; write it like node.log",
        ),
        (
            METERED + '[dut.gateway.artifacts]\nlog = { role = "metre", run = ["dmesg"] }',
            "dut.gateway.artifacts.log.role: 'metre' is no role here; did you mean 'meter'?",
        ),
        (
            METERED + '[dut.gateway.artifacts]\nlog = { role = "meter" }',
            "dut.gateway.artifacts.log: needs either `run`, a command, or `sql`, a statement",
        ),
        (
            METERED.replace('meter = "monitor"', ""),
            "dut.gateway.trip: nothing would trip: the DUT has no `meter` that can be sampled",
        ),
        (
            METERED.replace('meter = "monitor"', 'meter = "mains"'),
            "dut.gateway.trip: nothing would trip: the DUT has no `meter` that can be sampled",
        ),
        (
            METERED + "[sampling]\nmeters = []",
            "dut.gateway.trip: nothing would trip: 'monitor' is not sampled; add it to `[sampling]`",
        ),
        (
            'time = "virtual"\n' + METERED + WORLD,
            "dut.gateway.trip: nothing would trip: 'monitor' is not sampled; add it to `[sampling]`",
        ),
        (another("pin = 3"), "devices.x.kind: missing; known: "),
        (another('kind = "rellay"'), "devices.x.kind: no device kind 'rellay'; did you mean 'relay'?"),
        (another('kind = "relay"'), "devices.x.pin: missing; add `pin = …`"),
        (another('kind = "relay"\npni = 3'), "devices.x.pni: unknown key; did you mean 'pin'?"),
        (
            another('kind = "relay"\npin = "GPIO3"'),
            "devices.x.pin: input should be a valid integer, not text ('GPIO3')",
        ),
        (
            another('kind = "relay"\npin = 17'),
            "devices.x: pin 17 is taken by device 'mains' already; give one of them another",
        ),
        (another('kind = "relay"\npin = 3\ncontact = "nx"'), "devices.x.contact: 'nx' is none of them; known: nc, no"),
        (another('kind = "ina226"'), "devices.x: "),
        (
            another('kind = "ina226"\naddress = 0x41\nshunt = "100 mA"'),
            "devices.x.shunt: 'mA' is the wrong unit; use one of ",
        ),
        (
            changed('power = "mains"', 'power = "manis"'),
            "dut.gateway.roles.power: there is no device 'manis'; did you mean 'mains'?",
        ),
        (
            changed('fibre.up = "mains"', "fibre.up = 3"),
            "dut.gateway.roles.links.fibre.up: there is no device '3'; known: ",
        ),
        (
            changed('role = "probes.health"', 'role = "probes.helth"'),
            "dut.gateway.identity.role: 'probes.helth' is no role here; did you mean 'probes.health'?",
        ),
        (changed("{ role =", "{ rule ="), "dut.gateway.identity.rule: unknown key; did you mean 'role'?"),
        (
            METERED.replace('nominal = "5 V"\n', ""),
            'dut.gateway.nominal: missing; a meter judges this rail: add nominal like "12 V"',
        ),
        (
            METERED.replace('brown_out = "3 V"\n', ""),
            'dut.gateway.brown_out: missing; a meter judges this rail: add brown_out like "9 V"',
        ),
        (
            changed("identity =", 'nominal = "5 A"\nidentity ='),
            "dut.gateway.nominal: 'A' is the wrong unit; use one of ",
        ),
        (
            changed("identity =", 'brown_out = "9 V"\nidentity ='),
            "dut.gateway.brown_out: must be between 0 V and the nominal voltage",
        ),
        (
            BARE + '[[interlock]]\ndevices = ["mains", "montor"]',
            "interlock.0.devices: there is no device 'montor'; did you mean 'monitor'?",
        ),
        (
            played('dut = "gateway"', 'dut = "gatway"'),
            "world.rails.main.dut: there is no unit 'gatway'; did you mean 'gateway'?",
        ),
        (
            played('rail = "main"', 'rail = "mian"'),
            "world.chips.monitor.rail: there is no rail 'mian'; did you mean 'main'?",
        ),
        (
            played('rail = "main"', 'rail = "main"\nmore_rails = ["", "mian"]'),
            "world.chips.monitor.more_rails: there is no rail 'mian'; did you mean 'main'?",
        ),
        (
            played("units.gateway", "units.gate").replace('dut = "gateway"', 'dut = "gate"'),
            "dut.gateway: there is no unit 'gateway'; did you mean 'gate'?",
        ),
        (played("12 s", "12"), "world.units.gateway.boot: '12' has no unit; use one of "),
        (BARE + WORLD + 'defect = "haunted"', "world.units.gateway.defect: 'haunted' is none of them; known: "),
    ],
)
def test_a_mistake_is_told_with_its_file_and_its_key(tmp_path: Path, text: str, told: str) -> None:
    heard = refusal(tmp_path, text)
    assert heard == told or (told.endswith(" ") and heard.startswith(told))
