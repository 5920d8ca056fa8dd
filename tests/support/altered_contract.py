"""Changes to the project's contract, for the tests that need one that differs in one thing."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PATH = "/v1/ideogram-v4/generate"

Document = dict[str, Any]
Change = Callable[[Document], object]


class _Dumper(yaml.CSafeDumper):
    """Writes values twice instead of aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def post(document: Document) -> Document:
    """The only operation."""
    found: Document = document["paths"][PATH]["post"]
    return found


def schemas(document: Document) -> Document:
    """All schemas by name."""
    found: Document = document["components"]["schemas"]
    return found


def fields(document: Document) -> Document:
    """The properties of the request by name."""
    found: Document = schemas(document)["GenerateImageRequestV4"]["properties"]
    return found


def put(where: Callable[[Document], Document], **values: Any) -> Change:
    """Make a change that sets keys of one mapping."""

    def change(document: Document) -> None:
        where(document).update(values)

    return change


@cache
def _contract() -> Document:
    document: Document = yaml.load((ROOT / "openapi/ideogram-v4.yaml").read_bytes(), yaml.CSafeLoader)
    return document


def write_altered(path: Path, *changes: Change) -> Path:
    """Write the project's contract to a file after some changes."""
    document = deepcopy(_contract())
    for change in changes:
        change(document)
    path.write_text(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
