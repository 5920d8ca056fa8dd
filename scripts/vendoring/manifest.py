"""The file in a copy that says what was copied, and from what."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST: Final = "vendored.json"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a copy was made of.

    Attributes:
        distribution: Name of the distribution whose parts are copied.
        version: Its version.
        contract_sha256: SHA-256 of the contract that the copy follows.
        license: SPDX expression; the text lies in the file LICENSE.
        requires_python: The versions of Python that it runs on.
        dependencies: What has to be installed beside it.
        files: SHA-256 of each file by its path in the copy, the manifest left out.
    """

    distribution: str
    version: str
    contract_sha256: str
    license: str
    requires_python: str
    dependencies: list[str]
    files: dict[str, str]

    def to_bytes(self) -> bytes:
        """Write it: equal manifests are equal bytes."""
        return f"{json.dumps({**asdict(self), 'files': dict(sorted(self.files.items()))}, indent=2)}\n".encode()


def read_manifest(data: bytes) -> Manifest | None:
    """Read a manifest; None when it is damaged or was edited."""
    try:
        values: dict[str, Any] = json.loads(data)
        manifest = Manifest(**values)
        return manifest if manifest.to_bytes() == data else None
    except (ValueError, TypeError, AttributeError):
        return None


def hash_files(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of each file, in hex."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
