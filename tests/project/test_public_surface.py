"""What users rely on is frozen: names, signatures, options, exit codes, faults, requirement ids and vectors."""

import json
import re
from pathlib import Path
from typing import Any

from public_surface import RECORD, ROOT, surface

FROZEN = json.loads(RECORD.read_text("utf-8"))


def differences(frozen: Any, now: Any, place: str = "") -> list[str]:
    """List the places where two values differ."""
    if isinstance(frozen, dict) and isinstance(now, dict):
        gone = [f"{place}/{name} is gone" for name in frozen.keys() - now.keys()]
        new = [f"{place}/{name} is new" for name in now.keys() - frozen.keys()]
        both = [
            text
            for name in frozen.keys() & now.keys()
            for text in differences(frozen[name], now[name], f"{place}/{name}")
        ]
        return sorted([*gone, *new, *both])
    return [] if frozen == now else [f"{place} was {frozen}, and is {now}"]


def test_nothing_that_users_rely_on_has_changed() -> None:
    found = differences(FROZEN, surface())
    assert not found, "\n".join([*found, "an addition on purpose: python tests/support/public_surface.py"])


def test_the_record_names_what_is_there() -> None:
    """A surface that could not be read would be frozen as empty."""
    assert {"Ideogram", "AsyncIdeogram", "IdeogramError"} <= FROZEN["python"]["ideogram_ai.client"].keys()
    assert FROZEN["commands"]["ideogram generate"]
    assert all(FROZEN.values())
    assert differences({"a": [1]}, {"a": [2], "b": 1}) == ["/a was [1], and is [2]", "/b is new"]
    assert differences({"a": 1}, {}) == ["/a is gone"]


def test_the_documents_import_what_is_frozen() -> None:
    """An import of a page names a package, or a module and a name that the record has."""
    pages = [*ROOT.glob("docs/*.md"), ROOT / "README.md", Path(ROOT, "vectors/README.md")]
    imports = [
        found
        for page in pages
        for found in re.findall(r"^ *from (ideogram_ai\S*) import ([\w, ]+)$", page.read_text("utf-8"), re.MULTILINE)
    ]
    assert len(imports) > 20
    for package, names in imports:
        for name in names.split(", "):
            assert name.split(" as ")[0] in FROZEN["python"].get(package, {}), f"{package}.{name}"
