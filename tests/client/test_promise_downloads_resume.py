"""A link lives for a day at most, and it is the only way to a paid image, so a dropped connection must not cost it.

A download that breaks off is tried again, a few times and patiently, and resumes where it was if the host can prove
that it still has the same image: two images are never mixed in one file.
"""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from driver import Kind, each_kind
from image_downloads import HALF, OTHER_PNG, PNG, chunked, download, drawn, head, refusal, sending

from ideogram_ai.testing.faults import Fault, FaultServer, answer_with

pytestmark = each_kind
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


def test_an_odd_part_does_not_count_as_the_rest(kind: Kind, tmp_path: Path) -> None:
    """The download ends well all the same, because the host then sends what it should."""
    for case, odd in ODD_PARTS.items():
        script: list[Any] = [odd, "ok"] if case == "a part that nobody asked for" else ["always_cut", odd, "ok"]
        ranges = fetched(kind, script, tmp_path)
        assert (ranges[-1] is None) == (case not in CONTINUED), case


def test_a_host_of_many_small_parts_is_asked_again(kind: Kind, tmp_path: Path) -> None:
    ranges = fetched(kind, ["always_cut", part(HALF, HALF + 999), "ok"], tmp_path)
    assert ranges == [None, f"bytes={HALF}-", f"bytes={HALF + 1000}-"]


def test_an_image_is_as_long_as_the_host_said(kind: Kind, tmp_path: Path) -> None:
    whole, tag = len(AVIF), ("ETag", '"avif"')
    begun = sending(
        head(None, "Accept-Ranges: bytes", 'ETag: "avif"', "Transfer-Encoding: chunked"), chunked(AVIF[:100])
    )

    def piece(first: int, last: int, total: object = whole) -> Fault:
        return part(first, last, tag, ("Accept-Ranges", "bytes"), of=AVIF, total=total)

    half_zipped = answer_with(200, gzip.compress(AVIF)[:2000], [("Content-Encoding", "gzip")])
    for script in (
        [begun, piece(100, 299), piece(300, whole - 1)],
        [begun, piece(100, 299), piece(300, 499, "*"), piece(500, whole - 1)],
        [half_zipped, answer_with(200, AVIF)],
    ):
        fetched(kind, script, tmp_path, AVIF)


def test_a_half_that_the_host_calls_whole_is_not_continued(kind: Kind, tmp_path: Path) -> None:
    assert fetched(kind, ["truncated_image", "ok"], tmp_path) == [None, None]


def test_a_part_that_fits_from_a_host_that_identifies_no_image_is_not_used(kind: Kind, tmp_path: Path) -> None:
    rest = part(HALF, LAST, of=OTHER_PNG)
    fetched(kind, [begin(PNG, HALF, {}), rest, "ok"], tmp_path)


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


def test_a_part_of_another_image_is_not_glued_on(kind: Kind, tmp_path: Path) -> None:
    """From a host that sends a part although If-Range named another image. In a JPEG, a mixture would not show."""
    middle = len(JPEG) // 2
    for had, has, is_glued in GLUED:
        rest = part(middle, len(JPEG) - 1, *has.items(), of=JPEG)
        script = [begin(JPEG, middle, {"Accept-Ranges": "bytes", **had}), rest]
        ranges = fetched(kind, script if is_glued else [*script, answer_with(200, JPEG)], tmp_path, JPEG)
        assert [bool(each) for each in ranges] == ([False, True] if is_glued else [False, True, False]), (had, has)


def test_a_png_is_glued_by_its_checksums_where_the_part_identifies_no_image(kind: Kind, tmp_path: Path) -> None:
    """Not every host repeats an ETag. A mixture of two images is found, and the image fetched again."""
    fetched(kind, ["always_cut", part(HALF, LAST)], tmp_path)
    fetched(kind, ["always_cut", part(HALF, LAST, of=OTHER_PNG), "ok"], tmp_path)
