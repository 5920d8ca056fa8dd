"""How a batch ends: every exit code, what is worst for the money first, and the way to go on."""

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from batch_inputs import SMALL, prompts, read_lines, states, write_jsonl
from cli_runs import Run, answering, entry

from ideogram_ai.batch.model import BatchRequest, Outcome, State, StopReason
from ideogram_ai.cli.batch.ending import Ending
from ideogram_ai.cli.batch.groups import Groups
from ideogram_ai.cli.batch.options import Options
from ideogram_ai.cli.exit_codes import ExitCode
from ideogram_ai.testing import UNSAFE_WORD, MockServer
from ideogram_ai.testing.faults import FaultServer

Command = Callable[..., Run]


def rows(folder: Path, number: int) -> None:
    write_jsonl(folder / "rows.jsonl", prompts(number))


def posts(server: FaultServer) -> int:
    return len(server.wait_idle().posts)


@pytest.mark.parametrize("status", [401, 402])
def test_a_refusal_that_concerns_all_stops_at_once_with_one_message(
    ideogram: Command, folder: Path, status: int
) -> None:
    rows(folder, 15)
    with FaultServer([f"status_{status}"]) as server:
        run = ideogram("batch", "rows.jsonl", "--out", "images", "--base-url", server.url)
        assert posts(server) <= 10
    assert run.code == 3
    assert run.out.startswith("15 rows: 15 not sent\n")
    assert run.err.count("error: ") == 1
    assert f"{status}" in run.err
    assert run.err.count("15 row") == 2, "in the forecast, and in what is left"
    assert run.err.endswith(f"Go on with: ideogram batch rows.jsonl --out images --base-url {server.url}\n")
    with FaultServer(answering(entry())) as server:
        assert ideogram("batch", "rows.jsonl", "--out", "images", "--base-url", server.url).code == 0
        assert posts(server) == 15


def test_unknown_rows_are_told_and_sent_again_only_when_asked_for(ideogram: Command, folder: Path) -> None:
    rows(folder, 3)
    with FaultServer(["close_after_request"]) as server:
        run = ideogram("batch", "rows.jsonl", "--out", "images", "--base-url", server.url)
        assert posts(server) == 3
        again = f"ideogram batch rows.jsonl --out images --base-url {server.url} --retry-unknown"
    assert run.code == 4
    assert run.out.startswith("3 rows: 3 unknown\n")
    assert "error: 3 rows have an unknown outcome:\n  lines 1 to 3: " in run.err
    assert f"may pay twice: {again}\n" in run.err
    with FaultServer(answering(entry())) as server:
        command = ("batch", "rows.jsonl", "--out", "images", "--base-url", server.url)
        assert ideogram(*command).code == 4
        assert posts(server) == 0
        run = ideogram(*command, "--retry-unknown")
        assert posts(server) == 3
    assert run.code == 0
    assert "0.36 USD in all runs together, 0.18 USD in this one" in run.out


def test_withheld_images_are_told(ideogram: Command, folder: Path) -> None:
    rows(folder, 2)
    with FaultServer([answering(entry(url=None, is_image_safe=False)), answering(entry())]) as server:
        run = ideogram("batch", "rows.jsonl", "--out", "images", "--in-flight", "1", "--base-url", server.url)
    assert run.code == 5
    assert run.out.startswith("2 rows: 1 saved, 1 withheld\n")
    assert states(folder / "images") == {"r1": "withheld", "r2": "saved"}


def test_an_image_that_is_gone_is_told(ideogram: Command, folder: Path) -> None:
    rows(folder, 1)
    with FaultServer(answering(entry(url="URL/image.png?exp=1")), image=["status_410"]) as server:
        run = ideogram("batch", "rows.jsonl", "--out", "images", "--base-url", server.url)
        link = f"{server.url}/image.png?exp=1"
        again = f"ideogram batch rows.jsonl --out images --base-url {server.url} --retry-failed"
    assert run.code == 6
    assert "error: 1 row was made and billed, and its image cannot be had any more:\n  line 1: " in run.err
    assert f"This asks for those images once more, which is free: {again}\n" in run.err
    assert f"with images that are not saved. Their links:\n  line 1, id r1: {link}\n" in run.err


def test_a_refused_row_is_told_and_sent_again_only_when_asked_for(ideogram: Command, folder: Path) -> None:
    texts = ["A cat", f"A {UNSAFE_WORD} cat", "A fox"]
    write_jsonl(folder / "rows.jsonl", [{"text_prompt": text, "resolution": SMALL} for text in texts])
    with MockServer() as server:
        command = ("batch", "rows.jsonl", "--out", "images", "--base-url", server.url)
        run = ideogram(*command)
        assert run.code == 3
        assert run.out.startswith("3 rows: 2 saved, 1 failed\n")
        assert "warning: line 2: 422" in run.err
        assert "error: 1 row was refused, or never left, at no cost:\n  line 2: 422" in run.err
        assert ideogram(*command).code == 3
        assert len(server.ledger) == 3
        assert ideogram(*command, "--retry-failed").code == 3
        assert len(server.ledger) == 4


def test_max_cost_is_not_passed_by_all_runs_together(ideogram: Command, folder: Path) -> None:
    rows(folder, 5)
    with FaultServer(answering(entry())) as server:
        command = ("batch", "rows.jsonl", "--out", "images", "--base-url", server.url, "--max-cost")
        run = ideogram(*command, "0.13")
        assert posts(server) == 2
        assert run.code == 3
        assert "error: The next row may cost 0.06 USD, and with it the sum would pass 0.13 USD.\n" in run.err
        assert "3 rows not sent. Go on with a higher --max-cost: ideogram batch rows.jsonl" in run.err
        assert ideogram(*command, "0.13").code == 3
        assert posts(server) == 2
        assert ideogram(*command, "$0.30").code == 0
        assert posts(server) == 5


def test_prices_of_ones_own_count(ideogram: Command, folder: Path) -> None:
    rows(folder, 3)
    (folder / "prices.json").write_text('{"usd_per_image": {"DEFAULT": 0.125}}')
    with FaultServer(answering(entry())) as server:
        run = ideogram(
            "batch", "rows.jsonl", "--out", "images", "--base-url", server.url, "--prices", "prices.json",
            "--max-cost", "0.2",
        )  # fmt: skip
        assert posts(server) == 1
    assert "cost      0.125 USD, had it not" in run.out


def test_the_pace_follows_the_service_and_is_told_once(ideogram: Command, folder: Path) -> None:
    write_jsonl(folder / "rows.jsonl", [row | {"resolution": SMALL} for row in prompts(6)])
    with MockServer(in_flight=2, latency=0.05) as server:
        run = ideogram("batch", "rows.jsonl", "--out", "images", "--in-flight", "6", "--base-url", server.url)
        billed = [exchange for exchange in server.ledger if exchange.status == 200]
    assert run.code == 0
    assert len(billed) == 6
    assert run.err.count("The service asks for fewer requests") == 1


def test_what_cannot_be_written_is_told(ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ideogram_ai.batch.model import StoreError

    def refuse(*_: object) -> None:
        raise StoreError("No space left on device.")

    rows(folder, 1)
    monkeypatch.setattr("ideogram_ai.cli.batch.projections.write_manifest", refuse)
    with FaultServer(answering(entry())) as server:
        run = ideogram("batch", "rows.jsonl", "--out", "images", "--base-url", server.url)
    assert run.code == 6
    assert "error: The manifest or the gallery is not written, and the ledger has it all: No space left" in run.err


def test_a_ledger_that_breaks_in_the_end_is_not_told_as_nothing_sent(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ideogram_ai.batch.model import LedgerError

    def refuse(*_: object, **__: object) -> None:
        raise LedgerError("The ledger cannot be read.")

    rows(folder, 1)
    monkeypatch.setattr("ideogram_ai.cli.batch.driving.Ending.of", refuse)
    with FaultServer(answering(entry())) as server:
        run = ideogram("batch", "rows.jsonl", "--out", "images", "--base-url", server.url)
    assert run.code == 4
    assert "error: The ledger cannot be read. Requests were sent." in run.err
    assert "Nothing was sent" not in run.err


@pytest.mark.parametrize("missing", [["PIL"], ["fsspec", "platformdirs", "pyarrow", "PIL"]])
def test_json_lines_into_a_folder_need_no_extra(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, missing: list[str]
) -> None:
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    rows(folder, 2)
    with FaultServer(answering(entry())) as server:
        run = ideogram("batch", "rows.jsonl", "--out", "images", "--base-url", server.url)
    assert run.code == 0
    assert set(states(folder / "images").values()) == {"saved"}


@pytest.mark.parametrize("missing", ["fsspec", "platformdirs"])
def test_a_url_says_what_it_needs_before_anything_is_sent(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name in [missing, *(name for name in sys.modules if name.startswith(f"{missing}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    rows(folder, 2)
    with FaultServer(answering(entry())) as server:
        run = ideogram("batch", "rows.jsonl", "--out", "memory://images", "--base-url", server.url)
        assert posts(server) == 0
    assert run.code == 2
    assert "pip install 'ideogram-ai[batch]'" in run.err
    assert "Nothing was sent, nothing billed." in run.err


def test_quiet_tells_only_what_is_wrong(ideogram: Command, folder: Path) -> None:
    rows(folder, 2)
    with FaultServer([answering(entry()), "status_422", answering(entry())]) as server:
        command = ("batch", "rows.jsonl", "--out", "images", "--in-flight", "1", "--base-url", server.url, "-q")
        run = ideogram(*command)
    assert (run.code, run.out) == (3, "")
    assert "note: 2 rows" not in run.err
    assert "error: 1 row was refused" in run.err


def test_no_gallery_is_written_when_none_is_wanted(ideogram: Command, folder: Path) -> None:
    rows(folder, 1)
    with FaultServer(answering(entry())) as server:
        run = ideogram("batch", "rows.jsonl", "--out", "images", "--no-gallery", "--base-url", server.url)
    assert run.code == 0
    assert "gallery" not in run.out
    assert not (folder / "images" / "index.html").exists()


def test_the_ledger_may_lie_elsewhere(ideogram: Command, folder: Path) -> None:
    rows(folder, 1)
    with FaultServer(answering(entry())) as server:
        command = ("batch", "--out", "images", "--ledger", "my.sqlite3", "--base-url", server.url)
        assert ideogram(*command, "rows.jsonl").code == 0
        assert (folder / "my.sqlite3").exists()
        assert not (folder / "images" / "ledger.sqlite3").exists()
        assert ideogram(*command).code == 0
        assert posts(server) == 1


def ending(counts: Mapping[State, int], **changes: Any) -> Ending:
    def some(number: int) -> Groups:
        return Groups.of(Outcome(BatchRequest("a", {}), State.FAILED) for _ in range(number))

    usual: dict[str, Any] = {
        "reason": StopReason.DONE, "message": "", "counts": Counter(counts),
        "unknown": some(counts.get(State.UNKNOWN, 0)), "refused": some(counts.get(State.FAILED, 0)), "lost": Groups(),
        "run_cost": Decimal(0), "total_cost": Decimal(0),
        "location": "images", "resume": "again", "retry_unknown": "again", "retry_failed": "again",
    }  # fmt: skip
    return Ending(**(usual | changes))


LOST = Groups.of([Outcome(BatchRequest("a", {}), State.FAILED, may_have_been_billed=True)])


@pytest.mark.parametrize(
    ("counts", "changes", "code"),
    [
        ({State.SAVED: 9}, {}, ExitCode.DONE),
        ({State.SAVED: 9, State.WITHHELD: 1}, {}, ExitCode.WITHHELD),
        ({State.WITHHELD: 1, State.FAILED: 1}, {}, ExitCode.REFUSED),
        ({State.WITHHELD: 1, State.PLANNED: 1}, {}, ExitCode.REFUSED),
        ({State.PLANNED: 1, State.FAILED: 1}, {"signal": ExitCode.INTERRUPTED}, ExitCode.INTERRUPTED),
        ({State.ANSWERED: 1}, {"signal": ExitCode.TERMINATED}, ExitCode.TERMINATED),
        ({State.SAVED: 1}, {"signal": ExitCode.INTERRUPTED}, ExitCode.DONE),
        ({State.ANSWERED: 1, State.FAILED: 1}, {}, ExitCode.DOWNLOAD_FAILED),
        ({State.PLANNED: 1}, {"lost": LOST, "signal": ExitCode.INTERRUPTED}, ExitCode.DOWNLOAD_FAILED),
        ({State.SAVED: 1}, {"unwritten": "full"}, ExitCode.DOWNLOAD_FAILED),
        ({State.SAVED: 1}, {"unrecorded": [Outcome(BatchRequest("a", {}), State.SAVED)]}, ExitCode.DOWNLOAD_FAILED),
        ({State.SAVED: 1, State.PLANNED: 1}, {"unwritable": True}, ExitCode.DOWNLOAD_FAILED),
        (
            {State.UNKNOWN: 1, State.PLANNED: 1},
            {"lost": LOST, "signal": ExitCode.INTERRUPTED},
            ExitCode.OUTCOME_UNKNOWN,
        ),
    ],
)
def test_what_is_worst_for_the_money_makes_the_exit_code(
    counts: Mapping[State, int], changes: Mapping[str, Any], code: ExitCode
) -> None:
    assert ending(counts, **changes).code is code


def test_rows_with_the_same_fault_are_listed_together() -> None:
    def failed(line: int | None, error: str) -> Outcome:
        return Outcome(BatchRequest(f"id-{line}", {}, line=line), State.FAILED, error=error)

    lines = [2, 3, 4, 6, 9, 11, 13, 15, 17, 19]
    groups = Groups.of([*(failed(line, "one") for line in lines), failed(5, "two"), failed(None, "three")])
    assert groups.number == 12
    assert list(groups.lines()) == [
        "  lines 2 to 4, 6, 9, 11, 13, 15 and 2 more: one\n",
        "  line 5: two\n",
        "  id id-None: three\n",
    ]
    many = Groups.of(failed(line, f"reason {line}") for line in range(15))
    assert len(list(many.lines())) == 11
    assert list(many.lines())[-1] == "  and 5 rows with other reasons, all in the manifest\n"


def test_events_are_objects_a_line(ideogram: Command, folder: Path) -> None:
    write_jsonl(folder / "rows.jsonl", [*prompts(2), {}])
    with FaultServer(answering(entry(prompt="Grüße\u2028"))) as server:
        run = ideogram(
            "batch", "rows.jsonl", "--out", "images", "--json", "--skip-invalid", "--in-flight", "1",
            "--base-url", server.url,
        )  # fmt: skip
    assert (run.code, run.err) == (0, "")
    assert run.out.isascii()
    events = read_lines(run.out)
    assert [event["event"] for event in events[:4]] == ["bad_row", "checked", "forecast", "started"]
    for key in ("r1", "r2"):
        assert [event["event"] for event in events if event.get("id") == key] == ["sent", "answered", "done"]
    assert len(events) == 4 + 2 * 3 + 1
    end = events[-1]
    assert (end["outcome"], end["code"], end["rows"]["saved"], end["cost_usd"]) == ("done", 0, 2, "0.12")
    assert end["resume"] is None


@pytest.mark.parametrize(
    ("options", "command"),
    [
        ({"source": "my rows.csv", "out": "a b"}, "ideogram batch 'my rows.csv' --out 'a b'"),
        (
            {"source": "a.csv", "out": "b", "retry_unknown": True, "retry_failed": True, "yes": True},
            "ideogram batch a.csv --out b --yes",
        ),
        (
            {"source": "a.txt", "out": "b", "form": "csv", "fields": ("a=1", "b=2"), "in_flight": 7, "max_cost": "1"},
            "ideogram batch a.txt --out b --format csv --in-flight 7 -F a=1 -F b=2 --max-cost 1",
        ),
        (
            {"source": "-", "out": "b", "form": "csv", "skip_invalid": True, "mock": True},
            "ideogram batch --out b --mock",
        ),
        ({"out": "b", "as_json": True, "timeout": 9.5}, "ideogram batch --out b --json --timeout 9.5"),
    ],
)
def test_the_command_that_goes_on_says_what_was_said_but_what_may_cost_again(
    options: dict[str, Any], command: str
) -> None:
    assert Options(**options).command_line() == command
    assert Options(**options).command_line("--retry-unknown") == f"{command} --retry-unknown"
