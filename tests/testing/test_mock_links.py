"""Image links: signed, short-lived, drawn when they are fetched, and resumable."""

from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from mock_requests import fields, get, post, send
from PIL import Image

from ideogram_ai.contract.view import read_view
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.service import ImageStore, LinkRefusal, Picture


@pytest.fixture(scope="module")
def link() -> Iterator[str]:
    """The link to a small image."""
    with MockServer() as server:
        yield post(server.url, fields(text_prompt="a cat", resolution="512x1536")).json()["data"][0]["url"]


@pytest.fixture(scope="module")
def whole(link: str) -> httpx.Response:
    """The answer to a plain GET of it."""
    return get(link)


def test_a_link_has_the_form_of_the_contracts_example(link: str) -> None:
    example = next(i["url"] for e in read_view().responses[200].examples for i in e["data"] if i.get("url"))
    theirs, ours = urlsplit(example), urlsplit(link)
    assert ours.path.rpartition("/")[0] == theirs.path.rpartition("/")[0]
    assert ours.path.endswith(".png")
    their_query, our_query = dict(parse_qsl(theirs.query)), dict(parse_qsl(ours.query))
    assert {name: len(value) for name, value in our_query.items()} == {
        name: len(value) for name, value in their_query.items()
    }


def test_a_link_leads_to_a_png_of_the_size_without_a_key(whole: httpx.Response) -> None:
    assert whole.status_code == 200
    assert whole.headers["content-type"] == "image/png"
    assert int(whole.headers["content-length"]) == len(whole.content)
    with Image.open(BytesIO(whole.content)) as image:
        image.load()
        assert (image.format, image.size) == ("PNG", (512, 1536))


def test_a_second_fetch_brings_the_same_bytes(link: str, whole: httpx.Response) -> None:
    assert get(link).content == whole.content


def test_a_head_request_has_the_headers_and_no_body(link: str, whole: httpx.Response) -> None:
    head = send("HEAD", link)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "accept-ranges"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-", 100, None),
        ("bytes=100-199", 100, 200),
        ("bytes=-10", -10, None),
        ("bytes=5-999999999", 5, None),
        ("bytes=-999999999", 0, None),
        ("BYTES=1-2", 1, 3),
    ],
)
def test_a_range_brings_its_bytes(link: str, whole: httpx.Response, asked: str, start: int, end: int | None) -> None:
    part = send("GET", link, headers={"Range": asked})
    expected = whole.content[start:end]
    first = start % len(whole.content)
    assert (part.status_code, part.content) == (206, expected)
    assert part.headers["content-range"] == f"bytes {first}-{first + len(expected) - 1}/{len(whole.content)}"
    assert int(part.headers["content-length"]) == len(expected)


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0"])
def test_a_range_behind_the_end_gets_a_416(link: str, whole: httpx.Response, asked: str) -> None:
    answer = send("GET", link, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{len(whole.content)}"


@pytest.mark.parametrize(
    "asked", ["bytes=9-5", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes=" + "9" * 5000 + "-"]
)
def test_a_range_that_is_none_is_ignored(link: str, whole: httpx.Response, asked: str) -> None:
    answer = send("GET", link, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, whole.content)


def test_a_download_resumes_only_into_the_same_bytes(link: str, whole: httpx.Response) -> None:
    same = send("GET", link, headers={"Range": "bytes=10-", "If-Range": whole.headers["etag"]})
    other = send("GET", link, headers={"Range": "bytes=10-", "If-Range": '"another"'})
    assert (same.status_code, same.content) == (206, whole.content[10:])
    assert (other.status_code, other.content) == (200, whole.content)


@pytest.mark.parametrize("change", ["sig", "exp", "name", "no_sig", "no_query"])
def test_a_link_that_was_changed_is_forbidden(link: str, change: str) -> None:
    url = httpx.URL(link)
    exp, sig = url.params["exp"], url.params["sig"]
    wrong = sig[:-1] + ("0" if sig[-1] != "0" else "1")
    changed = {
        "sig": url.copy_set_param("sig", wrong),
        "exp": url.copy_set_param("exp", str(int(exp) + 1)),
        "name": url.copy_with(path=url.path.replace(".png", "A.png"), params=url.params),
        "no_sig": url.copy_remove_param("sig"),
        "no_query": url.copy_with(query=None),
    }[change]
    answer = get(changed)
    assert answer.status_code == answer.json()["status"] == 403
    assert "signature" in answer.json()["detail"]


def test_a_signature_that_is_not_ascii_is_wrong(link: str) -> None:
    assert get(httpx.URL(link).copy_set_param("sig", "é\x00😀")).status_code == 403


def test_an_expired_link_is_gone() -> None:
    with MockServer(link_life=0) as server:
        url = post(server.url, fields(text_prompt="a cat")).json()["data"][0]["url"]
        answer = get(url)
        assert answer.status_code == answer.json()["status"] == 410
        assert dict(parse_qsl(urlsplit(url).query))["exp"] in answer.json()["detail"]


def test_a_link_of_another_server_is_forbidden() -> None:
    with MockServer() as server, MockServer() as other:
        url = httpx.URL(post(server.url, fields(text_prompt="a cat")).json()["data"][0]["url"])
        assert get(url.copy_with(port=httpx.URL(other.url).port)).status_code == 403


def test_a_link_lives_until_the_second_it_says() -> None:
    now = 1_000_000.0
    store = ImageStore("/images/", ".png", life=60.0, clock=lambda: now)
    picture = Picture(512, 512, 1, "a cat")
    parts = urlsplit(store.add(picture))
    query = dict(parse_qsl(parts.query))
    name = parts.path.removeprefix("/images/").removesuffix(".png")
    assert query["exp"] == "1000060"
    now += 59.9
    assert store.find(name, query["exp"], query["sig"]) is picture
    now += 0.1
    refused = store.find(name, query["exp"], query["sig"])
    assert isinstance(refused, LinkRefusal)
    assert refused.status == 410


def test_the_oldest_pictures_are_forgotten_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ideogram_ai.testing.service._MOST_PICTURES", 2)
    store = ImageStore("/", "", life=60.0)
    links = [urlsplit(store.add(Picture(1, 1, seed, "a cat"))) for seed in range(3)]
    found = [store.find(link.path[1:], *(value for _, value in parse_qsl(link.query))) for link in links]
    assert isinstance(found[0], LinkRefusal)
    assert found[0].status == 410
    assert [picture.seed for picture in found[1:] if isinstance(picture, Picture)] == [1, 2]


def test_a_resumed_download_does_not_draw_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Picture] = []

    def draw(picture: Picture) -> bytes:
        drawn.append(picture)
        return b"an image"

    monkeypatch.setattr("ideogram_ai.testing.drawing.draw_png", draw)
    with MockServer() as server:
        url = post(server.url, fields(text_prompt="a cat", resolution="512x1536")).json()["data"][0]["url"]
        assert get(url).content == b"an image"
        assert get(url, Range="bytes=3-").content == b"image"
    (picture,) = drawn
    assert (picture.width, picture.height, picture.prompt) == (512, 1536, "a cat")


def test_pictures_drawn_again_have_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ideogram_ai.testing.service._MOST_DRAWN", 0)
    with MockServer() as server:
        urls = [
            post(server.url, fields(text_prompt="a cat", resolution="512x1536")).json()["data"][0]["url"]
            for _ in range(2)
        ]
        assert urls[0] != urls[1]
        assert len({sha256(get(url).content).digest() for url in urls}) == 1
