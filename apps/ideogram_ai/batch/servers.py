"""Which server made a row: the service, another machine, or one that only plays the service."""

from __future__ import annotations

from enum import IntEnum
from typing import Final
from urllib.parse import urlsplit

from ideogram_ai.client.config import is_loopback

MOCK: Final = "mock"
"""The mock server that lives as long as a rehearsal. Its address is another one each time."""
_PORTS: Final = {"http": 80, "https": 443}


class Rank(IntEnum):
    """What the images of a server are worth. What a lower one made counts as not made for a higher one."""

    MOCK = 0
    """A rehearsal."""
    LOOPBACK = 1
    """A server of this machine, which bills nobody: a mock server of its own process, for example."""
    REMOTE = 2
    """The service, or another machine: what it made may have been billed."""


def rank_of(server: str) -> Rank:
    """The rank of a server, as it is written down."""
    if server == MOCK:
        return Rank.MOCK
    return Rank.LOOPBACK if is_loopback(urlsplit(server).hostname or "") else Rank.REMOTE


def server_of(base_url: str) -> str:
    """The server of a base URL, as it is written down: its origin."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    port = "" if parts.port in {None, _PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"
