"""Whole answers that a client may not expect: statuses, redirects, interim answers, codings, bodies of one's own."""

import gzip
import json
import zlib
from typing import Any

import httpx
import pytest
import requests
from raw_http import Heard, connect, get, listen, post, read_until, talk

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.testing.faults import FAULTS, FaultServer, answer_raw, answer_with
from ideogram_ai.testing.faults.content import png
from ideogram_ai.testing.faults.encodings import ENCODINGS
from ideogram_ai.testing.faults.statuses import STATUSES

INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"


def contract_example(status: int) -> Any:
    (methods,) = read_contract()["paths"].values()
    content = methods["post"]["responses"][str(status)]["content"]["application/json"]
    return next(iter(content["examples"].values()))["value"]


def send(server: FaultServer) -> httpx.Response:
    return httpx.post(f"{server.url}/v1/ideogram-v4/generate", files={"text_prompt": (None, "a cat")})


def test_ok_is_the_contracts_example_with_links_to_this_server() -> None:
    with FaultServer() as server:
        document = send(server).json()
        expected = contract_example(200)
        for got, example in zip(document["data"], expected["data"], strict=True):
            assert got.pop("url").startswith(f"{server.url}/image.png?exp=")
            del example["url"]
        assert document == expected
        assert server.wait_closed().may_have_run == 1


def test_the_link_can_point_elsewhere() -> None:
    with FaultServer(image_url="http://127.0.0.1:1/other.png") as server:
        assert server.image_url == "http://127.0.0.1:1/other.png"
        assert send(server).json()["data"][0]["url"].startswith("http://127.0.0.1:1/other.png?exp=")


@pytest.mark.parametrize("fault", [f for f in STATUSES if f.name.startswith("status_")], ids=lambda f: f.name)
def test_a_status_comes_with_the_contracts_own_words(fault: Any) -> None:
    with FaultServer(fault.name) as server:
        response = send(server)
        ledger = server.wait_closed()
    assert fault.name == f"status_{response.status_code}"
    assert response.headers["Content-Type"] == "application/json"
    if response.status_code in {400, 401, 422, 429}:
        assert response.json() == contract_example(response.status_code)
    else:
        assert response.json()["status"] == response.status_code
    assert response.headers.get("Retry-After") == ("2" if response.status_code == 429 else None)
    assert ledger.may_have_run == int(response.status_code in {408, 500, 502, 503, 504})


@pytest.mark.parametrize("status", [403, 429, 500, 502, 503, 504, 520])
def test_a_network_in_front_answers_html(status: int) -> None:
    with FaultServer(f"html_{status}") as server:
        response = send(server)
        ledger = server.wait_closed()
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/html")
    assert f"<title>{status} " in response.text
    assert ledger.may_have_run == int(status >= 500)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_points_to_the_given_host(status: int) -> None:
    with FaultServer() as other, FaultServer(f"redirect_{status}", location=f"{other.url}/elsewhere?a=b") as server:
        response = send(server)
        assert response.status_code == status
        assert response.headers["Location"] == f"{other.url}/elsewhere?a=b"
        assert server.wait_closed().may_have_run == int(status == 303), "a 303 follows a POST that was processed"
        assert other.ledger.connections == 0


def test_redirects_lead_nowhere_unless_told() -> None:
    with FaultServer("redirect_307") as server:
        assert httpx.URL(send(server).headers["Location"]).host.endswith(".invalid")


def test_continue_comes_before_the_body_is_read() -> None:
    head, _, body = post().partition(b"\r\n\r\n")
    with FaultServer("continue_100") as server, connect(server.url) as sock:
        sock.sendall(head + b"\r\n\r\n")
        assert sock.recv(len(INTERIM)) == INTERIM
        sock.sendall(body)
        heard = listen(sock)
        assert server.wait_idle().may_have_run == 1
    assert heard.status == 200
    assert json.loads(heard.body)["data"]


@pytest.mark.parametrize("fault", ["ok", "status_429"])
def test_a_client_that_asks_for_100_continue_gets_it(fault: str) -> None:
    head, _, body = post().partition(b"\r\n\r\n")
    with FaultServer(fault) as server, connect(server.url) as sock:
        sock.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert read_until(sock, b"\r\n\r\n") == INTERIM
        sock.sendall(body)
        assert listen(sock).status == (200 if fault == "ok" else 429)


def test_early_hints_come_before_the_answer() -> None:
    with FaultServer("early_hints_103") as server:
        hints, _, answer = talk(server.url, post()).data.partition(b"\r\n\r\n")
    assert hints.startswith(b"HTTP/1.1 103 ")
    assert Heard(answer, "fin").status == 200


def test_switching_protocols_is_not_followed_by_an_answer() -> None:
    with FaultServer("switching_101") as server:
        heard = talk(server.url, post())
        ledger = server.wait_closed()
    assert (heard.status, heard.body, heard.end) == (101, b"", "fin")
    assert ledger.may_have_run == 1


def test_an_early_413_reaches_a_client_that_still_writes_and_costs_nothing() -> None:
    with FaultServer("early_413") as server:
        heard = talk(server.url, post(size=8 << 20))
        (received,) = server.wait_closed().posts
    assert (heard.status, heard.header("Connection"), heard.end) == (413, "close", "fin")
    assert len(received.body) == 4 << 20
    assert not received.whole_request_read
    assert not received.may_have_run


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [("no_content_204", 204, b""), ("empty_200", 200, b""), ("html_200", 200, b"<!DOCTYPE html>\n")],
)
def test_a_200_can_be_no_json(name: str, status: int, body: bytes) -> None:
    with FaultServer(name) as server:
        heard = talk(server.url, post())
        assert server.wait_closed().may_have_run == 1
    assert heard.status == status
    assert heard.body[:16] == body
    assert heard.header("Content-Length") == (None if status == 204 else str(len(heard.body)))


def test_a_200_can_be_json_that_is_not_utf8() -> None:
    with FaultServer("not_utf8_200") as server:
        heard = talk(server.url, post())
    with pytest.raises(UnicodeDecodeError):
        heard.body.decode()
    assert json.loads(heard.body.decode(errors="replace"))["data"]


def test_gzip_of_several_members_is_whole() -> None:
    with FaultServer("gzip_members", image="gzip_members") as server:
        heard, image = talk(server.url, post()), talk(server.url, get())
        assert requests.get(server.image_url, timeout=10).content == png(), "other libraries decode it whole"
    assert heard.body.count(b"\x1f\x8b\x08") == image.body.count(b"\x1f\x8b\x08") == 3
    assert json.loads(gzip.decompress(heard.body))["data"]
    assert gzip.decompress(image.body) == png()
    first = zlib.decompressobj(31)
    assert 0 < len(first.decompress(image.body)) < len(png())
    assert first.eof, "who stops at the end of the first member has half of it"


def test_gzip_can_be_cut_behind_its_first_member() -> None:
    with FaultServer("gzip_members_cut") as server:
        heard = talk(server.url, post())
    with pytest.raises(EOFError):
        gzip.decompress(heard.body)
    first = zlib.decompressobj(31)
    assert first.decompress(heard.body).startswith(b'{"created')
    assert first.eof
    assert len(first.unused_data) > 10


@pytest.mark.parametrize("name", ["gzip", "gzip_twice", "deflate"])
def test_a_good_coding_decodes_to_a_good_answer(name: str) -> None:
    with FaultServer(name) as server:
        response = send(server)
    assert response.headers["Content-Encoding"] == {"gzip_twice": "gzip, gzip"}.get(name, name)
    assert response.json()["data"]


@pytest.mark.parametrize("size", [1, 3 << 20, (4 << 20) + 12345])
@pytest.mark.parametrize("name", ["gzip_bomb", "gzip_twice_bomb"])
def test_a_bomb_is_valid_and_expands_to_the_size_that_was_asked_for(name: str, size: int) -> None:
    with FaultServer(name, expanded_size=size) as server:
        heard = talk(server.url, post())
    body = gzip.decompress(heard.body)  # which judges the checksum
    body = gzip.decompress(body) if name == "gzip_twice_bomb" else body
    document = body.rstrip(b" ")
    assert json.loads(document)["data"]
    assert len(body) == max(size, len(document))
    assert size == 1 or len(body) > 500 * len(heard.body)
    assert heard.header("Content-Length") == str(len(heard.body))


def test_gzip_can_be_cut_though_its_length_is_true() -> None:
    with FaultServer("gzip_cut") as server:
        heard = talk(server.url, post())
    assert heard.header("Content-Length") == str(len(heard.body))
    with pytest.raises(EOFError):
        gzip.decompress(heard.body)
    assert zlib.decompressobj(31).decompress(heard.body).startswith(b'{"created')


@pytest.mark.parametrize(
    ("name", "coding"),
    [("gzip_garbage", "gzip"), ("br_garbage", "br"), ("zstd_garbage", "zstd"), ("unknown_coding", "x-none")],
)
def test_a_coding_can_be_a_label_on_garbage(name: str, coding: str) -> None:
    with FaultServer(name) as server:
        heard = talk(server.url, post())
    assert heard.header("Content-Encoding") == coding
    assert heard.body.startswith(b"\xde\xad\xbe\xef")


def test_a_coding_can_be_a_label_on_a_plain_body() -> None:
    with FaultServer("gzip_plain") as server:
        heard = talk(server.url, post())
    assert heard.header("Content-Encoding") == "gzip"
    assert json.loads(heard.body)["data"]


def test_every_whole_answer_is_looked_at() -> None:
    special = {"early_413", "continue_100", "early_hints_103", "switching_101", "no_content_204", "empty_200"}
    prefixes = ("status_", "html_", "redirect_", "not_utf8_")
    assert {f.name for f in STATUSES if not f.name.startswith(prefixes)} == special
    good, bombs = {"gzip", "gzip_twice", "gzip_members", "deflate"}, {"gzip_bomb", "gzip_twice_bomb"}
    broken = {"gzip_cut", "gzip_members_cut", "gzip_plain", "gzip_garbage", "br_garbage", "zstd_garbage"}
    assert {fault.name for fault in ENCODINGS} == good | bombs | broken | {"unknown_coding"}
    assert {fault.name for fault in (*STATUSES, *ENCODINGS)} <= FAULTS.keys()


def test_an_answer_of_ones_own() -> None:
    fault = answer_with(429, '{"reject_reason": "daily_limit"}', [("Retry-After", "inf")])
    with FaultServer([fault, answer_with(200, "ä", name="mine", may_have_run=False)]) as server:
        first, second = talk(server.url, post()), talk(server.url, post())
        ledger = server.wait_closed()
    assert first.data == (
        b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: inf\r\nContent-Length: 32\r\n\r\n"
        b'{"reject_reason": "daily_limit"}'
    )
    assert second.body == b"\xc3\xa4"
    assert [(r.fault, r.may_have_run) for r in ledger.posts] == [("status_429", False), ("mine", False)]


@pytest.mark.parametrize(("then", "end"), [("close", "fin"), ("reset", "reset"), ("hold", "open")])
def test_bytes_of_ones_own(then: Any, end: str) -> None:
    data = bytes(range(256))
    with FaultServer(answer_raw(data, then=then)) as server:
        heard = talk(server.url, post(), limit=len(data) if then == "hold" else None)
        ledger = server.wait_closed()
    assert heard == Heard(data, end)  # type: ignore[arg-type]
    assert ledger.may_have_run == 1
