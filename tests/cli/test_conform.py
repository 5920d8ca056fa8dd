"""`ideogram conform`: its options, what it costs, what it prints, and how it ends."""

import json
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from altered_server import Told, rewriting
from served_app import serve
from terminals import Terminal

from ideogram_ai.cli.main import main
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.conformance import Report, Result, Verdict
from ideogram_ai.testing.conformance.server import server_requirements

COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9]")
KEY_MISSING = "auth.key-missing"
UNKNOWN_CLIENT = (sys.executable, "-S", "-c", 'import json; print(json.dumps({"outcome": "unknown"}))')


def reporting(monkeypatch: pytest.MonkeyPatch, results: list[Result], *notes: str) -> None:
    """Let a run on a server end in a report."""
    report = Report(
        "http://127.0.0.1:1", "server", "a" * 64, 0, datetime(2026, 1, 1, tzinfo=UTC), tuple(results), notes
    )
    monkeypatch.setattr("ideogram_ai.testing.conformance.server.run_server", lambda *_: report)


def results(verdict: Verdict, detail: str, number: int, cause: str = "", first: int = 0) -> list[Result]:
    """Some results of the same verdict."""
    requirements = list(server_requirements().values())[first : first + number]
    return [Result(each, verdict, f"{detail}{place}", cause=cause) for place, each in enumerate(requirements)]


def conform(*arguments: str) -> int:
    return main(["conform", "server", "http://127.0.0.1:1", *arguments])


def test_what_held_is_counted_and_the_report_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "a-key-that-no-one-may-see")
    folder = tmp_path / "new"
    with MockServer() as server:
        # Without billed images, a run takes a second.
        options = ("--report", str(folder), "--key-env", "SOME_KEY", "--seed", "3", "--max-images", "0")
        assert main(["conform", "server", server.url, *options]) == 0
        assert server.ledger
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == f"report: {folder / 'report.html'}"
    assert f"{len(server_requirements())} requirements: " in out
    assert re.search(r"^0 of [0-9]+: ", err)
    assert err.endswith(": done\n")
    content = json.loads((folder / "report.json").read_text("utf-8"))
    assert (content["seed"], content["subject"]) == (3, server.url)
    assert {path.name for path in folder.iterdir()} == {"report.json", "report.xml", "report.html"}
    assert "a-key-that-no-one-may-see" not in out + err


def test_failures_are_listed_by_cause(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    alike = results(Verdict.FAILED, "It was accepted, case \x1b[2J", 9, "Invalid values are accepted.", first=2)
    alone = results(Verdict.FAILED, "It answered 418.", 2)
    not_tried = results(Verdict.NOT_TRIED, "", 5, first=20)
    reporting(monkeypatch, [*alone, *alike, *not_tried], "No image was billed.")
    assert conform() == 1
    lines = capsys.readouterr().out.splitlines()
    names = [result.requirement.id for result in alike]
    assert lines[:4] == [
        "FAILED (9 requirements): Invalid values are accepted.",
        f"    for example {names[0]}: It was accepted, case \\x1b[2J0",
        f"    {alike[0].requirement.pointer}",
        f"    and {', '.join(names[1:4])} and 5 more",
    ]
    for place, result in enumerate(alone):
        assert lines[4 + 3 * place : 7 + 3 * place] == [
            f"FAILED: {result.requirement.id}", f"    It answered 418.{place}", f"    {result.requirement.pointer}",
        ]  # fmt: skip
    assert lines[-3:] == [
        "No image was billed.",
        "16 requirements: 11 failed, 5 not tried",
        "Use --report DIR for all of them, with their requests and responses.",
    ]


def test_expected_failures(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    expected = tmp_path / "expected"
    name = next(iter(server_requirements()))
    expected.write_text(f"{name}  # a teapot\n")
    reporting(monkeypatch, results(Verdict.FAILED, "It answered 418.", 1))
    assert conform("--expected-failures", str(expected)) == 0
    assert f"failed as expected: {name} (a teapot)\n" in capsys.readouterr().out
    reporting(monkeypatch, results(Verdict.HELD, "", 1))
    assert conform("--expected-failures", str(expected)) == 1
    assert f"HELD, although a failure was expected: {name}\n" in capsys.readouterr().out


def test_when_nothing_is_known(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [Result(each.requirement, each.verdict, "refused") for each in results(Verdict.HARNESS_FAULT, "", 9)]
    reporting(monkeypatch, faults)
    assert conform() == 3
    names = [fault.requirement.id for fault in faults]
    assert f"HARNESS FAULT: {', '.join(names[:3])} and 6 more\n    refused\n" in capsys.readouterr().out
    reporting(monkeypatch, results(Verdict.NOT_TRIED, "Not here.", 1))
    assert conform() == 3
    assert "Nothing was tried, so nothing is known.\n" in capsys.readouterr().out


def test_options_that_cannot_be_used(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOME_KEY", "a-key-of-somebody")
    (tmp_path / "FILE").write_text("nothing\n")
    local, remote = "http://127.0.0.1:1", "https://example.com"
    for arguments, says in (
        ([remote, "--max-images", "2"], "--key-env NAME"),
        ([remote, "--max-images", "2", "--key-env", "NOT_SET"], "'NOT_SET' is not set"),
        ([remote, "--max-images", "2", "--key-env", "SOME_KEY"], "use --yes. Nothing was sent."),
        (["http://example.com"], "use https"),
        ([f"{remote}/v1/ideogram-v4/generate"], "is part of the API's path"),
        ([local, "--max-images", "-1"], "--max-images"),
        ([local, "--timeout", "0"], "timeout is 0"),
        ([local, "--expected-failures", "FILE"], "line 1: 'nothing'"),
        ([local, "--report", "FILE"], "--report: 'FILE' cannot be created: File exists"),
        ([], "URL"),
    ):
        assert main(["conform", "server", *arguments]) == 2, arguments
        out, err = capsys.readouterr()
        assert says in err, (arguments, err)
        assert out == ""
    for name, says in (
        ("anser.401", "did you mean answer.401 or "),
        ("zzz", "'zzz' is unknown: all but those of webhooks are listed at https://"),
    ):
        assert main(["conform", "client", "--scenario", name, "--", *UNKNOWN_CLIENT]) == 2
        assert says in (err := capsys.readouterr().err)
        assert len(err) < 250


def test_what_may_cost_something_is_priced_and_confirmed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a terminal, and with an answer that is no: nothing is sent, which the network guard would report."""
    monkeypatch.setenv("SOME_KEY", "a-key-of-somebody")
    monkeypatch.setattr("ideogram_ai.cli.conform.can_prompt", lambda: True)
    asked: list[str] = []

    def confirm(question: str, **_: object) -> bool:
        asked.append(question)
        return False

    monkeypatch.setattr("click.confirm", confirm)
    arguments = ["conform", "server", "https://example.com", "--max-images", "2", "--key-env", "SOME_KEY"]
    assert main(arguments) == 2
    assert asked == ["Send requests to https://example.com that may be billed?"]
    err = capsys.readouterr().err
    assert "2 images may be billed" in err
    assert "0.06 USD" in err
    assert err.endswith("error: Not confirmed. Nothing was sent.\n")
    reporting(monkeypatch, results(Verdict.HELD, "", 1))
    assert main([*arguments, "--yes"]) == 0
    assert len(asked) == 1


def test_a_run_that_is_interrupted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupt(_options: object, show: Callable[[int, int, str], None]) -> None:
        show(7, 9, "next")
        raise KeyboardInterrupt

    monkeypatch.setattr("ideogram_ai.testing.conformance.server.run_server", interrupt)
    assert conform("--report", str(tmp_path)) == 130
    assert capsys.readouterr().err == "7 of 9: next\nerror: Interrupted at request 7; no report was written.\n"
    assert list(tmp_path.iterdir()) == []


def test_what_a_server_says_cannot_control_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def shout(_: object, told: Told) -> Told:
        return Told(told.status, told.body, told.headers | {"content-type": "\x1b[2Jtext/plain"})

    with serve(rewriting(tell=shout)) as url:
        assert main(["conform", "server", url, "--max-images", "0"]) == 0
    assert "\x1b" not in "".join(capsys.readouterr())


def test_a_kit_that_is_not_installed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ideogram_ai.testing.conformance.kit", None)
    monkeypatch.delitem(sys.modules, "ideogram_ai.cli.conform", raising=False)
    assert conform() == 2
    assert "run pip install 'ideogram-ai[conformance]'." in capsys.readouterr().err


@pytest.mark.slow
def test_colours_are_for_terminals_that_want_them(tmp_path: Path, start: Callable[..., Terminal]) -> None:
    arguments = ("conform", "client", "--scenario", "answer.401", "--", *UNKNOWN_CLIENT)
    for variables, colours in (({"LC_ALL": "C.UTF-8"}, True), ({"NO_COLOR": "1"}, False)):
        terminal = start(*arguments, **variables)
        assert terminal.finish() == 1
        before = terminal.shown.partition("FAILED")[0]
        assert bool(COLOUR.search(before[-12:])) is colours
        assert "FAILED: answer.401" in terminal.plain
    read, write = os.pipe()
    terminal = start(*arguments, stdout=write)
    os.close(write)
    assert terminal.finish() == 1
    with open(read, encoding="utf-8") as pipe:
        out = pipe.read()
    assert out.startswith("FAILED: answer.401\n")
    assert "\x1b" not in out
