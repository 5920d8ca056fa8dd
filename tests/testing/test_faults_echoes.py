"""Answers that send the request's key back, spelt so that a search for its letters finds nothing."""

import base64
import gzip
import html
import json
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import requests
from raw_http import KEY, Heard, get, post, talk

from ideogram_ai.testing.faults import FAULTS, SPELLINGS, FaultServer, echo_key
from ideogram_ai.testing.faults.content import png
from ideogram_ai.testing.faults.echoes import ECHOES

IN_SIGHT = {"plain", "header"}
"""Spellings in which the bytes of the answer have the key as it is."""


def words(heard: Heard) -> str:
    """The answer's words that have the key, as a program reads them that decodes what can be decoded."""
    body = gzip.decompress(heard.body) if heard.header("Content-Encoding") == "gzip" else heard.body
    text = body.decode("utf-16" if "utf-16" in (heard.header("Content-Type") or "") else "utf-8")
    if text.startswith("<!DOCTYPE"):
        return html.unescape(text)
    document: dict[str, Any] = json.loads(text)
    if heard.header("X-Reason"):
        return f"{heard.header('X-Reason')} {heard.header('WWW-Authenticate')}"
    return unquote(document["data"][0]["prompt"] if "data" in document else f"{document['detail']}")


@pytest.mark.parametrize("fault", ECHOES, ids=lambda fault: fault.name)
def test_the_key_comes_back_in_its_spelling(fault: Any) -> None:
    spelling = fault.name.split("_", 2)[2]
    with FaultServer(fault) as server:
        heard = talk(server.url, post())
        ledger = server.wait_closed()
    told = words(heard)
    assert (KEY in told) if spelling != "base64" else (base64.b64encode(KEY.encode()).decode() in told)
    assert (KEY.encode() in heard.data) is (spelling in IN_SIGHT)
    assert heard.status == fault.status
    assert heard.header("Content-Length") == str(len(heard.body))
    assert ledger.may_have_run == int(fault.status in {200, 500})


def test_one_character_is_escaped_and_no_more() -> None:
    with FaultServer("echo_400_json_one") as server:
        assert b"the\\u002dkey-of-this-test" in talk(server.url, post()).body


@pytest.mark.parametrize(("key", "spelt"), [("abcd", r"ab\u0063d"), ('a"b\\c', r"a\u0022b\\c"), ("k", r"\u006b")])
def test_whatever_the_key_the_answer_is_json(key: str, spelt: str) -> None:
    with FaultServer("echo_400_json_one") as server:
        body = talk(server.url, post().replace(KEY.encode(), key.encode())).body
    assert spelt.encode() in body
    assert key in json.loads(body)["detail"]


def test_the_digits_can_be_capitals() -> None:
    with FaultServer("echo_400_json_upper") as server:
        assert rb"\u002D\u006B" in talk(server.url, post()).body


def test_libraries_that_decode_give_the_key_to_whoever_prints_their_text() -> None:
    shown: dict[str, bool] = {}
    for spelling in SPELLINGS:
        with FaultServer(echo_key(spelling, 401)) as server:
            ours = {"Api-Key": KEY}
            by_httpx = httpx.post(server.url, headers=ours, content=b"a")
            by_requests = requests.post(server.url, headers=ours, data=b"a", timeout=10)
        shown[spelling] = KEY in f"{by_httpx.text} {by_httpx.headers}"
        assert (KEY in f"{by_requests.text} {by_requests.headers}") is shown[spelling]
    assert {spelling for spelling, is_shown in shown.items() if is_shown} == {"plain", "header", "utf16", "gzip"}


def test_a_request_without_a_key_gets_the_words_without_it() -> None:
    with FaultServer("echo_400_plain") as server:
        heard = talk(server.url, b"POST / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert json.loads(heard.body)["detail"] == "There is no key  in use."


def test_an_image_is_an_image_all_the_same() -> None:
    with FaultServer(image="echo_200_plain") as server:
        assert talk(server.url, get()).body == png()


def test_a_spelling_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="spelling: there is no 'rot13'; known are plain, json_one,"):
        echo_key("rot13")


def test_every_spelling_is_in_the_table() -> None:
    assert {f"echo_400_{spelling}" for spelling in SPELLINGS} <= FAULTS.keys()
    assert {fault.status for fault in ECHOES} == {200, 400, 401, 422, 429, 500}
