"""What a copy consists of: the files of two floors, what makes one package of them, the licence and a manifest."""

from __future__ import annotations

import hashlib
import json
import tomllib
from runpy import run_path
from typing import TYPE_CHECKING, Final, NamedTuple

from regeneration.tree import LOCK, files, tree_sha256

from vendoring.errors import VendoringError
from vendoring.imports import NAME, make_relative
from vendoring.manifest import MANIFEST, Manifest, hash_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FLOORS: Final = {"client": "overrides", "generated": "generated"}
"""The floors that are copied, and the folders of the checkout in which they lie."""
_INIT: Final = '''\
"""A copy of {distribution} {version}, an unofficial client for Ideogram 4.0, which is in the package client.

Its licence is in LICENSE, and vendored.json says what each file was when it was copied. Edit nothing here: the command
that made the copy, scripts/vendor.py of that project, updates it too, and refuses to overwrite edits.
"""
'''
# The generator leaves the items of lists and mappings untyped where it reads answers, which strict pyright refuses;
# what the client makes of them is typed.
_PYRIGHT: Final = b"# pyright: basic\n"
_GIT: Final = b"# The hashes in vendored.json are of these bytes, so git converts no line ends.\n* -text\n"


class Copy(NamedTuple):
    """A copy as it is written.

    Attributes:
        manifest: What it was made of.
        files: Its files by their paths, the manifest's among them.
    """

    manifest: Manifest
    files: dict[str, bytes]


def make_copy(checkout: Path) -> Copy:
    """Make the copy of a checkout: the same bytes wherever and by whomever it is made.

    Args:
        checkout: The folder of the project.

    Raises:
        VendoringError: A module cannot be copied, or generated/ is not as the regeneration wrote it.
    """
    _refuse_edited(checkout / FLOORS["generated"] / NAME / "generated")
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]
    version = run_path(str(checkout / FLOORS["client"] / NAME / "client/__init__.py"))["__version__"]
    copied = dict(_copied(checkout))
    init = _INIT.format(distribution=project["name"], version=version)
    copied |= {"__init__.py": init.encode(), "py.typed": b"", ".gitattributes": _GIT}
    copied["LICENSE"] = (checkout / "LICENSE").read_bytes()
    manifest = Manifest(
        distribution=project["name"],
        version=version,
        contract_sha256=hashlib.sha256(copied["generated/contract.yaml"]).hexdigest(),
        license=project["license"],
        requires_python=project["requires-python"],
        dependencies=project["dependencies"],
        files=hash_files(copied),
    )
    return Copy(manifest, {**copied, MANIFEST: manifest.to_bytes()})


def _copied(checkout: Path) -> Iterator[tuple[str, bytes]]:
    for floor, folder in FLOORS.items():
        base = checkout / folder / NAME
        for path in files(base / floor):
            name = path.relative_to(base).as_posix()
            if path.name.startswith("."):  # what systems and editors leave behind
                continue
            data = path.read_bytes()
            if path.suffix == ".py":
                data = (_PYRIGHT if floor == "generated" else b"") + make_relative(data, name, FLOORS)
            yield name, data


def _refuse_edited(package: Path) -> None:
    """A copy says which contract it follows; that holds only for what the regeneration wrote."""
    if json.loads((package / LOCK).read_bytes())["tree"] != tree_sha256(package):
        raise VendoringError(
            f"{package} is not as the regeneration wrote it (edited, or its line ends were converted), so nobody could "
            "say which contract the copy follows: run scripts/regenerate.py first"
        )
