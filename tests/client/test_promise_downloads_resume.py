"""A link lives for a day at most, and it is the only way to a paid image, so a dropped connection must not cost it.

A download that breaks off is tried again, a few times and patiently, and resumes where it was if the host can prove
that it still has the same image: two images are never mixed in one file.
"""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from driver import Kind, case, taking_turns
from image_downloads import HALF, OTHER_PNG, PNG, chunked, download, drawn, head, refusal, sending

from ideogram_ai.testing.faults import Fault, FaultServer, answer_with

LAST = len(PNG) - 1
AVIF, JPEG = drawn("AVIF"), drawn("JPEG")


def begin(content: bytes, end: int, headers: Mapping[str, str]) -> Fault:
    """The beginning of a response with this content, which then breaks off."""
    return sending(head(len(content), *(f"{name}: {value}" for name, value in headers.items())), content[:end])


def part(first: int, last: int, *headers: tuple[str, str], of: bytes = PNG, total: object = None) -> Fault:
    """A response with these bytes of the image, whatever was asked for."""
    content_range = ("Content-Range", f"bytes {first}-{last}/{total or len(of)}")
    return answer_with(206, of[first : last + 1], [content_range, *headers], may_have_run=False)


def fetched(kind: Kind, script: list[Any], folder: Path, content: bytes = PNG) -> list[str | None]:
    """The ranges that a download asked for; it must end with this content, and take every step of the script."""
    with FaultServer(image=script) as server:
        path = download(kind, server, folder / "image", overwrite=True)
        ranges = [request.range for request in server.wait_idle().gets]
    assert path.read_bytes() == content
    assert len(ranges) == len(script)
    return ranges


def test_a_cut_is_resumed_where_it_was(kind: Kind, tmp_path: Path) -> None:
    with FaultServer(image="cut_then_resumes") as server:
        path = download(kind, server, tmp_path / "cat.png")
        first, second = server.wait_idle().gets
    assert path.read_bytes() == PNG
    assert (first.range, first.header("If-Range")) == (None, None)
    assert second.range == f"bytes={HALF}-"
    assert (second.header("If-Range") or "").startswith('"')
    assert second.sent < len(PNG)


def test_a_host_that_begins_anew_is_followed(kind: Kind, tmp_path: Path) -> None:
    """The second half of another image, or the whole after the half, would make a file of the right size at best."""
    for fault, content in (("cut_then_ignores_range", PNG), ("cut_then_changed", OTHER_PNG)):
        with FaultServer(image=fault) as server:
            assert download(kind, server, tmp_path / fault).read_bytes() == content
            assert len(server.wait_idle().gets) == 2


REST = [("Content-Range", f"bytes {HALF}-{LAST}/{LAST + 1}")]
ODD_PARTS = {
    "a part that nobody asked for": part(0, 99),
    "less than was asked for": part(HALF, HALF + 99),
    "nothing of it": part(HALF, HALF - 1),
    "a part before": part(HALF - 1, LAST),
    "a part after": part(HALF + 1, LAST),
    "a part of something longer": part(HALF, LAST, total=len(PNG) + 1),
    "a part of something of any length": part(HALF, LAST - 1, total="*"),
    "a part in another unit": answer_with(206, PNG[HALF:], [("Content-Range", f"pixels {HALF}-{LAST}/{LAST + 1}")]),
    "compressed": answer_with(206, gzip.compress(PNG[HALF:]), [*REST, ("Content-Encoding", "gzip")]),
    "416": answer_with(416, b"", [("Content-Range", f"bytes */{len(PNG)}")]),
}
CONTINUED = {"less than was asked for", "nothing of it", "a part of something of any length"}
"""These are a part of the rest, and what is still missing is asked for."""


def test_an_odd_part_does_not_count_as_the_rest(tmp_path: Path) -> None:
    """The download ends well all the same, because the host then sends what it should."""
    for kind, (name, odd) in taking_turns(ODD_PARTS.items()):
        script: list[Any] = [odd, "ok"] if name == "a part that nobody asked for" else ["always_cut", odd, "ok"]
        with case(name):
            assert (fetched(kind, script, tmp_path)[-1] is None) == (name not in CONTINUED)


TAG = [("ETag", '"avif"'), ("Accept-Ranges", "bytes")]
BEGUN = sending(head(None, "Accept-Ranges: bytes", 'ETag: "avif"', "Transfer-Encoding: chunked"), chunked(AVIF[:100]))
WHOLE = len(AVIF)
SCRIPTS: dict[str, tuple[list[Any], bytes]] = {
    "parts": ([BEGUN, part(100, 299, *TAG, of=AVIF), part(300, WHOLE - 1, *TAG, of=AVIF)], AVIF),
    "parts of what is now and then of any length": (
        [
            *(BEGUN, part(100, 299, *TAG, of=AVIF), part(300, 499, *TAG, of=AVIF, total="*")),
            part(500, WHOLE - 1, *TAG, of=AVIF),
        ],
        AVIF,
    ),
    "half of what is compressed": (
        [answer_with(200, gzip.compress(AVIF)[:2000], [("Content-Encoding", "gzip")]), answer_with(200, AVIF)],
        AVIF,
    ),
    "a half that the host calls whole": (["truncated_image", "ok"], PNG),
    "a part of another image that fits, from a host that identifies none": (
        [begin(PNG, HALF, {}), part(HALF, LAST, of=OTHER_PNG), "ok"],
        PNG,
    ),
    # Not every host repeats an ETag: the checksums of a PNG glue it, and find a mixture of two.
    "a part that names no image": (["always_cut", part(HALF, LAST)], PNG),
    "a mixture of two": (["always_cut", part(HALF, LAST, of=OTHER_PNG), "ok"], PNG),
}


def test_an_image_is_as_long_as_the_host_said_and_of_one_piece(kind: Kind, tmp_path: Path) -> None:
    for name, (script, content) in SCRIPTS.items():
        with case(name):
            fetched(kind, script, tmp_path, content)
    many = ["always_cut", part(HALF, HALF + 999), "ok"]
    assert fetched(kind, many, tmp_path) == [None, f"bytes={HALF}-", f"bytes={HALF + 1000}-"]


def test_nothing_is_resumed_without_a_way_to_identify_the_image(kind: Kind, tmp_path: Path) -> None:
    accept = {"Accept-Ranges": "bytes"}
    for headers, validator in (
        (accept | {"ETag": '"one"', "Last-Modified": "then"}, '"one"'),
        (accept | {"ETag": 'W/"one"', "Last-Modified": "then"}, "then"),
        (accept | {"ETag": 'W/"one"'}, None),
        (accept, None),
        ({"Accept-Ranges": "none", "ETag": '"one"'}, None),
        ({"ETag": '"one"'}, None),
    ):
        with FaultServer(image=[begin(PNG, HALF, headers), "ok"]) as server:
            assert download(kind, server, tmp_path / "cat.png", overwrite=True).read_bytes() == PNG
            _, second = server.wait_idle().gets
        assert second.header("If-Range") == validator, headers
        assert second.range == (f"bytes={HALF}-" if validator else None), headers


def test_retries_are_counted_and_patient(kind: Kind, tmp_path: Path) -> None:
    pauses: list[float] = []
    timing = {"sleep": pauses.append, "random": lambda: 1.0}
    busy = answer_with(503, b"", [("Retry-After", "7")])
    with FaultServer(image=[busy, "always_cut", "always_cut", "status_500"]) as server:
        error = refusal(kind, server, tmp_path / "cat.png", timing=timing)
        assert len(server.wait_idle().gets) == 4
    assert pauses == [7.0, 2.0, 4.0]
    assert (error.reason, error.status_code) == ("status", 500)
    assert "after 4 attempts" in error.message
    with FaultServer(image=answer_with(503, b"", [("Retry-After", "3600")])) as server:
        error = refusal(kind, server, tmp_path / "cat.png")
        assert len(server.wait_idle().gets) == 1
    assert "3600 s" in error.message


SAME = {"ETag": '"one"', "Last-Modified": "then"}
GLUED = [
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
]


def test_a_part_of_another_image_is_not_glued_on(tmp_path: Path) -> None:
    """From a host that sends a part although If-Range named another image. In a JPEG, a mixture would not show."""
    middle = len(JPEG) // 2
    for kind, (had, has, is_glued) in taking_turns(GLUED):
        rest = part(middle, len(JPEG) - 1, *has.items(), of=JPEG)
        script = [begin(JPEG, middle, {"Accept-Ranges": "bytes", **had}), rest]
        ranges = fetched(kind, script if is_glued else [*script, answer_with(200, JPEG)], tmp_path, JPEG)
        assert [bool(each) for each in ranges] == ([False, True] if is_glued else [False, True, False]), (had, has)
