"""What a GET of the image can meet. It costs nothing to ask again, but a broken file must not pass for the image."""

import io
import json
import re
import subprocess
from pathlib import Path

import httpx
import pytest
from PIL import Image
from raw_http import PATIENCE, Heard, connect, get, post, talk

from ideogram_ai.testing.faults import IMAGE_FAULTS, LATE_IMAGE, FaultServer, pictures, redirect_chain, redirect_to
from ideogram_ai.testing.faults.content import png

PNG = png()
OTHER = png(seed=1)
HALF = len(PNG) // 2


def fetch(server: FaultServer, *headers: str, target: str = "/image.png") -> Heard:
    return talk(server.url, get(target, *headers))


def test_the_image_is_a_png() -> None:
    with Image.open(io.BytesIO(PNG)) as image:
        image.load()
        assert (image.format, image.size, image.mode) == ("PNG", (64, 64), "RGB")
    assert png(1, 1) != png(1, 1, seed=1)


def test_the_link_of_a_good_answer_leads_to_the_image() -> None:
    with FaultServer() as server:
        url = json.loads(talk(server.url, post()).body)["data"][0]["url"]
        response = httpx.get(url)
        ledger = server.wait_closed()
    assert response.content == PNG
    assert response.headers["Content-Type"] == "image/png"
    assert re.search(r"\?exp=\d{10}&sig=[0-9a-f]{64}$", url)
    assert (len(ledger.posts), len(ledger.gets), ledger.may_have_run) == (1, 1, 1)


def test_a_head_gets_the_head_alone() -> None:
    with FaultServer() as server:
        heard = talk(server.url, get().replace(b"GET", b"HEAD"))
        (received,) = server.wait_closed().requests
    assert (heard.status, heard.header("Content-Length"), heard.body) == (200, str(len(PNG)), b"")
    assert received.method == "HEAD"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        (f"bytes={HALF}-", HALF, len(PNG) - 1),
        ("bytes=10-19", 10, 19),
        ("bytes=-5", len(PNG) - 5, len(PNG) - 1),
        ("bytes=5-999999999", 5, len(PNG) - 1),
    ],
)
def test_a_range_gets_its_bytes(asked: str, first: int, last: int) -> None:
    with FaultServer() as server:
        heard = fetch(server, f"Range: {asked}")
        (received,) = server.wait_closed().gets
    assert heard.status == 206
    assert heard.header("Content-Range") == f"bytes {first}-{last}/{len(PNG)}"
    assert heard.body == PNG[first : last + 1]
    assert received.range == asked


@pytest.mark.parametrize("asked", ["bytes=-", "items=0-1", "bytes=0-1,3-4", "bytes=x-"])
def test_a_range_that_is_none_is_ignored(asked: str) -> None:
    with FaultServer() as server:
        heard = fetch(server, f"Range: {asked}")
    assert (heard.status, heard.body) == (200, PNG)


@pytest.mark.parametrize("asked", [f"bytes={len(PNG)}-", "bytes=9-8", "bytes=-0"])
def test_a_range_beyond_the_image_is_refused(asked: str) -> None:
    with FaultServer() as server:
        heard = fetch(server, f"Range: {asked}")
    assert (heard.status, heard.header("Content-Range"), heard.body) == (416, f"bytes */{len(PNG)}", b"")


def test_a_range_of_another_version_gets_the_whole_image() -> None:
    with FaultServer() as server:
        etag = fetch(server).header("ETag")
        assert fetch(server, "Range: bytes=5-", f"If-Range: {etag}").status == 206
        assert fetch(server, "Range: bytes=5-", 'If-Range: "other"').status == 200


RESUMED = {
    "cut_then_resumes": (206, f"bytes {HALF}-{len(PNG) - 1}/{len(PNG)}", PNG[HALF:]),
    "cut_then_ignores_range": (200, None, PNG),
    "cut_then_wrong_range": (206, f"bytes 0-{HALF - 1}/{len(PNG)}", PNG[:HALF]),
    "cut_then_no_content_range": (206, None, PNG[HALF:]),
    "cut_then_changed": (206, f"bytes {HALF}-{len(png(seed=1)) - 1}/{len(png(seed=1))}", png(seed=1)[HALF:]),
}


@pytest.mark.parametrize("name", RESUMED)
def test_a_cut_image_and_what_a_range_gets(name: str) -> None:
    with FaultServer(image=name) as server:
        cut = fetch(server)
        resumed = fetch(server, f"Range: bytes={HALF}-")
        ledger = server.wait_closed()
    assert (cut.status, cut.end, cut.body) == (200, "reset", PNG[:HALF])
    assert cut.header("Content-Length") == str(len(PNG))
    assert (resumed.status, resumed.header("Content-Range"), resumed.body) == RESUMED[name]
    assert resumed.end == "fin"
    assert [received.range for received in ledger.gets] == [None, f"bytes={HALF}-"]
    assert ledger.may_have_run == 0


def test_a_changed_image_comes_whole_to_a_client_that_asks_for_the_first() -> None:
    with FaultServer(image="cut_then_changed") as server:
        etag = fetch(server).header("ETag")
        resumed = fetch(server, f"Range: bytes={HALF}-", f"If-Range: {etag}")
    assert (resumed.status, resumed.body) == (200, png(seed=1))
    assert resumed.header("ETag") != etag


def test_an_image_can_be_cut_for_ever() -> None:
    with FaultServer(image="always_cut") as server:
        cut = fetch(server)
        again = fetch(server, f"Range: bytes={HALF}-")
    assert cut.end == again.end == "reset"
    assert cut.body == PNG[:HALF]
    assert (again.status, again.body) == (206, PNG[HALF:][: (len(PNG) - HALF) // 2])


@pytest.mark.parametrize(
    ("name", "content_type", "body"),
    [
        ("truncated_image", "image/png", PNG[:HALF]),
        ("html_image", "text/html; charset=UTF-8", b"<!DOCTYPE html>"),
        ("html_labelled_png", "image/png", b"<!DOCTYPE html>"),
        ("png_labelled_text", "text/plain", PNG),
        ("empty_image", "image/png", b""),
    ],
)
def test_a_whole_answer_that_is_not_what_it_says(name: str, content_type: str, body: bytes) -> None:
    with FaultServer(image=name) as server:
        heard = fetch(server)
    assert (heard.status, heard.end, heard.header("Content-Type")) == (200, "fin", content_type)
    assert heard.header("Content-Length") == str(len(heard.body))
    assert heard.body.startswith(body)
    assert len(heard.body) == len(body) or b"</html>" in heard.body


def test_a_bomb_of_an_image_begins_as_the_image() -> None:
    with FaultServer(image="gzip_bomb", expanded_size=1 << 20) as server:
        response = httpx.get(server.image_url)
    assert response.content == PNG.ljust(1 << 20)
    assert int(response.headers["Content-Length"]) < 2 * len(PNG)


def test_an_image_without_a_length_can_be_cut_unseen() -> None:
    with FaultServer(image="close_delimited_cut") as server:
        assert httpx.get(server.image_url).content == PNG[:HALF]


@pytest.mark.parametrize("status", [403, 404, 410, 429, 503])
def test_an_image_can_come_after_a_refusal(status: int) -> None:
    with FaultServer(image=[f"status_{status}", "ok"]) as server:
        assert [fetch(server).status for _ in range(3)] == [status, 200, 200]
        assert server.wait_closed().may_have_run == 0


@pytest.mark.parametrize("hops", [1, 3, 4, 12])
def test_a_chain_redirects_as_often_as_it_says(hops: int) -> None:
    with FaultServer(image=redirect_chain(hops)) as server, httpx.Client(follow_redirects=True) as client:
        response = client.get(server.image_url)
        assert response.content == PNG
        client.max_redirects = hops - 1
        with pytest.raises(httpx.TooManyRedirects):
            client.get(server.image_url)
    assert len(response.history) == hops


def test_a_loop_never_ends() -> None:
    with FaultServer(image="redirect_loop") as server:
        assert fetch(server, target="/a?b=c").header("Location") == f"{server.url}/a?b=c"


LOCATIONS = {
    "redirect_to_http": "http://image.invalid/image.png",
    "redirect_to_private": "https://10.0.0.1/image.png",
    "redirect_to_private_ipv6": "https://[fd00::1]/image.png",
    "redirect_to_link_local": "https://169.254.169.254/image.png",
    "redirect_to_loopback": "https://127.0.0.1:9/image.png",
    "redirect_to_file": "file:///etc/hosts",
    "redirect_without_location": None,
}


@pytest.mark.parametrize("name", LOCATIONS)
def test_a_redirect_points_where_it_says(name: str) -> None:
    with FaultServer(image=name) as server:
        heard = fetch(server)
    assert (heard.status, heard.header("Location")) == (302, LOCATIONS[name])


def test_a_redirect_of_ones_own() -> None:
    with FaultServer(image=redirect_to("ftp://127.0.0.1/", name="mine")) as server:
        assert fetch(server).header("Location") == "ftp://127.0.0.1/"
        assert server.wait_closed().gets[0].fault == "mine"


CUT = {
    "jpeg_cut_behind_thumbnail": pictures.JPEG,
    "jpeg_cut_in_scan": pictures.JPEG,
    "png_cut_between_chunks": PNG,
    "avif_cut_in_meta": pictures.AVIF,
    "avif_cut_in_mdat": pictures.AVIF,
    "webp_cut": pictures.WEBP,
    "gif_cut": pictures.GIF,
}
WHOLE = {
    "jpeg_image": pictures.JPEG,
    "webp_image": pictures.WEBP,
    "avif_image": pictures.AVIF,
    "gif_image": pictures.GIF,
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_picture_can_be_drawn(name: str) -> None:
    with FaultServer(image=name) as server:
        heard = fetch(server)
    assert heard.body == WHOLE[name]
    assert heard.header("Content-Type") == f"image/{name.partition('_')[0]}"
    with Image.open(io.BytesIO(heard.body)) as image:
        image.load()
        assert f"{(image.format or '').lower()}_image" == name
        assert len(set(image.convert("RGB").tobytes())) > 10


@pytest.mark.parametrize("name", CUT)
def test_a_cut_picture_comes_as_if_it_were_all(name: str) -> None:
    whole = CUT[name]
    with FaultServer(image=name) as server:
        heard = fetch(server)
    assert (heard.status, heard.end, heard.header("Content-Length")) == (200, "fin", str(len(heard.body)))
    assert heard.header("Content-Type") == f"image/{name.partition('_')[0]}"
    assert heard.body == whole[: len(heard.body)]
    assert 32 < len(heard.body) < len(whole)


def test_a_jpeg_that_is_cut_behind_its_thumbnail_ends_as_a_jpeg_ends() -> None:
    with FaultServer(image="jpeg_cut_behind_thumbnail") as server:
        body = fetch(server).body
    assert body.startswith(b"\xff\xd8\xff\xe1")
    assert body.endswith(b"\xff\xd9")
    assert b"\xff\xda" not in pictures.JPEG[: body.index(b"\xff\xd8", 2)]
    with Image.open(io.BytesIO(body[body.index(b"\xff\xd8", 2) :])) as thumbnail:
        thumbnail.load()
        assert thumbnail.size == (8, 8)
    with Image.open(io.BytesIO(pictures.JPEG)) as image:
        assert image.getexif().get_ifd(-1), "a reader of Exif finds the thumbnail"


def test_cuts_are_where_they_say() -> None:
    scan = pictures.JPEG.rindex(b"\xff\xda")
    meta, mdat = (pictures.AVIF.index(mark) for mark in (b"meta", b"mdat"))
    assert scan + 20 < pictures.JPEG_IN_SCAN < len(pictures.JPEG) - 20
    assert meta < pictures.AVIF_IN_META < mdat < pictures.AVIF_IN_MDAT < len(pictures.AVIF) - 20


def test_a_png_with_a_wrong_checksum_differs_in_one_bit() -> None:
    with FaultServer(image="png_wrong_crc") as server:
        body = fetch(server).body
    assert len(body) == len(PNG)
    assert sum((one ^ other).bit_count() for one, other in zip(body, PNG, strict=True)) == 1
    assert body[-12:] == PNG[-12:]
    with pytest.raises((OSError, SyntaxError)), Image.open(io.BytesIO(body)) as image:
        image.verify()


VERSIONS = {
    "cut_then_other_etag": ({"ETag": '"one"'}, {"ETag": '"other"'}),
    "cut_then_no_etag": ({"ETag": '"one"'}, {}),
    "cut_then_weak_etag": ({"ETag": 'W/"one"'}, {"ETag": 'W/"one"'}),
    "cut_then_other_date": (
        {"Last-Modified": "Mon, 05 Oct 2026 10:00:00 GMT"},
        {"Last-Modified": "Mon, 05 Oct 2026 10:00:09 GMT"},
    ),
    "cut_then_no_validator": ({}, {}),
}
VALIDATORS = ("ETag", "Last-Modified")


@pytest.mark.parametrize("name", VERSIONS)
@pytest.mark.parametrize(
    "asked", [(), ('If-Range: "one"',), ('If-Range: W/"one"',), ("If-Range: Mon, 05 Oct 2026 10:00:00 GMT",)]
)
def test_an_image_that_changed_while_it_was_fetched(name: str, asked: tuple[str, ...]) -> None:
    first, then = VERSIONS[name]
    with FaultServer(image=name) as server:
        cut = fetch(server)
        resumed = fetch(server, f"Range: bytes={HALF}-", *asked)
    assert (cut.status, cut.end, cut.body) == (200, "reset", PNG[:HALF])
    assert (resumed.status, resumed.body) == (206, OTHER[HALF:])
    assert resumed.header("Content-Range") == f"bytes {HALF}-{len(OTHER) - 1}/{len(OTHER)}"
    for heard, validators in ((cut, first), (resumed, then)):
        assert {key: value for key in VALIDATORS if (value := heard.header(key))} == validators


def test_curl_glues_halves_of_two_images_together(tmp_path: Path) -> None:
    """curl -C - asks for the rest and looks at no ETag, so that what it saves is no image of anybody."""
    path = tmp_path / "image.png"
    with FaultServer(image="cut_then_other_etag") as server:
        for _ in range(2):
            command = ["curl", "-s", "--max-time", "10", "-C", "-", "-o", str(path), server.image_url]
            subprocess.run(command, check=False)
    assert path.read_bytes() == PNG[:HALF] + OTHER[HALF:]


def test_a_slow_image_sends_a_few_bytes_each_interval() -> None:
    with FaultServer(image="slow_image", interval=1000.0) as server, connect(server.url) as sock:
        sock.settimeout(PATIENCE)
        sock.sendall(get())
        data = b""
        while len(Heard(data, "open").body) < 16:
            data += sock.recv(65536)
        sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            sock.recv(1)
    assert Heard(data, "open").body == PNG[:16]
    assert Heard(data, "open").header("Content-Length") == str(len(PNG))
    with FaultServer(image="slow_image", interval=0) as server:
        assert fetch(server).body == PNG


@pytest.mark.parametrize("status", [403, 410])
def test_a_link_can_expire(status: int) -> None:
    with FaultServer(image=f"expired_{status}") as server:
        heard = fetch(server)
    assert heard.status == status
    assert b"Request has expired" in heard.body


def test_an_image_can_be_late() -> None:
    with FaultServer(image=LATE_IMAGE) as server:
        assert [(heard.status, heard.body == PNG) for heard in (fetch(server), fetch(server))] == [
            (404, False),
            (200, True),
        ]


def test_every_image_fault_is_looked_at() -> None:
    whole = {"always_cut", "truncated_image", "html_image", "html_labelled_png", "png_labelled_text", "empty_image"}
    chains = {"redirect_chain_1", "redirect_chain_3", "redirect_chain_4", "redirect_loop"}
    pictured = WHOLE.keys() | CUT.keys() | VERSIONS.keys() | {"png_wrong_crc", "slow_image"}
    refused = {"status_410", "expired_403", "expired_410"}
    assert IMAGE_FAULTS.keys() == RESUMED.keys() | whole | chains | LOCATIONS.keys() | pictured | refused
