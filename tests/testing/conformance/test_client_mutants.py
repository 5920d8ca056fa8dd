"""Teeth: a client that breaks the contract in one way is caught, by the requirement that speaks of it."""

import sys
from pathlib import Path

import attrs
import pytest
from attrs import frozen

from ideogram_ai.testing.conformance import Verdict, apply_expected
from ideogram_ai.testing.conformance.client import ClientOptions, client_requirements, client_scenarios, run_client

CLIENT = Path(__file__).parents[2] / "support/broken_client.py"
EVERYDAY = ("request.text_prompt", "request.json_prompt", "answer.401")


@frozen
class Broken:
    """A fault: the requirement that speaks of it, others that it cannot help breaking, and scenarios beside its own."""

    caught_by: str
    also: frozenset[str] = frozenset()
    play: tuple[str, ...] = ()


def broken(caught_by: str, *also: str, play: tuple[str, ...] = ()) -> Broken:
    return Broken(caught_by, frozenset(also), play)


FLAG = "request.enable_copyright_detection"
AFTER_CUTS = ("retry.never-after-close", "retry.never-after-half-head")
BROKEN_CLIENTS = {
    "fixed-boundary": broken("wire.boundary", "request.text.injection", play=("request.text.injection",)),
    "python-booleans": broken(f"{FLAG}.true", f"{FLAG}.false", play=(f"{FLAG}.false",)),
    "none-as-text": broken(f"{FLAG}.null", play=(f"{FLAG}.true",)),
    "keys-sorted": broken("request.json_prompt.key-order", "request.json_prompt"),
    "prompt-rule-missing": broken(
        "request.prompt-rule.both", "request.prompt-rule.neither", play=("request.prompt-rule.neither",)
    ),
    "both-prompts": broken("request.text_prompt", "request.json_prompt"),
    "field-dropped": broken("request.resolution"),
    "default-added": broken("request.text_prompt", "request.json_prompt"),
    "line-ends-changed": broken("request.text.line-ends"),
    "ascii-only": broken("request.text.unicode"),
    "urlencoded": broken("wire.form", "request.text_prompt", "request.json_prompt"),
    "fields-twice": broken("wire.form"),
    "files-read": broken(
        "request.text.leading-at", "request.text.leading-less-than", play=("request.text.leading-less-than",)
    ),
    "quotes-escaped": broken("request.text.quotes"),
    "json-as-text": broken("wire.json_prompt.part-type"),
    "other-path": broken("wire.operation"),
    "key-in-query": broken("wire.key-nowhere-else"),
    "key-in-form": broken("wire.key-nowhere-else", "request.text_prompt", "request.json_prompt"),
    "key-with-a-word": broken("wire.key"),
    "bearer": broken("wire.no-authorization", "wire.key"),
    "key-to-image-host": broken("image.no-key"),
    "image-redirect-with-key": broken("image.no-key", play=("redirect.image",)),
    "redirects-followed": broken("redirect.307", "image.no-key", "redirect.302", play=("redirect.302",)),
    "retry-after-reset": broken("retry.never-after-reset", *AFTER_CUTS, "billing.once", play=AFTER_CUTS),
    "retry-on-5xx": broken("retry.never-after-503", "billing.once"),
    "429-at-once": broken("retry.429"),
    "sent-twice": broken("billing.once", "request.text_prompt", "request.json_prompt"),
    "5xx-refused": broken("answer.500", "answer.503", "answer.520", play=("answer.503", "answer.520")),
    "refusals-unknown": broken("answer.401", "answer.422", play=("answer.422",)),
    "status-lost": broken("answer.402", "answer.401"),
    "bad-200-refused": broken("answer.200.html"),
    "closed-enum": broken("answer.200.unknown-values", "program.output"),
    "closed-members": broken("answer.200.unknown-members", "program.output"),
    "closed-answer": broken("answer.200.deprecated", "program.output"),
    "withheld-as-image": broken("answer.200.withheld.url-null", "image.bytes"),
    "null-alone-withheld": broken("answer.200.withheld.url-empty", "image.bytes"),
    "url-taken-for-granted": broken(
        "answer.200.withheld.url-absent",
        "program.output",
        "answer.200.withheld.url-empty",
        "image.bytes",
        play=("answer.200.withheld.url-empty",),
    ),
    "errors-are-json": broken("answer.403.html", "program.output"),
    "image-cut": broken("image.bytes"),
    "connection-kept": broken("retry.glued-200", "retry.glued-422", play=("retry.glued-422",)),
    "303-refused": broken("redirect.303"),
    "303-repeated": broken("redirect.303", "billing.once"),
    "words-printed": broken("program.no-key", play=("answer.401.key-echoed",)),
    "words-kept": broken("program.no-key", play=("answer.401.key-echoed",)),
}


def options_for(fault: str, scenarios: tuple[str, ...]) -> ClientOptions:
    return ClientOptions((sys.executable, "-S", "-E", str(CLIENT), fault), scenarios=scenarios)


def test_the_client_without_a_fault_holds_every_requirement() -> None:
    report = run_client(options_for("", ()))
    assert {(result.requirement.id, result.detail) for result in report.results if result.verdict != "held"} == set()
    assert [result.requirement.id for result in report.results] == list(client_requirements())


@pytest.mark.parametrize("fault", BROKEN_CLIENTS)
def test_a_broken_client_is_caught_by_the_requirement_that_speaks_of_its_fault(fault: str) -> None:
    mutant = BROKEN_CLIENTS[fault]
    own = (mutant.caught_by,) if mutant.caught_by in client_scenarios() else ()
    report = run_client(options_for(fault, tuple(dict.fromkeys([*own, *mutant.play, *EVERYDAY]))))
    caught = {result.requirement.id for result in report.of(Verdict.FAILED)}
    assert caught == {mutant.caught_by, *mutant.also}
    assert not report.of(Verdict.HARNESS_FAULT)
    assert apply_expected(report).exit_code == 1


DRIPS = tuple(name for name in client_scenarios() if name.startswith("time."))


def test_a_client_without_a_time_limit_for_the_whole_is_caught_by_every_drip() -> None:
    """It has one for silence, which nothing that drips ever reaches."""
    report = run_client(attrs.evolve(options_for("no-time-limit", DRIPS), timeout=6.0))
    caught = {result.requirement.id: result.detail for result in report.of(Verdict.FAILED)}
    assert caught.keys() == {*DRIPS, "program.output"} - {"time.interim"}
    assert all("the program did not end within 6 s" in detail for detail in caught.values())
    assert len(DRIPS) == 5


@pytest.mark.parametrize("outcome", ["image", "withheld", "refused", "unknown"])
def test_a_program_that_sends_nothing_holds_nothing_but_its_last_line(outcome: str) -> None:
    code = f'print(\'{{"outcome": "{outcome}", "status": 200}}\')'
    report = run_client(ClientOptions((sys.executable, "-S", "-E", "-c", code)))
    held = {result.requirement.id for result in report.of(Verdict.HELD)}
    assert held == {"program.output", "program.no-key"}
    if outcome == "refused":
        details = {result.requirement.id: result.detail for result in report.of(Verdict.NOT_TRIED)}
        assert "No valid request with json_prompt or text_prompt arrived" in details["request.prompt-rule.both"]
        assert "No valid request with json_prompt or text_prompt arrived" in details["request.prompt-rule.neither"]


def test_a_program_that_knows_one_prompt_alone_shows_nothing_about_both(tmp_path: Path) -> None:
    source = CLIENT.read_text("utf-8")
    program = tmp_path / "program.py"
    program.write_text(source.replace("\nFAULT =", "\nif 'json_prompt' in os.environ['IDEOGRAM_REQUEST']:\n"
        "    print('{\"outcome\": \"refused\"}')\n    sys.exit()\nFAULT =", 1), "utf-8")  # fmt: skip
    play = ("request.prompt-rule.both", "request.prompt-rule.neither", *EVERYDAY)
    report = run_client(ClientOptions((sys.executable, "-S", "-E", str(program)), scenarios=play))
    held = {result.requirement.id for result in report.of(Verdict.HELD)}
    assert "request.prompt-rule.neither" in held
    assert "request.prompt-rule.both" not in held


def test_there_are_faults_of_every_kind() -> None:
    kinds = {name.partition(".")[0] for name in (*(mutant.caught_by for mutant in BROKEN_CLIENTS.values()), *DRIPS)}
    assert kinds == {name.partition(".")[0] for name in client_requirements()}
