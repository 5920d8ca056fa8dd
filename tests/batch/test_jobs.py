"""Rows that are submitted as jobs: the id is on the disk first, and no row with an id is sent again."""

import json
import logging
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import batch_service
import pytest
from attrs import evolve
from batch_service import client_of, made, states, until

from ideogram_ai.batch import BatchRequest, Job, LedgerError, State, run_batch
from ideogram_ai.batch.events import Event, RowDone, RowSubmitted, RunStopped, StopReason
from ideogram_ai.batch.ledger import Ledger
from ideogram_ai.batch.manifest import write_manifest
from ideogram_ai.batch.model import Outcome
from ideogram_ai.batch.prices import shipped_prices
from ideogram_ai.batch.run import Run
from ideogram_ai.batch.runner import RunOptions
from ideogram_ai.client import AsyncIdeogram, DownloadError, DownloadReason
from ideogram_ai.testing import FAILED_WORD, UNSAFE_WORD, WITHHELD_WORD, MockServer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_images")]


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer(latency=0.2) as serving:
        yield serving


def rows(*prompts: str) -> list[BatchRequest]:
    return [BatchRequest(prompt, {"text_prompt": prompt, "resolution": "512x1536"}) for prompt in prompts]


async def run(job: Job, server: MockServer, **options: Any) -> RunStopped:
    return await batch_service.run(job, server.url, **{"submit": True, **options})


def on_disk(folder: Path, copy: Path) -> dict[str, tuple[str, str | None]]:
    """State and job of each row, as another process finds them if this one dies now."""
    shutil.copytree(folder, copy)
    database = sqlite3.connect(copy / "ledger.sqlite3")
    found = {key: (state, job) for key, state, job in database.execute("SELECT key, state, job_id FROM rows")}
    database.close()
    return found


async def test_the_id_is_on_the_disk_before_the_job_is_asked_for(server: MockServer, tmp_path: Path) -> None:
    found: dict[str, tuple[str, str | None]] = {}

    def listen(event: Event) -> None:
        if isinstance(event, RowSubmitted):
            assert not [exchange for exchange in server.ledger if exchange.method == "GET"]
            found.update(on_disk(tmp_path / "images", tmp_path / "copy"))
            assert event.recorded

    with Job.open(tmp_path / "images") as job:
        job.plan(rows("cat"))
        stopped = await run(job, server, on_event=listen)
        (saved,) = job.outcomes()
        write_manifest(job.store, job.outcomes())
    assert stopped.reason is StopReason.DONE
    assert found == {"cat": ("submitted", saved.job_id)}
    assert (saved.state, saved.cost, made(server)) == (State.SAVED, shipped_prices().of({}), {"cat": 1})
    line = json.loads((tmp_path / "images" / "manifest.jsonl").read_text())
    assert (line["state"], line["job_id"], line["operation"]) == ("saved", saved.job_id, "generate")


@pytest.mark.parametrize("then", [True, False])
async def test_a_job_that_takes_longer_than_a_run_is_asked_for_by_the_next_one(tmp_path: Path, then: bool) -> None:
    with MockServer(latency=1.0) as server, Job.open(tmp_path) as job:
        job.plan(rows("cat", "owl"))
        stopped = await run(job, server, job_seconds=0.1)
        assert (states(job), made(server)) == ({"cat": "submitted", "owl": "submitted"}, {"cat": 1, "owl": 1})
        assert "2 are in progress at the service" in stopped.message
        first, _ = job.outcomes()
        assert (first.error_type, first.may_have_been_billed) == ("JobTimeoutError", True)
        assert job.total_cost() == 2 * shipped_prices().of({})
        await run(job, server, submit=then, max_cost=job.total_cost())
        assert (states(job), made(server)) == ({"cat": "saved", "owl": "saved"}, {"cat": 1, "owl": 1})
        assert not any(outcome.error for outcome in job.outcomes())


async def test_what_becomes_of_jobs_and_refusals(job: Job, server: MockServer) -> None:
    done: dict[str, Outcome] = {}

    def listen(event: Event) -> None:
        if isinstance(event, RowDone):
            done[event.outcome.request.key] = event.outcome

    job.plan(rows("cat", FAILED_WORD, WITHHELD_WORD, UNSAFE_WORD))
    await run(job, server, on_event=listen)
    expected = {"cat": "saved", FAILED_WORD: "failed", WITHHELD_WORD: "withheld", UNSAFE_WORD: "failed"}
    assert states(job) == {key: outcome.state.value for key, outcome in done.items()} == expected
    failed, refused = done[FAILED_WORD], done[UNSAFE_WORD]
    assert (failed.error_type, failed.may_have_been_billed) == ("JobFailedError", False)
    assert failed.cost == 0
    assert "content_policy_violation" in str(failed.error)
    assert failed.job_id
    assert (refused.status_code, refused.job_id) == (422, None)
    await run(job, server, retry_failed=True)
    again = {outcome.request.key: outcome.job_id for outcome in job.outcomes()}
    assert again[FAILED_WORD] not in {None, failed.job_id}, "another job"
    assert made(server) == {"cat": 1, FAILED_WORD: 2, WITHHELD_WORD: 1}


async def test_a_row_keeps_its_place_until_its_job_is_done(tmp_path: Path) -> None:
    """The service counts images in progress: an eleventh job would be refused."""
    with MockServer(latency=0.3, in_flight=2) as server, Job.open(tmp_path) as job:
        job.plan(rows(*"abcdef"))
        await run(job, server, in_flight=2)
        assert set(states(job).values()) == {"saved"}
        assert not [exchange for exchange in server.ledger if exchange.status == 429]


async def test_a_run_that_is_stopped_now_leaves_jobs_and_not_unknown_rows(tmp_path: Path) -> None:
    with MockServer(latency=1.0) as server, Job.open(tmp_path) as job:
        job.plan(rows("cat", "owl"))
        submitted: list[Event] = []
        done: list[Outcome] = []

        def listen(event: Event) -> None:
            if isinstance(event, RowDone):
                done.append(event.outcome)
            if isinstance(event, RowSubmitted):
                submitted.append(event)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: run(job, server, on_event=listen))
            await until(lambda: len(submitted) == 2)
            job.stop_now()
        assert [outcome.state for outcome in done] == [State.SUBMITTED] * 2
        await run(job, server)
        assert (states(job), made(server)) == ({"cat": "saved", "owl": "saved"}, {"cat": 1, "owl": 1})


async def test_a_job_that_the_service_does_not_know_is_asked_for_again_and_sent_on_consent_only(
    job: Job, server: MockServer
) -> None:
    job.plan(rows("cat"))
    await run(job, server, job_seconds=0.0)
    (pending,) = job.outcomes()
    job.ledger.apply([Outcome(pending.request, State.SUBMITTED, job_id="bm9ib2R5", cost=pending.cost)])
    for _ in range(2):
        await run(job, server)
        (unknown,) = job.outcomes()
        assert (unknown.state, unknown.status_code, unknown.job_id) == (State.UNKNOWN, 404, "bm9ib2R5")
        assert "'bm9ib2R5'" in str(unknown.error)
        assert made(server) == {"cat": 1}
    await run(job, server, retry_unknown=True)
    (again,) = job.outcomes()
    assert (again.state, again.earlier_cost, made(server)) == (State.SAVED, pending.cost, {"cat": 2})
    assert again.job_id != unknown.job_id


async def test_what_a_poll_said_is_never_taken_for_images(job: Job, server: MockServer) -> None:
    """First 404, then failed: it is sent again. A row that an earlier version left answered does not stop others."""
    job.plan(rows("cat", "owl"))
    sent = Outcome(rows("cat")[0], State.SENT, may_have_been_billed=True)
    unknown = evolve(sent, state=State.UNKNOWN, job_id="a", body=b'{"detail": "no such job"}')
    job.ledger.apply([sent, evolve(sent, state=State.SUBMITTED, job_id="a"), unknown])
    assert job.ledger.body("cat") == unknown.body
    with job.ledger.transaction() as database:
        database.execute("UPDATE rows SET state = 'submitted' WHERE key = 'cat'")
    job.ledger.apply([evolve(sent, state=State.FAILED, may_have_been_billed=False)])
    assert job.ledger.body("cat") is None
    with job.ledger.transaction() as database:
        database.execute("UPDATE rows SET state = 'answered' WHERE key = 'cat'")
    with anyio.fail_after(20):
        stopped = await run(job, server, in_flight=1)
    assert (stopped.reason, states(job)) == (StopReason.DONE, {"cat": "failed", "owl": "saved"})
    assert "send it again with --retry-failed" in str(next(job.outcomes()).error)
    await run(job, server, retry_failed=True)
    assert (states(job), made(server)) == ({"cat": "saved", "owl": "saved"}, {"cat": 1, "owl": 1})


async def test_a_job_is_never_asked_for_at_another_server(job: Job, server: MockServer) -> None:
    job.plan(rows("cat"))
    job.meet("https://a.test")
    sent = Outcome(rows("cat")[0], State.SENT, may_have_been_billed=True)
    job.ledger.apply([sent, evolve(sent, state=State.SUBMITTED, job_id="a")])
    for place in ("https://b.test", server.url):
        with pytest.raises(LedgerError, match=r"went to https://a\.test and may have been billed"):
            job.meet(place)
    assert job.plan(rows("cat"), redo=["cat"]).replaced == 1
    job.meet("https://b.test", replace=True)
    assert states(job) == {"cat": "planned", "cat~1": "submitted"}
    source = Run(client_of(server.url), job.store, job.ledger, job.claims, options=RunOptions()).source()
    assert [each.request.key async for each in source] == ["cat"]


async def test_jobs_of_a_rehearsal_that_is_over_are_submitted_again(server: MockServer, tmp_path: Path) -> None:
    """Nobody can ask for them, and nobody was billed."""
    for options in ({}, {"rehearsal": True}):
        with Job.open(tmp_path / str(len(options))) as job, MockServer(latency=5) as earlier:
            job.plan(rows("cat"))
            await run(job, earlier, job_seconds=0.0, **options)
            assert states(job) == {"cat": "submitted"}
            await run(job, server, **options)
            assert states(job) == {"cat": "saved"}
            assert not [exchange for exchange in server.ledger if exchange.status == 404]


async def test_an_id_that_cannot_be_recorded_is_reported_at_once_and_in_the_end(
    server: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Ledger.apply

    def apply(ledger: Ledger, outcomes: list[Outcome]) -> None:
        if any(outcome.state is State.SUBMITTED for outcome in outcomes):
            raise LedgerError("disk full")
        whole(ledger, outcomes)

    monkeypatch.setattr(Ledger, "apply", apply)
    told: list[RowSubmitted] = []
    with Job.open(tmp_path) as job:
        job.plan(rows("cat", "owl", "fox"))
        stopped = await run(
            job,
            server,
            in_flight=1,
            on_event=lambda event: told.append(event) if isinstance(event, RowSubmitted) else 0,
        )
        ids = [outcome.job_id for outcome in stopped.unrecorded]
        assert ids == [event.outcome.job_id for event in told] != [None]
        assert not any(event.recorded for event in told)
        assert (stopped.reason, made(server)) == (StopReason.ERROR, {"cat": 1}), "nothing new is sent"
        assert job.counts()[State.SAVED] == 1, "the image is saved although nothing of it is recorded"
    monkeypatch.undo()
    with Job.open(tmp_path) as job:
        assert states(job) == {"cat": "unknown", "owl": "planned", "fox": "planned"}


async def test_an_expired_link_of_a_job_is_signed_anew(
    job: Job, server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = AsyncIdeogram.download
    asked: list[str | None] = []

    async def download(client: AsyncIdeogram, image: Any, path: Any, **options: Any) -> Any:
        asked.append(image.url)
        if len(asked) == 1:
            raise DownloadError("The link expired.", reason=DownloadReason.EXPIRED)
        return await whole(client, image, path, **options)

    monkeypatch.setattr(AsyncIdeogram, "download", download)
    job.plan(rows("cat"))
    await run(job, server)
    assert (states(job), len(asked), made(server)) == ({"cat": "saved"}, 2, {"cat": 1})


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_a_program_without_a_ledger(server: MockServer, caplog: pytest.LogCaptureFixture) -> None:
    async with client_of(server.url) as client:
        async with run_batch(rows("cat", "owl"), client=client, submit=True) as outcomes:
            found = {outcome.request.key: outcome async for outcome in outcomes}
        assert {key: outcome.state for key, outcome in found.items()} == dict.fromkeys(("cat", "owl"), State.ANSWERED)
        assert all(outcome.generation and outcome.generation.job_id == outcome.job_id for outcome in found.values())
        async with run_batch(rows("fox"), client=client, submit=True, job_seconds=0.0) as outcomes:
            (pending,) = [outcome async for outcome in outcomes]
        assert pending.state is State.SUBMITTED
        assert (await client.wait(pending.job_id or "")).images
        with caplog.at_level(logging.WARNING, "ideogram_ai.batch"), anyio.move_on_after(0.15):
            async with run_batch(rows("hen"), client=client, submit=True) as outcomes:
                await anext(outcomes)
        assert "'hen' (job " in caplog.text, "the id is named where nothing else has it"
