"""
The suite that a CI reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from harness.model.run import Run
from harness.model.verdict import TrialVerdict, Verdict
from harness.reports.junit import JUnit
from tests.model import strategies
from tests.reports import examples


def suite_of(run: Run) -> ET.Element:
    suite = ET.fromstring(JUnit.render(run)).find("testsuite")
    assert suite is not None
    return suite


@pytest.mark.parametrize("name", examples.ALL)
def test_it_is_the_golden_suite(name: str, is_golden: Callable[[str, str], bool]) -> None:
    assert is_golden(JUnit.render(examples.ALL[name]), f"{name}.xml")


@given(strategies.runs)
@settings(max_examples=30)
def test_any_run_is_valid_xml_with_one_case_for_each_trial_and_criterion(run: Run) -> None:
    JUnit.render(run).encode("utf-8")
    suite = suite_of(run)

    cases = suite.findall("testcase")
    assert len(cases) == len(run.trials) + len(run.criteria) + 1
    assert suite.get("tests") == str(len(cases))
    assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
    assert suite.get("errors") == str(len(suite.findall("testcase/error")))


@given(strategies.runs)
@settings(max_examples=30)
def test_a_suite_is_green_only_for_a_run_in_which_everything_held(run: Run) -> None:
    suite = suite_of(run)
    is_green = suite.get("failures") == suite.get("errors") == "0"

    assert is_green == (
        run.verdict is Verdict.HELD
        and all(judged.verdict is Verdict.HELD for judged in run.criteria)
        and all(trial.verdict is TrialVerdict.RECOVERED for trial in run.trials)
    )


def test_a_killed_bench_is_an_error_though_there_is_nothing_to_judge() -> None:
    suite = suite_of(examples.killed)

    assert [case.get("name") for case in suite.findall("testcase")] == ["verdict"]
    error = suite.find("testcase/error")
    assert error is not None
    assert error.get("message") == "inconclusive: the record has no end: the bench was killed"


def test_what_deviates_fails_and_what_is_in_doubt_is_an_error() -> None:
    suite = suite_of(examples.deviated)
    marks = {
        case.get("name"): [mark.tag for mark in case if mark.tag != "system-out"] for case in suite.iter("testcase")
    }

    assert marks == {
        **{f"trial {index}": [] for index in range(1, 5)},
        "trial 5": ["failure"],
        "trial 6": ["error"],
        "mttd < 30 s": [],
        "downtime < 30 s": ["failure"],
        "error_ratio < 0.1 %": ["failure"],
        "cache_hit_ratio > 0.8": ["error"],
        "verdict": ["failure"],
    }


def test_its_properties_say_how_to_repeat_the_run() -> None:
    run = replace(examples.held, reason="two\nlines\x07")
    facts = {p.get("name"): p.get("value") for p in suite_of(run).iter("property")}

    assert facts["repeat_command"] == run.head.repeat_command
    assert facts["seed"] == "7"
    assert facts["version.crashbench"] == "0.1.0"
    assert facts["version.firmware"] == "unknown"
    assert facts["dut.name"] == "edge-node"
    assert facts["reason"] == "two lines"
