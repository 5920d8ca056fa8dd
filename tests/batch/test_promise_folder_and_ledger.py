"""A folder knows its ledger: without it, with another, or with an older copy, nothing is paid for again.

The ledger of a folder was once deleted, and everything was silently made and billed again.
"""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import anyio
import batch_program
import fsspec
import httpx
import pytest
import s3_server
from batch_service import Origin, rows, states

from ideogram_ai.batch import BatchError, BatchRequest, Job, LedgerError, PlanError, State
from ideogram_ai.batch import manifest as manifest_module
from ideogram_ai.batch.ledger import Ledger
from ideogram_ai.batch.manifest import CLAIMS_NAME, MARK_NAME, write_manifest
from ideogram_ai.batch.planning import plan_rows
from ideogram_ai.batch.store import LocalStore, Store
from ideogram_ai.testing import MockServer

pytestmark = pytest.mark.anyio
VERSION_1 = Path(__file__).with_name("version_1")


@pytest.fixture(params=["folder", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder, and URLs whose ledgers lie in the user's state folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    match request.param:
        case "folder":
            yield str(tmp_path / "images")
        case "memory":
            yield f"memory://{tmp_path.name}-images"
            fsspec.filesystem("memory").rm(f"/{tmp_path.name}-images", recursive=True)
        case _:
            request.getfixturevalue("s3")
            yield f"s3://{s3_server.BUCKET}/{tmp_path.name}"


async def fill(place: str, service: Origin, *, manifest: bool = True) -> Path:
    """Make two images, and give the ledger's file."""
    with Job.open(place) as job:
        job.plan(rows("cat", "owl"))
        await service.run(job)
        if manifest:
            write_manifest(job.store, job.outcomes())
        return job.ledger.path


async def test_without_its_ledger_nothing_is_sent(place: str, service: Origin) -> None:
    ledger = await fill(place, service, manifest="memory" in place)
    ledger.unlink()
    for _ in range(2):  # the ledger that is made the first time is no way in
        with Job.open(place) as job:
            with pytest.raises(LedgerError, match=r"another one than .* use another folder, .* Nothing was sent"):
                job.plan(rows("cat", "owl"))
            with pytest.raises(LedgerError, match="another one"):
                await service.run(job)
    assert service.made == {"cat": 1, "owl": 1}


async def test_a_ledger_is_made_anew_from_the_manifest(place: str) -> None:
    service = Origin(hen=httpx.Response(422, json={"error": "unsafe"}), fox=httpx.Response(500))
    with Job.open(place) as job:
        job.plan(
            [*rows("cat", "owl", "hen", "fox"), BatchRequest("pig", {"text_prompt": "pig"}, file_name="my pig.png")]
        )
        await service.run(job)
        service.images_are_there = False
        job.plan(rows("ape"))
        await service.run(job)
        write_manifest(job.store, job.outcomes())
        before = [
            (row.request, row.request.nameless, row.state, row.file, row.cost, row.server) for row in job.outcomes()
        ]
        ledger = job.ledger.path
    ledger.unlink()
    with Job.open(place, rebuild=True) as job:
        assert [
            (row.request, row.request.nameless, row.state, row.file, row.cost, row.server) for row in job.outcomes()
        ] == before
        service.images_are_there = True
        named = BatchRequest("pig", {"text_prompt": "pig"}, file_name="my pig.png")
        planned = job.plan([*rows("ape", "cat", "owl", "hen", "fox"), named], whole=True)
        assert (planned.new, planned.known) == (0, 6)
        await service.run(job)
        assert service.made == {"cat": 1, "owl": 1, "hen": 1, "fox": 1, "pig": 1, "ape": 1}
        assert states(job)["000006"] == "saved", "its link was in the manifest"
    with pytest.raises(LedgerError, match="has rows, and is not rebuilt"):
        Job.open(place, rebuild=True)


async def test_a_manifest_that_no_batch_wrote_is_refused(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.jsonl"
    with pytest.raises(LedgerError, match=r"has no manifest.jsonl"):
        Job.open(tmp_path, rebuild=True)
    for content, words in (
        ('{"id": "a"}\n', "Line 1 of manifest.jsonl .* was not written by a batch"),
        ("no json\n", "Line 1"),
        ("[]\n", "Line 1"),
        ('{"id": ' + "[" * 5000 + "]" * 5000 + "}\n", "Line 1"),
    ):
        manifest.write_text(content)
        with pytest.raises(LedgerError, match=words):
            Job.open(tmp_path, rebuild=True)
        with Job.open(tmp_path) as job, pytest.raises(LedgerError, match="does not know"):
            job.plan(rows("cat"))
    await fill(str(tmp_path / "images"), Origin())
    manifest = tmp_path / "images" / "manifest.jsonl"
    deep = '"request":{"text_prompt":' + "[" * 5000 + "]" * 5000 + "}"
    manifest.write_text(manifest.read_text().replace('"request":{"text_prompt":"owl"}', deep))
    (tmp_path / "images" / "ledger.sqlite3").unlink()
    with pytest.raises(LedgerError, match=r"Line 2 of manifest.jsonl .*nests too deep"):
        Job.open(tmp_path / "images", rebuild=True)


async def test_two_ledgers_on_one_folder(tmp_path: Path, service: Origin) -> None:
    await fill(str(tmp_path / "images"), service)
    other = tmp_path / "other.sqlite3"
    with Job.open(tmp_path / "images", ledger=other) as job, pytest.raises(LedgerError, match=r"other.sqlite3"):
        job.plan(rows("cat", "owl"))
    with Job.open(tmp_path / "elsewhere", ledger=other) as job:
        job.plan(rows("hen"))
        await service.run(job)
    with Job.open(tmp_path / "images", ledger=other) as job, pytest.raises(LedgerError, match="another one than"):
        job.plan(rows("cat", "owl"))
    assert service.made == {"cat": 1, "owl": 1, "hen": 1}


@pytest.mark.parametrize("copied", [False, True])
async def test_of_machines_that_begin_at_the_same_moment_one_goes_on(
    place: str, service: Origin, tmp_path: Path, copied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledgers = [tmp_path / f"{number}.sqlite3" for number in (1, 2)]
    if copied:
        with Job.open(place, ledger=ledgers[0]) as job:
            job.plan(rows("hen"))
            await service.run(job)
        shutil.copy(*ledgers)
    jobs = [Job.open(place, ledger=ledger) for ledger in ledgers]
    for job in jobs:
        job.store.workspace.mkdir(parents=True, exist_ok=True)  # of a copy, the folder is tidied
        job.plan(rows("cat", "owl"))
    together, read = Barrier(2, timeout=5), manifest_module._read_mark

    def read_together(store: Store) -> tuple[str, int] | None:
        mark = read(store)
        with suppress(BrokenBarrierError):
            together.wait()
        return mark

    monkeypatch.setattr(manifest_module, "_read_mark", read_together)
    refused: list[LedgerError] = []

    async def run(job: Job) -> None:
        try:
            await service.run(job)
        except LedgerError as error:
            refused.append(error)

    async with anyio.create_task_group() as tasks:
        for job in jobs:
            tasks.start_soon(run, job)
    for job in jobs:
        job.close()
    why = "(A copy of the|The) ledger" if copied else "Another process began a batch"
    assert service.made == {"cat": 1, "owl": 1, **({"hen": 1} if copied else {})}
    assert [re.match(why, str(error)) is not None for error in refused] == [True]


@pytest.mark.parametrize("shared", [True, False])
async def test_a_batch_that_others_begin_at_this_moment_in_the_other_way(
    tmp_path: Path, service: Origin, shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = (MARK_NAME, CLAIMS_NAME)[:: -1 if shared else 1]
    whole = LocalStore.create

    def create(store: LocalStore, name: str, data: bytes) -> bool:
        if name == ours:
            store.put(theirs, b'{"ledger": "theirs", "runs": 1}')
        return whole(store, name, data)

    monkeypatch.setattr(LocalStore, "create", create)
    with Job.open(tmp_path, shared=shared) as job:
        job.plan(rows("cat"))
        with pytest.raises(LedgerError, match="ledger is on one machine" if shared else "that machines share"):
            await service.run(job)
    assert ((tmp_path / ours).exists(), (tmp_path / theirs).exists(), service.made) == (False, True, {})


@pytest.mark.parametrize("shared", [True, False])
async def test_a_refused_process_leaves_what_the_running_one_downloads(tmp_path: Path, shared: bool) -> None:
    with Job.open(tmp_path / "images", shared=shared) as job:
        job.plan(rows("cat"))
        await Origin(cat=httpx.Response(500)).run(job)
        with job.store.part() as part:
            part.write_bytes(b"half an image")
            with (
                Job.open(tmp_path / "images", ledger=tmp_path / "other.sqlite3") as other,
                pytest.raises(LedgerError, match="that machines share" if shared else "another one"),
            ):
                other.plan(rows("cat"))
            assert part.exists()
            left = part.rename(part.with_name("of-a-killed-process"))
    with Job.open(tmp_path / "images", shared=shared):
        assert left.exists() is shared, "where others may be at work, it stays for a day"


async def test_an_older_copy_of_the_ledger(tmp_path: Path, service: Origin) -> None:
    ledger = await fill(str(tmp_path), service)
    shutil.copy(ledger, tmp_path / "copy")
    with Job.open(tmp_path) as job:
        job.plan(rows("cat", "owl", "fox"))
        await service.run(job)
    (tmp_path / "copy").replace(ledger)
    with Job.open(tmp_path) as job, pytest.raises(LedgerError, match="knows of 1 runs, and there were 2"):
        job.plan(rows("cat", "owl", "fox"))
    assert service.made == {"cat": 1, "owl": 1, "fox": 1}


async def test_a_folder_that_was_moved_or_copied_goes_on(tmp_path: Path, service: Origin) -> None:
    await fill(str(tmp_path / "a"), service)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    (tmp_path / "a").rename(tmp_path / "c")
    for name in ("b", "c"):
        with Job.open(tmp_path / name) as job:
            assert job.plan(rows("cat", "owl")).known == 2
            await service.run(job)
    assert service.made == {"cat": 1, "owl": 1}


def test_a_folder_of_an_earlier_version_without_its_ledger(tmp_path: Path) -> None:
    shutil.copytree(VERSION_1, tmp_path / "images")
    (tmp_path / "images" / "ledger.sqlite3").unlink()
    with Job.open(tmp_path / "images") as job, pytest.raises(LedgerError, match="does not know"):
        job.plan(rows("A cat"))
    with Job.open(tmp_path / "images", rebuild=True) as job:
        assert states(job) == {
            "000001": "saved", "000002": "failed", "000003": "unknown", "000004": "failed",  # its link is nowhere
            "bear": "saved", "000006": "saved", "000007": "planned",
        }  # fmt: skip
        bear = BatchRequest("bear", {"text_prompt": "A bear"}, file_name="bear.png")
        assert job.plan([bear, *rows("A cat", "A cat")]).known == 3


async def test_a_folder_with_nothing_of_a_batch_is_no_hindrance(job: Job, tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(b"theirs")
    (tmp_path / "thumbnails").mkdir()
    refused = json.dumps({"state": "failed", "may_have_been_billed": False})
    (tmp_path / "manifest.jsonl").write_text(f"{refused}\n")
    job.plan(rows("cat"))
    await Origin().run(job)
    assert states(job) == {"000001": "saved"}


def test_a_killed_process_loses_nothing_with_the_side_file(tmp_path: Path, small_images: None) -> None:
    """`-wal` is deleted after a kill: by somebody who tidies up, or by a copy that left it out."""
    with MockServer(latency=0.02) as server:
        for kill in (3, 6):
            folder = tmp_path / str(kill)
            command = [sys.executable, batch_program.__file__, str(folder), server.url, "12", "--in-flight", "3"]
            killed = subprocess.run([*command, "--commits", str(kill)], capture_output=True, check=False)
            assert killed.returncode == -signal.SIGKILL
            for name in ("ledger.sqlite3-wal", "ledger.sqlite3-shm"):
                (folder / name).unlink(missing_ok=True)
            before = len(server.ledger)
            made = {dict(exchange.fields)["text_prompt"] for exchange in server.ledger if exchange.status == 200}
            done = subprocess.run(command, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr
            again = {dict(exchange.fields)["text_prompt"] for exchange in server.ledger[before:]}
            assert not made & again, "paid for twice"
            server.clear_ledger()


async def test_planning_and_running_do_not_mix(job: Job, service: Origin) -> None:
    job.plan(rows("cat"))
    caught: list[BatchError] = []

    def plan_meanwhile(_event: object) -> None:
        try:
            job.plan(rows("dog"), redo=["000001"])
        except BatchError as error:
            caught.append(error)

    await service.run(job, on_event=plan_meanwhile)
    assert caught
    assert states(job) == {"000001": "saved"}


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_nobody_else_reads_the_ledger(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        old = tmp_path / "old.sqlite3"
        shutil.copy(VERSION_1 / "ledger.sqlite3", old)
        old.chmod(0o644)
        for path in (tmp_path / "ledger.sqlite3", old):
            with Ledger.open(path) as ledger:
                plan_rows(ledger, rows("hen"))
                beside = list(tmp_path.glob(f"{path.name}*"))
                assert {f"{path.name}-wal", f"{path.name}-pid"} <= {each.name for each in beside}
                assert {stat.S_IMODE(each.stat().st_mode) for each in beside} == {0o600}
    finally:
        os.umask(before)


async def test_signatures_are_dropped_when_the_image_is_saved_and_not_before(tmp_path: Path, service: Origin) -> None:
    service.images_are_there = False
    secret = b"0a" * 32

    def stored() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file() and path.suffix != ".png")

    with Job.open(tmp_path) as job:
        job.plan(rows("cat"))
        await service.run(job)
        write_manifest(job.store, job.outcomes())
        (waiting,) = job.outcomes()
        assert waiting.state is State.ANSWERED
        assert str(waiting.url).endswith(secret.decode())
        line = json.loads((tmp_path / "manifest.jsonl").read_text())
        assert (line["url"], line["file"]) == (waiting.url, None)
    assert secret in stored()
    service.images_are_there = True
    with Job.open(tmp_path) as job:
        await service.run(job)
        write_manifest(job.store, job.outcomes())
        (saved,) = job.outcomes()
        assert saved.url == "https://ideogram.ai/i/a.png"
        assert b"ideogram.ai/i/a.png" in (job.ledger.body("000001") or b""), "the body is kept"
    assert secret not in stored()


NAMES = ["ledger.sqlite3", "LEDGER.SQLITE3", "ledger.sqlite3-wal", "ledger.sqlite3-journal", "ledger.sqlite3-pid",
         "manifest.jsonl", "Index.html", "index-0002.html", "thumbnails", "THUMBNAILS", ".parts", "ledger.sqlite3.png",
         "../ledger.sqlite3"]  # fmt: skip


@pytest.mark.parametrize("as_key", [True, False])
def test_no_name_of_a_row_touches_a_file_of_the_batch(tmp_path: Path, as_key: bool) -> None:
    """An image without a known format has no suffix. To read what has its name would drop the ledger's lock."""
    with Job.open(tmp_path) as job:
        for place, name in enumerate(NAMES):
            key = name if as_key else str(place)
            with suppress(PlanError):  # some are the same without their suffix or case
                job.plan([BatchRequest(key, {"text_prompt": "" if as_key else "a"}, None if as_key else name)])
            if key not in states(job):
                continue
            stem = job.ledger.stem(key)
            for suffix in ("", ".png", ".webp"):
                part = job.store.workspace / "image"
                part.write_bytes(f"image {place}".encode())
                stored = job.store.add(part, f"{stem}{suffix}")
                assert (tmp_path / stored).parent == tmp_path
        found = {path.name.casefold() for path in tmp_path.iterdir()}
        assert not found & {"manifest.jsonl", "index.html", "index-0002.html", "thumbnails", "ledger.sqlite3-journal"}
        program = "import sys; from ideogram_ai.batch import Job; Job.open(sys.argv[1])"
        opened = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, check=False)
        assert b"LedgerLockedError" in opened.stderr, "the lock is still there"
        assert job.ledger.counts()[State.PLANNED] >= 8
    with Job.open(tmp_path / "other", ledger=tmp_path / "cat.png") as job:
        job.plan([BatchRequest("Cat", {"text_prompt": ""}), BatchRequest("cat.png-WAL", {"text_prompt": ""})])
        assert [job.ledger.stem(key) for key in ("Cat", "cat.png-WAL")] == ["_Cat", "_cat.png-WAL"]
