"""The kit around a client program: what it is given and reports, which faults are caught, and how it is stopped."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conformance_runs import BROKEN_CLIENT, KIT, LOAD, ROOT, names, result
from fork_server import forked

from ideogram_ai.client import ConfigurationError
from ideogram_ai.contract.view import read_view
from ideogram_ai.testing.conformance import Report, Verdict, apply_expected
from ideogram_ai.testing.conformance.client import (
    ClientOptions,
    CommandError,
    check_options,
    client_requirements,
    client_scenarios,
    every_scenario,
    run_client,
)
from ideogram_ai.testing.conformance.client_program import ClientReport, masked, read_report
from ideogram_ai.testing.conformance.client_requests import is_same
from ideogram_ai.testing.conformance.client_scenarios import ReportedOutcome
from ideogram_ai.testing.faults import FAULTS, SPELLINGS
from ideogram_ai.testing.faults.response_faults import spell

pytestmark = pytest.mark.slow

EVERYDAY = ("request.text_prompt", "request.json_prompt", "answer.401")
ONE = "request.example.json_prompt"
DRIPS = tuple(name for name in client_scenarios() if name.startswith("time."))


Broken = tuple[str, set[str], tuple[str, ...]]
"""The requirement that describes a fault, others that it breaks too, and scenarios that show them."""


def broken_in(caught_by: str, *also: str, play: tuple[str, ...] = ()) -> Broken:
    return caught_by, set(also), play


FLAG = "request.enable_copyright_detection"
BROKEN_CLIENTS: dict[str, Broken] = {
    "fixed-boundary": broken_in("wire.boundary", "request.text.injection"),
    "python-booleans": broken_in(f"{FLAG}.true", f"{FLAG}.false"),
    "none-as-text": broken_in(f"{FLAG}.null", play=(f"{FLAG}.true",)),
    "keys-sorted": broken_in("request.json_prompt.key-order", "request.json_prompt"),
    "both-prompts": broken_in("request.text_prompt", "request.json_prompt"),
    "field-dropped": broken_in("request.resolution"),
    "default-added": broken_in("request.text_prompt", "request.json_prompt"),
    "line-ends-changed": broken_in("request.text.line-ends"),
    "ascii-only": broken_in("request.text.unicode"),
    "urlencoded": broken_in("wire.form", "request.text_prompt", "request.json_prompt"),
    "fields-twice": broken_in("wire.form"),
    "files-read": broken_in("request.text.leading-at", "request.text.leading-less-than"),
    "quotes-escaped": broken_in("request.text.quotes"),
    "json-as-text": broken_in("wire.json_prompt.part-type", "legacy.remix.arrives", "v3.remix.arrives"),
    "other-path": broken_in("wire.operation"),
    "key-in-query": broken_in("wire.key-nowhere-else"),
    "key-in-form": broken_in("wire.key-nowhere-else", "request.text_prompt", "request.json_prompt"),
    "key-with-a-word": broken_in("wire.key"),
    "bearer": broken_in("wire.no-authorization", "wire.key"),
    "key-to-image-host": broken_in("image.no-key"),
    "image-redirect-with-key": broken_in("image.no-key", play=("redirect.image",)),
    "redirects-followed": broken_in("redirect.307", "image.no-key", "redirect.302"),
    "retry-after-reset": broken_in(
        "retry.never-after-reset", "retry.never-after-close", "retry.never-after-half-head", "billing.once"
    ),
    "retry-after-timeout": broken_in("time.silence", "billing.once"),
    "retry-on-5xx": broken_in("retry.never-after-503", "billing.once"),
    "429-at-once": broken_in("retry.429"),
    "sent-twice": broken_in("billing.once", *(each for each in EVERYDAY if each != "answer.401"), "submit.arrives"),
    "5xx-refused": broken_in("answer.500", "answer.503", "answer.520"),
    "refusals-unknown": broken_in("answer.401", "answer.422"),
    "status-lost": broken_in("answer.402", "answer.401"),
    "bad-200-refused": broken_in("answer.200.html"),
    "closed-enum": broken_in("answer.200.unknown-values", "program.output"),
    "closed-members": broken_in("answer.200.unknown-members", "program.output"),
    "closed-answer": broken_in("answer.200.deprecated", "program.output"),
    "withheld-as-image": broken_in("answer.200.withheld.url-null", "image.bytes"),
    "null-alone-withheld": broken_in("answer.200.withheld.url-empty", "image.bytes"),
    "url-taken-for-granted": broken_in(
        "answer.200.withheld.url-absent", "program.output", "answer.200.withheld.url-empty", "image.bytes"
    ),
    "errors-are-json": broken_in("answer.403.html", "program.output"),
    "image-cut": broken_in("image.bytes"),
    "connection-kept": broken_in("retry.glued-200", "retry.glued-422"),
    "303-refused": broken_in("redirect.303"),
    "303-repeated": broken_in("redirect.303", "billing.once"),
    "words-printed": broken_in("program.no-key", play=("answer.401.key-echoed",)),
    "words-kept": broken_in("program.no-key", play=("answer.401.key-echoed",)),
    "checks-nothing": broken_in(
        "request.prompt-rule.both",
        "request.prompt-rule.neither",
        "v3.generate.refused.resolution-and-aspect_ratio",
        "v3.generate.refused.character_reference_images_mask-alone",
        "v3.generate.refused.color_palette.name-and-members",
        "edit.refused.no-images-or-image_urls",
        "submit.refused.text_prompt-and-json_prompt",
        "submit.refused.no-text_prompt-or-json_prompt",
        play=("v3.generate.arrives", "edit.arrives", "submit.arrives"),
    ),
    "submits-again": broken_in("submit_remix.poll.failures", "billing.once"),
    "gives-up-at-once": broken_in("submit_remix.poll.failures", "submit_remix.poll.limit"),
    "knows-three-statuses": broken_in("submit_remix.poll.unknown-status"),
    "takes-any-job": broken_in("submit_remix.poll.other-job"),
    "polls-without-a-key": broken_in("submit_remix.arrives"),
    "empties-files": broken_in("submit_remix.arrives"),
    "no-names": broken_in("datasets.upload_assets.arrives"),
    "loses-the-answer": broken_in("magic_prompt.arrives", "datasets.get.arrives"),
    "first-of-a-list": broken_in("edit.arrives", "models.list.arrives"),
    "another-id": broken_in("datasets.get.arrives", "datasets.upload_assets.arrives"),
    "no-query": broken_in("models.list.arrives"),
    "needs-a-seed": broken_in("remove_background.answer.200.least", "program.output"),
}
"""Ways in which broken_client.py breaks the contract, and the requirements that have to notice."""


def run(code: str, *scenarios: str, timeout: float = 30.0) -> Report:
    command = (sys.executable, "-S", "-E", "-c", code)
    return run_client(ClientOptions(command, timeout, scenarios=scenarios or (ONE,)))


def reporting(**report: object) -> str:
    return f"import json; print(json.dumps({report!r}))"


@pytest.fixture(scope="module")
def broken() -> Iterator[tuple[str, ...]]:
    with forked(BROKEN_CLIENT, LOAD) as command:
        yield command


def test_the_client_without_a_fault_holds_every_requirement(broken: tuple[str, ...]) -> None:
    report = run_client(ClientOptions(broken, workers=8, operations=("all",)))
    others = {(found.requirement.id, found.detail) for found in report.results if found.verdict != "held"}
    assert others == {
        (name, "The program does not support it.") for name in every_scenario() if name.startswith("webhook.")
    }


def test_a_broken_client_is_caught_by_the_requirement_that_describes_its_fault(broken: tuple[str, ...]) -> None:
    for fault, (caught_by, also, play) in BROKEN_CLIENTS.items():
        chosen = [name for name in (caught_by, *also, *play, *EVERYDAY) if name in every_scenario()]
        report = run_client(ClientOptions((*broken, fault), scenarios=tuple(dict.fromkeys(chosen))))
        assert names(report, Verdict.FAILED) == {caught_by, *also}, fault
        assert not report.of(Verdict.HARNESS_FAULT), fault
        assert apply_expected(report).exit_code == 1, fault
    caught = (*(caught_by for caught_by, _, _ in BROKEN_CLIENTS.values()), *DRIPS)
    assert {name.partition(".")[0] for name in caught} >= {name.partition(".")[0] for name in client_requirements()}


def test_a_client_without_a_time_limit_for_the_whole_is_caught_by_every_drip(broken: tuple[str, ...]) -> None:
    """It has one for silence, which nothing that drips ever reaches."""
    report = run_client(ClientOptions((*broken, "no-time-limit"), timeout=2.0, workers=5, scenarios=DRIPS))
    caught = {found.requirement.id: found.detail for found in report.of(Verdict.FAILED)}
    assert caught.keys() == {*DRIPS, "program.output"} - {"time.interim"}
    assert all("the program did not end within 2 s" in detail for detail in caught.values())
    assert len(DRIPS) == 6


def test_a_program_that_sends_nothing_holds_nothing_but_its_last_line() -> None:
    for outcome in ("image", "withheld", "refused", "unknown"):
        report = run(f'print(\'{{"outcome": "{outcome}", "status": 200}}\')', *client_scenarios())
        assert names(report, Verdict.HELD) == {"program.output", "program.no-key"}
        for name in ("both", "neither") if outcome == "refused" else ():
            untried = result(report, f"request.prompt-rule.{name}")
            assert untried.verdict is Verdict.NOT_TRIED
            assert "No valid request with json_prompt or text_prompt arrived" in untried.detail


def test_a_program_that_knows_one_prompt_alone_shows_nothing_about_both(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    refusing = (
        "if 'json_prompt' in os.environ['IDEOGRAM_REQUEST']:\n    print('{\"outcome\": \"refused\"}')\n    sys.exit()"
    )
    program.write_text(BROKEN_CLIENT.read_text("utf-8").replace("\nFAULT =", f"\n{refusing}\nFAULT =", 1), "utf-8")
    play = ("request.prompt-rule.both", "request.prompt-rule.neither", *EVERYDAY)
    report = run_client(ClientOptions((sys.executable, str(program)), scenarios=play))
    assert "request.prompt-rule.neither" in names(report, Verdict.HELD)
    assert "request.prompt-rule.both" not in names(report, Verdict.HELD)


def test_the_program_finds_everything_in_its_environment_and_the_request_on_stdin_too(tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    variables = ["BASE_URL", "API_KEY", "SCENARIO", "REQUEST", "OUTPUT_DIR", "TIMEOUT"]
    code = (
        "import json, os, sys; "
        f"found = {{name: os.environ['IDEOGRAM_' + name] for name in {variables}}}; "
        "found['stdin'] = sys.stdin.buffer.read().decode(); found['folder'] = os.path.isdir(found['OUTPUT_DIR']); "
        f"open({str(found)!r}, 'w').write(json.dumps(found))"
    )
    run(code)
    given = json.loads(found.read_text())
    assert given["BASE_URL"].startswith("http://127.0.0.1:")
    assert (given["SCENARIO"], given["TIMEOUT"]) == (ONE, "30")
    assert given["stdin"] == given["REQUEST"]
    assert json.loads(given["REQUEST"]) == client_scenarios()[ONE].request
    assert given["folder"]
    assert not Path(given["OUTPUT_DIR"]).exists(), "it is removed when the run is over"
    report = run(code, "time.header")
    assert json.loads(found.read_text())["TIMEOUT"] == "1"
    assert result(report, "program.no-key").verdict is Verdict.HELD


def test_a_report_that_cannot_be_read_is_a_failure_that_says_what_was_printed() -> None:
    for printed, problem in (
        ("", "the program printed nothing on stdout"),
        ("done", "the last line on stdout is not JSON: 'done'"),
        ("[1]", "the last line on stdout is not a JSON object: '[1]'"),
        ('{"outcome": "fine"}', "outcome is 'fine', not one of image, withheld, refused, unknown"),
        ('{"status": 200}', "outcome is None"),
        ('{"outcome": ["image"]}', "outcome is ['image']"),
        ('{"outcome": "refused", "status": "401"}', "status is '401', not a number or null"),
        ('{"outcome": "image", "image": 1}', "image is 1, not a path or null"),
    ):
        found = read_report(printed)
        assert isinstance(found, str)
        assert found.startswith(problem)
    last = 'noise\n{"outcome": "refused", "status": 401}\n\n'
    assert read_report(last) == ClientReport(ReportedOutcome.REFUSED, 401, None)
    report = run("import sys; sys.exit('no')")
    for name in ("program.output", ONE):
        assert result(report, name).verdict is Verdict.FAILED
        assert "printed nothing on stdout (its exit code is 1; stderr ends with 'no')" in result(report, name).detail
    assert apply_expected(report).exit_code == 1


def test_an_image_that_is_reported_has_to_be_there() -> None:
    for image, problem in (
        (None, "the outcome is image, and no path was printed"),
        ("missing.png", "the image cannot be read at 'missing.png'"),
        ("\0", "the image cannot be read at"),
    ):
        report = run(reporting(outcome="image", status=200, image=image))
        assert problem in result(report, "image.bytes").detail
    assert "no request arrived" in result(report, ONE).detail
    assert result(report, "wire.key").verdict is Verdict.NOT_TRIED


def test_an_unsupported_scenario_is_not_tried_and_a_bug_of_the_kit_is_a_harness_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = run(reporting(outcome="unsupported"))
    assert {found.verdict for found in report.results} == {Verdict.NOT_TRIED}
    assert apply_expected(report).exit_code == 3

    def fail(*_arguments: object) -> None:
        raise RuntimeError("no more sockets")

    monkeypatch.setattr(f"{KIT}.client.judge_run", fail)
    report = run(reporting(outcome="unknown"))
    assert result(report, ONE).verdict is Verdict.HARNESS_FAULT
    assert "no more sockets" in result(report, ONE).detail
    assert apply_expected(report).exit_code == 3


def test_values_are_the_same_when_json_says_so_and_the_keys_have_their_order() -> None:
    one = [1, {"a": 1, "b": 2}]
    assert is_same(one, one)
    assert is_same([1.0, {"a": 1, "b": 2}], one)
    for other in ([1, {"b": 2, "a": 1}], [True, {"a": 1, "b": 2}], [1], [1, {"a": 1}], {"a": 1, "b": 2}):
        assert not is_same(other, one)


@pytest.mark.skipif(os.name != "posix", reason="process groups")
def test_a_program_that_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    report = run(
        "import os, subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(600)']); "
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}'); time.sleep(600)",
        timeout=2.0,
    )
    assert "the program did not end within 2 s" in result(report, "program.output").detail
    assert all(is_gone(int(pid)) for pid in pids.read_text().split())


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupted_run_leaves_no_program_behind(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = f"import os, time; open({str(pids)!r}, 'a').write(f'{{os.getpid()}} '); time.sleep(600)"
    command = [sys.executable, "-m", "ideogram_ai.cli", "conform", "client"]
    command += ["--timeout", "600", "--", sys.executable, "-S", "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as interrupted:
        while len(pids.read_text().split() if pids.exists() else []) < 4:
            assert interrupted.poll() is None
            time.sleep(0.02)
        interrupted.send_signal(signal.SIGINT)
        out, err = interrupted.communicate(timeout=60)
    assert (interrupted.returncode, out) == (130, "")
    assert "Interrupted; no report was written." in err
    assert all(is_gone(int(pid)) for pid in pids.read_text().split())


def is_gone(pid: int) -> bool:
    """Whether a process has ended; a zombie has ended too."""
    for _ in range(500):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.01)
    return False


def test_the_key_is_in_no_report_and_a_different_one_each_time(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    code = f"import os, sys; key = os.environ['IDEOGRAM_API_KEY']; open({str(keys)!r}, 'a').write(key + ' '); "
    report = run(code + "print(key); print(key, file=sys.stderr)", ONE, "answer.401")
    first, second = keys.read_text().split()
    assert first != second
    assert not {first, second} & set(re.findall(r"[\w-]+", repr(report)))
    assert "[key]" in repr(report)
    # In another spelling, and in a file that the program leaves.
    code = (
        "import os, pathlib, sys; "
        "text = 'words ' + ''.join(f'\\\\u{ord(char):04x}' for char in os.environ['IDEOGRAM_API_KEY']); "
        "print(text, file=sys.stderr); pathlib.Path(os.environ['IDEOGRAM_OUTPUT_DIR'], 'kept.txt').write_text(text); "
    )
    report = run(code + reporting(outcome="unknown"))
    assert result(report, "program.no-key").verdict is Verdict.FAILED
    assert "the key is in kept.txt and stderr" in result(report, "program.no-key").detail
    assert "words [key]" in repr(report)


def test_every_spelling_of_the_key_is_masked() -> None:
    key = "key-0123456789abcdef"
    spelt = [spell(spelling, key) for spelling in SPELLINGS]
    assert len(set(spelt)) >= 8
    assert masked(f"- {' - '.join(spelt)} -", key).replace("[key]", "").strip("- ") == ""
    assert masked("words without it", key) == "words without it"


def test_options_that_cannot_be_used_are_named() -> None:
    python = (sys.executable,)
    for options, error, message in (
        (ClientOptions(()), CommandError, "COMMAND is missing"),
        (ClientOptions(("no-such-program-anywhere",)), CommandError, "no program 'no-such-program-anywhere'"),
        (ClientOptions(python, timeout=0), ConfigurationError, "timeout is 0"),
        (ClientOptions(python, timeout=float("nan")), ConfigurationError, "timeout is nan"),
        (ClientOptions(python, workers=0), ConfigurationError, "workers is 0"),
        (ClientOptions(python, scenarios=("other",)), ConfigurationError, "scenario 'other' is unknown"),
    ):
        with pytest.raises(error, match=message):
            check_options(options)


def test_every_field_status_and_fault_has_its_scenario() -> None:
    scenarios, view = client_scenarios(), read_view()
    assert {f"request.{name}" for name in view.fields} <= scenarios.keys()
    assert {f"answer.{status}" for status in {*view.responses, *view.observed} - {200}} <= scenarios.keys()
    elements = scenarios["request.json_prompt"].request["json_prompt"]["compositional_deconstruction"]["elements"]
    assert {element["type"] for element in elements} == {"obj", "text"}
    assert all("bbox" in element and "color_palette" in element for element in elements)
    assert list(client_requirements())[-len(scenarios) :] == list(scenarios)
    assert all(requirement.pointer.startswith("#") for requirement in client_requirements().values())
    page = (ROOT / "vectors/README.md").read_text("utf-8")
    faults = {response.fault for scenario in scenarios.values() for response in scenario.answers if response.fault}
    assert len(faults) > 10
    assert all(f"`{fault}`" in page and fault in FAULTS for fault in faults)
