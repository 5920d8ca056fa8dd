"""What is taken out of texts and exceptions, and what stays: links, and the frames of a caller's own code."""

import base64
import json
import logging
import pickle
import traceback
import warnings
from typing import Any

import httpx
import pytest
from attrs import evolve
from canned import Service, entry, success
from driver import KINDS, Kind, generate

from ideogram_ai.client import BadRequestError, Ideogram, ResponseWarning, flow
from ideogram_ai.client.redaction import PLACEHOLDER, ApiKey
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

KEY = "sentinel-3f9c/2b7d+51e84a06"
SPELLINGS = {
    "plain": KEY,
    "one escaped": KEY.replace("-", "\\u002d"),
    "one escaped in capitals": KEY.replace("/", "\\u002F"),
    "escaped twice": KEY.replace("-", "\\\\u002d"),
    "all escaped": "".join(f"\\u{ord(character):04x}" for character in KEY),
    "a slash as JSON may have it": KEY.replace("/", "\\/"),
    "HTML, decimal": KEY.replace("-", "&#45;"),
    "HTML, hexadecimal": KEY.replace("-", "&#x2D;").replace("+", "&#x02b;"),
    "a URL": KEY.replace("/", "%2F").replace("+", "%2b"),
    "base64": base64.b64encode(KEY.encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"])
def test_the_key_is_found_however_it_is_spelt(spelling: str, encoding: str) -> None:
    text = f'{{"error": "no {SPELLINGS[spelling]} here"}}'
    assert ApiKey(KEY).scrub(text) == f'{{"error": "no {PLACEHOLDER} here"}}'
    assert ApiKey(KEY).scrub_bytes(text.encode(encoding)).decode(encoding) == f'{{"error": "no {PLACEHOLDER} here"}}'


def test_data_that_only_looks_like_another_encoding_stays_as_it_is() -> None:
    for data in (b"\xff\xfe\xfd", b"\xff\xfea", "nothing".encode("utf-16")):
        assert ApiKey(KEY).scrub_bytes(data) == data


@pytest.mark.parametrize("client_kind", KINDS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_comes_into_a_message_or_is_kept(spelling: str, client_kind: Kind) -> None:
    body = f'{{"error": "unknown key {SPELLINGS[spelling]}"}}'.encode()
    with pytest.raises(BadRequestError) as caught:
        generate(client_kind, Service(httpx.Response(400, content=body)), {"api_key": KEY}, text_prompt="a")
    assert KEY not in caught.value.message
    assert SPELLINGS[spelling] not in caught.value.message
    assert SPELLINGS[spelling].encode() not in caught.value.body


@pytest.mark.parametrize("key", ["ideogram", "ephemeral", "4102444800", "png", "https", "images.example"])
def test_a_short_or_common_key_destroys_no_link(key: str) -> None:
    link = "https://ideogram.ai/api/images.example/ephemeral/one.png?exp=4102444800&sig=0a"
    body = success(entry(url=link, prompt=f"a {key}"))
    made = generate("sync", Service(body), {"api_key": key}, text_prompt="a")
    assert made.images[0].url == link
    assert json.loads(made.raw)["data"][0]["url"] == link


def test_a_common_key_that_stands_in_no_link_is_taken_out() -> None:
    made = generate(
        "sync", Service(success(entry(prompt="a wordlikekey"))), {"api_key": "wordlikekey"}, text_prompt="a"
    )
    assert made.images[0].prompt == f"a {PLACEHOLDER}"
    assert b"wordlikekey" not in made.raw


def test_a_key_that_breaks_the_json_of_a_response_is_removed_from_it() -> None:
    key = 'x"x"x"xx'
    body = b'{"created": "2026-10-07T12:00:00Z", "data": [{"url": "https://i.example/1", "prompt": "x"x"x"xx", '
    body += b'"resolution": "1x1", "is_image_safe": true, "seed": 1}]}'
    made = generate("sync", Service(httpx.Response(200, content=body)), {"api_key": key}, text_prompt="a")
    assert [image.prompt for image in made.images] == [PLACEHOLDER]


def test_a_key_is_neither_shown_nor_pickled() -> None:
    assert repr(ApiKey(KEY)) == PLACEHOLDER
    with pytest.raises(TypeError, match="an API key is not pickled"):
        pickle.dumps(ApiKey(KEY))


def test_a_link_that_names_no_key_stays_in_an_answer_that_does() -> None:
    body = success(entry(url="https://a.example/1"), entry(url=None, is_image_safe=False), said="wordlikekey")
    made = generate("sync", Service(body), {"api_key": "wordlikekey"}, text_prompt="a")
    assert [image.url for image in made.images] == ["https://a.example/1", None]
    assert made.additional_properties["said"] == PLACEHOLDER


def test_an_answer_of_another_operation_is_given_without_the_key() -> None:
    service = Service(httpx.Response(200, json={"said": "wordlikekey"}))
    with httpx.Client(transport=service.transport()) as http:
        send = Ideogram("wordlikekey", http_client=http)._send
        operation = evolve(POST_GENERATE_IMAGE_V4, answer_model="", makes_images=False)
        assert send(operation, {"text_prompt": "a"}, extra_fields=None, timeout=None) == {"said": PLACEHOLDER}


def test_an_answer_whose_shape_hangs_on_the_key_keeps_its_links() -> None:
    """A key that is a name of the answer would make its images disappear."""
    made = generate("sync", Service(success(entry())), {"api_key": "is_image_safe"}, text_prompt="a")
    assert made.images[0].url == entry()["url"]
    assert len(made.images) == 1


class Mine(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport of a caller's, with a bug."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._divide(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._divide(request)

    def _divide(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 // (len(request.url.host) * 0))


@pytest.mark.parametrize("client_kind", KINDS)
def test_the_traceback_of_a_callers_own_code_survives(client_kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Service, "transport", lambda _: Mine())
    with pytest.raises(ZeroDivisionError) as caught:
        generate(client_kind, Service(), text_prompt="a")
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-2:] == [f"handle_{'' if client_kind == 'sync' else 'async_'}request", "_divide"]
    assert not {"send", "_send_single_request"} & set(frames)


def test_what_was_being_handled_before_is_left_alone() -> None:
    def fail() -> None:
        raise LookupError("mine")

    def handle() -> None:
        try:
            fail()
        except LookupError:
            with pytest.raises(ZeroDivisionError):
                generate("sync", Service(ZeroDivisionError("a bug")), text_prompt="a")
            raise

    with pytest.raises(LookupError) as caught:
        handle()
    assert [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)][-2:] == ["handle", "fail"]


NEWS: dict[str, tuple[dict[str, str], dict[str, Any], str]] = {
    "notice": ({}, {"notice": "v1 ends on 2027-06-01"}, "notice: v1 ends on 2027-06-01"),
    "deprecation": ({"Deprecation": "@1790000000"}, {}, "it is deprecated (@1790000000)"),
    "successor": (
        {"Link": '<https://api.ideogram.ai/v2/generate?key=1>; rel="successor-version"'},
        {},
        "its successor is https://api.ideogram.ai/v2/generate",
    ),
    "among other links": (
        {"Link": '</a>; rel="next", </v2>; title="x"; rel="help successor-version"'},
        {},
        "its successor is /v2",
    ),
}


@pytest.mark.parametrize("news", NEWS)
@pytest.mark.parametrize("client_kind", KINDS)
def test_the_end_of_an_operation_is_announced_once(
    news: str, client_kind: Kind, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    headers, members, said = NEWS[news]
    monkeypatch.setattr(flow, "_warned_of", set())

    def answer(_: httpx.Request) -> httpx.Response:
        made = success(**members)
        made.headers.update(headers)
        return made

    with pytest.warns(ResponseWarning) as caught:
        made = [generate(client_kind, Service(answer), text_prompt="a") for _ in range(3)]
    assert all(each.images for each in made)
    assert len(caught) == 1
    assert said in str(caught[0].message)
    assert "It works as before; this is said once." in str(caught[0].message)
    assert sum(said in record.getMessage() for record in caplog.records if record.levelno == logging.WARNING) == 1


def test_other_links_and_an_empty_notice_announce_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "_warned_of", set())
    made = success(notice="")
    made.headers["Link"] = '</v2>; rel="next", </successor-version>; rel="help"'
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert generate("sync", Service(made), text_prompt="a").images
