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
    document: Document = yaml.load((ROOT / "openapi/ideogram-v1.yaml").read_bytes(), yaml.CSafeLoader)
    return document


@cache
def _generate_alone() -> Document:
    """The project's contract without the other operations and what only they use: four times as fast to check."""
    document = deepcopy(_contract())
    document["paths"] = {PATH: document["paths"][PATH]}
    document.pop("webhooks", None)
    components = document["components"]
    while True:
        text = str(document)
        unused = [(kind, name) for kind in components for name in components[kind] if f"/{kind}/{name}'" not in text]
        unused = [(kind, name) for kind, name in unused if kind != "securitySchemes"]
        if not unused:
            return document
        for kind, name in unused:
            del components[kind][name]


def write_altered(path: Path, *changes: Change, generate_alone: bool = False) -> Path:
    """Write the project's contract to a file after some changes.

    Args:
        path: The file.
        changes: The changes.
        generate_alone: Whether the other operations are left out, unless a change is about one of them.
    """
    document = deepcopy(_generate_alone() if generate_alone else _contract())
    try:
        for change in changes:
            change(document)
    except LookupError:
        if not generate_alone:
            raise
        return write_altered(path, *changes)
    path.write_text(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
