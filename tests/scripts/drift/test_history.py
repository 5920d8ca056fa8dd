"""Our contract of October 2026 against the provider's document over six months, and the known differences."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import drift
import pytest
from drifting.check import Drift, DriftReport, check, read_known
from drifting.compare import Direction, DriftVerdict
from drifting.operations import compare_documents
from provider_history import HISTORY, KNOWN, OURS, SIZES, Document, fields, operation
from regeneration.documents import RegenerationError

HEAD = "document: https://things.example/openapi.json\n"
Against = Callable[..., DriftReport]


@pytest.fixture
def against(tmp_path: Path) -> Against:
    """Check our contract of that time against the provider's document: of a time, or as given."""

    def run(theirs: str | Document, contract: Path = OURS, known: Path = KNOWN) -> DriftReport:
        file = tmp_path / "theirs.json"
        file.write_text(json.dumps(HISTORY[theirs]() if isinstance(theirs, str) else theirs))
        return check(contract, str(file), read_known(known), timeout=1)

    return run


def news(report: DriftReport, verdict: DriftVerdict | None = None) -> list[str]:
    """The differences with a verdict, by default with any but known."""
    return [
        f"{difference.where} | {difference.change} {difference.name}".strip()
        for difference in report.differences
        if (difference.verdict is verdict if verdict else difference.verdict is not DriftVerdict.KNOWN)
    ]


def test_all_differences_of_october_are_known(against: Against) -> None:
    report = against("october")
    assert report.outcome is Drift.NOTHING
    assert {difference.verdict for difference in report.differences} == {DriftVerdict.KNOWN}
    assert not report.stale
    assert all(difference.reason for difference in report.differences)


def schema(document: Document, name: str) -> Document:
    found: Document = document["components"]["schemas"][name]
    return found


def test_august(against: Against) -> None:
    report = against("august")
    assert report.outcome is Drift.BREAKING
    assert news(report, DriftVerdict.BREAKING) == ["request: json_prompt.tags | property removed tags"]
    assert news(report, DriftVerdict.ADDITIVE) == [
        "request: prompt | property added prompt",
        "request: magic_prompt_option | property added magic_prompt_option",
        "answer 200: data[].resolution | values narrowed",  # a list, all of which our pattern allows
    ]
    assert news(report, DriftVerdict.COSMETIC) == ["request: json_prompt | encoding contentType removed json_prompt"]
    assert [entry.where for entry, _ in report.stale] == [
        "request: magic_prompt_system_prompt_config_id",
        "request: json_prompt",  # the style of its encoding
        "request",  # the web application's tokens
        "answer 200: data[].resolution",
        "answer 422: error",
    ]


def test_june(against: Against) -> None:
    report = against("june")
    assert report.outcome is Drift.BREAKING
    breaking = news(report, DriftVerdict.BREAKING)
    style = "request: json_prompt.style_description"
    element = "request: json_prompt.compositional_deconstruction.elements[]"
    assert breaking[:7] == [
        *(f"{style}.{name} | required added {name}" for name in ("aesthetics", "lighting", "medium")),
        f"{style}.color_palette | property removed color_palette",
        *(f'{element}(type="{kind}").color_palette | property removed color_palette' for kind in ("obj", "text")),
        "request: json_prompt.tags | property removed tags",
    ]
    assert breaking[7:] == [f"request: resolution | value removed {size}" for size in SIZES[21:]]


def test_before_the_public_fields(against: Against) -> None:
    fields = ("text_prompt", "json_prompt", "resolution", "rendering_speed", "enable_copyright_detection")
    for time, known_fields in {"march": ["seed"], "april": ["seed", "custom_model_uri"]}.items():
        report = against(time)
        assert report.outcome is Drift.BREAKING
        assert news(report, DriftVerdict.BREAKING) == [
            *(f"request: {name} | property removed {name}" for name in fields),
            "request: prompt | property added prompt",  # it was required
            "answer 200: response_type | property removed response_type",
        ]
        assert [line for line in news(report, DriftVerdict.KNOWN) if "property added" in line] == [
            f"request: {name} | property added {name}" for name in known_fields
        ]


CONSECUTIVE = {
    ("march", "april"): {"additive": {"property added": 2}},
    ("april", "june"): {
        "breaking": {"value added": 21},  # sizes of answers
        "additive": {"value removed": 70, "property added": 6, "required removed": 1, "deprecated added": 1},
    },
    ("june", "august"): {
        "breaking": {"value added": 17},  # in answers
        "additive": {"value added": 17, "property added": 3, "required removed": 3},
    },
    ("august", "october"): {
        "breaking": {"property removed": 2, "values widened": 1, "encoding style added": 1},
        "additive": {"property added": 2, "security added": 1, "required added": 1},
        "cosmetic": {"encoding contentType added": 1},
    },
}


def test_from_one_time_to_the_next() -> None:
    for (earlier, later), expected in CONSECUTIVE.items():
        found = compare_documents(HISTORY[earlier](), HISTORY[later]())
        counted: dict[str, Counter[str]] = {}
        for difference in found:
            counted.setdefault(difference.verdict, Counter())[difference.change] += 1
        assert counted == expected, later
        if later == "august":  # the same list of sizes breaks in answers and not in requests
            added = [(it.direction, it.verdict) for it in found if it.change == "value added"]
            breaking, additive = (Direction.RESPONSE, DriftVerdict.BREAKING), (Direction.REQUEST, DriftVerdict.ADDITIVE)
            assert Counter(added) == {breaking: 17, additive: 17}


def test_an_entry_is_stale_when_its_difference_is_gone_or_has_changed(against: Against, tmp_path: Path) -> None:
    theirs = HISTORY["october"]()
    del fields(theirs)["seed"]
    report = against(theirs)
    gone = "there is no such difference any more"
    assert [(entry.where, reason) for entry, reason in report.stale] == [("request: seed", gone)]
    assert report.outcome is Drift.ADDITIVE  # it needs a look, and breaks nobody
    theirs = HISTORY["october"]()
    schema(theirs, "GenerateImageResponseV4")["properties"]["response_type"]["enum"] = ["url", "bytes"]
    report = against(theirs)
    assert news(report) == ["answer 200: response_type | values narrowed"]
    changed = 'their side is another now: {"enum": ["bytes", "url"], "type": "string"}'
    assert [(entry.where, reason) for entry, reason in report.stale] == [("answer 200: response_type", changed)]
    # An entry about one value does not cover another:
    theirs = HISTORY["october"]()
    schema(theirs, "RenderingSpeedV4")["enum"].append("SLOW")
    report = against(theirs)
    assert news(report, DriftVerdict.ADDITIVE) == news(report) == ["request: rendering_speed | value added SLOW"]
    assert report.stale == []
    # An entry may name several places, and each can become stale:
    known = tmp_path / "known.yaml"
    places = "where: ['request: seed', 'request: none']"
    known.write_text(KNOWN.read_text("utf-8").replace("where: 'request: seed'", places))
    report = against("october", known=known)
    assert (news(report), [entry.where for entry, _ in report.stale]) == ([], ["request: none"])


def test_an_operation_that_is_not_found_or_has_moved_is_unknown(against: Against) -> None:
    report = against({**HISTORY["october"](), "paths": {}})
    assert (report.outcome, report.stale) == (Drift.UNKNOWN, [])
    theirs = HISTORY["october"]()
    operation(theirs)["deprecated"] = True
    theirs["paths"] = {"/v2/generate": next(iter(theirs["paths"].values()))}
    report = against(theirs)
    assert "has moved: POST /v2/generate has its operationId" in report.operations[0].problem
    changes = [each.change for each in report.differences if each.verdict is not DriftVerdict.KNOWN]
    assert changes == ["path changed", "deprecated added"]
    assert report.outcome is Drift.UNKNOWN


WRONG: list[tuple[str | bytes | None, str]] = [
    ("", "None is not of type 'object'"),
    ("differences: []", "'document' is a required property"),
    (HEAD, "'differences' is a required property"),
    (f"{HEAD}differences: [{{where: a, change: b}}]", ":2:15: /differences/0: 'because' is a required property"),
    (f"{HEAD}differences:\n  - {{where: a, change: b, because: ''}}", ":3:27: /differences/0/because: "),
    (f"{HEAD}differences:\n  - {{where: a, change: b, because: c, reason: d}}", "'reason' was unexpected"),
    (f"{HEAD}differences: [{{where: [], change: b, because: c}}]", "/differences/0/where: "),
    (f"{HEAD}differences: [{{where: [a, 1], change: b, because: c}}]", "/differences/0/where"),
    (f"{HEAD}differences: &a []", "the anchor &a is refused"),
    (b"document: \xff", "is not UTF-8"),
    (None, "No such file"),
]


def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    for content, message in WRONG:
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(RegenerationError) as caught:
            read_known(file)
        assert str(file) in str(caught.value)
        assert message in str(caught.value)


def test_the_entries_of_the_project_and_of_the_page_are_valid(tmp_path: Path) -> None:
    known = read_known(drift.KNOWN)
    assert known.document.startswith("https://")
    keys = [(entry.where, entry.operation, entry.change, entry.name) for entry in known.entries]
    assert len(set(keys)) == len(keys)
    assert all(len(entry.because) > 10 for entry in known.entries)
    page = (drift.KNOWN.parents[1] / "docs" / "drift.md").read_text("utf-8")
    file = tmp_path / "known.yaml"
    file.write_text(f"{HEAD}differences:\n" + page.partition("```yaml\n")[2].partition("```")[0])
    (shown,) = read_known(file).entries
    assert [shown.where, shown.change, shown.name] in [[e.where, e.change, e.name] for e in read_known(KNOWN).entries]
