"""The summary of a regeneration: what changes for users, whether it breaks, and the next version."""

import shutil
import subprocess
from pathlib import Path

import attrs
import pytest
import yaml
from altered_contract import Change, Document, fields, post, put, schemas
from contract_changes import add_operation, add_responses, remove_field
from regeneration import summary
from regeneration.documents import CONTRACT, OUT, PACKAGE
from regeneration.summary import GeneratedState, find_changes, next_version, read_baseline, read_package
from unknown_fields import UNKNOWN

NOW = read_package(OUT / PACKAGE)


def changed(*changes: Change, **names: frozenset[str]) -> GeneratedState:
    """The package of the project's contract after some changes."""
    document: Document = yaml.load(CONTRACT.read_bytes(), yaml.CSafeLoader)
    for change in changes:
        change(document)
    return attrs.evolve(NOW, document=document, **names)


def required(document: Document) -> None:
    schemas(document)["GenerateImageRequestV4"].update(required=[UNKNOWN])


def bound(value: int) -> Change:
    return lambda document: schemas(document)["V4PromptBbox"]["items"].update(maximum=value)


def speeds(*values: str) -> Change:
    return lambda document: schemas(document)["RenderingSpeedV4"].update(enum=list(values))


def words(document: Document) -> None:
    schemas(document)["ResolutionV4"]["description"] = "Another word."


def rename(document: Document) -> None:
    document["components"]["schemas"]["Prompt"] = schemas(document).pop("V4JsonPrompt")
    fields(document)["json_prompt"]["$ref"] = "#/components/schemas/Prompt"


BOX = 'request: `json_prompt.compositional_deconstruction.elements[](type="obj").bbox[]`: maximum allows'
BILLED = "/paths/~1v1~1ideogram-v4~1generate/post/responses/429/x-billed"
IN_SERVICE = "/components/schemas/RenderingSpeedV4/x-unavailable-values"
RULE = "(While the first number is 0, what breaks raises the second, all else the third.)"
NEW = put(fields, **{UNKNOWN: {"type": "integer"}})
CASES: list[tuple[list[Change], list[str]]] = [
    ([NEW], [f"harmless added request: the field `{UNKNOWN}` is new (integer)"]),
    ([NEW, required], [f"breaks added request: the field `{UNKNOWN}` is new (integer, required)"]),
    (
        [put(fields, tags={"type": "array", "items": {"type": "string", "enum": ["a", "b"]}})],
        ["harmless added request: the field `tags` is new (array of one of a, b)"],
    ),
    ([put(fields, any={})], ["harmless added request: the field `any` is new (anything)"]),
    ([bound(2000)], [f"harmless widened {BOX} more: 1000 -> 2000"]),
    ([bound(999)], [f"breaks narrowed {BOX} less: 1000 -> 999"]),
    (
        [speeds("FLASH", "TURBO", "DEFAULT", "QUALITY", "BALANCED")],
        ["harmless added request: `rendering_speed`: the value BALANCED is new"],
    ),
    ([speeds("FLASH", "TURBO", "DEFAULT")], ["breaks removed request: `rendering_speed`: the value QUALITY is gone"]),
    ([remove_field], ["breaks removed request: there is no field `enable_copyright_detection` any more"]),
    (
        [lambda document: schemas(document)["ImageObjectV4"]["properties"].pop("url")],
        ["breaks removed answer 200: there is no field `data[].url` any more"],
    ),
    (
        [add_responses],
        ["harmless added answer 409: the status 409 is new", "harmless added answer 410: the status 410 is new"],
    ),
    (
        [add_operation, NEW],
        [
            f"harmless added `generate()` request: the field `{UNKNOWN}` is new (integer)",
            "harmless added POST /v1/ideogram-v4/magic-prompt: the operation is new",
        ],
    ),
    (
        [lambda document: post(document)["responses"]["429"].update({"x-billed": True})],
        [f"harmless changed contract: `{BILLED}` is another: false -> true"],
    ),
    (
        [lambda document: schemas(document)["RenderingSpeedV4"].pop("x-unavailable-values")],
        [f"harmless removed contract: `{IN_SERVICE}` is gone"],
    ),
    ([words], []),
]


def listed(before: GeneratedState, after: GeneratedState) -> list[str]:
    return [f"{'breaks' if c.breaking else 'harmless'} {c.effect} {c.text}" for c in find_changes(before, after)]


def test_changes_and_whether_they_break() -> None:
    for changes, expected in CASES:
        assert listed(NOW, changed(*changes)) == expected
    reverse = find_changes(changed(NEW), NOW)
    assert [(change.breaking, change.effect.value) for change in reverse] == [(True, "removed")]
    # Names in Python:
    models = NOW.models - {"V4JsonPrompt", "Rejection"} | {"Prompt"}
    found = find_changes(NOW, changed(rename, models=models, methods=frozenset({"describe"})))
    assert [change.text for change in found] == [
        "Python: `ideogram_ai.generated.models` has no `Rejection` any more",
        "Python: `ideogram_ai.generated.models`: `V4JsonPrompt` is called `Prompt` now",
        "Python: the method `describe` of `Ideogram.operations` is new",
    ]
    assert listed(changed(rename, methods=frozenset({"describe"})), NOW) == [
        "breaks removed Python: there is no method `describe` of `Ideogram.operations` any more"
    ]


def test_the_next_version() -> None:
    for version, change, expected in (
        ("0.1.0", remove_field, "0.2.0"),
        ("0.1.4", remove_field, "0.2.0"),
        ("0.1.0", NEW, "0.1.1"),
        ("0.1.0", words, "0.1.1"),
        ("1.2.3", remove_field, "2.0.0"),
        ("1.2.3", NEW, "1.3.0"),
        ("1.2.3", words, "1.2.4"),
    ):
        assert next_version(version, find_changes(NOW, changed(change))) == expected, version


def test_the_text() -> None:
    text = summary.summary(NOW, "0.1.0", changed(remove_field, NEW))
    assert text.splitlines() == [
        "What changes for users since the last commit:",
        "",
        "  breaks    removed   request: there is no field enable_copyright_detection any more",
        "  harmless  added     request: the field no_such_field is new (integer)",
        "",
        f"Next version: 0.2.0, after 0.1.0. {RULE}",
        "",
        "For CHANGELOG.md:",
        "",
        "### Added",
        "",
        "- request: the field `no_such_field` is new (integer).",
        "",
        "### Removed",
        "",
        "- **Breaking:** request: there is no field `enable_copyright_detection` any more.",
    ]
    assert "after 1.0.0. (What breaks raises the first number" in summary.summary(NOW, "1.0.0", changed(NEW))
    assert summary.summary(NOW, "0.1.0", NOW) == "Nothing has changed for users since the last commit."
    assert summary.summary(NOW, "0.1.0", changed(words)).startswith("Since the last commit nothing has changed for pr")
    # What cannot be compared:
    text = summary.describe_changes(None, OUT / PACKAGE)
    assert text == "There was no package before, so nothing is said of what changes."
    lost = changed(lambda document: post(document)["responses"].update({"200": 7}))
    text = summary.describe_changes((lost, "0.1.0"), OUT / PACKAGE)
    assert text.startswith("The changes for users are unknown: ")


def git(folder: Path, *arguments: str) -> None:
    """Run git without the settings of this machine."""
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def test_the_baseline_is_the_last_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = read_baseline()
    assert own is not None
    assert own[1].count(".") == 2
    shutil.copytree(OUT / PACKAGE, tmp_path / "generated" / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "version.py").write_text('"""The version."""\n\n__version__ = "3.2.1"\n', "utf-8")
    monkeypatch.setattr(summary, "OUT", tmp_path / "generated")
    monkeypatch.setattr(summary, "_VERSION", tmp_path / "version.py")
    assert read_baseline() == (NOW, "3.2.1"), "the files themselves where there is no git"
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "a")
    (tmp_path / "version.py").write_text('__version__ = "4.0.0"\n', "utf-8")
    (tmp_path / "generated" / PACKAGE / "contract.json").write_text("{}", "utf-8")
    assert read_baseline() == (NOW, "3.2.1")
    shutil.rmtree(tmp_path / ".git")
    shutil.rmtree(tmp_path / "generated")
    assert read_baseline() is None
