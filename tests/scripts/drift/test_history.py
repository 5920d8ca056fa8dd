"""Our contract of October 2026 against the provider's document over six months, and each of those against the next."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import drift
import pytest
from drifting.check import Drift, DriftReport, check, read_known
from drifting.compare import Direction, DriftVerdict
from drifting.compare_operations import compare_documents
from provider_history import HISTORY, KNOWN, MULTIPART, OURS, SIZES, Document, among_others, media, operation
from regeneration.documents import CONTRACT


@pytest.fixture
def against(tmp_path: Path) -> Callable[[str], DriftReport]:
    """Check our contract against the document of a time."""

    def run(time: str) -> DriftReport:
        file = tmp_path / f"{time}.json"
        file.write_text(json.dumps(HISTORY[time]()))
        return check(OURS, str(file), read_known(KNOWN), timeout=1)

    return run


def news(report: DriftReport, verdict: DriftVerdict) -> list[str]:
    return [
        f"{difference.where} | {difference.change} {difference.name}".strip()
        for difference in report.differences
        if difference.verdict is verdict
    ]


def test_october_is_what_we_know(against: Callable[[str], DriftReport]) -> None:
    report = against("october")
    assert report.outcome is Drift.NOTHING
    assert {difference.verdict for difference in report.differences} == {DriftVerdict.KNOWN}
    assert not report.stale
    assert all(difference.reason for difference in report.differences)


def test_what_october_brought_is_known_to_the_project(tmp_path: Path) -> None:
    file = tmp_path / "october.json"
    file.write_text(json.dumps(HISTORY["october"]()))
    report = check(CONTRACT, str(file), read_known(drift.KNOWN), timeout=1)
    verdicts = {(d.where, f"{d.change} {d.name}"): d.verdict for d in report.differences}
    for difference in (
        ("request: json_prompt", "encoding style added json_prompt"),
        ("request", "security added http bearer"),
        ("answer 422: error", "required added error"),
        ("request: rendering_speed", "value added BALANCED"),
        ("answer 200: notice", "property removed notice"),
        ("answer 200 header Link", "header removed Link"),
        ("answer 429 header Deprecation", "header removed Deprecation"),
    ):
        assert verdicts[difference] is DriftVerdict.KNOWN, difference


def bearer_too(document: Document) -> None:
    """The key alone is not enough any more."""
    operation(document)["security"] = [{"ApiKeyAuth": [], "BearerAuth": []}]


def bearer_only(document: Document) -> None:
    del operation(document)["security"][0]


def second_header(document: Document) -> None:
    document["components"]["securitySchemes"]["Second"] = {"type": "apiKey", "in": "header", "name": "X-Second"}
    operation(document)["security"] = [{"ApiKeyAuth": [], "Second": []}, {"BearerAuth": []}]


def another_alternative(document: Document) -> None:
    document["components"]["securitySchemes"]["Basic"] = {"type": "http", "scheme": "basic"}
    operation(document)["security"].append({"Basic": []})


def another_style(document: Document) -> None:
    media(document, MULTIPART)["encoding"]["json_prompt"]["style"] = "deepObject"


def another_content_type(document: Document) -> None:
    media(document, MULTIPART)["encoding"]["json_prompt"]["contentType"] = "text/plain"


def style_of_another_field(document: Document) -> None:
    media(document, MULTIPART)["encoding"]["text_prompt"] = {"style": "pipeDelimited"}


def another_required_member(document: Document) -> None:
    document["components"]["schemas"]["ImageObjectV4"]["required"].append("url")


def required_in_the_request(document: Document) -> None:
    document["components"]["schemas"]["GenerateImageRequestV4"]["required"] = ["text_prompt"]


def another_type_of_error(document: Document) -> None:
    document["components"]["schemas"]["PromptSafetyError"]["properties"]["error"] = {"type": "integer"}


NEWS: dict[Callable[[Document], None], tuple[Drift, list[str]]] = {
    bearer_too: (
        Drift.BREAKING,
        [
            "request | security removed apiKey in header api-key",
            "request | security added apiKey in header api-key and http bearer",
        ],
    ),
    bearer_only: (Drift.BREAKING, ["request | security removed apiKey in header api-key"]),
    second_header: (
        Drift.BREAKING,
        [
            "request | security removed apiKey in header api-key",
            "request | security added apiKey in header api-key and apiKey in header x-second",
        ],
    ),
    another_alternative: (Drift.ADDITIVE, ["request | security added http basic"]),
    another_style: (Drift.BREAKING, ["request: json_prompt | encoding style added json_prompt"]),
    another_content_type: (Drift.BREAKING, ["request: json_prompt | encoding contentType changed json_prompt"]),
    style_of_another_field: (Drift.BREAKING, ["request: text_prompt | encoding style added text_prompt"]),
    another_required_member: (Drift.ADDITIVE, ["answer 200: data[].url | required added url"]),
    required_in_the_request: (Drift.BREAKING, ["request: text_prompt | required added text_prompt"]),
    another_type_of_error: (Drift.BREAKING, ["answer 422: error | schema changed"]),
}


@pytest.mark.parametrize("change", NEWS)
def test_what_october_did_not_bring_is_news(change: Callable[[Document], None], tmp_path: Path) -> None:
    document = HISTORY["october"]()
    change(document)
    file = tmp_path / "theirs.json"
    file.write_text(json.dumps(document))
    report = check(OURS, str(file), read_known(KNOWN), timeout=1)
    outcome, expected = NEWS[change]
    assert [
        line for verdict in (DriftVerdict.BREAKING, DriftVerdict.ADDITIVE) for line in news(report, verdict)
    ] == expected
    assert report.outcome is outcome


def test_august(against: Callable[[str], DriftReport]) -> None:
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


def test_june(against: Callable[[str], DriftReport]) -> None:
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


@pytest.mark.parametrize("time", ["march", "april"])
def test_before_the_public_fields(against: Callable[[str], DriftReport], time: str) -> None:
    report = against(time)
    assert report.outcome is Drift.BREAKING
    fields = ("text_prompt", "json_prompt", "resolution", "rendering_speed", "enable_copyright_detection")
    assert news(report, DriftVerdict.BREAKING) == [
        *(f"request: {name} | property removed {name}" for name in fields),
        "request: prompt | property added prompt",  # it was required
        "answer 200: response_type | property removed response_type",
    ]
    known_fields = {"march": ["seed"], "april": ["seed", "custom_model_uri"]}
    assert [line for line in news(report, DriftVerdict.KNOWN) if "property added" in line] == [
        f"request: {name} | property added {name}" for name in known_fields[time]
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


@pytest.mark.parametrize(("earlier", "later"), CONSECUTIVE)
def test_from_one_time_to_the_next(earlier: str, later: str) -> None:
    found = compare_documents(HISTORY[earlier](), HISTORY[later]())
    counted: dict[str, Counter[str]] = {}
    for difference in found:
        counted.setdefault(difference.verdict, Counter())[difference.change] += 1
    assert counted == CONSECUTIVE[earlier, later]


def test_the_same_list_of_sizes_breaks_in_answers_and_not_in_requests() -> None:
    found = compare_documents(HISTORY["june"](), HISTORY["august"]())
    added = [difference for difference in found if difference.change == "value added"]
    assert Counter((difference.direction, difference.verdict) for difference in added) == {
        (Direction.REQUEST, DriftVerdict.ADDITIVE): 17,
        (Direction.RESPONSE, DriftVerdict.BREAKING): 17,
    }


def test_among_two_hundred_other_operations_nothing_else_is_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(among_others(HISTORY["october"]())))
    assert file.stat().st_size > 1_000_000
    report = check(OURS, str(file), read_known(KNOWN), timeout=1)
    assert report.outcome is Drift.NOTHING
    assert [compared.name for compared in report.operations] == ["POST /v1/ideogram-v4/generate"]
