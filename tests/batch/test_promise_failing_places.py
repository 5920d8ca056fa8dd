"""What was paid for is never lost for a place, a ledger or a listener that fails in the middle of a run.

A store fails once an image is made, a driver breaks, a caller's own function raises, another program changes the
ledger. Each image that the server made is saved, or has its link in the ledger, or is named; and none is made twice.
"""

import contextlib
import logging
import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import batch_service
import fsspec
import pytest
import s3_server
from batch_service import Origin, made, rows, states
from cli_runs import answering, entry
from driver import KEY
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]

from ideogram_ai.batch import BatchRequest, Job, LedgerError, Outcome, State, Step
from ideogram_ai.batch.events import Event, RowAnswered, RowDone, RowSent, RunStopped, RunStopping, StopReason
from ideogram_ai.batch.ledger import Ledger
from ideogram_ai.batch.model import StoreError
from ideogram_ai.batch.planning import shared_key
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_images")]


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("IDEOGRAM_API_KEY", KEY)


def requests(count: int) -> list[BatchRequest]:
    return [BatchRequest.of({"text_prompt": f"{n}", "resolution": "512x1536"}, n) for n in range(1, count + 1)]


async def run(job: Job, url: str, **options: Any) -> RunStopped:
    return await batch_service.run(job, url, in_flight=3, **options)


def paid(server: MockServer) -> list[str]:
    return sorted(made(server).elements(), key=int)


class RefusingFileSystem(MemoryFileSystem):  # type: ignore[misc]
    """A driver that breaks in the middle of a batch, with any exception, as drivers do."""

    protocol = "refusing"
    errors: Iterator[Exception | None] = iter(())

    def put_file(self, lpath: str, rpath: str, *arguments: Any, **options: Any) -> None:
        error = next(self.errors, None)
        if error is not None and rpath.endswith(".png"):
            raise error
        super().put_file(lpath, rpath, *arguments, **options)


fsspec.register_implementation("refusing", RefusingFileSystem, clobber=True)


@pytest.mark.parametrize("error", [RuntimeError("Session is closed"), PermissionError("revoked")])
async def test_a_driver_that_breaks(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(RefusingFileSystem, "errors", iter([None] * 6 + [error] * 99))
    with MockServer(latency=0.05) as server, Job.open(f"refusing://{type(error).__name__}") as job:
        job.plan(requests(20))
        stopped = await run(job, server.url)
        assert stopped.reason is StopReason.ERROR
        assert str(error) in stopped.message
        left = list(job.outcomes(State.ANSWERED))
        assert len(left) + job.counts()[State.SAVED] == len(paid(server))
        assert left
        assert all(outcome.url for outcome in left)
        monkeypatch.setattr(RefusingFileSystem, "errors", iter(()))
        assert (await run(job, server.url)).reason is StopReason.DONE
        assert job.counts()[State.SAVED] == len(paid(server)) == 20


async def test_a_name_that_the_locale_does_not_allow_keeps_no_other_image_from_being_saved(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.link
    monkeypatch.setattr(os, "link", lambda source, target: whole(source, str(target).encode("ascii")))
    service = Origin()
    job.plan(rows("a \u732b", "cat"))
    stopped = await service.run(job, in_flight=1)
    assert (stopped.reason, states(job)) == (StopReason.DONE, {"000001": "answered", "000002": "saved"})
    assert "in ascii only. Choose a locale of UTF-8" in str(next(job.outcomes()).error)
    monkeypatch.undo()
    await service.run(job)
    assert (states(job), len(service.prompts)) == ({"000001": "saved", "000002": "saved"}, 2)


async def test_an_s3_service_that_refuses_in_the_middle(s3: str, tmp_path: Path) -> None:
    with MockServer(latency=0.05) as server, Job.open(f"s3://{s3_server.BUCKET}/{tmp_path.name}") as job:
        job.plan(requests(12))
        with contextlib.ExitStack() as refusing:

            def refuse(event: Event) -> None:
                if isinstance(event, RowAnswered) and not refused:
                    refused.append(event)
                    refusing.enter_context(s3_server.asking_for_credentials(s3))

            refused: list[Event] = []
            stopped = await run(job, server.url, on_event=refuse)
        assert stopped.reason is StopReason.ERROR
        counts = job.counts()
        assert counts[State.ANSWERED] > 0
        assert counts[State.ANSWERED] + counts[State.SAVED] == len(paid(server))
        assert (await run(job, server.url)).reason is StopReason.DONE
        assert job.counts()[State.SAVED] == len(paid(server)) == 12
        name = next(str(outcome.file) for outcome in job.outcomes())
        with (
            pytest.raises(StoreError, match=r"cannot be read: .*Check the credentials"),
            job.store.open(name) as file,
            s3_server.asking_for_credentials(s3),
        ):
            file.read()


@pytest.mark.parametrize("kind", [RowSent, RowAnswered, RowDone, RunStopping, RunStopped])
async def test_a_listener_that_raises(tmp_path: Path, kind: type[Event]) -> None:
    """The exception reaches the caller, once everything that was in flight is saved."""

    def listen(event: Event) -> None:
        if isinstance(event, RowDone) and kind is RunStopping:
            job.stop_softly()
        if isinstance(event, kind):
            raise ZeroDivisionError

    with MockServer(latency=0.05) as server, Job.open(tmp_path / "images") as job:
        job.plan(requests(12))
        with pytest.raises(ZeroDivisionError):
            await run(job, server.url, on_event=listen)
        made = paid(server)
        assert job.counts()[State.SAVED] == len(made)
        assert len(made) == 12 or kind is not RunStopped
        assert len(made) < 12 or kind is not RowSent
        assert (await run(job, server.url)).reason is StopReason.DONE
        assert len(paid(server)) == 12


async def test_a_ledger_that_another_program_changed(tmp_path: Path) -> None:
    """Rows vanish while their requests are in flight: their images are saved, and they are named."""

    def tamper(event: Event) -> None:
        if isinstance(event, RowSent):
            # From inside, because the file is locked against everybody else.
            job.ledger._database.execute("DELETE FROM rows WHERE key = ?", (event.request.key,))

    with MockServer(latency=0.05) as server, Job.open(tmp_path / "images") as job:
        job.plan(requests(6))
        stopped = await run(job, server.url, on_event=tamper)
        assert stopped.reason is StopReason.ERROR
        assert sorted(outcome.request.fields["text_prompt"] for outcome in stopped.unrecorded) == paid(server)
        for outcome in stopped.unrecorded:
            assert outcome.state is State.SAVED
            assert (tmp_path / "images" / str(outcome.file)).is_file()


async def test_a_run_that_is_cancelled_while_its_ledger_cannot_be_written_names_what_it_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    original = Ledger.apply

    def full(self: Ledger, given: Any) -> None:
        if any(outcome.state is State.ANSWERED for outcome in given):
            raise LedgerError("The disk is full.")
        original(self, given)

    with MockServer(latency=0.05) as server, Job.open(tmp_path / "images") as job:
        job.plan(requests(3))
        monkeypatch.setattr(Ledger, "apply", full)
        with anyio.CancelScope() as scope:

            def cancel(event: Event) -> None:
                if isinstance(event, RowDone):
                    scope.cancel()

            await run(job, server.url, on_event=cancel)
        assert scope.cancelled_caught
        (message,) = [record.getMessage() for record in caplog.records if "ledger could not" in record.getMessage()]
        assert all(repr(f"{int(prompt):06d}") in message for prompt in paid(server))
        monkeypatch.setattr(Ledger, "apply", original)


@pytest.mark.parametrize("image", [{"is_image_safe": False}, {"is_image_safe": None}])
async def test_an_image_with_a_link_is_saved_even_if_it_is_marked_as_withheld(
    tmp_path: Path, image: dict[str, Any]
) -> None:
    with FaultServer(answering(entry(**image))) as server, Job.open(tmp_path / "images") as job:
        job.plan(requests(1))
        await run(job, server.url)
        (row,) = job.outcomes()
        assert len(server.ledger.posts) == 1
        # Which of the two it is depends on the client alone: whether it downloads such an image.
        assert (row.state is State.SAVED) is bool(server.ledger.gets)
        assert row.state in {State.SAVED, State.WITHHELD}


def test_a_step_whose_place_fails_after_the_response_has_its_link(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("gone")

    monkeypatch.setattr("ideogram_ai.batch.saving.store_image", fail)
    with MockServer() as server:
        outcome = Step(base_url=server.url, location=str(tmp_path))(requests(1)[0])
    assert (outcome.state, outcome.may_have_been_billed) == (State.ANSWERED, True)
    assert outcome.url is not None
    assert "gone" in str(outcome.error)


def test_a_step_that_is_interrupted_while_it_saves_names_its_image(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ideogram_ai.batch.saving.store_image", interrupt)
    with MockServer() as server, caplog.at_level(logging.WARNING):
        with pytest.raises(KeyboardInterrupt) as caught:
            Step(base_url=server.url, location=str(tmp_path))(requests(1)[0])
        name = shared_key(requests(1)[0])
        assert f"'{name}' {server.url}/" in caplog.text
        assert f"'{name}' {server.url}/" in caught.value.__notes__[0]


def _call(step: Step, request: BatchRequest, into: Any) -> None:
    into.put(step(request))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("place", ["s3", "folder"])
def test_a_step_goes_on_in_forked_processes(tmp_path: Path, s3: str, place: str) -> None:
    """It was used before the fork, so that its client and its store are open: no child uses them as its own."""
    with MockServer() as server:
        location = f"s3://{s3_server.BUCKET}/{tmp_path.name}" if place == "s3" else str(tmp_path / "images")
        step = Step(base_url=server.url, location=location)
        first, *others = requests(5)
        outcomes: list[Outcome] = [step(first)]
        fork = multiprocessing.get_context("fork")
        queue = fork.SimpleQueue()
        children = [fork.Process(target=_call, args=(step, request, queue)) for request in others]
        for child in children:
            child.start()
        outcomes += [queue.get() for _ in children]
        for child in children:
            child.join()
        outcomes.append(step(BatchRequest("after", {"text_prompt": "after", "resolution": "512x1536"})))
        assert [(outcome.state, outcome.error) for outcome in outcomes] == [(State.SAVED, None)] * 6
        assert all(outcome.prompt == outcome.request.fields["text_prompt"] for outcome in outcomes)
        assert len(server.ledger) == 6
