"""A paid image lies under a link that dies within a day, and nobody can ask for it a second time.

A client that gives up on the first 404, believes its own clock, or does not know a format, throws it away. So the host
is always asked, again if it refuses; what comes is kept byte for byte, whatever its format; and only what is surely no
image is refused.
"""

import base64
import gzip
import random
import warnings
import zlib
from email.utils import formatdate
from itertools import product
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from canned import entry, success
from driver import ONCE, Driver, Kind, against, case, image_at, raised, taking_turns
from image_downloads import PNG, chunked, download, drawn, head, png_chunk, refusal, sending
from served_app import serve
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from ideogram_ai.client import DownloadError, ResponseWarning, RetryPolicy
from ideogram_ai.testing.faults import Fault, FaultServer, answer_with

DAY = 86_400.0
NOW = 1_790_000_000
TWICE = RetryPolicy(max_attempts=2)


def refusing(status: int, *headers: tuple[str, str]) -> Fault:
    return answer_with(status, b"<h1>no</h1>", [("Content-Type", "text/html"), *headers], may_have_run=False)


# A refusal, and the clock


def test_a_host_that_has_no_image_once_is_asked_again(tmp_path: Path) -> None:
    statuses = (202, 204, 400, 401, 402, 403, 404, 405, 409, 410, 425, 429, 451, 500, 503)
    pages = ("html_image", "empty_image", "gzip_garbage", "br_garbage")
    faults: list[str | Fault] = [*map(refusing, statuses), *pages]
    for kind, fault in taking_turns(faults):
        with case(fault), FaultServer(image=[fault, "ok"]) as server:
            assert download(kind, server, tmp_path / "cat.png", overwrite=True).read_bytes() == PNG
            assert len(server.wait_idle().gets) == 2


def test_a_clock_that_is_wrong_keeps_nobody_from_asking(kind: Kind, tmp_path: Path) -> None:
    query = f"?exp={NOW + 3600}&sig=00"
    for hours in (-25, 25, 24 * 365 * 30):
        timing = {"wall": lambda hours=hours: NOW + hours * 3600}
        with FaultServer() as server:
            path = download(kind, server, tmp_path / "cat.png", query=query, timing=timing, overwrite=True)
            assert len(server.wait_idle().gets) == 1
        assert path.read_bytes() == PNG


def test_the_clock_of_the_host_decides_that_a_link_has_expired(tmp_path: Path) -> None:
    for theirs, status, reason, asked in (
        *((NOW - 1, status, "status", 2) for status in (400, 401, 403, 404, 410)),
        *((NOW + 1, status, "expired", 1) for status in (403, 410)),
        *((NOW + DAY, status, "expired", 2) for status in (400, 401, 404)),
        *((NOW + DAY, status, "status", 2) for status in (402, 451, 500)),
    ):
        for kind, hours in taking_turns((-25, 25, 24 * 365 * 30)):
            timing = {"wall": lambda hours=hours: NOW + hours * 3600}
            with FaultServer(image=refusing(status, ("Date", formatdate(theirs, usegmt=True)))) as server:
                query = f"?exp={NOW}&sig=00"
                error = refusal(kind, server, tmp_path / "cat.png", query=query, timing=timing, retry=TWICE)
                assert len(server.wait_idle().gets) == asked
            assert (error.reason, error.status_code) == (reason, status)


def test_a_host_without_a_clock_is_asked_again_before_ours_is_believed(tmp_path: Path) -> None:
    dates = ("yesterday", "Mon, 32 Jan 2026 00:00:00 GMT", "Fri, 31 Dec 9999 99:99:99 GMT")
    for headers in ([], *([("Date", date)] for date in dates)):
        for status, now, reason in ((403, NOW - 1, "status"), (403, NOW + 1, "expired"), (404, NOW + 1, "status")):
            timing = {"wall": lambda now=now: now}
            with FaultServer(image=refusing(status, *headers)) as server:
                error = refusal("sync", server, tmp_path / "cat.png", query=f"?exp={NOW}&sig=00", timing=timing)
                assert len(server.wait_idle().gets) == 4
            assert error.reason == reason, headers
            assert "sig=00" not in error.message
            assert error.url == f"{server.image_url}?exp={NOW}&sig=00"


def test_a_pause_until_a_date_is_measured_by_the_clock_of_the_host(tmp_path: Path) -> None:
    pauses: list[float] = []
    timing = {"wall": lambda: NOW - 25 * 3600, "sleep": pauses.append}
    dates = [("Date", formatdate(NOW, usegmt=True)), ("Retry-After", formatdate(NOW + 7, usegmt=True))]
    for status in (404, 503):
        with FaultServer(image=[refusing(status, *dates), "ok"]) as server:
            download("sync", server, tmp_path / "cat.png", timing=timing, overwrite=True)
    assert pauses == [7.0, 7.0]


# What the safety check says


def test_an_unsafe_image_is_fetched_and_called_withheld_only_if_its_link_is_refused(kind: Kind, tmp_path: Path) -> None:
    with FaultServer() as server:
        assert not image_at(server.image_url, safe=False).withheld
        path = download(kind, server, tmp_path / "cat.png", safe=False)
        assert path.read_bytes() == PNG
        path.unlink()
    for status in (403, 404, 410, 500):
        with FaultServer(image=refusing(status)) as server:
            error = refusal(kind, server, path, safe=False)
            assert len(server.wait_idle().gets) == 4
        assert error.reason == ("withheld" if status < 500 else "status")


def test_a_response_with_an_unsafe_image_and_its_link(tmp_path: Path) -> None:
    with FaultServer() as host:
        body = success(entry(url=host.image_url, is_image_safe=False)).content
        with against("sync", answer_with(200, body)) as (client, _):
            (image,) = client.ask().images
            assert (image.withheld, image.is_image_safe) == (False, False)
            assert client.download(image, tmp_path).read_bytes() == PNG


# Formats


def noise(seed: int) -> bytes:
    return random.Random(seed).randbytes(3000)


AVIF = drawn("AVIF")
SVG = b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'><text>a cat</text></svg>\n"
KNOWN = {
    "PNG with content credentials": (PNG[:33] + png_chunk(b"caBX", b"\0\0\0\x20jumbc2pa" * 400) + PNG[33:], ".png"),
    "JPEG with words behind it": (drawn("JPEG", progressive=True) + b"words of a program", ".jpg"),
    "WebP": (drawn("WEBP"), ".webp"),
    "GIF": (drawn("GIF"), ".gif"),
    "AVIF": (AVIF, ".avif"),
    "AVIF of another brand": (AVIF.replace(b"ftypavif", b"ftypmif1", 1), ".avif"),
}
UNKNOWN = {
    "JPEG XL": (b"\xff\x0a" + noise(2), "image/jxl", ".jxl"),
    "HEIC": (AVIF.replace(b"ftypavif", b"ftypheic", 1).replace(b"avif", b"heic", 1), "image/heic", ".heic"),
    "JPEG 2000": (drawn("JPEG2000"), "image/jp2", ".jp2"),
    "TIFF": (drawn("TIFF"), "image/tiff", ".tiff"),
    "BMP": (drawn("BMP"), "image/bmp", ".bmp"),
    "SVG": (SVG, "image/svg+xml", ".svg"),
    "SVG that is called text": (SVG, "text/plain", ".svg"),
    "what only its label knows": (noise(3), "image/tiff", ".tiff"),
    "what nobody knows": (noise(4), "application/octet-stream", ".bin"),
    "what has no label": (noise(5), "", ".bin"),
}


def serving(content: bytes, content_type: str) -> Fault:
    return answer_with(200, content, [("Content-Type", content_type)] if content_type else [])


def test_an_image_is_kept_byte_for_byte(tmp_path: Path) -> None:
    for kind, (format_, (content, suffix)) in taking_turns(KNOWN.items()):
        with case(format_), FaultServer(image=serving(content, "image/png")) as server:
            path = download(kind, server, tmp_path, overwrite=True)
            assert (path.name, path.read_bytes()) == (f"image{suffix}", content)


def test_an_image_in_an_unknown_format_is_kept_with_a_warning(tmp_path: Path) -> None:
    for kind, (format_, (content, content_type, suffix)) in taking_turns(UNKNOWN.items()):
        with case(format_), FaultServer(image=serving(content, content_type)) as server:
            with pytest.warns(ResponseWarning) as caught:
                path = download(kind, server, tmp_path, overwrite=True)
            (warning,) = caught
            assert f"{str(path)!r} seems to be {suffix!r}" in str(warning.message)
            assert (path.name, path.read_bytes()) == (f"image{suffix}", content)
            assert download(kind, server, tmp_path / "named.png", overwrite=True).read_bytes() == content


PAGE, PROBLEM = b"<!DOCTYPE html><html><body>An error</body></html>", b'{"error": "the link is not known"}'
DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"
ERROR_PAGES = [
    (PAGE, "text/html"),
    (PAGE, "image/png"),
    (b"<html><body><svg></svg></body></html>", "image/svg+xml"),
    (PROBLEM, "application/json"),
    (PROBLEM, "image/jxl"),
    (DENIED, "application/xml"),
    (DENIED, ""),
    (b"no such image, says the proxy", "application/octet-stream"),
    (noise(6), "text/html; charset=utf-8"),
    (noise(6), "image/png"),
    (b"", "image/jxl"),
]


def test_an_error_page_is_no_image_whatever_it_is_called(tmp_path: Path) -> None:
    for content, content_type in ERROR_PAGES:
        with case((content, content_type)), FaultServer(image=serving(content, content_type)) as server:
            assert refusal("sync", server, tmp_path / "cat.png").reason == "not_an_image"
            assert len(server.wait_idle().gets) == 4
    assert list(tmp_path.iterdir()) == []


def members(data: bytes, *ends: int) -> bytes:
    """Data as members of gzip that end there."""
    return b"".join(gzip.compress(data[start:end]) for start, end in zip((0, *ends), (*ends, None), strict=True))


CODINGS: dict[str, tuple[str, bytes]] = {
    "gzip": ("gzip", gzip.compress(PNG)),
    "two members": ("gzip", members(PNG, 3000)),
    "members of one byte": ("gzip", members(PNG, *range(1, len(PNG)))),
    "an empty member first": ("x-gzip", members(PNG, 0)),
    "zeros behind": ("gzip", gzip.compress(PNG) + b"\0" * 512),
    "words behind": ("gzip", gzip.compress(PNG) + b"words"),
    "members in members": ("gzip, gzip", b"".join(gzip.compress(gzip.compress(p)) for p in (PNG[:3000], PNG[3000:]))),
    "deflate": ("deflate", zlib.compress(PNG)),
    "a coding that it has not": ("gzip", PNG),
    "a coding that does not exist": ("aws-chunked", PNG),
    "a coding that is a charset": ("utf-8", PNG),
}


def framed(framing: str, body: bytes, *headers: str) -> Fault:
    """A body in a framing of HTTP, and the end of the connection."""
    headers = ("Content-Type: image/png", *headers)
    if framing == "chunks":
        pieces = [body[at : at + 999] for at in range(0, len(body), 999)]
        return sending(head(None, "Transfer-Encoding: chunked", *headers), chunked(*pieces, b""))
    if framing == "length":
        return sending(head(len(body), *headers), body)
    if framing == "HTTP/1.0":
        return sending(head(None, *headers).replace(b"HTTP/1.1", b"HTTP/1.0"), body)
    return sending(head(None, "Connection: close", *headers), body)


def test_an_image_is_saved_from_every_coding_and_framing(tmp_path: Path) -> None:
    framings = ("close", "length", "chunks", "close")  # one more than kinds of clients, so that each meets each
    for kind, ((coding, (name, body)), framing) in taking_turns(product(CODINGS.items(), framings)):
        with case((coding, framing)), FaultServer(image=framed(framing, body, f"Content-Encoding: {name}")) as server:
            path = download(kind, server, tmp_path / "cat.png", retry=ONCE, overwrite=True)
            assert path.read_bytes() == PNG


def test_a_coding_that_cannot_be_undone_or_is_none_is_bounded_too(tmp_path: Path) -> None:
    garbage = framed("close", noise(7), "Content-Encoding: gzip")
    plain = framed("length", PNG, "Content-Encoding: gzip")
    for fault, reason in ((garbage, "not_an_image"), (plain, "too_large")):
        with FaultServer(image=fault) as server:
            assert refusal("sync", server, tmp_path / "cat.png", max_bytes=len(PNG) - 1).reason == reason
    assert list(tmp_path.iterdir()) == []


THUMBNAIL = drawn("JPEG", exif=b"Exif\0\0II*\0" + drawn("JPEG"))


def test_half_an_image_that_is_sent_as_a_whole_one_is_not_saved(tmp_path: Path) -> None:
    """As a host sends it that keeps half of it; and the whole one from the next. test_image_files cuts everywhere."""
    path = tmp_path / "cat"
    for content, framing in product((PNG, THUMBNAIL), ("length", "chunks", "close", "HTTP/1.0")):
        for cut in (len(content) // 2, len(content) - 1):
            half = framed(framing, content[:cut])
            with case((framing, cut)), FaultServer(image=[half, half, framed(framing, content)]) as server:
                assert refusal("sync", server, path, retry=ONCE).reason == "connection"
                assert list(tmp_path.iterdir()) == []
                assert download("sync", server, path).read_bytes() == content
                path.unlink()


# Links that carry the image

B64 = base64.b64encode(PNG).decode()
LINKS = {
    "base64": f"data:image/png;base64,{B64}",
    "letters of URLs, no padding": "data:image/png;base64," + base64.urlsafe_b64encode(PNG).decode().rstrip("="),
    "escaped": f"DATA:image/png;BASE64,{quote(B64)}",
    "in lines": "data:image/png;base64," + base64.encodebytes(PNG).decode(),
    "a parameter": f"data:image/png;name=cat.png;base64,{B64}",
    "no type": f"data:;base64,{B64}",
    "percents": "data:image/png," + quote(PNG),
}
BROKEN_LINKS = {
    "data:image/png;base64," + base64.b64encode(PNG[:-1]).decode(): "connection",
    "data:image/png;base64,!!!!": "not_an_image",
    "data:image/png;base64,\u00e9": "not_an_image",
    "data:image/png;base64": "not_an_image",
    "data:": "not_an_image",
    "data:,an error": "not_an_image",
    "data:,\ud800": "not_an_image",
    "data:im\ud800age\r\n/\u00e9,words": "not_an_image",
    "data:image/png;base64," + base64.b64encode(PNG + b"\0" * 100).decode(): "too_large",
}


def test_a_link_that_carries_the_image_is_saved_without_a_request(kind: Kind, tmp_path: Path) -> None:
    with against(kind) as (client, server):
        for form, link in LINKS.items():
            path = client.download(link, tmp_path, overwrite=True)
            assert (path.name, path.read_bytes()) == ("image.png", PNG), form
        assert server.wait_idle().connections == 0


def test_a_link_that_carries_no_image_is_an_error(tmp_path: Path) -> None:
    with against("sync") as (client, _):
        for url, reason in BROKEN_LINKS.items():
            error = raised(DownloadError, client.download, url, tmp_path / "cat.png", max_bytes=len(PNG))
            assert (error.reason, error.status_code, error.url) == (reason, None, url)
        assert list(tmp_path.iterdir()) == []
        with pytest.warns(ResponseWarning):
            path = client.download("data:image/svg+xml;charset=utf-8," + quote(SVG), tmp_path)
    assert (path.suffix, path.read_bytes()) == (".svg", SVG)


# A server that is not ours


class Late(StaticFiles):
    """Serves ranges, has ETags, and responds to the first request for each file with 404."""

    asked: ClassVar[set[str]] = set()

    async def get_response(self, path: str, scope: Any) -> Any:
        if path not in self.asked:
            self.asked.add(path)
            raise HTTPException(404)
        return await super().get_response(path, scope)


def test_images_from_a_server_that_is_not_ours(kind: Kind, tmp_path: Path) -> None:
    served, saved = tmp_path / "served", tmp_path / "saved"
    served.mkdir()
    saved.mkdir()
    files = [content for content, _ in KNOWN.values()] + [UNKNOWN["TIFF"][0]]
    for number, content in enumerate(files):
        (served / f"{kind}-{number}.png").write_bytes(content)
        (served / f"half-{kind}-{number}.png").write_bytes(content[: len(content) // 2])
    with serve(Late(directory=served)) as url, Driver(kind, base_url=url) as client, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResponseWarning)
        for number, content in enumerate(files):
            link = f"{url}/{kind}-{number}.png?exp={NOW}&sig=00"
            assert client.download(link, saved).read_bytes() == content
            if number < len(KNOWN):
                half = f"{url}/half-{kind}-{number}.png"
                assert raised(DownloadError, client.download, half, saved).reason == "connection", number
    assert len(list(saved.iterdir())) == len(files)
