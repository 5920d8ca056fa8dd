"""The project's contract against a document with all of its operations, and the known differences of the project."""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import drift
import pytest
from drifting.check import Drift, DriftReport, check, read_known
from drifting.compare import DriftVerdict
from drifting.report import json_report, text_report
from provider_history import HERE, Document
from regeneration.documents import CONTRACT, read_contract

READ_ONCE = cache(read_contract)
V4 = "/v1/ideogram-v4"
NOTHING = "Nothing has changed that is not known. (0 breaking, 0 additive, 0 cosmetic, "
Against = Callable[..., DriftReport]


def family() -> Document:
    """The document, as it is."""
    return READ_ONCE(HERE / "family.yaml").document


@pytest.fixture
def against(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Against:
    """Check the project's contract, which is read once, against a document."""
    monkeypatch.setattr("drifting.check.read_contract", READ_ONCE)

    def run(theirs: Document, known: str | None = None) -> DriftReport:
        document, differences = tmp_path / "theirs.json", tmp_path / "known.yaml"
        document.write_text(json.dumps(theirs))
        differences.write_text(drift.KNOWN.read_text("utf-8") if known is None else known)
        return check(CONTRACT, str(document), read_known(differences), timeout=1)

    return run


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> DriftReport:
    """The check against the document as it is."""
    document = tmp_path_factory.mktemp("family") / "theirs.json"
    document.write_text(json.dumps(family()))
    return check(CONTRACT, str(document), read_known(drift.KNOWN), timeout=1)


def changed(changes: dict[str, Any]) -> Document:
    """The document with changes by place; None removes, and a function changes what stands there."""
    document = deepcopy(family())
    for place, value in changes.items():
        *parents, last = (int(step) if len(step) == 1 else step for step in place.split())
        node: Any = document
        for step in parents:
            node = node[step]
        if value is None:
            del node[last]
        else:
            node[last] = value(node[last]) if callable(value) else value
    return document


def shown(report: DriftReport) -> list[str]:
    """What the text says between its head and its last line, without the places."""
    lines = text_report(report).splitlines()[3:-1]
    return [line for line in lines if line and not line.startswith(("          ", "Not in our contract: "))]


def test_every_operation_is_compared_and_all_differences_are_known(unchanged: DriftReport) -> None:
    report = unchanged
    assert report.outcome is Drift.NOTHING
    compared = [(each.name, each.theirs and each.theirs.name) for each in report.operations]
    assert compared == [(name, name) for name, _ in compared]
    assert [each.operation_id for each in report.operations] == [
        operation["operationId"]
        for item in READ_ONCE(CONTRACT).document["paths"].values()
        for operation in item.values()
    ]
    assert len(compared) == 33
    assert all(each.differences for each in report.operations)
    assert {difference.verdict for difference in report.differences} == {DriftVerdict.KNOWN}
    assert (report.stale, report.missing, shown(report)) == ([], [], [])
    *_, others, last = text_report(report).splitlines()
    assert last.startswith(NOTHING)
    assert others == f"Not in our contract: {', '.join(OTHERS)}"
    assert json.loads(json_report(report))["others"] == OTHERS


def test_only_the_first_of_many_other_operations_are_named(against: Against) -> None:
    more: Document = {f"/v1/ideogram-v4/new/{number}": {"get": {"responses": {}}} for number in range(9)}
    report = against({**family(), "paths": {**family()["paths"], **more}})
    line = text_report(report).splitlines()[-2]
    assert line.startswith("Not in our contract: GET /v1/ideogram-v4/new/0, ")
    assert line.endswith("GET /v1/ideogram-v4/new/8, POST /v1/async/ad-resizer, and 3 more")
    assert report.outcome is Drift.NOTHING


def test_known_differences_are_shown_on_request(unchanged: DriftReport) -> None:
    text = text_report(unchanged, known=True)
    assert f"POST {V4}/describe\n" in text
    assert "known     request: include_tags: the property include_tags is new\n" in text
    assert "          public for the newer API alone" in text


OTHERS = [
    "POST /v1/async/ad-resizer",
    "POST /v1/text-to-image/p-image-ideogram",
    "POST /v1/async/text-to-image/p-image-ideogram",
    "POST /v1/edit-lite",
]
SUBMITS = [f"POST {V4}/async/{name}" for name in ("generate", "remix", "generate-transparent")]
SIZED = [f"POST {V4}/{name}" for name in ("generate", "async/generate", "remix", "async/remix")]
MODEL_STATES = ("DRAFT", "TRAINING", "ERRORED", "ARCHIVED")
JOB, KEYS = "GET /v1/generations/{generation_id}", "GET /v1/.well-known/jwks.json"
POLL = "paths /v1/generations/{generation_id} get"
S = "components schemas"

# Changes by place, the outcome, and what the text says: the operations, then what is news about them.
NEWS: list[tuple[dict[str, Any], Drift, list[str]]] = [
    (
        {f"{S} WebhookUrl maxLength": 1024},
        Drift.BREAKING,
        [*SUBMITS, "breaking  request query webhook_url: maxLength allows less: 2048 -> 1024"],
    ),
    (
        {f"{S} RemixImageRequestV4 properties image maxLength": 10, f"{S} RemixImageRequestV4 required": ["image"]},
        Drift.BREAKING,
        [
            *SIZED[2:],
            "breaking  request: image: maxLength is new: 10",
            "additive  request: text_prompt: text_prompt is no longer required",
        ],
    ),
    (
        {f"{S} GenerationResponse properties status enum": ["pending", "running", "completed", "failed"]},
        Drift.ADDITIVE,
        [JOB, "additive  answer 200: status: the list of values allows less: "],
    ),
    (
        {
            f"{S} Sound": {"type": "object", "properties": {"object_type": {"type": "string", "enum": ["sound"]}}},
            f"{S} GenerationResponse_data_inner oneOf 5": {"$ref": "#/components/schemas/Sound"},
        },
        Drift.BREAKING,
        [JOB, 'breaking  answer 200: data[]: the alternative object_type="sound" is new'],
    ),
    (
        {"paths /v1/.well-known/jwks.json get security": None},
        Drift.BREAKING,
        [
            KEYS,
            "breaking  request: access with nothing is gone",
            "additive  request: access with apiKey in header api-key is new",
        ],
    ),
    (
        {"paths /models get parameters 0 required": True, f"{S} ModelStatus enum": ["CREATING", "COMPLETED", "PAUSED"]},
        Drift.BREAKING,
        [
            "GET /models",
            "breaking  request query scope: scope is required now",
            *(f"breaking  request query status: []: the value {value} is gone" for value in MODEL_STATES),
            "additive  request query status: []: the value PAUSED is new",
            "additive  answer 200: models[].status: the list of values allows less: ",
            "GET /models/{model_id}",
            "additive  answer 200: model.status: the list of values allows less: ",
        ],
    ),
]


def test_a_change_of_any_operation_is_reported_there_and_nowhere_else(against: Against) -> None:
    """Each operation of the document gets a field, a parameter and a status that bear its name."""
    document, expected = deepcopy(family()), dict[str, list[str]]()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            name = operation["operationId"]
            needed = {"name": f"needed_by_{name}", "in": "query", "required": True, "schema": {"type": "string"}}
            operation["parameters"] = [*operation.get("parameters", []), needed]
            operation["responses"]["418"] = {}
            news = [
                f"breaking  request query needed_by_{name}: the parameter needed_by_{name} is new and required",
                "additive  answer 418: the status 418 is new",
            ]
            for media in operation.get("requestBody", {"content": {}})["content"].values():
                more = {"type": "object", "properties": {f"new_{name}": {"type": "boolean"}}}
                media["schema"] = {"allOf": [media["schema"], more]}
                news[1:] = [
                    f"additive  request: new_{name}: the property new_{name} is new",
                    "additive  answer 418: the status 418 is new",
                ]
            expected[f"{method.upper()} {path}"] = news
    report = against(document)
    found: dict[str, list[str]] = {}
    for line in shown(report):
        if line.startswith(("breaking", "additive", "cosmetic", "stale", "unknown")):
            found[list(found)[-1]].append(line)
        else:
            found[line] = []
    assert found == {name: news for name, news in expected.items() if name not in OTHERS}
    assert report.outcome is Drift.BREAKING


@pytest.mark.slow
def test_what_is_new_is_said_once_below_the_operations_that_have_it(against: Against) -> None:
    for changes, outcome, expected in NEWS:
        report = against(changed(changes))
        assert report.outcome is outcome, changes
        news = [line for line in shown(report) if not line.startswith("stale ")]
        assert len(news) == len(expected), (news, expected)
        assert all(line.startswith(start) for line, start in zip(news, expected, strict=True)), (news, expected)


def test_a_renamed_parameter_of_a_path_breaks_nobody(against: Against) -> None:
    document = changed({f"{POLL} parameters 0 name": "id"})
    document["paths"]["/v1/generations/{id}"] = document["paths"].pop("/v1/generations/{generation_id}")
    report = against(document)
    assert report.outcome is Drift.NOTHING
    moved = 'GET /v1/generations/{generation_id}" -> "GET /v1/generations/{id}'
    assert shown(report) == [JOB, f'cosmetic  request: path is another: "{moved}"']


def test_operations_that_a_document_lacks_are_named(against: Against) -> None:
    paths = [f"paths {V4}/describe", f"paths {V4}/async/remix"]
    report = against(changed(dict.fromkeys(paths)))
    assert report.outcome is Drift.UNKNOWN
    assert report.missing == [f"POST {V4}/async/remix", f"POST {V4}/describe"]
    lines = shown(report)
    assert [line.partition(": POST")[2].partition(" has gone")[0] for line in lines[:2]] == [
        f" {V4}/async/remix",
        f" {V4}/describe",
    ]
    assert lines[2:] == [f"The document lacks 2 of our 33 operations: {', '.join(report.missing)}"]
    assert report.stale == [], "what is said of an operation that was not compared may still be true"
    document = changed(dict.fromkeys(paths))
    document["components"]["schemas"]["RenderingSpeed"]["enum"].remove("BALANCED")
    stale = [entry for entry, _ in against(document).stale]
    assert {entry.name for entry in stale} == {"BALANCED"}
    assert len(stale) == len({entry.operation for entry in stale}) == 10  # but for the one that was not compared
    found = {each["operation_id"]: each["theirs"] for each in json.loads(json_report(report))["operations"]}
    assert [operation for operation, theirs in found.items() if theirs is None] == [
        "post_remix_image_v4_async",
        "post_describe_v4",
    ]


def test_a_broken_operation_does_not_hide_the_others(against: Against) -> None:
    report = against(changed({f"{S} DescribeResponseV4": None, f"{S} RemixImageRequestV4 properties seed": {}}))
    assert (report.outcome, report.missing) == (Drift.UNKNOWN, [])
    assert [each.operation_id for each in report.operations if each.problem] == ["post_describe_v4"]
    assert shown(report)[:3] == [*SIZED[2:], "additive  request: seed: the property seed is new"]


def test_an_entry_may_have_patterns_and_lists(against: Against) -> None:
    entry = "  - {where: 'request: *ed', operation: [post_remix*_v4*], change: [property added, %s], because: x}\n"
    known = drift.KNOWN.read_text("utf-8")
    remix = f"{S} RemixImageRequestV4 properties"
    document = changed({f"{remix} seed": {}, f"{remix} speed": {}})
    assert against(document, known + entry % "property added").outcome is Drift.NOTHING
    report = against(document, known + entry % "property removed")
    assert [(entry.change, why) for entry, why in report.stale] == [
        ("property removed", "there is no such difference any more")
    ]
    report = against(document, known + (entry % "property added").replace("ed'", "eds'").replace("v4*", "v5*"))
    assert {why for _, why in report.stale} == {"our contract has no operation post_remix*_v5*"}
    assert len(shown(report)) == 6  # two operations, the two fields, and the entry twice


def test_an_entry_may_be_about_some_operations(against: Against) -> None:
    known = drift.KNOWN.read_text("utf-8")
    report = against(changed({f"{S} DescribeRequestV4 properties include_tags": None}))
    gone = "there is no such difference any more"
    assert [(entry.where, entry.operation, why) for entry, why in report.stale] == [
        ("request: include_tags", "post_describe_v4", gone)
    ]
    assert shown(report)[-1].endswith(f"request: include_tags of post_describe_v4: property added: {gone}")
    (stale,) = json.loads(json_report(report))["stale"]
    assert stale["operation"] == "post_describe_v4"
    report = against(family(), known.replace("operation: post_describe_v4", "operation: post_describe_v5"))
    assert report.outcome is Drift.ADDITIVE
    assert {why for entry, why in report.stale} == {"our contract has no operation post_describe_v5"}
    assert f"POST {V4}/describe" in shown(report)
