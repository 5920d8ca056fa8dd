"""The report's page in a real browser: opened from disk, filtered, searched, and read in the contract."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from altered_server import rewriting
from browser import open_browser, open_page
from conformance_runs import URL, run_on_app
from hostile_texts import HOSTILE
from playwright.sync_api import BrowserContext, expect

from ideogram_ai.testing.conformance import RecordedExchange, Report, Requirement, Result, Verdict, write_report
from ideogram_ai.testing.conformance.server import ServerOptions

KEY = "test-key-0123456789"


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
