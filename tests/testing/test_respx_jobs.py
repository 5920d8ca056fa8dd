"""ideogram_mock has every operation, and jobs that go on as a test plans them, for every kind of client."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from contract_judges import least
from driver import KEY, KINDS, ONCE, PROMPT, Driver, FakeTiming, Kind, case, each_kind, outcome
from mock_requests import send
from PIL import Image
from samples import sample

from ideogram_ai.client import (
    APIStatusError,
    Generation,
    JobFailedError,
    JobTimeoutError,
    NotFoundError,
    OutcomeUnknownError,
    verify_webhook,
    waiting,
)
from ideogram_ai.client.jobs import Job
from ideogram_ai.generated.operations import OPERATIONS, SERVER_URL, Operation
from ideogram_ai.testing import FAILED_WORD, ContractBrokenError, IdeogramMock, files, ideogram_mock
from ideogram_ai.testing.faults.wire import png

SUBMITS = [each for each in OPERATIONS.values() if each.result == "job" and each.method == "POST"]
each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda each: each.method_name)
IMAGE = png(2, 3)
UPLOAD = OPERATIONS["upload_dataset_assets"]


def asked(mock: IdeogramMock, client: Driver, operation: Operation) -> dict[str, Any]:
    """Arguments for a call that succeeds: a job or a dataset that is asked for has to be there."""
    request = least(operation)
    if "generation_id" in request:
        request["generation_id"] = client.call("submit", text_prompt=PROMPT).id
    if "dataset_id" in request:
        request["dataset_id"] = client.call("datasets.create", name="Cats").dataset_id
        for number in range(15):  # fewer are not enough for a model
            photo = BytesIO(IMAGE)
            photo.name = f"{number}.png"
            client.call(UPLOAD.method_name, dataset_id=request["dataset_id"], **{UPLOAD.fields[0].python_name: [photo]})
    return request


@each_operation
def test_every_operation_succeeds_and_can_be_refused_with_every_status(operation: Operation) -> None:
    name = operation.method_name
    # All kinds take turns: what they have in common is tested by the operations together.
    kind = KINDS[[*OPERATIONS].index(operation.operation_id) % len(KINDS)]
    with ideogram_mock() as mock, Driver(kind, retry=ONCE) as client:
        request = asked(mock, client, operation)
        value = client.call(name, **request)
        expected: Any = {"images": Generation, "job": Job}.get(operation.result, type(value))
        assert isinstance(value, expected)
        assert getattr(value, "problems", ()) == ()
        exchange = mock.ledger[-1]
        assert (exchange.method, exchange.status) == (operation.method, 200)
        assert exchange.billed is (operation.billed[200] is True)
        assert ("api-key" in exchange.headers) is operation.authenticated
        assert {field for field, _ in exchange.fields} == set(request)
        for status in operation.billed.keys() - {200}:
            mock.refuse(status, operation=name)
            error = outcome(client.call, name, **request)
            with case(status):
                assert isinstance(error, APIStatusError)
                assert error.status_code == status
                assert error.may_have_been_billed is (operation.billed[status] is not False)
                assert (mock.ledger[-1].status, mock.ledger[-1].billed) == (status, False)


@each_kind
def test_submit_wait_and_download(kind: Kind, tmp_path: Path) -> None:
    for submit in SUBMITS:
        with ideogram_mock() as mock, Driver(kind, timing=FakeTiming()) as client:
            mock.complete(after=2, usage_cost_usd_micros=30_000)
            job: Job = client.call(submit.method_name, **least(submit))
            polled = [client.call("job", job) for _ in range(2)]
            made: Generation = client.call("wait", job)
            saved = client.download(made.images[0], tmp_path / f"{submit.method_name}.png")
        with case(submit.method_name):
            assert [each.status for each in polled] == ["pending", "pending"]
            assert [each.generation for each in polled] == [None, None]
            assert (made.job_id, made.usage_cost_usd_micros) == (job.id, 30_000)
            assert [exchange.method for exchange in mock.ledger] == ["POST", "GET", "GET", "GET"]
            assert [exchange.billed for exchange in mock.ledger] == [True, False, False, False]
            with Image.open(saved) as picture:
                picture.load()


@each_kind
def test_a_job_without_a_plan_is_completed_at_once_and_others_are_not_there(kind: Kind) -> None:
    with ideogram_mock() as mock, Driver(kind) as client:
        job = client.call("submit", text_prompt=PROMPT, resolution="1024x1024")
        assert (job.status, job.generation) == ("pending", None)
        asked_again = client.call("job", job.id)
        assert asked_again.status == "completed"
        assert asked_again.generation.images[0].resolution == "1024x1024"
        assert isinstance(outcome(client.call, "job", "unheard-of"), NotFoundError)
        assert [exchange.status for exchange in mock.ledger] == [200, 200, 404]


@each_kind
def test_a_job_fails_or_is_withheld_as_planned_and_stays_so(kind: Kind) -> None:
    with ideogram_mock() as mock, Driver(kind, timing=FakeTiming()) as client:
        mock.fail("no_luck", after=1)
        failing = client.call("submit", text_prompt=PROMPT)
        assert client.call("job", failing).status == "pending"
        for _ in range(2):
            error = outcome(client.call, "wait", failing)
            assert isinstance(error, JobFailedError)
            assert (error.failure_reason, error.job_id, error.may_have_been_billed) == ("no_luck", failing.id, False)
        assert not any(exchange.billed for exchange in mock.ledger)
        by_word = client.call("submit", text_prompt=f"A {FAILED_WORD} cat")
        assert isinstance(outcome(client.call, "wait", by_word), JobFailedError)
        mock.withhold(after=1)
        job = client.call("submit_remix", image=IMAGE, text_prompt=PROMPT)
        made = client.call("wait", job)
        assert [image.withheld for image in made.images] == [True]
        assert [image.is_image_safe for image in client.call("job", job).generation.images] == [False]


@each_kind
def test_a_job_that_never_ends_runs_into_the_deadline(kind: Kind) -> None:
    timing = FakeTiming()
    with ideogram_mock() as mock, Driver(kind, timing=timing) as client:
        mock.complete(after=None)
        job = client.call("submit", text_prompt=PROMPT)
        error = outcome(client.call, "wait", job, deadline=1.0)
        assert isinstance(error, JobTimeoutError)
        assert error.job_id == job.id
        assert len(mock.ledger) > 10, "polls come without pauses, but for those of the documented limit"
        assert timing.elapsed < 2
    assert waiting.FIRST_PAUSE > 1, "and with pauses again after the mock"


def test_plans_are_for_the_next_request_or_for_the_next_one_of_an_operation() -> None:
    with ideogram_mock() as mock, Driver("sync", timing=FakeTiming()) as client:
        mock.refuse(503, times=2, operation="job").withhold(operation="remix").break_off("waiting", operation="submit")
        assert not client.ask().images[0].withheld, "none of the plans was for it"
        assert isinstance(outcome(client.call, "submit", text_prompt=PROMPT), OutcomeUnknownError)
        job = client.call("submit", text_prompt=PROMPT)
        made = client.call("wait", job)
        assert [exchange.status for exchange in mock.ledger] == [200, None, 200, 503, 503, 200]
        assert made.images[0].url
        assert client.call("remix", image=IMAGE, text_prompt=PROMPT).images[0].withheld
        mock.refuse(402).withhold()
        with pytest.raises(APIStatusError):
            client.call("magic_prompt", text_prompt=PROMPT)
        client.call("magic_prompt", text_prompt=PROMPT)
        assert client.ask().images[0].withheld, "it makes the next image"
        get = OPERATIONS["get_generation"]
        mock.refuse(401, operation=get.operation_id).refuse(429, operation=get)
        with pytest.raises(APIStatusError, match="401"):
            client.call("job", job)
        client.call("job", job)
        assert [exchange.status for exchange in mock.ledger[-3:]] == [401, 429, 200]


def test_a_plan_that_can_have_no_effect_is_refused() -> None:
    with ideogram_mock(strict=False) as mock:
        with pytest.raises(ValueError, match="operation: there is no 'polls'; the client's methods are generate, "):
            mock.succeed(operation="polls")
        with pytest.raises(ValueError, match=r"fail is not for 'generate'; it is for submit, submit_remix"):
            mock.fail(operation="generate")
        with pytest.raises(ValueError, match="withhold is not for 'describe'"):
            mock.withhold(operation="describe")
        mock.refuse(503, times=None, operation="job").succeed(operation="submit")
        with pytest.raises(ValueError, match=r"succeed is never reached: refuse\(503\) is for all that follow"):
            mock.succeed(operation="job")
        mock.succeed()
    with ideogram_mock() as mock:
        mock.fail()
        with pytest.raises(AssertionError, match="Planned responses were not requested: fail, 1 more"):
            mock.verify()


@each_kind
def test_a_webhook_of_a_job_is_verified_and_says_what_a_poll_says(kind: Kind) -> None:
    with ideogram_mock() as mock, Driver(kind) as client:
        job = client.call("submit", text_prompt=PROMPT, webhook_url="https://hooks.example/ideogram")
        assert dict(mock.ledger[0].fields)["webhook_url"] == "https://hooks.example/ideogram"
        headers, body = mock.webhook(job)
        keys = client.call("webhook_keys")
        announced = verify_webhook(headers, body, keys)
        assert (announced.id, announced.status) == (job.id, "completed")
        polled: Job = client.call("job", job.id)
        for each in (announced, polled):
            assert each.generation is not None
            assert [image.prompt for image in each.generation.images] == [PROMPT]
        mock.withhold().fail()
        hidden, failing = (client.call("submit", text_prompt=PROMPT) for _ in range(2))
        assert all("url" not in entry for entry in json.loads(mock.webhook(hidden.id)[1])["data"])
        with pytest.raises(ValueError, match="does not say that it announces failures"):
            mock.webhook(failing)
        with pytest.raises(ValueError, match="There is no job 'unheard-of': submit it first"):
            mock.webhook("unheard-of")


@each_kind
def test_the_bytes_of_any_file_arrive(kind: Kind, tmp_path: Path) -> None:
    (content,) = sample(files(), 1)
    path = tmp_path / "cat.png"
    path.write_bytes(content)
    with ideogram_mock() as mock, Driver(kind) as client:
        image = client.ask().images[0]
        for given in (content, BytesIO(content), path, str(path), image):
            client.call("describe", image_file=given)
        sizes = [dict(exchange.fields)["image_file"]["size"] for exchange in mock.ledger[1:]]
    assert sizes == [len(content)] * 4 + [len(png(1, 1))]


def test_what_the_service_would_refuse_of_files_and_parameters_fails_the_test() -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("describe", {"image_file": b"no image"}, "image_file: the file cannot be read as a JPEG, PNG or WebP image"),
        ("remix", {"image": IMAGE, "text_prompt": "", "image_weight": 101}, "image_weight: 101 is greater than"),
        ("submit", {"text_prompt": "", "webhook_url": "http://example.com/"}, "webhook_url: 'http://example.com/' is"),
        ("submit", {"text_prompt": "", "webhook_url": f"https://a.example/{'a' * 2048}"}, "webhook_url: "),
        ("magic_prompt", {"text_prompt": "", "aspect_ratio": "7x7"}, "aspect_ratio: "),
    ]
    for name, request, words in cases:
        with case(name), pytest.raises(ContractBrokenError) as caught, ideogram_mock(), Driver("sync") as client:
            client.call(name, **request)
        assert words in str(caught.value)
        with ideogram_mock() as mock, Driver("sync") as client:
            mock.judge()
            refused = outcome(client.call, name, **request)
            assert isinstance(refused, APIStatusError)
            assert refused.status_code == 400
    with pytest.raises(ContractBrokenError, match="The header Api-Key is missing"), ideogram_mock():
        send("GET", f"{SERVER_URL}/v1/generations/some-id")
    with ideogram_mock():
        assert send("GET", f"{SERVER_URL}/v1/.well-known/jwks.json").status_code == 200, "the keys are for everybody"
        odd = send("GET", f"{SERVER_URL}/v1/generations/a%2Fb", headers={"Api-Key": KEY})
        assert odd.status_code == 400, "a slash in an id is not another path"
