"""The client's own tests pass on a copy, below another name and with ours off the path; and the copy is typed.

Here a part of them; `nox -s vendored` sets VENDORED_TESTS=all and runs them all, and the slower type checker.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from type_checkers import basedpyright, check_marked, mypy
from vendor import Copy
from vendored_app import package, vendored

ROOT = Path(__file__).parents[3]
TESTS = ROOT / "tests"
ALL = os.environ.get("VENDORED_TESTS") == "all"
pytestmark = pytest.mark.slow
PART = ("prompt_rule", "sidecar")
# These are about this repository: they regenerate the client, check the types of its folders, or list what was
# imported by our names. Tests below, and in test_alone, cover a copy.
NOT_OF_THE_CLIENT = ("added_field", "typing", "import")
PROGRAM = """
from myapp._vendor.ideogram_ai.client import AsyncIdeogram, Generation, Ideogram, IdeogramError
from myapp._vendor.ideogram_ai.generated.models import V4JsonPrompt


def draw(prompt: str | V4JsonPrompt) -> Generation | None:
    with Ideogram() as client:
        try:
            if isinstance(prompt, str):
                return client.generate(text_prompt=prompt, resolution="2048x2048")
            return client.generate(json_prompt=prompt)
        except IdeogramError as error:
            assert error.may_have_been_billed is False
            client.generate(text_prompt=7)  # error: not text
            client.generate(text_prompt="a", json_prompt={})  # error: both
            client.generate(text_prompt="a", resolution="2x2")  # error: no such size
            return error.message  # error: no generation


async def draw_async() -> None:
    async with AsyncIdeogram() as client:
        generation = await client.generate(text_prompt="a")
        generation.images[0].colour  # error: no such attribute
"""


def test_the_clients_own_tests_pass_on_a_copy(copy: Copy, tmp_path: Path) -> None:
    vendored(copy, tmp_path / "some_program/_libs")
    modules = {path.stem.removeprefix("test_") for path in (TESTS / "client").glob("test_*.py")}
    assert {*PART, *NOT_OF_THE_CLIENT} <= modules
    chosen = modules.difference(NOT_OF_THE_CLIENT) if ALL else PART
    path = [TESTS / "support/vendored", TESTS / "support", TESTS / "support/guard", tmp_path]
    environment = {
        **os.environ,
        "VENDORED_COPY": "some_program._libs.ideogram_ai",
        "PYTHONPATH": os.pathsep.join(map(str, path)),
    }
    files = [f"tests/client/test_{name}.py" for name in sorted(chosen)]
    workers = ("-n", "auto" if ALL else "0")
    plugins = ("-p", "vendored_copy", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", "-q", *workers, *plugins, *files]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    counted = re.search(r"^(\d+) passed(?:, \d+ skipped)? in", result.stdout, flags=re.MULTILINE)
    assert counted
    assert int(counted[1]) > (200 if ALL else 15)


def test_type_checkers_accept_a_copy(copy: Copy, tmp_path: Path) -> None:
    """They report the marked lines of a program, and no other line in it or in the copy."""
    vendored(copy, tmp_path / "myapp/_vendor")
    program = tmp_path / "myapp/program.py"
    program.write_text(PROGRAM, "utf-8")
    everything = sorted(package(tmp_path / "myapp/_vendor").parent.rglob("*.py"))
    for checker in (mypy, basedpyright) if ALL else (mypy,):
        work = tmp_path / checker.__name__
        work.mkdir()
        check_marked([program], checker(everything, [tmp_path], work))
