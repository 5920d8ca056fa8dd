"""Failures that are known, and what becomes of them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ideogram_ai.testing.conformance import (
    ExpectedFailuresError,
    Report,
    Requirement,
    Result,
    Verdict,
    apply_expected,
)

AT = "#/components/schemas/ResolutionV4/enum"


def report(**verdicts: Verdict) -> Report:
    results = tuple(Result(Requirement(name, "It holds.", AT), verdict, "") for name, verdict in verdicts.items())
    return Report("http://127.0.0.1:1", "server", "0" * 64, 0, datetime.now(UTC), results)


@pytest.mark.parametrize(
    ("verdicts", "expected", "code"),
    [
        ({"a": Verdict.HELD}, "", 0),
        ({"a": Verdict.ADVICE, "b": Verdict.NOT_TRIED}, "", 0),
        ({"a": Verdict.FAILED}, "", 1),
        ({"a": Verdict.FAILED}, "a  # known", 0),
        ({"a": Verdict.FAILED, "b": Verdict.FAILED}, "a", 1),
        ({"a": Verdict.HELD}, "a", 1),
        ({"a": Verdict.NOT_TRIED}, "", 3),
        ({"a": Verdict.NOT_TRIED}, "a", 3),
        ({"a": Verdict.NOT_TRIED, "b": Verdict.HELD}, "a", 0),
        ({"a": Verdict.NOT_TRIED, "b": Verdict.FAILED}, "b", 0),
        ({"a": Verdict.NOT_TRIED, "b": Verdict.FAILED}, "", 1),
        ({"a": Verdict.HARNESS_FAULT}, "", 3),
        ({"a": Verdict.HARNESS_FAULT}, "a", 3),
        ({"a": Verdict.HARNESS_FAULT, "b": Verdict.FAILED}, "", 1),
        ({"a": Verdict.HARNESS_FAULT, "b": Verdict.HELD}, "b", 1),
    ],
)
def test_the_exit_code_follows_from_what_was_expected(
    verdicts: dict[str, Verdict], expected: str, code: int, tmp_path: Path
) -> None:
    file = tmp_path / "expected"
    file.write_text(f"# what is known\n\n{expected}\n")
    assert apply_expected(report(**verdicts), file).exit_code == code


def test_reasons_and_kinds_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "expected"
    file.write_text("a # it is old # very\nb\n")
    outcome = apply_expected(report(a=Verdict.FAILED, b=Verdict.HELD, c=Verdict.FAILED, d=Verdict.HELD), file)
    assert outcome.reasons == {"a": "it is old # very", "b": ""}
    names = [
        [result.requirement.id for result in results]
        for results in (outcome.expected_failures, outcome.unexpected_passes, outcome.failures)
    ]
    assert names == [["a"], ["b"], ["c"]]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"a\nmisspelt # no\n", r"line 2: 'misspelt' is no requirement"),
        (b"a\na\n", r"line 2: 'a' is a duplicate"),
        (b"a\n\xff", r"is not UTF-8 at byte 2"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(content: bytes, named: str, tmp_path: Path) -> None:
    file = tmp_path / "expected"
    file.write_bytes(content)
    with pytest.raises(ExpectedFailuresError, match=named):
        apply_expected(report(a=Verdict.HELD), file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExpectedFailuresError, match=r"gone' cannot be read: No such file"):
        apply_expected(report(), tmp_path / "gone")


@pytest.mark.parametrize(
    "pointer", ["", "components", "#/components/schemas/Nothing", f"{AT}/38", f"{AT}/x", f"{AT}/0/x"]
)
def test_a_requirement_points_into_the_contract(pointer: str) -> None:
    with pytest.raises(LookupError):
        Requirement("a", "It holds.", pointer)
    assert Requirement("a", "It holds.", f"{AT}/37").pointer
