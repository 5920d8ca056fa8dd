"""Every Python example of README and docs runs as it stands, one document after the other, against the mock server.

The blocks of a document run in order and share their names, as a reader would type them. A block that is not a
program (part of one, or a traceback) has another mark than `python` in its document. Parts of the programs for many
machines are marked with their file; tests/engines runs the programs.
"""

from pathlib import Path
from types import ModuleType

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from PIL import Image, ImageChops

from ideogram_ai.testing import MockServer

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


def blocks(document: Path) -> list[Token]:
    every = MarkdownIt().parse(document.read_text("utf-8"))
    return [token for token in every if token.type == "fence" and token.info.strip() == "python"]


ELSEWHERE = {
    ROOT / "docs/vendoring.md",  # its examples need a copy: tests/scripts/vendoring runs them
    ROOT / "docs/changing-the-contract.md",  # and this one's another contract: tests/scripts/test_changing_the_contract
}
DOCUMENTS = [
    path
    for path in [README, *sorted(ROOT.glob("docs/**/*.md"))]
    if "```python\n" in path.read_text("utf-8") and path not in ELSEWHERE
]


PICTURES = {
    ROOT / "docs/edit-extend-cut-out.md": {
        **dict.fromkeys(("room", "mask", "blue-armchair-0", "blue-armchair-1", "cat-in-room"), (1024, 1024)),
        **dict.fromkeys(("cat", "cat-on-the-beach", "around-the-cat"), (1024, 1024)),
        "banner-1536x512": (1536, 512),
        "banner-832x1248": (832, 1248),
        "cat-in-room-large": (2048, 2048),
        **dict.fromkeys(("without-text", "in-german"), (896, 1120)),
    },
    ROOT / "docs/train-a-model.md": dict.fromkeys(("bowl-0", "bowl-1"), (1024, 1024)),
}
"""What the examples of a document draw, and its size."""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_examples_of_a_document_run(document: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = ModuleType("example")
    with MockServer() as server:
        monkeypatch.setenv("IDEOGRAM_BASE_URL", server.url)
        monkeypatch.setenv("IDEOGRAM_API_KEY", "a-key")
        monkeypatch.chdir(tmp_path)
        for block in blocks(document):
            assert block.map is not None
            padding = "\n" * (block.map[0] + 1)  # so that a traceback names the line of the document
            exec(compile(padding + block.content, document, "exec"), module.__dict__)
    if document == README:
        assert (tmp_path / "cat.png").read_bytes().startswith(b"\x89PNG")
        assert len(server.ledger) == 1
    drawn: dict[str, Image.Image] = {}
    for path in tmp_path.glob("*.png"):
        with Image.open(path) as image:
            drawn[path.stem] = image.copy()
    if document in PICTURES:
        assert {name: image.size for name, image in drawn.items()} == PICTURES[document]
    if "mask" in drawn:
        changed = ImageChops.difference(drawn["room"], drawn["blue-armchair-0"]).crop((0, 0, 1024, 980))
        assert changed.getbbox() == (320, 480, 761, 961), "the part under the mask, and nothing else"
        assert drawn["cat"].getchannel("A").getextrema() == (0, 255)
        text = ImageChops.difference(drawn["without-text"], drawn["in-german"]).getbbox()
        assert text is not None
        assert 72 <= text[0] < text[2] <= 72 + 752, "as wide as the box of the prompt, and no wider"


def test_parts_of_the_programs_for_many_machines_are_those_of_the_programs() -> None:
    folder = ROOT / "examples/many_machines"
    parts: dict[str, str] = {}
    for token in MarkdownIt().parse((ROOT / "docs/many-machines.md").read_text("utf-8")):
        if token.type == "fence" and token.info.startswith("python "):
            parts[token.info.removeprefix("python ")] = token.content
    assert sorted(parts) == sorted(path.name for path in folder.glob("*.py"))
    assert [name for name, part in parts.items() if part not in (folder / name).read_text("utf-8")] == []
