"""The kit around a client program: what it is given, what it tells, and what becomes of one that misbehaves."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ideogram_ai.client import ConfigurationError
from ideogram_ai.testing.conformance import Report, Result, Verdict, apply_expected
from ideogram_ai.testing.conformance.client import (
    ClientOptions,
    CommandError,
    check_options,
    client_requirements,
    client_scenarios,
    run_client,
)
from ideogram_ai.testing.conformance.client_judge import is_same
from ideogram_ai.testing.conformance.client_program import ClientReport, masked, read_report
from ideogram_ai.testing.conformance.client_scenarios import ReportedOutcome
from ideogram_ai.testing.faults import FAULTS, SPELLINGS
from ideogram_ai.testing.faults.response_faults import spell

ONE = "request.example.json_prompt"


def run(code: str, *scenarios: str, timeout: float = 30.0) -> Report:
    command = (sys.executable, "-S", "-E", "-c", code)
    return run_client(ClientOptions(command, timeout, scenarios=scenarios or (ONE,)))


def result(report: Report, name: str) -> Result:
    (found,) = (result for result in report.results if result.requirement.id == name)
    return found


def telling(**account: object) -> str:
    return f"import json; print(json.dumps({account!r}))"


def test_the_program_finds_everything_in_its_environment_and_the_request_on_stdin_too(tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    names = ["BASE_URL", "API_KEY", "SCENARIO", "REQUEST", "OUTPUT_DIR", "TIMEOUT"]
    run(
        "import json, os, sys; "
        f"found = {{name: os.environ['IDEOGRAM_' + name] for name in {names}}}; "
        "found['stdin'] = sys.stdin.buffer.read().decode(); found['folder'] = os.path.isdir(found['OUTPUT_DIR']); "
        f"open({str(found)!r}, 'w').write(json.dumps(found))"
    )
    given = json.loads(found.read_text())
    assert given["BASE_URL"].startswith("http://127.0.0.1:")
    assert given["SCENARIO"] == ONE
    assert given["TIMEOUT"] == "30"
    assert given["stdin"] == given["REQUEST"]
    assert json.loads(given["REQUEST"]) == client_scenarios()[ONE].request
    assert given["folder"]
    assert not Path(given["OUTPUT_DIR"]).exists(), "it is gone when the run is over"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("pass", "the program printed nothing on stdout (its exit code is 0)"),
        ("import sys; sys.exit('no')", "the program printed nothing on stdout (its exit code is 1)"),
        ("print('done')", "the last line on stdout is not JSON: 'done'"),
        ("print('[1]')", "the last line on stdout is not a JSON object: '[1]'"),
        (telling(outcome="fine"), "outcome is 'fine', not one of image, withheld, refused, unknown"),
        (telling(status=200), "outcome is None"),
        (telling(outcome=["image"]), "outcome is ['image']"),
        (telling(outcome="refused", status="401"), "status is '401', not a number or null"),
        (telling(outcome="image", status=200, image=1), "image is 1, not a path or null"),
    ],
)
def test_a_program_that_tells_nothing_readable_fails_and_the_report_says_what_it_printed(
    code: str, problem: str
) -> None:
    report = run(code)
    for name in ("program.output", ONE):
        assert result(report, name).verdict is Verdict.FAILED
        assert problem in result(report, name).detail
    assert apply_expected(report).exit_code == 1


@pytest.mark.parametrize(
    ("arrived", "same"),
    [
        ([1, {"a": 1, "b": 2}], True),
        ([1.0, {"a": 1, "b": 2}], True),
        ([1, {"b": 2, "a": 1}], False),
        ([True, {"a": 1, "b": 2}], False),
        ([1], False),
        ([1, {"a": 1}], False),
        ({"a": 1, "b": 2}, False),
    ],
)
def test_values_are_the_same_when_json_says_so_and_the_keys_have_their_order(arrived: object, same: bool) -> None:
    assert is_same(arrived, [1, {"a": 1, "b": 2}]) is same


def test_only_the_last_line_that_is_not_blank_counts() -> None:
    assert read_report('noise\n{"outcome": "refused", "status": 401}\n\n') == ClientReport(
        ReportedOutcome.REFUSED, 401, None
    )


def test_a_program_that_does_not_support_a_scenario_is_not_judged_by_it() -> None:
    report = run(telling(outcome="unsupported"))
    assert result(report, ONE).verdict is Verdict.NOT_TRIED
    assert {found.verdict for found in report.results} == {Verdict.NOT_TRIED}
    assert apply_expected(report).exit_code == 3


@pytest.mark.parametrize(
    ("account", "problem"),
    [
        ({"outcome": "image", "status": 200}, "the outcome is image, and no path was printed"),
        ({"outcome": "image", "status": 200, "image": "missing.png"}, "the image cannot be read at 'missing.png'"),
        ({"outcome": "image", "status": 200, "image": "\0"}, "the image cannot be read at"),
    ],
)
def test_an_image_that_was_told_has_to_be_there(account: dict[str, object], problem: str) -> None:
    assert problem in result(run(telling(**account)), "image.bytes").detail


def test_a_program_that_sends_nothing_fails_where_a_request_is_awaited() -> None:
    report = run(telling(outcome="image", status=200))
    assert "no request arrived" in result(report, ONE).detail
    assert result(report, "wire.key").verdict is Verdict.NOT_TRIED


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
    for pid in map(int, pids.read_text().split()):
        assert is_gone(pid)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupted_run_leaves_no_program_behind(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = f"import os, time; open({str(pids)!r}, 'a').write(f'{{os.getpid()}} '); time.sleep(600)"
    command = [sys.executable, "-m", "ideogram_ai.cli", "conform", "client"]
    command += ["--timeout", "600", "--", sys.executable, "-S", "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        while len(pids.read_text().split() if pids.exists() else []) < 4:
            assert run.poll() is None
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert (run.returncode, out) == (130, "")
    assert "Interrupted; no report was written." in err
    assert all(is_gone(int(pid)) for pid in pids.read_text().split())


def is_gone(pid: int) -> bool:
    """Whether a process has ended; what waits for a parent to look at it has ended too."""
    for _ in range(500):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.01)
    return False


def test_the_key_is_in_no_report_and_another_one_each_time(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    code = f"import os, sys; key = os.environ['IDEOGRAM_API_KEY']; open({str(keys)!r}, 'a').write(key + ' '); "
    report = run(code + "print(key); print(key, file=sys.stderr)", ONE, "answer.401")
    first, second = keys.read_text().split()
    assert first != second
    assert not {first, second} & set(re.findall(r"[\w-]+", repr(report)))
    assert "[key]" in repr(report)


def test_a_key_that_is_shown_in_another_spelling_is_found_and_masked() -> None:
    """In the output, and in a file that the program leaves; what the report keeps has no spelling of it."""
    code = (
        "import os, pathlib, sys; "
        "text = 'words ' + ''.join(f'\\\\u{ord(char):04x}' for char in os.environ['IDEOGRAM_API_KEY']); "
        "print(text, file=sys.stderr); pathlib.Path(os.environ['IDEOGRAM_OUTPUT_DIR'], 'kept.txt').write_text(text); "
    )
    report = run(code + telling(outcome="unknown"))
    found = result(report, "program.no-key")
    assert found.verdict is Verdict.FAILED
    assert "the key is in kept.txt and stderr" in found.detail
    assert "words [key]" in repr(report)


def test_every_spelling_of_the_key_is_masked() -> None:
    key = "key-0123456789abcdef"
    spelt = [spell(spelling, key) for spelling in SPELLINGS]
    assert len(set(spelt)) >= 8
    assert masked(f"- {' - '.join(spelt)} -", key).replace("[key]", "").strip("- ") == ""
    assert masked("words without it", key) == "words without it"


def test_a_program_is_told_the_time_limit_of_a_scenario(tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = f"import os; open({str(told)!r}, 'w').write(os.environ['IDEOGRAM_TIMEOUT'])"
    report = run(code, "time.header")
    assert told.read_text() == "1"
    assert result(report, "program.no-key").verdict is Verdict.HELD


def test_every_fault_of_a_scenario_is_described_beside_the_vectors() -> None:
    page = (Path(__file__).parents[3] / "vectors/README.md").read_text("utf-8")
    replies = [reply for scenario in client_scenarios().values() for reply in scenario.answers]
    faults = {reply.fault for reply in replies if reply.fault is not None}
    assert len(faults) > 10
    assert all(f"`{fault}`" in page and fault in FAULTS for fault in faults)


def test_a_fault_of_the_kit_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("no more sockets")

    monkeypatch.setattr("ideogram_ai.testing.conformance.client.judge_run", fail)
    report = run(telling(outcome="unknown"))
    assert result(report, ONE).verdict is Verdict.HARNESS_FAULT
    assert "no more sockets" in result(report, ONE).detail
    assert apply_expected(report).exit_code == 3


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (ClientOptions(()), CommandError, "COMMAND is missing"),
        (ClientOptions(("no-such-program-anywhere",)), CommandError, "no program 'no-such-program-anywhere'"),
        (ClientOptions((sys.executable,), timeout=0), ConfigurationError, "timeout is 0"),
        (ClientOptions((sys.executable,), timeout=float("nan")), ConfigurationError, "timeout is nan"),
        (ClientOptions((sys.executable,), workers=0), ConfigurationError, "workers is 0"),
        (ClientOptions((sys.executable,), scenarios=("other",)), ConfigurationError, "scenario is 'other'"),
    ],
)
def test_options_that_cannot_be_used_are_named(options: ClientOptions, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        check_options(options)


def test_every_field_and_documented_status_of_the_contract_has_a_scenario() -> None:
    from ideogram_ai.contract.view import read_view

    view = read_view()
    names = set(client_scenarios())
    assert {f"request.{name}" for name in view.fields} <= names
    assert {f"answer.{status}" for status in {*view.responses, *view.observed} - {200}} <= names
    kinds = {element["type"] for element in samples_of_elements()}
    assert kinds == {"obj", "text"}
    assert all("bbox" in element and "color_palette" in element for element in samples_of_elements())


def samples_of_elements() -> list[dict[str, object]]:
    prompt = client_scenarios()["request.json_prompt"].request["json_prompt"]
    elements: list[dict[str, object]] = prompt["compositional_deconstruction"]["elements"]
    return elements


def test_requirements_without_a_scenario_come_first_and_every_one_points_into_the_contract() -> None:
    assert list(client_requirements())[-len(client_scenarios()) :] == list(client_scenarios())
    assert all(requirement.pointer.startswith("#") for requirement in client_requirements().values())
