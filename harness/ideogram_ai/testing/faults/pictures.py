"""Small whole pictures in formats other than PNG, and the places where a cut is easily overlooked."""

from __future__ import annotations

import base64
import struct
from typing import Final

_JPEG: Final = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71"
    "////m8H////6/+b9//j/2wBDASstLTw1PHZBQXb4pYyl+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4"
    "+Pj4+Pj4+Pj/wAARCAAQABADASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAQD/xAAgEAACAQMEAwAAAAAAAAAAAAABAhEA"
    "EiEiMVHwYXGx/8QAFQEBAQAAAAAAAAAAAAAAAAAAAAH/xAAVEQEBAAAAAAAAAAAAAAAAAAAAEf/aAAwDAQACEQMRAD8Am1CIZguL"
    "5g9yKAgCsqgmBzvnam8soKmSBmDv35QpIJtYBWEe+O+aJH//2Q=="
)

_THUMBNAIL: Final = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAKBueIx4ZKCMgoy0qqC+8P//8Nzc8P//////////////////////////////////////"
    "////////////////////2wBDAaq0tPDS8P//////////////////////////////////////////////////////////////////"
    "////////////wAARCAAIAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAL/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QA"
    "FAEBAAAAAAAAAAAAAAAAAAAAAv/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/AIAMX//Z"
)

WEBP: Final = base64.b64decode(
    "UklGRqgAAABXRUJQVlA4IJwAAADwAgCdASoQABAABUB8JbACdH8GJq2RMRAnOzDWXdtWAADiUE3f5aeP5700+DEKBjR1aQw+fIUj"
    "tbYIOn4dbivFOL498rhVPGWiWAtAMOfwdMqUTv2yi3nw08jXx6XGVzT/V8SbCM+Uwl28gX39wesg+Az8ZqgrjDP5C+NgUYqiAZUn"
    "l4Ub5EeDWxn4EtbDFefeb1nWtSUY/yBEQAA="
)

AVIF: Final = base64.b64decode(
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAA"
    "AAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAQQAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEA"
    "AGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAAEAAAABAAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwA"
    "AAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1hAAAAAAAAAAEAAQQBAoMEAAAASW1kYXQSAAoJGAz/2iAhoNCAMjIcR4eF3JppphYq"
    "qHt7mqL8KcfCx6EeTNO+MudR7tpYvq1ChVZGrgU9gL+vbReGZOyfYA=="
)

GIF: Final = base64.b64decode(
    "R0lGODdhEAAQAIIAALPckLKdcy7heDWghb1edTZjeLcldjQgjCwAAAAAEAAQAEAIsQAHCAAwoEABAAQOFBBgQIAAAg0NEBgAwAAA"
    "AQsHHLgYIMDFAQYKSCwwoOPBkgcMdDxQkqGBAwFcCmS5MYABAwVZDiDgUcDOnwBE8mQ4YGeAgwhJBihJwKBEngQcTiwIIMDEmAei"
    "srwY9WaBowJopqzqkaJHmFULRj0qUmFUnwUIVFQY4IDDig8JNBUQ0+dAnBoh2gRQM+XNqgoXVnQaVGPFmQcVSqSoMSTMv1mtxiUZ"
    "EAA7"
)


_SCAN: Final = b"\xff\xda"
_APP1: Final = b"\xff\xe1"
_LONG: Final = 4
_OFFSET_TAG: Final = 0x0201
_LENGTH_TAG: Final = 0x0202


def _exif(thumbnail: bytes) -> bytes:
    """A segment with an Exif header, an empty main directory, and one that names the thumbnail behind it."""
    first = 8
    second = first + 2 + 4
    place = second + 2 + 2 * 12 + 4
    entries = ((_OFFSET_TAG, place), (_LENGTH_TAG, len(thumbnail)))
    tiff = b"II*\0" + struct.pack("<I", first) + struct.pack("<HI", 0, second) + struct.pack("<H", len(entries))
    tiff += b"".join(struct.pack("<HHII", tag, _LONG, 1, value) for tag, value in entries) + struct.pack("<I", 0)
    data = b"Exif\0\0" + tiff + thumbnail
    return _APP1 + struct.pack(">H", len(data) + 2) + data


_BEGIN: Final = _JPEG[:2] + _exif(_THUMBNAIL)

JPEG: Final = _BEGIN + _JPEG[2:]
"""A JPEG with a thumbnail in it, which is a JPEG with an end of its own."""

JPEG_BEHIND_THUMBNAIL: Final = len(_BEGIN)
"""Where its thumbnail ends: the bytes before it end as a JPEG ends."""

JPEG_IN_SCAN: Final = (JPEG.rindex(_SCAN) + len(JPEG)) // 2
AVIF_IN_META: Final = AVIF.index(b"meta") + 20
AVIF_IN_MDAT: Final = AVIF.index(b"mdat") + 20
