"""README and docs: every link leads somewhere, every Python example runs, and the two commands are two."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/**/*.md")])


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tokens(document: Path) -> list[Token]:
    return MarkdownIt().enable("table").parse(document.read_text("utf-8"))


def fences(document: Path, language: str) -> list[Token]:
    return [token for token in tokens(document) if token.type == "fence" and token.info.split()[:1] == [language]]


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


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    broken = []
    for link in links(document):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (document.parent / unquote(parts.path)).resolve() if parts.path else document
        whole = target.exists() and target.is_relative_to(ROOT)
        if not whole or (parts.fragment and parts.fragment not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_the_readme_has_two_commands_and_each_sets_itself_up() -> None:
    commands = [line for token in fences(ROOT / "README.md", "sh") for line in token.content.splitlines() if line]
    assert len(commands) == 2
    assert all(command.startswith("python3 scripts/in_venv.py ") for command in commands)
    assert "--mock -o cat.png" in commands[0]
    assert commands[1].split()[2] == "pytest"


def test_the_readme_says_that_the_project_is_unofficial_in_its_first_lines() -> None:
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert "unofficial" in lines[2]
    assert lines[7] == "", "what it is and for whom: five lines"


def test_contributing_names_every_session() -> None:
    tree = ast.parse((ROOT / "noxfile.py").read_text("utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    sessions = {node.name for node in functions if any("session" in ast.unparse(item) for item in node.decorator_list)}
    assert "lint" in sessions
    listed = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), flags=re.MULTILINE))
    assert listed == sessions
