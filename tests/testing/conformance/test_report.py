"""Requirements, expected failures, and the files of a report: what programs and CI read, and people in a browser."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from altered_server import rewriting
from browser import open_browser, open_page
from conformance_runs import KIT, URL, run_on_app
from hostile_texts import HOSTILE
from playwright.sync_api import BrowserContext, expect

from ideogram_ai.testing.conformance import (
    ExpectedFailuresError,
    RecordedExchange,
    Report,
    Requirement,
    Result,
    Verdict,
    apply_expected,
    write_report,
)
from ideogram_ai.testing.conformance.server import ServerOptions, server_requirements

KEY = "test-key-0123456789"
AT = "#/components/schemas/ResolutionV4/enum"
POINTERS = (AT, "#/paths/~1v1~1ideogram-v4~1generate/post/responses/401", "#")
NASTY = "<script>alert('&')</script> \0\x1b \ud800 \N{CAT FACE} ]]> $title"
HELD, FAILED, ADVICE, NOT_TRIED, FAULT = Verdict


def report_of(*results: Result) -> Report:
    return Report(f"http://127.0.0.1:1/{NASTY}", "server", "0" * 64, 5, datetime.now(UTC), results, (NASTY,))


def simple(verdicts: dict[str, Verdict]) -> Report:
    return report_of(*(Result(Requirement(name, "It holds.", AT), verdict, "") for name, verdict in verdicts.items()))


def nasty_report() -> Report:
    exchange = RecordedExchange(f"POST / HTTP/1.1\n\n{NASTY}", NASTY, NASTY)
    return report_of(
        *(
            Result(Requirement(f"a.{number}", NASTY, POINTERS[number % 3]), verdict, NASTY, (exchange,) * (number % 3))
            for number, verdict in enumerate([*Verdict, HELD, FAILED])
        )
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    expected = tmp_path / "expected"
    expected.write_text("a.5 # it held\na.6 # it failed\n")
    write_report(nasty_report(), tmp_path / "new" / "report", apply_expected(nasty_report(), expected))
    return tmp_path / "new" / "report"


def test_a_requirement_points_into_the_contract() -> None:
    for pointer in ("", "components", "#/components/schemas/Nothing", f"{AT}/38", f"{AT}/x", f"{AT}/0/x"):
        with pytest.raises(LookupError):
            Requirement("a", "It holds.", pointer)
    assert Requirement("a", "It holds.", f"{AT}/37").pointer


def test_the_exit_code_follows_from_what_was_expected(tmp_path: Path) -> None:
    file = tmp_path / "expected"
    for verdicts, expected, code in (
        ({"a": HELD}, "", 0),
        ({"a": ADVICE, "b": NOT_TRIED}, "", 0),
        ({"a": FAILED}, "", 1),
        ({"a": FAILED}, "a  # known", 0),
        ({"a": FAILED, "b": FAILED}, "a", 1),
        ({"a": HELD}, "a", 1),
        ({"a": NOT_TRIED}, "", 3),
        ({"a": NOT_TRIED}, "a", 3),
        ({"a": NOT_TRIED, "b": HELD}, "a", 0),
        ({"a": NOT_TRIED, "b": FAILED}, "b", 0),
        ({"a": NOT_TRIED, "b": FAILED}, "", 1),
        ({"a": FAULT}, "", 3),
        ({"a": FAULT}, "a", 3),
        ({"a": FAULT, "b": FAILED}, "", 1),
        ({"a": FAULT, "b": HELD}, "b", 1),
    ):
        file.write_text(f"# what is known\n\n{expected}\n")
        assert apply_expected(simple(verdicts), file).exit_code == code, (verdicts, expected)
    file.write_text("a # it is old # very\nb\n")
    outcome = apply_expected(simple({"a": FAILED, "b": HELD, "c": FAILED, "d": HELD}), file)
    assert outcome.reasons == {"a": "it is old # very", "b": ""}
    groups = (outcome.expected_failures, outcome.unexpected_passes, outcome.failures)
    assert [[result.requirement.id for result in group] for group in groups] == [["a"], ["b"], ["c"]]


def test_a_file_of_expected_failures_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "expected"
    for content, named in (
        (b"a\nmisspelt # no\n", r"line 2: 'misspelt' is not a requirement"),
        (b"a\na\n", r"line 2: 'a' is a duplicate"),
        (b"a\n\xff", r"is not UTF-8 at byte 2"),
        (None, r"expected' cannot be read: No such file"),
    ):
        file.unlink() if content is None else file.write_bytes(content)
        with pytest.raises(ExpectedFailuresError, match=named):
            apply_expected(simple({"a": HELD}), file)


def test_json_has_everything(folder: Path) -> None:
    content = json.loads((folder / "report.json").read_text("utf-8"))
    assert (content["format"], content["kind"], content["seed"], content["exit_code"]) == (1, "server", 5, 1)
    assert content["counts"] == {"held": 2, "failed": 2, "advice": 1, "not tried": 1, "harness fault": 1}
    results = content["results"]
    assert [result["verdict"] for result in results] == [*map(str, Verdict), "held", "failed"]
    assert [result["failure_expected"] for result in results] == [None] * 5 + ["it held", "it failed"]
    title = results[1]["detail"]
    assert results[1]["requirement"] == {"id": "a.1", "title": title, "pointer": POINTERS[1], "advisory": False}
    assert len(results[2]["exchanges"]) == 2
    assert set(results[2]["exchanges"][0]) == {"request", "answer", "note"}


# Of each element of JUnit: the elements inside, and the attributes.
JUNIT: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"testsuite"}, {"name", "tests", "failures", "errors"}),
    "testsuite": (
        {"properties", "testcase"},
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    ),
    "properties": ({"property"}, set()),
    "property": (set(), {"name", "value"}),
    "testcase": ({"skipped", "failure", "error"}, {"name", "classname", "time"}),
    "failure": (set(), {"message", "type"}),
    "error": (set(), {"message", "type"}),
    "skipped": (set(), {"message"}),
}


def test_junit_has_the_form_that_ci_reads(folder: Path) -> None:
    root = ET.fromstring((folder / "report.xml").read_text("utf-8"))
    for element in root.iter():
        inside, attributes = JUNIT[element.tag]
        assert {child.tag for child in element} <= inside
        assert set(element.attrib) == attributes, element.tag
    (suite,) = root
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["7", "2", "1", "3"]
    cases = suite.findall("testcase")
    tags = [[child.tag for child in case] for case in cases]
    assert tags == [[], ["failure"], ["skipped"], ["skipped"], ["error"], ["failure"], ["skipped"]]
    assert cases[1][0].text is not None
    assert cases[5][0].get("type") == "unexpected pass"
    assert "(it failed)" in (cases[6][0].get("message") or "")


class Page(HTMLParser):
    """The tags, ids, links and text of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_needs_nothing_beside_itself_and_every_link_leads_somewhere(folder: Path) -> None:
    page = Page(folder / "report.html")
    assert page.links
    assert all(link.startswith("#contract:") for link in page.links)
    assert not {"link", "img", "iframe", "object"} & set(page.tags)
    assert page.tags.count("script") == 1  # its own
    assert page.text.count("alert('&')") > 10
    assert page.tags.count("tbody") == 7
    assert {f"a.{number}" for number in range(7)} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    every = [Result(each, HELD, "") for each in server_requirements().values()]
    write_report(report_of(*every), folder)
    for shown in (page, Page(folder / "report.html")):
        assert {link.removeprefix("#") for link in shown.links} <= set(shown.ids)
    assert Page(folder / "report.html").tags.count("tbody") == len(every)


def test_the_files_are_replaced_together_or_not_at_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def content() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    before = content()
    assert sorted(before) == ["report.html", "report.json", "report.xml"]
    write_report(nasty_report(), folder)
    after = content()
    assert sorted(after) == sorted(before)
    assert after["report.json"] != before["report.json"]

    def fail(*_: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(f"{KIT}.report.to_html", fail)
    with pytest.raises(ZeroDivisionError):
        write_report(nasty_report(), folder)
    assert content() == after


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with open_browser(tmp_path_factory.mktemp("profile")) as context:
        yield context


def test_a_run_can_be_read_and_the_key_cannot(browser: BrowserContext, tmp_path: Path) -> None:
    report = run_on_app(rewriting(), ServerOptions(URL, KEY))
    write_report(report, tmp_path)
    failed = [result.requirement.id for result in report.of(Verdict.FAILED)]
    assert failed == ["auth.key-wrong"]  # the mock server takes any key
    with open_page(browser, tmp_path / "report.html") as page:
        visible = page.locator("tbody[id]:visible")
        expect(visible).to_have_count(len(report.results))
        page.get_by_role("button", name="failed").click()
        expect(visible).to_have_count(1)
        expect(visible).to_contain_text("auth.key-wrong")
        page.get_by_role("button", name="all").click()
        page.get_by_role("searchbox").fill("V4PromptBbox.minItems")
        expect(visible).to_have_count(1)
        visible.locator(".pointer").click()
        expect(page.locator("#contract span:target")).to_contain_text("4")
        expect(page.locator("#contract span:target")).to_be_in_viewport()
        assert KEY not in page.content()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_hostile_texts_are_shown_and_do_nothing(browser: BrowserContext, tmp_path: Path) -> None:
    results = tuple(
        Result(Requirement(f"a.{number}", text, "#"), Verdict.FAILED, text, (RecordedExchange(text, text, text),))
        for number, text in enumerate(HOSTILE)
    )
    report = Report(HOSTILE[0], "server", "0" * 64, 5, datetime.now(UTC), results, HOSTILE)
    write_report(report, tmp_path)
    with open_page(browser, tmp_path / "report.html") as page:
        expect(page.locator("h1")).to_contain_text(HOSTILE[0])
        expect(page.locator("tbody[id]:visible")).to_have_count(len(HOSTILE))
        for summary in page.locator("tbody summary").all():
            summary.click()
        assert page.evaluate("window.hacked") is None
        assert page.locator("script").count() == 1
        assert page.locator("img, svg").count() == 0
