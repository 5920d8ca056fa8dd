"""A job that has an id is never lost: asking for it costs nothing, so a wait outlives whatever happens to a poll.

On real sockets, with both clients. test_promise_never_pays_twice has the table of what a wait ends in when every poll
meets the same.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anyio
import hishel.httpx
import httpx
import pytest
from canned import Service, entry
from driver import KINDS, PROMPT, Driver, FakeTiming, Kind, against, at_once, case, outcome, raised
from small_internet import Internet, answer, foreign_authority

import ideogram_ai.client as ideogram
from ideogram_ai.client import Generation, Job, JobFailedError, JobTimeoutError, OutcomeUnknownError
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FAULTS, FaultServer, Phase, answer_with

ID = "Z2VuLTE="
NOTE = f"client.wait('{ID}') waits for it again"
pytestmark = pytest.mark.filterwarnings("ignore::ideogram_ai.client.ResponseWarning")


def wait(server: FaultServer, kind: Kind, *, deadline: float = 300.0, timing: FakeTiming | None = None) -> Any:
    """What a wait ends in, with pauses that take no time."""
    with Driver(kind, base_url=server.url, timing=timing or FakeTiming(), timeout=0.3) as client:
        return outcome(client.call, "wait", ID, deadline=deadline)


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


def test_an_answer_about_another_job_gives_nobody_elses_images(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    with FaultServer("ok", poll=["another_job", "another_job", "ok"]) as server:
        ended = wait(server, kind)
        assert isinstance(ended, Generation)
        assert (ended.job_id, len(server.wait_idle().polls)) == (ID, 3)
    with against(kind, poll="another_job") as (client, _):
        words = "it is about job 'another-job'"
        error = raised(ideogram.ResponseValidationError, client.call, "job", ID, match=words)
        assert (error.job_id, error.may_have_been_billed) == (ID, False)
    with FaultServer("ok", poll="another_job") as server:
        caplog.clear()
        ended = wait(server, kind, deadline=60.0)
    assert isinstance(ended, JobTimeoutError)
    assert words in ended.message
    warned = [each.message for each in caplog.records if each.levelname == "WARNING"]
    assert len(warned) == 1, "once, although every poll was about another job"
    assert words in warned[0]


def test_a_single_poll_gives_what_a_broken_answer_names(kind: Kind) -> None:
    for fault, polls in (("chunk_size_too_long", 4), ("not_utf8_200", 4), ("chunk_last_missing", 1)):
        with against(kind, poll=fault, timeout=0.3) as (client, server):
            job = client.call("job", ID)
            assert (job.status, len(job.generation.images)) == ("completed", 1)
            assert len(server.wait_idle().polls) == polls


def test_images_under_an_unknown_status_are_returned_at_the_deadline(kind: Kind) -> None:
    renamed = {"generation_id": ID, "status": "succeeded", "created": "2026-10-07T12:00:00Z", "data": [entry()]}
    with FaultServer("ok", poll=[answer_with(200, json.dumps(renamed)), "status_500"]) as server:
        ended = wait(server, kind, deadline=20.0)
        assert isinstance(ended, Generation), ended
        assert (ended.images[0].url, ended.job_id) == (entry()["url"], ID)
        assert len(server.wait_idle().polls) > 4


def test_a_certificate_that_nobody_trusts_ends_a_wait(kind: Kind, internet: Internet) -> None:
    api = internet.host("api.example", answer(200), certificate=foreign_authority().issue_cert("api.example"))
    with Driver(kind, base_url=api.url, timing=FakeTiming()) as client:
        error = raised(ideogram.APIConnectionError, client.call, "wait", ID, match="never left")
    assert (error.job_id, error.may_have_been_billed) == (ID, True)
    assert "After 5 polls" in error.message


def test_a_key_that_is_a_word_changes_no_id_and_no_link(kind: Kind) -> None:
    key = "a-picture"
    link = f"https://ideogram.ai/{key}.png"
    done = {"status": "completed", "created": "2026-10-07T12:00:00Z", "data": [entry(url=link, prompt=key)]}
    answers: list[dict[str, Any]] = [{}, {"status": "pending"}, done]
    service = Service(*(httpx.Response(200, json={"generation_id": f"a-{key}", **more}) for more in answers))
    with Driver(kind, service=service, api_key=key) as client:
        job = client.call("submit", text_prompt="a")
        assert job.id == f"a-{key}"
        made = client.call("wait", job)
    assert (made.job_id, made.images[0].url, made.images[0].prompt) == (job.id, link, "[api key]")
    assert service.requests[-1].url.path == f"/v1/generations/a-{key}"


# What is sent, and when.


def test_a_cache_gives_no_stale_status(tmp_path: Path) -> None:
    """Of the caller's HTTP client here; a proxy or a gateway may have one too."""
    pending = json.dumps({"generation_id": ID, "status": "pending", "created": "2026-10-07T12:00:00Z"})
    storage = hishel.SqliteStorage(database_path=tmp_path / "cache")
    caching = hishel.httpx.CacheTransport(httpx.HTTPTransport(), storage=storage, rfc=True)
    polls = [answer_with(200, pending, [("Cache-Control", "max-age=600")]), "ok"]
    with against("sync", poll=polls, lend={"transport": caching}) as (client, _):
        assert client.call("wait", ID).images


def test_a_job_from_its_submit_to_its_images(kind: Kind) -> None:
    """With the pauses that it makes, the fields that were submitted, and what it costs."""
    timing = FakeTiming(chance=0.0)
    polls = ["pending", "pending", "status_500", "pending", "ok"]
    with against(kind, poll=polls, timing=timing) as (client, server):
        job = client.call("submit", text_prompt=PROMPT, rendering_speed="QUALITY")
        assert (job.status, job.request) == ("pending", {"text_prompt": PROMPT, "rendering_speed": "QUALITY"})
        done = client.call("wait", job)
        assert timing.slept == pytest.approx([1.0, 1.0, 1.5, 2.25, 3.375])
        assert (done.request, done.job_id) == (job.request, job.id)
        assert (str(done.cost_usd), done.cost_source) == ("0.10", "price list")
        asked = client.call("job", job)
        assert (asked.request, asked.status, str(asked.generation.cost_usd)) == (job.request, "completed", "0.10")
        bare = client.call("job", job.id)
        assert (bare.request, bare.generation.cost_usd, bare.generation.cost_source) == ({}, None, None)
        asked_before = len(server.wait_idle().polls)
        assert client.call("wait", asked) == asked.generation
        failed = Job("id", "failed", failure_reason="why\n")
        error = raised(JobFailedError, client.call, "wait", failed, match="Job 'id' failed: why")
        assert (error.job, error.failure_reason) == (failed, "why\n")
        assert len(server.wait_idle().polls) == asked_before


def test_a_pause_is_random_grows_and_ends_at_the_deadline() -> None:
    timing = FakeTiming(chance=1.0)
    with FaultServer("ok", poll="pending") as server:
        ended = wait(server, "sync", timing=timing, deadline=60.0)
    assert timing.slept == pytest.approx([2.0, 3.0, 4.5, 6.75, 10.125, 15.0, 15.0, 3.625])
    assert isinstance(ended, JobTimeoutError)
    assert (ended.deadline, ended.job_id, ended.job and ended.job.status) == (60.0, ID, "pending")
    assert ended.message.startswith(
        "The job was not done after 60 s and 9 polls: its status is 'pending'. Job 'Z2VuLTE='"
    )
    assert ended.__cause__ is None
    for poll, cause in (("status_503", ideogram.InternalServerError), ("close_after_request", OutcomeUnknownError)):
        with FaultServer("ok", poll=poll) as server:
            ended = wait(server, "sync", deadline=0.0)
        assert (type(ended.__cause__), ended.job) == (cause, None)
        assert ended.__cause__.may_have_been_billed is False
        nothing = f"its status is unknown, and the last poll failed ({cause.__name__}: {ended.__cause__}). Job"
        assert ended.message.startswith(f"The job was not done after 0 s and 1 poll: {nothing}")


def test_a_429_pauses_every_wait_of_the_client(kind: Kind) -> None:
    for retry_after, paused in (("20", 20.0), ("86400", 60.0), (None, 1.0)):
        limit = answer_with(429, "{}", [("Retry-After", retry_after)] if retry_after else [])
        timing = FakeTiming(chance=0.0)
        with against(kind, poll=[limit, "ok"], timing=timing) as (client, _):
            client.call("wait", ID)
            assert sum(timing.slept) == pytest.approx(paused)
            schedule = client.client.with_retry(ideogram.RetryPolicy())._polls
            assert schedule is client.client._polls
            schedule.pause(30.0, timing.elapsed)
            client.call("wait", ID)
            assert sum(timing.slept) == pytest.approx(paused + 30.0)


def test_polls_need_no_place_among_the_requests_in_flight_and_are_repeated(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait_for_one(*_: object) -> None:
        raise AssertionError("it waits for a place")

    polls = ["status_500", "close_after_request", "html_200", "ok"]
    with against(kind, poll=polls) as (client, server):
        monkeypatch.setattr(client.client._in_flight, "_take", wait_for_one)
        assert client.call("job", ID).status == "completed"
        raised(AssertionError, client.call, "submit", text_prompt=PROMPT, match="it waits for a place")
        assert len(server.wait_idle().polls) == 4


def test_many_waits_at_once(kind: Kind) -> None:
    """A thousand of them are in test_waiting; here as many as sockets allow."""
    with against(kind, poll=[*["pending"] * 30, "ok"]) as (client, server):
        ended = at_once(kind, [lambda: client.client.wait(ID)] * 40)
        assert [type(each) for each in ended] == [Generation] * 40
        assert len(server.wait_idle().polls) == 70


# What interrupts a wait, or a submit.


def raise_interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_interrupts_a_wait_or_a_submit_has_the_id(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    """Ctrl-C in a pause, and while the answer to a poll or to a submit is judged."""
    while_judged = {"wall": raise_interrupt}
    calls: list[tuple[str, list[str], dict[str, str], str, dict[str, Any]]] = [
        ("wait", [ID], {}, "pending", {"sleep": raise_interrupt}),
        ("wait", [ID], {}, "ok", while_judged),
        ("submit", [], {"text_prompt": PROMPT}, "ok", while_judged),
    ]
    for method, arguments, fields, poll, timing in calls:
        caplog.clear()
        with case((method, poll)), against(kind, poll=poll, timing=timing) as (client, _):
            error: Any = raised(KeyboardInterrupt, client.call, method, *arguments, **fields)
            note = NOTE if method == "wait" else "client.wait('"
            assert note in caplog.text
            assert method == "submit" or "A request was interrupted" not in caplog.text  # a poll costs nothing
            if kind != "asyncio":  # which raises one of its own
                assert error.job_id == ID or method == "submit"
                assert error.may_have_been_billed is True
                assert any(f"client.wait('{error.job_id}')" in each for each in error.__notes__)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_cancelled_wait_has_the_id(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    async def use(client: Any) -> bool:
        with anyio.move_on_after(0.2) as scope:
            await client.wait(ID)
        return scope.cancelled_caught

    with against(kind, poll="silence") as (client, _):
        assert client.run(use)
    assert NOTE in caplog.text


def test_a_submit_without_an_id_says_what_that_means(kind: Kind) -> None:
    for fault, kind_of_error in (
        ("close_after_request", OutcomeUnknownError),
        ("status_500", ideogram.InternalServerError),
        ("close_in_status_line", OutcomeUnknownError),
        *((answer_with(200, body), ideogram.ResponseValidationError) for body in ('{"generation_id": ""}', "<", "")),
    ):
        with case(fault), against(kind, fault) as (client, server):
            error: Any = raised(kind_of_error, client.call, "submit", text_prompt=PROMPT)
            assert server.wait_idle().may_have_run == 1
            assert (error.job_id, error.may_have_been_billed) == (None, True)
            if isinstance(error, ideogram.ResponseValidationError):
                assert "names no job" in error.message
            else:
                assert "No id of a job came back" in error.message
                assert "Look at the account's usage before submitting it again." in error.message


def test_half_an_answer_to_a_submit_is_enough_if_the_id_is_in_it(kind: Kind) -> None:
    with against(kind, answer_with(200, f'{{"generation_id": "{ID}", "crea')) as (client, _):
        job = client.call("submit", text_prompt=PROMPT)
    assert (job.id, job.problems) == (ID, ("the body is not JSON",))


def test_a_wait_that_cannot_go_on_says_so(kind: Kind) -> None:
    class Closing(FakeTiming):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            client.client._closed = True

    with against(kind, poll="pending", timing=Closing()) as (client, _):
        error = raised(ideogram.RequestError, client.call, "wait", ID, match="The client is closed")
    assert (error.job_id, error.may_have_been_billed) == (ID, True)
    assert error.message.endswith(f"After 1 poll, job '{ID}' may go on. Asking again is free.")
    with Driver(kind, base_url="http://127.0.0.1:9") as client:
        for deadline in (-1.0, float("nan"), float("inf"), "1", True):
            raised(ideogram.RequestError, client.call, "wait", ID, deadline=deadline, match="deadline=")
        for job_id in ("", ".", "..", {"a": 1}, None):
            raised(ideogram.RequestError, client.call, "wait", job_id)


PROGRAM = """
import sys
from ideogram_ai.client import Ideogram
client = Ideogram(base_url=sys.argv[1])
job = client.submit(text_prompt='a cat')
print(job.id, flush=True)
client.wait(job)
"""


@pytest.mark.slow
def test_a_killed_program_loses_no_job(tmp_path: Path) -> None:
    """The id is all that is left, and another process has the image."""
    env = os.environ | {"IDEOGRAM_API_KEY": "sentinel-of-this-test"}
    with MockServer(latency=2.0) as server:
        command = [sys.executable, "-c", PROGRAM, server.url]
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout
            job_id = running.stdout.readline().strip()
            running.send_signal(signal.SIGKILL)
            assert running.stdout.read() == ""
        assert running.returncode == -signal.SIGKILL
        with Driver("sync", base_url=server.url, timing={"sleep": time.sleep}) as client:
            saved = client.download(client.call("wait", job_id).images[0], tmp_path / "cat.png")
        assert saved.stat().st_size > 1000
        assert sum(exchange.method == "POST" for exchange in server.ledger) == 1
