"""Jobs of the mock server on a socket: they are pending, complete, fail or are withheld, and webhooks announce them."""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from driver import case
from mock_requests import HEADERS, fields, get, send, wait_until

from ideogram_ai.client import Ideogram, WebhookVerificationError
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import GET_GENERATION, POST_GENERATE_IMAGE_V4, POST_GENERATE_IMAGE_V4_ASYNC
from ideogram_ai.testing import DEPRECATED_WORD, FAILED_WORD, UNSAFE_WORD, WITHHELD_WORD, MockServer
from ideogram_ai.testing import jobs as mock_jobs
from ideogram_ai.testing.faults import FaultServer, answer_with
from ideogram_ai.testing.jobs import JobStore, MadeImage, webhook_problem

SUBMIT = POST_GENERATE_IMAGE_V4_ASYNC.path
KEYS = "/v1/.well-known/jwks.json"


def submit(base_url: str, text: str = "a cat", **query: str) -> httpx.Response:
    return send("POST", base_url + SUBMIT, files=fields(text_prompt=text), headers=HEADERS, params=query)


def poll(base_url: str, job: str, **headers: str) -> httpx.Response:
    url = base_url + GET_GENERATION.path.replace("{generation_id}", quote(job, safe=""))
    return get(url, **HEADERS, **headers)


def allowed(response: httpx.Response, operation_id: str) -> dict[str, Any]:
    """The body of a 200, which the contract has to allow."""
    assert response.status_code == 200, response.text
    assert list(read_view(operation_id).response_validator(200).iter_errors(response.json())) == []
    return dict(response.json())


def job_id(response: httpx.Response) -> str:
    return str(allowed(response, POST_GENERATE_IMAGE_V4_ASYNC.operation_id)["generation_id"])


def state(base_url: str, job: str) -> dict[str, Any]:
    return allowed(poll(base_url, job), GET_GENERATION.operation_id)


def test_a_job_completes_with_an_image_that_can_be_fetched_again_and_again(server: MockServer) -> None:
    job = job_id(submit(server.url))
    first, second = state(server.url, job), state(server.url, job)
    assert (first["generation_id"], first["status"], first["response_type"]) == (job, "completed", "url")
    (image,) = first["data"]
    assert (image["object_type"], image["prompt"], image["is_image_safe"]) == ("image.generation", "a cat", True)
    assert "usage_cost_usd_micros" not in first, "no operation of 4.0 is priced by usage"
    contents = {get(answer["data"][0]["url"]).content for answer in (first, second)}
    assert len(contents) == 1
    assert contents.pop().startswith(b"\x89PNG")
    exchanges = [(each.method, each.status, each.billed) for each in server.ledger]
    assert exchanges == [("POST", 200, True), ("GET", 200, False), ("GET", 200, False)]
    assert dict(server.ledger[1].fields) == {"generation_id": job}


def test_the_same_request_is_the_same_picture_submitted_or_not(mock_url: str) -> None:
    form = fields(text_prompt="a cat")
    made = send("POST", mock_url + POST_GENERATE_IMAGE_V4.path, files=form, headers=HEADERS).json()["data"][0]
    submitted = state(mock_url, job_id(submit(mock_url)))["data"][0]
    assert {name: made[name] for name in ("seed", "resolution", "prompt")} == {
        name: submitted[name] for name in ("seed", "resolution", "prompt")
    }
    assert get(made["url"]).content == get(submitted["url"]).content


def test_a_job_is_pending_for_the_latency_and_counts_as_in_progress() -> None:
    with MockServer(latency=1.0, in_flight=2) as server:
        begun = time.monotonic()
        jobs = [job_id(submit(server.url)) for _ in range(2)]
        assert time.monotonic() - begun < 1.0, "the id comes at once"
        assert state(server.url, jobs[0]).keys() == {"generation_id", "status", "created"}
        assert state(server.url, jobs[0])["status"] == "pending"
        third = submit(server.url)
        assert (third.status_code, third.json()["max_inflight_requests"], "retry-after" in third.headers) == (
            429,
            2,
            True,
        )
        sync = send(
            "POST", server.url + POST_GENERATE_IMAGE_V4.path, files=fields(text_prompt="a cat"), headers=HEADERS
        )
        assert sync.status_code == 429, "images are counted over all operations"
        wait_until(lambda: state(server.url, jobs[1])["status"] == "completed")
        assert submit(server.url).status_code == 200
        assert [each.status for each in server.ledger if each.billed] == [200] * 3


def test_words_make_a_job_fail_or_withhold_its_image(server: MockServer) -> None:
    failed = submit(server.url, f"a {FAILED_WORD.upper()} cat")
    assert (
        state(server.url, job_id(failed)).items()
        >= {
            "status": "failed",
            "failure_reason": "content_policy_violation",
        }.items()
    )
    withheld = state(server.url, job_id(submit(server.url, f"a {WITHHELD_WORD} cat")))
    assert withheld["status"] == "completed"
    assert withheld["data"][0]["is_image_safe"] is False
    assert "url" not in withheld["data"][0], "the service drops nulls"
    assert submit(server.url, f"a {UNSAFE_WORD} cat").status_code == 422
    announced = submit(server.url, f"a {DEPRECATED_WORD} cat")
    assert (announced.status_code, "deprecation" in announced.headers) == (200, True)
    assert server.ledger[0].billed is False, "a job that fails costs nothing"
    sync = send(
        "POST",
        server.url + POST_GENERATE_IMAGE_V4.path,
        files=fields(text_prompt=f"a {FAILED_WORD} cat"),
        headers=HEADERS,
    )
    assert sync.status_code == 422, "there is no job that could fail"


def test_ids_that_are_none_or_not_known(server: MockServer) -> None:
    for wrong, status in [
        ("Wg7zS0mJQ5ChT2c9rK1xAA", 404),
        ("a b", 400),
        ("é", 400),
        ("a/b", 400),
        ("a%2Fb", 400),
        ("x" * 200, 400),
    ]:
        response = poll(server.url, wrong)
        with case(response.text):
            assert response.status_code == response.json()["status"] == status
            assert wrong in response.json()["detail"]
    no_key = get(server.url + GET_GENERATION.path.replace("{generation_id}", "abc"))
    assert no_key.status_code == 401
    assert [each.billed for each in server.ledger] == [False] * 7


def test_polls_have_answers_on_demand_and_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    # They come within the seconds of the limit, however busy this machine is.
    monkeypatch.setattr("ideogram_ai.testing.app.time", SimpleNamespace(monotonic=lambda: 0.0))
    with MockServer(scenario=[200, 503, 200]) as server:
        job = job_id(submit(server.url))
        assert [poll(server.url, job).status_code for _ in range(2)] == [503, 200]
        assert poll(server.url, job, Prefer="code=429").headers["retry-after"]
        most, _ = GET_GENERATION.rate_limit or (0, 0)
        assert most >= 100, "the contract has the documented limit of polls"
        with httpx.Client(base_url=server.url, headers=HEADERS, trust_env=False) as client:
            statuses = [client.get(f"/v1/generations/{job}").status_code for _ in range(most)]
        assert (set(statuses[: most - 1]), statuses[-1]) == ({200}, 429), "two were counted before"


def test_the_oldest_jobs_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mock_jobs, "_MOST_JOBS", 2)
    now = 10.0
    store = JobStore(latency=5.0, clock=lambda: now)
    image = MadeImage("a cat", "64x64", 7, "name")
    started = [store.start([image], "http://host", None) for _ in range(3)]
    assert [store.find(job.generation_id) for job in started] == [None, *started[1:]]
    assert (store.pending, started[0].poll(now, str)["status"]) == (3, "pending")
    now = 15.0
    assert (store.pending, started[0].poll(now, str)["status"]) == (0, "completed")


@pytest.fixture
def receiver() -> Iterator[FaultServer]:
    """A server that takes webhooks, but not the first two."""
    with FaultServer([answer_with(500), answer_with(302), answer_with(204)]) as receiver:
        yield receiver


def got(receiver: FaultServer) -> list[tuple[dict[str, str], bytes]]:
    """Headers and body of each webhook so far."""
    posts = [post for post in receiver.ledger.posts if post.whole_request_read]
    return [({name.lower(): value for name, value in post.headers}, post.body) for post in posts]


def verify(headers: dict[str, str], body: bytes, key: dict[str, str]) -> None:
    """Verify a signature as the provider's guide says, without any code of this project."""
    names = ("generation-id", "user-id", "timestamp")
    lines = [*(headers[f"x-ideogram-webhook-{name}"] for name in names), sha256(body).hexdigest()]
    public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(key["x"] + "="))
    public.verify(bytes.fromhex(headers["x-ideogram-webhook-signature"]), "\n".join(lines).encode())


def test_a_finished_job_is_announced_signed_and_retried(receiver: FaultServer) -> None:
    with MockServer(latency=0.3) as server:
        job = job_id(submit(server.url, webhook_url=f"{receiver.url}/hook?token=a%26b"))
        assert not got(receiver), "the job is not done"
        wait_until(lambda: len(got(receiver)) == 3)
        (key,) = get(server.url + KEYS).raise_for_status().json()["keys"]
        assert state(server.url, job)["status"] == "completed"
        for headers, body in got(receiver):
            verify(headers, body, key)
            assert headers["x-ideogram-webhook-key-id"] == key["kid"]
            assert headers["x-ideogram-webhook-generation-id"] == job
            assert headers["content-type"] == "application/json"
            assert abs(int(headers["x-ideogram-webhook-timestamp"]) - time.time()) < 60
        with pytest.raises(InvalidSignature):
            verify(got(receiver)[0][0], body + b" ", key)
        announced = json.loads(got(receiver)[2][1])
        schema = {"$ref": "#/components/schemas/WebhookBody"}
        assert list(read_view().validator(schema).iter_errors(announced)) == []
        assert announced.keys() == {"generation_id", "created", "data"}
        assert get(announced["data"][0]["url"]).status_code == 200
        assert dict(server.ledger[0].fields)["webhook_url"] == f"{receiver.url}/hook?token=a%26b"
        assert [each.path for each in server.ledger if not each.headers.get("api-key")] == [KEYS]


def test_a_webhook_is_dropped_after_some_attempts(
    receiver: FaultServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mock_jobs, "RETRY_PAUSES", (0.0,))
    with MockServer() as server:
        job_id(submit(server.url, f"a {FAILED_WORD} cat", webhook_url=f"{receiver.url}/hook?token=a%26b"))
        job = job_id(submit(server.url, webhook_url=f"{receiver.url}/hook?token=a%26b"))
        wait_until(lambda: bool(caplog.messages))
    assert caplog.messages == [f"The webhook of job {job} was dropped after 2 attempts: status 302"]
    assert [headers["x-ideogram-webhook-generation-id"] for headers, _ in got(receiver)] == [job] * 2, "no failed job"


def test_webhook_urls_are_checked_before_the_job_begins(server: MockServer) -> None:
    for url in (
        "https://example.com/hook",
        "http://localhost:1/",
        "http://[::1]:80/a",
        "http://app:8080/",
        "http://10.0.0.7",
    ):
        assert webhook_problem(url) is None, url
    for url, words in [
        ("ftp://localhost/", "is not an https URL"),
        ("hook", "is not an https URL"),
        ("http://example.com/hook", "is not https"),
        ("http://[::1", "is no URL"),
        ("https://example.com:port/", "is no URL"),
    ]:
        response = submit(server.url, webhook_url=url)
        with case(response.text):
            assert response.status_code == 400
            assert response.json()["errors"][0]["pointer"] == "#/webhook_url"
            assert words in response.json()["detail"]
    assert submit(server.url, webhook_url="https://" + "a" * 2048).status_code == 400
    assert not any(each.billed for each in server.ledger)


def test_without_cryptography_nothing_is_signed_and_all_else_works(
    server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mock_jobs, "find_spec", lambda _name: None)
    for response in (get(server.url + KEYS), submit(server.url, webhook_url="http://localhost:1/")):
        assert response.status_code == 501
        assert "pip install 'ideogram-ai[testing]'" in response.json()["detail"]
    assert state(server.url, job_id(submit(server.url)))["status"] == "completed"


def test_our_client_verifies_a_webhook_with_the_keys_of_the_server(receiver: FaultServer) -> None:
    with MockServer() as server, Ideogram("any-key", base_url=server.url) as client:
        job = client.submit(text_prompt="a cat", webhook_url=f"{receiver.url}/hook?token=a%26b")
        wait_until(lambda: bool(got(receiver)))
        headers, body = got(receiver)[0]
        announced = client.verify_webhook(headers, body)
        assert (announced.id, announced.status) == (job.id, "completed")
        assert client.wait(announced).images[0].prompt == "a cat"
        with pytest.raises(WebhookVerificationError):
            client.verify_webhook(headers, body.replace(b"a cat", b"a dog"))
