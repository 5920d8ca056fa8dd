"""Names of image files: valid on any system, and none leads out of the folder."""

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from ideogram_ai.batch.model import BatchRequest
from ideogram_ai.batch.names import MAX_STEM_BYTES, folded, safe_stem, stem_of

PORTS = [f"{port}{number}" for port in ("COM", "LPT") for number in "123456789"]
DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", *PORTS}
FILE_NAMES = {
    "cat": "cat", "cat.png": "cat", "cat.JPEG": "cat", "cat.png.webp": "cat.png", "v1.2 final": "v1.2 final",
    "notes.txt": "notes.txt", "猫 と 本.png": "猫 と 本", "../../etc/passwd": "etc-passwd",
    "..\\..\\boot.ini": "boot.ini", "/absolute/cat.png": "absolute-cat", "C:\\cat.png": "C-cat",
    "AC/DC: live?.png": "AC-DC- live", ".hidden": "hidden", "-rf": "rf", "dots. . .": "dots", "con.png": "_con",
    "Aux": "_Aux", "com1.2026": "_com1.2026", "nul .tar": "_nul .tar", "console": "console",
    "Ledger.sqlite3": "_Ledger.sqlite3", "ledger.sqlite3-wal.png": "_ledger.sqlite3-wal",
    "INDEX.html": "_INDEX.html", ".parts": "_parts", "thumbnails": "_thumbnails",
    "manifest.jsonl": "_manifest.jsonl", "ledger": "ledger", "a\x00b\x1b[31m\u202ec": "ab[31mc",
    "cafe\u0301": "caf\u00e9", "two\nlines": "two-lines",
}  # fmt: skip
PROMPTS: list[tuple[str, str | dict[str, Any], str]] = [
    ("000007", "A photo of a cat!", "000007-a-photo-of-a-cat"),
    ("sku/12", "Ein Käse, groß", "sku-12-ein-käse-groß"),
    ("000001", "猫が本の上で", "000001-猫が本の上で"),
    ("000001", {"high_level_description": "A shop front"}, "000001-a-shop-front"),
    ("000001", {"no": "description"}, "000001"),
    ("000001", "???", "000001"),
    ("000001", "word " * 40, "000001-word-word-word-word-word-word-word-word"),
]


def test_a_name_is_that_of_the_file_or_of_key_and_prompt() -> None:
    for file_name, stem in FILE_NAMES.items():
        assert stem_of(BatchRequest("7", {}, file_name=file_name)) == stem, file_name
    for key, prompt, stem in PROMPTS:
        kind = "text_prompt" if isinstance(prompt, str) else "json_prompt"
        assert stem_of(BatchRequest(key, {kind: prompt})) == stem, prompt


@given(st.text())
@example("\ud800" * 50)
@example("é" * 500)
@example("." * 300)
@example("con." + "x" * 300)
def test_any_text_becomes_one_part_of_a_path(text: str) -> None:
    stem = safe_stem(text)
    assert 0 < len(stem.encode()) <= MAX_STEM_BYTES
    assert PurePosixPath(stem).parts == PureWindowsPath(stem).parts == (stem,)
    assert stem.partition(".")[0].rstrip().upper() not in DEVICES
    assert not stem.startswith((".", "-", " "))
    assert not stem.endswith((".", " "))
    assert all(not unicodedata.category(character).startswith("C") for character in stem)
    assert safe_stem(stem) == stem


def test_long_names_that_begin_alike_stay_apart() -> None:
    assert len({safe_stem("x" * 200 + str(number)) for number in range(50)}) == 50
    assert len({safe_stem("." * number) for number in range(1, 50)}) == 49


def test_names_that_some_system_does_not_distinguish_fold_to_one() -> None:
    for one, other in (("Cat", "cat"), ("STRASSE", "straße"), ("caf\u00e9", "cafe\u0301")):
        assert folded(one) == folded(other)
    assert folded("cat") != folded("cat-2")
