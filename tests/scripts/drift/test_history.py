"""Our contract of October 2026 against the provider's document over six months, and each of those against the next."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from drifting.check import Outcome, Report, check
from drifting.compare_documents import compare_documents
from drifting.difference import Direction, Verdict
from drifting.known import read_known
from provider_history import HISTORY, KNOWN, OURS, SIZES, among_others


@pytest.fixture
def against(tmp_path: Path) -> Callable[[str], Report]:
    """Check our contract against the document of a time."""

    def run(time: str) -> Report:
        file = tmp_path / f"{time}.json"
        file.write_text(json.dumps(HISTORY[time]()))
        return check(OURS, str(file), read_known(KNOWN), timeout=1)

    return run


def news(report: Report, verdict: Verdict) -> list[str]:
    return [
        f"{difference.where} | {difference.change} {difference.name}".strip()
        for difference in report.differences
        if difference.verdict is verdict
    ]


def test_october_is_what_we_know(against: Callable[[str], Report]) -> None:
    report = against("october")
    assert report.outcome is Outcome.NOTHING
    assert {difference.verdict for difference in report.differences} == {Verdict.KNOWN}
    assert not report.stale
    assert all(difference.reason for difference in report.differences)


def test_august(against: Callable[[str], Report]) -> None:
    report = against("august")
    assert report.outcome is Outcome.BREAKING
    assert news(report, Verdict.BREAKING) == ["request: json_prompt.tags | property removed tags"]
    assert news(report, Verdict.ADDITIVE) == [
        "request: prompt | property added prompt",
        "request: magic_prompt_option | property added magic_prompt_option",
        "answer 200: data[].resolution | values narrowed",  # a list, all of which our pattern allows
    ]
    assert news(report, Verdict.COSMETIC) == ["request: json_prompt | encoding contentType removed json_prompt"]
    assert [entry.where for entry, _ in report.stale] == [
        "request: magic_prompt_system_prompt_config_id",
        "answer 200: data[].resolution",
    ]


def test_june(against: Callable[[str], Report]) -> None:
    report = against("june")
    assert report.outcome is Outcome.BREAKING
    breaking = news(report, Verdict.BREAKING)
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
def test_before_the_public_fields(against: Callable[[str], Report], time: str) -> None:
    report = against(time)
    assert report.outcome is Outcome.BREAKING
    fields = ("text_prompt", "json_prompt", "resolution", "rendering_speed", "enable_copyright_detection")
    assert news(report, Verdict.BREAKING) == [
        *(f"request: {name} | property removed {name}" for name in fields),
        "request: prompt | property added prompt",  # it was required
        "answer 200: response_type | property removed response_type",
    ]
    known_fields = {"march": ["seed"], "april": ["seed", "custom_model_uri"]}
    assert [line for line in news(report, Verdict.KNOWN) if "property added" in line] == [
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
        "breaking": {"property removed": 2, "values widened": 1},
        "additive": {"property added": 2},
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
        (Direction.REQUEST, Verdict.ADDITIVE): 17,
        (Direction.ANSWER, Verdict.BREAKING): 17,
    }


def test_among_two_hundred_other_operations_nothing_else_is_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(among_others(HISTORY["october"]())))
    assert file.stat().st_size > 1_000_000
    report = check(OURS, str(file), read_known(KNOWN), timeout=1)
    assert report.outcome is Outcome.NOTHING
    assert [compared.name for compared in report.operations] == ["POST /v1/ideogram-v4/generate"]
