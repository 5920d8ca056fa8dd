"""Complete responses that a client may not expect, and what a GET of the image can meet."""

import base64
import gzip
import html
import io
import json
import re
import zlib
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import requests
from contract_document import responses_of
from PIL import Image
from raw_http import KEY, Heard, assert_silent, connect, get, listen, post, read_until, talk

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4
from ideogram_ai.testing.faults import (
    FAULTS,
    IMAGE_FAULTS,
    LATE_IMAGE,
    SPELLINGS,
    FaultServer,
    answer_raw,
    answer_with,
    echo_key,
    redirect_chain,
    redirect_to,
)
from ideogram_ai.testing.faults.response_faults import RESPONSE_FAULTS
from ideogram_ai.testing.faults.wire import AVIF, GIF, JPEG, WEBP, png

PNG, OTHER = png(), png(seed=1)
HALF = len(PNG) // 2


def contract_example(status: int) -> Any:
    document = read_contract()
    operation = document["paths"][POST_GENERATE_IMAGE_V4.path]["post"]
    content = responses_of(document, operation)[str(status)]["content"]["application/json"]
    return next(iter(content["examples"].values()))["value"]


def fetch(server: FaultServer, *headers: str, target: str = "/image.png") -> Heard:
    return talk(server.url, get(target, *headers))


def names(*prefixes: str) -> list[str]:
    return [fault.name for fault in RESPONSE_FAULTS if fault.name.startswith(prefixes)]


def test_ok_is_the_contracts_example_with_a_link_that_leads_to_the_image() -> None:
    with FaultServer() as server:
        document = json.loads(talk(server.url, post()).body)
        urls = [image.pop("url") for image in document["data"]]
        expected = contract_example(200)
        assert document == expected | {"data": [{k: v for k, v in e.items() if k != "url"} for e in expected["data"]]}
        assert all(
            re.fullmatch(re.escape(server.url) + r"/image.png\?exp=\d{10}&sig=[0-9a-f]{64}", url) for url in urls
        )
        response = httpx.get(urls[0])
        ledger = server.wait_closed()
    assert (response.content, response.headers["Content-Type"]) == (PNG, "image/png")
    assert (len(ledger.posts), len(ledger.gets), ledger.may_have_run) == (1, 1, 1)
    with FaultServer(image_url="http://127.0.0.1:1/other.png") as server:
        assert server.image_url == "http://127.0.0.1:1/other.png"
        assert b'"http://127.0.0.1:1/other.png?exp=' in talk(server.url, post()).body


def test_statuses_come_with_the_contracts_own_words_and_pages_with_html() -> None:
    statuses = names("status_", "html_4", "html_5")
    with FaultServer(statuses) as server:
        for name in statuses:
            heard = talk(server.url, post())
            received = server.wait_closed().posts[-1]
            assert (received.fault, name.partition("_")[2]) == (name, str(heard.status))
            assert received.may_have_run == (heard.status >= 500 or heard.status == 408), name
            if name.startswith("html_"):
                assert (heard.header("Content-Type") or "").startswith("text/html")
                assert f"<title>{heard.status} ".encode() in heard.body
                continue
            assert heard.header("Content-Type") == "application/json"
            if heard.status in {400, 401, 422, 429}:
                assert json.loads(heard.body) == contract_example(heard.status)
            else:
                assert json.loads(heard.body)["status"] == heard.status
            assert heard.header("Retry-After") == ("2" if heard.status == 429 else None)


def test_a_redirect_points_to_the_given_host() -> None:
    redirects = names("redirect_")
    with FaultServer() as other, FaultServer(redirects, location=f"{other.url}/elsewhere?a=b") as server:
        for name in redirects:
            heard = talk(server.url, post())
            assert (f"redirect_{heard.status}", heard.header("Location")) == (name, f"{other.url}/elsewhere?a=b")
            ran = server.wait_closed().posts[-1].may_have_run
            assert ran is (heard.status == 303), "a 303 follows a POST that was processed"
        assert other.ledger.connections == 0
    with FaultServer("redirect_307") as server:
        assert httpx.URL(talk(server.url, post()).header("Location") or "").host.endswith(".invalid")


def test_100_continue_comes_before_the_body_is_read() -> None:
    head, _, body = post().partition(b"\r\n\r\n")
    expects = b"\r\nExpect: 100-continue"
    for name, more, status in (("continue_100", b"", 200), ("ok", expects, 200), ("status_429", expects, 429)):
        with FaultServer(name) as server, connect(server.url) as sock:
            sock.sendall(head + more + b"\r\n\r\n")
            assert read_until(sock, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            sock.sendall(body)
            assert (listen(sock).status, server.wait_idle().may_have_run) == (status, status == 200)


def test_other_interim_responses() -> None:
    with FaultServer(["early_hints_103", "switching_101"]) as server:
        hints, _, response = talk(server.url, post()).data.partition(b"\r\n\r\n")
        switched = talk(server.url, post())
        assert server.wait_closed().may_have_run == 2
    assert (hints[:13], Heard(response, "fin").status) == (b"HTTP/1.1 103 ", 200)
    assert (switched.status, switched.body, switched.end) == (101, b"", "fin")


def test_an_early_413_reaches_a_client_that_still_writes_and_costs_nothing() -> None:
    with FaultServer("early_413") as server:
        heard = talk(server.url, post(size=8 << 20))
        (received,) = server.wait_closed().posts
    assert (heard.status, heard.header("Connection"), heard.end) == (413, "close", "fin")
    assert (len(received.body), received.whole_request_read, received.may_have_run) == (4 << 20, False, False)


def test_a_good_status_can_come_without_good_json() -> None:
    with FaultServer(NO_JSON) as server:
        none, empty, page, other = [talk(server.url, post()) for _ in range(4)]
        assert server.wait_closed().may_have_run == 4
    assert (none.status, none.body, none.header("Content-Length")) == (204, b"", None)
    assert (empty.status, empty.body, empty.header("Content-Length")) == (200, b"", "0")
    assert (page.status, page.body[:16]) == (200, b"<!DOCTYPE html>\n")
    with pytest.raises(UnicodeDecodeError):
        other.body.decode()
    assert json.loads(other.body.decode(errors="replace"))["data"]


CODINGS = ["gzip", "gzip_twice", "deflate", "gzip_members"]
GARBAGE = {"gzip_garbage": "gzip", "br_garbage": "br", "zstd_garbage": "zstd", "unknown_coding": "x-none"}
BROKEN_GZIP = ["gzip_plain", "gzip_cut", "gzip_members_cut"]
BOMBS = ["gzip_bomb", "gzip_twice_bomb"]
SPECIAL = ["early_413", "continue_100", "early_hints_103", "switching_101"]
NO_JSON = ["no_content_204", "empty_200", "html_200", "not_utf8_200"]


def test_good_codings_decode_to_good_responses() -> None:
    with FaultServer(CODINGS, image=CODINGS) as server:
        for name in CODINGS:
            response = httpx.post(server.url)
            assert response.headers["Content-Encoding"] == {"gzip_twice": "gzip, gzip"}.get(name, name.split("_")[0])
            if name == "gzip_members":  # of which httpx decodes the first
                heard = fetch(server)
                assert heard.body.count(b"\x1f\x8b\x08") == 3
                assert gzip.decompress(heard.body) == PNG
                first = zlib.decompressobj(31)
                assert 0 < len(first.decompress(heard.body)) < len(PNG)
                assert first.eof
                assert requests.get(server.image_url, timeout=10).content == PNG, "other libraries decode it whole"
            else:
                assert response.json()["data"]
                assert httpx.get(server.image_url).content == PNG


@pytest.mark.parametrize("size", [1, 3 << 20, (4 << 20) + 12345])
def test_a_bomb_is_valid_and_expands_to_the_given_size(size: int) -> None:
    with FaultServer(BOMBS, image="gzip_bomb", expanded_size=size) as server:
        for twice in (False, True):
            heard = talk(server.url, post())
            body = gzip.decompress(heard.body)  # which checks the checksum
            body = gzip.decompress(body) if twice else body
            document = body.rstrip(b" ")
            assert json.loads(document)["data"]
            assert len(body) == max(size, len(document))
            assert size == 1 or len(body) > 500 * len(heard.body)
            assert heard.header("Content-Length") == str(len(heard.body))
        assert gzip.decompress(fetch(server).body) == PNG.ljust(size)


def test_broken_codings() -> None:
    with FaultServer([*GARBAGE, *BROKEN_GZIP]) as server:
        for coding in GARBAGE.values():
            heard = talk(server.url, post())
            assert (heard.header("Content-Encoding"), heard.body[:4]) == (coding, b"\xde\xad\xbe\xef")
        plain, cut, members = (talk(server.url, post()) for _ in range(3))
    assert plain.header("Content-Encoding") == "gzip"
    assert json.loads(plain.body)["data"]
    for heard in (cut, members):
        assert heard.header("Content-Length") == str(len(heard.body))
        with pytest.raises(EOFError):
            gzip.decompress(heard.body)
        first = zlib.decompressobj(31)
        assert first.decompress(heard.body).startswith(b'{"created')
        assert first.eof is (heard is members)
        assert heard is cut or len(first.unused_data) > 10


def test_a_response_of_your_own() -> None:
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
def test_bytes_of_your_own(then: Any, end: Any) -> None:
    data = bytes(range(256))
    with FaultServer(answer_raw(data, then=then)) as server:
        assert talk(server.url, post(), limit=len(data) if then == "hold" else None) == Heard(data, end)
        assert server.wait_closed().may_have_run == 1


# The key in the response


def words(heard: Heard) -> str:
    """The text with the key, as a program reads it that decodes what can be decoded."""
    body = gzip.decompress(heard.body) if heard.header("Content-Encoding") == "gzip" else heard.body
    text = body.decode("utf-16" if "utf-16" in (heard.header("Content-Type") or "") else "utf-8")
    if text.startswith("<!DOCTYPE"):
        return html.unescape(text)
    document: dict[str, Any] = json.loads(text)
    if heard.header("X-Reason"):
        return f"{heard.header('X-Reason')} {heard.header('WWW-Authenticate')}"
    return unquote(document["data"][0]["prompt"] if "data" in document else f"{document['detail']}")


def test_the_key_comes_back_in_its_spelling() -> None:
    echoes = names("echo_")
    assert {f"echo_400_{spelling}" for spelling in SPELLINGS} <= set(echoes)
    assert {FAULTS[name].status for name in echoes} == {200, 400, 401, 422, 429, 500}
    with FaultServer(echoes, image="echo_200_plain") as server:
        for name in echoes:
            heard = talk(server.url, post())
            spelling = name.split("_", 2)[2]
            assert (base64.b64encode(KEY.encode()).decode() if spelling == "base64" else KEY) in words(heard), name
            assert (KEY.encode() in heard.data) is (spelling in {"plain", "header"}), name
            assert (heard.status, heard.header("Content-Length")) == (FAULTS[name].status, str(len(heard.body)))
            assert server.wait_closed().posts[-1].may_have_run is (heard.status in {200, 500})
        assert fetch(server).body == PNG
    with FaultServer(["echo_200_plain"]) as server:
        train = post().replace(b"ideogram-v4/generate", b"ideogram-v3/train-model", 1)
        assert KEY in words(talk(server.url, train)), "an answer without images has it too"


def test_spellings_to_the_letter() -> None:
    with FaultServer(["echo_400_json_upper", "echo_400_plain", "echo_400_json_one"]) as server:
        assert rb"\u002D\u006B" in talk(server.url, post()).body
        keyless = talk(server.url, b"POST / HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert json.loads(keyless.body)["detail"] == "There is no key  in use."
        spelt = {KEY: r"the\u002dkey-of-this", "abcd": r"ab\u0063d", 'a"b\\c': r"a\u0022b\\c", "k": r"\u006b"}
        for key, text in spelt.items():
            body = talk(server.url, post().replace(KEY.encode(), key.encode())).body
            assert (text.encode() in body, key in json.loads(body)["detail"]) == (True, True), key
    with pytest.raises(ValueError, match="spelling: there is no 'rot13'; known are plain, json_one,"):
        echo_key("rot13")


# Images


def test_a_head_gets_the_head_alone() -> None:
    with FaultServer() as server:
        heard = talk(server.url, get().replace(b"GET", b"HEAD"))
        (received,) = server.wait_closed().requests
    assert (heard.status, heard.header("Content-Length"), heard.body) == (200, str(len(PNG)), b"")
    assert received.method == "HEAD"


def test_ranges() -> None:
    size = len(PNG)
    served = {
        "0-0": (0, 0),
        f"{HALF}-": (HALF, size - 1),
        "10-19": (10, 19),
        "-5": (size - 5, size - 1),
        "5-999999": (5, size - 1),
    }
    with FaultServer() as server:
        for requested, (first, last) in served.items():
            heard = fetch(server, f"Range: bytes={requested}")
            assert (heard.status, heard.header("Content-Range")) == (206, f"bytes {first}-{last}/{size}")
            assert heard.body == PNG[first : last + 1]
            assert server.wait_closed().gets[-1].range == f"bytes={requested}"
        for ignored in ("bytes=-", "items=0-1", "bytes=0-1,3-4", "bytes=x-"):
            heard = fetch(server, f"Range: {ignored}")
            assert (heard.status, heard.body) == (200, PNG), ignored
        for beyond in (f"bytes={size}-", "bytes=9-8", "bytes=-0"):
            heard = fetch(server, f"Range: {beyond}")
            assert (heard.status, heard.header("Content-Range"), heard.body) == (416, f"bytes */{size}", b""), beyond
        etag = heard.header("ETag") or fetch(server).header("ETag")
        assert fetch(server, "Range: bytes=5-", f"If-Range: {etag}").status == 206
        assert fetch(server, "Range: bytes=5-", 'If-Range: "other"').status == 200


CutThen = tuple[int, str | None, bytes, dict[str, str] | None, dict[str, str] | None]

REST = f"bytes {HALF}-{len(OTHER) - 1}/{len(OTHER)}"
ONE, TWO, WEAK = {"ETag": '"one"'}, {"ETag": '"other"'}, {"ETag": 'W/"one"'}
EARLY, LATE = ({"Last-Modified": f"Mon, 05 Oct 2026 10:00:0{second} GMT"} for second in (0, 9))
CUT_THEN: dict[str, CutThen] = {
    "resumes": (206, f"bytes {HALF}-{len(PNG) - 1}/{len(PNG)}", PNG[HALF:], None, None),
    "ignores_range": (200, None, PNG, None, None),
    "wrong_range": (206, f"bytes 0-{HALF - 1}/{len(PNG)}", PNG[:HALF], None, None),
    "no_content_range": (206, None, PNG[HALF:], None, None),
    "changed": (206, REST, OTHER[HALF:], None, None),
    "other_etag": (206, REST, OTHER[HALF:], ONE, TWO),
    "no_etag": (206, REST, OTHER[HALF:], ONE, {}),
    "weak_etag": (206, REST, OTHER[HALF:], WEAK, WEAK),
    "other_date": (206, REST, OTHER[HALF:], EARLY, LATE),
    "no_validator": (206, REST, OTHER[HALF:], {}, {}),
}
"""What a Range gets after a cut: status, Content-Range, body, and the validators before and after."""


def test_a_cut_image_and_what_a_range_gets() -> None:
    for name, (status, content_range, body, before, after) in CUT_THEN.items():
        for if_range in ((), ('If-Range: "one"',), ('If-Range: W/"one"',)) if before is not None else ((),):
            with FaultServer(image=f"cut_then_{name}") as server:
                cut, resumed = fetch(server), fetch(server, f"Range: bytes={HALF}-", *if_range)
                ledger = server.wait_closed()
            assert cut.header("Content-Length") == str(len(PNG))
            assert (cut.status, cut.end, cut.body) == (200, "reset", PNG[:HALF])
            found = resumed.status, resumed.header("Content-Range"), resumed.body
            assert found == (status, content_range, body), name
            assert ([received.range for received in ledger.gets], ledger.may_have_run) == ([None, f"bytes={HALF}-"], 0)
            for heard, validators in ((cut, before), (resumed, after)):
                shown = {key: heard.header(key) for key in ("ETag", "Last-Modified") if heard.header(key)}
                assert validators is None or shown == validators, name
    with FaultServer(image=["cut_then_changed", "cut_then_changed", "always_cut"]) as server:
        etag = fetch(server).header("ETag")
        resumed = fetch(server, f"Range: bytes={HALF}-", f"If-Range: {etag}")
        assert (resumed.status, resumed.body, resumed.header("ETag") != etag) == (200, OTHER, True)
        cut, again = fetch(server), fetch(server, f"Range: bytes={HALF}-")
    assert (cut.end, again.end, cut.body) == ("reset", "reset", PNG[:HALF])
    assert (again.status, again.body) == (206, PNG[HALF:][: (len(PNG) - HALF) // 2])


WHOLE = {"jpeg_image": JPEG, "webp_image": WEBP, "avif_image": AVIF, "gif_image": GIF}
CUT = {
    "jpeg_cut_behind_thumbnail": JPEG,
    "jpeg_cut_in_scan": JPEG,
    "png_cut_between_chunks": PNG,
    "avif_cut_in_meta": AVIF,
    "avif_cut_in_mdat": AVIF,
    "webp_cut": WEBP,
    "gif_cut": GIF,
    "truncated_image": PNG,
}


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_whole_and_cut_pictures() -> None:
    assert (opened(PNG).format, opened(PNG).size, opened(PNG).mode) == ("PNG", (64, 64), "RGB")
    assert png(1, 1) != png(1, 1, seed=1)
    with FaultServer(image=[*WHOLE, *CUT]) as server:
        for name, whole in WHOLE.items():
            heard = fetch(server)
            image = opened(heard.body)
            assert (heard.body, f"{(image.format or '').lower()}_image") == (whole, name)
            assert heard.header("Content-Type") == f"image/{name.partition('_')[0]}"
            assert len(set(image.convert("RGB").tobytes())) > 10
        cut = {name: fetch(server) for name in CUT}
    for name, heard in cut.items():
        assert (heard.status, heard.end, heard.header("Content-Length")) == (200, "fin", str(len(heard.body)))
        assert heard.header("Content-Type") == f"image/{name.partition('_')[0].replace('truncated', 'png')}"
        assert heard.body == CUT[name][: len(heard.body)]
        assert 32 < len(heard.body) < len(CUT[name])
    thumbnail = cut["jpeg_cut_behind_thumbnail"].body
    assert thumbnail.startswith(b"\xff\xd8\xff\xe1")
    assert thumbnail.endswith(b"\xff\xd9"), "it ends as a JPEG ends"
    assert opened(thumbnail[thumbnail.index(b"\xff\xd8", 2) :]).size == (8, 8)
    assert opened(JPEG).getexif().get_ifd(-1), "a reader of Exif finds the thumbnail"
    assert JPEG.rindex(b"\xff\xda") + 20 < len(cut["jpeg_cut_in_scan"].body) < len(JPEG) - 20
    assert len(cut["avif_cut_in_meta"].body) < AVIF.index(b"mdat") < len(cut["avif_cut_in_mdat"].body) < len(AVIF) - 20


def test_a_png_with_a_wrong_checksum_differs_in_one_bit() -> None:
    with FaultServer(image="png_wrong_crc") as server:
        body = fetch(server).body
    assert sum((one ^ other).bit_count() for one, other in zip(body, PNG, strict=True)) == 1
    assert body[-12:] == PNG[-12:]
    with pytest.raises((OSError, SyntaxError)), Image.open(io.BytesIO(body)) as image:
        image.verify()


LABELS = {
    "html_image": ("text/html; charset=UTF-8", b"<!DOCTYPE html>"),
    "html_labelled_png": ("image/png", b"<!DOCTYPE html>"),
    "png_labelled_text": ("text/plain", PNG),
    "empty_image": ("image/png", b""),
}
LOCATIONS = {
    "redirect_to_http": "http://image.invalid/image.png",
    "redirect_to_private": "https://10.0.0.1/image.png",
    "redirect_to_private_ipv6": "https://[fd00::1]/image.png",
    "redirect_to_link_local": "https://169.254.169.254/image.png",
    "redirect_to_loopback": "https://127.0.0.1:9/image.png",
    "redirect_to_file": "file:///etc/hosts",
    "redirect_without_location": None,
}
STATUSES = {
    "status_410": b'"status": 410',
    "expired_403": b"Request has expired",
    "expired_410": b"Request has expired",
}


def test_images_with_wrong_labels_statuses_and_locations() -> None:
    mine = redirect_to("ftp://127.0.0.1/", name="mine")
    with FaultServer(image=[*LABELS, *STATUSES, *LOCATIONS, mine, "redirect_loop", "close_delimited_cut"]) as server:
        for name, (content_type, body) in LABELS.items():
            heard = fetch(server)
            assert (heard.status, heard.end, heard.header("Content-Type")) == (200, "fin", content_type), name
            assert heard.body.startswith(body)
            assert heard.header("Content-Length") == str(len(heard.body))
            assert len(heard.body) == len(body) or b"</html>" in heard.body
        for name, body in STATUSES.items():
            heard = fetch(server)
            assert (f"{heard.status}", body in heard.body) == (name[-3:], True)
        for name, location in {**LOCATIONS, "mine": "ftp://127.0.0.1/"}.items():
            heard = fetch(server)
            assert (heard.status, heard.header("Location")) == (302, location), name
            assert server.wait_closed().gets[-1].fault == name
        assert fetch(server, target="/a?b=c").header("Location") == f"{server.url}/a?b=c"
        assert httpx.get(server.image_url).content == PNG[:HALF], "without a length, a cut is not seen"
        assert server.wait_closed().may_have_run == 0


@pytest.mark.parametrize("hops", [1, 3, 4, 12])
def test_a_chain_redirects_as_often_as_it_says(hops: int) -> None:
    with FaultServer(image=redirect_chain(hops)) as server, httpx.Client(follow_redirects=True) as client:
        response = client.get(server.image_url)
        assert (response.content, len(response.history)) == (PNG, hops)
        client.max_redirects = hops - 1
        with pytest.raises(httpx.TooManyRedirects):
            client.get(server.image_url)


def test_a_slow_image_sends_a_few_bytes_each_interval() -> None:
    with FaultServer(image="slow_image", interval=1000.0) as server, connect(server.url) as sock:
        sock.sendall(get())
        data = read_until(sock, PNG[:16])
        assert_silent(sock)
    assert (Heard(data, "open").body, Heard(data, "open").header("Content-Length")) == (PNG[:16], str(len(PNG)))
    with FaultServer(image="slow_image", interval=0) as server:
        assert fetch(server).body == PNG


def test_an_image_can_come_after_a_refusal() -> None:
    with FaultServer(image=LATE_IMAGE) as server:
        assert [fetch(server).status for _ in range(3)] == [404, 200, 200]


def test_every_fault_is_tested_here() -> None:
    prefixes = ("status_", "html_4", "html_5", "redirect_", "echo_")
    tested = {*SPECIAL, *NO_JSON, *CODINGS, *GARBAGE, *BROKEN_GZIP, *BOMBS}
    assert {fault.name for fault in RESPONSE_FAULTS if not fault.name.startswith(prefixes)} == tested
    chains = {"redirect_chain_1", "redirect_chain_3", "redirect_chain_4", "redirect_loop"}
    images = {*WHOLE, *CUT, *LABELS, *LOCATIONS, *STATUSES, *(f"cut_then_{name}" for name in CUT_THEN)} | chains
    assert IMAGE_FAULTS.keys() == images | {"png_wrong_crc", "slow_image", "always_cut"}
