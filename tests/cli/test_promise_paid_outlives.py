"""A response that was paid for outlives whatever fails after it: it is saved, written down, or printed with its link.

Disks fill while requests are in flight, folders vanish or become read-only, nobody reads stdout any more. Processes
meet real disks here; the server's own ledger says what was paid for. Each paid image is then in the folder or named
with its link, the exit code and the `end` event say so, and the same command resumes once there is room.
"""

import contextlib
import json
import os
import pty
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_inputs import SMALL, manifest, write_jsonl
from cli_runs import IDEOGRAM, Command, answering, entry, environment, forked_ideogram, posts
from full_disks import kept_full, small_disk

from ideogram_ai.testing import UNSAFE_WORD, MockServer
from ideogram_ai.testing.faults import FaultServer, answer_with

PATIENCE = 120
ROWS = 20
IN_FLIGHT = 4
Process = subprocess.Popen[str]


class Ended:
    """How a run ended."""

    def __init__(self, process: Process) -> None:
        out, self.err = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in self.err
        self.code = process.returncode
        self.events: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
        self.end = self.events[-1]
        assert self.end["event"] == "end"
        self.done = {event["id"]: event for event in self.events if event["event"] == "done"}
        self.links = {event["id"]: event["url"] for event in self.events if event["event"] == "answered"}


class Batch:
    """A batch of rows whose ids are their prompts, and what the server made for it."""

    def __init__(self, folder: Path, server: MockServer) -> None:
        self.folder = folder
        self.out = folder / "images"
        self.options: list[str] = []
        self.server = server
        write_jsonl(folder / "rows.jsonl", [{"id": f"<{n}>", "text_prompt": f"<{n}>"} for n in range(ROWS)])

    def start(
        self, *options: object, prefix: tuple[str, ...] = (), report: str = "--json", stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> Process:  # fmt: skip
        """Start the command."""
        command = [
            *prefix, *(IDEOGRAM if prefix else forked_ideogram()), "batch", str(self.folder / "rows.jsonl"),
            "--out", str(self.out), "--base-url", self.server.url,
            "--resolution", SMALL, "--in-flight", str(IN_FLIGHT), report, *self.options, *map(str, options),
        ]  # fmt: skip
        variables = environment(TERM="xterm-256color")
        return subprocess.Popen(command, cwd=self.folder, env=variables, text=True, stdout=stdout, stderr=stderr)

    def start_and_wait(self, **options: Any) -> Process:
        """Start the command, and wait until requests are in flight."""
        process = self.start(**options)
        deadline = time.monotonic() + PATIENCE
        while len(self.server.ledger) < IN_FLIGHT:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return process

    def paid(self) -> Counter[str]:
        """How often the server made each image."""
        made = [exchange for exchange in self.server.ledger if exchange.status == 200]
        return Counter(str(dict(exchange.fields)["text_prompt"]) for exchange in made)

    def judge(self, process: Process) -> Ended:
        """Wait for the end, and check that each image that was paid for is saved or shown, and the end is reported."""
        ended = Ended(process)
        assert ended.end["code"] == ended.code in {4, 6}
        shown = {entry["id"] for entry in ended.end["unsaved"] + ended.end["unrecorded"]}
        for key in self.paid():
            if key in shown:
                assert ended.links[key] in ended.err
            else:
                assert ended.done[key]["state"] == "saved"
                assert (self.out / ended.done[key]["file"]).is_file()
        return ended

    def resume(self, *options: object) -> Ended:
        """Run the same command again: it ends in 0 unless rows are unknown, and nothing is paid for twice."""
        again = Ended(self.start(*options))
        assert again.code == (4 if again.end["rows"]["unknown"] else 0)
        assert set(self.paid().values()) == {1}
        assert options or again.end["rows"]["saved"] + again.end["rows"]["unknown"] == ROWS
        return again

    def judge_without_ledger(self, ended: Ended) -> dict[str, dict[str, Any]]:
        """Check that all images are saved, and what the ledger lacks is shown. Gives that by id."""
        paid = set(self.paid())
        assert len(paid) < ROWS, "nothing new is sent"
        assert (ended.code, ended.end["rows"]["saved"]) == (6, len(paid))
        assert {row["id"] for row in manifest(self.out) if row["state"] == "saved"} == paid
        unrecorded = {row["id"]: row for row in ended.end["unrecorded"]}
        for key, row in unrecorded.items():
            assert (self.out / row["files"][0]).is_file()
            assert row["urls"] == [ended.links[key]]
            assert f"saved as {row['files'][0]}, {ended.links[key]}" in ended.err
        return unrecorded


@pytest.fixture
def batch(folder: Path) -> Iterator[Batch]:
    with MockServer(latency=1.0, in_flight=10) as server:
        yield Batch(folder, server)


def test_a_disk_that_fills_while_requests_are_in_flight(batch: Batch, folder: Path) -> None:
    """The ledger has room kept for it, so that the same command can download what was paid for."""
    with small_disk(folder / "disk") as disk:
        batch.out = disk / "images"
        process = batch.start_and_wait()
        with (disk / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        ended = batch.judge(process)
        assert len(batch.paid()) < ROWS, "nothing new is sent"
        assert not ended.end["unrecorded"]
        (disk / "filler").unlink()
        assert batch.resume().code == 0
        assert len(list(batch.out.glob("*.png"))) == ROWS


def test_a_disk_on_which_nothing_can_be_written_any_more(batch: Batch, folder: Path) -> None:
    with small_disk(folder / "disk") as disk:
        batch.out = disk / "images"
        process = batch.start_and_wait()
        with kept_full(disk):
            ended = batch.judge(process)
        paid = batch.paid()
        assert len(paid) < ROWS
        assert {entry["id"] for entry in ended.end["unrecorded"]} | set(ended.done) == set(paid)
        batch.resume()


def test_a_full_disk_of_the_ledger_alone(batch: Batch, folder: Path) -> None:
    """What is in flight is still saved, and whatever the ledger lacks is shown with its link."""
    with small_disk(folder / "disk") as disk:
        batch.options = ["--ledger", str(disk / "ledger.sqlite3")]
        process = batch.start_and_wait()
        with kept_full(disk):
            ended = batch.judge(process)
        unrecorded = batch.judge_without_ledger(ended)  # how many depends on who is first to take what room there is
        batch.resume()
        rows = {row["id"]: row for row in manifest(batch.out)}
        for key, row in unrecorded.items():
            if rows[key]["state"] == "unknown":
                assert f"{row['files'][0]!r}" in rows[key]["error"], "it says where the image is"
            else:  # only that it is saved could not be written down
                assert (rows[key]["state"], rows[key]["file"]) == ("saved", row["files"][0])


@pytest.mark.parametrize("harm", ["moved", "replaced", "deleted"])
def test_a_ledger_that_is_gone_while_requests_are_in_flight(batch: Batch, folder: Path, harm: str) -> None:
    ledger = folder / "elsewhere" / "ledger.sqlite3"
    batch.options = ["--ledger", str(ledger)] if harm != "deleted" else []
    process = batch.start_and_wait()
    if harm == "deleted":
        shutil.rmtree(batch.out)
    else:
        ledger.rename(folder / "moved")
    if harm == "replaced":
        ledger.write_bytes(b"")
    ended = batch.judge(process)
    if harm == "deleted":
        assert (ended.code, len(batch.paid())) == (6, IN_FLIGHT), "without a ledger nothing new is sent"
        assert {entry["id"] for entry in ended.end["unrecorded"]} == set(batch.paid())
    else:
        assert set(batch.judge_without_ledger(ended)) == set(batch.paid())
    assert "was removed or replaced while its batch ran" in ended.end["message"]


def test_a_ledger_that_is_behind_says_where_the_image_may_be(batch: Batch, folder: Path) -> None:
    """As after a full disk, or a kill: the row is on its way for the ledger, and its image is in the folder."""
    process = batch.start_and_wait()
    shutil.copytree(batch.out, folder / "before")
    assert Ended(process).code == 0
    for name in ("ledger.sqlite3", "ledger.sqlite3-wal"):
        (batch.out / name).unlink(missing_ok=True)
        if (folder / "before" / name).exists():
            shutil.copy(folder / "before" / name, batch.out / name)
    before = len(batch.paid())
    assert batch.resume("--max-cost", "0").code == 4
    assert len(batch.paid()) == before
    unknown = [row for row in manifest(batch.out) if row["state"] == "unknown"]
    assert len(unknown) == IN_FLIGHT
    for row in unknown:
        assert f"-{row['request']['text_prompt'].strip('<>')}.png" in row["error"]


@pytest.mark.slow
@pytest.mark.parametrize("harm", ["full", "read_only"])
def test_a_disk_of_the_images_alone(batch: Batch, folder: Path, harm: str) -> None:
    with small_disk(folder / "disk") as disk:
        batch.out = disk / "images"
        batch.options = ["--ledger", str(folder / "ledger.sqlite3")]
        process = batch.start_and_wait()
        if harm == "read_only":
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with kept_full(disk) if harm == "full" else contextlib.nullcontext():
            ended = batch.judge(process)
        assert (ended.code, ended.end["unrecorded"]) == (6, [])
        assert len(ended.end["unsaved"]) == len(batch.paid())
        if harm == "read_only":
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        assert batch.resume().code == 0


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [20, 60])
def test_files_that_may_not_grow(batch: Batch, kilobytes: int) -> None:
    """RLIMIT_FSIZE ends writes in the middle of any file: the ledger's, an image's, the manifest's."""
    # Python replaces a stale .pyc by a cut one when it cannot write it whole, and nothing can be imported any more.
    limited = f'export PYTHONDONTWRITEBYTECODE=1; ulimit -f {kilobytes}; exec "$@"'
    ended = Ended(batch.start(prefix=("bash", "-c", limited, "bash")))
    for key in batch.paid():
        assert (key in ended.done and ended.done[key]["file"]) or ended.links[key] in ended.err
    if 0 < len(batch.paid()) < ROWS:
        assert ended.code in {4, 6}
    batch.resume()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("stdout", ["full", "closed"])
def test_a_stdout_that_takes_nothing_stops_no_run(batch: Batch, stdout: str) -> None:
    reading, handle = os.pipe() if stdout == "closed" else (None, os.open("/dev/full", os.O_WRONLY))
    if reading is not None:
        os.close(reading)
    process = batch.start(stdout=handle)
    os.close(handle)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, len(batch.paid()), set(batch.paid().values())) == (0, ROWS, {1})
    events = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert (events[-1]["event"], events[-1]["rows"]["saved"]) == ("end", ROWS)
    assert "answered" not in {event["event"] for event in events[1:]}, "what is saved is not repeated there"


def test_a_terminal_that_is_closed_ends_no_run(batch: Batch) -> None:
    """Not even when something is to be printed there: that a row was refused."""
    texts = [f"<{n}>" if n != IN_FLIGHT + 1 else UNSAFE_WORD for n in range(ROWS)]
    write_jsonl(batch.folder / "rows.jsonl", [{"text_prompt": text} for text in texts])
    ours, theirs = pty.openpty()
    process = batch.start_and_wait(report="--no-gallery", stderr=theirs)
    os.close(theirs)
    os.close(ours)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert f"{ROWS} rows: {ROWS - 1} saved, 1 failed" in out
    assert len(list(batch.out.glob("*.png"))) == ROWS - 1


def test_an_image_that_is_not_had_now_is_asked_for_again_by_the_same_command(ideogram: Command, folder: Path) -> None:
    """Its link is in the manifest and on the screen until it is saved."""
    write_jsonl(folder / "rows.jsonl", [{"id": "one", "text_prompt": "A cat"}])
    with FaultServer(answering(entry()), image=[*[answer_with(404)] * 4, "ok"]) as server:
        codes: list[int] = []
        while not codes or codes[-1]:
            run = ideogram("batch", "rows.jsonl", "--out", "images", "--base-url", server.url)
            codes.append(run.code)
            assert run.code in {0, 6}
            (row,) = manifest(folder / "images")
            assert (row["state"], row["url"]) == (
                ("saved", row["url"]) if run.code == 0 else ("answered", f"{server.url}/image.png")
            )
            assert run.code == 0 or f"{server.url}/image.png" in run.err
        assert len(codes) > 1
        assert (posts(server), len(server.ledger.gets)) == (1, 5)
