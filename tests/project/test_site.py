"""The site of the documentation: complete, without dead links, and looked at with a browser as readers do."""

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest
from browser import open_browser, open_page
from playwright.sync_api import BrowserContext, expect
from regenerated import made_once
from served_app import serve
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from ideogram_ai.cli.app import app
from ideogram_ai.generated.operations import OPERATIONS

ROOT = Path(__file__).parents[2]
REPOSITORY = "https://github.com/ideogram-ai-python/ideogram-ai-python"
PHONE = {"width": 375, "height": 667}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `nox -s docs` builds it, where a warning is an error."""

    def build(folder: Path) -> None:
        command = [sys.executable, "-m", "nox", "--no-venv", "-s", "docs", "--", str(folder)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    return made_once(tmp_path_factory, "site", build)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with open_browser(tmp_path_factory.mktemp("profile")) as context:
        yield context


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    with serve(Starlette(routes=[Mount("/", StaticFiles(directory=site, html=True))])) as url:
        yield url


class Parts(HTMLParser):
    """The anchors, links and text of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids.update(filter(None, (values.get("id"), values.get("name"))))
        self.links.extend(filter(None, (values.get(name) for name in ("href", "src"))))


def test_no_link_and_no_anchor_is_dead(site: Path) -> None:
    pages = {path: Parts(path) for path in site.rglob("*.html")}
    assert len(pages) > 30
    dead: set[str] = set()
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link.removeprefix(f"{REPOSITORY}/"))
            if parts.scheme in {"data", "https"}:
                continue
            if link.startswith(REPOSITORY):  # a file of the project, which GitHub shows
                kind, _, name = parts.path.partition("/main/")
                found = kind not in {"blob", "tree", "raw", "edit"} or (ROOT / unquote(name)).exists()
            else:
                target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
                found = target.exists() and (not parts.fragment or unquote(parts.fragment) in pages[target].ids)
            if not found:
                dead.add(f"{path.name}: {link}")
    assert dead == set()


def test_every_public_name_command_and_operation_has_its_place(site: Path) -> None:
    ids = {each for path in site.glob("*.html") for each in Parts(path).ids}
    packages = ("ideogram_ai.client", "ideogram_ai.batch", "ideogram_ai.testing", "ideogram_ai.generated.models")
    names = {f"{package}.{name}" for package in packages for name in importlib.import_module(package).__all__}
    names |= {f"ideogram_ai.client.{kind}.{name}" for kind in ("Ideogram", "AsyncIdeogram") for name in ("wait", "v3")}
    for operation in OPERATIONS.values():
        group, _, method = operation.method_name.rpartition(".")
        for kind in ("", "Async"):
            holder = f"generated.methods.{kind}{group.title()}Methods" if group else f"client.{kind}Ideogram"
            names.add(f"ideogram_ai.{holder}.{method}")
    assert {name for name in names if not name.endswith("__version__")} - ids == set()
    commands = (site / "commands.html").read_text("utf-8")
    options = {option for command in app.commands.values() for each in command.params for option in each.opts}
    for name, command in app.commands.items():
        inner = command.list_commands(click.Context(command)) if isinstance(command, click.Group) else []
        titles = {f"ideogram-{name}", *(f"ideogram-{name}-{each}" for each in inner)}
        assert {re.sub(r"[._]", "-", title) for title in titles} - ids == set()
    assert {option for option in options if option.startswith("--") and option not in commands} == set()
    types = re.findall(r'href="[^"]*#ideogram_ai\.client\.Generation"', (site / "api-client.html").read_text("utf-8"))
    assert len(types) > 5, "types are links"


def test_the_text_for_language_models_leads_to_every_page(site: Path) -> None:
    text = (site / "llms.txt").read_text("utf-8")
    assert text.startswith("# ideogram-ai\n\n> An unofficial")
    listed = re.findall(r"^- \[.+?\]\(https://[^/]+/[^/]+/(\S+)\): .+$", text, flags=re.MULTILINE)
    built = {path.stem for path in site.glob("*.html")} - {"genindex", "py-modindex", "search", "index"}
    assert {Path(name).stem for name in listed} == built
    assert [name for name in listed if not (site / name).exists()] == []
    assert (site / "changelog.md").read_text("utf-8").count("\n## [") >= 1


def test_search_finds_and_leads_there(browser: BrowserContext, url: str) -> None:
    with open_page(browser, f"{url}/index.html") as page:
        page.get_by_role("search").get_by_placeholder("Search").fill("may_have_been_billed")
        page.keyboard.press("Enter")
        results = page.locator("#search-results li a")
        expect(results.first).to_be_visible()
        expect(page.locator("#search-results")).to_contain_text("Errors, and what they mean for your money")
        results.first.click()
        expect(page.locator("article")).to_contain_text("may_have_been_billed")


def test_code_is_copied_as_it_stands(browser: BrowserContext, url: str) -> None:
    with open_page(browser, f"{url}/for-designers.html") as page:
        block = page.locator("div.highlight").filter(has_text="ideogram batch").first
        block.hover()
        block.get_by_role("button").click()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.splitlines() == [
            "ideogram batch prompts.csv --out images --dry-run",
            "ideogram batch prompts.csv --out images",
        ]


def test_every_page_fits_a_phone(browser: BrowserContext, url: str, site: Path) -> None:
    with open_page(browser, f"{url}/index.html") as page:
        page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        wide: list[str] = []
        for path in sorted(site.glob("*.html")):
            page.goto(f"{url}/{path.name}", wait_until="domcontentloaded")
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append(path.name)
        assert wide == []
        page.goto(f"{url}/index.html")
        link = page.locator(".sidebar-tree").get_by_role("link", name="All operations")
        expect(link).not_to_be_in_viewport()
        page.locator("label.nav-overlay-icon[for=__navigation]").click()
        link.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("All operations")


def test_it_is_dark_where_the_reader_wants_that(browser: BrowserContext, url: str) -> None:
    brightness = (
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number).reduce((a, b) => a + b) / 3"
    )
    with open_page(browser, f"{url}/client.html") as page:
        assert page.evaluate(brightness) > 200
        page.emulate_media(color_scheme="dark")
        assert page.evaluate(brightness) < 60
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1400, "height": 900})
        page.get_by_role("button", name="Toggle Light / Dark / Auto color theme").last.click()
        page.get_by_role("button", name="Toggle Light / Dark / Auto color theme").last.click()
        assert page.locator("body").get_attribute("data-theme") in {"dark", "light"}
        chosen = page.locator("body").get_attribute("data-theme")
        page.reload()
        assert page.locator("body").get_attribute("data-theme") == chosen, "it is remembered"


def test_the_pages_and_pictures_are_small(site: Path) -> None:
    heavy = [path.name for path in site.rglob("*") if path.is_file() and os.path.getsize(path) > 1_500_000]
    assert heavy == []
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 15_000_000
