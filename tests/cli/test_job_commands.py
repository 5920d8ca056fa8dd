"""generate --async, remix --async and fetch: whatever ends the command, the job's id leads to its images.

Real processes are killed here while their job goes on, on a server that counts what it was asked for.
"""

import contextlib
import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event

import pytest
from cli_runs import SMALL, Command, Run, acting, files, refuse, running

from ideogram_ai.cli.sending import RequestOptions
from ideogram_ai.testing import FAILED_WORD, UNSAFE_WORD, WITHHELD_WORD, MockServer
from ideogram_ai.testing.faults import FaultServer
from ideogram_ai.testing.faults.exchange import Exchange
from ideogram_ai.testing.faults.wire import Response

PATIENCE = 20


def submitting(
    folder: Path, server: MockServer | FaultServer, *arguments: str, before: Sequence[str] = ()
) -> AbstractContextManager[subprocess.Popen[str]]:
    submit = ("generate", "A cat", *SMALL, "--async", "-o", "cat.png", "--base-url", server.url)
    return running(folder, *submit, *arguments, before=before)


def submits(server: MockServer) -> int:
    """How many jobs were submitted to a server."""
    return len([exchange for exchange in server.ledger if exchange.method == "POST"])


@pytest.fixture
def server() -> Iterator[MockServer]:
    """A server whose jobs take a second."""
    with MockServer(latency=1.0) as running:
        yield running


def job_of(run: Run) -> str:
    """The id of the job that was submitted, from the first line of --json."""
    job_id: str = json.loads(run.out.splitlines()[0])["job"]["id"]
    return job_id


def test_the_images_of_a_job_are_saved(ideogram: Command, service: MockServer, folder: Path) -> None:
    run = ideogram("generate", "A cat", *SMALL, "--async", "-o", "cat.png", "--sidecar")
    assert (run.code, run.out.splitlines()[0]) == (0, "saved cat.png")
    assert (folder / "cat.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((folder / "cat.png.json").read_text())["request"]["text_prompt"] == "A cat"
    (note,) = run.err.splitlines()
    assert note.startswith("note: The job ")
    assert submits(service) == 1
    run = ideogram("generate", "A cat", *SMALL, "--async", "--json", "-o", "owl.png")
    first, last = (json.loads(line) for line in run.out.splitlines())
    assert first == {"job": {"id": first["job"]["id"], "status": "pending", "failure_reason": None}}
    assert (last["outcome"], last["job"]) == ("done", first["job"] | {"status": "completed"})
    assert last["images"][0]["path"] == "owl.png"
    run = ideogram("generate", "A cat", *SMALL, "--async", "-q", "-o", "fox.png")
    assert run.out == "fox.png\n"
    assert run.err.startswith("job "), "it is not lost even so"


def test_a_killed_command_loses_nothing(folder: Path, ideogram: Command, server: MockServer) -> None:
    """The id is on stdout, or in a note, before the wait begins, and another process fetches the image."""
    real = ("env",)  # not a fork, so that it is killed itself
    with submitting(folder, server, "--json", before=real) as process:
        assert process.stdout is not None
        job_id: str = json.loads(process.stdout.readline())["job"]["id"]
        process.kill()
    with submitting(folder, server, before=real) as process:
        assert process.stderr is not None
        command = process.stderr.readline().partition("at any time: ideogram ")[2].split()
        process.kill()
    assert files(folder) == []
    for fetch, name in ((["fetch", job_id, "--base-url", server.url], "a.png"), (command, "b.png")):
        run = ideogram(*fetch, "-o", name)
        assert (run.code, run.out.splitlines()[0], run.err) == (0, f"saved {name}", "")
    assert submits(server) == 2, "nothing was made twice"


def test_one_signal_ends_the_wait(folder: Path) -> None:
    with MockServer(latency=600.0) as server, submitting(folder, server, "--json") as process:
        assert process.stdout is not None
        job = json.loads(process.stdout.readline())["job"]
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and all(exchange.method == "POST" for exchange in server.ledger):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)  # it has asked once: what leaves then costs nothing
        out, err = process.communicate(timeout=PATIENCE)
    last = json.loads(out)
    assert (process.returncode, err, last["outcome"], last["job"]) == (4, "", "outcome_unknown", job)
    assert last["error"]["may_have_been_billed"] is True
    assert last["error"]["message"] == (
        "Interrupted. The job goes on, and is billed when it succeeds. To fetch its images, for free: "
        f"ideogram fetch --base-url {server.url} {job['id']}"
    )


@pytest.mark.parametrize("again", [False, True])
def test_a_signal_during_the_submit_waits_for_the_id_and_a_second_one_gives_up(folder: Path, again: bool) -> None:
    """The id is worth it: without it, nobody would know what became of the request."""
    arrived, go_on = Event(), Event()

    def act(exchange: Exchange) -> None:
        exchange.read_request()
        arrived.set()
        go_on.wait(PATIENCE)
        if not again:
            exchange.answer(Response(200, b'{"generation_id": "-late"}', (("Content-Type", "application/json"),)))

    with FaultServer(acting(act)) as server, submitting(folder, server, "--json") as process:
        assert arrived.wait(PATIENCE)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert process.stderr.readline() == (
            "note: Waiting for the id of the job, which may already be paid for. Press Ctrl-C again to stop waiting.\n"
        )
        if again:
            time.sleep(0.6)  # or it would be an echo of the first
            process.send_signal(signal.SIGINT)
        else:
            go_on.set()
        out, err = process.communicate(timeout=PATIENCE)
        go_on.set()
        assert len(server.wait_idle().requests) == 1, "it is not waited for"
    *first, last = (json.loads(line) for line in out.splitlines())
    assert (process.returncode, err, last["outcome"]) == (4, "", "outcome_unknown")
    assert last["error"]["may_have_been_billed"] is True
    if again:
        assert (first, last["job"]) == ([], None)
    else:
        assert (first[0]["job"]["id"], last["job"]) == ("-late", first[0]["job"])
        assert last["error"]["message"].endswith(f"ideogram fetch --base-url {server.url} -- -late")


def test_a_deadline(ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with MockServer(latency=600.0) as server:
        monkeypatch.setenv("IDEOGRAM_BASE_URL", server.url)
        run = ideogram("generate", "A cat", *SMALL, "--async", "--deadline", "0", "-o", "cat.png", "--json")
        job_id = job_of(run)
        last = json.loads(run.out.splitlines()[-1])
        assert (run.code, last["job"]["status"], last["error"]["type"]) == (4, "pending", "JobTimeoutError")
        assert last["error"]["message"].endswith(f"ideogram fetch {job_id}")
        run = ideogram("fetch", job_id, "--no-wait", "--json")
        assert (run.code, run.json["outcome"], run.json["job"]["status"]) == (4, "outcome_unknown", "pending")
        run = ideogram("fetch", job_id, "--no-wait")
        assert (run.code, run.out) == (4, "")
        assert f"The job {job_id} is not done yet. Ask again: ideogram fetch {job_id}" in run.err
        run = ideogram("fetch", job_id, "--deadline", "0.1")
        assert (run.code, run.out, run.err.endswith(f"ideogram fetch {job_id}\n")) == (4, "", True)
        assert (submits(server), files(folder)) == (1, [])


def test_a_job_that_fails_or_is_withheld(ideogram: Command, service: MockServer, folder: Path) -> None:
    run = ideogram("generate", f"A {WITHHELD_WORD} cat", *SMALL, "--async", "--json")
    assert (run.code, json.loads(run.out.splitlines()[-1])["outcome"]) == (5, "withheld")
    run = ideogram("generate", f"A {UNSAFE_WORD} cat", *SMALL, "--async", "--json")
    assert (run.code, json.loads(run.out.splitlines()[-1])["outcome"]) == (3, "refused")
    run = ideogram("generate", f"A {FAILED_WORD} cat", *SMALL, "--async", "--json")
    job_id, last = job_of(run), json.loads(run.out.splitlines()[-1])
    assert (run.code, last["outcome"], last["error"]["type"]) == (3, "refused", "JobFailedError")
    assert last["error"]["may_have_been_billed"] is False
    assert (last["job"]["id"], last["job"]["status"]) == (job_id, "failed")
    assert last["job"]["failure_reason"]
    for options in ([], ["--no-wait"]):
        run = ideogram("fetch", job_id, *options)
        assert (run.code, run.out, last["job"]["failure_reason"] in run.err) == (3, "", True)
        run = ideogram("fetch", job_id, *options, "--json")
        assert (run.code, run.json["job"]) == (3, last["job"])
    assert files(folder) == []


def test_a_batch_asks_again_for_an_unknown_job_even_if_nothing_else_is_left(
    ideogram: Command, service: MockServer, folder: Path
) -> None:
    (folder / "rows.jsonl").write_text('{"id": "a", "text_prompt": "A cat", "resolution": "512x1536"}\n')
    batch = ("batch", "rows.jsonl", "--out", "images", "--async", "--json")
    assert ideogram(*batch).code == 0
    with contextlib.closing(sqlite3.connect(folder / "images" / "ledger.sqlite3")) as database, database:
        database.execute("UPDATE rows SET state = 'unknown', images = '[]', body = NULL")
    run = ideogram(*batch)
    assert (run.code, json.loads(run.out.splitlines()[-1])["rows"]["saved"]) == (0, 1)
    assert submits(service) == 1


def test_several_jobs(ideogram: Command, service: MockServer, folder: Path) -> None:
    ids = [
        job_of(ideogram("generate", f"Cat {n}", *SMALL, "--async", "--json", "-o", "a.png", "--overwrite"))
        for n in range(3)
    ]
    (folder / "cat-2.png").write_text("mine")
    run = ideogram("fetch", *ids, ids[0], "-o", "cat.png", "--json", "--sidecar")
    lines = [json.loads(line) for line in run.out.splitlines()]
    assert (run.code, [line["job"]["id"] for line in lines]) == (0, ids)
    assert [line["images"][0]["path"] for line in lines] == ["cat.png", "cat-3.png", "cat-4.png"]
    assert (folder / "cat-2.png").read_text() == "mine"
    names = set(files(folder))
    run = ideogram("fetch", ids[1], "-o", "cat.png", "--overwrite", "-q")
    assert (run.code, run.out) == (0, "cat.png\n")
    assert (folder / "cat.png").read_bytes() == (folder / "cat-3.png").read_bytes()
    assert set(files(folder)) == names, "it can be fetched again and again"
    run = ideogram("fetch", *ids[:2], "-o", "cat.png", "--overwrite", "-q")
    assert (run.code, run.out) == (0, "cat.png\ncat-5.png\n"), "no image of the same run is replaced"
    assert submits(service) == 3


def test_the_gravest_outcome_is_the_exit_code(ideogram: Command, service: MockServer, folder: Path) -> None:
    good = job_of(ideogram("generate", "A cat", *SMALL, "--async", "--json", "-o", "a.png"))
    run = ideogram("fetch", "unknown-id", good, "-o", "cat.png", "--json")
    unknown, known = (json.loads(line) for line in run.out.splitlines())
    assert (run.code, unknown["outcome"], known["outcome"]) == (3, "refused", "done")
    assert (unknown["job"]["id"], unknown["error"]["may_have_been_billed"]) == ("unknown-id", False)
    run = ideogram("fetch", good, "unknown-id")
    assert (run.code, run.out.startswith("saved ")) == (3, True)


def test_wrong_use(ideogram: Command, service: MockServer, folder: Path) -> None:
    (folder / "there.png").write_text("mine")
    cases = (
        ([""], "blank"),
        (["a", "-o", "there.png"], "exists"),
        (["a", "--mock"], "--mock"),
        (["a", "--deadline", "-1"], "--deadline: -1.0 is not a number of seconds from 0 to 1,000,000"),
        (["a", "--deadline", "nan"], "--deadline: nan"),
    )
    refuse(ideogram, cases, "fetch")
    refuse(ideogram, [([], "Missing argument")], "fetch")
    assert "--json and --quiet" in ideogram("fetch", "a", "--json", "-q").error
    too_long = (["--async", "--deadline", "2000000"], "--deadline: 2000000.0")  # it is said before the submit
    for_no_job = (["--deadline", "5"], "--deadline is for a job: add --async")
    refuse(ideogram, [too_long, for_no_job], "generate", "A cat")
    assert not service.ledger


def test_the_command_that_fetches_can_be_pasted() -> None:
    def command(**more: object) -> Callable[[str], str]:
        shared = {"output": None, "overwrite": False, "as_json": False, "quiet": False, "api_key_file": None}
        given = {"base_url": None, "allow_http": False, "timeout": None, **shared, **more}
        return RequestOptions(**given).fetch_command  # type: ignore[arg-type]

    assert command()("Ab_c=") == "ideogram fetch Ab_c="
    assert command()("a b") == "ideogram fetch 'a b'"
    assert command()("-oops") == "ideogram fetch -- -oops", "an id may begin with a dash"
    assert command(base_url="http://127.0.0.1:1", allow_http=True)("x") == (
        "ideogram fetch --base-url http://127.0.0.1:1 --allow-http x"
    )
