"""Reports what a new contract changes for users, with the next version number and the entry for the changelog."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any, Final

import attrs
from drifting.compare import DriftVerdict, Effect
from drifting.document import DriftError
from drifting.operations import compare_documents
from drifting.report import describe

from regeneration.documents import (
    OUT,
    PACKAGE,
    ROOT,
    Pointer,
    at,
    is_mapping,
    mappings,
    operations,
    pointer_text,
    resolve,
    shorten,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from drifting.compare import Difference

_SECTIONS: Final = {Effect.ADDED: "Added", Effect.REMOVED: "Removed"}
_OTHER_SECTION: Final = "Changed"
_LONGEST: Final = 80
_VERSION: Final = ROOT / "overrides" / "ideogram_ai" / "client" / "__init__.py"


@attrs.frozen
class GeneratedState:
    """A generated package as users see it: its contract, and the names in `ideogram_ai.generated.models`."""

    document: dict[str, Any]
    models: frozenset[str]


def read_package(package: Path) -> GeneratedState:
    """Read a package from its folder."""
    return _read(lambda name: (package / name).read_bytes())


def read_baseline() -> tuple[GeneratedState, str] | None:
    """Read package and version number of the last commit; without git, or before the first commit, those of the files.

    The last commit and not the files, so that the words are the same however often somebody regenerates before the next
    one. None when there is no package.
    """
    package = OUT / PACKAGE
    if not (package / "contract.json").exists():
        return None
    version = re.search(r'__version__ = "([0-9.]+)"', _committed(_VERSION).decode())
    return _read(lambda name: _committed(package / name)), version[1] if version else "0.0.0"


def _read(read: Callable[[str], bytes]) -> GeneratedState:
    body = ast.parse(read("models/__init__.py")).body
    exported = next(node.value for node in body if isinstance(node, ast.Assign))
    return GeneratedState(json.loads(read("contract.json")), frozenset(ast.literal_eval(exported)))


def _committed(path: Path) -> bytes:
    try:
        command = ["git", "show", f"HEAD:./{path.name}"]
        return subprocess.run(command, cwd=path.parent, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return path.read_bytes()


@attrs.frozen
class Change:
    """One change for users, whether a program that was written for the old contract may fail, and what happened."""

    breaking: bool
    effect: Effect
    text: str


def find_changes(old: GeneratedState, new: GeneratedState) -> list[Change]:
    """Find what is new for users, what breaks them first.

    Raises:
        drifting.document.DriftError: One of the contracts cannot be understood.
    """
    documents = old.document, new.document
    differences, facts = (_of_several(found) for found in (_differences(*documents), _facts(*documents)))
    changes = [*differences, *_methods(*documents), *_models(old, new), *facts]
    return sorted(changes, key=lambda change: not change.breaking)


def _of_several(found: Iterable[tuple[str, Change]]) -> Iterator[Change]:
    """Report once what is the same in several operations, each of which is given with its change."""
    grouped: dict[Change, list[str]] = {}
    for call, change in found:
        grouped.setdefault(change, []).append(call)
    for change, calls in grouped.items():
        yield attrs.evolve(change, text=" ".join(filter(None, [", ".join(dict.fromkeys(calls)), change.text])))


def next_version(version: str, changes: list[Change]) -> str:
    """The number of the next version, by Semantic Versioning.

    While the first number is 0, what breaks raises the second number and all else the third. After that, what breaks
    raises the first, what is new the second, and words alone the third.
    """
    major, minor, patch = (int(number) for number in version.split("."))
    if any(change.breaking for change in changes):
        return f"{major + 1}.0.0" if major else f"0.{minor + 1}.0"
    return f"{major}.{minor + 1}.0" if major and changes else f"{major}.{minor}.{patch + 1}"


def describe_changes(old: tuple[GeneratedState, str] | None, package: Path) -> str:
    """Say what a generated package changes for users, who have the old one; None when there is none to compare with."""
    if old is None:
        return "There was no package before, so nothing is said of what changes."
    try:
        return summary(*old, read_package(package))
    except DriftError as error:
        return f"The changes for users are unknown: {error}"


def summary(old: GeneratedState, version: str, new: GeneratedState) -> str:
    """Say what a package changes for users, which version comes next, and what the changelog says."""
    if new == old:
        return "Nothing has changed for users since the last commit."
    changes = find_changes(old, new)
    if not changes:
        return "Since the last commit nothing has changed for programs: only words, or the order of things."
    lines = ["What changes for users since the last commit:", ""]
    lines += [f"  {'breaks' if c.breaking else 'harmless':8}  {c.effect:8}  {c.text.replace('`', '')}" for c in changes]
    number = next_version(version, changes)
    lines += ["", f"Next version: {number}, after {version}. {_rule(version)}"]
    return "\n".join([*lines, "", "For CHANGELOG.md:", "", *_entry(changes)])


def _rule(version: str) -> str:
    if version.startswith("0."):
        return "(While the first number is 0, what breaks raises the second, all else the third.)"
    return "(What breaks raises the first number, what is new the second, words the third.)"


def _entry(changes: list[Change]) -> Iterator[str]:
    for section in (_SECTIONS[Effect.ADDED], _OTHER_SECTION, _SECTIONS[Effect.REMOVED]):
        mine = [change for change in changes if _SECTIONS.get(change.effect, _OTHER_SECTION) == section]
        if mine:
            yield from (f"### {section}", "")
            yield from (f"- {'**Breaking:** ' if change.breaking else ''}{change.text}." for change in mine)
            yield ""


def _differences(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, Change]]:
    """The differences of two contracts, each with its operation."""
    known = _operations(old) | _operations(new)
    for difference in compare_documents(old, new):
        call, text = _sentence(difference, known)
        yield call, Change(difference.verdict is DriftVerdict.BREAKING, difference.effect, text)


def _operations(document: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """What users call every operation, and the first line about it, by method and path."""
    return {
        f"{method.upper()} {path}": (f"`{_method(raw)}()`", str(raw.get("summary", "")).strip().rstrip("."))
        for path, method, raw in operations(document)
    }


def _method(raw: Mapping[str, Any]) -> str:
    return str(raw.get("x-method") or raw.get("operationId"))


def _sentence(difference: Difference, known: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """The operation that a difference is in, if it is in one, and the difference in words; names are in backticks."""
    where, _, path = difference.where.partition(": ")
    subject, name, is_removed = difference.subject, difference.name, difference.effect is Effect.REMOVED
    call = ""
    for operation, (method, about) in known.items():
        if where == operation:
            return "", f"there is no {method} any more" if is_removed else f"{method} is new{about and f': {about}'}"
        if where.startswith(f"{operation} "):
            call, where = method, where.removeprefix(f"{operation} ")
    if subject in {"property", "parameter"}:
        what = f"field `{path}`"
        if subject == "parameter":
            where, place = where.removesuffix(f" {name}").rsplit(" ", 1)
            what = f"parameter `{name}` of the {place}"
        if is_removed:
            return call, f"{where}: there is no {what} any more"
        needed = ", required" if difference.verdict is DriftVerdict.BREAKING else ""
        return call, f"{where}: the {what} is new ({_kind(difference.new.value)}{needed})"
    if subject == "required":
        now = "no longer required" if is_removed else "required now"
        return call, f"{where}: `{path or name}` is {now}"
    return call, f"{where}: {f'`{path}`: ' if path else ''}{describe(difference)}"


def _kind(schema: Any) -> str:
    if not is_mapping(schema):
        return "anything"
    if "contentMediaType" in schema:
        return "file"
    if "enum" in schema:
        return "one of " + shorten(", ".join(map(str, schema["enum"])), _LONGEST)
    types = schema.get("type", "anything")
    kind = types if isinstance(types, str) else " or ".join(types)
    if kind != "array" or "items" not in schema:
        return kind
    inner = _kind(schema["items"])
    return "list of files" if inner == "file" else f"array of {inner}"


def _methods(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    """Methods that come or go although their operations stay."""
    before, after = (
        {_method(raw): (path, method) for path, method, raw in operations(document)} for document in (old, new)
    )
    for name in sorted(name for name in before.keys() - after.keys() if before[name] in after.values()):
        yield Change(True, Effect.REMOVED, f"Python: there is no method `{name}` of `Ideogram` any more")
    for name in sorted(name for name in after.keys() - before.keys() if after[name] in before.values()):
        yield Change(False, Effect.ADDED, f"Python: the method `{name}` of `Ideogram` is new")


def _models(old: GeneratedState, new: GeneratedState) -> Iterator[Change]:
    """Classes that programs import by name."""
    package = "Python: `ideogram_ai.generated.models`"
    for name in sorted(old.models - new.models):
        shape = _shape(old.document, name)
        like = [other for other in sorted(new.models - old.models) if shape and _shape(new.document, other) == shape]
        if len(like) == 1:
            yield Change(True, Effect.CHANGED, f"{package}: `{name}` is called `{like[0]}` now")
        else:
            yield Change(True, Effect.REMOVED, f"{package} has no `{name}` any more")


def _shape(document: dict[str, Any], name: str) -> str:
    """What a schema is made of, without the schemas that it refers to."""
    schema = document.get("components", {}).get("schemas", {}).get(name, {})
    properties = schema.get("properties", {})
    return json.dumps([schema.get("type"), list(properties), schema.get("enum")]) if schema else ""


def _facts(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, Change]]:
    """What the contract says beyond OpenAPI, each with its operation: what is billed, what is unavailable, prices."""
    old, new = _with_responses(old), _with_responses(new)
    before, after = _extensions(old), _extensions(new)
    for place in dict.fromkeys([*before, *after]):
        call, where = "", pointer_text(place)
        if place[0] == "paths" and len(place) > 3:  # paths, the path, the method
            raw = at(new if place in after else old, place[:3])
            call, where = f"`{_method(raw)}()`", pointer_text(place[3:])
        if place in before and place in after and before[place] != after[place]:
            both = before[place], after[place]
            change = " -> ".join(shorten(json.dumps(_beyond(*each)), _LONGEST) for each in (both, both[::-1]))
            yield call, Change(False, Effect.CHANGED, f"contract: `{where}` is another: {change}")
        elif _stands(place, old) and _stands(place, new) and (place in before) is not (place in after):
            effect, what = (Effect.ADDED, "new") if place in after else (Effect.REMOVED, "gone")
            yield call, Change(False, effect, f"contract: `{where}` is {what}")


def _beyond(fact: Any, other: Any) -> Any:
    """What of a fact is not in another one, so that a price is not lost among what stays."""
    if not (is_mapping(fact) and is_mapping(other)):
        return fact
    return {name: _beyond(value, other.get(name)) for name, value in fact.items() if other.get(name, ...) != value}


def _with_responses(document: dict[str, Any]) -> dict[str, Any]:
    """A contract whose operations have their responses themselves: moving one behind a `$ref` changes nothing."""
    paths = {path: {**resolve(document, item)} for path, item in document.get("paths", {}).items()}
    for path, method, raw in operations(document):
        responses = {status: resolve(document, response) for status, response in raw.get("responses", {}).items()}
        paths[path][method] = {**raw, "responses": responses}
    components = {name: kind for name, kind in document.get("components", {}).items() if name != "responses"}
    return {**document, "paths": paths, "components": components}


def _extensions(document: dict[str, Any]) -> dict[Pointer, Any]:
    """The x- fields by place; each price is one, and names of methods are reported as methods."""
    found: dict[Pointer, Any] = {
        (*pointer, name): node[name]
        for pointer, node in mappings((), document)
        for name in node
        if name.startswith("x-") and name not in {"x-method", "x-prices"}
    }
    return found | {("x-prices", name): price for name, price in document.get("x-prices", {}).items()}


def _stands(place: Pointer, document: Any) -> bool:
    """Whether a document has what an x- field is about; if it has not, that is reported already."""
    for token in place[:-1]:
        try:
            document = document[token]
        except (LookupError, TypeError):
            return False
    return True
