"""`ideogram conform server`: options, what is told, and how it ends."""

import json
from pathlib import Path

import pytest
from altered_server import Told, rewriting
from served_app import serve

from ideogram_ai.cli.main import main
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.conformance.server import server_requirements
from ideogram_ai.testing.conformance.server_plan import CasePlanner, plan_cases

RUN = "ideogram_ai.testing.conformance.server"
FEW = {"auth.key-accepted", "auth.key-missing", "request.prompt-rule.neither-refused"}


@pytest.fixture(autouse=True)
def _few_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handful of requests: what is tested here is around them."""
    monkeypatch.setattr(CasePlanner, "_broken_rules", lambda *_, **__: iter(()))
    monkeypatch.setattr("ideogram_ai.testing.conformance.server_plan.generated_cases", lambda *_: ())
    monkeypatch.setattr(
        f"{RUN}.plan_cases",
        lambda seed, metered: tuple(
            case for case in plan_cases.__wrapped__(seed, metered=metered) if case.requirement in FEW
        ),
    )


def test_what_held_is_counted_and_the_report_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "a-key-that-no-one-may-see")
    with MockServer() as server:
        arguments = ["conform", "server", server.url, "--report", str(tmp_path / "new"), "--key-env", "SOME_KEY"]
        assert main([*arguments, "--seed", "3"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == f"report: {tmp_path / 'new' / 'report.html'}"
    assert f"{len(server_requirements())} requirements: " in out
    assert "0 of 4: an image" in err
    assert err.endswith("4 of 4: done\n")
    content = json.loads((tmp_path / "new" / "report.json").read_text("utf-8"))
    assert (content["seed"], content["subject"]) == (3, server.url)
    assert "a-key-that-no-one-may-see" not in out + err


def test_a_failure_is_told_with_its_place_in_the_contract(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    expected = tmp_path / "expected"
    with serve(rewriting(tell=lambda _, told: Told(418, told.body, told.headers))) as url:
        assert main(["conform", "server", url]) == 1
        out = capsys.readouterr().out
        failed = [line.partition(": ")[2] for line in out.splitlines() if line.startswith("FAILED: ")]
        assert "auth.key-missing" in failed
        assert "    #/paths/~1v1~1ideogram-v4~1generate/post/responses/401\n" in out
        expected.write_text("".join(f"{name}  # a teapot\n" for name in failed))
        assert main(["conform", "server", url, "--expected-failures", str(expected)]) == 0
        assert "failed as expected: auth.key-missing (a teapot)\n" in capsys.readouterr().out
    with MockServer() as server:
        assert main(["conform", "server", server.url, "--expected-failures", str(expected)]) == 1
    assert "HELD, although a failure was expected: auth.key-missing\n" in capsys.readouterr().out


def test_a_server_that_is_not_there_is_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    with MockServer() as server:
        url = server.url
    assert main(["conform", "server", url]) == 3
    out, err = capsys.readouterr()
    assert "HARNESS FAULT: auth.key-accepted" in out
    assert f"and {len(server_requirements()) - 3} more" in out
    assert "done" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["https://example.com", "--max-images", "2"], "--key-env NAME"),
        (["https://example.com", "--max-images", "2", "--key-env", "NOT_SET"], "'NOT_SET' is not set"),
        (["https://example.com", "--max-images", "2", "--key-env", "SOME_KEY"], "give --yes. Nothing was sent."),
        (["http://example.com"], "use https"),
        (["https://example.com/v1/ideogram-v4/generate"], "is part of the API's path"),
        (["http://127.0.0.1:1", "--max-images", "-1"], "--max-images"),
        (["http://127.0.0.1:1", "--timeout", "0"], "timeout is 0"),
        (["http://127.0.0.1:1", "--expected-failures", "FILE"], "line 1: 'nothing' is no requirement"),
        (["http://127.0.0.1:1", "--report", "FILE"], "--report"),
        ([], "URL"),
    ],
)
def test_wrong_use_is_told_before_anything_is_sent(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOME_KEY", "a-key-of-somebody")
    (tmp_path / "FILE").write_text("nothing\n")
    assert main(["conform", "server", *arguments]) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert out == ""


def test_what_may_cost_something_is_priced_and_confirmed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "a-key-of-somebody")
    monkeypatch.setattr(f"{RUN}.is_loopback", lambda _: False)
    with MockServer() as server:
        arguments = ["conform", "server", server.url, "--max-images", "2", "--key-env", "SOME_KEY"]
        assert main(arguments) == 2
        assert server.ledger == []
        assert "2 images may be billed, not more: 0.06 USD at TURBO" in capsys.readouterr().err
        assert main([*arguments, "--yes"]) == 0
        assert sum(exchange.billed for exchange in server.ledger) == 1
    assert "1 of at most 2 images were billed or may have been." in capsys.readouterr().out


def test_a_run_that_is_broken_off_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"{RUN}.judge_response", interrupt)
    with MockServer() as server:
        assert main(["conform", "server", server.url, "--report", str(tmp_path)]) == 130
    assert "no report was written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_a_server_says_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def shout(_: object, told: Told) -> Told:
        return Told(told.status, told.body, told.headers | {"content-type": "\x1b[2Jtext/plain"})

    with serve(rewriting(tell=shout)) as url:
        assert main(["conform", "server", url]) == 1
    assert "\x1b" not in "".join(capsys.readouterr())


def test_a_kit_that_is_not_installed_is_named_with_its_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> None:
        raise ModuleNotFoundError("No module named 'hypothesis'", name="hypothesis")

    monkeypatch.setattr("ideogram_ai.cli.conform.loading.import_module", fail)
    assert main(["conform", "server", "http://127.0.0.1:1"]) == 2
    assert "needs hypothesis" in capsys.readouterr().err
