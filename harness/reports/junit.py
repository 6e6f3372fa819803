"""
The report that a CI reads.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..model.evidence import NO_EVIDENCE, Evidence
from ..model.instant import NS_PER_S
from ..model.run import Run
from ..model.trial import Trial
from ..model.verdict import TrialVerdict, Verdict
from ._text import clean, measured

# What a CI calls it: a DUT that fails is a failure, a bench that cannot tell is an error; neither is ever green.
_MARKS = {
    Verdict.DEVIATED: "failure",
    Verdict.INCONCLUSIVE: "error",
    TrialVerdict.STUCK: "failure",
    TrialVerdict.INCONCLUSIVE: "error",
}


class JUnit:
    """
    A run as a JUnit test suite: one case for each trial, one for each criterion, and one for the verdict on them all.
    """

    format = "junit"
    suffix = ".xml"

    @staticmethod
    def render(run: Run, evidence: Evidence = NO_EVIDENCE) -> str:
        """
        The XML of a run.
        """
        suite = ET.Element("testsuite", name=clean(f"{run.head.drill} on {run.head.rig}"))
        suite.append(_properties(run))
        for trial in run.trials:
            _case(suite, f"trial {trial.index}", trial.verdict, trial.reason, time_s=_watched_s(trial))
        for judged in run.criteria:
            _case(suite, judged.expr, judged.verdict, f"measured: {measured(judged)} (n = {judged.n})")
        _case(suite, "verdict", run.verdict, run.reason)
        _count(suite, run)
        root = ET.Element("testsuites")
        root.append(suite)
        ET.indent(root)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _case(
    suite: ET.Element, name: str, verdict: Verdict | TrialVerdict, reason: str, time_s: float | None = None
) -> None:
    case = ET.SubElement(suite, "testcase", classname=suite.attrib["name"], name=clean(name))
    if time_s is not None:
        case.set("time", f"{time_s:.3f}")
    if verdict in _MARKS:
        ET.SubElement(case, _MARKS[verdict], type=verdict.value, message=clean(f"{verdict}: {reason}"))
    elif reason:
        ET.SubElement(case, "system-out").text = clean(reason)


def _properties(run: Run) -> ET.Element:
    head = run.head
    facts: dict[str, object] = {
        "run_id": head.run_id,
        "drill": head.drill,
        "title": head.drill_title,
        "hypothesis": head.hypothesis,
        "rig": head.rig,
        "wiring": head.wiring,
        "seed": head.seed,
        "environment": head.environment,
        **{f"version.{name}": version or "unknown" for name, version in head.versions.items()},
        "dut.name": head.dut.name or "unknown",
        "dut.version": head.dut.version or "unknown",
        "verdict": run.verdict,
        "reason": run.reason,
        "repeat_command": head.repeat_command,
    }
    properties = ET.Element("properties")
    for name, value in facts.items():
        ET.SubElement(properties, "property", name=clean(name), value=clean(value))
    return properties


def _count(suite: ET.Element, run: Run) -> None:
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    suite.set("skipped", "0")
    # The schema's dateTime has no zone; ours is UTC, written as ISO 8601 with the seconds at its 19th character.
    suite.set("timestamp", clean(run.head.started_at)[:19])
    if run.duration_s is not None:
        suite.set("time", f"{run.duration_s:.3f}")


def _watched_s(trial: Trial) -> float | None:
    start = trial.instants.fault_commanded
    return None if start is None else max(0.0, (trial.watched_until_ns - start.earliest_ns) / NS_PER_S)
