"""`ideogram conform client` as people run it, the programs in examples/conformance, and the vectors."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import vectors
from ideogram_ai.cli.main import main
from ideogram_ai.generated.contract import CONTRACT_SHA256
from ideogram_ai.testing.conformance.client import client_scenarios

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples/conformance"
SOUND = (
    "request.text_prompt",
    "request.json_prompt",
    "answer.401",
    "answer.401.key-echoed",
    "redirect.image",
    "retry.429",
)
CLIENT = (sys.executable, str(ROOT / "tests/support/broken_client.py"))


def conform(*arguments: str) -> int:
    return main(["conform", "client", *arguments])


def test_this_client_holds_every_requirement(capsys: pytest.CaptureFixture[str]) -> None:
    assert conform("--", sys.executable, str(EXAMPLES / "this_client.py")) == 0
    last = capsys.readouterr().out.splitlines()[-1].split(": ")
    assert last[0].split()[0] + " held" == last[1]


@pytest.mark.parametrize(
    ("program", "tools"), [("raw_httpx.py", ()), ("with_curl.sh", ("sh", "curl", "jq")), ("with_fetch.mjs", ("node",))]
)
def test_the_other_examples_fail_as_it_is_written_beside_them(program: str, tools: tuple[str, ...]) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} is not installed, which {program} needs")
    path = EXAMPLES / program
    expected = path.with_suffix(".expected")
    launcher = {".py": sys.executable, ".sh": "sh", ".mjs": "node"}[path.suffix]
    ids = [line.split()[0] for line in expected.read_text("utf-8").splitlines() if not line.startswith("#")]
    known = [name for name in (*ids, *SOUND) if name in client_scenarios()]
    endless = [name for name in known if name.startswith("time.") and not tools]  # curl has a limit for the whole
    for play, timeout in (([name for name in known if name not in endless], "30"), (endless, "6")):
        options = [option for name in play for option in ("--scenario", name)]
        if options:
            options += ["--timeout", timeout, "--expected-failures", str(expected)]
            assert conform(*options, "--", launcher, str(path)) == 0


def test_a_failure_and_an_unexpected_pass_are_told_and_end_in_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = tmp_path / "expected"
    expected.write_text("answer.401 # no longer\n")
    choice = ("--scenario", "answer.401", "--scenario", "request.json_prompt.key-order")
    report = tmp_path / "report"
    options = ("--expected-failures", str(expected), "--report", str(report))
    assert conform(*choice, *options, "--", *CLIENT, "keys-sorted") == 1
    out = capsys.readouterr().out
    assert "FAILED: request.json_prompt.key-order" in out
    assert "its keys came in another order" in out
    assert "HELD, although a failure was expected: answer.401" in out
    assert {path.name for path in report.iterdir()} == {"report.json", "report.xml", "report.html"}
    assert json.loads((report / "report.json").read_text())["kind"] == "client"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--", "no-such-program-anywhere"), "no program 'no-such-program-anywhere'"),
        (("--scenario", "other", "--", *CLIENT), "--scenario is 'other'"),
        (("--timeout", "0", "--", *CLIENT), "--timeout is 0"),
        ((), "Missing argument 'COMMAND...'"),
    ],
)
def test_wrong_use_is_told_in_a_line(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conform(*arguments) == 2
    assert words in capsys.readouterr().err


def test_the_vectors_are_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/vectors.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_vector_that_is_not_current_is_named_with_the_command_that_mends_it(
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
    told = capsys.readouterr().err
    assert "answer.401.json: is missing" in told
    assert "answer.422.json: differs" in told
    assert "request.old.json: is no longer a vector" in told
    assert f"to write it again: python scripts/vectors.py --out {tmp_path}" in told
    assert vectors.main(out) == 0
    assert vectors.main([*out, "--check"]) == 0
    assert (tmp_path / "README.md").read_text() == "stays"


def test_every_vector_has_the_hash_of_the_contract_and_says_what_its_scenario_does() -> None:
    read = {path.stem: json.loads(path.read_text("utf-8")) for path in (ROOT / "vectors").glob("*.json")}
    assert {vector["contract_sha256"] for vector in read.values()} == {CONTRACT_SHA256}
    assert set(read) - {"general"} == set(client_scenarios())
    order = read["request.json_prompt.key-order"]["expect"]["fields"]["json_prompt"]
    assert list(order) == list(reversed(read["request.json_prompt"]["request"]["json_prompt"]))
