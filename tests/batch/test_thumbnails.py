"""Thumbnails: of every format, of half an image none, and each made once."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from batch_outcomes import colour, put
from PIL import Image

from ideogram_ai.batch import saving as subject
from ideogram_ai.batch.saving import THUMBNAIL_PIXELS, make_thumbnail, thumbnail_name
from ideogram_ai.batch.store import open_store

SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "GIF": ".gif", "AVIF": ".avif"}


def picture(form: str = "PNG", size: tuple[int, int] = (800, 400), mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour(1)).convert(mode).save(file, form)
    return file.getvalue()


def thumbnail_of(data: bytes, folder: Path) -> Image.Image | None:
    (folder / "source").write_bytes(data)
    if not make_thumbnail(folder / "source", folder / "small"):
        assert not (folder / "small").exists()
        return None
    with Image.open(folder / "small") as image:
        image.load()
        return image


@pytest.mark.parametrize("form", SUFFIXES)
def test_every_format_gets_one(form: str, tmp_path: Path) -> None:
    small = thumbnail_of(picture(form), tmp_path)
    assert small is not None
    assert (small.format, small.size) == ("WEBP", (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS // 2))
    red, green, blue = small.convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    assert max(abs(a - b) for a, b in zip((red, green, blue), colour(1), strict=True)) < 12


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGBA"])
def test_every_kind_of_pixels_gets_one(mode: str, tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new(mode, (900, 900)).save(file, "PNG")
    small = thumbnail_of(file.getvalue(), tmp_path)
    assert small is not None
    assert small.has_transparency_data == mode.endswith("A")


def test_a_small_image_is_not_blown_up(tmp_path: Path) -> None:
    small = thumbnail_of(picture(size=(40, 30)), tmp_path)
    assert small is not None
    assert small.size == (40, 30)


def test_half_an_image_gets_none(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.effect_noise((300, 300), 90).save(file, "PNG")
    data = file.getvalue()
    assert [thumbnail_of(data[: len(data) * part // 8], tmp_path) for part in range(8)] == [None] * 8
    assert thumbnail_of(data[:100] + b"broken" + data[106:], tmp_path) is None
    assert thumbnail_of(b"no image at all", tmp_path) is None


def test_an_image_that_would_fill_the_memory_gets_none(tmp_path: Path) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    for edge in (9_000, 60_000):
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", edge, edge, 1, 0, 0, 0, 0))
        pixels = chunk(b"IDAT", zlib.compress(b"\0" * 9_000 * (1 + 9_000 // 8), 1))
        data = b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")
        assert thumbnail_of(data, tmp_path) is None


@pytest.mark.parametrize(("form", "suffix"), SUFFIXES.items())
def test_an_image_is_stored_under_the_suffix_of_its_format(form: str, suffix: str, tmp_path: Path) -> None:
    data = picture(form)
    with open_store(tmp_path) as store, store.part() as part:
        part.write_bytes(data)
        stored = put(store, part, "v1.0 cat")
        assert (stored.file, stored.size) == (f"v1.0 cat{suffix}", len(data))
        assert (tmp_path / stored.file).read_bytes() == data
        assert (tmp_path / thumbnail_name(stored.sha256)).is_file()


def test_a_thumbnail_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def make(source: Path, target: Path) -> bool:
        made.append(target)
        return make_thumbnail(source, target)

    monkeypatch.setattr(subject, "make_thumbnail", make)
    with open_store(tmp_path) as store:
        for stem in ("one", "one", "two"):
            with store.part() as part:
                part.write_bytes(picture())
                put(store, part, stem)
    assert len(made) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.png", "thumbnails", "two.png"]


def test_an_image_that_cannot_be_read_is_stored_all_the_same(tmp_path: Path) -> None:
    with open_store(tmp_path) as store, store.part() as part:
        part.write_bytes(picture()[:200])
        stored = put(store, part, "cat")
        assert stored.file == "cat.png"
        assert not store.exists(thumbnail_name(stored.sha256))


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError(), KeyError("WEBP")])
def test_what_ends_a_thumbnail_does_not_end_the_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def refuse(*_: object) -> bool:
        raise error

    monkeypatch.setattr(subject, "make_thumbnail", refuse)
    with open_store(tmp_path) as store, store.part() as part:
        part.write_bytes(picture())
        stored = put(store, part, "cat")
    assert (tmp_path / stored.file).read_bytes() == picture()
    assert "There is no thumbnail of cat" in caplog.text
