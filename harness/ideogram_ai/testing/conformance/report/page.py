"""The report for people: one HTML page that needs nothing beside itself."""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.generated.contract import read_contract

from ..requirement import join_pointer
from ..results import Verdict, by_cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..expected_failures import Outcome
    from ..results import RecordedExchange, Report, Result


def to_html(report: Report, outcome: Outcome) -> str:
    """The report as a page: a table of the requirements, their exchanges, and the contract that they point into."""
    template = Template(files(__name__.rpartition(".")[0]).joinpath("page.html").read_text("utf-8"))
    facts = {
        "Tested": report.subject,
        "Contract": f"sha256 {report.contract_sha256}",
        "Seed": "none" if report.seed is None else str(report.seed),
        "Began": f"{report.began:%Y-%m-%d %H:%M:%S} UTC",
    }
    return template.substitute(
        title=escape(f"Conformance of the {report.kind} {report.subject}"),
        kind=escape(report.kind),
        summary=escape(_summary(report, outcome)),
        tone="bad" if outcome.exit_code else "good",
        facts="".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items()),
        notes="".join(f"<p>{escape(note)}</p>" for note in report.notes),
        filters="".join(_filters(report)),
        rows="".join(_row(result, outcome) for result in _ordered(report)),
        contract="".join(_contract_lines()),
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
        count = len(report.of(verdict))
        if count:
            yield (
                f'<button type="button" data-show="{_css(verdict)}" aria-pressed="false">'
                f"{verdict} <b>{count}</b></button>"
            )


def _ordered(report: Report) -> Iterator[Result]:
    """What people look for comes first, and what has one cause together."""
    for verdict in (Verdict.FAILED, Verdict.HARNESS_FAULT, Verdict.ADVICE, Verdict.NOT_TRIED, Verdict.HELD):
        for group in by_cause(report.of(verdict)):
            yield from group


def _row(result: Result, outcome: Outcome) -> str:
    requirement = result.requirement
    expected = outcome.reasons.get(requirement.id)
    mark = ""
    if expected is not None:
        mark = f'<span class="mark" title="{escape(expected)}">failure expected</span>'
    cause = f'<p class="cause">{escape(result.cause)}</p>' if result.cause else ""
    exchanges = "".join(_exchange(exchange) for exchange in result.exchanges)
    count = len(result.exchanges)
    folded = f"<details><summary>{count} exchange{'s'[: count != 1]}</summary>{exchanges}</details>"
    more = f'<tr><td></td><td colspan="2">{folded}</td></tr>' if count else ""
    return (
        f'<tbody id="{escape(requirement.id)}" data-verdict="{_css(result.verdict)}"><tr>'
        f'<td><span class="verdict {_css(result.verdict)}">{result.verdict}</span>{mark}</td>'
        f"<td><p>{escape(requirement.title)}</p>"
        f'<code>{escape(requirement.id)}</code><a class="pointer" href="{escape(_anchor(requirement.pointer))}">'
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
    return f"#contract:{pointer}"


def _contract_lines() -> Iterator[str]:
    """The contract as indented JSON, each line with the pointer of what it holds as its anchor."""
    return _lines(read_contract(), "#", "", "")


def _lines(node: Any, pointer: str, head: str, tail: str, depth: int = 0) -> Iterator[str]:
    members: list[tuple[str, Any, str]] = []
    opening, closing = "", ""
    if is_object(node) and node:
        opening, closing = "{", "}"
        members = [(f"{json.dumps(name)}: ", node[name], join_pointer(pointer, name)) for name in node]
    elif is_array(node) and node:
        opening, closing = "[", "]"
        members = [("", item, join_pointer(pointer, index)) for index, item in enumerate(node)]
    text = opening or json.dumps(node, ensure_ascii=False) + tail
    yield f'<span id="{escape(_anchor(pointer)[1:])}">{"  " * depth}{escape(head + text)}\n</span>'
    for number, (name, member, inner) in enumerate(members, start=1):
        yield from _lines(member, inner, name, "," if number < len(members) else "", depth + 1)
    if members:
        yield f"{'  ' * depth}{closing}{tail}\n"
