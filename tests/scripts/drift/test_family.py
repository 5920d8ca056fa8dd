"""The project's contract against a document with all of its operations, and the known differences of the project."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import drift
import pytest
from drifting.check import Drift, DriftReport, check, read_known
from drifting.compare import DriftVerdict
from drifting.report import json_report, text_report
from provider_history import HERE, Document
from regeneration.documents import CONTRACT, read_contract

FAMILY: Document = read_contract(HERE / "family.yaml").document
OURS: Document = read_contract(CONTRACT).document
V4 = "/v1/ideogram-v4"
NOTHING = "Nothing has changed that is not known. (0 breaking, 0 additive, 0 cosmetic, "
Against = Callable[..., DriftReport]


@pytest.fixture
def against(tmp_path: Path) -> Against:
    """Check the project's contract against a document."""

    def run(theirs: Document, known: str | None = None) -> DriftReport:
        document, differences = tmp_path / "theirs.json", tmp_path / "known.yaml"
        document.write_text(json.dumps(theirs))
        differences.write_text(drift.KNOWN.read_text("utf-8") if known is None else known)
        return check(CONTRACT, str(document), read_known(differences), timeout=1)

    return run


def changed(changes: dict[str, Any]) -> Document:
    """The document with changes by place; None removes."""
    document = deepcopy(FAMILY)
    for place, value in changes.items():
        *parents, last = (int(step) if len(step) == 1 else step for step in place.split())
        node: Any = document
        for step in parents:
            node = node[step]
        if value is None:
            del node[last]
        else:
            node[last] = value
    return document


def shown(report: DriftReport) -> list[str]:
    """What the text says between its head and its last line, without the places."""
    lines = text_report(report).splitlines()[3:-1]
    return [line for line in lines if line and not line.startswith("          ")]


def test_every_operation_is_compared_and_all_differences_are_known(against: Against) -> None:
    report = against(FAMILY)
    assert report.outcome is Drift.NOTHING
    compared = [(each.name, each.theirs and each.theirs.name) for each in report.operations]
    assert compared == [(name, name) for name, _ in compared]
    assert [each.operation_id for each in report.operations] == [
        operation["operationId"] for item in OURS["paths"].values() for operation in item.values()
    ]
    assert len(compared) == 10
    assert all(each.differences for each in report.operations)
    assert {difference.verdict for difference in report.differences} == {DriftVerdict.KNOWN}
    assert (report.stale, report.missing, shown(report)) == ([], [], [])
    assert text_report(report).splitlines()[-1].startswith(NOTHING)


def test_known_differences_are_shown_on_request(against: Against) -> None:
    text = text_report(against(FAMILY), known=True)
    assert f"POST {V4}/describe\n" in text
    assert "known     request: include_tags: the property include_tags is new\n" in text
    assert "          public for the newer API alone" in text


SUBMITS = [f"POST {V4}/async/{name}" for name in ("generate", "remix", "generate-transparent")]
SIZED = [f"POST {V4}/{name}" for name in ("generate", "async/generate", "remix", "async/remix")]
JOB, KEYS = "GET /v1/generations/{generation_id}", "GET /v1/.well-known/jwks.json"
POLL = "paths /v1/generations/{generation_id} get"
S = "components schemas"

# Changes by place, the outcome, and what the text says: the operations, then what is news about them.
NEWS: list[tuple[dict[str, Any], Drift, list[str]]] = [
    (
        {f"paths {V4}/async/generate post parameters 0 required": True},
        Drift.BREAKING,
        [SUBMITS[0], "breaking  request query webhook_url: webhook_url is required now"],
    ),
    (
        {f"{S} WebhookUrl maxLength": 1024},
        Drift.BREAKING,
        [*SUBMITS, "breaking  request query webhook_url: maxLength allows less: 2048 -> 1024"],
    ),
    (
        {f"{S} ResolutionV4 enum": [*FAMILY["components"]["schemas"]["ResolutionV4"]["enum"], "64x64"]},
        Drift.ADDITIVE,
        [*SIZED, "additive  request: resolution: the value 64x64 is new"],
    ),
    (
        {f"{S} RemixImageRequestV4 properties seed": {"type": "integer"}},
        Drift.ADDITIVE,
        [*SIZED[2:], "additive  request: seed: the property seed is new"],
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
        {f"{S} DescribeRequestV4 required": ["image_file", "include_bbox"]},
        Drift.BREAKING,
        [f"POST {V4}/describe", "breaking  request: include_bbox: include_bbox is required now"],
    ),
    (
        {f"{S} DescribeRequestV4 properties include_bbox default": False},
        Drift.BREAKING,
        [f"POST {V4}/describe", "breaking  request: include_bbox: default is another: true -> false"],
    ),
    (
        {f"{S} MagicPromptV4Response required": ["aspect_ratio"]},
        Drift.BREAKING,
        [f"POST {V4}/magic-prompt", "breaking  answer 200: json_prompt: json_prompt is no longer required"],
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
        {f"{S} ImageGenerationObject required": ["url", "prompt", "resolution", "is_image_safe", "seed"]},
        Drift.BREAKING,
        [JOB, 'breaking  answer 200: data[]: the alternative object_type="image.generation" is new'],
    ),
    ({f"{POLL} responses 404": None}, Drift.ADDITIVE, [JOB, "additive  answer 404: the status 404 is gone"]),
    (
        {f"{POLL} security": [{"BearerAuth": []}]},
        Drift.BREAKING,
        [JOB, "breaking  request: access with apiKey in header api-key is gone"],
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
        {f"{S} WebhookSigningJwk properties x5t": {"type": "string"}},
        Drift.ADDITIVE,
        [KEYS, "additive  answer 200: keys[].x5t"],
    ),
]


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
    assert lines[2:] == [f"The document lacks 2 of our 10 operations: {', '.join(report.missing)}"]
    assert report.stale == [], "what is said of an operation that was not compared may still be true"
    document = changed(dict.fromkeys(paths))
    document["components"]["schemas"]["RenderingSpeed"]["enum"].remove("BALANCED")
    assert [entry.operation for entry, _ in against(document).stale] == [
        "post_generate_image_v4",
        "post_generate_image_v4_async",
        "post_remix_image_v4",
    ]
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
    report = against(FAMILY, known.replace("operation: post_describe_v4", "operation: post_describe_v5"))
    assert report.outcome is Drift.ADDITIVE
    assert {why for entry, why in report.stale if entry.operation} == {"our contract has no operation post_describe_v5"}
    assert f"POST {V4}/describe" in shown(report)
