"""What is read of a job: the answers to a submit and to a poll, and webhooks, in any state that they may arrive in."""

import json
import pickle
from typing import Any

import pytest
from canned import entry
from hypothesis import given
from hypothesis import strategies as st

from ideogram_ai.client import Job, OutcomeUnknownError, ResponseValidationError
from ideogram_ai.client.jobs import find_job_id, read_job

ID = "Z2VuLTE="
WHEN = "2026-10-07T12:00:00Z"


def text(**members: object) -> bytes:
    """A body with these members."""
    return json.dumps(members).encode()


def poll(*entries: object, **members: object) -> bytes:
    """The answer to a poll: completed, unless the members say otherwise."""
    data = {"data": list(entries)} if entries else {}
    return text(**{"generation_id": ID, "status": "completed", "created": WHEN, **data, **members})


def read(body: bytes, **options: Any) -> Job:
    job = read_job(body, **{"job_id": ID, **options})
    assert isinstance(job, Job), job
    assert job.raw == body
    copied: Job = pickle.loads(pickle.dumps(job))
    return copied


def images(job: Job) -> tuple[Any, ...]:
    assert job.generation is not None
    return job.generation.images


def test_the_answer_to_a_submit_is_an_id() -> None:
    for name in ("generation_id", "request_id"):
        job = read(text(**{name: ID}), job_id=None)
        assert (job.id, job.status, job.generation, job.created, job.problems) == (ID, "pending", None, None, ())
    both = read(text(request_id="other", generation_id=ID), job_id=None)
    assert both.id == ID
    assert read(text(generation_id=17), job_id=None).id == "17"
    assert find_job_id(b'{"generation_id" : "abc", "crea') == "abc"
    assert find_job_id(b'{"generation_id": "ab') is None
    assert find_job_id(text(generation_id="half \ud83d", request_id=ID)) == ID
    assert find_job_id(text(generation_id="half \ud83d")) is None, "nobody could ask for it, or record it"


def test_a_poll_says_how_the_job_stands() -> None:
    job = read(poll(status="pending"))
    assert (job.status, job.generation, job.problems) == ("pending", None, ())
    assert str(job.created) == "2026-10-07 12:00:00+00:00"
    job = read(poll(status="failed", failure_reason="content_policy_violation"))
    assert (job.status, job.failure_reason, job.generation) == ("failed", "content_policy_violation", None)
    assert read(poll(status="failed")).failure_reason is None
    job = read(poll(entry(), entry(seed=8), usage_cost_usd_micros=60_000, response_type="url"))
    assert (job.status, job.usage_cost_usd_micros, job.problems) == ("completed", 60_000, ())
    assert [image.seed for image in images(job)] == [7, 8]
    assert job.generation is not None
    assert (job.generation.job_id, job.generation.usage_cost_usd_micros) == (ID, 60_000)
    assert (job.generation.raw, job.generation.created) == (job.raw, job.created)
    assert job.generation.additional_properties == {"response_type": "url"}
    assert read(poll(entry(), status=" COMPLETED")).status == "completed"


def test_a_webhook_has_no_status_and_maybe_another_name_for_the_id() -> None:
    for name in ("generation_id", "request_id"):
        body = text(**{name: ID}, created=WHEN, data=[entry()])
        for known in (ID, None):
            job = read(body, job_id=known)
            assert (job.id, job.status, len(images(job)), job.problems) == (ID, "completed", 1, ())
    assert read(text(generation_id=ID, data=[])).problems == (
        "data is empty",
        "the job is completed, and no image is named",
    )
    assert read(text(generation_id=ID, failure_reason="x")).status == "failed"


def test_an_entry_without_a_link_was_withheld() -> None:
    bare = entry(is_image_safe=False)
    del bare["url"]
    for withheld in (bare, entry(url=None, is_image_safe=False), entry(url="", is_image_safe=False)):
        job = read(poll(withheld))
        assert [image.withheld for image in images(job)] == [True]
        assert job.problems == ()
    job = read(poll(entry(url=None), entry()))
    assert [image.withheld for image in images(job)] == [True, False]
    assert job.problems == ("data[0] has no url and was not withheld",)


def test_entries_of_unknown_kinds_are_kept() -> None:
    kinds = [
        {"object_type": "video.generation", "url": "https://v", "prompt": "p", "duration": 5},
        {"object_type": "hologram", "base": "https://h"},
        entry(object_type="image.generation", asset_id=None),
        {"object_type": "image.without-prompt-or-seed", "resolution": "1x1", "is_image_safe": True},
    ]
    job = read(poll(*kinds))
    assert job.problems == ()
    assert [image.url for image in images(job)] == ["https://v", None, entry()["url"], None]
    assert images(job)[1].additional_properties == kinds[1]
    assert images(job)[0].additional_properties["duration"] == 5
    assert read(poll({"url": "https://v"})).problems != ()


def test_an_unknown_status_is_kept_and_so_are_its_images() -> None:
    assert read(poll(status="Moderating")).status == "Moderating"
    job = read(poll(entry(), status="succeeded"))
    assert (job.status, len(images(job))) == ("succeeded", 1)
    for none in (None, 5, "", " "):
        assert read(poll(status=none)).status == "pending"
        assert "status is" in read(poll(status=none)).problems[0]
        assert read(poll(entry(), status=none)).status == "completed"
    assert read(poll(entry(), status="pending")).generation is None
    assert read(poll(entry(), status="failed")).generation is None


def test_what_is_odd_is_a_problem_and_no_image_is_lost() -> None:
    for body, problem in (
        (poll(entry(), created="now"), "created is not a date-time"),
        (poll(entry(), usage_cost_usd_micros="3"), "usage_cost_usd_micros is not a count"),
        (poll(entry(), usage_cost_usd_micros=-3), "usage_cost_usd_micros is not a count"),
        (poll(entry(), failure_reason=[1]), "failure_reason is an array"),
        (poll(entry(), "x"), "data[1] is a string"),
        (poll(data=entry()), "data is an object"),
        (text(status="completed", data=[entry()]), "generation_id is missing"),
        (json.dumps([entry()]).encode(), "the body is an array"),
        (poll(entry())[:-1], "the body is not JSON"),
        (poll(entry()) + b"<html>", "the body is not JSON"),
    ):
        job = read(body)
        assert len(images(job)) == 1, body
        assert any(known.startswith(problem) for known in job.problems), (body, job.problems)
    assert read(poll(entry(), usage_cost_usd_micros=3.0)).usage_cost_usd_micros == 3
    cut = poll(entry(), entry(seed=8))
    for end in range(cut.index(b"}, {") + 1, len(cut)):
        assert len(images(read(cut[:end], complete=False))) >= 1
        assert isinstance(read_job(cut[:end], job_id=ID, complete=False, salvage=False), OutcomeUnknownError)
    whole = read(cut, complete=False, salvage=False)
    assert (len(images(whole)), whole.problems) == (2, ("the body broke off",))
    assert read(cut[:60], complete=False).problems[0] == "the body broke off"
    empty = read(poll())
    assert (empty.status, empty.generation) == ("completed", None)
    assert empty.problems == ("the job is completed, and no image is named",)


def test_the_images_of_another_job_are_nobodys() -> None:
    for name in ("generation_id", "request_id"):
        error = read_job(text(**{name: "other"}, status="completed", data=[entry()]), job_id=ID)
        assert isinstance(error, ResponseValidationError)
        assert (error.job_id, error.may_have_been_billed) == (ID, False)
        assert "it is about job 'other'" in error.message
    assert read(text(request_id="other", generation_id=ID)).id == ID
    for same in (ID.rstrip("="), ID + "="):
        assert read(poll(entry(), generation_id=same)).id == ID


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"5", b"null", b'"x"', b"<html>", b'{"a":', b"[" * 100_000])
def test_what_names_no_job_is_an_error_with_its_body(body: bytes) -> None:
    for complete, kind in ((True, ResponseValidationError), (False, OutcomeUnknownError)):
        error = read_job(body, complete=complete, status=200)
        assert isinstance(error, kind)
        assert (error.body, error.may_have_been_billed, error.job_id) == (body, True, None)
        assert "names no job" in error.message
        assert "do not submit it again" in error.message
        if body != b"[]":
            error = read_job(body, job_id=ID, complete=complete)
            assert isinstance(error, kind)
            assert (error.body, error.may_have_been_billed, error.job_id) == (body, False, ID)
            assert "Asking again is free." in error.message


NAMES = st.sampled_from(
    ["generation_id", "request_id", "status", "created", "data", "failure_reason", "usage_cost_usd_micros", "new"]
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([ID, WHEN, "completed", "", "x"])
ENTRY = st.dictionaries(st.sampled_from([*entry(), "object_type"]), PLAIN, max_size=6)
ANY = PLAIN | st.lists(ENTRY | PLAIN, max_size=4) | ENTRY
BODIES = st.binary(max_size=80) | st.builds(
    lambda members, end: json.dumps(members).encode()[:end],
    st.dictionaries(NAMES, ANY, max_size=7),
    st.none() | st.integers(0, 200),
)


@given(body=BODIES, complete=st.booleans(), salvage=st.booleans(), job_id=st.none() | st.just(ID))
def test_any_bytes_are_a_job_or_an_error_with_the_body(
    body: bytes, complete: bool, salvage: bool, job_id: str | None
) -> None:
    found = read_job(body, job_id=job_id, complete=complete, salvage=salvage)
    if isinstance(found, Job):
        assert (found.raw, bool(found.id), bool(found.status)) == (body, True, True)
        assert job_id is None or found.id == job_id
        assert found.generation is None or found.generation.images
        pickle.dumps(found)
    else:
        assert (found.body, found.job_id, found.may_have_been_billed) == (body, job_id, job_id is None)
        found.message.encode()


@given(entries=st.lists(ENTRY | PLAIN, min_size=1, max_size=5), status=st.sampled_from(["completed", "finished", None]))
def test_no_entry_of_a_completed_job_is_lost(entries: list[Any], status: str | None) -> None:
    job = read_job(poll(data=entries, status=status), job_id=ID)
    assert isinstance(job, Job)
    objects = [each for each in entries if isinstance(each, dict)]
    kept = job.generation.images if job.generation else ()
    assert len(kept) == len(objects)
    for image, each in zip(kept, objects, strict=True):
        assert image.url == (each.get("url") if isinstance(each.get("url"), str) else None) or not each["url"]
