"""
A format's name to its report.
"""

from __future__ import annotations

import pytest

from harness import plugins, reports
from harness.errors import UsageError
from harness.model.evidence import NO_EVIDENCE
from tests.reports import examples


@pytest.mark.parametrize(("name", "suffix"), [("md", ".md"), ("junit", ".xml"), ("json", ".json"), ("html", ".html")])
def test_a_format_is_found_by_its_name(name: str, suffix: str) -> None:
    report = reports.load(name)

    assert (report.format, report.suffix) == (name, suffix)
    assert examples.HEAD.repeat_command in report.render(examples.held, NO_EVIDENCE)


def test_an_unknown_format_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="format: no format 'jnit'; did you mean 'junit'"):
        reports.load("jnit")


def test_no_two_kinds_share_a_format() -> None:
    formats = [plugins.load("reports", kind).format for kind in plugins.kinds("reports")]

    assert len(set(formats)) == len(formats)
