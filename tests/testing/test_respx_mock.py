"""ideogram_mock: each word does what it says, for both clients, and nothing reaches the network."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import respx
from driver import KEY, KINDS, FakeTiming, Kind

from ideogram_ai.client import (
    APIConnectionError,
    APIStatusError,
    AsyncIdeogram,
    Generation,
    Ideogram,
    IdeogramError,
    OutcomeUnknownError,
    RateLimitError,
    RetryPolicy,
)
from ideogram_ai.generated.operations import API_KEY_HEADER, SERVER_URL
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import DEPRECATED_WORD, UNSAFE_WORD, WITHHELD_WORD, Answer, IdeogramMock, ideogram_mock

URL = SERVER_URL + OPERATION.path


def generate(shell: Kind, timing: FakeTiming | None = None, **fields: Any) -> Generation:
    """Call generate() of a client that makes its own HTTP client, as programs do."""
    settings: dict[str, Any] = {"timing": (timing or FakeTiming()).of(shell)}
    fields = fields or {"text_prompt": "A cat"}
    if shell == "sync":
        with Ideogram(KEY, **settings) as client:
            return client.generate(**fields)

    async def call() -> Generation:
        async with AsyncIdeogram(KEY, **settings) as client:
            return await client.generate(**fields)

    return anyio.run(call, backend=shell)


def outcome(shell: Kind, **fields: Any) -> Generation | IdeogramError:
    try:
        return generate(shell, **fields)
    except IdeogramError as error:
        return error


@pytest.mark.parametrize("shell", KINDS)
def test_without_a_word_requests_succeed_and_are_in_the_ledger(shell: Kind) -> None:
    with ideogram_mock() as mock:
        generation = generate(shell, text_prompt="A cat", resolution="1024x1024")
    (image,) = generation.images
    assert (image.prompt, image.resolution, image.is_image_safe) == ("A cat", "1024x1024", True)
    (exchange,) = mock.ledger
    assert dict(exchange.fields) == {"text_prompt": "A cat", "resolution": "1024x1024"}
    assert (exchange.number, exchange.status, exchange.billed) == (1, 200, True)
    assert KEY not in repr(mock.ledger)


@pytest.mark.parametrize("shell", KINDS)
def test_the_image_can_be_downloaded(shell: Kind, tmp_path: Path) -> None:
    async def save() -> Path:
        async with AsyncIdeogram(KEY) as client:
            generation = await client.generate(text_prompt="A cat")
            return await client.download(generation.images[0], tmp_path / "cat.png")

    with ideogram_mock():
        if shell == "sync":
            with Ideogram(KEY) as client:
                path = client.download(client.generate(text_prompt="A cat").images[0], tmp_path / "cat.png")
        else:
            path = anyio.run(save, backend=shell)
    from PIL import Image

    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG"


@pytest.mark.parametrize("shell", KINDS)
def test_withhold(shell: Kind) -> None:
    with ideogram_mock() as mock:
        mock.withhold()
        (image,) = generate(shell).images
    assert image.withheld
    assert image.url is None
    assert mock.ledger[0].billed


@pytest.mark.parametrize("how", ["word", "plan"])
def test_deprecate(how: str) -> None:
    with ideogram_mock() as mock:
        if how == "plan":
            mock.deprecate()
        files = {"text_prompt": (None, "A cat" if how == "plan" else f"A {DEPRECATED_WORD} cat")}
        answer = httpx.post(SERVER_URL + OPERATION.path, files=files, headers={API_KEY_HEADER: "any"})
    assert answer.status_code == 200
    assert answer.json()["notice"]
    assert 'rel="successor-version"' in answer.headers["link"]
    assert answer.headers["deprecation"].startswith("@")


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 415, 422, 429, 500, 503, 520, 302, 408])
def test_refuse(status: int) -> None:
    for shell in KINDS:
        with ideogram_mock() as mock:
            mock.refuse(status, times=None)
            error = outcome(shell)
        assert isinstance(error, APIStatusError | OutcomeUnknownError)
        assert error.status_code == status
        assert [exchange.status for exchange in mock.ledger] == [status] * (4 if status == 429 else 1)


@pytest.mark.parametrize("shell", KINDS)
def test_rate_limit_some_times_and_then_succeed(shell: Kind) -> None:
    timing = FakeTiming()
    with ideogram_mock() as mock:
        mock.rate_limit(times=2, retry_after=1.5).rate_limit(retry_after=None).succeed()
        generate(shell, timing)
    assert [exchange.status for exchange in mock.ledger] == [429, 429, 429, 200]
    assert timing.slept[:2] == [1.5, 1.5]
    assert timing.slept[2] not in {0, 1.5}, "the client's own pause"


@pytest.mark.parametrize("shell", KINDS)
def test_rate_limit_with_a_reason(shell: Kind) -> None:
    with ideogram_mock() as mock:
        mock.rate_limit(reject_reason="daily_limit")
        error = outcome(shell)
    assert isinstance(error, RateLimitError)
    assert error.reject_reason == "daily_limit"
    assert len(mock.ledger) == 1, "waiting does not help"


FAR = ["sending", "waiting", "answering"]


@pytest.mark.parametrize("word", ["time_out", "break_off"])
@pytest.mark.parametrize("when", FAR)
@pytest.mark.parametrize("shell", KINDS)
def test_what_left_and_was_not_answered_whole(shell: Kind, word: str, when: str) -> None:
    with ideogram_mock() as mock:
        getattr(mock, word)(when)
        error = outcome(shell)
    assert isinstance(error, OutcomeUnknownError)
    assert error.may_have_been_billed
    assert bool(error.body) == (when == "answering")
    assert len(mock.ledger) == 1


@pytest.mark.parametrize("word", ["time_out", "break_off"])
@pytest.mark.parametrize("shell", KINDS)
def test_what_never_left_is_sent_again(shell: Kind, word: str) -> None:
    with ideogram_mock() as mock:
        getattr(mock, word)("connecting", times=3)
        generate(shell)
        assert [exchange.status for exchange in mock.ledger] == [None, None, None, 200]
        getattr(mock, word)("connecting", times=4)
        error = outcome(shell)
    assert isinstance(error, APIConnectionError)
    assert not error.may_have_been_billed


@pytest.mark.parametrize("shell", KINDS)
def test_reply_gives_the_very_bytes(shell: Kind) -> None:
    answer = Answer(418, b"\xff\x00teapot", "a teapot", {"X-Tea": "green", "Content-Type": "text/tea"})
    with ideogram_mock() as mock:
        mock.reply(answer)
        error = outcome(shell)
    assert isinstance(error, APIStatusError)
    assert (error.status_code, error.body) == (418, answer.body)
    assert (error.headers["x-tea"], error.headers["content-type"]) == ("green", "text/tea")


@pytest.mark.parametrize("shell", KINDS)
def test_the_trigger_words_of_the_mock_server_work(shell: Kind) -> None:
    with ideogram_mock() as mock:
        assert outcome(shell, text_prompt=f"A {UNSAFE_WORD} cat").status_code == 422  # type: ignore[union-attr]
        assert generate(shell, text_prompt=f"A {WITHHELD_WORD} cat").images[0].withheld
        mock.withhold()
        assert outcome(shell, text_prompt=f"A {UNSAFE_WORD} cat").status_code == 422  # type: ignore[union-attr]


def test_words_queue_up() -> None:
    def status() -> int:
        return httpx.post(URL, files={"text_prompt": (None, "A cat")}, headers={"Api-Key": KEY}).status_code

    with ideogram_mock() as mock:
        mock.refuse(401).refuse(503, times=2).withhold()
        assert [status() for _ in range(5)] == [401, 503, 503, 200, 200]
        mock.refuse(402, times=None)
        assert [status() for _ in range(3)] == [402, 402, 402]
        with pytest.raises(ValueError, match=r"succeed is never reached: refuse\(402\) is for all"):
            mock.succeed()
    assert [exchange.number for exchange in mock.ledger] == list(range(1, 9))


@pytest.mark.parametrize("times", [0, -1])
def test_a_word_for_no_request(times: int) -> None:
    with ideogram_mock() as mock, pytest.raises(ValueError, match=rf"withhold: times is {times}; pass 1 or more"):
        mock.withhold(times=times)


@pytest.mark.parametrize(
    "plan",
    [lambda mock: mock.succeed(), lambda mock: mock.rate_limit(times=3), lambda mock: mock.time_out("connecting")],
)
def test_what_was_planned_and_did_not_happen_fails(plan: Callable[[IdeogramMock], object]) -> None:
    with pytest.raises(AssertionError, match="Planned responses were not requested: "), ideogram_mock() as mock:
        plan(mock)
    with ideogram_mock(strict=False) as mock:
        plan(mock)
    with ideogram_mock() as mock:
        plan(mock)
        mock.strict = False


def test_the_rest_of_a_plan_is_counted() -> None:
    with ideogram_mock() as mock:
        mock.refuse(429, times=6).withhold()
        outcome("sync")
        with pytest.raises(AssertionError, match=r"requested: refuse\(429\), 2 more; withhold, 1 more\."):
            mock.verify()


def test_any_base_url_is_the_service() -> None:
    with ideogram_mock() as mock, Ideogram(KEY, base_url="https://gateway.example/ideogram") as client:
        client.generate(text_prompt="A cat")
    assert mock.ledger[0].path == "/ideogram" + OPERATION.path


def test_other_hosts_are_mocked_by_its_router_or_another() -> None:
    with ideogram_mock() as mock, respx.mock(assert_all_called=True) as other:
        mock.router.get("https://one.example/").respond(204)
        other.get("https://two.example/").respond(205)
        assert httpx.get("https://one.example/").status_code == 204
        assert httpx.get("https://two.example/").status_code == 205
        with pytest.raises(AssertionError, match="not mocked"):
            httpx.get("https://three.example/")


def test_it_ends_with_its_context() -> None:
    with ideogram_mock():
        pass
    from ideogram_ai.testing import MockServer

    with MockServer() as server, Ideogram(KEY, base_url=server.url) as client:
        client.generate(text_prompt="A cat")
        assert len(server.ledger) == 1


def test_its_answers_are_those_of_the_mock_server() -> None:
    from ideogram_ai.testing import MockServer

    with MockServer() as server, Ideogram(KEY, base_url=server.url) as client:
        real = client.generate(text_prompt="A cat")
    with ideogram_mock():
        mocked = generate("sync")
    for name in ("prompt", "resolution", "seed", "is_image_safe"):
        assert getattr(mocked.images[0], name) == getattr(real.images[0], name)
    assert json.loads(mocked.raw).keys() == json.loads(real.raw).keys()
    assert mocked.images[0].url != real.images[0].url


def test_an_error_has_no_endless_history() -> None:
    with ideogram_mock() as mock:
        mock.break_off("waiting")
        with pytest.raises(httpx.RemoteProtocolError) as caught:
            httpx.post(URL, files={"text_prompt": (None, "A cat")}, headers={"Api-Key": KEY})
    seen: list[BaseException] = []
    error: BaseException | None = caught.value
    while error is not None:
        assert error not in seen
        seen.append(error)
        error = error.__cause__ or error.__context__


def test_a_policy_without_retries_sees_one_answer() -> None:
    with ideogram_mock() as mock, Ideogram(KEY, retry=RetryPolicy(max_attempts=1)) as client:
        mock.rate_limit()
        with pytest.raises(RateLimitError):
            client.generate(text_prompt="A cat")
    assert len(mock.ledger) == 1
