"""Known differences, and entries about differences that no longer exist."""

import json
from pathlib import Path
from typing import Any

import drift
import pytest
from drifting.check import Drift, DriftReport, check, read_known
from drifting.compare import DriftVerdict
from drifting.document import DriftError
from provider_history import KNOWN, OURS, fields, october, operation

HEAD = "document: https://things.example/openapi.json\n"


def report_on(theirs: dict[str, Any], folder: Path, known: Path = KNOWN) -> DriftReport:
    file = folder / "theirs.json"
    file.write_text(json.dumps(theirs))
    return check(OURS, str(file), read_known(known), timeout=1)


def news(report: DriftReport) -> list[tuple[str, str, str, str]]:
    unknown = (difference for difference in report.differences if difference.verdict is not DriftVerdict.KNOWN)
    return [(each.where, each.verdict, each.change, each.name) for each in unknown]


def test_every_entry_of_the_project_has_a_reason_and_is_the_only_one_of_its_kind() -> None:
    known = read_known(drift.KNOWN)
    assert known.document.startswith("https://")
    keys = [(entry.where, entry.change, entry.name) for entry in known.entries]
    assert len(set(keys)) == len(keys)
    assert all(len(entry.because) > 10 for entry in known.entries)


def test_an_entry_is_stale_when_its_difference_is_gone_or_has_changed(tmp_path: Path) -> None:
    theirs = october()
    del fields(theirs)["seed"]
    report = report_on(theirs, tmp_path)
    why = "there is no such difference any more"
    assert [(entry.where, reason) for entry, reason in report.stale] == [("request: seed", why)]
    assert report.outcome is Drift.ADDITIVE  # it needs a look, and breaks nobody
    theirs = october()
    theirs["components"]["schemas"]["GenerateImageResponseV4"]["properties"]["response_type"]["enum"] = ["url", "bytes"]
    report = report_on(theirs, tmp_path)
    where = "answer 200: response_type"
    assert news(report) == [(where, "additive", "values narrowed", "")]
    why = 'their side is another now: {"enum": ["bytes", "url"], "type": "string"}'
    assert [(entry.where, reason) for entry, reason in report.stale] == [(where, why)]


def test_an_entry_about_one_value_does_not_cover_another(tmp_path: Path) -> None:
    theirs = october()
    theirs["components"]["schemas"]["RenderingSpeedV4"]["enum"].append("SLOW")
    report = report_on(theirs, tmp_path)
    assert news(report) == [("request: rendering_speed", "additive", "value added", "SLOW")]
    assert report.stale == []


def test_no_entry_is_stale_while_the_operation_is_not_found(tmp_path: Path) -> None:
    report = report_on({**october(), "paths": {}}, tmp_path)
    assert (report.outcome, report.stale) == (Drift.UNKNOWN, [])


def test_a_moved_operation_is_compared_and_the_result_is_unknown(tmp_path: Path) -> None:
    theirs = october()
    operation(theirs)["deprecated"] = True
    theirs["paths"] = {"/v2/generate": next(iter(theirs["paths"].values()))}
    report = report_on(theirs, tmp_path)
    assert "has moved: POST /v2/generate has its operationId" in report.operations[0].problem
    assert [change for _, _, change, _ in news(report)] == ["path changed", "deprecated added"]
    assert report.outcome is Drift.UNKNOWN


def test_an_entry_may_name_several_places_and_each_can_become_stale(tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    places = "where: ['request: seed', 'request: none']"
    file.write_text(KNOWN.read_text("utf-8").replace("where: 'request: seed'", places))
    report = report_on(october(), tmp_path, file)
    assert news(report) == []
    assert [entry.where for entry, _ in report.stale] == ["request: none"]


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
        with pytest.raises(DriftError) as caught:
            read_known(file)
        assert str(file) in str(caught.value)
        assert message in str(caught.value)


def test_the_entry_of_the_page_is_valid(tmp_path: Path) -> None:
    page = (drift.KNOWN.parents[1] / "docs" / "drift.md").read_text("utf-8")
    file = tmp_path / "known.yaml"
    file.write_text(f"{HEAD}differences:\n" + page.partition("```yaml\n")[2].partition("```")[0])
    (shown,) = read_known(file).entries
    assert [shown.where, shown.change, shown.name] in [[e.where, e.change, e.name] for e in read_known(KNOWN).entries]
