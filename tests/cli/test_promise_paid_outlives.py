"""An answer that was paid for outlives whatever fails after it: it is saved, written down, or shown with its link.

Disks fill while requests are in flight, folders vanish or turn read-only, nobody reads stdout any more. Real processes
meet real disks here; the server's own ledger says what was paid for. Each paid image is then in the folder or named
with its link, the exit code and the `end` event say so, and the same command goes on once there is room.
"""

import contextlib
import json
import os
import pty
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_inputs import SMALL, write_jsonl
from cli_runs import IDEOGRAM, answering, entry, environment
from full_disks import kept_full, small_disk

from ideogram_ai.testing import UNSAFE_WORD, MockServer
from ideogram_ai.testing.faults import FaultServer, answer_with

PATIENCE = 120
ROWS = 12
IN_FLIGHT = 4


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer(latency=1.0, in_flight=10) as serving:
        yield serving


class Batch:
    """A batch of rows whose ids are their prompts, and what the server made for it."""

    def __init__(self, folder: Path, server: MockServer) -> None:
        self.folder = folder
        self.out = folder / "images"
        self.options: list[str] = []
        self._server = server
        self.url = server.url
        write_jsonl(folder / "rows.jsonl", [{"id": f"<{n}>", "text_prompt": f"<{n}>"} for n in range(ROWS)])

    def start(
        self, *options: object, prefix: tuple[str, ...] = (), stdout: int = subprocess.PIPE
    ) -> "subprocess.Popen[str]":
        """Start the command, with its events on stdout."""
        command = [
            *prefix, *IDEOGRAM, "batch", "rows.jsonl", "--out", str(self.out), "--base-url", self._server.url,
            "--resolution", SMALL, "--in-flight", str(IN_FLIGHT), "--json", *self.options, *map(str, options),
        ]  # fmt: skip
        return subprocess.Popen(
            command, cwd=self.folder, env=environment(), text=True, stdout=stdout, stderr=subprocess.PIPE
        )

    def wait_for_requests(self) -> None:
        """Wait until requests are in flight."""
        deadline = time.monotonic() + PATIENCE
        while len(self._server.ledger) < IN_FLIGHT:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def paid(self) -> Counter[str]:
        """How often the server made each image."""
        made = [exchange for exchange in self._server.ledger if exchange.status == 200]
        return Counter(str(dict(exchange.fields)["text_prompt"]) for exchange in made)

    def judge(self, process: "subprocess.Popen[str]") -> "Ended":
        """Wait for the end, and see that each image that was paid for is saved or shown, and the end is told."""
        out, err = process.communicate(timeout=PATIENCE)
        ended = Ended(process.returncode, err, [json.loads(line) for line in out.splitlines()])
        assert "Traceback" not in err
        assert ended.end["code"] == ended.code in {4, 6}
        told = {key for entry in ended.end["unsaved"] + ended.end["unrecorded"] if (key := entry["id"])}
        for key in self.paid():
            if key not in told:
                assert ended.done[key]["state"] == "saved"
                assert (self.out / ended.done[key]["file"]).is_file()
            else:
                assert ended.links[key] in err
        return ended

    def go_on(self, *options: object) -> "Ended":
        """Run the same command again."""
        process = self.start(*options)
        out, err = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err
        return Ended(process.returncode, err, [json.loads(line) for line in out.splitlines()])


class Ended:
    """How a run ended."""

    def __init__(self, code: int, err: str, events: list[dict[str, Any]]) -> None:
        self.code = code
        self.err = err
        self.events = events
        self.end = events[-1]
        assert self.end["event"] == "end"
        self.done = {event["id"]: event for event in events if event["event"] == "done"}
        self.links = {event["id"]: event["url"] for event in events if event["event"] == "answered"}


@pytest.fixture
def batch(folder: Path, server: MockServer) -> Batch:
    return Batch(folder, server)


def test_a_disk_that_fills_while_requests_are_in_flight(batch: Batch, folder: Path) -> None:
    """The ledger has room kept for it, so that the same command can download what was paid for."""
    with small_disk(folder / "disk") as disk:
        batch.out = disk / "images"
        process = batch.start()
        batch.wait_for_requests()
        with (disk / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        ended = batch.judge(process)
        assert len(batch.paid()) < ROWS, "nothing new is sent"
        assert not ended.end["unrecorded"]
        (disk / "filler").unlink()
        assert batch.go_on().code == 0
        assert len(list(batch.out.glob("*.png"))) == ROWS
    assert set(batch.paid().values()) == {1}


def test_a_disk_on_which_nothing_at_all_can_be_written_any_more(batch: Batch, folder: Path) -> None:
    with small_disk(folder / "disk") as disk:
        batch.out = disk / "images"
        process = batch.start()
        batch.wait_for_requests()
        with kept_full(disk):
            ended = batch.judge(process)
        paid = batch.paid()
        assert len(paid) < ROWS
        assert {entry["id"] for entry in ended.end["unrecorded"]} | set(ended.done) == set(paid)
        again = batch.go_on()
        assert set(batch.paid().values()) == {1}, "what nobody could write down is never paid for again by itself"
        assert again.code == (4 if again.end["rows"]["unknown"] else 0)
        assert again.end["rows"]["saved"] + again.end["rows"]["unknown"] == ROWS


def judge_without_ledger(batch: Batch, ended: "Ended") -> dict[str, dict[str, Any]]:
    """See that all images are saved, and what the ledger does not know is shown. Gives that by id."""
    paid = set(batch.paid())
    assert len(paid) < ROWS
    assert ended.code == 6
    assert ended.end["rows"]["saved"] == len(paid), "the manifest and the counts have what the ledger has not"
    manifest = [json.loads(line) for line in (batch.out / "manifest.jsonl").read_text().splitlines()]
    assert {row["id"] for row in manifest if row["state"] == "saved"} == paid
    unrecorded = {row["id"]: row for row in ended.end["unrecorded"]}
    for key, row in unrecorded.items():
        assert (batch.out / row["files"][0]).is_file()
        assert row["urls"] == [ended.links[key]]
        assert f"saved as {row['files'][0]}, {ended.links[key]}" in ended.err
    return unrecorded


def test_a_full_disk_of_the_ledger_alone(batch: Batch, folder: Path) -> None:
    """What is in flight is saved all the same, and whatever the ledger does not know is shown with its link."""
    with small_disk(folder / "disk") as disk:
        batch.options = ["--ledger", str(disk / "ledger.sqlite3")]
        process = batch.start()
        batch.wait_for_requests()
        with kept_full(disk):
            ended = batch.judge(process)
        unrecorded = judge_without_ledger(batch, ended)  # how many depends on who is first to take what room there is
        again = batch.go_on()
        assert again.code == (4 if again.end["rows"]["unknown"] else 0)
        assert set(batch.paid().values()) == {1}
        states = {row["id"]: row for row in map(json.loads, (batch.out / "manifest.jsonl").read_text().splitlines())}
        for key, row in unrecorded.items():
            if states[key]["state"] == "unknown":
                assert f"The file {row['files'][0]!r} is there" in states[key]["error"]
            else:  # only that it is saved could not be written down
                assert (states[key]["state"], states[key]["file"]) == ("saved", row["files"][0])


@pytest.mark.parametrize("replaced", [False, True])
def test_a_ledger_that_is_gone_while_requests_are_in_flight(batch: Batch, folder: Path, replaced: bool) -> None:
    ledger = folder / "elsewhere" / "ledger.sqlite3"
    batch.options = ["--ledger", str(ledger)]
    process = batch.start()
    batch.wait_for_requests()
    ledger.rename(folder / "moved")
    if replaced:
        ledger.write_bytes(b"")
    ended = batch.judge(process)
    assert set(judge_without_ledger(batch, ended)) == set(batch.paid())
    assert "was removed or replaced while its batch ran" in ended.end["message"]


def test_a_ledger_that_was_behind_is_told_where_the_image_may_be(batch: Batch, folder: Path) -> None:
    """As after a full disk, or a kill: the row is on its way for the ledger, and its image lies in the folder."""
    process = batch.start()
    batch.wait_for_requests()
    shutil.copytree(batch.out, folder / "before")
    assert process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    for name in ("ledger.sqlite3", "ledger.sqlite3-wal"):
        (batch.out / name).unlink(missing_ok=True)
        if (folder / "before" / name).exists():
            shutil.copy(folder / "before" / name, batch.out / name)
    before = len(batch.paid())
    assert batch.go_on("--max-cost", "0").code == 4
    assert len(batch.paid()) == before
    rows = [json.loads(line) for line in (batch.out / "manifest.jsonl").read_text().splitlines()]
    unknown = [row for row in rows if row["state"] == "unknown"]
    assert len(unknown) == IN_FLIGHT
    for row in unknown:
        name = f"-{row['request']['text_prompt'].strip('<>')}"
        assert "is there, and may be its image." in row["error"]
        assert f"{name}.png" in row["error"]


@pytest.mark.parametrize("harm", ["full", "read_only"])
def test_a_disk_of_the_images_alone(batch: Batch, folder: Path, harm: str) -> None:
    with small_disk(folder / "disk") as disk:
        batch.out = disk / "images"
        batch.options = ["--ledger", str(folder / "ledger.sqlite3")]
        process = batch.start()
        batch.wait_for_requests()
        if harm == "read_only":
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with kept_full(disk) if harm == "full" else contextlib.nullcontext():
            ended = batch.judge(process)
        assert ended.code == 6
        assert not ended.end["unrecorded"]
        assert len(ended.end["unsaved"]) == len(batch.paid())
        if harm == "read_only":
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        assert batch.go_on().code == 0
    assert set(batch.paid().values()) == {1}


@pytest.mark.parametrize("kilobytes", [20, 60])
def test_files_that_may_not_grow(batch: Batch, kilobytes: int) -> None:
    """RLIMIT_FSIZE ends writes in the middle of any file: the ledger's, an image's, the manifest's."""
    process = batch.start(prefix=("bash", "-c", f'ulimit -f {kilobytes}; exec "$@"', "bash"))
    out, err = process.communicate(timeout=PATIENCE)
    events = [json.loads(line) for line in out.splitlines()]
    assert "Traceback" not in err
    assert events[-1]["event"] == "end"
    links = {event["id"]: event["url"] for event in events if event["event"] == "answered"}
    for key in batch.paid():
        saved = any(event["event"] == "done" and event["id"] == key and event["file"] for event in events)
        assert saved or links[key] in err
    if 0 < len(batch.paid()) < ROWS:
        assert process.returncode in {4, 6}
    again = batch.go_on()
    assert again.end["rows"]["saved"] + again.end["rows"]["unknown"] == ROWS
    assert set(batch.paid().values()) == {1}


def test_a_folder_that_is_deleted_while_requests_are_in_flight(batch: Batch) -> None:
    process = batch.start()
    batch.wait_for_requests()
    shutil.rmtree(batch.out)
    ended = batch.judge(process)
    assert ended.code == 6
    assert len(batch.paid()) == IN_FLIGHT, "without a ledger nothing new is sent"
    assert {entry["id"] for entry in ended.end["unrecorded"]} == set(batch.paid())
    assert "was removed or replaced while its batch ran" in ended.end["message"]


def _full(_batch: Batch) -> int:
    return os.open("/dev/full", os.O_WRONLY)


def _closed_pipe(_batch: Batch) -> int:
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("stdout", [_full, _closed_pipe])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_stdout_that_takes_nothing_stops_no_run_and_the_end_is_told(
    batch: Batch, stdout: Callable[[Batch], int]
) -> None:
    handle = stdout(batch)
    process = batch.start(stdout=handle)
    os.close(handle)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert set(batch.paid().values()) == {1}
    assert len(batch.paid()) == ROWS
    events = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert events[-1]["event"] == "end"
    assert events[-1]["rows"]["saved"] == ROWS
    assert "answered" not in {event["event"] for event in events[1:]}, "what is saved need not be told"


def test_a_terminal_that_is_closed_ends_no_run(batch: Batch) -> None:
    """Not even when something is to be said there: that a row was refused."""
    texts = [f"<{n}>" if n != IN_FLIGHT + 1 else UNSAFE_WORD for n in range(ROWS)]
    write_jsonl(batch.folder / "rows.jsonl", [{"text_prompt": text} for text in texts])
    ours, theirs = pty.openpty()
    command = [
        *IDEOGRAM, "batch", "rows.jsonl", "--out", "images", "--base-url", batch.url,
        "--resolution", SMALL, "--in-flight", str(IN_FLIGHT),
    ]  # fmt: skip
    variables = environment(TERM="xterm-256color")
    with subprocess.Popen(
        command, cwd=batch.folder, env=variables, text=True, stdout=subprocess.PIPE, stderr=theirs
    ) as process:
        os.close(theirs)
        batch.wait_for_requests()
        os.close(ours)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert f"{ROWS} rows: {ROWS - 1} saved, 1 failed" in out
    assert len(list(batch.out.glob("*.png"))) == ROWS - 1


def test_an_image_that_is_not_had_now_is_asked_for_again_by_the_same_command(batch: Batch) -> None:
    """Its link is in the manifest and on the screen until it is saved."""
    write_jsonl(batch.folder / "rows.jsonl", [{"id": "one", "text_prompt": "A cat"}])
    images = [answer_with(404)] * 4
    with FaultServer(answering(entry()), image=[*images, "ok"]) as server:
        link = f"{server.url}/image.png"
        row: dict[str, Any] = {}
        for _ in range(9):
            command = [*IDEOGRAM, "batch", "rows.jsonl", "--out", "images", "--base-url", server.url]
            done = subprocess.run(
                command, cwd=batch.folder, env=environment(), text=True, capture_output=True, check=False
            )
            (row,) = [json.loads(line) for line in (batch.out / "manifest.jsonl").read_text().splitlines()]
            if done.returncode == 0:
                break
            assert done.returncode == 6
            assert link in done.stderr
            assert (row["state"], row["url"]) == ("answered", link)
        assert row["state"] == "saved"
        assert len(server.wait_idle().posts) == 1
        assert len(server.ledger.gets) == 5
