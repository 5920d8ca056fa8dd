"""Clients on HTTP libraries that nobody here wrote: what they change in a form, and what the kit makes of it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ideogram_ai.testing import MockServer
from ideogram_ai.testing.conformance import Report, Verdict, apply_expected
from ideogram_ai.testing.conformance.client import ClientOptions, client_scenarios, run_client

ROOT = Path(__file__).parents[3]
PROGRAM = str(ROOT / "tests/support/form_clients.py")
LINE_ENDS = "request.text.line-ends"
SCENARIOS = (LINE_ENDS, "request.text.injection", "request.json_prompt.unicode", "answer.200.deprecated")


def needs(tool: str) -> None:
    if shutil.which(tool) is None:
        complaint = f"{tool} is not installed"
        pytest.fail(complaint) if os.environ.get("CI") else pytest.skip(complaint)


def run(*command: str) -> Report:
    return run_client(ClientOptions(command, timeout=120, workers=2, scenarios=SCENARIOS))


def verdicts(report: Report) -> dict[str, Verdict]:
    return {result.requirement.id: result.verdict for result in report.results}


@pytest.mark.parametrize(
    ("tool", "command"),
    [
        ("chromium", (sys.executable, PROGRAM, "chromium")),
        ("node", ("node", str(ROOT / "examples/conformance/with_fetch.mjs"))),
    ],
)
def test_line_ends_as_html_forms_write_them_are_advice(tool: str, command: tuple[str, ...]) -> None:
    needs(tool)
    report = run(*command)
    assert not report.of(Verdict.FAILED, Verdict.HARNESS_FAULT)
    (advice,) = report.of(Verdict.ADVICE)
    assert advice.requirement.id == LINE_ENDS
    assert "the line ends in text_prompt arrived as CRLF: HTML forms write them so" in advice.detail
    assert verdicts(report)["request.json_prompt.unicode"] is Verdict.HELD
    assert apply_expected(report).exit_code == 0


@pytest.mark.parametrize("library", ["requests", "aiohttp"])
def test_line_ends_that_are_kept_hold(library: str) -> None:
    report = run(sys.executable, PROGRAM, library)
    found = verdicts(report)
    assert {found[name] for name in SCENARIOS} == {Verdict.HELD}
    assert not report.of(Verdict.FAILED, Verdict.ADVICE, Verdict.HARNESS_FAULT)


@pytest.mark.parametrize("charset", ["utf-8", "US-ASCII", "ISO-8859-1", "utf-16", "no-such-charset"])
def test_a_charset_is_read_as_the_mock_server_reads_it(
    charset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = (sys.executable, PROGRAM, "charset", charset)
    report = run_client(ClientOptions(command, timeout=120, scenarios=("request.text_prompt",)))
    request = client_scenarios()["request.text_prompt"].request
    variables = {"API_KEY": "a-key", "REQUEST": json.dumps(request), "OUTPUT_DIR": str(tmp_path)}
    for name, value in variables.items():
        monkeypatch.setenv(f"IDEOGRAM_{name}", value)
    with MockServer() as server:
        monkeypatch.setenv("IDEOGRAM_BASE_URL", server.url)
        told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        arrived = dict(server.ledger[0].fields)
    accepted = told["status"] == 200 and arrived == request
    assert (verdicts(report)["request.text_prompt"] is Verdict.HELD) is accepted
    assert accepted or charset not in {"utf-8", "US-ASCII"}


@pytest.mark.parametrize(
    "change",
    [
        "value.replace('\\r\\n', '\\n')",
        "value.replace('\\n', ' ')",
        "value.replace('\\r\\n', '\\r')",
        "value.replace('\\n', '\\r\\n')",  # of a CRLF it makes CR CR LF
        "value.strip().replace('\\r\\n', '\\n').replace('\\n', '\\r\\n') + '\\r\\n'",
    ],
)
def test_line_ends_that_are_changed_in_another_way_fail(change: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    source = (ROOT / "tests/support/form_clients.py").read_text("utf-8")
    changed = source.replace('PATH = "/v1', f'REQUEST = {{k: {change} for k, value in REQUEST.items()}}\nPATH = "/v1')
    program.write_text(changed, "utf-8")
    command = (sys.executable, str(program), "requests")
    report = run_client(ClientOptions(command, timeout=120, scenarios=(LINE_ENDS,)))
    assert verdicts(report)[LINE_ENDS] is Verdict.FAILED
