"""verify_webhook on deliveries that openssl signed: each right one is read, each wrong one ends in the same error."""

import copy
import http.client
import json
import math
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from email.message import Message
from io import BytesIO
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import webhook_vectors
from canned import Service
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from driver import KEY, ONCE, Driver, FakeTiming, Kind, at_once, case, outcome, raised
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from webhook_vectors import CURRENT, ROTATED, SIGNED_AT

from ideogram_ai.client import (
    APIConnectionError,
    IdeogramError,
    InternalServerError,
    Job,
    ResponseValidationError,
    RetryPolicy,
    WebhookVerificationError,
    verify_webhook,
)
from ideogram_ai.client.webhooks import GENERATION_ID, SIGNATURE, TIMESTAMP, USER_ID, read_keys, signed_message
from ideogram_ai.generated.operations import GET_WEBHOOK_SIGNING_JWKS

VECTORS = json.loads(webhook_vectors.VECTORS.read_text("utf-8"))
KEYS, NOW, MAX_AGE = VECTORS["keys"], VECTORS["now"], VECTORS["max_age"]
PLAIN = VECTORS["right"]["plain"]
PAIRS = [(name, value) for name, value in PLAIN["headers"]]
BODY = PLAIN["body"].encode()


def verify(vector: Mapping[str, Any], keys: Any = KEYS) -> Any:
    pairs = [(name, value) for name, value in vector["headers"]]
    now = vector.get("now", NOW)
    return verify_webhook(pairs, vector["body"].encode(), keys, max_age=MAX_AGE, now=lambda: now)


def verify_plain(headers: Any = PAIRS, body: Any = BODY, keys: Any = KEYS, **options: Any) -> Any:
    return verify_webhook(headers, body, keys, **{"now": lambda: NOW, **options})


@pytest.mark.parametrize("name", VECTORS["right"])
def test_a_right_delivery_gives_its_job(name: str) -> None:
    job = verify(VECTORS["right"][name])
    assert (job.id, job.status) == (VECTORS["generation_id"], "completed")
    (image,) = job.generation.images
    assert image.prompt == "Ein Kätzchen 🐈 im Café"
    assert image.withheld == (name == "image withheld")
    assert job.raw == VECTORS["right"][name]["body"].encode()


REASONS = {"a second": "age", "timestamp in m": "age", "id in the body": "body", "without": "headers", "two": "headers"}
REASONS |= {"timestamp ": "headers", "timestamp changed": "signature", "generation id empty": "headers"}
REASONS |= {f"signature {how}": "headers" for how in ("cut", "longer", "not hex", "with spaces", "in base64")}


@pytest.mark.parametrize("name", VECTORS["wrong"])
def test_every_wrong_delivery_ends_in_the_same_error(name: str) -> None:
    error = raised(WebhookVerificationError, verify, VECTORS["wrong"][name])
    messages = {str(error), error.message, str(WebhookVerificationError(reason="headers"))}
    assert len(messages) == 1, "the message says which check failed"
    assert not error.may_have_been_billed
    expected = max((start for start in REASONS if name.startswith(start)), key=len, default="")
    assert error.reason == REASONS.get(expected, "signature")
    assert error.__cause__ is None
    assert pickle.loads(pickle.dumps(error)).reason == copy.copy(error).reason == error.reason


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@needs_openssl
def test_the_vectors_are_those_that_openssl_makes() -> None:
    assert webhook_vectors.vectors() == VECTORS


def http_server_headers() -> Message:
    head = "".join(f"{name}: {value}\r\n" for name, value in PAIRS)
    return http.client.parse_headers(BytesIO(f"{head}\r\n".encode()))


@pytest.mark.parametrize(
    "make",
    [
        lambda: dict(PAIRS),
        lambda: {name.upper(): value for name, value in PAIRS},
        lambda: httpx.Headers(PAIRS),
        lambda: Headers(raw=[(name.lower().encode(), value.encode()) for name, value in PAIRS]),
        lambda: [(name.lower().encode(), value.encode()) for name, value in PAIRS],
        lambda: {name.encode(): value.encode() for name, value in PAIRS},
        lambda: iter(PAIRS),
        http_server_headers,
    ],
    ids=["dict", "upper case", "httpx", "Starlette", "ASGI", "bytes", "iterator", "http.server"],
)
def test_headers_of_every_framework_are_read(make: Callable[[], Any]) -> None:
    assert verify_plain(make()).id == VECTORS["generation_id"]


def test_a_header_sent_twice_is_refused_however_a_framework_shows_it() -> None:
    twice = [*PAIRS, ("X-Ideogram-Webhook-User-Id", "somebody")]
    for headers in (twice, httpx.Headers(twice), Headers(raw=[(n.lower().encode(), v.encode()) for n, v in twice])):
        raised(WebhookVerificationError, verify_plain, headers)
    raised(WebhookVerificationError, verify_plain, {name: [value] for name, value in PAIRS})


def test_other_headers_may_have_any_bytes_and_a_timestamp_may_not_have_any_length() -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in PAIRS]
    assert verify_plain([*raw, (b"x-other", b"\xff\x00")]).id == VECTORS["generation_id"]
    long = {**dict(PAIRS), "X-Ideogram-Webhook-Timestamp": "1" * 10_000}
    assert raised(WebhookVerificationError, verify_plain, long).reason == "headers"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_the_raw_bytes_are_taken_in_any_form(kind: Callable[[bytes], Any]) -> None:
    assert verify_plain(body=kind(BODY)).raw == BODY


@pytest.mark.parametrize("body", [BODY.decode(), json.loads(BODY), None])
def test_a_body_that_is_not_bytes_is_a_mistake_of_the_program(body: Any) -> None:
    raised(TypeError, verify_plain, body=body, match=f"body is {type(body).__name__}: give the raw bytes")


@pytest.mark.parametrize("age", [0, -1, math.nan])
def test_an_age_that_refuses_everything_is_a_mistake_of_the_program(age: float) -> None:
    raised(ValueError, verify_plain, max_age=age, match="give seconds, more than 0")


def test_without_a_limit_of_age_a_stored_delivery_can_be_verified() -> None:
    assert verify_plain(max_age=math.inf, now=lambda: 0).id == VECTORS["generation_id"]


@needs_openssl
def test_the_clock_of_the_machine_is_asked_by_default() -> None:
    assert raised(WebhookVerificationError, verify_webhook, PAIRS, BODY, KEYS).reason == "age"
    signed_now = webhook_vectors.delivery(Timestamp=str(int(time.time())))
    assert verify_webhook(signed_now["headers"], signed_now["body"].encode(), KEYS).id == VECTORS["generation_id"]


@pytest.mark.parametrize(
    "keys",
    [
        {"keys": []},
        {},
        [],
        {"keys": None},
        {"keys": "x" * 43},
        {"keys": [None, 1, "text", [], {}]},
        {"keys": [{"kty": [], "crv": {}, "x": 5}]},
        {"keys": [{**KEYS["keys"][-1], "kty": "EC"}]},
        {"keys": [{**KEYS["keys"][-1], "crv": "X25519"}]},
        {"keys": [{**KEYS["keys"][-1], "alg": "HS256"}]},
        {"keys": [{**KEYS["keys"][-1], "x": None}]},
        {"keys": [{**KEYS["keys"][-1], "x": KEYS["keys"][-1]["x"] + "\n"}]},
    ],
)
def test_keys_that_cannot_be_used_verify_nothing(keys: Any) -> None:
    assert read_keys(keys) == ()
    raised(WebhookVerificationError, verify_plain, keys=keys)


def test_keys_may_be_a_list_and_say_less_or_more_than_the_contract() -> None:
    key = KEYS["keys"][-1]
    assert verify_plain(keys=KEYS["keys"]).id == VECTORS["generation_id"]
    bare = {name: key[name] for name in ("kty", "crv", "x")}
    for each in (bare, {**bare, "x": f"{key['x']}="}, {**key, "alg": "Ed25519"}):
        assert verify_plain(keys=[each]).id == VECTORS["generation_id"]


def test_the_key_that_a_delivery_names_is_tried_first(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[bytes] = []
    load = Ed25519PublicKey.from_public_bytes

    def counted(raw: bytes) -> Ed25519PublicKey:
        tried.append(raw)
        return load(raw)

    monkeypatch.setattr(Ed25519PublicKey, "from_public_bytes", counted)
    others = [{**KEYS["keys"][-2], "kid": f"rotated-{number}"} for number in range(20)]
    named = KEYS["keys"][-1]
    assert verify_plain(keys=[*others, named]).id == VECTORS["generation_id"]
    assert len(tried) == 1
    assert verify_plain(keys=[*others, {**named, "kid": "renamed"}]).id == VECTORS["generation_id"]
    assert len(tried) == 1 + 21


def test_what_is_signed_has_four_lines() -> None:
    assert signed_message("an-id", "a-user", "1793600000", b"{}") == (
        b"an-id\na-user\n1793600000\n44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )


TEXT = st.text() | st.binary()
NAMES = st.sampled_from(["keys", "kty", "data", "status", "url", "created"]) | st.text()
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
)


@given(
    pairs=st.lists(st.tuples(st.sampled_from([name for name, _ in PAIRS]) | TEXT, TEXT)), body=st.binary(), keys=JSON
)
def test_whatever_a_stranger_sends_ends_in_the_one_error(pairs: list[Any], body: bytes, keys: Any) -> None:
    for headers in (pairs, dict(pairs), [*PAIRS, *pairs]):
        for each in (KEYS, keys, {"keys": [keys]}, {"keys": [{**KEYS["keys"][-1], "x": keys}]}):
            raised(WebhookVerificationError, verify_webhook, headers, body, each, max_age=math.inf)


@given(body=st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_the_service_signs_is_a_job_or_the_one_error(body: bytes) -> None:
    private = Ed25519PrivateKey.from_private_bytes(webhook_vectors.CURRENT)
    lines = (VECTORS["generation_id"], "user", str(NOW))
    signature = private.sign(signed_message(*lines, body)).hex()
    headers = [*zip((GENERATION_ID, USER_ID, TIMESTAMP), lines, strict=True), (SIGNATURE, signature)]
    job = outcome(verify_plain, headers, body)
    if isinstance(job, WebhookVerificationError):
        assert job.reason == "body"
    else:
        assert isinstance(job, Job)
        assert job.id == VECTORS["generation_id"]


def test_without_cryptography_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    raised(ImportError, verify_plain, match="run pip install")
    program = (
        "import sys; sys.modules['cryptography'] = None\n"
        "import json; from ideogram_ai.client import verify_webhook\n"
        "vectors = json.load(open(sys.argv[1]))\n"
        "plain = vectors['right']['plain']\n"
        "verify_webhook(plain['headers'], plain['body'].encode(), vectors['keys'])\n"
    )
    command = [sys.executable, "-c", program, str(webhook_vectors.VECTORS)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "ImportError: Webhooks are verified with cryptography" in done.stderr
    assert "run pip install cryptography" in done.stderr


# client.verify_webhook fetches the keys when they are needed, and nobody can make it fetch them often


BOTH: list[dict[str, str]] = VECTORS["keys"]["keys"]
OLD, NEW = (
    [key for key in BOTH if key.get("kid") == name and key["crv"] == "Ed25519"] for name in ("rotated", "current")
)
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


DAY = 24 * 3600
REFUSED = WebhookVerificationError
Step = tuple[int, Any, type, int] | int


def answering(*entries: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: keys(*entries)


def unavailable(_: httpx.Request) -> httpx.Response:
    return httpx.Response(503)


HISTORIES: dict[str, tuple[list[Any], list[Step]]] = {
    "the keys are fetched once in a day": (
        [answering(*BOTH)],
        [(3, PLAIN, Job, 1), DAY - 1, (1, PLAIN, Job, 1), 1, (1, PLAIN, Job, 2)],
    ),
    "keys that were rotated are fetched once more, even at once": (
        [answering(*OLD), answering(*NEW, *OLD)],
        [(1, BY_OLD, Job, 1), (1, PLAIN, Job, 2), (1, BY_OLD, Job, 2)],
    ),
    "forged deliveries do not become requests: one more for a key that does not fit, in a minute": (
        [answering(*OLD), answering(*OLD), answering(*NEW, *OLD)],
        [
            *((50, FORGED, REFUSED, 2), 59, (1, FORGED, REFUSED, 2), (1, PLAIN, REFUSED, 2)),
            *(1, (50, FORGED, REFUSED, 3), (1, PLAIN, Job, 3)),
        ],
    ),
    "an outage of the service is no forgery, and not made worse": (
        [unavailable, httpx.ConnectError("down"), answering(*BOTH)],
        [
            *((20, PLAIN, InternalServerError, 1), 5, (20, PLAIN, APIConnectionError, 2)),
            *(5, (1, PLAIN, Job, 3), (1, FORGED, REFUSED, 0)),
        ],
    ),
    "known keys verify while the service is down, for a day: then they may have been withdrawn": (
        [answering(*OLD), unavailable],
        [
            *((1, BY_OLD, Job, 1), 3600, (1, PLAIN, InternalServerError, 2), (1, BY_OLD, Job, 2)),
            *(DAY, (1, BY_OLD, InternalServerError, 3)),
        ],
    ),
    "a failed fetch is forgotten when the next one succeeds": (
        [answering(*OLD), unavailable, answering(*NEW, *OLD)],
        [(1, BY_OLD, Job, 1), (1, PLAIN, InternalServerError, 2), 5, (1, PLAIN, Job, 3), (1, FORGED, REFUSED, 3)],
    ),
    **{
        f"a key that the contract does not know spoils no other: {more}": (
            [answering(more, *NEW)],
            [(1, PLAIN, Job, 1), (1, FORGED, REFUSED, 0)],
        )
        for more in ({"kty": "RSA"}, None, 5, {})
    },
}
"""What the service answers, and then how many of which delivery end in what after how many fetches, or a pause."""


@pytest.mark.parametrize("name", HISTORIES)
def test_the_keys_are_fetched_when_they_are_needed_and_no_stranger_can_have_them_fetched(name: str, kind: Kind) -> None:
    answers, steps = HISTORIES[name]
    receiver = Receiver(kind, *answers)
    before: object = None
    for number, step in enumerate(steps):
        if isinstance(step, int):
            receiver.clock.advance(step)
            continue
        times, vector, expected, fetches = step
        for _ in range(times):
            ended = receiver.take(vector)
            with case((number, ended)):
                assert type(ended) is expected
                assert ended is not before
            before = ended
        assert fetches in {receiver.fetches, 0}, number
    request = receiver.service.requests[0]
    assert (request.method, request.url.path) == ("GET", GET_WEBHOOK_SIGNING_JWKS.path)
    assert KEY not in str(request.headers)


def test_the_age_is_judged_by_the_clock(kind: Kind) -> None:
    receiver = Receiver(kind, lambda _: keys(*BOTH))
    receiver.clock.advance(300)
    assert isinstance(receiver.take(PLAIN, max_age=300), Job)
    receiver.clock.advance(1)
    assert receiver.take(PLAIN, max_age=300).reason == "age"


def test_what_is_no_delivery_fetches_nothing(kind: Kind) -> None:
    receiver = Receiver(kind, lambda _: keys(*BOTH))
    for name, vector in VECTORS["wrong"].items():
        if name.startswith(("without", "two ", "signature cut", "timestamp empty")):
            assert receiver.take(vector).reason == "headers"
    assert receiver.fetches == 0


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


@pytest.mark.parametrize("text", ["", "<html>", "[]", "{}", '{"keys": 5}', '{"keys": [{"kty": "RSA"}]}', "[" * 100_000])
def test_an_answer_without_a_key_is_an_error_of_the_service(kind: Kind, text: str) -> None:
    receiver = Receiver(kind, lambda _: httpx.Response(200, text=text))
    error = receiver.take(PLAIN)
    assert isinstance(error, ResponseValidationError)
    assert not error.may_have_been_billed
    assert "most likely" not in error.message
    assert receiver.fetches == 1


def test_the_copies_of_a_client_share_its_keys(kind: Kind) -> None:
    receiver = Receiver(kind, lambda _: keys(*BOTH))
    assert isinstance(receiver.take(PLAIN), Job)
    receiver.driver.client = receiver.driver.client.with_retry(RetryPolicy())
    assert isinstance(receiver.take(PLAIN), Job)
    assert receiver.fetches == 1


def test_a_closed_client_fetches_nothing(kind: Kind) -> None:
    receiver = Receiver(kind, lambda _: keys(*BOTH))
    receiver.driver.close()
    assert isinstance(receiver.take(PLAIN), IdeogramError)
    assert receiver.fetches == 0


def test_the_vectors_have_keys_of_both_kinds() -> None:
    assert len(OLD) == 1
    assert {CURRENT, ROTATED} == {bytes([1]) * 32, bytes([2]) * 32}
    assert [key["kid"] for key in NEW][-1] == "current"
