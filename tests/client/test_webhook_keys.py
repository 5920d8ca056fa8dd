"""client.verify_webhook: the keys are fetched when they are needed, and nobody can make the client fetch them often."""

import json
import math
import time
from typing import Any

import anyio
import httpx
import pytest
import webhook_vectors
from canned import Service
from driver import KEY, ONCE, Driver, FakeTiming, Kind, at_once, each_kind, outcome
from webhook_vectors import CURRENT, ROTATED, SIGNED_AT

from ideogram_ai.client import (
    APIConnectionError,
    IdeogramError,
    InternalServerError,
    Job,
    ResponseValidationError,
    RetryPolicy,
    WebhookVerificationError,
)
from ideogram_ai.generated.operations import GET_WEBHOOK_SIGNING_JWKS

VECTORS = json.loads(webhook_vectors.VECTORS.read_text("utf-8"))
BOTH: list[dict[str, str]] = VECTORS["keys"]["keys"]
OLD, NEW = (
    [key for key in BOTH if key.get("kid") == name and key["crv"] == "Ed25519"] for name in ("rotated", "current")
)
PLAIN = VECTORS["right"]["plain"]
BY_OLD = VECTORS["right"]["signed by the rotated key"]
FORGED = VECTORS["wrong"]["signed by a stranger's key"]


def keys(*entries: Any) -> httpx.Response:
    return httpx.Response(200, json={"keys": list(entries)})


class Receiver:
    """A client that receives webhooks, with a clock of the test's."""

    def __init__(self, kind: Kind, *answers: Any, **settings: Any) -> None:
        self.service = Service(*answers)
        self.clock = FakeTiming(now=SIGNED_AT)
        self.driver = Driver(kind, service=self.service, **{"retry": ONCE, "timing": self.clock, **settings})

    @property
    def fetches(self) -> int:
        return len(self.service.requests)

    def take(self, vector: Any, *, max_age: float = math.inf) -> Any:
        """What verify_webhook returns, or its error."""
        headers, body = vector["headers"], vector["body"].encode()
        return outcome(self.driver.run, lambda client: client.verify_webhook(headers, body, max_age=max_age))


@each_kind
def test_the_keys_are_fetched_once_in_a_day_without_the_api_key(kind: Kind) -> None:
    receiver = Receiver(kind, lambda _: keys(*BOTH))
    for _ in range(3):
        assert receiver.take(PLAIN).id == VECTORS["generation_id"]
    (request,) = receiver.service.requests
    assert (request.method, request.url.path) == ("GET", GET_WEBHOOK_SIGNING_JWKS.path)
    assert KEY not in str(request.headers)
    receiver.clock.advance(24 * 3600 - 1)
    assert isinstance(receiver.take(PLAIN), Job)
    assert receiver.fetches == 1
    receiver.clock.advance(1)
    assert isinstance(receiver.take(PLAIN), Job)
    assert receiver.fetches == 2


@each_kind
def test_the_age_is_judged_by_the_clock(kind: Kind) -> None:
    receiver = Receiver(kind, lambda _: keys(*BOTH))
    receiver.clock.advance(300)
    assert isinstance(receiver.take(PLAIN, max_age=300), Job)
    receiver.clock.advance(1)
    assert receiver.take(PLAIN, max_age=300).reason == "age"


@each_kind
def test_keys_that_were_rotated_are_fetched_once_more(kind: Kind) -> None:
    receiver = Receiver(kind, keys(*OLD), lambda _: keys(*NEW, *OLD))
    assert isinstance(receiver.take(BY_OLD), Job)
    assert isinstance(receiver.take(PLAIN), Job), "even at once, for example when a mock server was started again"
    assert isinstance(receiver.take(BY_OLD), Job)
    assert receiver.fetches == 2


@each_kind
def test_forged_deliveries_do_not_become_requests(kind: Kind) -> None:
    receiver = Receiver(kind, keys(*OLD), keys(*OLD), lambda _: keys(*NEW, *OLD))
    for _ in range(50):
        assert receiver.take(FORGED).reason == "signature"
    assert receiver.fetches == 2, "the first one, and one more because no key fits"
    receiver.clock.advance(59)
    assert receiver.take(FORGED).reason == receiver.take(PLAIN).reason == "signature"
    assert receiver.fetches == 2
    receiver.clock.advance(1)
    for _ in range(50):
        assert isinstance(receiver.take(FORGED), WebhookVerificationError)
    assert receiver.fetches == 3
    assert isinstance(receiver.take(PLAIN), Job)


@each_kind
def test_what_is_no_delivery_fetches_nothing(kind: Kind) -> None:
    receiver = Receiver(kind, lambda _: keys(*BOTH))
    for name, vector in VECTORS["wrong"].items():
        if name.startswith(("without", "two ", "signature cut", "timestamp empty")):
            assert receiver.take(vector).reason == "headers"
    assert receiver.fetches == 0


@each_kind
def test_many_deliveries_at_once_wait_for_one_fetch(kind: Kind) -> None:
    async def wait(_: httpx.Request) -> httpx.Response:
        await anyio.sleep(0.05)
        return keys(*BOTH)

    def block(_: httpx.Request) -> httpx.Response:
        time.sleep(0.05)
        return keys(*BOTH)

    receiver = Receiver(kind, block if kind == "sync" else wait)
    client, body = receiver.driver.client, PLAIN["body"].encode()
    ended = at_once(kind, [lambda: client.verify_webhook(PLAIN["headers"], body, max_age=math.inf)] * 20)
    assert [type(each) for each in ended] == [Job] * 20
    assert receiver.fetches == 1


@each_kind
def test_an_outage_of_the_service_is_not_told_as_a_forgery_and_not_made_worse(kind: Kind) -> None:
    receiver = Receiver(kind, httpx.Response(503), httpx.ConnectError("down"), lambda _: keys(*BOTH))
    first = receiver.take(PLAIN)
    for _ in range(20):
        error = receiver.take(PLAIN)
        assert type(error) is InternalServerError
        assert error.status_code == 503
        assert error is not first
    assert receiver.fetches == 1
    receiver.clock.advance(5)
    assert [type(receiver.take(PLAIN)) for _ in range(20)] == [APIConnectionError] * 20
    assert receiver.fetches == 2
    receiver.clock.advance(5)
    assert isinstance(receiver.take(PLAIN), Job)
    assert receiver.fetches == 3
    assert isinstance(receiver.take(FORGED), WebhookVerificationError)


@each_kind
def test_known_keys_verify_while_the_service_is_down(kind: Kind) -> None:
    receiver = Receiver(kind, keys(*OLD), lambda _: httpx.Response(503))
    assert isinstance(receiver.take(BY_OLD), Job)
    receiver.clock.advance(3600)
    assert isinstance(receiver.take(PLAIN), InternalServerError), "a key that nobody here knows may have made it"
    assert isinstance(receiver.take(BY_OLD), Job)
    receiver.clock.advance(24 * 3600)
    assert isinstance(receiver.take(BY_OLD), InternalServerError), "it may have been withdrawn"


@each_kind
def test_a_failed_fetch_is_forgotten_when_the_next_one_succeeds(kind: Kind) -> None:
    receiver = Receiver(kind, keys(*OLD), httpx.Response(503), lambda _: keys(*NEW, *OLD))
    assert isinstance(receiver.take(BY_OLD), Job)
    assert isinstance(receiver.take(PLAIN), InternalServerError)
    receiver.clock.advance(5)
    assert isinstance(receiver.take(PLAIN), Job)
    assert isinstance(receiver.take(FORGED), WebhookVerificationError)
    assert receiver.fetches == 3


@each_kind
@pytest.mark.parametrize("more", [{"kty": "RSA"}, None, 5, {}])
def test_a_key_that_the_contract_does_not_know_spoils_no_other(kind: Kind, more: Any) -> None:
    receiver = Receiver(kind, lambda _: keys(more, *NEW))
    assert isinstance(receiver.take(PLAIN), Job)
    assert receiver.fetches == 1
    assert isinstance(receiver.take(FORGED), WebhookVerificationError)


@each_kind
@pytest.mark.parametrize("text", ["", "<html>", "[]", "{}", '{"keys": 5}', '{"keys": [{"kty": "RSA"}]}', "[" * 100_000])
def test_an_answer_without_a_key_is_an_error_of_the_service(kind: Kind, text: str) -> None:
    receiver = Receiver(kind, lambda _: httpx.Response(200, text=text))
    error = receiver.take(PLAIN)
    assert isinstance(error, ResponseValidationError)
    assert not error.may_have_been_billed
    assert "most likely" not in error.message
    assert receiver.fetches == 1


@each_kind
def test_the_copies_of_a_client_share_its_keys(kind: Kind) -> None:
    receiver = Receiver(kind, lambda _: keys(*BOTH))
    assert isinstance(receiver.take(PLAIN), Job)
    receiver.driver.client = receiver.driver.client.with_retry(RetryPolicy())
    assert isinstance(receiver.take(PLAIN), Job)
    assert receiver.fetches == 1


@each_kind
def test_a_closed_client_fetches_nothing(kind: Kind) -> None:
    receiver = Receiver(kind, lambda _: keys(*BOTH))
    receiver.driver.close()
    assert isinstance(receiver.take(PLAIN), IdeogramError)
    assert receiver.fetches == 0


def test_the_vectors_have_keys_of_both_kinds() -> None:
    assert len(OLD) == 1
    assert {CURRENT, ROTATED} == {bytes([1]) * 32, bytes([2]) * 32}
    assert [key["kid"] for key in NEW][-1] == "current"
