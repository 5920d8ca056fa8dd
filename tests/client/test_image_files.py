"""Image files: the format by the first bytes, the check that an image is complete, and a file that never overwrites."""

import errno
import io
import os
import resource
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from driver import case, raised
from hypothesis import example, given
from hypothesis import strategies as st
from image_downloads import drawn, noise, png_chunk
from PIL import Image

from ideogram_ai.client import DownloadError, DownloadReason
from ideogram_ai.client.files import ImageFile
from ideogram_ai.client.formats import HEAD_BYTES, find_fault, image_suffix, suffix_of_unknown


def box(kind: bytes, content: bytes, *, size: int | None = None, wide: bool = False) -> bytes:
    length = (16 if wide else 8) + len(content) if size is None else size
    return struct.pack(">I4s", 1 if wide else length, kind) + (struct.pack(">Q", length) if wide else b"") + content


EXIF = Image.Exif()
EXIF[0x010E] = "words"
PNG, JPEG, AVIF = drawn("PNG"), drawn("JPEG"), drawn("AVIF")
CREDENTIALS = png_chunk(b"caBX", box(b"jumb", b"c2pa\xff\xd9IEND" * 50))
WITH_THUMBNAIL = drawn("JPEG", exif=b"Exif\0\0II*\0" + drawn("JPEG"))


def mdat_of(avif: bytes) -> tuple[bytes, bytes]:
    """What stands before the last box of an AVIF, and that box's content."""
    at = avif.rindex(b"mdat") - 4
    return avif[:at], avif[at + 8 :]


BEFORE, MDAT = mdat_of(AVIF)
WHOLE: dict[str, tuple[str, bytes]] = {
    "PNG": (".png", PNG),
    "PNG with content credentials": (".png", PNG[:33] + CREDENTIALS + PNG[33:]),
    "APNG": (".png", drawn("PNG", noise(), noise(seed=1), noise(seed=2))),
    "JPEG": (".jpg", JPEG),
    "progressive JPEG": (".jpg", drawn("JPEG", progressive=True)),
    "JPEG with restarts": (".jpg", drawn("JPEG", restart_marker_blocks=2)),
    "JPEG with a thumbnail": (".jpg", WITH_THUMBNAIL),
    "JPEG with a comment": (".jpg", drawn("JPEG", comment=b"\xff\xd9" * 20, icc_profile=b"\xff\xd9" * 700)),
    "JPEG with filled markers": (".jpg", JPEG[:-2] + b"\xff\xff\xff\xff\xd9"),
    "two pictures in a JPEG": (".jpg", drawn("MPO", noise(), noise(seed=1))),
    "four pictures in a JPEG": (".jpg", drawn("MPO", noise(), noise(seed=1), noise(9, 9), noise(seed=3))),
    "WebP": (".webp", drawn("WEBP")),
    "WebP without loss": (".webp", drawn("WEBP", lossless=True)),
    "animated WebP": (".webp", drawn("WEBP", noise(), noise(seed=1), exif=EXIF, icc_profile=b"odd")),
    "GIF": (".gif", drawn("GIF")),
    "GIF with stray zeros": (".gif", drawn("GIF")[:-1] + b"\0\0;"),
    "animated GIF": (".gif", drawn("GIF", noise(), noise(seed=1), comment=b";" * 600)),
    "AVIF": (".avif", AVIF),
    "AVIF with EXIF": (".avif", drawn("AVIF", exif=EXIF)),
    "animated AVIF": (".avif", drawn("AVIF", noise(), noise(seed=1))),
    "AVIF of another brand": (".avif", AVIF.replace(b"ftypavif", b"ftypmif1", 1)),
    "AVIF whose last box has no length": (".avif", BEFORE + box(b"mdat", MDAT, size=0)),
    "JPEG 2000": (".jp2", drawn("JPEG2000")),
    "JPEG XL in a box": (".jxl", b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ") + box(b"jxlc", MDAT)),
    "JPEG XL in boxes": (
        ".jxl",
        b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"jxlp", b"\0\0\0\0" + MDAT) + box(b"jxlp", b"\x80\0\0\1" + MDAT, wide=True),
    ),
}
"""Suffix and bytes. Pillow wrote them all except JPEG XL."""
TRAILING = [b"", b"\0", b"\r\n", b"\0" * 100, b"some words of a program", b"\xff" * 9, JPEG]


def fault(content: bytes, suffix: str) -> str | None:
    return find_fault(io.BytesIO(content), len(content), suffix)


def test_a_whole_image_is_complete_whatever_follows_it_and_no_cut_is() -> None:
    for name, (suffix, content) in WHOLE.items():
        with case(name):
            assert image_suffix(content[:HEAD_BYTES]) == suffix
            assert [rest for rest in TRAILING if fault(content + rest, suffix)] == []
            # Every place near the beginning, where most of the structure is, and the end; some in between.
            sizes = {
                *range(500),
                *range(0, len(content), 1 + len(content) // 500),
                *range(len(content) - 60, len(content)),
            }
            assert [size for size in sizes if size < len(content) and not fault(content[:size], suffix)] == []


def test_a_png_with_a_changed_byte_is_not_complete() -> None:
    for place in range(33, len(PNG), 97):
        assert fault(PNG[:place] + bytes([PNG[place] ^ 1]) + PNG[place + 1 :], ".png"), place


WITHOUT_A_PICTURE = [
    (".png", PNG[:33] + PNG[-12:]),
    (".jpg", b"\xff\xd8\xff\xd9"),
    (".jpg", b"\xff\xd8\xff\xe0\0\1" + JPEG[2:]),
    (".webp", b"RIFF\x04\0\0\0WEBP"),
    (".webp", b"RIFF\x10\0\0\0WEBPVP8 \xff\0\0\0abcd"),
    (".gif", b"GIF89a\1\0\1\0\0\0\0;"),
    (".gif", b"GIF89a\1\0\1\0\0\0\0?;"),
    (".avif", box(b"ftyp", b"avif\0\0\0\0") + box(b"mdat", MDAT)),
    (".avif", box(b"ftyp", b"avif\0\0\0\0") + box(b"mdat", b"", size=3)),
    (".avif", BEFORE + box(b"free", MDAT[:-1], size=0)),
]


def test_an_end_without_a_picture_is_a_fault() -> None:
    assert [content for suffix, content in WITHOUT_A_PICTURE if not fault(content, suffix)] == []


def item_places(version: int, sizes: int, items: bytes, count: int = 1) -> bytes:
    """An AVIF with this item location box, and sixteen bytes behind it."""
    iloc = bytes([version, 0, 0, 0]) + struct.pack(">HI" if version == 2 else ">HH", sizes, count) + items
    return box(b"ftyp", b"avif\0\0\0\0") + box(b"meta", b"\0\0\0\0" + box(b"iloc", iloc)) + box(b"mdat", b"m" * 16)


def test_the_item_locations_of_an_avif_are_read_in_each_version() -> None:
    for version, sizes, start, item in (
        (0, 0x4400, 1, struct.pack(">HHHII", 1, 0, 1, 1, 39)),
        (1, 0x4440, 8, struct.pack(">HHHIHII", 1, 0, 0, 8, 1, 0, 32)),
        (2, 0x8808, 1, struct.pack(">IHHHQQQ", 1, 0, 0, 1, 7, 1, 39)),
    ):
        whole = item_places(version, sizes, item)
        assert fault(whole, ".avif") is None, version
        far = item_places(version, sizes, item[:-4] + struct.pack(">I", len(whole)))
        assert fault(far, ".avif") == f"it has {len(far)} of {start + len(far)} bytes", version
    # Locations inside the box, or in another file, are not checked.
    assert fault(item_places(1, 0x4400, struct.pack(">HHHHII", 1, 1, 0, 1, 0, 1 << 30)), ".avif") is None
    assert fault(item_places(0, 0x4400, struct.pack(">HHHII", 1, 5, 1, 0, 1 << 30)), ".avif") is None


BINARY = bytes(range(256))


HEADS: dict[str | None, tuple[bytes, ...]] = {
    ".png": (b"\x89PNG\r\n\x1a\n\0\0\0\x0d",),
    ".jpg": (b"\xff\xd8\xff\xe0",),
    ".webp": (b"RIFF\x10\0\0\0WEBPVP8 ",),
    ".gif": (b"GIF87a", b"GIF89a"),
    ".avif": (b"\0\0\0\x20ftypavif", b"\0\0\0\x20ftypavis", b"\0\0\0\x18ftypmif1\0\0\0\0miafavif"),
    ".heif": (b"\0\0\0\x14ftypmif1\0\0\0\0mif1avif",),
    ".heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"\0\0\0\x18ftypmsf1\0\0\0\0hevcmsf1"),
    ".jxl": (b"\xff\x0a\xfa\x1f", b"\0\0\0\x0cJXL \r\n\x87\n"),
    ".jp2": (b"\0\0\0\x0cjP  \r\n\x87\n",),
    ".j2k": (b"\xff\x4f\xff\x51",),
    ".tiff": (b"II*\0", b"MM\0*", b"II+\0"),
    ".bmp": (drawn("BMP"),),
    ".svg": (
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a > b -->\n<!DOCTYPE svg PUBLIC 'a' 'b'>\n<svg:svg>",
        b"<!DOCTYPE svg [\n <!ENTITY a 'b'>\n]><svg/>",
    ),
    None: (
        *(b"RIFF\x10\0\0\0WAVEfmt ", b"\0\0\0\x20ftypisom", b"BMW is no image", b"<svgs>", b""),
        b"<!DOCTYPE html><html><svg>",
        # A pattern that tried each way to divide these would never end.
        *((unit * HEAD_BYTES)[:HEAD_BYTES] for unit in (b"<!---->", b"<?a?>", b"<!DOCTYPE a>", b"<!DOCTYPE [", b" ")),
    ),
}
UNKNOWN: dict[str | None, list[tuple[bytes, str]]] = {
    ".bin": [(BINARY, ""), (BINARY, "application/octet-stream"), (BINARY, "image/x-nobody-knows")],
    ".tiff": [(BINARY, "image/tiff; version=9")],
    ".svg": [(BINARY, "Image/SVG+XML")],
    None: [
        *((BINARY, kind) for kind in ("image/png", "image/jpg; q=1", "text/html", "application/json")),
        *((BINARY, kind) for kind in ("application/problem+json", "application/xml")),
        *((BINARY[:15], ""), ("caf\u00e9, in the letters of long ago".encode("latin-1"), "")),
        *(("in wide letters".encode("utf-16"), ""), (b"", "image/x-nobody-knows")),
        (b"the link is not known" * 9, "image/x-nobody-knows"),
        (b'{"error": "gone", "and": "away"}', "application/octet-stream"),
    ],
}


def test_the_first_bytes_give_the_format_or_else_the_content_type() -> None:
    for suffix, heads in HEADS.items():
        assert [image_suffix(head) for head in heads] == [suffix] * len(heads)
    for suffix, unknown in UNKNOWN.items():
        assert [suffix_of_unknown(*each) for each in unknown] == [suffix] * len(unknown)


STARTS = [content[:cut] for _, content in WHOLE.values() for cut in (12, 40, 200)]
SUFFIXES = st.sampled_from([".png", ".jpg", ".webp", ".gif", ".avif", ".heic", ".jp2", ".jxl", ".tiff"])


@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=300), suffix=SUFFIXES)
@example(start=b"", rest=b"", suffix=".jxl")
@example(start=b"\xff\xd8\xff\xe2\0\x0eMPF\0II*\0\xff\xff\xff\xff", rest=b"", suffix=".jpg")
def test_any_bytes_are_complete_or_have_a_fault(start: bytes, rest: bytes, suffix: str) -> None:
    assert fault(start + rest, suffix) != ""


def test_an_image_longer_than_a_block_is_checked_across_block_borders() -> None:
    scan = JPEG.rindex(b"\xff\xda")
    gif = drawn("GIF", comment=b";" * 200)
    for suffix, content in {
        ".jpg": JPEG[: scan + 20] + b"\xff\x00\x7f" * 100_000 + JPEG[scan + 20 :],
        ".png": PNG[:33] + png_chunk(b"teXt", b"\xff\xd9" * 200_000) + PNG[33:],
        ".gif": gif.replace(b"!\xfe\xc8" + b";" * 200, b"!\xfe" + (b"\xff" + b";" * 255) * 1000),
    }.items():
        assert len(content) > 200_000
        assert fault(content, suffix) is None
        for size in (*range(65_530, 65_545), *range(131_060, 131_090), len(content) - 1):
            assert fault(content[:size], suffix), (suffix, size)


# Files.


def failing(code: int) -> object:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@contextmanager
def opened(path: Path, *, stem: str = "", overwrite: bool = False) -> Iterator[ImageFile]:
    with ImageFile(path, stem=stem, overwrite=overwrite) as file:
        file.open()
        yield file


def save(path: Path, content: bytes = b"image", *, overwrite: bool = False) -> Path:
    with opened(path, stem="stem", overwrite=overwrite) as file:
        file.write(content)
        return file.finish(".png")


def refused(reason: DownloadReason, match: str | None = None) -> AbstractContextManager[object]:
    return pytest.raises(DownloadError, match=match, check=lambda error: error.reason is reason)


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_a_file_is_saved_and_one_that_appears_at_the_last_moment_is_kept(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With hard links, and without, as on FAT or a network share."""
    if not links:
        monkeypatch.setattr(os, "link", failing(errno.EPERM))
    path = tmp_path / "cat.png"
    for overwrite in (False, True):
        assert save(path, overwrite=overwrite) == path
        assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"image", [path])
        path.unlink()
    (tmp_path / "other").touch()
    assert save(tmp_path) == tmp_path / "stem.png"
    assert (tmp_path / "stem.png").stat().st_mode == (tmp_path / "other").stat().st_mode
    for seen in (True, False):
        path = tmp_path / f"{seen}.png"
        with opened(path) as file, monkeypatch.context() as patch:
            path.write_bytes(b"theirs")
            if not seen:
                patch.setattr(os, "lstat", failing(errno.ENOENT))
            with refused(DownloadReason.EXISTS):
                file.finish(".png")
        assert path.read_bytes() == b"theirs", seen
    assert {file.name for file in tmp_path.iterdir()} == {"other", "stem.png", "True.png", "False.png"}


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full: dict[str, tuple[object, str, object]] = {
        "from the start": (Path, "open", failing(errno.ENOSPC)),
        "at the end": (os, "fsync", failing(errno.ENOSPC)),
    }
    for name, patched in full.items():
        with case(name), monkeypatch.context() as patch:
            patch.setattr(*patched)
            with refused(DownloadReason.UNWRITABLE, "No space left on device"):
                save(tmp_path / "cat.png")
        assert list(tmp_path.iterdir()) == [], name


def write_without_room(path: Path, then: Callable[[ImageFile], object]) -> None:
    """Write while the system lets this process put nothing into any file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with opened(path) as file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            file.write(b"image")
            then(file)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


def break_off(path: Path) -> None:
    with opened(path, overwrite=True) as file:
        file.write(b"half")
        raise KeyboardInterrupt


def test_a_failure_after_writing_to_memory_leaves_nothing_behind(tmp_path: Path) -> None:
    for then in (ImageFile.restart, lambda file: file.find_fault(".png")):
        with refused(DownloadReason.UNWRITABLE, "File too large"):
            write_without_room(tmp_path / "cat.png", then)
        assert list(tmp_path.iterdir()) == []
    raised(KeyboardInterrupt, break_off, tmp_path / "cat.png")
    assert list(tmp_path.iterdir()) == []


def test_an_image_is_checked_continued_and_restarted(tmp_path: Path) -> None:
    with opened(tmp_path / "cat.png") as file:
        file.write(b"a long wrong beginning")
        file.restart()
        file.write(PNG[:-5])
        assert file.size == len(PNG) - 5
        assert file.find_fault(".png") == f"it ends after {file.size} bytes, in the middle"
        file.write(PNG[-5:])
        assert file.find_fault(".png") is None
        assert file.finish("").read_bytes() == PNG
    with opened(tmp_path / "dog.png") as file:
        file.write(b"a long wrong beginning")
        file.restart()
        file.write(b"image")
        assert (file.size, file.finish("").read_bytes()) == (5, b"image")


def test_a_large_image_is_sent_to_the_disk_before_it_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    advised: list[int] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda _file, start, _length, _advice: advised.append(start))
    megabyte = b"i" * (1 << 20)
    with opened(tmp_path / "cat.png") as file:
        for _ in range(9):
            file.write(megabyte)
        assert advised == [0, 4 << 20]
        file.restart()
        for _ in range(4):
            file.write(megabyte)
        assert advised == [0, 4 << 20, 0]
        assert file.finish("").read_bytes() == megabyte * 4


def test_what_a_system_does_not_support_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows opens no folder, nor do some file systems; some systems take no advice about a file."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", failing(errno.EACCES))
        assert save(tmp_path / "1.png").read_bytes() == b"image"
    monkeypatch.setattr(os, "posix_fadvise", failing(errno.ESPIPE))
    assert save(tmp_path / "2.png", b"i" * (5 << 20)).stat().st_size == 5 << 20
    monkeypatch.delattr(os, "posix_fadvise")
    assert save(tmp_path / "3.png", b"i" * (5 << 20)).stat().st_size == 5 << 20
