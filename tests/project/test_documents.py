"""README and docs: every link leads somewhere, and README's two commands do their whole set-up."""

import ast
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import operations_page
import prompt_page
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from packaging.requirements import Requirement
from PIL import Image

from ideogram_ai.cli.app import app
from ideogram_ai.client.costs import price_of
from ideogram_ai.contract.prices import shipped_prices
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
REPOSITORY: str = SETTINGS["project"]["urls"]["Source"]
PROMPT_SCHEMAS = (
    "V4JsonPrompt",
    "V4StyleDescription",
    "V4CompositionalDeconstruction",
    "V4ObjPromptElement",
    "V4TextPromptElement",
)
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(path for path in ROOT.glob("[a-z]*/**/*.md") if "dist" not in path.parts)])


def tokens(document: Path) -> list[Token]:
    return MarkdownIt().enable("table").parse(document.read_text("utf-8"))


@cache
def anchors(document: Path) -> set[str]:
    """Name the headings of a document as the usual renderers do."""
    every = tokens(document)
    headings = [after.content for token, after in pairwise(every) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(document: Path) -> Iterator[str]:
    for token in tokens(document):
        for child in token.children or []:
            target = child.attrGet("href") or child.attrGet("src")
            if target is not None:
                yield str(target)


def local(link: str, document: Path) -> Path | None:
    """The file that a link names, or None for a link to somewhere else."""
    parts = urlsplit(re.sub(rf"^{re.escape(REPOSITORY)}/(blob|raw|tree)/main/", "/", link))
    if parts.scheme or parts.netloc:
        return None
    path = unquote(parts.path)
    return (ROOT / path[1:] if path.startswith("/") else document.parent / path if path else document).resolve()


def test_every_link_to_a_file_of_the_project_leads_to_it() -> None:
    broken: list[str] = []
    for document in DOCUMENTS:
        for link in links(document):
            target, fragment = local(link, document), urlsplit(link).fragment
            found = target is None or (target.exists() and target.is_relative_to(ROOT))
            if not found or (target and fragment and fragment not in anchors(target)):
                broken.append(f"{document.relative_to(ROOT).as_posix()}: {link}")
    assert broken == []


def test_the_links_of_the_readme_work_on_a_package_index_too() -> None:
    targets = [link for link in links(ROOT / "README.md") if local(link, ROOT / "README.md")]
    assert len(targets) > 15
    assert all(link.startswith("https://") for link in targets)
    pictures = list((ROOT / "docs/images").glob("*.png"))
    assert {local(link, ROOT / "README.md") for link in targets} >= set(pictures)
    assert all(picture.stat().st_size < 150_000 for picture in pictures)


def test_the_badges_of_the_readme_are_true() -> None:
    """Of what they say, all stands in the project, or is the state of a workflow that exists."""
    badges = dict(re.findall(r"^\[(\w+)-badge\]: (\S+)$", (ROOT / "README.md").read_text("utf-8"), flags=re.MULTILINE))
    for name in ("tests", "docs"):
        assert badges.pop(name) == f"{REPOSITORY}/actions/workflows/{name}.yml/badge.svg"
        assert (ROOT / f".github/workflows/{name}.yml").exists()
    said = {name: unquote(url).removeprefix("https://img.shields.io/badge/") for name, url in badges.items()}
    versions = re.findall(r"Python :: (3\.\d+)", " ".join(SETTINGS["project"]["classifiers"]))
    assert said == {
        "python": f"python-{'_|_'.join(versions)}-blue",
        "licence": f"licence-{SETTINGS['project']['license']}-blue",
        "typed": "types-mypy_and_basedpyright_strict-blue",
    }
    assert SETTINGS["tool"]["mypy"]["strict"] is True
    assert SETTINGS["tool"]["basedpyright"]["typeCheckingMode"] == "strict"


def test_the_readme_has_two_commands_and_each_does_its_whole_set_up() -> None:
    fences = [token for token in tokens(ROOT / "README.md") if token.type == "fence" and token.info == "sh"]
    commands = [line for token in fences for line in token.content.splitlines() if line]
    assert len(commands) == 2
    assert all(command.startswith("python3 -m venv .venv && . .venv/bin/activate && pip ") for command in commands)
    assert commands[0].endswith("--mock -o cat.png")
    assert commands[1].endswith(" && pytest -n auto")
    assert commands[1] in (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_the_readme_names_the_prices_and_says_at_once_that_the_project_is_unofficial() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    prices = shipped_prices()
    shown = {speed: f"${price:.2f}" for speed, price in prices.usd.items()}
    assert f"{shown['TURBO']} at the speed `TURBO`, {shown['DEFAULT']} by default and {shown['QUALITY']}" in text
    assert f"(prices of {prices.as_of:%B %Y})" in text
    assert f"[{len(OPERATIONS)} methods][operations]" in text
    lines = text.splitlines()
    assert "unofficial" in lines[2]
    assert lines[7] == "", "what it is and for whom: five lines"


def rows(document: str, heading: str) -> list[list[str]]:
    """The rows of the tables that begin with a heading, a text for each cell."""
    found: list[list[str]] = []
    for table in re.findall(rf"^\| {heading} \|.*\n\|[ -|]*\n((?:\|.*\n)+)", read(document), flags=re.MULTILINE):
        found += ([cell.strip() for cell in row.strip("|\n").split("|")] for row in table.splitlines())
    return found


def read(document: str) -> str:
    return (ROOT / "docs" / document).read_text("utf-8")


def test_the_guides_have_the_prices_of_the_contract() -> None:
    """Of what a cell says to call, with the default of each field, or with the fields that it names."""
    methods = {operation.method_name: operation for operation in OPERATIONS.values()}
    listed = [(row[1], row[2]) for row in rows("edit-extend-cut-out.md", "What you want")]
    listed += [(row[1], row[2]) for row in rows("train-a-model.md", "step")]
    assert len(listed) > 12
    for method, stated in listed:
        operation = methods[re.findall(r"client\.([\w.]+)", method)[0]]
        price = price_of(operation, dict.fromkeys(re.findall(r"\w+_(?:images|uri)\b", method), "given"))
        known = "free" if operation.is_free else "not known"
        assert stated.split()[0] == (known.split(maxsplit=1)[0] if price is None else f"${price:f}"), method


def test_the_page_of_all_operations_is_current_and_each_has_a_command(tmp_path: Path) -> None:
    assert operations_page.main(["--check"]) == 0
    (tmp_path / "page.md").write_text(read("operations.md").replace("by `rendering_speed`", "", 1), "utf-8")
    assert operations_page.main(["--check", "--out", str(tmp_path / "page.md")]) == 1
    found = rows("operations.md", "method")
    names = [re.findall(r"\[`([\w.]+)`\]\(#client\w+\)(, deprecated)?$", row[0])[0] for row in found]
    expected = {operation.method_name: operation.deprecated for operation in OPERATIONS.values()}
    assert {name: bool(is_deprecated) for name, is_deprecated in names} == expected
    assert len(found) == len(expected) == 33
    for _, command, costs, mocked in found:
        program, name, *others = command.strip("`").split()
        known = app.commands[name]
        options = {option for parameter in known.params for option in parameter.opts}
        called = isinstance(known, click.Group) and known.get_command(click.Context(known), others[0])
        assert (program, bool(called or options.issuperset(others))) == ("ideogram", True), command
        assert costs
        assert mocked.endswith(".")


@pytest.mark.slow
def test_every_key_of_a_json_prompt_has_a_current_picture(tmp_path: Path) -> None:
    assert prompt_page.main(["--check"]) == 0
    page = Path(shutil.copy(ROOT / "docs/json-prompts.md", tmp_path))
    folder = Path(shutil.copytree(ROOT / "docs/images/json-prompts", tmp_path / "images/json-prompts"))
    pictures = sorted(folder.iterdir())
    assert sorted(path.name for path in pictures) == sorted(set(re.findall(r"json-prompts/(\S+)\)", read(page.name))))
    schemas = [schema for name, schema in read_contract()["components"]["schemas"].items() if name in PROMPT_SCHEMAS]
    for key in {key for schema in schemas for key in schema["properties"]}:
        assert re.search(rf"^#+ `{key}`", page.read_text("utf-8"), flags=re.MULTILINE), key
    whole = {path.name: path for path in pictures}
    pairs = {name: whole.get(name[8:], whole["prompt.png"]) for name in whole if name.startswith("without.")}
    alike = [name for name, path in pairs.items() if path.read_bytes() == whole[name].read_bytes()]
    assert alike == ["without.tags.png"], "every other key changes the picture"
    with Image.open(pictures[-1]) as image:
        image.convert("RGB").transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(pictures[-1])
    assert prompt_page.main(["--check", "--out", str(tmp_path)]) == 1


def test_what_moves_to_4_0_is_what_the_contract_says() -> None:
    hints = POST_GENERATE_IMAGE_V4.field_hints
    moved = {row[0]: row[1] for row in rows("older-models.md", "3.0, legacy")}
    assert moved == {
        f"`{name}`": ": ".join(filter(None, (f"`{hint.use}`" if hint.use else "none", hint.because)))
        for name, hint in hints.items()
    }
    contract = json.loads((ROOT / "generated/ideogram_ai/generated/contract.json").read_text("utf-8"))
    allowed = {name: schema.get("enum") for name, schema in contract["components"]["schemas"].items()}
    for shape, legacy, sizes in rows("older-models.md", "shape in 3.0"):
        ratio = Fraction(shape.strip("`").replace("x", "/"))
        older = shape.strip("`").replace("x", "_")
        assert shape.strip("`") in allowed["AspectRatioV3"]
        assert legacy == (f"`ASPECT_{older}`" if f"ASPECT_{older}" in allowed["AspectRatio"] else "")
        alike = [size for size in allowed["ResolutionV4"] if Fraction(size.replace("x", "/")) == ratio]
        assert re.findall(r"\d+x\d+", sizes) == alike


def test_beside_its_peers_each_yes_of_ours_is_shown_somewhere() -> None:
    """Their versions are those of that day; ours follows the project."""
    found = rows("peers.md", "feature")
    assert len(found) > 30
    assert [row[0] for row in found if not re.match(r"(no\b|\[[^\]]+\]\([\w-]+\.(md|rst)(#[\w-]+)?\)$)", row[1])] == []
    packages = {Requirement(text).name for text in SETTINGS["project"]["dependencies"]}
    (needed,) = (row for row in found if row[0].startswith("packages that it needs"))
    assert needed[1].startswith(f"[{len(packages)}]")


def test_contributing_names_every_session() -> None:
    tree = ast.parse((ROOT / "noxfile.py").read_text("utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    sessions = {node.name for node in functions if any("session" in ast.unparse(item) for item in node.decorator_list)}
    assert "lint" in sessions
    listed = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), flags=re.MULTILINE))
    assert listed == sessions
