"""`nox -s mutants`: every survivor is listed with a reason, and every listed mutant survives."""

import mutants
import pytest
from mutants import Mutant

CLIENT = mutants.ROOT / "overrides/ideogram_ai/client"
ONE = Mutant("request._escape", "return 1", "return 2")
OTHER = Mutant("response._describe", 'say("a")', 'say("b")')


def test_the_list_describes_the_present_code_and_can_be_read_by_module() -> None:
    listed = mutants.read_list([])
    assert listed
    for mutant in listed:
        module, _, function = mutant.where.partition(".")
        code = [line.strip() for line in (CLIENT / f"{module}.py").read_text("utf-8").splitlines()]
        assert any(line.startswith(f"def {function.rpartition('.')[2]}(") for line in code), mutant.where
        assert set(mutant.was.splitlines()) <= set(code), mutant.where
        assert mutant.becomes != mutant.was
    assert {mutant.where.partition(".")[0] for mutant in mutants.read_list(["response"])} == {"response"}
    rest = mutants.read_list(["request", "prompt_rule"])
    assert mutants.read_list(["response", "retry"]) | rest == listed


def test_the_list_and_the_survivors_have_to_agree(capsys: pytest.CaptureFixture[str]) -> None:
    cases: list[tuple[set[Mutant], set[Mutant], list[str], str]] = [
        ({ONE}, {ONE}, [], "2 mutants, of which 1 survived, 1 of them for a reason"),
        (set(), set(), [], "2 mutants, of which 0 survived"),
        ({ONE, OTHER}, {ONE}, [], "No test notices this change."),
        ({ONE}, {ONE, OTHER}, [], "and is killed, or changes nothing today"),
        ({ONE}, {ONE}, ["request.x_1 ended with None"], "request.x_1 ended with None: neither killed nor survived"),
    ]
    for survivors, known, odd, message in cases:
        assert mutants.report(survivors, known, odd, 2) == (1 if survivors != known or odd else 0), message
        out = capsys.readouterr().out
        assert message in out
        assert ("because" in out) is (survivors != known), message
