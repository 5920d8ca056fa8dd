"""`ideogram conform client` on the programs of examples/conformance and on other HTTP libraries, and the vectors."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conformance_runs import BROKEN_CLIENT, LOAD, ROOT, result
from fork_server import forked

import vectors
from ideogram_ai.cli.main import main
from ideogram_ai.generated.contract import CONTRACT_SHA256
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.conformance import Verdict, apply_expected
from ideogram_ai.testing.conformance.client import (
    VERIFY_WEBHOOK,
    ClientOptions,
    client_scenarios,
    every_scenario,
    run_client,
)
from ideogram_ai.testing.strategies.schema_values import UnknownKeywordError

pytestmark = pytest.mark.slow

EXAMPLES = ROOT / "examples/conformance"
FORMS = ROOT / "tests/support/form_clients.py"
CLIENT = (sys.executable, str(BROKEN_CLIENT))
LINE_ENDS = "request.text.line-ends"
SOUND = (
    "request.text_prompt",
    "request.json_prompt",
    "answer.401",
    "answer.401.key-echoed",
    "redirect.image",
    "retry.429",
)


def conform(*arguments: str) -> int:
    return main(["conform", "client", *arguments])


def needs(*tools: str) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        complaint = f"{' and '.join(missing)} is not installed"
        pytest.fail(complaint) if os.environ.get("CI") else pytest.skip(complaint)


def test_this_client_holds_every_requirement_of_every_operation(capsys: pytest.CaptureFixture[str]) -> None:
    load = "import ideogram_ai.client; from ideogram_ai.client import *; Ideogram('a-key').close()"
    with forked(EXAMPLES / "this_client.py", load) as command:
        assert conform("--operation", "all", "--workers", "8", "--", *command) == 0
    last = capsys.readouterr().out.splitlines()[-1].split(": ")
    assert last[0].split()[0] + " held" == last[1]
    assert int(last[0].split()[0]) > len(every_scenario())
    assert conform("--scenario", "answer.401", "--", sys.executable, str(EXAMPLES / "this_client.py")) == 0


@pytest.mark.parametrize(
    ("program", "tools"), [("raw_httpx.py", ()), ("with_curl.sh", ("sh", "curl", "jq")), ("with_fetch.mjs", ("node",))]
)
def test_the_other_examples_fail_as_the_file_beside_them_says(program: str, tools: tuple[str, ...]) -> None:
    needs(*tools)
    path = EXAMPLES / program
    expected = path.with_suffix(".expected")
    ids = [line.split()[0] for line in expected.read_text("utf-8").splitlines() if not line.startswith("#")]
    known = [name for name in (*ids, *SOUND) if name in client_scenarios()]
    endless = [name for name in known if name.startswith("time.") and not tools]  # curl has a limit for the whole

    def play(*command: str) -> None:
        for names, timeout in (([name for name in known if name not in endless], "30"), (endless, "2")):
            options = [option for name in names for option in ("--scenario", name)]
            options += ["--workers", "8", "--timeout", timeout, "--expected-failures", str(expected)]
            assert not names or conform(*options, "--", *command) == 0

    if tools:
        play(tools[0], str(path))
    else:
        with forked(path, "import httpx; httpx.Client().close()") as command:
            play(*command)


def test_failures_and_unexpected_passes_are_printed_and_exit_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected, report = tmp_path / "expected", tmp_path / "report"
    expected.write_text("answer.401 # no longer\n")
    choice = ("--scenario", "answer.401", "--scenario", "request.json_prompt.key-order")
    options = ("--expected-failures", str(expected), "--report", str(report))
    assert conform(*choice, *options, "--", *CLIENT, "keys-sorted") == 1
    out = capsys.readouterr().out
    assert "FAILED: request.json_prompt.key-order" in out
    assert "its keys came in another order" in out
    assert "HELD, although a failure was expected: answer.401" in out
    assert {path.name for path in report.iterdir()} == {"report.json", "report.xml", "report.html"}
    assert json.loads((report / "report.json").read_text())["kind"] == "client"
    for arguments, message in (
        (("--", "no-such-program-anywhere"), "no program 'no-such-program-anywhere'"),
        (("--scenario", "other", "--", *CLIENT), "--scenario 'other' is unknown"),
        (("--timeout", "0", "--", *CLIENT), "--timeout is 0"),
        ((), "Missing argument 'COMMAND...'"),
    ):
        assert conform(*arguments) == 2
        assert message in capsys.readouterr().err


@pytest.mark.parametrize(("tool", "command"), [
    ("chromium", (sys.executable, str(FORMS), "chromium")),
    ("node", ("node", str(EXAMPLES / "with_fetch.mjs"))),
])  # fmt: skip
def test_line_ends_as_html_forms_write_them_are_advice(tool: str, command: tuple[str, ...]) -> None:
    needs(tool)
    play = (LINE_ENDS, "request.json_prompt.unicode")
    report = run_client(ClientOptions(command, timeout=120, workers=2, scenarios=play))
    assert not report.of(Verdict.FAILED, Verdict.HARNESS_FAULT)
    (advice,) = report.of(Verdict.ADVICE)
    assert advice.requirement.id == LINE_ENDS
    assert "the line ends in text_prompt arrived as CRLF: HTML forms write them so" in advice.detail
    assert result(report, "request.json_prompt.unicode").verdict is Verdict.HELD
    assert apply_expected(report).exit_code == 0


def test_line_ends_that_are_kept_hold_and_those_that_change_otherwise_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    play = (LINE_ENDS, "request.text.injection", "request.json_prompt.unicode", "answer.200.deprecated")
    with forked(FORMS, "import asyncio, json, urllib.request, aiohttp, requests") as command:
        for library in ("requests", "aiohttp"):
            report = run_client(ClientOptions((*command, library), scenarios=play))
            assert {result(report, name).verdict for name in play} == {Verdict.HELD}, library
            assert not report.of(Verdict.FAILED, Verdict.ADVICE, Verdict.HARNESS_FAULT), library
        for change in (
            "value.replace('\\r\\n', '\\n')",
            "value.replace('\\n', ' ')",
            "value.replace('\\r\\n', '\\r')",
            "value.replace('\\n', '\\r\\n')",  # of a CRLF it makes CR CR LF
            "value.strip().replace('\\r\\n', '\\n').replace('\\n', '\\r\\n') + '\\r\\n'",
        ):
            monkeypatch.setenv("FORM_CLIENT_CHANGE", change)
            report = run_client(ClientOptions((*command, "requests"), scenarios=(LINE_ENDS,)))
            assert result(report, LINE_ENDS).verdict is Verdict.FAILED, change


def test_a_charset_is_read_as_the_mock_server_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "request.text_prompt"
    request = client_scenarios()[name].request
    given = {"API_KEY": "a-key", "OPERATION": "generate", "OUTPUT_DIR": str(tmp_path), "TIMEOUT": "30"}
    with MockServer() as server, forked(BROKEN_CLIENT, LOAD) as program:
        for variable, value in {**given, "BASE_URL": server.url}.items():
            monkeypatch.setenv(f"IDEOGRAM_{variable}", value)
        for charset in ("utf-8", "US-ASCII", "ISO-8859-1", "utf-16", "no-such-charset"):
            command = (*program, f"charset={charset}")
            report = run_client(ClientOptions(command, scenarios=(name,)))
            done = subprocess.run(command, input=json.dumps(request).encode(), capture_output=True, check=True)
            accepted = json.loads(done.stdout)["status"] == 200 and dict(server.ledger[-1].fields) == request
            assert (result(report, name).verdict is Verdict.HELD) is accepted, charset
            assert accepted or charset not in {"utf-8", "US-ASCII"}


def test_vectors_of_a_rule_that_nothing_can_keep_are_one_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> dict[str, str]:
        raise UnknownKeywordError(["minProperties"], {"type": "object"})

    monkeypatch.setattr(vectors, "_files", refuse)
    assert vectors.main(["--check"]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("error: the strategies for tests do not know minProperties, in the schema {'type': ")
    assert printed.count("\n") == 1


def test_the_vectors_are_current_and_say_what_the_scenarios_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert vectors.main(["--check"]) == 0
    read = {path.stem: json.loads(path.read_text("utf-8")) for path in (ROOT / "vectors").glob("*.json")}
    assert {vector["contract_sha256"] for vector in read.values()} == {CONTRACT_SHA256}
    written = {name for name, each in every_scenario().items() if each.operation != VERIFY_WEBHOOK}
    assert set(read) - {"general"} == written
    order = read["request.json_prompt.key-order"]["expect"]["fields"]["json_prompt"]
    assert list(order) == list(reversed(read["request.json_prompt"]["request"]["json_prompt"]))


def test_a_vector_that_is_not_current_is_named_with_the_command_that_writes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ("--out", str(tmp_path))
    assert vectors.main(out) == 0
    assert vectors.main([*out, "--check"]) == 0
    capsys.readouterr()
    (tmp_path / "answer.401.json").unlink()
    (tmp_path / "answer.422.json").write_text("{}")
    (tmp_path / "request.old.json").write_text("{}")
    (tmp_path / "README.md").write_text("stays")
    assert vectors.main([*out, "--check"]) == 1
    printed = capsys.readouterr().err
    assert "answer.401.json: is missing" in printed
    assert "answer.422.json: differs" in printed
    assert "request.old.json: is no longer a vector" in printed
    assert f"python scripts/vectors.py --out {tmp_path}" in printed
    assert vectors.main(out) == 0
    assert vectors.main([*out, "--check"]) == 0
    assert (tmp_path / "README.md").read_text() == "stays"
