"""The summary of a regeneration: what changes for users, whether it breaks, and the next version."""

import shutil
import subprocess
from copy import deepcopy
from pathlib import Path

import attrs
import pytest
import yaml
from altered_contract import Change as Edit
from altered_contract import Document, fields, post, put, schemas
from contract_changes import add_every_form, add_operation, add_responses, remove_field, rename_references
from contract_document import UNKNOWN
from drifting.compare import Effect
from regeneration import summary
from regeneration.documents import CONTRACT, OUT, PACKAGE, operations
from regeneration.summary import Change, GeneratedState, find_changes, next_version, read_baseline, read_package

NOW = read_package(OUT / PACKAGE)


def changed(*changes: Edit, **names: frozenset[str]) -> GeneratedState:
    """The package of the project's contract after some changes."""
    document: Document = yaml.load(CONTRACT.read_bytes(), yaml.CSafeLoader)
    for change in changes:
        change(document)
    return attrs.evolve(NOW, document=document, **names)


def required(document: Document) -> None:
    schemas(document)["GenerateImageRequestV4"].update(required=[UNKNOWN])


def bound(value: int) -> Edit:
    return lambda document: schemas(document)["V4PromptBbox"]["items"].update(maximum=value)


def speeds(*values: str) -> Edit:
    return lambda document: schemas(document)["RenderingSpeedV4"].update(enum=list(values))


def words(document: Document) -> None:
    schemas(document)["ResolutionV4"]["description"] = "Another word."


def inline(document: Document) -> None:
    """Write a response out that was behind a reference."""
    post(document)["responses"]["429"] = document["components"]["responses"]["TooManyInProgress"]


def rename(document: Document) -> None:
    document["components"]["schemas"]["Prompt"] = schemas(document).pop("V4JsonPrompt")
    rename_references(document, {"#/components/schemas/V4JsonPrompt": "#/components/schemas/Prompt"})


BOTH = "`generate()`, `submit()`"
THREE = "`generate()`, `remix()`, `generate_transparent()`"
FOUR = f"{BOTH}, `generate_transparent()`, `submit_generate_transparent()`"
BOX = '.compositional_deconstruction.elements[](type="obj").bbox[]`: maximum allows'
ASKED, ANSWERED = (
    f"{FOUR} request: `json_prompt{BOX}",
    f"`magic_prompt()`, `describe()` answer 200: `json_prompt(object){BOX}",
)
LIMITED = ", ".join(
    f"`{raw['x-method']}()`"
    for _, _, raw in operations(NOW.document)
    if raw["responses"].get("429") == {"$ref": "#/components/responses/TooManyInProgress"}
)
IN_SERVICE = "/components/schemas/RenderingSpeedV4/x-unavailable-values"
RULE = "(While the first number is 0, what breaks raises the second, all else the third.)"
NEW = put(fields, **{UNKNOWN: {"type": "integer"}})
CASES: list[tuple[list[Edit], list[str]]] = [
    ([NEW], [f"harmless added {BOTH} request: the field `{UNKNOWN}` is new (integer)"]),
    ([NEW, required], [f"breaks added {BOTH} request: the field `{UNKNOWN}` is new (integer, required)"]),
    (
        [put(fields, tags={"type": "array", "items": {"type": "string", "enum": ["a", "b"]}})],
        [f"harmless added {BOTH} request: the field `tags` is new (array of one of a, b)"],
    ),
    ([put(fields, any={})], [f"harmless added {BOTH} request: the field `any` is new (anything)"]),
    ([bound(2000)], [f"breaks widened {ANSWERED} more: 1000 -> 2000", f"harmless widened {ASKED} more: 1000 -> 2000"]),
    ([bound(999)], [f"breaks narrowed {ASKED} less: 1000 -> 999", f"harmless narrowed {ANSWERED} less: 1000 -> 999"]),
    (
        [speeds("FLASH", "TURBO", "DEFAULT", "QUALITY", "BALANCED")],
        [f"harmless added {BOTH}, `remix()`, `submit_remix()` request: `rendering_speed`: the value BALANCED is new"],
    ),
    (
        [speeds("FLASH", "TURBO", "DEFAULT")],
        [f"breaks removed {BOTH}, `remix()`, `submit_remix()` request: `rendering_speed`: the value QUALITY is gone"],
    ),
    ([remove_field], [f"breaks removed {BOTH} request: there is no field `enable_copyright_detection` any more"]),
    (
        [lambda document: schemas(document)["ImageObjectV4"]["properties"].pop("url")],
        [
            f"breaks removed {THREE} answer 200: there is no field `data[].url` any more",
            "breaks removed `job()` answer 200: there is no field `data[](object).url` any more",
        ],
    ),
    (
        [add_responses],
        [
            "harmless added `generate()` answer 409: the status 409 is new",
            "harmless added `generate()` answer 410: the status 410 is new",
        ],
    ),
    (
        [add_operation, NEW],
        [
            f"harmless added {BOTH} request: the field `{UNKNOWN}` is new (integer)",
            "harmless added `post_wording_v4()` is new: Write a structured prompt",
        ],
    ),
    (
        [lambda document: document["components"]["responses"]["TooManyInProgress"].update({"x-billed": True})],
        [f"harmless changed {LIMITED} contract: `/responses/429/x-billed` is another: false -> true"],
    ),
    (
        [lambda document: schemas(document)["RenderingSpeedV4"].pop("x-unavailable-values")],
        [f"harmless removed contract: `{IN_SERVICE}` is gone"],
    ),
    ([words], []),
    ([inline], []),
]


def listed(before: GeneratedState, after: GeneratedState) -> list[str]:
    return [f"{'breaks' if c.breaking else 'harmless'} {c.effect} {c.text}" for c in find_changes(before, after)]


@pytest.mark.slow
def test_changes_and_whether_they_break() -> None:
    for changes, expected in CASES:
        assert listed(NOW, changed(*changes)) == expected
    reverse = find_changes(changed(NEW), NOW)
    assert [(change.breaking, change.effect.value) for change in reverse] == [(True, "removed")]
    # Names in Python:
    models = NOW.models - {"V4JsonPrompt", "Rejection"} | {"Prompt"}
    found = find_changes(NOW, changed(rename, models=models))
    assert [change.text for change in found] == [
        "Python: `ideogram_ai.generated.models` has no `Rejection` any more",
        "Python: `ideogram_ai.generated.models`: `V4JsonPrompt` is called `Prompt` now",
    ]


def test_groups_parameters_files_and_prices() -> None:
    every = changed(add_every_form)
    assert listed(NOW, every)[:2] == [
        "harmless added `things.list()` is new: List things. It costs nothing",
        "harmless added `things.make()` is new: Make a thing",
    ]
    assert "harmless added contract: `/x-prices/by-size` is new" in listed(NOW, every)
    assert "breaks removed there is no `things.list()` any more" in listed(every, NOW)
    document = deepcopy(every.document)
    parameters = document["paths"]["/shelf/things"]["get"]["parameters"]
    colour, limit = (next(each for each in parameters if each["name"] == name) for name in ("colour", "limit"))
    parameters.remove(colour)
    parameters.append({"name": "since", "in": "query", "required": True, "schema": {"type": "string"}})
    limit["required"], limit["schema"]["maximum"] = True, 5
    binary = {"type": "string", "format": "binary"}
    schemas(document)["NewPhoto"]["properties"].update(mask=binary, more={"type": "array", "items": binary})
    document["paths"]["/shelf/sheets"]["post"]["x-method"] = "paper.sheet"
    document["x-prices"]["ideogram-4.0"] |= {
        "usd": {"TURBO": "0.04", "DEFAULT": "0.06", "QUALITY": "0.10"},
        "as_of": "2026-12-01",
    }
    other = attrs.evolve(every, document=document)
    assert listed(every, other) == [
        "breaks removed `things.list()` request: there is no parameter `colour` of the query any more",
        "breaks added `things.list()` request query limit: `limit` is required now",
        "breaks narrowed `things.list()` request query limit: maximum allows less: 9 -> 5",
        "breaks added `things.list()` request: the parameter `since` of the query is new (string, required)",
        "breaks removed Python: there is no method `sheet` of `Ideogram` any more",
        "harmless added `add_photo()` request: the field `mask` is new (file)",
        "harmless added `add_photo()` request: the field `more` is new (list of files)",
        "harmless added Python: the method `paper.sheet` of `Ideogram` is new",
        (
            'harmless changed contract: `/x-prices/ideogram-4.0` is another: {"usd": {"TURBO": "0.03"}, "as_of": '
            '"2026-11-16"} -> {"usd": {"TURBO": "0.04"}, "as_of": "2026-12-01"}'
        ),
    ]


def test_the_next_version() -> None:
    breaking, harmless = Change(True, Effect.REMOVED, ""), Change(False, Effect.ADDED, "")
    for version, changes, expected in (
        ("0.1.0", [breaking], "0.2.0"),
        ("0.1.4", [breaking, harmless], "0.2.0"),
        ("0.1.0", [harmless], "0.1.1"),
        ("0.1.0", [], "0.1.1"),
        ("1.2.3", [breaking], "2.0.0"),
        ("1.2.3", [harmless], "1.3.0"),
        ("1.2.3", [], "1.2.4"),
    ):
        assert next_version(version, changes) == expected, version


def test_the_text() -> None:
    text = summary.summary(NOW, "0.1.0", changed(remove_field, NEW))
    assert text.splitlines() == [
        "What changes for users since the last commit:",
        "",
        "  breaks    removed   generate(), submit() request: there is no field enable_copyright_detection any more",
        "  harmless  added     generate(), submit() request: the field no_such_field is new (integer)",
        "",
        f"Next version: 0.2.0, after 0.1.0. {RULE}",
        "",
        "For CHANGELOG.md:",
        "",
        "### Added",
        "",
        f"- {BOTH} request: the field `no_such_field` is new (integer).",
        "",
        "### Removed",
        "",
        f"- **Breaking:** {BOTH} request: there is no field `enable_copyright_detection` any more.",
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
