"""What a regeneration says of a change: who meets it, whether it breaks, which number comes next."""

import shutil
import subprocess
from pathlib import Path

import attrs
import pytest
import yaml
from altered_contract import Change, Document, fields, post, put, schemas
from contract_changes import add_operation, add_responses, remove_field
from regeneration import summary
from regeneration.documents import CONTRACT, OUT, PACKAGE, ROOT, Contract
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


def answer_without(name: str) -> Change:
    return lambda document: schemas(document)["ImageObjectV4"]["properties"].pop(name)


def billed(document: Document) -> None:
    post(document)["responses"]["429"]["x-billed"] = True


def in_service(document: Document) -> None:
    del schemas(document)["RenderingSpeedV4"]["x-unavailable-values"]


def words(document: Document) -> None:
    schemas(document)["ResolutionV4"]["description"] = "Another word."


BOX = 'request: `json_prompt.compositional_deconstruction.elements[](type="obj").bbox[]`: maximum allows'
GENERATE = "/paths/~1v1~1ideogram-v4~1generate/post"
RULE = "(While the first number is 0, what breaks raises the second, all else the third.)"
NEW = put(fields, **{UNKNOWN: {"type": "integer"}})
CASES: dict[str, tuple[list[Change], list[str]]] = {
    "an optional field": ([NEW], [f"harmless added request: the field `{UNKNOWN}` is new (integer)"]),
    "a required field": ([NEW, required], [f"breaks added request: the field `{UNKNOWN}` is new (integer, required)"]),
    "a list": (
        [put(fields, tags={"type": "array", "items": {"type": "string", "enum": ["a", "b"]}})],
        ["harmless added request: the field `tags` is new (array of one of a, b)"],
    ),
    "a field of any type": ([put(fields, any={})], ["harmless added request: the field `any` is new (anything)"]),
    "a wider bound": ([bound(2000)], [f"harmless widened {BOX} more: 1000 -> 2000"]),
    "a narrower bound": ([bound(999)], [f"breaks narrowed {BOX} less: 1000 -> 999"]),
    "a value more": (
        [speeds("FLASH", "TURBO", "DEFAULT", "QUALITY", "BALANCED")],
        ["harmless added request: `rendering_speed`: the value BALANCED is new"],
    ),
    "a value less": (
        [speeds("FLASH", "TURBO", "DEFAULT")],
        ["breaks removed request: `rendering_speed`: the value QUALITY is gone"],
    ),
    "a field less": (
        [remove_field],
        ["breaks removed request: there is no field `enable_copyright_detection` any more"],
    ),
    "a member of the answer less": (
        [answer_without("url")],
        ["breaks removed answer 200: there is no field `data[].url` any more"],
    ),
    "error codes": (
        [add_responses],
        ["harmless added answer 409: the status 409 is new", "harmless added answer 410: the status 410 is new"],
    ),
    "an operation, and the first one by its method": (
        [add_operation, NEW],
        [
            f"harmless added `generate()` request: the field `{UNKNOWN}` is new (integer)",
            "harmless added POST /v1/ideogram-v4/magic-prompt: the operation is new",
        ],
    ),
    "what is billed": (
        [billed],
        [
            f"harmless changed contract: `{GENERATE}/responses/429/x-billed` is another: false -> true",
        ],
    ),
    "what is in service": (
        [in_service],
        ["harmless removed contract: `/components/schemas/RenderingSpeedV4/x-unavailable-values` is gone"],
    ),
    "words": ([words], []),
}


@pytest.mark.parametrize("name", CASES)
def test_a_change_is_told_with_what_it_means(name: str) -> None:
    changes, expected = CASES[name]
    found = find_changes(NOW, changed(*changes))
    assert [f"{'breaks' if c.breaking else 'harmless'} {c.effect} {c.text}" for c in found] == expected


def test_the_reverse_breaks_where_this_does_not() -> None:
    found = find_changes(changed(NEW), NOW)
    assert [(change.breaking, change.effect.value) for change in found] == [(True, "removed")]


def test_names_in_python_are_told() -> None:
    def rename(document: Document) -> None:
        document["components"]["schemas"]["Prompt"] = schemas(document).pop("V4JsonPrompt")
        fields(document)["json_prompt"]["$ref"] = "#/components/schemas/Prompt"

    models = NOW.models - {"V4JsonPrompt", "Rejection"} | {"Prompt"}
    found = find_changes(NOW, changed(rename, models=models, methods=frozenset({"describe"})))
    assert [change.text for change in found] == [
        "Python: `ideogram_ai.generated.models` has no `Rejection` any more",
        "Python: `ideogram_ai.generated.models`: `V4JsonPrompt` is called `Prompt` now",
        "Python: the method `describe` of `Ideogram.operations` is new",
    ]
    back = find_changes(changed(rename, methods=frozenset({"describe"})), NOW)
    assert [(c.breaking, c.text) for c in back] == [
        (True, "Python: there is no method `describe` of `Ideogram.operations` any more")
    ]


BREAKING, ADDED = [remove_field], [NEW]


@pytest.mark.parametrize(
    ("version", "changes", "expected"),
    [
        ("0.1.0", BREAKING, "0.2.0"),
        ("0.1.4", BREAKING, "0.2.0"),
        ("0.1.0", ADDED, "0.1.1"),
        ("0.1.0", [words], "0.1.1"),
        ("1.2.3", BREAKING, "2.0.0"),
        ("1.2.3", ADDED, "1.3.0"),
        ("1.2.3", [words], "1.2.4"),
    ],
)
def test_the_next_number(version: str, changes: list[Change], expected: str) -> None:
    assert next_version(version, find_changes(NOW, changed(*changes))) == expected


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


def test_nothing_or_words_alone() -> None:
    assert summary.summary(NOW, "0.1.0", NOW) == "Nothing has changed for users since the last commit."
    assert summary.summary(NOW, "0.1.0", changed(words)).startswith("Since the last commit nothing has changed for pr")


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    assert (
        summary.describe_changes(None, tmp_path) == "There was no package before, so nothing is said of what changes."
    )
    lost = changed(lambda document: post(document)["responses"].update({"200": 7}))
    text = summary.describe_changes((lost, "0.1.0"), OUT / PACKAGE)
    assert text.startswith("The changes for users are unknown: ")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, with a generated package and a version."""
    shutil.copytree(OUT / PACKAGE, tmp_path / "generated" / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "version.py").write_text('"""The version."""\n\n__version__ = "3.2.1"\n', "utf-8")
    monkeypatch.setattr(summary, "OUT", tmp_path / "generated")
    monkeypatch.setattr(summary, "_VERSION", tmp_path / "version.py")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    """Run git with nobody's settings."""
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def test_it_compares_with_the_last_commit_however_often_one_regenerates(project: Path) -> None:
    assert read_baseline() == (NOW, "3.2.1")  # no git, so the files themselves
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "a")
    (project / "version.py").write_text('__version__ = "4.0.0"\n', "utf-8")
    (project / "generated" / PACKAGE / "contract.json").write_text("{}", "utf-8")
    assert read_baseline() == (NOW, "3.2.1")


def test_without_a_package_there_is_nothing_to_compare_with(project: Path) -> None:
    shutil.rmtree(project / "generated")
    assert read_baseline() is None


def test_the_projects_own_version_is_found(contract: Contract) -> None:
    found = read_baseline()
    assert found is not None
    assert found[1].count(".") == 2
    assert (ROOT / "overrides/ideogram_ai/client/__init__.py").exists()
