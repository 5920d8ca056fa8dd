"""The report's files: what programs, CI and people read."""

import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ideogram_ai.testing.conformance import (
    RecordedExchange,
    Report,
    Requirement,
    Result,
    Verdict,
    apply_expected,
    write_report,
)
from ideogram_ai.testing.conformance.server import server_requirements

NASTY = "<script>alert('&')</script> \0\x1b \ud800 \N{CAT FACE} ]]> $title"
POINTERS = ("#/components/schemas/ResolutionV4/enum", "#/paths/~1v1~1ideogram-v4~1generate/post/responses/401", "#")


def make_report() -> Report:
    exchange = RecordedExchange(f"POST / HTTP/1.1\n\n{NASTY}", NASTY, NASTY)
    results = [
        Result(Requirement(f"a.{number}", NASTY, POINTERS[number % 3]), verdict, NASTY, (exchange,) * (number % 3))
        for number, verdict in enumerate([*Verdict, Verdict.HELD, Verdict.FAILED])
    ]
    return Report(f"http://127.0.0.1:1/{NASTY}", "server", "0" * 64, 5, datetime.now(UTC), tuple(results), (NASTY,))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    expected = tmp_path / "expected"
    expected.write_text("a.5 # it held\na.6 # it failed\n")
    report = make_report()
    write_report(report, tmp_path / "new" / "report", apply_expected(report, expected))
    return tmp_path / "new" / "report"


def test_three_files_are_written_and_replaced(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json", "report.xml"]
    before = (folder / "report.json").read_bytes()
    write_report(make_report(), folder)
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json", "report.xml"]
    assert (folder / "report.json").read_bytes() != before


def test_json_has_everything(folder: Path) -> None:
    content = json.loads((folder / "report.json").read_text("utf-8"))
    assert (content["format"], content["kind"], content["seed"], content["exit_code"]) == (1, "server", 5, 1)
    assert content["counts"] == {"held": 2, "failed": 2, "advice": 1, "not tried": 1, "harness fault": 1}
    results = content["results"]
    assert [result["verdict"] for result in results] == [*map(str, Verdict), "held", "failed"]
    assert [result["failure_expected"] for result in results] == [None] * 5 + ["it held", "it failed"]
    assert results[1]["requirement"] == {
        "id": "a.1",
        "title": results[1]["detail"],
        "pointer": POINTERS[1],
        "advisory": False,
    }
    assert len(results[2]["exchanges"]) == 2
    assert set(results[2]["exchanges"][0]) == {"request", "answer", "note"}


CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "testcase": {"skipped", "failure", "error"},
}
NEEDED = {
    "testsuites": {"name", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
}


def test_junit_has_the_form_that_ci_reads(folder: Path) -> None:
    root = ET.fromstring((folder / "report.xml").read_text("utf-8"))
    assert root.tag == "testsuites"
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        assert set(element.attrib) == NEEDED.get(element.tag, set()), element.tag
    suite = root.find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "7",
        "failures": "2",
        "errors": "1",
        "skipped": "3",
    }
    assert [[child.tag for child in case] for case in cases] == [
        [],
        ["failure"],
        ["skipped"],
        ["skipped"],
        ["error"],
        ["failure"],
        ["skipped"],
    ]
    assert (cases[1].find("failure") or cases[1][0]).text is not None
    assert cases[5][0].get("type") == "unexpected pass"
    assert "(it failed)" in (cases[6][0].get("message") or "")


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src"}:
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_needs_nothing_beside_itself(folder: Path) -> None:
    page = _Page((folder / "report.html").read_text("utf-8"))
    assert page.links
    assert all(link.startswith("#contract:") for link in page.links)
    assert not {"link", "img", "iframe", "object"} & set(page.tags)
    assert page.tags.count("script") == 1  # its own
    assert page.text.count("alert('&')") > 10


def test_the_page_has_a_row_for_each_requirement_and_every_link_leads_somewhere(folder: Path) -> None:
    page = _Page((folder / "report.html").read_text("utf-8"))
    assert page.tags.count("tbody") == 7
    assert {f"a.{number}" for number in range(7)} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_every_requirement_on_servers_leads_somewhere_in_the_page(tmp_path: Path) -> None:
    results = tuple(Result(each, Verdict.HELD, "") for each in server_requirements().values())
    write_report(Report("x", "server", "0" * 64, None, datetime.now(UTC), results), tmp_path)
    page = _Page((tmp_path / "report.html").read_text("utf-8"))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert page.tags.count("tbody") == len(results)


def test_a_report_that_cannot_be_written_leaves_the_old_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(*_: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr("ideogram_ai.testing.conformance.report.to_html", fail)
    with pytest.raises(ZeroDivisionError):
        write_report(make_report(), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
