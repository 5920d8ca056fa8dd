"""Why this matters: a link lives for a day at most, and it is the only way to an image that was paid for. A host that
drops a connection must not cost the image, and must not mix two images into one file either.

So a download that breaks off is tried again, a few times and patiently, and goes on where it was if the host can prove
that it still has the same image.
"""

import gzip
import io
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from both_clients import SHELLS, Shell, hurried, image_at, run
from image_downloads import HALF, OTHER_PNG, PNG, download, refusal
from PIL import Image

from ideogram_ai.client import DownloadError
from ideogram_ai.testing.faults import Fault, FaultServer, Phase, answer_with

pytestmark = pytest.mark.parametrize("shell", SHELLS)


def test_a_cut_is_resumed_where_it_was(shell: Shell, tmp_path: Path) -> None:
    with FaultServer(image="cut_then_resumes") as server:
        path = download(shell, server, tmp_path / "cat.png")
        first, second = server.wait_idle().gets
    assert path.read_bytes() == PNG
    assert (first.range, first.header("If-Range")) == (None, None)
    assert second.range == f"bytes={HALF}-"
    etag = second.header("If-Range")
    assert etag
    assert etag.startswith('"')
    assert second.sent < len(PNG)


@pytest.mark.parametrize(("fault", "content"), [("cut_then_ignores_range", PNG), ("cut_then_changed", OTHER_PNG)])
def test_a_host_that_begins_anew_is_followed(shell: Shell, fault: str, content: bytes, tmp_path: Path) -> None:
    """The second half of another image, or the whole after the half, would make a file of the right size at best."""
    with FaultServer(image=fault) as server:
        assert download(shell, server, tmp_path / "cat.png").read_bytes() == content
        assert len(server.wait_idle().gets) == 2


def part(first: int, last: int, *headers: tuple[str, str], total: object = None, status: int = 206) -> Fault:
    """An answer with these bytes of the image, whatever was asked for."""
    content_range = ("Content-Range", f"bytes {first}-{last}/{total or len(PNG)}")
    return answer_with(status, PNG[first : last + 1], [content_range, *headers], may_have_run=False)


LAST = len(PNG) - 1
ODD_PARTS: dict[str, tuple[Fault, int]] = {
    "a part that nobody asked for": (part(0, 99), 1),
    "less than was asked for": (part(HALF, HALF + 99), 2),
    "nothing of it": (part(HALF, HALF - 1), 2),
    "a part before": (part(HALF - 1, LAST), 2),
    "a part after": (part(HALF + 1, LAST), 2),
    "a part of something longer": (part(HALF, LAST, total=len(PNG) + 1), 2),
    "a part of something of any length": (part(HALF, LAST - 1, total="*"), 2),
    "a part in another unit": (
        answer_with(206, PNG[HALF:], [("Content-Range", f"pixels {HALF}-{LAST}/{LAST + 1}")]),
        2,
    ),
    "compressed": (
        answer_with(
            206,
            gzip.compress(PNG[HALF:]),
            [("Content-Range", f"bytes {HALF}-{LAST}/{LAST + 1}"), ("Content-Encoding", "gzip")],
        ),
        2,
    ),
    "416": (answer_with(416, b"", [("Content-Range", f"bytes */{len(PNG)}")]), 2),
}


CONTINUED = {"less than was asked for", "nothing of it", "a part of something of any length"}
"""These are a part of the rest, and what is still missing is asked for."""


@pytest.mark.parametrize("case", ODD_PARTS)
def test_an_odd_part_is_not_taken_for_the_rest(case: str, shell: Shell, tmp_path: Path) -> None:
    """The download ends well all the same, because the host then sends what it should."""
    odd, place = ODD_PARTS[case]
    script: list[str | Fault] = [odd, "ok"] if place == 1 else ["always_cut", odd, "ok"]
    with FaultServer(image=script) as server:
        assert download(shell, server, tmp_path / "cat.png").read_bytes() == PNG
        ranges = [request.range for request in server.wait_idle().gets]
    assert len(ranges) == len(script)
    assert (ranges[-1] is None) == (case not in CONTINUED)


def test_a_host_of_many_small_parts_is_asked_on(shell: Shell, tmp_path: Path) -> None:
    with FaultServer(image=["always_cut", part(HALF, HALF + 999), "ok"]) as server:
        assert download(shell, server, tmp_path / "cat.png").read_bytes() == PNG
        ranges = [request.range for request in server.wait_idle().gets]
    assert ranges == [None, f"bytes={HALF}-", f"bytes={HALF + 1000}-"]


def drawn(kind: str) -> bytes:
    file = io.BytesIO()
    noise = random.Random(1).randbytes(64 * 48 * 3)
    Image.frombytes("RGB", (64, 48), noise).save(file, kind)
    return file.getvalue()


AVIF, JPEG = drawn("AVIF"), drawn("JPEG")


def test_an_image_is_as_long_as_the_host_said(shell: Shell, tmp_path: Path) -> None:
    whole, tag = len(AVIF), [("Accept-Ranges", "bytes"), ("ETag", '"avif"')]

    def cut(exchange: Any) -> None:
        exchange.read_request()
        head = "".join(f"{name}: {value}\r\n" for name, value in tag)
        exchange.send(f"HTTP/1.1 200 OK\r\n{head}Transfer-Encoding: chunked\r\n\r\n64\r\n".encode() + AVIF[:100])

    def piece(first: int, last: int, total: object = whole) -> Fault:
        return answer_with(206, AVIF[first : last + 1], [*tag, ("Content-Range", f"bytes {first}-{last}/{total}")])

    begin = Fault("begin", "Sends 100 bytes.", Phase.IN_ANSWER, False, cut)
    half_zipped = answer_with(200, gzip.compress(AVIF)[:2000], [("Content-Encoding", "gzip")])
    for script in (
        [begin, piece(100, 299), piece(300, whole - 1)],
        [begin, piece(100, 299), piece(300, 499, "*"), piece(500, whole - 1)],
        [half_zipped, answer_with(200, AVIF)],
    ):
        with FaultServer(image=script) as server:
            path = download(shell, server, tmp_path / "cat.avif", overwrite=True)
            assert len(server.wait_idle().gets) == len(script)
        assert path.read_bytes() == AVIF


def test_a_half_that_the_host_takes_for_the_whole_is_not_continued(shell: Shell, tmp_path: Path) -> None:
    with FaultServer(image=["truncated_image", "ok"]) as server:
        assert download(shell, server, tmp_path / "cat.png").read_bytes() == PNG
        assert [request.range for request in server.wait_idle().gets] == [None, None]


def test_the_rest_of_who_knows_what_is_not_taken(shell: Shell, tmp_path: Path) -> None:
    """A part that fits, from a host that never said how to know the image."""
    cut = Fault("cut", "Sends half.", Phase.IN_ANSWER, False, send_half)
    rest = answer_with(206, OTHER_PNG[HALF:], [("Content-Range", f"bytes {HALF}-{LAST}/{LAST + 1}")])
    with FaultServer(image=[cut, rest, "ok"]) as server:
        assert download(shell, server, tmp_path / "cat.png").read_bytes() == PNG


def send_half(exchange: Any, headers: Sequence[tuple[str, str]] = ()) -> None:
    exchange.read_request()
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    exchange.send(f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(PNG)}\r\n\r\n".encode() + PNG[:HALF])


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ([("Accept-Ranges", "bytes"), ("ETag", '"one"'), ("Last-Modified", "then")], '"one"'),
        ([("Accept-Ranges", "bytes"), ("ETag", 'W/"one"'), ("Last-Modified", "then")], "then"),
        ([("Accept-Ranges", "bytes"), ("ETag", 'W/"one"')], None),
        ([("Accept-Ranges", "bytes")], None),
        ([("Accept-Ranges", "none"), ("ETag", '"one"')], None),
        ([("ETag", '"one"')], None),
    ],
)
def test_nothing_is_resumed_without_a_way_to_know_the_image(
    shell: Shell, headers: list[tuple[str, str]], validator: str | None, tmp_path: Path
) -> None:
    fault = Fault("cut", "Sends half.", Phase.IN_ANSWER, False, lambda exchange: send_half(exchange, headers))
    with FaultServer(image=[fault, "ok"]) as server:
        assert download(shell, server, tmp_path / "cat.png").read_bytes() == PNG
        _, second = server.wait_idle().gets
    assert second.header("If-Range") == validator
    assert second.range == (f"bytes={HALF}-" if validator else None)


def test_retries_are_counted_and_patient(shell: Shell, tmp_path: Path) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> Any:
        pauses.append(seconds)
        return hurried(shell).sleep(0)  # type: ignore[misc]

    busy = answer_with(503, b"", [("Retry-After", "7")])
    timing = hurried(shell, sleep=sleep, random=lambda: 1.0)
    with FaultServer(image=[busy, "always_cut", "always_cut", "status_500"]) as server:
        error = refusal(shell, server, tmp_path / "cat.png", timing=timing)
        assert len(server.wait_idle().gets) == 4
    assert pauses == [7.0, 2.0, 4.0]
    assert (error.reason, error.status_code) == ("status", 500)
    assert "after 4 attempts" in error.message
    with FaultServer(image=answer_with(503, b"", [("Retry-After", "3600")])) as server:
        error = refusal(shell, server, tmp_path / "cat.png")
        assert len(server.wait_idle().gets) == 1
    assert "3600 s" in error.message


@pytest.mark.parametrize("url", [None, ""])
def test_what_has_no_link_is_not_asked_for(shell: Shell, url: str | None, tmp_path: Path) -> None:
    image = image_at(url, safe=False)
    with FaultServer() as server:
        with pytest.raises(DownloadError) as caught:
            run(shell, lambda client: client.download(image, tmp_path / "cat.png"), base_url=server.url)
        assert server.wait_idle().connections == 0
    assert caught.value.reason == "withheld"
    assert list(tmp_path.iterdir()) == []


SAME = {"ETag": '"one"', "Last-Modified": "then"}


@pytest.mark.parametrize(
    ("had", "has", "is_glued"),
    [
        (SAME, SAME, True),
        (SAME, SAME | {"ETag": '"two"'}, False),
        (SAME, SAME | {"Last-Modified": "now"}, False),
        (SAME, {"ETag": '"one"'}, True),
        (SAME, {"ETag": 'W/"one"'}, False),
        (SAME, {"Last-Modified": "then"}, True),
        ({"Last-Modified": "then"}, {"Last-Modified": "now"}, False),
        ({"ETag": 'W/"one"', "Last-Modified": "then"}, {"ETag": 'W/"two"', "Last-Modified": "then"}, False),
        ({"Last-Modified": "then"}, {"ETag": '"one"'}, False),
        (SAME, {}, False),
    ],
)
def test_a_part_of_another_image_is_not_glued_on(
    shell: Shell, had: dict[str, str], has: dict[str, str], is_glued: bool, tmp_path: Path
) -> None:
    """From a host that sends a part although If-Range named another image. In a JPEG, a mixture would not show."""
    middle = len(JPEG) // 2
    ranges = ("Content-Range", f"bytes {middle}-{len(JPEG) - 1}/{len(JPEG)}")

    def cut(exchange: Any) -> None:
        exchange.read_request()
        head = "".join(f"{name}: {value}\r\n" for name, value in {"Accept-Ranges": "bytes", **had}.items())
        exchange.send(f"HTTP/1.1 200 OK\r\n{head}Content-Length: {len(JPEG)}\r\n\r\n".encode() + JPEG[:middle])

    begin = Fault("begin", "Sends half.", Phase.IN_ANSWER, False, cut)
    script = [begin, answer_with(206, JPEG[middle:], [*has.items(), ranges]), answer_with(200, JPEG)]
    with FaultServer(image=script) as server:
        assert download(shell, server, tmp_path / "cat.jpg").read_bytes() == JPEG
        gets = server.wait_idle().gets
    assert [bool(request.range) for request in gets] == ([False, True] if is_glued else [False, True, False])


def test_a_png_is_glued_by_its_checksums_where_the_part_names_no_image(shell: Shell, tmp_path: Path) -> None:
    """Not every host repeats an ETag. A mixture of two images is found, and the image fetched anew."""
    right = part(HALF, LAST)
    ranges = ("Content-Range", f"bytes {HALF}-{LAST}/{LAST + 1}")
    wrong = answer_with(206, OTHER_PNG[HALF:], [ranges], may_have_run=False)
    for script in ([right], [wrong, "ok"]):
        with FaultServer(image=["always_cut", *script]) as server:
            assert download(shell, server, tmp_path / "cat.png", overwrite=True).read_bytes() == PNG
            assert len(server.wait_idle().gets) == 1 + len(script)
