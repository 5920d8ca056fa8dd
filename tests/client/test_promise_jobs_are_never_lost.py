"""A job that has an id is never lost: asking for it costs nothing, so a wait outlives whatever happens to a poll.

On real sockets, with both clients. The table of docs/errors.md says what a wait ends in when every poll meets the same.
"""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from canned import Service, entry
from driver import KINDS, PROMPT, Driver, FakeTiming, Kind, at_once, case, each_kind, outcome
from error_tables import Row, cases
from small_internet import Internet, answer, foreign_authority

import ideogram_ai.client as ideogram
from ideogram_ai.client import (
    Generation,
    IdeogramError,
    Job,
    JobFailedError,
    JobTimeoutError,
    OutcomeUnknownError,
)
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FAULTS, Fault, FaultServer, Phase, answer_with

ID = "Z2VuLTE="
DEADLINE = 300.0
NO_IMAGES = answer_with(200, json.dumps({"generation_id": ID, "status": "completed", "data": []}), name="no_images")
pytestmark = pytest.mark.filterwarnings("ignore::ideogram_ai.client.ResponseWarning")


def fault_of(name: str) -> str | Fault:
    return NO_IMAGES if name == "no_images" else name


def wait(server: FaultServer, kind: Kind, **options: Any) -> Any:
    """What a wait ends in, with pauses that take no time."""
    timing = options.pop("timing", None) or FakeTiming()
    with Driver(kind, base_url=server.url, timing=timing, timeout=0.3) as client:
        return outcome(client.run, lambda each: each.wait(ID, **{"deadline": DEADLINE, **options}))


def check_row(kind: Kind, name: str, row: Row) -> None:
    with FaultServer("ok", poll=fault_of(name), interval=0.05, expanded_size=1 << 20) as server:
        ended = wait(server, kind)
        ledger = server.wait_idle()
    polls = len(ledger.polls)
    assert not ledger.posts
    assert all(poll.target == f"/v1/generations/{ID}" for poll in ledger.polls if poll.head_read)
    if row.outcome == "Generation":
        assert isinstance(ended, Generation), ended
        assert [bool(image.url) for image in ended.images] == [True]
        assert ended.job_id == ID
    else:
        assert type(ended).__name__ == row.outcome, repr(ended)
        assert isinstance(ended, IdeogramError)
        assert ended.job_id == ID
        assert ended.may_have_been_billed is (row.cells["Billed"] != "no")
        assert ID in ended.message
        assert ("Asking again is free." in ended.message) == (row.outcome != "JobFailedError")
    assert polls == int(row.cells["Polls"]) if row.cells["Polls"].isdigit() else polls > 15


@each_kind
def test_every_row_of_the_table_of_waits_holds(kind: Kind) -> None:
    for number, (name, row) in enumerate(cases("Waiting for a job")):
        if number % len(KINDS) == KINDS.index(kind) or kind == "sync":
            with case(name):
                check_row(kind, name, row)


@each_kind
def test_a_wait_outlives_whatever_happens_to_polls(kind: Kind) -> None:
    """Every fault that there is, one after the other, and then the images."""
    slow = {name for name in FAULTS if name.startswith(("drip", "endless", "silence", "never_reads"))}
    sequence = [name for name in FAULTS if name not in slow and FAULTS[name].phase is not Phase.CONNECT]
    assert len(sequence) > 80
    for first in range(0, len(sequence), 4):
        faults = sequence[first : first + 4]
        with case(faults), FaultServer("ok", poll=[*faults, "pending", "ok"]) as server:
            ended = wait(server, kind)
            assert isinstance(ended, Generation), ended
            assert ended.images[0].url


@each_kind
def test_an_answer_about_another_job_gives_nobody_elses_images(kind: Kind) -> None:
    with FaultServer("ok", poll=["another_job", "another_job", "ok"]) as server:
        ended = wait(server, kind)
        assert isinstance(ended, Generation)
        assert (ended.job_id, len(server.wait_idle().polls)) == (ID, 3)
    with FaultServer("ok", poll="another_job") as server, Driver(kind, base_url=server.url) as client:
        with pytest.raises(ideogram.ResponseValidationError, match="it is about job 'another-job'") as caught:
            client.run(lambda each: each.job(ID))
        assert (caught.value.job_id, caught.value.may_have_been_billed) == (ID, False)


@each_kind
def test_a_single_poll_gives_what_a_broken_answer_names(kind: Kind) -> None:
    for fault, polls in (("chunk_size_too_long", 4), ("not_utf8_200", 4), ("chunk_last_missing", 1)):
        with FaultServer(poll=fault) as server, Driver(kind, base_url=server.url, timeout=0.3) as client:
            job = client.run(lambda each: each.job(ID))
            assert (job.status, len(job.generation.images)) == ("completed", 1)
            assert len(server.wait_idle().polls) == polls


@each_kind
def test_images_under_an_unknown_status_are_returned_at_the_deadline(kind: Kind) -> None:
    renamed = json.dumps(
        {"generation_id": ID, "status": "succeeded", "created": "2026-10-07T12:00:00Z", "data": [entry()]}
    )
    with FaultServer(poll=[answer_with(200, renamed), "status_500"]) as server:
        ended = wait(server, kind, deadline=20.0)
        assert isinstance(ended, Generation), ended
        assert (ended.images[0].url, ended.job_id) == (entry()["url"], ID)
        assert len(server.wait_idle().polls) > 4


@each_kind
def test_a_certificate_that_nobody_trusts_ends_a_wait(kind: Kind, internet: Internet) -> None:
    api = internet.host("api.example", answer(200), certificate=foreign_authority().issue_cert("api.example"))
    with (
        Driver(kind, base_url=api.url, timing=FakeTiming()) as client,
        pytest.raises(ideogram.APIConnectionError, match="never left") as caught,
    ):
        client.run(lambda each: each.wait(ID))
    assert (caught.value.job_id, caught.value.may_have_been_billed) == (ID, True)
    assert "After 5 polls" in caught.value.message


@each_kind
def test_a_key_that_is_a_word_changes_no_id_and_no_link(kind: Kind) -> None:
    key = "a-picture"
    link = f"https://ideogram.ai/{key}.png"
    done = {"status": "completed", "created": "2026-10-07T12:00:00Z", "data": [entry(url=link, prompt=key)]}
    service = Service(
        httpx.Response(200, json={"generation_id": f"a-{key}"}),
        httpx.Response(200, json={"generation_id": f"a-{key}", "status": "pending"}),
        httpx.Response(200, json={"generation_id": f"a-{key}"} | done),
    )
    with Driver(kind, service=service, api_key=key) as client:
        job = client.run(lambda each: each.submit(text_prompt="a"))
        assert job.id == f"a-{key}"
        made = client.run(lambda each: each.wait(job))
    assert (made.job_id, made.images[0].url, made.images[0].prompt) == (job.id, link, "[api key]")
    assert service.requests[-1].url.path == f"/v1/generations/a-{key}"


# What is sent, and when.


@each_kind
def test_a_job_from_its_submit_to_its_images(kind: Kind) -> None:
    """With the pauses that it makes, the fields that were submitted, and what it costs."""
    timing = FakeTiming(chance=0.0)
    with (
        FaultServer("ok", poll=["pending", "pending", "status_500", "pending", "ok"]) as server,
        Driver(kind, base_url=server.url, timing=timing) as client,
    ):
        job = client.run(lambda each: each.submit(text_prompt=PROMPT, rendering_speed="QUALITY"))
        assert (job.status, job.request) == ("pending", {"text_prompt": PROMPT, "rendering_speed": "QUALITY"})
        done = client.run(lambda each: each.wait(job))
        assert timing.slept == pytest.approx([1.0, 1.0, 1.5, 2.25, 3.375])
        assert (done.request, done.job_id) == (job.request, job.id)
        assert (str(done.cost_usd), done.cost_source) == ("0.10", "price list")
        asked = client.run(lambda each: each.job(job))
        assert (asked.request, asked.status, str(asked.generation.cost_usd)) == (job.request, "completed", "0.10")
        bare = client.run(lambda each: each.job(job.id))
        assert (bare.request, bare.generation.cost_usd, bare.generation.cost_source) == ({}, None, None)
        polls = len(server.wait_idle().polls)
        assert client.run(lambda each: each.wait(asked)) == asked.generation
        failed = Job("id", "failed", failure_reason="why\n")
        with pytest.raises(JobFailedError, match="Job 'id' failed: why") as caught:
            client.run(lambda each: each.wait(failed))
        assert (caught.value.job, caught.value.failure_reason) == (failed, "why\n")
        assert len(server.wait_idle().polls) == polls


def test_a_pause_is_random_grows_and_ends_at_the_deadline() -> None:
    timing = FakeTiming(chance=1.0)
    with FaultServer("ok", poll="pending") as server:
        ended = wait(server, "sync", timing=timing, deadline=60.0)
    assert timing.slept == pytest.approx([2.0, 3.0, 4.5, 6.75, 10.125, 15.0, 15.0, 3.625])
    assert isinstance(ended, JobTimeoutError)
    assert (ended.deadline, ended.job_id, ended.job and ended.job.status) == (60.0, ID, "pending")
    assert ended.message.startswith("The wait of 60 s is over: its status is 'pending', after 9 polls. Job 'Z2VuLTE='")
    assert ended.__cause__ is None
    for poll, cause in (("status_503", ideogram.InternalServerError), ("close_after_request", OutcomeUnknownError)):
        with FaultServer("ok", poll=poll) as server:
            ended = wait(server, "sync", deadline=0.0)
        assert (type(ended.__cause__), ended.job) == (cause, None)
        assert ended.__cause__.may_have_been_billed is False
        assert ended.message.startswith(
            f"The wait of 0 s is over: nothing is known of it, and the last poll failed ({cause.__name__}), after 1"
        )


@each_kind
def test_a_429_pauses_every_wait_of_the_client(kind: Kind) -> None:
    limit = answer_with(429, "{}", [("Retry-After", "20")])
    endless = answer_with(429, "{}", [("Retry-After", "86400")])
    for first, paused in ((limit, 20.0), (endless, 60.0), (answer_with(429), 1.0)):
        timing = FakeTiming(chance=0.0)
        with (
            FaultServer("ok", poll=[first, "ok"]) as server,
            Driver(kind, base_url=server.url, timing=timing) as client,
        ):
            client.run(lambda each: each.wait(ID))
            assert sum(timing.slept) == pytest.approx(paused)
            schedule = client.client.with_retry(ideogram.RetryPolicy())._polls
            assert schedule is client.client._polls
            schedule.pause(30.0, timing.elapsed)
            client.run(lambda each: each.wait(ID))
            assert sum(timing.slept) == pytest.approx(paused + 30.0)


@each_kind
def test_polls_need_no_place_among_the_requests_in_flight_and_are_repeated(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait_for_one(*_: object) -> None:
        raise AssertionError("it waits for a place")

    with (
        FaultServer(poll=["status_500", "close_after_request", "html_200", "ok"]) as server,
        Driver(kind, base_url=server.url) as client,
    ):
        monkeypatch.setattr(client.client._in_flight, "_take", wait_for_one)
        assert client.run(lambda each: each.job(ID)).status == "completed"
        with pytest.raises(AssertionError, match="it waits for a place"):
            client.run(lambda each: each.submit(text_prompt=PROMPT))
    assert len(server.ledger.polls) == 4


@each_kind
def test_many_waits_at_once(kind: Kind) -> None:
    """A thousand of them are in test_waiting; here as many as sockets allow."""
    with FaultServer("ok", poll=[*["pending"] * 30, "ok"]) as server, Driver(kind, base_url=server.url) as client:
        ended = at_once(kind, [lambda: client.client.wait(ID)] * 40)
        assert [type(each) for each in ended] == [Generation] * 40
        assert len(server.wait_idle().polls) == 70


# What interrupts a wait, or a submit.


def raise_interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@each_kind
def test_what_interrupts_a_wait_has_the_id(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    note = f"client.wait('{ID}') waits for it again"
    for poll, timing in (("pending", {"sleep": raise_interrupt}), ("ok", {"wall": raise_interrupt})):
        caplog.clear()
        with (
            FaultServer("ok", poll=poll) as server,
            Driver(kind, base_url=server.url, timing=timing) as client,
            pytest.raises(KeyboardInterrupt) as caught,
        ):
            client.run(lambda each: each.wait(ID))
        assert note in caplog.text
        assert "A request was interrupted" not in caplog.text  # it was a poll, which costs nothing
        if kind != "asyncio":  # which raises one of its own
            assert (caught.value.job_id, caught.value.may_have_been_billed) == (ID, True)  # type: ignore[attr-defined]
            assert any(note in each for each in caught.value.__notes__)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_cancelled_wait_has_the_id(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    async def use(client: Any) -> bool:
        with anyio.move_on_after(0.2) as scope:
            await client.wait(ID)
        return scope.cancelled_caught

    with FaultServer("ok", poll="silence") as server, Driver(kind, base_url=server.url) as client:
        assert client.run(use)
    assert f"client.wait('{ID}') waits for it again" in caplog.text


@each_kind
def test_a_submit_without_an_id_says_what_that_means(kind: Kind) -> None:
    for fault, error in (
        ("close_after_request", OutcomeUnknownError),
        ("status_500", ideogram.InternalServerError),
        ("close_in_status_line", OutcomeUnknownError),
    ):
        with case(fault), FaultServer(fault) as server, Driver(kind, base_url=server.url) as client:
            with pytest.raises(error) as caught:
                client.run(lambda each: each.submit(text_prompt=PROMPT))
            assert server.wait_idle().may_have_run == 1
            assert "No id of a job came back" in caught.value.message
            assert "Look at the account's usage before submitting it again." in caught.value.message
            assert (caught.value.job_id, caught.value.may_have_been_billed) == (None, True)
    for body in ("{}", '{"generation_id": ""}', "<html>", ""):
        with FaultServer(answer_with(200, body)) as server, Driver(kind, base_url=server.url) as client:
            with pytest.raises(ideogram.ResponseValidationError, match="names no job") as broken:
                client.run(lambda each: each.submit(text_prompt=PROMPT))
            assert server.wait_idle().may_have_run == 1
            assert (broken.value.body, broken.value.may_have_been_billed) == (body.encode(), True)


@each_kind
def test_half_an_answer_to_a_submit_is_enough_if_the_id_is_in_it(kind: Kind) -> None:
    with (
        FaultServer(answer_with(200, f'{{"generation_id": "{ID}", "crea')) as server,
        Driver(kind, base_url=server.url) as client,
    ):
        job = client.run(lambda each: each.submit(text_prompt=PROMPT))
    assert (job.id, job.problems) == (ID, ("the body is not JSON",))


def test_ctrl_c_after_the_id_arrived_keeps_it(caplog: pytest.LogCaptureFixture) -> None:
    for kind in KINDS:
        caplog.clear()
        timing = {"wall": raise_interrupt}
        with (
            FaultServer("ok") as server,
            Driver(kind, base_url=server.url, timing=timing) as client,
            pytest.raises(KeyboardInterrupt) as caught,
        ):
            client.run(lambda each: each.submit(text_prompt=PROMPT))
        assert "client.wait('" in caplog.text
        if kind != "asyncio":
            job_id = caught.value.job_id  # type: ignore[attr-defined]
            assert job_id
            assert any(f"client.wait('{job_id}')" in note for note in caught.value.__notes__)


@each_kind
def test_a_wait_that_cannot_go_on_says_so(kind: Kind) -> None:
    class Closing(FakeTiming):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            client.client._closed = True

    with (
        FaultServer("ok", poll="pending") as server,
        Driver(kind, base_url=server.url, timing=Closing()) as client,
        pytest.raises(ideogram.RequestError, match="The client is closed") as caught,
    ):
        client.run(lambda each: each.wait(ID))
    assert (caught.value.job_id, caught.value.may_have_been_billed) == (ID, True)
    assert caught.value.message.endswith(f"After 1 poll, job '{ID}' may go on. Asking again is free.")
    with Driver(kind, base_url="http://127.0.0.1:9") as client:
        for deadline in (-1.0, float("nan"), float("inf"), "1", True):
            with pytest.raises(ideogram.RequestError, match="deadline="):
                client.run(partial(_wait_for, ID, deadline=deadline))
        for job_id in ("", ".", "..", {"a": 1}, None):
            with pytest.raises(ideogram.RequestError):
                client.run(partial(_wait_for, job_id))


def _wait_for(job: Any, client: Any, **options: Any) -> Any:
    return client.wait(job, **options)


@pytest.mark.slow
def test_a_killed_program_loses_no_job(tmp_path: Path) -> None:
    """The id is all that is left, and another process has the image."""
    program = (
        "import sys\n"
        "from ideogram_ai.client import Ideogram\n"
        "client = Ideogram(base_url=sys.argv[1])\n"
        "job = client.submit(text_prompt='a cat')\n"
        "print(job.id, flush=True)\n"
        "client.wait(job)\n"
        "print('done', flush=True)\n"
    )
    env = os.environ | {"IDEOGRAM_API_KEY": "sentinel-of-this-test"}
    with MockServer(latency=2.0) as server:
        running = subprocess.Popen(
            [sys.executable, "-c", program, server.url], env=env, stdout=subprocess.PIPE, text=True
        )
        assert running.stdout
        job_id = running.stdout.readline().strip()
        running.send_signal(signal.SIGKILL)
        assert running.stdout.read() == ""
        assert running.wait() == -signal.SIGKILL
        running.stdout.close()
        with Driver("sync", base_url=server.url, timing={"sleep": time.sleep}) as client:
            done = client.client.wait(job_id)
            saved = client.download(done.images[0], tmp_path / "cat.png")
        assert saved.stat().st_size > 1000
        assert sum(exchange.method == "POST" for exchange in server.ledger) == 1
