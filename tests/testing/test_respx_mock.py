"""ideogram_mock plays the service for every kind of client, and fails the test for what the service would refuse."""

import contextlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from driver import KEY, ONCE, PROMPT, Driver, FakeTiming, Kind, case, each_kind, outcome
from mock_requests import send
from PIL import Image
from samples import sample

from ideogram_ai.client import APIConnectionError, APIStatusError, OutcomeUnknownError, PromptError, RateLimitError
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.generated.operations import SERVER_URL
from ideogram_ai.testing import (
    DEPRECATED_WORD,
    UNSAFE_WORD,
    WITHHELD_WORD,
    Answer,
    ContractBrokenError,
    MockServer,
    broken_requests,
    ideogram_mock,
    request_rules,
)

URL = SERVER_URL + OPERATION.path
FORM: dict[str, Any] = {"text_prompt": (None, "A cat")}
HEADERS = {"Api-Key": KEY}
WRONG_SIZE: dict[str, Any] = {"text_prompt": PROMPT, "resolution": "1x1"}


def ask(**request: Any) -> httpx.Response:
    """Send a request for an image without the client."""
    return send("POST", URL, **{"files": FORM, "headers": HEADERS, **request})


def statuses(mock: Any) -> list[int | None]:
    return [exchange.status for exchange in mock.ledger]


@each_kind
def test_an_image_and_its_download(kind: Kind, tmp_path: Path) -> None:
    with ideogram_mock() as mock, Driver(kind) as client:
        (image,) = client.generate(text_prompt=PROMPT, resolution="1024x1024").images
        client.download(image, tmp_path / "cat.png")
    assert (image.prompt, image.resolution, image.is_image_safe) == (PROMPT, "1024x1024", True)
    (exchange,) = mock.ledger
    assert dict(exchange.fields) == {"text_prompt": PROMPT, "resolution": "1024x1024"}
    assert (exchange.number, exchange.status, exchange.billed) == (1, 200, True)
    assert KEY not in repr(mock.ledger)
    with Image.open(tmp_path / "cat.png") as picture:
        picture.load()
        assert picture.format == "PNG"


@each_kind
def test_other_responses(kind: Kind) -> None:
    answer = Answer(418, b"\xff\x00teapot", "a teapot", {"X-Tea": "green", "Content-Type": "text/tea"})
    with ideogram_mock() as mock, Driver(kind, timing=FakeTiming()) as client:
        mock.withhold()
        (image,) = client.ask().images
        assert (image.withheld, image.url, mock.ledger[0].billed) == (True, None, True)
        assert client.generate(text_prompt=f"A {WITHHELD_WORD} cat").images[0].withheld
        mock.succeed().withhold()
        for _ in range(2):
            refused = outcome(client.generate, text_prompt=f"A {UNSAFE_WORD} cat")
            assert isinstance(refused, APIStatusError)
            assert refused.status_code == 422
        mock.reply(answer)
        error = outcome(client.ask)
        assert isinstance(error, APIStatusError)
        assert (error.status_code, error.body) == (418, answer.body)
        assert (error.headers["x-tea"], error.headers["content-type"]) == ("green", "text/tea")
        for status in (400, 401, 402, 403, 404, 413, 415, 422, 429, 500, 503, 520, 302, 408):
            sent = len(mock.ledger)
            mock.refuse(status, times=4 if status == 429 else 1)
            error = outcome(client.ask)
            assert isinstance(error, APIStatusError | OutcomeUnknownError), status
            assert error.status_code == status
            assert statuses(mock)[sent:] == [status] * (4 if status == 429 else 1)


@each_kind
def test_rate_limits(kind: Kind) -> None:
    timing = FakeTiming()
    with ideogram_mock() as mock, Driver(kind, timing=timing) as client:
        mock.rate_limit(times=2, retry_after=1.5).rate_limit(retry_after=None).succeed()
        client.ask()
        assert statuses(mock) == [429, 429, 429, 200]
        assert timing.slept[:2] == [1.5, 1.5]
        assert timing.slept[2] not in {0, 1.5}, "the client's own pause"
        mock.rate_limit(reject_reason="daily_limit")
        error = outcome(client.ask)
        assert isinstance(error, RateLimitError)
        assert error.reject_reason == "daily_limit"
        assert len(mock.ledger) == 5, "waiting does not help"
    with ideogram_mock() as mock, Driver(kind, retry=ONCE) as client:
        mock.rate_limit()
        assert isinstance(outcome(client.ask), RateLimitError)
    assert len(mock.ledger) == 1


@each_kind
def test_broken_exchanges(kind: Kind) -> None:
    with ideogram_mock() as mock, Driver(kind, timing=FakeTiming()) as client:
        for method in (mock.time_out, mock.break_off):
            for when in ("sending", "waiting", "answering"):
                sent = len(mock.ledger)
                method(when)
                error = outcome(client.ask)
                with case((method, when)):
                    assert isinstance(error, OutcomeUnknownError)
                    assert error.may_have_been_billed
                    assert bool(error.body) == (when == "answering")
                    assert len(mock.ledger) == sent + 1
            sent = len(mock.ledger)
            method("connecting", times=3)
            client.ask()
            assert statuses(mock)[sent:] == [None, None, None, 200], "sent again, because nothing was sent"
            method("connecting", times=4)
            error = outcome(client.ask)
            assert isinstance(error, APIConnectionError)
            assert not error.may_have_been_billed
    with ideogram_mock() as mock:
        mock.break_off("waiting")
        with pytest.raises(httpx.RemoteProtocolError) as caught:
            ask()
    seen: list[BaseException | None] = [caught.value]
    while (last := seen[-1]) is not None:
        seen.append(last.__cause__ or last.__context__)
        assert seen[-1] not in seen[:-1], "an endless chain of causes"


def test_plans_queue_up() -> None:
    with ideogram_mock() as mock:
        by_word = ask(files={"text_prompt": (None, f"A {DEPRECATED_WORD} cat")})
        mock.deprecate()
        for response in (by_word, ask()):
            assert (response.status_code, bool(response.json()["notice"])) == (200, True)
            assert 'rel="successor-version"' in response.headers["link"]
            assert response.headers["deprecation"].startswith("@")
        mock.refuse(401).refuse(503, times=2).withhold()
        assert [ask().status_code for _ in range(5)] == [401, 503, 503, 200, 200]
        mock.refuse(402, times=None)
        assert [ask().status_code for _ in range(3)] == [402, 402, 402]
        with pytest.raises(ValueError, match=r"succeed is never reached: refuse\(402\) is for all"):
            mock.succeed()
        assert [exchange.number for exchange in mock.ledger] == list(range(1, 11))
        for times in (0, -1):
            with pytest.raises(ValueError, match=rf"withhold: times is {times}; pass 1 or more"):
                mock.withhold(times=times)


def test_a_plan_that_did_not_happen_fails_the_test() -> None:
    for name, arguments in (("succeed", {}), ("rate_limit", {"times": 3}), ("time_out", {"when": "connecting"})):
        with pytest.raises(AssertionError, match="Planned responses were not requested: "), ideogram_mock() as mock:
            getattr(mock, name)(**arguments)
        with ideogram_mock(strict=False) as mock:
            getattr(mock, name)(**arguments)
        with ideogram_mock() as mock:
            getattr(mock, name)(**arguments)
            mock.strict = False
    with ideogram_mock() as mock:
        mock.refuse(429, times=6).withhold()
        assert [ask().status_code for _ in range(4)] == [429] * 4
        mock.refuse(422, operation="remix")
        left = r"requested: refuse\(429\), 2 more; withhold, 1 more; refuse\(422\) of remix, 1 more\. "
        with pytest.raises(AssertionError, match=left + f"Requested: POST {OPERATION.path}\\. Plan only"):
            mock.verify()


def test_wrong_plans_are_refused_at_once() -> None:
    wrong: list[tuple[str, Any, str]] = [
        ("refuse", 999, r"refuse\(999\): pass a status from 200 to 599"),
        ("time_out", "wating", r"time_out\(wating\): there is no 'wating'; when is one of connecting"),
        ("break_off", "", r"break_off\(\): there is no ''"),
        ("reply", httpx.Response(200), r"reply takes an Answer\(.*\), not a Response"),
        ("reply", {}, r"reply takes an Answer\(.*\), not a dict"),
    ]
    with ideogram_mock() as mock:
        for method, value, message in wrong:
            with pytest.raises((TypeError, ValueError), match=message):
                getattr(mock, method)(value)


def test_the_innermost_of_several_responds() -> None:
    with ideogram_mock() as outer:
        outer.router.get("https://one.example/").respond(204)
        with pytest.raises(RuntimeError, match="is entered already"), outer:
            pass
        for _ in range(2):
            with ideogram_mock() as inner, ideogram_mock() as innermost:
                innermost.refuse(422)
                assert ask().status_code == 422
                assert httpx.get("https://one.example/").status_code == 204
            assert [len(mock.ledger) for mock in (outer, inner, innermost)] == [0, 0, 1]
        outer.refuse(402)
        assert ask().status_code == 402


def test_which_hosts_and_operations_are_mocked() -> None:
    with ideogram_mock() as mock, Driver("sync", base_url="https://gateway.example/ideogram") as client:
        client.ask()
    assert mock.ledger[0].path == "/ideogram" + OPERATION.path, "any base URL is the service"
    with ideogram_mock() as mock, respx.mock(assert_all_called=True) as other:
        mock.router.get("https://one.example/").respond(204)
        other.get("https://two.example/").respond(205)
        mock.router.post(f"{SERVER_URL}/v1/ideogram-v9/generate").respond(201)
        assert send("GET", "https://one.example/").status_code == 204
        assert send("GET", "https://two.example/").status_code == 205
        assert send("POST", f"{SERVER_URL}/v1/ideogram-v9/generate").status_code == 201
        with pytest.raises(AssertionError, match="not mocked"):
            send("GET", "https://three.example/")
    paths = [("POST", "/v1/ideogram-v9/generate"), ("GET", OPERATION.path), ("POST", OPERATION.path + "/")]
    for method, path in paths:
        words = f"{method} {path} is not an operation of the contract"
        with pytest.raises(ContractBrokenError, match=words), ideogram_mock(), contextlib.suppress(AssertionError):
            send(method, SERVER_URL + path)


def test_its_responses_are_those_of_the_mock_server() -> None:
    with ideogram_mock(), Driver("sync") as client:
        mocked = client.ask()
    with MockServer() as server, Driver("sync", base_url=server.url) as client:
        real = client.ask()
        assert len(server.ledger) == 1, "the mock ends with its context"
    for name in ("prompt", "resolution", "seed", "is_image_safe"):
        assert getattr(mocked.images[0], name) == getattr(real.images[0], name)
    assert json.loads(mocked.raw).keys() == json.loads(real.raw).keys()
    assert mocked.images[0].url != real.images[0].url


@each_kind
def test_a_broken_request_fails_where_it_is_sent_and_at_the_end(kind: Kind) -> None:
    words = r"resolution: \"1x1\" is not one of the 38 in the contract"
    with Driver(kind) as client, pytest.raises(ContractBrokenError, match=words) as caught, ideogram_mock() as mock:
        client.generate(**WRONG_SIZE)
    assert len(str(caught.value).split("The service would refuse")) == 2, "reported once"
    assert issubclass(ContractBrokenError, AssertionError)
    assert [(exchange.status, dict(exchange.fields)["resolution"]) for exchange in mock.ledger] == [(None, "1x1")]
    with Driver(kind) as client, pytest.raises(ContractBrokenError) as caught, ideogram_mock():  # noqa: PT012
        for fields in ({"resolution": "1x1"}, {"enable_copyright_detection": "yes"}):
            with contextlib.suppress(AssertionError):
                client.generate(text_prompt=PROMPT, **fields)
        client.ask()
    first, second = str(caught.value).splitlines()
    assert "resolution" in first
    assert "enable_copyright_detection" in second


def test_a_broken_request_beside_a_plan_or_another_error() -> None:
    with ideogram_mock() as mock, Driver("sync") as client:
        mock.refuse(400)
        with pytest.raises(ContractBrokenError, match="resolution"):
            client.generate(**WRONG_SIZE)
        mock.verify_beside(ContractBrokenError())
    with Driver("sync") as client, pytest.raises(KeyError) as caught, ideogram_mock():  # noqa: PT012
        with contextlib.suppress(AssertionError):
            client.generate(**WRONG_SIZE)
        raise KeyError("of the test")
    assert [note for note in caught.value.__notes__ if "resolution" in note]


def test_every_rule_of_the_contract_is_checked_and_judge_gives_a_400_for_it() -> None:
    with ideogram_mock(strict=False) as mock, Driver("sync") as client:
        for rule in request_rules():
            (broken,) = sample(broken_requests(rule), 1)
            with case(rule):
                with pytest.raises((ContractBrokenError, PromptError)) as caught:
                    client.generate(**broken.request)
                mock.verify_beside(caught.value)
                mock.judge()
                refused = outcome(client.generate, **broken.request)
                assert isinstance(refused, PromptError) or getattr(refused, "status_code", None) == 400
                mock.verify()
                for field in broken.pointer.split("/")[1:2]:
                    assert f" {field}" in str(caught.value)
                    assert field in str(refused)
    with ideogram_mock() as mock:
        mock.judge(times=2)
        assert ask(headers={}).status_code == 401
        assert ask().status_code == 200


def test_requests_of_other_clients_are_checked() -> None:
    prompt = '{"high_level_description": "", "compositional_deconstruction": {"background": "", "elements": []}}'
    part = "json_prompt: the Content-Type of its part is missing; the contract has application/json"
    requests: list[tuple[dict[str, Any], str]] = [
        ({"headers": {}}, "The header Api-Key is missing or empty"),
        ({"headers": {"Api-Key": " "}}, "The header Api-Key is missing or empty"),
        ({"headers": {"Authorization": "Bearer x"}}, "came in Authorization, which is not read"),
        ({"files": None, "data": {"text_prompt": "A cat"}}, "multipart/form-data only"),
        ({"files": None}, "The Content-Type is none"),
        ({"files": FORM | {"json_prompt": (None, "{}")}}, "Give exactly one of text_prompt and json_"),
        ({"files": FORM | {"enable_copyright_detection": (None, "True")}}, "write true or false"),
        ({"files": {"json_prompt": (None, prompt)}}, part),
    ]
    for request, words in requests:
        with case(request), pytest.raises(ContractBrokenError) as caught, ideogram_mock():
            ask(**request)
        assert words in str(caught.value)
    with ideogram_mock():
        ask(files={"json_prompt": (None, prompt.encode(), "application/json")}).raise_for_status()
        link = ask().json()["data"][0]["url"]
        assert send("GET", link).status_code == 200
    with pytest.raises(ContractBrokenError, match=r"Api-Key was sent to the image host ideogram\.ai"), ideogram_mock():
        send("GET", link, headers=HEADERS)
