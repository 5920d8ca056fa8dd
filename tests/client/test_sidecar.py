"""What is saved beside an image, and inside a PNG: how the image was made, and nothing secret."""

import io
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from canned import Service, entry, success
from driver import KEY, case, generate, raised
from hypothesis import example, given
from hypothesis import strategies as st
from image_downloads import png_chunk
from PIL import Image, PngImagePlugin

import ideogram_ai.client as ideogram
from ideogram_ai.client import DownloadError, Generation, describe_image, save_sidecar
from ideogram_ai.generated.contract import CONTRACT_SHA256

SIGNATURE = "5ec2e7"
LINK = f"https://ideogram.ai/api/images/ephemeral/one.png?exp=4102444800&sig={SIGNATURE}"
PROMPT = {"high_level_description": "caf\u00e9 \U0001f408", "b": 1, "a": [2]}


def made(**changes: object) -> Generation:
    answer = success(entry(**{"url": LINK, "prompt": "caf\u00e9 \U0001f408", **changes}))
    return generate("sync", Service(answer), json_prompt=PROMPT, resolution="1024x1024")


def drawn(path: Path, kind: str = "PNG", **options: Any) -> Path:
    Image.linear_gradient("L").resize((9, 7)).convert("RGB").save(path, kind, **options)
    return path


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.tobytes()


def embedded(path: Path) -> dict[str, str]:
    """The texts inside a PNG."""
    with Image.open(path) as image:
        image.load()
        assert isinstance(image, PngImagePlugin.PngImageFile)
        return {name: str(text) for name, text in image.text.items()}


def save(path: str | Path, *, changes: dict[str, object] | None = None, **options: Any) -> Path:
    """Save the sidecar of a generation whose image has these changes."""
    generation = made(**(changes or {}))
    return save_sidecar(generation, generation.images[0], path, **options)


def test_the_sidecar_says_how_the_image_was_made_and_its_request_can_be_sent_again(tmp_path: Path) -> None:
    generation = made()
    path = save_sidecar(generation, generation.images[0], str(tmp_path / "cat.png"))
    assert path == tmp_path / "cat.png.json"
    described = json.loads(path.read_bytes())
    assert described == {
        "prompt": "caf\u00e9 \U0001f408",
        "seed": 7,
        "resolution": "1024x1024",
        "is_image_safe": True,
        "created": "2026-10-07T12:00:00+00:00",
        "request": {"json_prompt": PROMPT, "resolution": "1024x1024"},
        "link": "https://ideogram.ai/api/images/ephemeral/one.png?...",
        "client": f"ideogram-ai {ideogram.__version__}",
        "contract_sha256": CONTRACT_SHA256,
    }
    assert list(described["request"]["json_prompt"]) == list(PROMPT)
    assert list(tmp_path.iterdir()) == [path]
    assert described == describe_image(generation, generation.images[0])
    assert generate("sync", Service(), **described["request"]).request == generation.request
    withheld = json.loads(save(tmp_path / "none", changes={"url": None, "is_image_safe": False}).read_bytes())
    assert (withheld["link"], withheld["is_image_safe"], withheld["seed"]) == (None, False, 7)


def test_a_png_gets_the_same_text_and_keeps_its_pixels(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "somebody else's")
    path = drawn(tmp_path / "cat.png", pnginfo=info)
    before = path.read_bytes()
    sidecar = save(path, embed=True)
    assert pixels(path.read_bytes()) == pixels(before)
    assert embedded(path) == {"ideogram-ai": sidecar.read_text("utf-8"), "Software": "somebody else's"}
    with Image.open(path) as image:
        image.verify()
    for written in (path.read_bytes(), sidecar.read_bytes()):
        assert KEY.encode() not in written
        assert SIGNATURE.encode() not in written
    # Saving again replaces the text.
    size = path.stat().st_size
    assert save(path, changes={"seed": 8}, embed=True) == sidecar
    assert path.stat().st_size == size
    assert json.loads(embedded(path)["ideogram-ai"])["seed"] == json.loads(sidecar.read_bytes())["seed"] == 8
    assert path.read_bytes().count(b"iTXt") == 1


def xmp(packet: bytes, *, compressed: bool = False) -> bytes:
    """A chunk with a packet of XMP, as the XMP specification puts it into a PNG."""
    flags = b"\1\0" if compressed else b"\0\0"
    return png_chunk(b"iTXt", b"XML:com.adobe.xmp\0" + flags + b"en\0words\0" + packet)


PROVENANCE = b'<rdf:Description dcterms:provenance="https://cai.example/manifest.c2pa"/>'
PLAIN = b'<rdf:Description dc:title="a cat"/>'
CREDENTIALS = {
    "chunk caBX": png_chunk(b"caBX", b"\0\0\0\x20jumb" + b"\xff" * 300),
    "XMP in a chunk iTXt": xmp(PROVENANCE),
    "XMP in a chunk iTXt, compressed": xmp(zlib.compress(PROVENANCE), compressed=True),
}
NONE = {
    "XMP": xmp(PLAIN),
    "compressed XMP": xmp(zlib.compress(PLAIN), compressed=True),
    "broken XMP": xmp(b"c2pa", compressed=True),
    "words about them": png_chunk(b"iTXt", b"Comment\0\0\0\0\0" + PROVENANCE),
}


def with_chunk(path: Path, chunk: bytes) -> Path:
    png = drawn(path).read_bytes()
    path.write_bytes(png[:33] + chunk + png[33:])
    return path


def test_content_credentials_are_kept_without_break_credentials(tmp_path: Path) -> None:
    for name, chunk in CREDENTIALS.items():
        with case(name):
            folder = tmp_path / name
            folder.mkdir()
            path = with_chunk(folder / "cat.png", chunk)
            before = path.read_bytes()
            error = raised(DownloadError, save, path, embed=True)
            assert error.reason is ideogram.DownloadReason.UNWRITABLE
            assert f"content credentials ({name.partition(',')[0]})" in error.message
            assert "pass break_credentials=True" in error.message
            assert list(folder.iterdir()) == [path]
            sidecar = save(path)
            assert path.read_bytes() == before
            save(path, embed=True, break_credentials=True)
            assert embedded(path)["ideogram-ai"] == sidecar.read_text("utf-8")
            assert chunk in path.read_bytes()
    for name, chunk in NONE.items():
        path = with_chunk(tmp_path / "cat.png", chunk)
        assert save(path, embed=True).exists(), name
        assert b"iTXtideogram-ai" in path.read_bytes(), name


def test_another_format_is_unchanged_and_a_broken_png_does_no_harm(tmp_path: Path) -> None:
    for format_ in ("JPEG", "GIF"):
        path = drawn(tmp_path / "cat", format_)
        before = path.read_bytes()
        assert save(path, embed=True).exists(), format_
        assert path.read_bytes() == before, format_
    for rest in (b"", b"\0", b"\0\0\0\x0dIHDR", b"\xff" * 40, b"\0\0\0\0IEND\xae\x42\x60\x82"):
        path = tmp_path / "cat.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + rest)
        assert save(path, embed=True).exists(), rest
        assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n"), rest
        assert rest[:12] in path.read_bytes(), rest


@given(prompt=st.text(st.characters()), more=st.text(st.characters(exclude_categories=["Cs"])))
@example(prompt="half a surrogate pair: \ud800", more="")
def test_any_text_can_be_saved(tmp_path_factory: pytest.TempPathFactory, prompt: str, more: str) -> None:
    path = drawn(tmp_path_factory.getbasetemp() / "any.png")
    generation = generate("sync", Service(success(entry(prompt=prompt))), text_prompt=more)
    sidecar = save_sidecar(generation, generation.images[0], path, embed=True)
    described = json.loads(sidecar.read_bytes())
    assert (described["prompt"], described["request"]) == (prompt, {"text_prompt": more})
    assert json.loads(embedded(path)["ideogram-ai"]) == described


def test_a_path_that_cannot_be_written_is_an_error_and_everything_else_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("mine")
    for name in ("missing/cat.png", "file.txt/cat.png", "n" * 300, "a\0b", ""):
        for embed in (False, True):
            with case((name, embed)), pytest.raises(DownloadError, match="cannot be written") as caught:
                save(f"{tmp_path}/{name}" if name else "", embed=embed)
            assert caught.value.reason is ideogram.DownloadReason.UNWRITABLE
            assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]
    assert (tmp_path / "file.txt").read_text() == "mine"
    path = drawn(tmp_path / "cat.png")
    before = pixels(path.read_bytes())
    (tmp_path / "cat.png.json").mkdir()
    raised(DownloadError, save, path, embed=True, match="The image itself is saved")
    assert pixels(path.read_bytes()) == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["cat.png", "cat.png.json", "file.txt"]
