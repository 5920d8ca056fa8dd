"""Type checkers accept a copy: they find what its imports name, and test_copy finds that nothing else differs."""

from pathlib import Path

import pytest
from type_checkers import basedpyright, check_marked, mypy
from vendor import Copy
from vendored_app import package, vendored

pytestmark = pytest.mark.slow
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


def test_type_checkers_accept_a_copy(copy: Copy, tmp_path: Path) -> None:
    """They report the marked lines of a program, and no other line in it or in the copy."""
    vendored(copy, tmp_path / "myapp/_vendor")
    program = tmp_path / "myapp/program.py"
    program.write_text(PROGRAM, "utf-8")
    everything = sorted(package(tmp_path / "myapp/_vendor").parent.rglob("*.py"))
    for checker in (mypy, basedpyright):
        work = tmp_path / checker.__name__
        work.mkdir()
        check_marked([program], checker(everything, [tmp_path], work))
