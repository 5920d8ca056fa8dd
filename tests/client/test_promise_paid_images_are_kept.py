"""Why this matters: an image that was paid for lies under a link that dies within a day, and nobody can ask for it a
second time. A client that gives up on the first 404, believes its own clock, or does not know a format, throws it away.

So the host is always asked, again if it refuses; what comes is kept byte for byte, whatever its form; and only what is
surely no image is none.
"""

import asyncio
import base64
import functools
import gzip
import http.server
import io
import json
import random
import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from both_clients import SHELLS, Shell, generate, hurried, image_at, run
from image_downloads import PNG, download, refusal
from PIL import Image

from ideogram_ai.client import DownloadError, GeneratedImage, ResponseWarning, RetryPolicy
from ideogram_ai.testing.faults import Fault, FaultServer, Phase, answer_with

each_shell = pytest.mark.parametrize("shell", SHELLS)
DAY = 86_400.0
NOW = 1_790_000_000


def drawn(kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.frombytes("RGB", (64, 48), random.Random(1).randbytes(64 * 48 * 3)).save(file, kind, **options)
    return file.getvalue()


def refusing(status: int, *headers: tuple[str, str]) -> Fault:
    return answer_with(status, b"<h1>no</h1>", [("Content-Type", "text/html"), *headers], may_have_run=False)


# A refusal, and the clock


@each_shell
@pytest.mark.parametrize("status", [202, 204, 400, 401, 402, 403, 404, 405, 409, 410, 425, 429, 451, 500, 503])
def test_a_host_that_refuses_once_is_asked_again(status: int, shell: Shell, tmp_path: Path) -> None:
    with FaultServer(image=[refusing(status), "ok"]) as server:
        assert download(shell, server, tmp_path / "cat.png").read_bytes() == PNG
        assert len(server.wait_idle().gets) == 2


@each_shell
@pytest.mark.parametrize("fault", ["html_image", "empty_image", "gzip_garbage", "br_garbage"])
def test_a_page_that_is_no_image_once_is_not_the_last_word(fault: str, shell: Shell, tmp_path: Path) -> None:
    with FaultServer(image=[fault, "ok"]) as server:
        assert download(shell, server, tmp_path / "cat.png").read_bytes() == PNG


@each_shell
@pytest.mark.parametrize("hours", [-25, 25, 24 * 365 * 30])
def test_a_clock_that_is_wrong_keeps_nobody_from_asking(hours: float, shell: Shell, tmp_path: Path) -> None:
    timing = hurried(shell, wall=lambda: NOW + hours * 3600)
    with FaultServer() as server:
        path = download(shell, server, tmp_path / "cat.png", query=f"?exp={NOW + 3600}&sig=00", timing=timing)
        assert len(server.wait_idle().gets) == 1
    assert path.read_bytes() == PNG


@each_shell
@pytest.mark.parametrize("hours", [-25, 25])
def test_what_is_over_is_told_by_the_clock_of_the_host(hours: float, shell: Shell, tmp_path: Path) -> None:
    timing = hurried(shell, wall=lambda: NOW + hours * 3600)
    for theirs, status, reason, asked in (
        *((NOW - 1, status, "status", 2) for status in (400, 401, 403, 404, 410)),
        *((NOW + 1, status, "expired", 1) for status in (403, 410)),
        *((NOW + DAY, status, "expired", 2) for status in (400, 401, 404)),
    ):
        with FaultServer(image=refusing(status, ("Date", formatdate(theirs, usegmt=True)))) as server:
            settings = {"query": f"?exp={NOW}&sig=00", "timing": timing, "retry": RetryPolicy(max_attempts=2)}
            error = refusal(shell, server, tmp_path / "cat.png", **settings)
            assert len(server.wait_idle().gets) == asked
        assert (error.reason, error.status_code) == (reason, status)


@pytest.mark.parametrize("date", [None, "yesterday", "Mon, 32 Jan 2026 00:00:00 GMT", "Fri, 31 Dec 9999 99:99:99 GMT"])
def test_a_host_without_a_clock_is_asked_again_before_ours_is_believed(date: str | None, tmp_path: Path) -> None:
    headers = [] if date is None else [("Date", date)]
    for status, now, reason in ((403, NOW - 1, "status"), (403, NOW + 1, "expired"), (404, NOW + 1, "status")):
        timing = hurried("sync", wall=lambda now=now: now)
        with FaultServer(image=refusing(status, *headers)) as server:
            error = refusal("sync", server, tmp_path / "cat.png", query=f"?exp={NOW}&sig=00", timing=timing)
            assert len(server.wait_idle().gets) == 4
        assert error.reason == reason
        assert "sig=00" not in error.message
        assert error.url == f"{server.image_url}?exp={NOW}&sig=00"


def test_a_pause_until_a_date_is_measured_by_the_clock_of_the_host(tmp_path: Path) -> None:
    pauses: list[float] = []
    timing = hurried("sync", wall=lambda: NOW - 25 * 3600, sleep=pauses.append)
    dates = [("Date", formatdate(NOW, usegmt=True)), ("Retry-After", formatdate(NOW + 7, usegmt=True))]
    for status in (404, 503):
        with FaultServer(image=[refusing(status, *dates), "ok"]) as server:
            download("sync", server, tmp_path / "cat.png", timing=timing, overwrite=True)
    assert pauses == [7.0, 7.0]


# What the safety check says


@each_shell
def test_an_unsafe_image_with_a_link_is_fetched(shell: Shell, tmp_path: Path) -> None:
    with FaultServer() as server:
        image = image_at(server.image_url, safe=False)
        assert not image.withheld
        path = run(shell, lambda client: client.download(image, tmp_path / "cat.png"), base_url=server.url)
    assert path.read_bytes() == PNG


@each_shell
@pytest.mark.parametrize("status", [403, 404, 410, 500])
def test_an_unsafe_image_whose_link_is_refused_was_withheld(status: int, shell: Shell, tmp_path: Path) -> None:
    with FaultServer(image=refusing(status)) as server:
        image = image_at(server.image_url, safe=False)
        with pytest.raises(DownloadError) as caught:
            run(shell, lambda client: client.download(image, tmp_path / "cat.png"), base_url=server.url)
        assert len(server.wait_idle().gets) == 4
    assert caught.value.reason == ("withheld" if status < 500 else "status")


def test_an_answer_with_an_unsafe_image_and_its_link(tmp_path: Path) -> None:
    def answer(exchange: Any) -> None:
        exchange.read_request()
        entry = {"url": server.image_url, "prompt": "p", "resolution": "64x64", "is_image_safe": False, "seed": 1}
        body = json.dumps({"created": "2026-10-07T12:00:00Z", "data": [entry]}).encode()
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    def use(client: Any) -> Any:
        (image,) = generate(client).images
        assert (image.withheld, image.is_image_safe) == (False, False)
        return client.download(image, tmp_path)

    with FaultServer(Fault("unsafe", "Unsafe.", Phase.IN_ANSWER, True, answer)) as server:
        assert run("sync", use, base_url=server.url).read_bytes() == PNG


# Forms


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


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
    "JPEG XL": (b"\xff\x0a" + random.Random(2).randbytes(3000), "image/jxl", ".jxl"),
    "HEIC": (AVIF.replace(b"ftypavif", b"ftypheic", 1).replace(b"avif", b"heic", 1), "image/heic", ".heic"),
    "JPEG 2000": (drawn("JPEG2000"), "image/jp2", ".jp2"),
    "TIFF": (drawn("TIFF"), "image/tiff", ".tiff"),
    "BMP": (drawn("BMP"), "image/bmp", ".bmp"),
    "SVG": (SVG, "image/svg+xml", ".svg"),
    "SVG that is called text": (SVG, "text/plain", ".svg"),
    "what only its label knows": (random.Random(3).randbytes(3000), "image/tiff", ".tiff"),
    "what nobody knows": (random.Random(4).randbytes(3000), "application/octet-stream", ".bin"),
    "what has no label": (random.Random(5).randbytes(3000), "", ".bin"),
}


def serving(content: bytes, content_type: str) -> Fault:
    return answer_with(200, content, [("Content-Type", content_type)] if content_type else [])


@each_shell
@pytest.mark.parametrize("form", KNOWN)
def test_an_image_is_kept_byte_for_byte(form: str, shell: Shell, tmp_path: Path) -> None:
    content, suffix = KNOWN[form]
    with FaultServer(image=serving(content, "image/png")) as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        path = download(shell, server, tmp_path)
    assert (path.name, path.read_bytes()) == (f"image{suffix}", content)


@each_shell
@pytest.mark.parametrize("form", UNKNOWN)
def test_an_image_in_an_unknown_form_is_kept_with_a_warning(form: str, shell: Shell, tmp_path: Path) -> None:
    content, content_type, suffix = UNKNOWN[form]
    with FaultServer(image=serving(content, content_type)) as server:
        with pytest.warns(ResponseWarning) as caught:
            path = download(shell, server, tmp_path)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert download(shell, server, tmp_path / "named.png").read_bytes() == content
    (warning,) = caught
    assert f"{str(path)!r} seems to be {suffix!r}" in str(warning.message)
    assert (path.name, path.read_bytes()) == (f"image{suffix}", content)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"<!DOCTYPE html><html><body>An error</body></html>", "text/html"),
        (b"<!DOCTYPE html><html><body>An error</body></html>", "image/png"),
        (b"<html><body><svg></svg></body></html>", "image/svg+xml"),
        (b'{"error": "the link is not known"}', "application/json"),
        (b'{"error": "the link is not known"}', "image/jxl"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "application/xml"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", ""),
        (b"no such image, says the proxy", "application/octet-stream"),
        (random.Random(6).randbytes(3000), "text/html; charset=utf-8"),
        (random.Random(6).randbytes(3000), "image/png"),
        (b"", "image/jxl"),
    ],
)
def test_an_error_page_is_no_image_whatever_it_is_called(content: bytes, content_type: str, tmp_path: Path) -> None:
    with FaultServer(image=serving(content, content_type)) as server:
        assert refusal("sync", server, tmp_path / "cat.png").reason == "not_an_image"
        assert len(server.wait_idle().gets) == 4
    assert list(tmp_path.iterdir()) == []


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "two members": ("gzip", lambda data: gzip.compress(data[:3000]) + gzip.compress(data[3000:])),
    "members of one byte": ("gzip", lambda data: b"".join(gzip.compress(data[at : at + 1]) for at in range(len(data)))),
    "an empty member first": ("x-gzip", lambda data: gzip.compress(b"") + gzip.compress(data)),
    "zeros behind": ("gzip", lambda data: gzip.compress(data) + b"\0" * 512),
    "words behind": ("gzip", lambda data: gzip.compress(data) + b"words"),
    "members in members": ("gzip, gzip", lambda data: gzip.compress(gzip.compress(data[:9])) + gzip.compress(b"")),
    "deflate": ("deflate", zlib.compress),
    "a coding that it has not": ("gzip", bytes),
    "a coding that there is not": ("aws-chunked", bytes),
    "a coding that is a charset": ("utf-8", bytes),
}


@each_shell
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("framing", ["length", "chunks", "close"])
def test_an_image_is_had_in_every_coding(coding: str, framing: str, shell: Shell, tmp_path: Path) -> None:
    name, encode = CODINGS[coding]
    body = encode(PNG)
    if coding == "members in members":
        body = gzip.compress(gzip.compress(PNG[:3000])) + gzip.compress(gzip.compress(PNG[3000:]))
    with FaultServer(image=framed(framing, body, f"Content-Encoding: {name}\r\n")) as server:
        assert download(shell, server, tmp_path / "cat.png", retry=RetryPolicy(max_attempts=1)).read_bytes() == PNG


def test_a_coding_that_cannot_be_undone_or_is_none_is_bounded_too(tmp_path: Path) -> None:
    garbage = framed("close", random.Random(7).randbytes(3000), "Content-Encoding: gzip\r\n")
    plain = framed("length", PNG, "Content-Encoding: gzip\r\n")
    for fault, reason in ((garbage, "not_an_image"), (plain, "too_large")):
        with FaultServer(image=fault) as server:
            assert refusal("sync", server, tmp_path / "cat.png", max_bytes=len(PNG) - 1).reason == reason
    assert list(tmp_path.iterdir()) == []


def framed(framing: str, body: bytes, headers: str = "") -> Fault:
    """A body in a framing of HTTP, and the end of the connection."""
    frames = {
        "length": (f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n", body),
        "chunks": (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n",
            b"".join(
                b"%x\r\n%b\r\n" % (len(body[at : at + 999]), body[at : at + 999]) for at in range(0, len(body), 999)
            )
            + b"0\r\n\r\n",
        ),
        "close": ("HTTP/1.1 200 OK\r\nConnection: close\r\n", body),
        "HTTP/1.0": ("HTTP/1.0 200 OK\r\n", body),
    }
    head, content = frames[framing]

    def act(exchange: Any) -> None:
        exchange.read_request()
        exchange.send(f"{head}Content-Type: image/png\r\n{headers}\r\n".encode() + content)

    return Fault(framing, "Frames.", Phase.IN_ANSWER, False, act)


THUMBNAIL = drawn("JPEG", exif=b"Exif\0\0II*\0" + drawn("JPEG"))
FORMS = {
    "PNG": PNG,
    "JPEG": THUMBNAIL,
    "progressive JPEG": drawn("JPEG", progressive=True),
    "WebP": drawn("WEBP"),
    "GIF": drawn("GIF"),
    "AVIF": AVIF,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("framing", ["length", "chunks", "close", "HTTP/1.0"])
def test_half_an_image_that_is_sent_as_a_whole_one_is_not_saved(form: str, framing: str, tmp_path: Path) -> None:
    """As a host sends it that keeps half of it; and the whole one from the next."""
    content = FORMS[form]
    cuts = [len(content) * part // 7 for part in range(1, 7)] + [len(content) - 1]
    for cut in cuts:
        with FaultServer(image=framed(framing, content[:cut])) as server:
            assert refusal("sync", server, tmp_path / "cat", retry=RetryPolicy(max_attempts=1)).reason == "connection"
        assert list(tmp_path.iterdir()) == []
    with FaultServer(image=[framed(framing, content[: cuts[3]]), framed(framing, content)]) as server:
        assert download("sync", server, tmp_path / "cat").read_bytes() == content


# Links that carry the image


def carried(url: str) -> GeneratedImage:
    return image_at(url)


LINKS = {
    "base64": "data:image/png;base64," + base64.b64encode(PNG).decode(),
    "letters of URLs, no padding": "data:image/png;base64," + base64.urlsafe_b64encode(PNG).decode().rstrip("="),
    "escaped": "DATA:image/png;BASE64," + quote(base64.b64encode(PNG)),
    "in lines": "data:image/png;base64," + base64.encodebytes(PNG).decode(),
    "a parameter": "data:image/png;name=cat.png;base64," + base64.b64encode(PNG).decode(),
    "no type": "data:;base64," + base64.b64encode(PNG).decode(),
    "percents": "data:image/png," + quote(PNG),
}


@each_shell
@pytest.mark.parametrize("form", LINKS)
def test_a_link_that_carries_the_image_is_saved_without_a_request(form: str, shell: Shell, tmp_path: Path) -> None:
    with FaultServer() as server:
        path = run(shell, lambda client: client.download(carried(LINKS[form]), tmp_path), base_url=server.url)
        assert server.wait_idle().connections == 0
    assert (path.name, path.read_bytes()) == ("image.png", PNG)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("data:image/png;base64," + base64.b64encode(PNG[:-1]).decode(), "connection"),
        ("data:image/png;base64,!!!!", "not_an_image"),
        ("data:image/png;base64,\u00e9", "not_an_image"),
        ("data:image/png;base64", "not_an_image"),
        ("data:", "not_an_image"),
        ("data:,an error", "not_an_image"),
        ("data:,\ud800", "not_an_image"),
        ("data:im\ud800age\r\n/\u00e9,words", "not_an_image"),
        ("data:image/png;base64," + base64.b64encode(PNG + b"\0" * 100).decode(), "too_large"),
    ],
)
def test_a_link_that_carries_none_is_an_error(url: str, reason: str, tmp_path: Path) -> None:
    with FaultServer() as server, pytest.raises(DownloadError) as caught:
        run(
            "sync",
            lambda client: client.download(carried(url), tmp_path / "cat.png", max_bytes=len(PNG)),
            base_url=server.url,
        )
    assert (caught.value.reason, caught.value.status_code, caught.value.url) == (reason, None, url)
    assert list(tmp_path.iterdir()) == []


def test_an_svg_in_a_link_is_kept(tmp_path: Path) -> None:
    url = "data:image/svg+xml;charset=utf-8," + quote(SVG)
    with FaultServer() as server, pytest.warns(ResponseWarning):
        path = run("sync", lambda client: client.download(carried(url), tmp_path), base_url=server.url)
    assert (path.suffix, path.read_bytes()) == (".svg", SVG)


# Servers that nobody here wrote


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def python_server(folder: Path) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def aiohttp_server(folder: Path) -> Iterator[str]:
    """It answers ranges, has ETags, and answers each file with 404 the first time."""
    loop, ready, asked = asyncio.new_event_loop(), threading.Event(), set[str]()
    ports: list[int] = []

    @web.middleware
    async def late(request: web.Request, handler: Any) -> Any:
        if request.path not in asked:
            asked.add(request.path)
            raise web.HTTPNotFound
        return await handler(request)

    async def serve() -> web.AppRunner:
        app = web.Application(middlewares=[late])
        app.router.add_static("/", folder)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        ports.append(runner.addresses[0][1])
        return runner

    def work() -> None:
        runner = loop.run_until_complete(serve())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(20)
    try:
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@each_shell
@pytest.mark.parametrize("server", [python_server, aiohttp_server])
def test_images_from_other_peoples_servers(server: Any, shell: Shell, tmp_path: Path) -> None:
    served, saved = tmp_path / "served", tmp_path / "saved"
    served.mkdir()
    saved.mkdir()
    files = {form: content for form, (content, _) in KNOWN.items()} | {"tiff": UNKNOWN["TIFF"][0]}
    for number, content in enumerate(files.values()):
        (served / f"{number}.png").write_bytes(content)
        (served / f"half-{number}.png").write_bytes(content[: len(content) // 2])

    def fetch(link: str) -> Path:
        path: Path = run(shell, lambda client: client.download(image_at(link), saved), base_url=url)
        return path

    with server(served) as url, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResponseWarning)
        for number, (form, content) in enumerate(files.items()):
            assert fetch(f"{url}/{number}.png?exp={NOW}&sig=00").read_bytes() == content, form
            if form != "tiff":
                with pytest.raises(DownloadError) as caught:
                    fetch(f"{url}/half-{number}.png")
                assert caught.value.reason == "connection", form
    assert len(list(saved.iterdir())) == len(files)
