"""What `ideogram batch` reports: the cost before, the progress, and how it ended; what is worst for the money first."""

import json
import re
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
from batch_inputs import SMALL, prompts, read_lines, states, write_jsonl
from cli_runs import Command, answering, entry, environment, files, posts
from terminals import Terminal

from ideogram_ai.batch import BatchRequest, Job, LedgerError, Outcome, State
from ideogram_ai.batch.events import (
    Event,
    PaceChanged,
    RowAnswered,
    RowDone,
    RowSent,
    RunStarted,
    RunStopping,
    StopReason,
)
from ideogram_ai.batch.ledger import Ledger
from ideogram_ai.batch.planning import Planned
from ideogram_ai.cli.app import app
from ideogram_ai.cli.batch import resume_command
from ideogram_ai.cli.batch_report import BatchReporter
from ideogram_ai.cli.batch_summary import BatchSummary, FailureGroups, Progress
from ideogram_ai.cli.exit_codes import ExitCode
from ideogram_ai.cli.terminal import CONFIRM_ABOVE, duration, usd
from ideogram_ai.testing import UNSAFE_WORD, MockServer
from ideogram_ai.testing.faults import FaultServer

BATCH = ("batch", "rows.jsonl", "--out", "images")
NOTHING_SENT = "Nothing was sent, nothing billed."


def rows(folder: Path, number: int) -> None:
    write_jsonl(folder / "rows.jsonl", prompts(number))


# Before


def test_more_than_20_images_are_confirmed(
    ideogram: Command, folder: Path, start: Callable[..., Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service's own address: nothing may be sent, which the network guard would report."""
    rows(folder, CONFIRM_ABOVE + 1)
    for option in ([], ["--json"]):
        run = ideogram(*BATCH, *option)
        assert run.code == 2
        message = run.err if not option else read_lines(run.out)[-1]["error"]["message"]
        cost = "21 images for about 1.26 USD"
        assert f"{cost}: confirm with --yes, or set a limit with --max-cost USD. {NOTHING_SENT}" in message
    asked: list[Terminal] = []
    for answer, code, says in (("\n", 2, "Not confirmed."), ("\x04", 130, "Interrupted.")):
        asked.append(start(*BATCH, **environment(COLUMNS="60", TERM="dumb")))
        asked[-1].read_until("Make 21 images for about 1.26 USD\\? \\[y/N\\]:")
        asked[-1].type(answer)
        assert asked[-1].finish() == code
        assert f"{says} {NOTHING_SENT}" in asked[-1].plain.replace("\r\n", " ")
    # An answer on the command line is enough: the run gets as far as the key.
    monkeypatch.delenv("IDEOGRAM_API_KEY")
    for option in (["--yes"], ["--max-cost", "9"], ["--json", "--yes"]):
        run = ideogram(*BATCH, *option)
        assert (run.code, "No API key" in run.err + run.out) == (2, True)
    monkeypatch.setenv("IDEOGRAM_API_KEY", "a-key")
    with FaultServer(answering(entry())) as server:
        assert ideogram(*BATCH, "--base-url", server.url).code == 0, "a server on this machine is free"
        assert posts(server) == 21, "what was not confirmed is forgotten"


def test_a_dry_run_reports_images_cost_and_time_and_makes_nothing(ideogram: Command, folder: Path) -> None:
    speeds = ["TURBO"] * 2000 + ["QUALITY"] * 30 + [None] * 10
    write_jsonl(folder / "rows.jsonl", [{"text_prompt": "a", "rendering_speed": speed} for speed in speeds])
    run = ideogram(*BATCH, "--dry-run", "--in-flight", "20")
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith(
        "2,040 rows: 2,040 images to make\n"
        "  TURBO        2,000  at 0.03 USD       60.00 USD\n"
        "  QUALITY         30  at 0.10 USD        3.00 USD\n"
        "  DEFAULT         10  at 0.06 USD        0.60 USD\n"
        "  cost     63.60 USD\n"
        "  time     8 min to 42 min, with 20 at a time\n"
        "Prices: "
    )
    write_jsonl(folder / "rows.jsonl", [{"text_prompt": "a", "resolution": "9x9"}])
    run = ideogram(*BATCH, "--dry-run")
    assert (run.code, run.out, "line 1" in run.err) == (2, "", True)
    assert files(folder) == ["rows.jsonl"]


def test_a_dry_run_of_a_batch_that_was_begun_changes_nothing(ideogram: Command, folder: Path) -> None:
    rows(folder, 3)
    with FaultServer([answering(entry()), "close_after_request", "status_422"]) as server:
        command = (*BATCH, "--in-flight", "1", "--base-url", server.url)
        assert ideogram(*command).code == 4
        rows(folder, 5)
        before = files(folder / "images", "thumbnails")
        for options, expected in (
            ((), (2, 3)), (("--retry-unknown",), (3, 2)), (("--retry-unknown", "--retry-failed"), (4, 1)),
        ):  # fmt: skip
            run = ideogram(*command, "--dry-run", "--json", *options)
            (event,) = [event for event in read_lines(run.out) if event["event"] == "forecast"]
            assert (run.code, event["rows"], (event["images"], event["finished"])) == (0, 5, expected)
        assert files(folder / "images", "thumbnails") == before
        assert ideogram("batch", "--out", "images", "--base-url", server.url).code == 4
        assert posts(server) == 3, "the rows of the dry run are forgotten"


def test_a_batch_that_another_process_began_meanwhile_is_left_alone(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows(folder, 2)
    plan = Job.plan

    def plan_slowly(job: Job, *arguments: Any, **options: Any) -> Planned:
        planned = plan(job, *arguments, **options)
        (folder / "images" / "thumbnails").mkdir()
        (folder / "images" / "thumbnails" / "ledger.json").write_text('{"ledger": "theirs", "runs": 1}')
        (folder / "images" / "manifest.jsonl").write_text("theirs")
        return planned

    with FaultServer([answering(entry())]) as server:
        monkeypatch.setattr(Job, "plan", plan_slowly)
        run = ideogram(*BATCH, "--base-url", server.url, "--json")
        end = read_lines(run.out)[-1]
        assert (run.code, end["code"], posts(server)) == (2, 2, 0)
    assert "Another process began a batch" in run.out
    assert "--rebuild-ledger" not in run.out
    assert (folder / "images" / "manifest.jsonl").read_text() == "theirs"
    assert not (folder / "images" / "index.html").exists()


# Progress


class Clock:
    """A clock that the test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def outcome(key: int, state: State, *, cost: str = "0.06", error: str | None = None) -> Outcome:
    return Outcome(BatchRequest(f"r{key}", {}, line=key), state, cost=Decimal(cost), error=error)


def progress_of(*events: Event) -> Progress:
    progress = Progress(Clock())
    for event in events:
        progress.add(event)
    return progress


def test_what_is_paid_for_counts_once_from_the_moment_it_is_answered() -> None:
    progress = progress_of(RunStarted(3, 1), RowSent(BatchRequest("r1", {})), RowSent(BatchRequest("r2", {})))
    assert (progress.total, progress.done, progress.figures()) == (4, 0, ["2 in flight", "0.00 USD"])
    progress.add(RowAnswered(outcome(1, State.ANSWERED)))
    assert progress.figures() == ["1 in flight", "1 being saved", "0.06 USD"]
    for event in (outcome(1, State.SAVED), outcome(2, State.UNKNOWN, cost="0.10"), outcome(3, State.FAILED, cost="0")):
        progress.add(RowDone(event))
    assert progress.done == 3
    assert progress.figures() == ["0 in flight", "0.06 USD (and perhaps 0.10 USD)"]


def test_the_rate_is_that_of_the_last_minute() -> None:
    progress = progress_of(RunStarted(100, 0))
    clock = progress.clock
    assert isinstance(clock, Clock)
    assert (progress.per_minute(), progress.seconds_left()) == (None, None)
    for key in range(30):
        clock.now += 1
        progress.add(RowDone(outcome(key, State.SAVED)))
    assert progress.per_minute() == pytest.approx(60)
    assert progress.seconds_left() == pytest.approx(70)
    clock.now += 60
    for key in range(30, 40):
        progress.add(RowDone(outcome(key, State.SAVED)))
    assert progress.per_minute() == pytest.approx(11), "one of those before is just in it"
    progress.add(RunStopping(StopReason.ASKED, "Asked."))
    assert progress.seconds_left() is None, "nothing further is sent"


def test_lines_come_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with BatchReporter(quiet=False).running(Progress(clock)) as on_event:
        on_event(RunStarted(2000, 0))
        for key in range(1, 1801):
            clock.now += 1
            on_event(RowDone(outcome(key, State.SAVED if key % 2 else State.WITHHELD)))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "10 of 2,000: 5 saved, 5 withheld; 0 in flight, 60 rows a minute, 0.60 USD, 33 min left"
    assert len(lines) == 12 + (1800 - 120) // 60


def test_each_reason_of_a_failure_is_reported_once_and_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    for quiet in (False, True):
        reasons = ("a", "b", "a", *(f"c{number}" for number in range(9)))
        with BatchReporter(quiet=quiet).running(Progress(Clock())) as on_event:
            for key, reason in enumerate(reasons, start=1):
                on_event(RowDone(outcome(key, State.FAILED, error=reason)))
            on_event(PaceChanged(5, 1.0, "inflight_limit"))
            on_event(PaceChanged(4, 1.0, "inflight_limit"))
            on_event(RunStopping(StopReason.NOW, "Cancelled."))
            on_event(RowDone(outcome(99, State.UNKNOWN, error="interrupted")))
        lines = capsys.readouterr().err.splitlines()
        shown = [(1, "a"), (2, "b"), (4, "c0"), (5, "c1"), (6, "c2")]
        warnings = [f"warning: line {key}, id r{key}: {reason}" for key, reason in shown]
        assert [line for line in lines if line.startswith("warning")] == warnings
        notes = [
            "note: The service asks for fewer requests (inflight_limit). The batch slows down by itself.",
            "note: Cancelled.",
        ]
        assert [line for line in lines if line.startswith("note")] == ([] if quiet else notes)


def test_times_and_sums_have_the_digits_that_help() -> None:
    for seconds, words in (
        (0.2, "1 s"), (89, "89 s"), (90, "2 min"), (5390, "1 h 30 min"), (3600, "60 min"), (5460, "1 h 31 min"),
        (250000, "69 h"),
    ):  # fmt: skip
        assert duration(seconds) == words
    for amount, words in (
        ("0.06", "0.06"),
        ("0.125", "0.125"),
        ("1234.5", "1,234.50"),
        ("0", "0.00"),
        ("1E+9", "1,000,000,000.00"),
    ):
        assert usd(Decimal(amount)) == f"{words} USD"
    assert len(usd(Decimal(10) ** 40 / 8)) > 40, "more digits than Decimal counts with"


# The end


def test_what_is_worst_for_the_money_makes_the_exit_code() -> None:
    def some(number: int, *, billed: bool = False) -> FailureGroups:
        return FailureGroups.of(
            Outcome(BatchRequest("a", {}), State.FAILED, may_have_been_billed=billed) for _ in range(number)
        )

    lost, interrupted = {"lost": some(1, billed=True)}, {"signal": ExitCode.INTERRUPTED}
    cases: list[tuple[dict[State, int], dict[str, Any], ExitCode]] = [
        ({State.SAVED: 9}, {}, ExitCode.DONE),
        ({State.SAVED: 9, State.WITHHELD: 1}, {}, ExitCode.WITHHELD),
        ({State.WITHHELD: 1, State.FAILED: 1}, {}, ExitCode.REFUSED),
        ({State.WITHHELD: 1, State.PLANNED: 1}, {}, ExitCode.REFUSED),
        ({State.PLANNED: 1, State.FAILED: 1}, interrupted, ExitCode.INTERRUPTED),
        ({State.ANSWERED: 1}, {"signal": ExitCode.TERMINATED}, ExitCode.TERMINATED),
        ({State.SAVED: 1}, interrupted, ExitCode.DONE),
        ({State.ANSWERED: 1, State.FAILED: 1}, {}, ExitCode.DOWNLOAD_FAILED),
        ({State.PLANNED: 1}, lost | interrupted, ExitCode.DOWNLOAD_FAILED),
        ({State.SAVED: 1}, {"unwritten": "full"}, ExitCode.DOWNLOAD_FAILED),
        ({State.SAVED: 1}, {"unrecorded": [Outcome(BatchRequest("a", {}), State.SAVED)]}, ExitCode.DOWNLOAD_FAILED),
        ({State.SAVED: 1, State.PLANNED: 1}, {"unwritable": True}, ExitCode.DOWNLOAD_FAILED),
        ({State.UNKNOWN: 1, State.PLANNED: 1}, lost | interrupted, ExitCode.OUTCOME_UNKNOWN),
    ]
    for counts, changes, code in cases:
        usual: dict[str, Any] = {
            "reason": StopReason.DONE, "message": "", "counts": Counter(counts),
            "unknown": some(counts.get(State.UNKNOWN, 0)), "refused": some(counts.get(State.FAILED, 0)),
            "lost": some(0), "run_cost": Decimal(0), "total_cost": Decimal(0), "location": "images",
            "resume": str,
        }  # fmt: skip
        assert BatchSummary(**(usual | changes)).code is code, (counts, changes)


def test_rows_with_the_same_error_are_listed_together() -> None:
    def failed(line: int | None, error: str) -> Outcome:
        return Outcome(BatchRequest(f"id-{line}", {}, line=line), State.FAILED, error=error)

    lines = [2, 3, 4, 6, 9, 11, 13, 15, 17, 19]
    groups = FailureGroups.of([*(failed(line, "one") for line in lines), failed(5, "two"), failed(None, "three")])
    assert groups.total == 12
    assert list(groups.lines()) == [
        "lines 2 to 4, 6, 9, 11, 13, 15 and 2 more: one", "line 5: two", "id id-None: three",
    ]  # fmt: skip
    many = list(FailureGroups.of(failed(line, f"reason {line}") for line in range(15)).lines())
    assert (len(many), many[-1]) == (11, "and 5 rows with other reasons, all in the manifest")


def test_the_command_that_resumes_has_no_option_that_may_cost_again() -> None:
    for given, resumed in (
        ("'my rows.csv' --out 'a b'", "'my rows.csv' --out 'a b'"),
        ("a.csv --out b --retry-unknown --retry-failed --redo x --replace --yes", "a.csv --out b --yes"),
        (
            "a.txt --out b --format csv -F a=1 -F b=2 --in-flight 7 --max-cost 1",
            "a.txt --out b --format csv --in-flight 7 -F a=1 -F b=2 --max-cost 1",
        ),
        ("- --out b --format csv --skip-invalid --mock", "--out b --mock"),
        ("--out b --json --timeout 9.5", "--out b --json --timeout 9.5"),
    ):
        context = app.commands["batch"].make_context("batch", shlex.split(given), click.Context(app))
        resume = resume_command(context)
        assert resume() == f"ideogram batch {resumed}"
        assert resume("--retry-unknown") == f"ideogram batch {resumed} --retry-unknown"


@pytest.mark.parametrize("status", [401, 402])
def test_a_refusal_that_concerns_all_rows_stops_at_once(ideogram: Command, folder: Path, status: int) -> None:
    rows(folder, 15)
    with FaultServer([f"status_{status}"]) as server:
        run = ideogram(*BATCH, "--base-url", server.url)
        assert posts(server) <= 10
    assert run.code == 3
    assert run.out.startswith("15 rows: 15 not sent\n")
    assert run.err.count("error: ") == 1
    assert f"{status}" in run.err
    assert run.err.endswith(f"15 rows not sent. Resume with: ideogram {shlex.join(BATCH)} --base-url {server.url}\n")
    with FaultServer(answering(entry())) as server:
        assert ideogram(*BATCH, "--base-url", server.url).code == 0
        assert posts(server) == 15


def test_unknown_rows_are_sent_again_only_when_asked_for(ideogram: Command, folder: Path) -> None:
    rows(folder, 3)
    with FaultServer(["close_after_request"]) as server:
        run = ideogram(*BATCH, "--base-url", server.url)
        assert posts(server) == 3
    assert run.code == 4
    assert run.out.startswith("3 rows: 3 unknown\n")
    assert "error: 3 rows with an unknown outcome:\n  lines 1 to 3: " in run.err
    again = f"ideogram {shlex.join(BATCH)} --base-url {server.url} --retry-unknown"
    assert f"which may be billed twice: {again}\n" in run.err
    with FaultServer(answering(entry())) as server:
        command = (*BATCH, "--base-url", server.url)
        assert (ideogram(*command).code, posts(server)) == (4, 0)
        run = ideogram(*command, "--retry-unknown")
        assert (run.code, posts(server)) == (0, 3)
    assert "0.36 USD in all runs together, 0.18 USD in this one" in run.out


def test_withheld_and_lost_images(ideogram: Command, folder: Path) -> None:
    rows(folder, 2)
    run = ideogram(*BATCH, "--in-flight", "1", at=[answering(entry(url=None, is_image_safe=False)), answering(entry())])
    assert run.code == 5
    assert run.out.startswith("2 rows: 1 saved, 1 withheld\n")
    assert states(folder / "images") == {"r1": "withheld", "r2": "saved"}
    rows(folder, 1)
    with FaultServer(answering(entry(url="URL/image.png?exp=1")), image=["status_410"]) as server:
        run = ideogram("batch", "rows.jsonl", "--out", "lost", "--base-url", server.url)
    assert run.code == 6
    lost = "error: 1 row made and billed, with an image that cannot be downloaded any more:\n  line 1: "
    assert lost in run.err
    again = f"ideogram batch rows.jsonl --out lost --base-url {server.url} --retry-failed"
    assert f"To try these downloads again, which is free: {again}\n" in run.err
    link = f"{server.url}/image.png?exp=1"
    assert f"with images that are not saved. Their links:\n  line 1, id r1: {link}\n" in run.err


def test_refused_rows_are_sent_again_only_when_asked_for(ideogram: Command, folder: Path) -> None:
    texts = ["A cat", f"A {UNSAFE_WORD} cat", "A fox"]
    write_jsonl(folder / "rows.jsonl", [{"text_prompt": text, "resolution": SMALL} for text in texts])
    with MockServer() as server:
        command = (*BATCH, "--base-url", server.url)
        run = ideogram(*command)
        assert run.code == 3
        assert run.out.startswith("3 rows: 2 saved, 1 failed\n")
        assert "warning: line 2: 422" in run.err
        assert "error: 1 row failed at no cost:\n  line 2: 422" in run.err
        assert (ideogram(*command).code, len(server.ledger)) == (3, 3)
        run = ideogram(*command, "--retry-failed", "-q")
        assert (run.code, run.out, len(server.ledger)) == (3, "", 4)
        assert "note: 3 rows" not in run.err
        assert "error: 1 row failed at no cost" in run.err


def test_max_cost_holds_for_all_runs_together(ideogram: Command, folder: Path) -> None:
    rows(folder, 5)
    with FaultServer(answering(entry())) as server:
        command = (*BATCH, "--base-url", server.url, "--max-cost")
        run = ideogram(*command, "0.13")
        assert (run.code, posts(server)) == (3, 2)
        assert "0.13 USD" in run.err
        assert "3 rows not sent. Resume with a higher --max-cost: ideogram batch rows.jsonl" in run.err
        assert (ideogram(*command, "0.13").code, posts(server)) == (3, 2)
        assert (ideogram(*command, "$0.30").code, posts(server)) == (0, 5)
        (folder / "prices.json").write_text('{"usd_per_image": {"DEFAULT": 0.125}}')
        other = ("batch", "rows.jsonl", "--out", "others", *command[4:], "0.2", "--prices", "prices.json")
        assert "cost      0.125 USD, had it not" in ideogram(*other).out


def test_what_cannot_be_written_is_reported(ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("No space left on device.")

    rows(folder, 1)
    with FaultServer(answering(entry())) as server, monkeypatch.context() as patched:
        patched.setattr("ideogram_ai.cli.batch.write_manifest", refuse)
        run = ideogram(*BATCH, "--base-url", server.url)
    assert run.code == 6
    assert "error: The manifest or the gallery was not written, but the ledger is complete: No space left" in run.err
    monkeypatch.setattr("ideogram_ai.cli.batch.BatchSummary.of", refuse)
    run = ideogram("batch", "rows.jsonl", "--out", "others", at=answering(entry()))
    assert run.code == 4
    assert "No space left on device. Requests were sent. The ledger has their outcome" in run.err
    assert "Nothing was sent" not in run.err


def test_the_gallery_and_the_place_of_the_ledger_are_chosen(ideogram: Command, folder: Path) -> None:
    rows(folder, 1)
    with FaultServer(answering(entry())) as server:
        command = ("batch", "--out", "images", "--ledger", "my.sqlite3", "--no-gallery", "--base-url", server.url)
        run = ideogram(*command, "rows.jsonl")
        assert (run.code, "gallery" in run.out) == (0, False)
        assert files(folder, "images") == ["my.sqlite3", "rows.jsonl"]
        assert not {"ledger.sqlite3", "index.html"} & set(files(folder / "images"))
        assert (ideogram(*command).code, posts(server)) == (0, 1)


def test_events_are_objects_a_line(ideogram: Command, folder: Path) -> None:
    write_jsonl(folder / "rows.jsonl", [*prompts(2), {}])
    run = ideogram(*BATCH, "--json", "--skip-invalid", "--in-flight", "1", at=answering(entry(prompt="Grüße\u2028")))
    assert (run.code, run.err, run.out.isascii()) == (0, "", True)
    events = read_lines(run.out)
    assert [event["event"] for event in events[:4]] == ["bad_row", "checked", "forecast", "started"]
    for key in ("r1", "r2"):
        assert [event["event"] for event in events if event.get("id") == key] == ["sent", "answered", "done"]
    assert len(events) == 4 + 2 * 3 + 1
    end = events[-1]
    assert (end["outcome"], end["code"], end["rows"]["saved"], end["cost_usd"]) == ("done", 0, 2, "0.12")
    assert end["resume"] is None


@pytest.mark.parametrize("options", [(), ("--json",), ("-q",)])
def test_what_many_responses_break_is_said_once(ideogram: Command, folder: Path, options: tuple[str, ...]) -> None:
    write_jsonl(folder / "rows.jsonl", prompts(3))
    run = ideogram(*BATCH, *options, at=answering(entry(seed="x")))
    assert (run.code, run.err.count("data[0].seed is a string, not an integer")) == (0, 1)
    assert "warning: The response breaks the contract, and the images in it are still returned: " in run.err
    assert "ResponseWarning" not in run.err


@pytest.mark.parametrize("options", [(), ("--json",), ("-q",)])
def test_the_id_of_a_job_that_the_ledger_lacks_is_printed(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """Nothing else has it: not the next run, if this process is killed while it waits."""
    rows(folder, 2)
    whole = Ledger.apply

    def apply(ledger: Ledger, outcomes: Sequence[Outcome]) -> None:
        if any(outcome.state is State.SUBMITTED for outcome in outcomes):
            raise LedgerError("The disk is full.")
        whole(ledger, outcomes)

    monkeypatch.setattr(Ledger, "apply", apply)
    run = ideogram(*BATCH, "--async", "--mock", "--in-flight", "1", "--resolution", SMALL, *options)
    assert run.code == 6
    (job_id,) = re.findall(r"The row was submitted as job (\S+); `ideogram fetch` gets its image by that id", run.err)
    assert f"saved, job {job_id}, saved as " in run.err, "and in the end, with what became of it"
    if options == ("--json",):
        events = [json.loads(line) for line in run.out.splitlines()]
        assert [event["job_id"] for event in events if event["event"] == "submitted"] == [job_id]
        assert [row["job_id"] for row in events[-1]["unrecorded"]] == [job_id]
