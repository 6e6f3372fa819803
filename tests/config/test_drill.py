from __future__ import annotations

from pathlib import Path

import pytest

from harness import plugins
from harness.config.drill import load_drill
from harness.config.source import shipped
from harness.errors import UsageError
from harness.model.drill import BlastRadius, Severity, Trials
from harness.model.quantity import QUANTITIES

HEAD = """
title = "Cut"
hypothesis = "It comes back."
chaos_type = "power_outage"
component = "gateway"
"""
PROBE = """
[[steady_state]]
kind = "http"
role = "probes.health"
timeout = "1 s"
"""
FAULT = """
[[fault]]
kind = "power_cut"
role = "power"
for = "3 s"
"""
BARE = HEAD + PROBE + FAULT
SECOND = PROBE.replace('timeout = "1 s"', 'name = "second"\nperiod = "100 ms"')
NO_TIMEOUT = 'timeout: missing; how long is its answer waited for? add `timeout = "1 s"`'


def write(folder: Path, text: str) -> Path:
    path = folder / "cut.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    """
    What is told of a drill, after the name of its file.
    """
    path = write(folder, text)
    with pytest.raises(UsageError) as error:
        load_drill(str(path))
    told, _, rest = str(error.value).partition(": ")
    assert told == str(path)
    assert "\n" not in rest
    return rest


@pytest.mark.parametrize("name", sorted(shipped("drill")))
def test_every_shipped_drill_loads(name: str) -> None:
    drill = load_drill(name)
    assert drill.name == name
    assert drill.title
    assert drill.hypothesis.endswith(".")


def test_what_a_drill_leaves_out_has_its_default(tmp_path: Path) -> None:
    drill = load_drill(str(write(tmp_path, BARE)))
    assert (drill.severity, drill.trials, drill.blast_radius) == (Severity.P2, Trials(), BlastRadius())
    assert (drill.hold_s, drill.settle_s, drill.watch_s) == (5.0, 30.0, 300.0)
    assert drill.ready == ("probes.health",)
    assert drill.detected is None
    assert drill.criteria == ()


def test_a_probe_goes_by_its_name_or_else_by_its_role(tmp_path: Path) -> None:
    drill = load_drill(str(write(tmp_path, BARE + SECOND + 'timeout = "50 ms"')))
    first, second = drill.steady_state
    assert (first.name, first.period_s, first.timeout_s) == ("probes.health", 1.0, 1.0)
    assert (second.name, second.period_s, second.timeout_s) == ("second", 0.1, 0.05)


def test_what_others_tell_by_themselves_is_waited_for_without_a_timeout(tmp_path: Path) -> None:
    drill = load_drill(str(write(tmp_path, BARE + '[detected]\nkind = "alertmanager"\nrole = "alerts"')))
    assert drill.detected is not None
    assert drill.detected.probe.kind == "alertmanager"


def test_whether_a_loss_is_expected_follows_from_the_faults(tmp_path: Path) -> None:
    noop = HEAD + PROBE + '[[fault]]\nkind = "noop"\nfor = "1 s"\n'
    assert load_drill(str(write(tmp_path, BARE))).expects_loss
    assert not load_drill(str(write(tmp_path, noop))).expects_loss
    assert load_drill(str(write(tmp_path, noop + FAULT))).expects_loss
    assert not load_drill(str(write(tmp_path, "expects_loss = false" + BARE))).expects_loss


def test_a_criterions_limit_is_in_the_unit_of_what_it_names(tmp_path: Path) -> None:
    witness = '[[steady_state]]\nkind = "witness"\nrole = "probes.records"\ntimeout = "1 s"\n'
    exprs = ["time_to_detect  <  500 ms", "mttr <= 5 min", "error_ratio < 0.1 %", "lost_writes == 0"]
    criteria = "".join(f'[[criteria]]\nexpr = "{expr}"\n' for expr in exprs)
    drill = load_drill(str(write(tmp_path, BARE + witness + criteria)))
    assert [(c.name, c.op, c.limit) for c in drill.criteria] == [
        ("time_to_detect", "<", 0.5),
        ("mttr", "<=", 300.0),
        ("error_ratio", "<", 0.001),
        ("lost_writes", "==", 0.0),
    ]
    assert drill.criteria[0].expr == "time_to_detect < 500 ms"


@pytest.mark.parametrize("name", QUANTITIES)
def test_a_criterion_may_name_whatever_a_trace_tells_in_its_unit(tmp_path: Path, name: str) -> None:
    path = str(write(tmp_path, BARE + f'[[criteria]]\nexpr = "{name} < 1500 m{QUANTITIES[name]}"\n'))
    assert load_drill(path).criteria[0].limit == 1.5


def test_a_ratio_may_be_judged_on_its_bound(tmp_path: Path) -> None:
    text = BARE + '[[criteria]]\nexpr = "error_ratio < 1 %"\nconfidence = 0.95'
    assert load_drill(str(write(tmp_path, text))).criteria[0].confidence == 0.95


def test_an_override_is_checked_like_the_file_and_kept_with_the_drill(tmp_path: Path) -> None:
    path = str(write(tmp_path, BARE))
    drill = load_drill(path, ["drill.fault.0.for=500 ms", "trials.count=7"])
    assert (drill.faults[0].for_s, drill.trials.count) == (0.5, 7)
    assert drill.overrides == ("drill.fault.0.for=500 ms", "trials.count=7")
    with pytest.raises(UsageError, match=r"cut\.toml: trials\.cuont: unknown key; did you mean 'count'\?"):
        load_drill(path, ["trials.cuont=7"])


def expr(text: str, *more: str) -> str:
    return BARE + f'[[criteria]]\nexpr = "{text}"\n' + "\n".join(more)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (PROBE + FAULT, "title: missing; add `title = …`"),
        (HEAD + FAULT, "steady_state: missing; a drill needs at least one [[steady_state]]"),
        (HEAD + PROBE, "fault: missing; a drill needs at least one [[fault]]"),
        ('titel = "x"' + BARE, "titel: unknown key; did you mean 'title'?"),
        ('severity = "P9"' + BARE, "severity: 'P9' is none of them; known: P0, P1, P2, P3"),
        ("hold = 5" + BARE, 'hold: 5 has no unit; write it like "250 ms"'),
        (
            expr("inrush_peak < 3 V"),
            "criteria.0.expr: 'V' is the wrong unit; use one of µA, uA, mA, A, like \"500 mA\"",
        ),
        (expr("energy_to_recover < 40"), "criteria.0.expr: '40' has no unit; use one of mJ, J, kJ, like \"40 J\""),
        (
            'hold = "5 V"' + BARE,
            "hold: 'V' is the wrong unit; use one of ns, us, µs, ms, s, min, h, d, like \"250 ms\"",
        ),
        ('hold = "-5 s"' + BARE, "hold: must not be negative"),
        ('settle = "-5 s"' + BARE, "settle: must not be negative"),
        ('watch = "-5 s"' + BARE, "watch: must not be negative"),
        ('ready = ["health"]' + BARE, "ready: 'health' is no probe here; did you mean 'probes.health'?"),
        (BARE + "[trials]\ncount = 0", "trials.count: must be at least 1"),
        (BARE + '[trials]\ncool_down = "-1 s"', "trials.cool_down: must not be negative"),
        (BARE + "[blast_radius]\nduts = 0", "blast_radius.duts: must be at least 1"),
        (BARE + "[blast_radius]\nrole = []", "blast_radius.role: unknown key; did you mean 'roles'?"),
        ("steady_state = 3" + HEAD + FAULT, "steady_state: must be a list of tables; write [[steady_state]]"),
        ("steady_state = [3]" + HEAD + FAULT, "steady_state.0: must be a table"),
        ("detected = 3" + BARE, "detected: must be a table"),
        ("fault = [{}]" + HEAD + PROBE, f"fault.0.kind: missing; known: {', '.join(plugins.kinds('faults'))}"),
        (BARE + PROBE.replace("http", "htpp"), "steady_state.1.kind: no probe kind 'htpp'; did you mean 'http'?"),
        (BARE + PROBE, "steady_state: two probes are called 'probes.health'; give one a `name`"),
        (BARE + PROBE + 'pariod = "1 s"', "steady_state.1.pariod: unknown key; did you mean 'period'?"),
        (
            BARE + PROBE + "status = [200, 'x']",
            "steady_state.1.status.1: input should be a valid integer, not text ('x')",
        ),
        (BARE + PROBE + 'period = "0 s"', "steady_state.1.period: must be more than 0"),
        (BARE + PROBE.replace("1 s", "0 s"), "steady_state.1.timeout: must be more than 0"),
        (BARE + SECOND, f"steady_state.1.{NO_TIMEOUT}"),
        (BARE + '[detected]\nkind = "http"\nrole = "a"', f"detected.{NO_TIMEOUT}"),
        (BARE + '[failed_over]\nkind = "http"\nrole = "a"', f"failed_over.{NO_TIMEOUT}"),
        (BARE + PROBE + "failures = 3", "steady_state.1.failures: unknown key; it belongs in [detected]"),
        (BARE + PROBE.replace("role", "rule"), "steady_state.1.rule: unknown key; did you mean 'role'?"),
        (BARE + '[[steady_state]]\nkind = "http"', "steady_state.1.role: missing; add `role = …`"),
        (
            BARE + FAULT.replace("power_cut", "powercut"),
            "fault.1.kind: no fault kind 'powercut'; did you mean 'power_cut'?",
        ),
        (BARE + FAULT + 'fro = "1 s"', "fault.1.fro: unknown key; did you mean 'for'?"),
        (BARE + FAULT + 'at = "-1 s"', "fault.1.at: must not be negative"),
        (BARE + FAULT + "at = 1", 'fault.1.at: 1 has no unit; write it like "250 ms"'),
        (BARE + FAULT + "for_s = 1", "fault.1.for_s: unknown key; did you mean 'for'?"),
        (
            BARE + '[detected]\nkind = "http"\nrole = "a"\ntimeout = "1 s"\nfailures = 0',
            "detected.failures: must be a whole number from 1 up",
        ),
        (
            BARE + '[detected]\nkind = "http"\nrole = "a"\ntimeout = "1 s"\nfailures = true',
            "detected.failures: input should be a valid integer, not true or false (True)",
        ),
        (expr("fast"), "criteria.0.expr: 'fast' is not `name op limit`; like `time_to_detect < 30 s`"),
        (
            expr("time_to_detekt < 1 s"),
            "criteria.0.expr: 'time_to_detekt' cannot be judged by these probes; did you mean 'time_to_detect'?",
        ),
        (
            expr("time_to_detect < 1"),
            "criteria.0.expr: '1' has no unit; use one of ns, us, µs, ms, s, min, h, d, like \"250 ms\"",
        ),
        (expr("error_ratio < 1 s"), "criteria.0.expr: 's' is the wrong unit; use one of %, ppm, like \"10 %\""),
        (expr("mttd < 1 s", "confidence = 0.95"), "criteria.0.confidence: only error_ratio can be judged on a bound"),
        (
            expr("error_ratio < 1 %", "confidence = 95"),
            "criteria.0.confidence: must be at least 0.5 and less than 1, like 0.95",
        ),
        (
            expr("error_ratio < 1 %", "confidence = nan"),
            "criteria.0.confidence: must be at least 0.5 and less than 1, like 0.95",
        ),
        (expr("error_ratio < 1 %", "unit = 1"), "criteria.0.unit: unknown key; known: confidence, expr"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_its_key(tmp_path: Path, text: str, told: str) -> None:
    assert refusal(tmp_path, text) == told


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("[detectd]", "detected"),
        ("[[criterion]]", "criteria"),
        ("[[faults]]", "fault"),
        ("[[stedy_state]]", "steady_state"),
        ("[failover]", "failed_over"),
        ("[lader]", "ladder"),
        ("[trial]", "trials"),
    ],
)
def test_a_misspelt_table_is_told_before_anything_else_with_the_right_one(
    tmp_path: Path, wrong: str, right: str
) -> None:
    key = wrong.strip("[]")
    assert refusal(tmp_path, f'{HEAD}{wrong}\nkind = "x"') == f"{key}: unknown key; did you mean '{right}'?"


def test_a_criterion_may_name_only_what_the_drills_own_probes_measure(tmp_path: Path) -> None:
    told = refusal(tmp_path, expr("lost_writes == 0"))
    assert told.startswith("criteria.0.expr: 'lost_writes' cannot be judged by these probes; known: ")


def test_what_a_probe_measures_is_judged_as_a_bare_number(tmp_path: Path) -> None:
    witness = '[[steady_state]]\nkind = "witness"\nrole = "probes.records"\ntimeout = "1 s"\n'
    told = refusal(tmp_path, BARE + witness + '[[criteria]]\nexpr = "lost_writes < 1 s"')
    assert told == "criteria.0.expr: '1 s' must be a bare number for 'lost_writes'"
