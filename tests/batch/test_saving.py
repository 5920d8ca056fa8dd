"""Storing an image: its name, its suffix, and a thumbnail that never keeps it from being stored."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from batch_outcomes import colour, put
from PIL import Image

from ideogram_ai.batch import saving
from ideogram_ai.batch.saving import THUMBNAIL_PIXELS, image_names, make_thumbnail, thumbnail_name
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


def test_every_format_and_every_kind_of_pixels_has_a_thumbnail(tmp_path: Path) -> None:
    for form in SUFFIXES:
        small = thumbnail_of(picture(form), tmp_path)
        assert small is not None, form
        assert (small.format, small.size) == ("WEBP", (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS // 2))
        pixel = small.convert("RGB").resize((1, 1)).getpixel((0, 0))
        assert max(abs(a - b) for a, b in zip(pixel, colour(1), strict=True)) < 12  # type: ignore[arg-type]
    for mode in ("1", "L", "LA", "P", "I;16", "RGBA"):
        file = io.BytesIO()
        Image.new(mode, (900, 900)).save(file, "PNG")
        small = thumbnail_of(file.getvalue(), tmp_path)
        assert small is not None, mode
        assert small.has_transparency_data == mode.endswith("A")
    small = thumbnail_of(picture(size=(40, 30)), tmp_path)
    assert small is not None
    assert small.size == (40, 30), "a small image is not enlarged"


def test_damaged_and_huge_images_have_none(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.effect_noise((300, 300), 90).save(file, "PNG")
    data = file.getvalue()
    assert [thumbnail_of(data[: len(data) * part // 8], tmp_path) for part in range(8)] == [None] * 8
    assert thumbnail_of(data[:100] + b"broken" + data[106:], tmp_path) is None
    assert thumbnail_of(b"no image at all", tmp_path) is None

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 9_000 * (1 + 9_000 // 8), 1))
    for edge in (9_000, 60_000):
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", edge, edge, 1, 0, 0, 0, 0))
        assert thumbnail_of(b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b""), tmp_path) is None


def test_an_image_is_stored_under_the_suffix_of_its_format(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for form, suffix in SUFFIXES.items():
            with store.part() as part:
                part.write_bytes(picture(form))
                stored = put(store, part, "v1.0 cat")
            assert (stored.file, stored.size) == (f"v1.0 cat{suffix}", len(picture(form)))
            assert (tmp_path / stored.file).read_bytes() == picture(form)
            assert (tmp_path / thumbnail_name(stored.sha256)).is_file()
        for content in (b"an image of tomorrow", b"another one"):
            with store.part() as part:
                part.write_bytes(content)
                put(store, part, "cat")
        assert list(image_names(store, "cat")) == ["cat.bin", "cat-2.bin"], "of an unknown format"


def test_equal_images_share_a_thumbnail_and_its_failure_loses_no_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with open_store(tmp_path) as store:
        for stem in ("one", "one", "two"):
            with store.part() as part:
                part.write_bytes(picture())
                put(store, part, stem)
        assert len(list((tmp_path / "thumbnails").iterdir())) == 1
        assert sorted(path.name for path in tmp_path.glob("*.png")) == ["one.png", "two.png"]
        with store.part() as part:
            part.write_bytes(picture()[:200])
            broken = put(store, part, "broken")
        assert broken.file == "broken.png"
        assert not store.exists(thumbnail_name(broken.sha256))
        for number, error in enumerate([OSError(28, "No space left on device"), MemoryError(), KeyError("WEBP")]):

            def refuse(*_: object, error: Exception = error) -> bool:
                raise error

            monkeypatch.setattr(saving, "make_thumbnail", refuse)
            data = picture(size=(10, 10 + number))
            with store.part() as part:
                part.write_bytes(data)
                stored = put(store, part, f"cat {number}")
            assert (tmp_path / stored.file).read_bytes() == data
            assert f"There is no thumbnail of cat {number}" in caplog.text
