"""The report for CI, in the JUnit form that Jenkins, GitLab and others read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from ..results import RecordedExchange, Report, Result, Verdict

if TYPE_CHECKING:
    from ..expected_failures import Outcome

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(report: Report, outcome: Outcome) -> str:
    """The report as JUnit XML: a test case for each requirement.

    An expected failure and an advice are skipped, an unexpected pass is a failure, a fault of the harness is an error.
    """
    suites = ET.Element("testsuites", name="ideogram conform")
    suite = ET.SubElement(suites, "testsuite", name=f"{report.kind} {_text(report.subject)}", time="0")
    suite.set("timestamp", report.began.strftime("%Y-%m-%dT%H:%M:%S"))
    properties = ET.SubElement(suite, "properties")
    for name, value in (("contract_sha256", report.contract_sha256), ("seed", report.seed)):
        ET.SubElement(properties, "property", name=name, value=str(value))
    for result in report.results:
        _add_case(suite, report, result, outcome)
    for element in (suites, suite):
        element.set("tests", str(len(report.results)))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            if element is suite or name != "skipped":  # the outer element has no such attribute
                element.set(name, str(len(suite.findall(f"testcase/{tag}"))))
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _add_case(suite: ET.Element, report: Report, result: Result, outcome: Outcome) -> None:
    requirement = result.requirement
    case = ET.SubElement(suite, "testcase", name=requirement.id, classname=f"ideogram.{report.kind}", time="0")
    message = _text(result.detail)
    head = "\n".join(filter(None, [requirement.title, requirement.pointer, result.cause]))
    told = _text("\n\n".join([head, *map(_exchange, result.exchanges)]))
    if result in outcome.expected_failures:
        reason = outcome.reasons[requirement.id] or "no reason given"
        ET.SubElement(case, "skipped", message=_text(f"failed as expected ({reason}): {result.detail}"))
    elif result in outcome.unexpected_passes:
        failure = ET.SubElement(
            case, "failure", message="held, although a failure was expected", type="unexpected pass"
        )
        failure.text = told
    elif result.verdict is Verdict.FAILED:
        ET.SubElement(case, "failure", message=message, type="failed").text = told
    elif result.verdict is Verdict.HARNESS_FAULT:
        ET.SubElement(case, "error", message=message, type="harness fault").text = told
    elif result.verdict is not Verdict.HELD:
        ET.SubElement(case, "skipped", message=_text(f"{result.verdict}: {result.detail}"))


def _exchange(exchange: RecordedExchange) -> str:
    return f"{exchange.note}\n\n{exchange.request}\n\n{exchange.answer}"


def _text(text: str) -> str:
    """A text without the characters that XML cannot hold, not even escaped."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
