"""Writes down how an image came to be: a JSON file beside it, and the same text inside a PNG."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ideogram_ai.generated.contract import CONTRACT_SHA256

from .errors import DownloadError, DownloadReason
from .redaction import shorten_link
from .version import __version__

if TYPE_CHECKING:
    from .generation import GeneratedImage, Generation

KEYWORD = "ideogram-ai"
"""The keyword of the text chunk inside a PNG."""
_XMP = b"XML:com.adobe.xmp"
_MAX_XMP = 16 * 1024 * 1024
_POINTS_TO_CREDENTIALS = re.compile(rb"c2pa|dcterms:provenance|contentcredentials", re.IGNORECASE)
"""XMP names a manifest that lies elsewhere in dcterms:provenance."""
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def describe_image(generation: Generation, image: GeneratedImage) -> dict[str, Any]:
    """What is worth keeping of an image: prompt, seed, resolution, request and time. No key, no signature of the link.

    Args:
        generation: The answer.
        image: One of its images.
    """
    return {
        "prompt": image.prompt,
        "seed": image.seed,
        "resolution": image.resolution,
        "is_image_safe": image.is_image_safe,
        "created": generation.created.isoformat() if generation.created else None,
        "request": dict(generation.request),
        "link": shorten_link(image.url) if image.url else None,
        "client": f"ideogram-ai {__version__}",
        "contract_sha256": CONTRACT_SHA256,
    }


def save_sidecar(
    generation: Generation,
    image: GeneratedImage,
    path: str | os.PathLike[str],
    *,
    embed: bool = False,
    break_credentials: bool = False,
) -> Path:
    """Write how an image came to be into a JSON file beside it.

    Args:
        generation: The answer.
        image: One of its images, saved at `path`.
        path: The saved image.
        embed: Write the same into the image too, if it is a PNG, as a text chunk; its pixels stay untouched.
        break_credentials: Do so even if the image carries content credentials (C2PA), whose signature that breaks.

    Returns:
        The path of the JSON file: the image's with `.json` added.

    Raises:
        DownloadError: A file cannot be written, or the image carries content credentials; the image stays as it was.
            Reason UNWRITABLE.
    """
    image_path = Path(path)
    # ASCII escapes, because a service can answer half a surrogate pair, which no UTF-8 file can hold.
    text = json.dumps(describe_image(generation, image), indent=2, ensure_ascii=True) + "\n"
    try:
        sidecar_path = image_path.with_name(f"{image_path.name}.json")
        if embed and (data := image_path.read_bytes()).startswith(_PNG_SIGNATURE):
            if not break_credentials:
                _refuse_credentials(image_path, data)
            _replace(image_path, _with_text(data, text))
        _replace(sidecar_path, text.encode())
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise DownloadError(
            f"{f'{image_path}.json'!r} cannot be written: {why}. The image itself is saved.",
            reason=DownloadReason.UNWRITABLE,
        ) from error
    return sidecar_path


def _refuse_credentials(path: Path, png: bytes) -> None:
    found = next((name for chunk in _chunks(png) if (name := _credentials_in(chunk))), None)
    if found is not None:
        raise DownloadError(
            f"{str(path)!r} carries content credentials ({found}), and a text in it would break their signature. Leave "
            "embed out, and the same text stands in the JSON file alone; or pass break_credentials=True. Nothing was "
            "written, and the image stays as it was.",
            reason=DownloadReason.UNWRITABLE,
        )


def _credentials_in(chunk: bytes) -> str | None:
    """What content credentials a chunk of a PNG holds, or points to; None for none."""
    kind, content = chunk[4:8], chunk[8:-4]
    if kind == b"caBX":
        return "chunk caBX"
    if kind == b"iTXt" and content.startswith(_XMP + b"\0"):
        packet = content[len(_XMP) + 3 :].split(b"\0", 2)[-1]  # behind compression, language and translated keyword
        if content[len(_XMP) + 1 : len(_XMP) + 2] == b"\1":
            packet = _expanded(packet)
        if _POINTS_TO_CREDENTIALS.search(packet):
            return "XMP in a chunk iTXt"
    return None


def _expanded(packet: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packet, _MAX_XMP)
    except zlib.error:
        return b""


def _with_text(png: bytes, text: str) -> bytes:
    """A PNG with an international text chunk after its header chunk, in place of an earlier one of ours."""
    payload = KEYWORD.encode() + b"\0\0\0\0\0" + text.encode()
    ours = b"iTXt" + KEYWORD.encode() + b"\0"
    chunks = [chunk for chunk in _chunks(png) if not chunk[4:].startswith(ours)]
    kind = b"iTXt"
    added = struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))
    return b"".join((_PNG_SIGNATURE, *chunks[:1], added, *chunks[1:]))


def _chunks(png: bytes) -> list[bytes]:
    """The chunks of a PNG, whole; what follows a broken length is one last piece."""
    chunks: list[bytes] = []
    position = len(_PNG_SIGNATURE)
    while position < len(png):
        end = position + 12 + int.from_bytes(png[position : position + 4], "big")
        chunks.append(png[position:end])
        position = end
    return chunks


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
