"""A job on real sockets: runs, stops, resumes and repairs, with the images on the disk."""

import hashlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest
from batch_service import run, until
from cli_runs import answering, entry
from driver import KEY

from ideogram_ai.batch import BatchRequest, Job, LedgerError, LedgerLockedError, Outcome, State
from ideogram_ai.batch.events import (
    Event,
    PaceChanged,
    RowAnswered,
    RowDone,
    RowSent,
    RunStarted,
    RunStopped,
    RunStopping,
    StopReason,
)
from ideogram_ai.batch.ledger import Ledger
from ideogram_ai.batch.model import StoreError
from ideogram_ai.batch.saving import Saver
from ideogram_ai.client import AsyncIdeogram, AuthenticationError, RetryPolicy
from ideogram_ai.testing import UNSAFE_WORD, WITHHELD_WORD, MockServer
from ideogram_ai.testing.faults import FaultServer, answer_with

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_images")]

ONCE = RetryPolicy(base_delay=0, max_attempts=1)
both_loops = pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])


def requests(count: int, words: str = "") -> list[BatchRequest]:
    return [
        BatchRequest.of({"text_prompt": f"number {number} {words}", "resolution": "512x1536"}, number)
        for number in range(1, count + 1)
    ]


def states(job: Job) -> dict[str, int]:
    return {state.value: count for state, count in job.counts().items() if count}


def prompts(server: MockServer) -> Counter[str]:
    return Counter(str(dict(exchange.fields)["text_prompt"]) for exchange in server.ledger)


@both_loops
async def test_every_row_comes_to_its_state_and_every_image_to_its_file(tmp_path: Path) -> None:
    events: list[Event] = []
    (tmp_path / "cat.png").write_bytes(b"theirs")
    with MockServer() as server:
        with Job.open(tmp_path) as job:
            for _ in range(2):
                job.plan([*requests(4), BatchRequest("bad", {"text_prompt": UNSAFE_WORD}, line=5)])
            more = {"withheld": (WITHHELD_WORD, None), "own": ("a", "Ö.png"), "cat": ("a", "cat.png")}
            job.plan(BatchRequest(key, {"text_prompt": text}, name) for key, (text, name) in more.items())
            stopped = await run(job, server.url, on_event=events.append)
            outcomes = {outcome.request.key: outcome for outcome in job.outcomes()}
            assert job.total_cost() == Decimal("0.42")
        with Job.open(tmp_path) as job:
            job.plan(requests(4))
            assert (await run(job, server.url)).reason is StopReason.DONE
        assert set(prompts(server).values()) == {1, 2}, "the same again sends nothing; two rows ask for the same"
    assert (stopped.reason, stopped.message, stopped.error) == (StopReason.DONE, "Every row was run.", None)
    assert Counter(outcome.state for outcome in outcomes.values()) == {
        State.SAVED: 6, State.FAILED: 1, State.WITHHELD: 1,
    }  # fmt: skip
    for outcome in outcomes.values():
        if outcome.file:
            content = (tmp_path / outcome.file).read_bytes()
            assert (outcome.size, outcome.sha256) == (len(content), hashlib.sha256(content).hexdigest())
            assert outcome.sent_at is not None
            assert outcome.answered_at is not None
            assert outcome.saved_at is not None
            assert outcome.sent_at <= outcome.answered_at <= outcome.saved_at
    assert (outcomes["own"].file, outcomes["bad"].status_code, outcomes["bad"].cost) == ("Ö.png", 422, Decimal(0))
    assert outcomes["cat"].file == "cat-2.png"
    assert (tmp_path / "cat.png").read_bytes() == b"theirs"
    assert events[0] == RunStarted(planned=8, answered=0)
    assert events[-1] == stopped
    kinds = Counter(type(event) for event in events)
    assert (kinds[RowSent], kinds[RowDone]) == (8, 8)


async def test_an_invalid_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for place in ("", " ", "file://elsewhere/folder", "nowhere://bucket"):
        with pytest.raises(StoreError):
            Job.open(place)
    assert os.listdir(tmp_path) == []
    (tmp_path / "file").write_text("theirs")
    with pytest.raises(LedgerError, match="cannot be made for the ledger"):
        Job.open(tmp_path / "file" / "images")


@pytest.mark.parametrize(("max_cost", "sent"), [("0.05", 0), ("0.06", 1), ("0.20", 3), ("9", 6)])
async def test_max_cost_is_not_exceeded_whatever_is_in_flight(tmp_path: Path, max_cost: str, sent: int) -> None:
    with MockServer(latency=0.05) as server, Job.open(tmp_path) as job:
        job.plan(requests(6))
        for _ in range(2):  # it holds for all runs together
            stopped = await run(job, server.url, max_cost=Decimal(max_cost))
            assert stopped.reason is (StopReason.DONE if sent == 6 else StopReason.MAX_COST)
            assert len(server.ledger) == sent
            assert job.total_cost() <= Decimal(max_cost)


@both_loops
async def test_max_cost_counts_what_is_unknown_and_not_what_is_free(tmp_path: Path) -> None:
    with MockServer(latency=0.02) as server, Job.open(tmp_path / "free") as job:
        job.plan(requests(5, UNSAFE_WORD) + [BatchRequest(f"good {n}", {"text_prompt": "good"}) for n in range(5)])
        stopped = await run(job, server.url, max_cost=Decimal("0.13"), in_flight=10)
        assert states(job) == {"failed": 5, "saved": 2, "planned": 3}
        assert stopped.reason is StopReason.MAX_COST
        assert "3 rows are not sent yet" in stopped.message
    with FaultServer("reset_after_request") as faulty, Job.open(tmp_path / "unknown") as job:
        job.plan(requests(4))
        stopped = await run(job, faulty.url, max_cost=Decimal("0.11"), in_flight=1)
        assert states(job) == {"unknown": 1, "planned": 3}
        assert stopped.reason is StopReason.MAX_COST
        assert job.total_cost() == Decimal("0.06")
        async with AsyncIdeogram(KEY) as client:
            with pytest.raises(ValueError, match="max_cost needs prices"):
                await job.run(client, max_cost=Decimal(1))


@both_loops
async def test_a_soft_stop_saves_what_is_in_flight_and_the_next_run_goes_on(tmp_path: Path) -> None:
    with MockServer(latency=0.1) as server, Job.open(tmp_path) as job:
        job.plan(requests(12))

        def stop(event: Event) -> None:
            if isinstance(event, RowAnswered):
                job.stop_softly()
                job.stop_softly()
            events.append(event)

        events: list[Event] = []
        stopped = await run(job, server.url, in_flight=3, on_event=stop)
        done = len(server.ledger)
        assert done < 12
        assert states(job) == {"saved": done, "planned": 12 - done}
        assert stopped.reason is StopReason.ASKED
        assert sum(isinstance(event, RunStopping) for event in events) == 1
        assert (await run(job, server.url)).reason is StopReason.DONE
        assert states(job) == {"saved": 12}
        assert set(prompts(server).values()) == {1}


@both_loops
@pytest.mark.parametrize("how", ["stop_now", "cancel"])
async def test_a_hard_stop_aborts_and_records_what_may_have_been_billed(tmp_path: Path, how: str) -> None:
    with MockServer(latency=30) as server, Job.open(tmp_path) as job:
        job.plan(requests(12))
        done: list[Outcome] = []
        stopped: list[RunStopped] = []

        def note(event: Event) -> None:
            if isinstance(event, RowDone):
                done.append(event.outcome)

        async with anyio.create_task_group() as tasks:

            async def go() -> None:
                stopped.append(await run(job, server.url, in_flight=4, on_event=note))

            tasks.start_soon(go)
            await until(lambda: len(server.ledger) == 4)
            await anyio.sleep(0.1)
            if how == "cancel":
                tasks.cancel_scope.cancel()
            else:
                job.stop_softly()
                job.stop_now()
        assert states(job) == {"unknown": 4, "planned": 8}
        if how == "stop_now":
            assert stopped[0].reason is StopReason.NOW
            assert "4 are unknown" in stopped[0].message
            assert [outcome.state for outcome in done] == [State.UNKNOWN] * 4


async def test_an_error_that_every_row_would_meet_leaves_all_rows_planned(tmp_path: Path) -> None:
    with FaultServer(answer_with(401)) as server, Job.open(tmp_path) as job:
        job.plan(requests(50))
        for url in (server.url, "http://127.0.0.1:1"):
            stopped = await run(job, url, in_flight=3)
            assert stopped.reason is StopReason.ERROR
            assert isinstance(stopped.error, AuthenticationError) or url != server.url
            assert "50 rows are not sent yet" in stopped.message
            assert states(job) == {"planned": 50}
            assert job.total_cost() == 0
        assert len(server.ledger.posts) <= 3


async def test_the_limit_of_the_service_is_kept_and_the_pace_reported(tmp_path: Path) -> None:
    events: list[Event] = []
    with MockServer(latency=0.05, in_flight=2, scenario=[200, 200, 429]) as server, Job.open(tmp_path) as job:
        job.plan(requests(6))
        assert (await run(job, server.url, in_flight=3, on_event=events.append)).reason is StopReason.DONE
        assert states(job) == {"saved": 6}
        assert sum(exchange.status == 429 for exchange in server.ledger) >= 1
    assert sum(isinstance(event, PaceChanged) for event in events) >= 1
    assert max(prompts(server).values()) >= 2, "a refused row is sent again, because it did not run"


async def test_an_image_that_its_host_refuses_is_downloaded_by_a_later_run(tmp_path: Path) -> None:
    for status in (403, 404, 410, 503):
        images = [answer_with(status)] * 6 + ["ok"]
        with FaultServer(answering(entry()), image=images) as server, Job.open(tmp_path / str(status)) as job:
            job.plan(requests(1))
            for _ in range(7):
                stopped = await run(job, server.url)
                (row,) = job.outcomes()
                if row.state is not State.ANSWERED:
                    break
                assert "1 are paid for and wait for their download" in stopped.message
                assert (row.cost, row.may_have_been_billed) == (Decimal("0.06"), True)
                assert row.images[0].error == row.error
                assert str(status) in str(row.error)
                assert row.url == f"{server.url}/image.png"
            assert (row.state, row.error, row.attempts) == (State.SAVED, None, 1)
            assert len(server.ledger.posts) == 1


async def test_an_image_whose_link_is_over_fails_and_is_downloaded_again_on_request(tmp_path: Path) -> None:
    gone = answering(entry(url="URL/image.png?exp=1"))
    with FaultServer(gone, image=answer_with(410)) as server, Job.open(tmp_path) as job:
        job.plan(requests(1))
        await run(job, server.url, retry=ONCE)
        (lost,) = job.outcomes()
        assert (lost.state, lost.cost, lost.may_have_been_billed) == (State.FAILED, Decimal("0.06"), True)
        assert "expired" in str(lost.error)
        assert job.ledger.body(lost.request.key)
        assert lost.images[0].error == lost.error
        for _ in range(2):
            await run(job, server.url, retry=ONCE, retry_failed=True)
            assert states(job) == {"failed": 1}
        assert (len(server.ledger.posts), len(server.ledger.gets)) == (1, 3)


async def test_an_image_host_that_is_down_stops_the_run_and_old_links_do_not(tmp_path: Path) -> None:
    with FaultServer(answering(entry()), image=answer_with(404)) as server, Job.open(tmp_path / "old") as job:
        job.plan(requests(25))
        for _ in range(2):
            await run(job, server.url, retry=ONCE, in_flight=1, downloads=1)
        assert job.counts()[State.ANSWERED] == 25
        job.plan(requests(28))
        await run(job, server.url, retry=ONCE, in_flight=1, downloads=1)
        assert len(server.ledger.posts) == 28
    with FaultServer(image=answer_with(503)) as server, Job.open(tmp_path / "down") as job:
        job.plan(requests(200))
        stopped = await run(job, server.url, retry=ONCE, in_flight=2, downloads=2)
        assert stopped.reason is StopReason.ERROR
        assert "The last 20 downloads failed" in stopped.message
        counts = states(job)
        assert counts["answered"] < 150
        assert set(counts) == {"answered", "planned"}


async def test_a_disk_that_is_full_stops_the_run_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Ledger.apply
    is_full = True

    def full(self: Ledger, given: Sequence[Outcome]) -> None:
        nonlocal is_full
        if is_full and any(outcome.state is State.WITHHELD for outcome in given):
            is_full = False
            raise LedgerError("The disk is full.")
        original(self, given)

    monkeypatch.setattr(Ledger, "apply", full)
    with MockServer(latency=0.02) as server, Job.open(tmp_path) as job:
        job.plan(requests(20, WITHHELD_WORD))
        stopped = await run(job, server.url, in_flight=3)
        assert (stopped.reason, str(stopped.error)) == (StopReason.ERROR, "The disk is full.")
        made = len(server.ledger)
        assert states(job) == {"planned": 20 - made, "withheld": made}, "what could not be written is written later"
        await run(job, server.url)
        assert states(job) == {"withheld": 20}
        assert set(prompts(server).values()) == {1}


async def test_an_image_that_a_killed_run_had_stored_is_found_when_its_link_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run dies between the image and the ledger, and the next one comes when the link has expired."""

    class KilledError(Exception):
        pass

    original: Callable[..., Any] = Saver._save

    async def save_and_die(self: Saver, *arguments: Any) -> Any:
        await original(self, *arguments)
        raise KilledError

    with MockServer(link_life=3) as server, Job.open(tmp_path) as job:
        job.plan(requests(1))
        with monkeypatch.context() as patched:
            patched.setattr(Saver, "_save", save_and_die)
            with pytest.raises(KilledError):
                await run(job, server.url)
        (answered,) = job.outcomes()
        assert (answered.state, answered.file) == (State.ANSWERED, None)
    with Job.open(tmp_path) as job:
        await run(job, "http://127.0.0.1:1")
        (saved,) = job.outcomes()
    assert saved.state is State.SAVED
    assert (tmp_path / str(saved.file)).is_file()
    assert saved.sha256 == answered.sha256


async def test_the_ledger_of_a_url_is_in_the_users_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with MockServer() as server, Job.open("memory://bucket/cats/") as job:
        job.plan(requests(2))
        await run(job, server.url)
        assert states(job) == {"saved": 2}
        assert tmp_path in job.ledger.path.parents
        (saved, _) = job.outcomes()
        with job.store.open(str(saved.file)) as file:
            assert hashlib.sha256(file.read()).hexdigest() == saved.sha256
        with pytest.raises(LedgerLockedError):
            Job.open("memory://bucket/cats")
        with Job.open("memory://bucket/dogs") as other:
            assert other.ledger.path != job.ledger.path
    with Job.open("memory://bucket/cats", ledger=tmp_path / "here" / "my.ledger") as elsewhere:
        assert states(elsewhere) == {}
        assert (tmp_path / "here" / "my.ledger").is_file()


async def test_downloads_have_their_own_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = threading.Lock()
    now = most = 0
    original = AsyncIdeogram.download

    async def counted(self: AsyncIdeogram, *arguments: Any, **options: Any) -> Any:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        try:
            return await original(self, *arguments, **options)
        finally:
            now -= 1

    monkeypatch.setattr(AsyncIdeogram, "download", counted)
    with MockServer() as server, Job.open(tmp_path) as job:
        job.plan(requests(12))
        await run(job, server.url, in_flight=10, downloads=2)
        assert states(job) == {"saved": 12}
    assert most == 2
