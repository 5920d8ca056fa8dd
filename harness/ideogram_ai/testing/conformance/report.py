"""A report as files: JSON for programs, JUnit for CI, one HTML page for people."""

from __future__ import annotations

import json
import re
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from attrs import asdict

from ideogram_ai.client.request import is_array, is_object

from .kit import Outcome, RecordedExchange, Report, Result, Verdict, apply_expected, at_pointer, by_cause, join_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JSON_FORMAT: Final = 1
"""Version of report.json; it rises when a member is removed or changes its meaning."""

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PAGE_ORDER: Final = (Verdict.FAILED, Verdict.HARNESS_FAULT, Verdict.ADVICE, Verdict.NOT_TRIED, Verdict.HELD)


def write_report(report: Report, folder: Path, outcome: Outcome | None = None) -> None:
    """Write `report.json`, `report.xml` (JUnit) and `report.html`. Files with these names are replaced.

    Args:
        report: The report.
        folder: Where the files go; it is created if it does not exist.
        outcome: The report compared with expected failures; None expects none.

    Raises:
        OSError: The folder or a file cannot be written.
    """
    outcome = outcome or apply_expected(report)
    # All three are made before one is written, and each is replaced in one step: the files never mix two runs.
    contents = {
        "report.json": to_json(report, outcome),
        "report.xml": to_junit(report, outcome),
        "report.html": to_html(report, outcome),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        part = folder / f".{name}.part"
        part.write_bytes(content.encode("utf-8", "backslashreplace"))
        part.replace(folder / name)


def to_json(report: Report, outcome: Outcome) -> str:
    """The report as indented JSON."""
    content = {
        "format": JSON_FORMAT,
        "kind": report.kind,
        "subject": report.subject,
        "contract_sha256": report.contract_sha256,
        "seed": report.seed,
        "began": report.began.isoformat(),
        "exit_code": outcome.exit_code,
        "notes": list(report.notes),
        "counts": {verdict.value: len(report.of(verdict)) for verdict in Verdict},
        "results": [
            {
                "requirement": asdict(result.requirement),
                "verdict": result.verdict.value,
                "failure_expected": outcome.reasons.get(result.requirement.id),
                "detail": result.detail,
                "cause": result.cause,
                "exchanges": [asdict(exchange) for exchange in result.exchanges],
            }
            for result in report.results
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def to_junit(report: Report, outcome: Outcome) -> str:
    """The report as JUnit XML, in the form that Jenkins, GitLab and others read: a test case for each requirement.

    An expected failure, advice and what was not tried are skipped. An unexpected pass is a failure, a harness fault is
    an error.
    """
    suites = ET.Element("testsuites", name="ideogram conform")
    suite = ET.SubElement(suites, "testsuite", name=f"{report.kind} {_xml_text(report.subject)}", time="0")
    suite.set("timestamp", report.began.strftime("%Y-%m-%dT%H:%M:%S"))
    properties = ET.SubElement(suite, "properties")
    for name, value in (("contract_sha256", report.contract_sha256), ("seed", report.seed)):
        ET.SubElement(properties, "property", name=name, value=str(value))
    for result in report.results:
        name = result.requirement.id
        case = ET.SubElement(suite, "testcase", name=name, classname=f"ideogram.{report.kind}", time="0")
        tag, attributes = _junit_outcome(result, outcome)
        if tag:
            element = ET.SubElement(case, tag, {key: _xml_text(value) for key, value in attributes.items()})
            element.text = None if tag == "skipped" else _xml_text(_junit_body(result))
    for element in (suites, suite):
        element.set("tests", str(len(report.results)))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            if element is suite or name != "skipped":  # the outer element has no such attribute
                element.set(name, str(len(suite.findall(f"testcase/{tag}"))))
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _junit_outcome(result: Result, outcome: Outcome) -> tuple[str, dict[str, str]]:
    """The element that a test case holds and its attributes; no element for one that held."""
    if result in outcome.expected_failures:
        reason = outcome.reasons[result.requirement.id] or "no reason given"
        return "skipped", {"message": f"failed as expected ({reason}): {result.detail}"}
    if result in outcome.unexpected_passes:
        return "failure", {"message": "held, although a failure was expected", "type": "unexpected pass"}
    if result.verdict is Verdict.FAILED:
        return "failure", {"message": result.detail, "type": "failed"}
    if result.verdict is Verdict.HARNESS_FAULT:
        return "error", {"message": result.detail, "type": "harness fault"}
    return ("" if result.verdict is Verdict.HELD else "skipped"), {"message": f"{result.verdict}: {result.detail}"}


def _junit_body(result: Result) -> str:
    head = "\n".join(filter(None, [result.requirement.title, result.requirement.pointer, result.cause]))
    exchanges = [f"{exchange.note}\n\n{exchange.request}\n\n{exchange.answer}" for exchange in result.exchanges]
    return "\n\n".join([head, *exchanges])


def _xml_text(text: str) -> str:
    """The text without the characters that XML cannot hold, not even escaped."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def to_html(report: Report, outcome: Outcome) -> str:
    """The report as a page: a table of the requirements, their exchanges, and the contract that they point into."""
    template = Template(files(__package__ or "").joinpath("page.html").read_text("utf-8"))
    facts = {
        "Tested": report.subject,
        "Contract": f"sha256 {report.contract_sha256}",
        "Seed": "none" if report.seed is None else str(report.seed),
        "Began": f"{report.began:%Y-%m-%d %H:%M:%S} UTC",
    }
    # What people look for comes first, and results of one cause stand together.
    ordered = [result for verdict in _PAGE_ORDER for group in by_cause(report.of(verdict)) for result in group]
    return template.substitute(
        title=escape(f"Conformance of the {report.kind} {report.subject}"),
        summary=escape(_summary(report, outcome)),
        tone="bad" if outcome.exit_code else "good",
        facts="".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items()),
        notes="".join(f"<p>{escape(note)}</p>" for note in report.notes),
        filters="".join(_filters(report)),
        rows="".join(_row(result, outcome) for result in ordered),
        contract="".join(_contract_lines(at_pointer("#"), "#", "", "")),
    )


def _summary(report: Report, outcome: Outcome) -> str:
    parts = [
        f"{len(outcome.failures)} failed" if outcome.failures else "",
        f"{len(outcome.unexpected_passes)} held unexpectedly" if outcome.unexpected_passes else "",
        f"{len(outcome.expected_failures)} failed as expected" if outcome.expected_failures else "",
        f"{len(outcome.harness_faults)} unknown because the harness failed" if outcome.harness_faults else "",
        f"{len(report.of(Verdict.HELD))} of {len(report.results)} requirements held",
    ]
    return ", ".join(filter(None, parts)) + "."


def _filters(report: Report) -> Iterator[str]:
    yield f'<button type="button" data-show="all" aria-pressed="true">all <b>{len(report.results)}</b></button>'
    for verdict in Verdict:
        if count := len(report.of(verdict)):
            yield (
                f'<button type="button" data-show="{_css(verdict)}" aria-pressed="false">'
                f"{verdict} <b>{count}</b></button>"
            )


def _row(result: Result, outcome: Outcome) -> str:
    requirement = result.requirement
    expected = outcome.reasons.get(requirement.id)
    mark = ""
    if expected is not None:
        mark = f'<span class="mark" title="{escape(expected)}">failure expected</span>'
    cause = f'<p class="cause">{escape(result.cause)}</p>' if result.cause else ""
    exchanges = "".join(map(_exchange, result.exchanges))
    count = len(result.exchanges)
    folded = f"<details><summary>{count} exchange{'s'[: count != 1]}</summary>{exchanges}</details>"
    more = f'<tr><td></td><td colspan="2">{folded}</td></tr>' if count else ""
    return (
        f'<tbody id="{escape(requirement.id)}" data-verdict="{_css(result.verdict)}"><tr>'
        f'<td><span class="verdict {_css(result.verdict)}">{result.verdict}</span>{mark}</td>'
        f"<td><p>{escape(requirement.title)}</p>"
        f'<code>{escape(requirement.id)}</code><a class="pointer" href="#{escape(_anchor(requirement.pointer))}">'
        f"{escape(requirement.pointer).replace('/', '/<wbr>')}</a></td>"
        f"<td>{cause}<p>{escape(result.detail)}</p></td></tr>{more}</tbody>\n"
    )


def _exchange(exchange: RecordedExchange) -> str:
    return (
        f'<section><h3>{escape(exchange.note)}</h3><div class="sides">'
        f"<pre>{escape(exchange.request)}</pre><pre>{escape(exchange.answer)}</pre></div></section>"
    )


def _css(verdict: Verdict) -> str:
    return verdict.value.replace(" ", "-")


def _anchor(pointer: str) -> str:
    return f"contract:{pointer}"


def _contract_lines(node: Any, pointer: str, head: str, tail: str, depth: int = 0) -> Iterator[str]:
    """Part of the contract as indented JSON, each line with the pointer of what it holds as its anchor."""
    members: list[tuple[str, Any, str]] = []
    opening, closing = "", ""
    if is_object(node) and node:
        opening, closing = "{", "}"
        members = [(f"{json.dumps(name)}: ", node[name], join_pointer(pointer, name)) for name in node]
    elif is_array(node) and node:
        opening, closing = "[", "]"
        members = [("", item, join_pointer(pointer, index)) for index, item in enumerate(node)]
    text = opening or json.dumps(node, ensure_ascii=False) + tail
    yield f'<span id="{escape(_anchor(pointer))}">{"  " * depth}{escape(head + text)}\n</span>'
    for number, (name, member, inner) in enumerate(members, start=1):
        yield from _contract_lines(member, inner, name, "," if number < len(members) else "", depth + 1)
    if members:
        yield f"{'  ' * depth}{closing}{tail}\n"
