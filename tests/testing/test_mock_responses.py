"""Responses of the mock server: image links, and any response on demand by the Prefer header or by a scenario."""

from io import BytesIO
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from driver import case
from mock_requests import fields, get, post, send
from PIL import Image

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import DEPRECATED_WORD, WITHHELD_WORD, MockServer, parse_scenario
from ideogram_ai.testing.app import preferred_status
from ideogram_ai.testing.images import ImageStore, LinkRefusal, Picture

CAT = fields(text_prompt="a cat")


def make_link(url: str) -> str:
    """The link to a small image."""
    response = post(url, fields(text_prompt="a cat", resolution="512x1536"))
    return str(response.json()["data"][0]["url"])


@pytest.fixture(scope="module")
def link(mock_url: str) -> str:
    """The link to a small image."""
    return make_link(mock_url)


@pytest.fixture(scope="module")
def whole(link: str) -> httpx.Response:
    """The response to a plain GET of it."""
    return get(link)


def test_a_link_has_the_form_of_the_contracts_example(link: str) -> None:
    example = next(i["url"] for e in read_view().responses[200].examples for i in e["data"] if i.get("url"))
    theirs, ours = urlsplit(example), urlsplit(link)
    assert ours.path.rpartition("/")[0] == theirs.path.rpartition("/")[0]
    assert ours.path.endswith(".png")
    lengths = [{name: len(value) for name, value in parse_qsl(url.query)} for url in (ours, theirs)]
    assert lengths[0] == lengths[1]


def test_a_link_leads_to_a_png_of_the_size_without_a_key(link: str, whole: httpx.Response) -> None:
    assert (whole.status_code, whole.headers["content-type"]) == (200, "image/png")
    assert int(whole.headers["content-length"]) == len(whole.content)
    with Image.open(BytesIO(whole.content)) as image:
        image.load()
        assert (image.format, image.size) == ("PNG", (512, 1536))
    assert get(link).content == whole.content
    head = send("HEAD", link)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "accept-ranges"):
        assert head.headers[name] == whole.headers[name]


def test_ranges(link: str, whole: httpx.Response) -> None:
    content, size = whole.content, len(whole.content)
    ranges = {"0-0": (0, 1), "100-": (100, None), "100-199": (100, 200), "-10": (-10, None), "1-2": (1, 3)}
    for header, (start, end) in (ranges | {"5-999999999": (5, None), "-999999999": (0, None)}).items():
        part = get(link, Range=f"{'BYTES' if header == '1-2' else 'bytes'}={header}")
        expected, first = content[start:end], start % size
        with case(header):
            assert (part.status_code, part.content) == (206, expected)
            assert part.headers["content-range"] == f"bytes {first}-{first + len(expected) - 1}/{size}"
            assert int(part.headers["content-length"]) == len(expected)
    for header in ("bytes=999999999-", "bytes=-0"):
        after = get(link, Range=header)
        assert (after.status_code, after.content) == (416, b""), header
        assert after.headers["content-range"] == f"bytes */{size}", header
    for header in ("bytes=9-5", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", f"bytes={'9' * 5000}-"):
        ignored = get(link, Range=header)
        assert (ignored.status_code, ignored.content) == (200, content), header
    same = get(link, **{"Range": "bytes=10-", "If-Range": whole.headers["etag"]})
    other = get(link, **{"Range": "bytes=10-", "If-Range": '"another"'})
    assert (same.status_code, same.content) == (206, content[10:])
    assert (other.status_code, other.content) == (200, content), "a download resumes only into the same bytes"


def test_links_that_were_changed_have_expired_or_are_of_another_server(link: str) -> None:
    url = httpx.URL(link)
    exp, sig = url.params["exp"], url.params["sig"]
    for changed in [
        url.copy_set_param("sig", sig[:-1] + ("0" if sig[-1] != "0" else "1")),
        url.copy_set_param("sig", "é\x00😀"),
        url.copy_set_param("exp", str(int(exp) + 1)),
        url.copy_with(path=url.path.replace(".png", "A.png"), params=url.params),
        url.copy_remove_param("sig"),
        url.copy_with(query=None),
    ]:
        response = get(changed)
        assert response.status_code == response.json()["status"] == 403, changed
        assert "signature" in response.json()["detail"], changed
    with MockServer(link_life=0) as server:
        assert get(url.copy_with(port=httpx.URL(server.url).port)).status_code == 403
        expired = make_link(server.url)
        response = get(expired)
        assert response.status_code == response.json()["status"] == 410
        assert dict(parse_qsl(urlsplit(expired).query))["exp"] in response.json()["detail"]


def test_links_expire_and_the_oldest_pictures_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ideogram_ai.testing.images._MOST_PICTURES", 2)
    now = 1_000_000.0
    store = ImageStore("/images/", ".png", life=60.0, clock=lambda: now)

    def find(link: str) -> Picture | int:
        parts = urlsplit(link)
        query = dict(parse_qsl(parts.query))
        assert query["exp"] == "1000060"
        found = store.find(parts.path.removeprefix("/images/").removesuffix(".png"), query["exp"], query["sig"])
        return found.status if isinstance(found, LinkRefusal) else found

    pictures = [Picture(512, 512, seed, "a cat") for seed in range(3)]
    links = [store.add(picture) for picture in pictures]
    assert [find(link) for link in links] == [410, *pictures[1:]]
    now += 59.9
    assert find(links[2]) is pictures[2]
    now += 0.1
    assert find(links[2]) == 410
    monkeypatch.setattr("ideogram_ai.testing.images._MOST_DRAWN", 2)
    drawn = iter(b"12345")
    monkeypatch.setattr("ideogram_ai.testing.drawing.draw_png", lambda _: bytes([next(drawn)]))
    assert [store.drawn(name, pictures[0]) for name in "abcba"] == [b"1", b"2", b"3", b"2", b"4"]


def test_a_picture_is_drawn_once_and_always_with_the_same_bytes(mock_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = make_link(mock_url), make_link(mock_url)
    assert first != second
    assert get(first).content == get(second).content
    drawn: list[Picture] = []

    def draw(picture: Picture) -> bytes:
        drawn.append(picture)
        return b"an image"

    monkeypatch.setattr("ideogram_ai.testing.drawing.draw_png", draw)
    url = make_link(mock_url)
    assert get(url).content == b"an image"
    assert get(url, Range="bytes=3-").content == b"image"
    (picture,) = drawn
    assert (picture.width, picture.height, picture.prompt) == (512, 1536, "a cat")


def test_each_status_on_demand(mock_url: str) -> None:
    view = read_view()
    documented = sorted(status for status in view.responses if status != 200)
    assert documented == [400, 401, 422, 429]
    assert {402, 503} <= set(view.observed)
    for status in documented:
        response, rule = post(mock_url, CAT, Prefer=f"code={status}"), view.responses[status]
        with case(status):
            assert (response.status_code, response.json()) == (status, rule.examples[0])
            assert rule.headers.items() <= {name.title(): value for name, value in response.headers.items()}.items()
            assert view.response_validator(status).is_valid(response.json())
    for status in (*view.observed, 302, 418, 500, 520, 599):
        response = post(mock_url, CAT, Prefer=f"code={status}")
        with case(status):
            assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
            if status == 402:  # the body of a 429, with a reason that waiting does not remove
                assert set(response.json()) == {"error", "reject_reason"}
                assert OPERATION.reject_reasons[response.json()["reject_reason"]] is False
            else:
                assert response.json()["status"] == status
                assert view.observed.get(status, "asked for") in response.json()["detail"]
    for status in (204, 205, 304):
        response = post(mock_url, CAT, Prefer=f"code={status}")
        assert (response.status_code, response.content) == (status, b""), status


def test_which_requests_get_a_status_on_demand(mock_url: str) -> None:
    url = mock_url + OPERATION.path
    assert send("POST", url, headers={"Prefer": "code=429"}).status_code == 429, "the request need not be valid"
    assert post(mock_url, CAT, Prefer="code=200").status_code == 200
    assert post(mock_url, fields(resolution="1024x1024"), Prefer="code=200").status_code == 400, "judged as usual"
    headers = [("Api-Key", "k"), ("Prefer", "respond-async"), ("Prefer", "code=422")]
    assert send("POST", url, files=CAT, headers=headers).status_code == 422, "several headers are one list"
    for prefer in ("code=abc", "code=", "code", "code=99", "code=600", "code=4 29"):
        response = post(mock_url, CAT, Prefer=prefer)
        assert response.status_code == 400, prefer
        assert "Prefer" in response.json()["detail"], prefer
        assert "200 to 599" in response.json()["detail"], prefer
    lists = {"": None, "respond-async": None, "example=code": None, "respond-async, code=429": 429, 'Code="503"': 503}
    lists |= {"code = 500 ; foo=bar": 500, 'wait="1, code=400", code=422': 422, "code=401, code=402": 401}
    for prefer, status in lists.items():
        assert preferred_status(prefer) == status, f"{prefer}: RFC 7240"


def test_a_word_in_a_prompt_announces_a_newer_operation(mock_url: str) -> None:
    rule = read_view().responses[200]
    response = post(mock_url, fields(text_prompt=f"a {DEPRECATED_WORD.upper()} cat"))
    assert response.status_code == 200
    assert 'rel="successor-version"' in response.headers["link"]
    assert response.headers["deprecation"].startswith("@")
    assert response.json()["notice"]
    assert read_view().response_validator(200).is_valid(response.json())
    assert rule.announcements.items() == {name: response.headers[name] for name in rule.announcements}.items()
    both = post(mock_url, fields(text_prompt=f"{DEPRECATED_WORD} {WITHHELD_WORD}")).json()
    assert (both["data"][0]["is_image_safe"], "notice" in both) == (False, True)
    usual = post(mock_url, CAT)
    assert {"link", "deprecation"}.isdisjoint(usual.headers)
    assert "notice" not in usual.json()


def test_a_scenario() -> None:
    with MockServer(scenario=[429, 503, 200, 429, 401]) as server:
        get(server.url)  # other paths do not use it
        assert [post(server.url, CAT).status_code for _ in range(3)] == [429, 503, 200]
        assert post(server.url, CAT, Prefer="code=200").status_code == 200, "instead of its status"
        server.clear_ledger()
        assert [post(server.url, CAT).status_code for _ in range(2)] == [401, 200]
        assert post(server.url, fields(resolution="1x1")).status_code == 400
        billed = [(exchange.status, exchange.billed) for exchange in server.ledger]
        assert billed == [(401, False), (200, True), (400, False)]
    for text, statuses in (("429,429,200", (429, 429, 200)), (" 503 ", (503,)), ("", ()), (" ", ())):
        assert parse_scenario(text) == statuses
    for text in ("429,", "429;200", "teapot", "1000", "100", "-1", "4_2", "٤٢٩"):
        with case(text), pytest.raises(ValueError, match="200 to 599"):
            parse_scenario(text)
