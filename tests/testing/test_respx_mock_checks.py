"""ideogram_mock fails the test for a request that the service would refuse, also when the error was swallowed."""

import contextlib
from typing import Any

import anyio
import httpx
import pytest
from driver import KEY, KINDS, Kind
from hypothesis import given
from samples import sample

from ideogram_ai.client import AsyncIdeogram, BadRequestError, Ideogram, PromptError
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.generated.operations import SERVER_URL
from ideogram_ai.testing import BrokenRequest, ContractBrokenError, broken_requests, ideogram_mock, request_rules

URL = SERVER_URL + OPERATION.path
FORM: dict[str, Any] = {"text_prompt": (None, "A cat")}
HEADERS = {"Api-Key": KEY}


def generate(shell: Kind, **fields: Any) -> None:
    if shell == "sync":
        with Ideogram(KEY) as client:
            client.generate(**fields)
        return

    async def call() -> None:
        async with AsyncIdeogram(KEY) as client:
            await client.generate(**fields)

    anyio.run(call, backend=shell)


@pytest.mark.parametrize("shell", KINDS)
def test_a_broken_request_fails_where_it_is_sent(shell: Kind) -> None:
    told = r"resolution: \"1x1\" is not one of the 38 in the contract"
    with pytest.raises(ContractBrokenError, match=told) as caught, ideogram_mock() as mock:  # noqa: PT012
        generate(shell, text_prompt="A cat", resolution="1x1")
        pytest.fail("it went on")
    assert len(str(caught.value).split("The service would refuse")) == 2, "told once"
    assert issubclass(ContractBrokenError, AssertionError)
    assert [(exchange.status, dict(exchange.fields)["resolution"]) for exchange in mock.ledger] == [(None, "1x1")]


@pytest.mark.parametrize("shell", KINDS)
def test_and_once_more_at_the_end_if_that_was_swallowed(shell: Kind) -> None:
    with pytest.raises(ContractBrokenError, match="enable_copyright_detection"), ideogram_mock():  # noqa: PT012
        with contextlib.suppress(Exception):
            generate(shell, text_prompt="A cat", enable_copyright_detection="yes")
        generate(shell, text_prompt="A cat")


def test_every_complaint_is_told_at_the_end() -> None:
    with pytest.raises(ContractBrokenError) as caught, ideogram_mock():  # noqa: PT012
        for fields in ({"resolution": "1x1"}, {"rendering_speed": "FLASH"}):
            with contextlib.suppress(AssertionError):
                generate("sync", text_prompt="A cat", **fields)
    first, second = str(caught.value).splitlines()
    assert "resolution" in first
    assert "rendering_speed" in second


def test_whatever_was_planned_for_it() -> None:
    with ideogram_mock() as mock:
        mock.refuse(400)
        with pytest.raises(ContractBrokenError, match="resolution"):
            generate("sync", text_prompt="A cat", resolution="1x1")
        mock.verify_beside(ContractBrokenError())


def test_every_rule_of_the_contract_is_watched() -> None:
    with ideogram_mock(strict=False) as mock, Ideogram(KEY) as client:
        for rule in request_rules():
            (broken,) = sample(broken_requests(rule), 1)
            with pytest.raises((ContractBrokenError, PromptError)) as caught:
                client.generate(**broken.request)
            mock.verify_beside(caught.value)
            for field in broken.pointer.split("/")[1:2]:
                assert f" {field}" in str(caught.value)


@given(broken=broken_requests())
def test_judge_gives_it_the_400_that_names_the_field_and_fails_nothing(broken: BrokenRequest) -> None:
    with ideogram_mock(strict=False) as mock, Ideogram(KEY, http_client=httpx.Client(trust_env=False)) as client:
        mock.judge()
        with pytest.raises((BadRequestError, PromptError)) as caught:
            client.generate(**broken.request)
        for field in broken.pointer.split("/")[1:2]:
            assert field in str(caught.value)


def test_judge_wants_the_key_too() -> None:
    with ideogram_mock() as mock:
        mock.judge(times=2)
        assert httpx.post(URL, files=FORM).status_code == 401
        assert httpx.post(URL, files=FORM, headers=HEADERS).status_code == 200


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({"files": FORM}, "The header Api-Key is missing or empty"),
        ({"files": FORM, "headers": {"Api-Key": " "}}, "The header Api-Key is missing or empty"),
        ({"files": FORM, "headers": {"Authorization": "Bearer x"}}, "came in Authorization, which is not read"),
        ({"data": {"text_prompt": "A cat"}, "headers": HEADERS}, "multipart/form-data only"),
        ({"headers": HEADERS}, "The Content-Type is none"),
        ({"files": FORM | {"json_prompt": (None, "{}")}, "headers": HEADERS}, "Exactly one of text_prompt and json_"),
        ({"files": FORM | {"enable_copyright_detection": (None, "True")}, "headers": HEADERS}, "write true or false"),
    ],
)
def test_other_clients_are_watched_too(request_: dict[str, Any], told: str) -> None:
    with pytest.raises(ContractBrokenError) as caught, ideogram_mock():
        httpx.post(URL, **request_)
    assert told in str(caught.value)


def test_the_media_type_of_a_part_is_watched() -> None:
    prompt = '{"high_level_description": "", "compositional_deconstruction": {"background": "", "elements": []}}'
    with ideogram_mock():
        good = {"json_prompt": (None, prompt.encode(), "application/json")}
        httpx.post(URL, files=good, headers=HEADERS).raise_for_status()
    told = "json_prompt: the Content-Type of its part is missing; the contract has application/json"
    with pytest.raises(ContractBrokenError, match=told), ideogram_mock():
        httpx.post(URL, files={"json_prompt": (None, prompt)}, headers=HEADERS)


def test_the_key_must_not_go_to_the_image_host() -> None:
    with ideogram_mock():
        link = httpx.post(URL, files=FORM, headers=HEADERS).json()["data"][0]["url"]
        assert httpx.get(link).status_code == 200
    with pytest.raises(ContractBrokenError, match=r"Api-Key was sent to the image host ideogram\.ai"), ideogram_mock():
        httpx.get(link, headers=HEADERS)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/ideogram-v3/generate"), ("GET", OPERATION.path), ("POST", OPERATION.path + "/")]
)
def test_what_is_no_operation_of_the_service(method: str, path: str) -> None:
    told = f"{method} {path} is not an operation of the contract"
    with pytest.raises(ContractBrokenError, match=told), ideogram_mock():  # noqa: SIM117
        with contextlib.suppress(AssertionError):
            httpx.request(method, SERVER_URL + path)


def test_unless_the_test_mocks_it_itself() -> None:
    with ideogram_mock() as mock:
        mock.router.post(f"{SERVER_URL}/v1/ideogram-v3/generate").respond(201)
        assert httpx.post(f"{SERVER_URL}/v1/ideogram-v3/generate").status_code == 201


def test_another_error_of_the_test_is_kept_and_gets_a_note() -> None:
    with pytest.raises(KeyError) as caught, ideogram_mock():  # noqa: PT012
        with contextlib.suppress(AssertionError):
            generate("sync", text_prompt="A cat", resolution="1x1")
        raise KeyError("of the test")
    assert [note for note in caught.value.__notes__ if "resolution" in note]
