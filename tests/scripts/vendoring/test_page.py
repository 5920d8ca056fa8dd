"""docs/vendoring.md: its commands and programs run as they stand, in a new program, and its tables are complete."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from vendor import Copy
from vendored_app import texts

from ideogram_ai.testing import MockServer

PAGE = (Path(__file__).parents[3] / "docs/vendoring.md").read_text("utf-8")
SCRIPT = Path(__file__).parents[3] / "scripts/vendor.py"
# Sets up what is set up here already.
PREFIX = "python3 ../ideogram-ai/scripts/vendor.py"


def blocks(language: str) -> list[str]:
    return [token.content for token in MarkdownIt().parse(PAGE) if token.type == "fence" and token.info == language]


def shell(folder: Path, commands: str, **variables: str) -> str:
    here = commands.replace(PREFIX, f"'{sys.executable}' '{SCRIPT}'")
    assert "../ideogram-ai" not in here
    command, environment = ["sh", "-eu", "-c", here], {**os.environ, **variables}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The empty folder of a program."""
    (tmp_path / "program").mkdir()
    return tmp_path / "program"


def test_the_page_from_top_to_bottom(program: Path, copy: Copy) -> None:
    make, check = blocks("sh")
    printed, _ = blocks("text")
    assert as_printed(shell(program, make)) == as_printed(printed)
    assert texts(program / "myapp/_vendor/ideogram_ai") == copy.files
    use, verify = blocks("python")
    with MockServer() as server:
        run = f"exec '{sys.executable}' -c \"$PROGRAM\""
        shell(program, run, PROGRAM=use, IDEOGRAM_BASE_URL=server.url, IDEOGRAM_API_KEY="a-key")
    assert (program / "cat.png").read_bytes().startswith(b"\x89PNG")
    shell(program, run, PROGRAM=verify)
    assert "is up to date" in shell(program, check)
    (program / "myapp/_vendor/ideogram_ai/LICENSE").write_text("mine")
    with pytest.raises(AssertionError, match="LICENSE"):
        shell(program, run, PROGRAM=verify.replace("== []", "== [], files"))


def as_printed(text: str) -> str:
    """The output of the command, without versions and counts."""
    return re.sub(r"ideogram-ai [\d.]+", "ideogram-ai VERSION", re.sub(r"\d+ (files|more)", r"N \1", text))


def test_the_table_of_files_is_complete(copy: Copy) -> None:
    table = re.search(r"^\| file \|.*?\n\n", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert table
    listed = set(re.findall(r"^\| `(\S+?)/?` \|", table[0], flags=re.MULTILINE))
    assert listed == {name.partition("/")[0] for name in copy.files} - {"__init__.py"}
