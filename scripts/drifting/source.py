"""Fetches the bytes of a document: from a file, or from an https address, in bounded size and time."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import httpx

from drifting.errors import DriftError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MAX_BYTES: Final = 20_000_000
"""The provider's document has 1.1 million."""
MAX_REDIRECTS: Final = 5
_HEADERS: Final = {"Accept": "application/json, application/yaml;q=0.9, */*;q=0.1", "User-Agent": "ideogram-ai drift"}


def read_source(source: str, *, timeout: float) -> bytes:
    """Read a document.

    Args:
        source: A file, or an https address; http is taken from this machine alone.
        timeout: Seconds that a download may take in all.

    Raises:
        DriftError: There is nothing to read, it is too large, or it does not come in time.
    """
    if "://" not in source:
        return _read_file(Path(source))
    try:
        return anyio.run(_download, source, timeout)
    except TimeoutError:
        raise DriftError(f"{_shown(source)} took longer than {timeout:g} seconds") from None
    except httpx.InvalidURL as error:
        raise DriftError(f"{source} is no address: {error}") from None
    except httpx.HTTPError as error:
        raise DriftError(f"{_shown(source)} cannot be read: {error or type(error).__name__}") from None


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            found = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise DriftError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(found) > MAX_BYTES:
        raise DriftError(f"{path} is larger than {MAX_BYTES} bytes")
    return found


async def _download(source: str, timeout: float) -> bytes:
    """Download all of it or fail; the time limit holds for everything, redirects and slow headers among it."""
    url = httpx.URL(source)
    with anyio.fail_after(timeout):
        async with httpx.AsyncClient(timeout=timeout, headers=_HEADERS, follow_redirects=False) as client:
            for _ in range(MAX_REDIRECTS + 1):
                _refuse_unsafe(url)
                async with client.stream("GET", url) as response:
                    if response.next_request is None:
                        return await _body(response)
                    url = response.next_request.url
    raise DriftError(f"{_shown(source)} redirects more than {MAX_REDIRECTS} times")


async def _body(response: httpx.Response) -> bytes:
    name = _shown(str(response.url))
    if not response.is_success:
        raise DriftError(f"{name} answered with status {response.status_code}, so there is no document")
    found = bytearray()
    chunks: AsyncIterator[bytes] = response.aiter_bytes()
    async for chunk in chunks:
        found += chunk
        if len(found) > MAX_BYTES:
            raise DriftError(f"{name} is larger than {MAX_BYTES} bytes")
    return bytes(found)


def _refuse_unsafe(url: httpx.URL) -> None:
    """Refuse what another could have changed on the way."""
    if url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.host)):
        return
    raise DriftError(f"{_shown(str(url))} is not read: only https addresses are, and http ones of this machine")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(source: str) -> str:
    """An address without what may be secret in it."""
    try:
        return str(httpx.URL(source).copy_with(userinfo=b"", query=None, fragment=None))
    except httpx.InvalidURL:
        return source
