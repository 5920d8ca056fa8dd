"""Differences that are meant to be there, and entries about differences that are no more."""

import json
from pathlib import Path
from typing import Any

import drift
import pytest
from drifting.check import Drift as Outcome
from drifting.check import DriftReport as Report
from drifting.check import check, read_known
from drifting.compare import Verdict
from drifting.document import DriftError
from provider_history import KNOWN, OURS, fields, october, operation

HEAD = "document: https://things.example/openapi.json\n"


def report_on(theirs: dict[str, Any], folder: Path) -> Report:
    file = folder / "theirs.json"
    file.write_text(json.dumps(theirs))
    return check(OURS, str(file), read_known(KNOWN), timeout=1)


def test_every_entry_of_the_project_has_a_reason_and_is_one_of_its_kind() -> None:
    known = read_known(drift.KNOWN)
    assert known.document.startswith("https://")
    keys = [(entry.where, entry.change, entry.name) for entry in known.entries]
    assert len(set(keys)) == len(keys)
    assert all(len(entry.because) > 10 for entry in known.entries)


def test_what_is_gone_from_their_side_makes_an_entry_stale(tmp_path: Path) -> None:
    theirs = october()
    del fields(theirs)["seed"]
    report = report_on(theirs, tmp_path)
    assert [(entry.where, why) for entry, why in report.stale] == [
        ("request: seed", "there is no such difference any more")
    ]
    assert report.outcome is Outcome.ADDITIVE  # it needs a look, and breaks nobody


def test_what_is_another_now_is_news_and_makes_the_entry_stale(tmp_path: Path) -> None:
    theirs = october()
    theirs["components"]["schemas"]["GenerateImageResponseV4"]["properties"]["response_type"]["enum"] = ["url", "bytes"]
    report = report_on(theirs, tmp_path)
    (news,) = [difference for difference in report.differences if difference.verdict is not Verdict.KNOWN]
    assert (news.where, news.verdict, news.change) == ("answer 200: response_type", "additive", "values narrowed")
    ((entry, why),) = report.stale
    assert entry.where == news.where
    assert why == 'their side is another now: {"enum": ["bytes", "url"], "type": "string"}'


def test_an_entry_about_one_value_says_nothing_of_another(tmp_path: Path) -> None:
    theirs = october()
    theirs["components"]["schemas"]["RenderingSpeedV4"]["enum"].append("SLOW")
    report = report_on(theirs, tmp_path)
    (news,) = [difference for difference in report.differences if difference.verdict is not Verdict.KNOWN]
    assert (news.name, news.verdict) == ("SLOW", "additive")
    assert report.stale == []


def test_nothing_is_stale_while_the_operation_cannot_be_found(tmp_path: Path) -> None:
    theirs = october()
    theirs["paths"] = {}
    report = report_on(theirs, tmp_path)
    assert report.outcome is Outcome.UNKNOWN
    assert report.stale == []


def test_moved_is_compared_and_cannot_be_told(tmp_path: Path) -> None:
    theirs = october()
    operation(theirs)["deprecated"] = True
    theirs["paths"] = {"/v2/generate": next(iter(theirs["paths"].values()))}
    report = report_on(theirs, tmp_path)
    (compared,) = report.operations
    assert "has moved: POST /v2/generate has its operationId" in compared.problem
    news = [d.change for d in compared.differences if d.verdict is not Verdict.KNOWN]
    assert news == ["path changed", "deprecated added"]
    assert report.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "None is not of type 'object'"),
        ("differences: []", "'document' is a required property"),
        (HEAD, "'differences' is a required property"),
        (f"{HEAD}differences: [{{where: a, change: b}}]", ":2:15: /differences/0: 'because' is a required property"),
        (f"{HEAD}differences:\n  - {{where: a, change: b, because: ''}}", ":3:27: /differences/0/because: "),
        (f"{HEAD}differences:\n  - {{where: a, change: b, because: c, reason: d}}", "'reason' was unexpected"),
        (f"{HEAD}differences: [{{where: [], change: b, because: c}}]", "/differences/0/where: "),
        (f"{HEAD}differences: [{{where: [a, 1], change: b, because: c}}]", "/differences/0/where"),
        (f"{HEAD}differences: &a []", "the anchor &a is refused"),
    ],
)
def test_a_file_that_is_no_good_is_told_by_its_place(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "known.yaml"
    file.write_text(text)
    with pytest.raises(DriftError) as caught:
        read_known(file)
    assert str(file) in str(caught.value)
    assert message in str(caught.value)


def test_an_entry_may_name_several_places_and_each_of_them_can_become_stale(tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    file.write_text(
        KNOWN.read_text("utf-8").replace("where: 'request: seed'", "where: ['request: seed', 'request: none']")
    )
    theirs = tmp_path / "theirs.json"
    theirs.write_text(json.dumps(october()))
    report = check(OURS, str(theirs), read_known(file), timeout=1)
    assert {difference.verdict for difference in report.differences} == {Verdict.KNOWN}
    assert [entry.where for entry, _ in report.stale] == ["request: none"]


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    file.write_bytes(b"document: \xff")
    with pytest.raises(DriftError, match="is not UTF-8"):
        read_known(file)


def test_the_entry_that_the_page_shows_is_one(tmp_path: Path) -> None:
    page = (drift.KNOWN.parents[1] / "docs" / "drift.md").read_text("utf-8")
    file = tmp_path / "known.yaml"
    file.write_text(f"{HEAD}differences:\n" + page.partition("```yaml\n")[2].partition("```")[0])
    (shown,) = read_known(file).entries
    assert [shown.where, shown.change, shown.name] in [[e.where, e.change, e.name] for e in read_known(KNOWN).entries]


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DriftError, match="No such file"):
        read_known(tmp_path / "none.yaml")
