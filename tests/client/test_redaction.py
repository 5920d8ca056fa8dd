"""What is redacted in texts and exceptions, and what is kept: links, and the frames of a caller's own code."""

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
from driver import KINDS, Kind, case, each_kind, generate

from ideogram_ai.client import BadRequestError, Generation, Ideogram, ResponseWarning, flow
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


def made(service: Service | httpx.Response, key: str) -> Generation:
    """The generation of a client with this key."""
    whole = service if isinstance(service, Service) else Service(service)
    return generate("sync", whole, {"api_key": key}, text_prompt="a")


def test_the_key_is_redacted_in_every_spelling_and_encoding_and_never_shown() -> None:
    for name, spelling in SPELLINGS.items():
        text, redacted = (f'{{"error": "no {word} here"}}' for word in (spelling, PLACEHOLDER))
        assert ApiKey(KEY).scrub(text) == redacted, name
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"):
            assert ApiKey(KEY).scrub_bytes(text.encode(encoding)).decode(encoding) == redacted, (name, encoding)
        body = f'{{"error": "unknown key {spelling}"}}'.encode()
        for kind in KINDS:
            with case((name, kind)), pytest.raises(BadRequestError) as caught:
                generate(kind, Service(httpx.Response(400, content=body)), {"api_key": KEY}, text_prompt="a")
            assert KEY not in caught.value.message, name
            assert spelling not in caught.value.message, name
            assert spelling.encode() not in caught.value.body, name
    assert repr(ApiKey(KEY)) == PLACEHOLDER
    with pytest.raises(TypeError, match="an API key is not pickled"):
        pickle.dumps(ApiKey(KEY))
    # Data that only looks like another encoding is unchanged.
    for data in (b"\xff\xfe\xfd", b"\xff\xfea", "nothing".encode("utf-16")):
        assert ApiKey(KEY).scrub_bytes(data) == data


def test_a_short_or_common_key_changes_no_link() -> None:
    link = "https://ideogram.ai/api/images.example/ephemeral/one.png?exp=4102444800&sig=0a"
    for key in ("ideogram", "ephemeral", "4102444800", "png", "https", "images.example"):
        generation = made(success(entry(url=link, prompt=f"a {key}")), key)
        assert generation.images[0].url == link, key
        assert json.loads(generation.raw)["data"][0]["url"] == link, key
    # A key that is a name of the response would remove its images.
    assert [image.url for image in made(success(entry()), "is_image_safe").images] == [entry()["url"]]


def test_a_common_key_is_redacted_outside_links() -> None:
    body = success(
        entry(url="https://a.example/1", prompt="a wordlikekey"),
        entry(url=None, is_image_safe=False),
        said="wordlikekey",
    )
    generation = made(body, "wordlikekey")
    assert [image.url for image in generation.images] == ["https://a.example/1", None]
    assert generation.images[0].prompt == f"a {PLACEHOLDER}"
    assert generation.additional_properties["said"] == PLACEHOLDER
    assert b"wordlikekey" not in generation.raw
    with httpx.Client(transport=Service(httpx.Response(200, json={"said": "wordlikekey"})).transport()) as http:
        send = Ideogram("wordlikekey", http_client=http)._send
        operation = evolve(POST_GENERATE_IMAGE_V4, answer_model="", result="model")
        assert send(operation, {"text_prompt": "a"}, extra_fields=None, timeout=None) == {"said": PLACEHOLDER}
    # A key can break the JSON of a response.
    broken = b'{"created": "2026-10-07T12:00:00Z", "data": [{"url": "https://i.example/1", "prompt": "x"x"x"xx", '
    broken += b'"resolution": "1x1", "is_image_safe": true, "seed": 1}]}'
    generation = made(httpx.Response(200, content=broken), 'x"x"x"xx')
    assert [image.prompt for image in generation.images] == [PLACEHOLDER]


class Mine(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport of a caller's, with a bug."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._divide(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._divide(request)

    def _divide(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 // (len(request.url.host) * 0))


@each_kind
def test_an_error_of_the_callers_own_code_keeps_its_traceback_and_gets_a_note_on_cost(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Service, "transport", lambda _: Mine())
    with pytest.raises(ZeroDivisionError) as caught:
        generate(kind, Service(), text_prompt="a")
    assert any("may have been made and billed" in note for note in caught.value.__notes__)
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-2:] == [f"handle_{'' if kind == 'sync' else 'async_'}request", "_divide"]
    assert not {"send", "_send_single_request"} & set(frames)


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


@each_kind
def test_the_end_of_an_operation_is_announced_once(
    kind: Kind, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, (headers, members, said) in NEWS.items():
        monkeypatch.setattr(flow, "_warned_of", set())
        bodies = [success(**members) for _ in range(3)]
        for body in bodies:
            body.headers.update(headers)
        with case(name), pytest.warns(ResponseWarning) as caught:
            assert all(generate(kind, Service(body), text_prompt="a").images for body in bodies)
        assert len(caught) == 1, name
        assert said in str(caught[0].message), name
        assert "It works as before." in str(caught[0].message), name
        logged = [record for record in caplog.records if said in record.getMessage()]
        assert [record.levelno for record in logged] == [logging.WARNING], name
        caplog.clear()
    monkeypatch.setattr(flow, "_warned_of", set())
    silent = success(notice="")
    silent.headers["Link"] = '</v2>; rel="next", </successor-version>; rel="help"'
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert generate(kind, Service(silent), text_prompt="a").images
