"""Compares the copy that is there with what it was, and with what this checkout makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vendoring.manifest import MANIFEST, hash_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vendoring.contents import Copy
    from vendoring.destination import Existing


class Difference(NamedTuple):
    """A file, and what is the matter with it, in one word."""

    what: str
    file: str

    def __str__(self) -> str:
        return f"{self.what:8} {self.file}"


def local_changes(there: Existing, fresh: Copy) -> list[Difference]:
    """Find what was changed in a copy since it was made: files that were edited, are missing or are extra.

    Args:
        there: The copy.
        fresh: What takes the place of a manifest that is damaged.
    """
    files = {name: digest for name, digest in there.files.items() if name != MANIFEST}
    if there.manifest is None:
        damaged = [Difference("edited", MANIFEST)]
        return sorted([*damaged, *_compare(files, fresh.manifest.files, changed="edited")], key=_by_file)
    return _compare(files, there.manifest.files, changed="edited")


def lost_by_update(there: Existing, fresh: Copy) -> list[Difference]:
    """Find the local changes that exist nowhere else once the copy is replaced."""
    kept = hash_files(fresh.files)
    changes = local_changes(there, fresh)
    return [each for each in changes if each.file in there.files and there.files[each.file] != kept.get(each.file)]


def what_is_outdated(there: Existing, fresh: Copy) -> list[str]:
    """Say in what the checkout has moved on since the copy was made, file by file."""
    if there.manifest is None:
        return []
    then, now = there.manifest, fresh.manifest
    lines = [
        f"{name:8} {was}, and this checkout has {this}"
        for name, was, this in (
            ("version", then.version, now.version),
            ("contract", then.contract_sha256, now.contract_sha256),
        )
        if was != this
    ]
    files = [Difference("outdated", each.file) for each in _compare(then.files, now.files, changed="outdated")]
    other = not lines and not files and then != now
    return [*lines, *map(str, [*files, *([Difference("outdated", MANIFEST)] if other else [])])]


def what_is_written(there: Existing | None, fresh: Copy) -> list[Difference]:
    """Say what an update does to the files of a copy."""
    words = {"missing": "add", "extra": "remove", "replace": "replace"}
    found = _compare(there.files if there else {}, hash_files(fresh.files), changed="replace")
    return [Difference(words[each.what], each.file) for each in found]


def _compare(there: Mapping[str, str], expected: Mapping[str, str], *, changed: str) -> list[Difference]:
    found = [Difference("missing", name) for name in expected.keys() - there.keys()]
    found += [Difference("extra", name) for name in there.keys() - expected.keys()]
    found += [Difference(changed, name) for name in there.keys() & expected.keys() if there[name] != expected[name]]
    return sorted(found, key=_by_file)


def _by_file(difference: Difference) -> str:
    return difference.file
