"""What is written beside an image, and into a PNG: how it came to be, and nothing secret."""

import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from canned import Service, entry, success
from driver import KEY, generate
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from ideogram_ai.client import (
    DownloadError,
    DownloadReason,
    Generation,
    __version__,
    describe_image,
    save_sidecar,
)
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


def test_the_file_beside_the_image_says_how_it_came_to_be(tmp_path: Path) -> None:
    generation = made()
    path = save_sidecar(generation, generation.images[0], tmp_path / "cat.png")
    assert path == tmp_path / "cat.png.json"
    assert json.loads(path.read_bytes()) == {
        "prompt": "caf\u00e9 \U0001f408",
        "seed": 7,
        "resolution": "1024x1024",
        "is_image_safe": True,
        "created": "2026-10-07T12:00:00+00:00",
        "request": {"json_prompt": PROMPT, "resolution": "1024x1024"},
        "link": "https://ideogram.ai/api/images/ephemeral/one.png?...",
        "client": f"ideogram-ai {__version__}",
        "contract_sha256": CONTRACT_SHA256,
    }
    assert list(json.loads(path.read_bytes())["request"]["json_prompt"]) == list(PROMPT)
    assert list(tmp_path.iterdir()) == [path]


def test_it_is_what_describe_image_says_and_can_be_sent_again(tmp_path: Path) -> None:
    generation = made()
    path = save_sidecar(generation, generation.images[0], str(tmp_path / "cat.png"))
    described = json.loads(path.read_bytes())
    assert described == describe_image(generation, generation.images[0])
    service = Service()
    again = generate("sync", service, **described["request"])
    assert again.request == generation.request


@pytest.mark.parametrize("embed", [False, True])
def test_neither_key_nor_signature_is_written(embed: bool, tmp_path: Path) -> None:
    image = drawn(tmp_path / "cat.png")
    generation = made()
    save_sidecar(generation, generation.images[0], image, embed=embed)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert KEY.encode() not in written
    assert SIGNATURE.encode() not in written


def test_a_png_holds_the_same_text_and_the_same_pixels(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "somebody else's")
    path = drawn(tmp_path / "cat.png", pnginfo=info)
    before = path.read_bytes()
    generation = made()
    sidecar = save_sidecar(generation, generation.images[0], path, embed=True)
    assert pixels(path.read_bytes()) == pixels(before)
    assert embedded(path) == {"ideogram-ai": sidecar.read_text("utf-8"), "Software": "somebody else's"}
    with Image.open(path) as image:
        image.verify()


def test_writing_again_replaces_what_was_written(tmp_path: Path) -> None:
    path = drawn(tmp_path / "cat.png")
    first, second = made(), made(seed=8)
    save_sidecar(first, first.images[0], path, embed=True)
    size = path.stat().st_size
    sidecar = save_sidecar(second, second.images[0], path, embed=True)
    assert path.stat().st_size == size
    assert json.loads(embedded(path)["ideogram-ai"])["seed"] == json.loads(sidecar.read_bytes())["seed"] == 8
    assert path.read_bytes().count(b"iTXt") == 1


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


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


@pytest.mark.parametrize("found", CREDENTIALS)
def test_content_credentials_are_not_broken_unless_told(found: str, tmp_path: Path) -> None:
    path = with_chunk(tmp_path / "cat.png", CREDENTIALS[found])
    before = path.read_bytes()
    generation = made()
    with pytest.raises(DownloadError) as caught:
        save_sidecar(generation, generation.images[0], path, embed=True)
    assert caught.value.reason is DownloadReason.UNWRITABLE
    assert f"content credentials ({found.partition(',')[0]})" in caught.value.message
    assert "pass break_credentials=True" in caught.value.message
    assert list(tmp_path.iterdir()) == [path]
    sidecar = save_sidecar(generation, generation.images[0], path)
    assert path.read_bytes() == before
    save_sidecar(generation, generation.images[0], path, embed=True, break_credentials=True)
    assert embedded(path)["ideogram-ai"] == sidecar.read_text("utf-8")
    assert CREDENTIALS[found] in path.read_bytes()


@pytest.mark.parametrize("found", NONE)
def test_what_is_no_content_credential_keeps_nobody_from_embedding(found: str, tmp_path: Path) -> None:
    path = with_chunk(tmp_path / "cat.png", NONE[found])
    generation = made()
    assert save_sidecar(generation, generation.images[0], path, embed=True).exists()
    assert b"iTXtideogram-ai" in path.read_bytes()


@pytest.mark.parametrize("kind", ["JPEG", "GIF"])
def test_an_image_of_another_format_is_left_as_it_is(kind: str, tmp_path: Path) -> None:
    path = drawn(tmp_path / "cat", kind)
    before = path.read_bytes()
    generation = made()
    assert save_sidecar(generation, generation.images[0], path, embed=True).exists()
    assert path.read_bytes() == before


@pytest.mark.parametrize("rest", [b"", b"\0", b"\0\0\0\x0dIHDR", b"\xff" * 40, b"\0\0\0\0IEND\xae\x42\x60\x82"])
def test_what_only_begins_like_a_png_does_no_harm(rest: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + rest)
    generation = made()
    assert save_sidecar(generation, generation.images[0], path, embed=True).exists()
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert rest[:12] in path.read_bytes()


def test_a_withheld_image_can_be_written_down_too(tmp_path: Path) -> None:
    generation = made(url=None, is_image_safe=False)
    described = json.loads(save_sidecar(generation, generation.images[0], tmp_path / "none").read_bytes())
    assert (described["link"], described["is_image_safe"], described["seed"]) == (None, False, 7)


@given(prompt=st.text(st.characters()), more=st.text(st.characters(exclude_categories=["Cs"])))
@example(prompt="half a surrogate pair: \ud800", more="")
def test_any_text_can_be_written(tmp_path_factory: pytest.TempPathFactory, prompt: str, more: str) -> None:
    path = drawn(tmp_path_factory.getbasetemp() / "any.png")
    generation = generate("sync", Service(success(entry(prompt=prompt))), text_prompt=more)
    sidecar = save_sidecar(generation, generation.images[0], path, embed=True)
    described = json.loads(sidecar.read_bytes())
    assert (described["prompt"], described["request"]) == (prompt, {"text_prompt": more})
    assert json.loads(embedded(path)["ideogram-ai"]) == described


@pytest.mark.parametrize("name", ["missing/cat.png", "file.txt/cat.png", "n" * 300, "a\0b", ""])
@pytest.mark.parametrize("embed", [False, True])
def test_a_place_that_cannot_be_written_to_is_told(name: str, embed: bool, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("mine")
    generation = made()
    with pytest.raises(DownloadError, match="cannot be written") as caught:
        save_sidecar(generation, generation.images[0], f"{tmp_path}/{name}" if name else "", embed=embed)
    assert caught.value.reason is DownloadReason.UNWRITABLE
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]
    assert (tmp_path / "file.txt").read_text() == "mine"


def test_a_sidecar_that_cannot_be_replaced_leaves_the_image_and_no_half_file(tmp_path: Path) -> None:
    path = drawn(tmp_path / "cat.png")
    before = pixels(path.read_bytes())
    (tmp_path / "cat.png.json").mkdir()
    generation = made()
    with pytest.raises(DownloadError, match="The image itself is saved"):
        save_sidecar(generation, generation.images[0], path, embed=True)
    assert pixels(path.read_bytes()) == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["cat.png", "cat.png.json"]
