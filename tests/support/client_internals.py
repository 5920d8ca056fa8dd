"""The one place where the tests of promises reach behind the public names of the client: limits, clocks and checks."""

import ipaddress
import os
from typing import Any

import httpx
import pytest

from ideogram_ai.client import AsyncIdeogram, Ideogram, collector, core, credentials, deadlines, image_format, links
from ideogram_ai.client.calls import interrupt, interruption_in
from ideogram_ai.client.deadlines import cancel_late, cut_off
from ideogram_ai.client.exchange import Outgoing, Sleep, Watch, _has_spoken

__all__ = [
    "Outgoing", "Sleep", "Watch", "allow_addresses", "cancel_late", "cut_off", "forked_child_has_own_tls", "grace",
    "has_spoken", "interrupt", "interruption_in", "limit_body", "limit_last_look", "limit_pieces",
    "limit_used_connections", "only_names_are_loopback", "read_limit_of_own_async_client", "system_proxies",
]  # fmt: skip
_SEND = ("ideogram_ai.client.core", "ideogram_ai.client.sync_client", "ideogram_ai.client.async_client")


def limit_body(size: int) -> None:
    """Read responses of at most this size, for the rest of the process."""
    assert size < collector.MAX_ANSWER_BYTES
    collector.MAX_ANSWER_BYTES = size


def limit_pieces(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Walk an image of at most so many pieces."""
    monkeypatch.setattr(image_format, "_MAX_PIECES", count)


def limit_used_connections(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Refuse a pool that offers more used connections than this."""
    assert count < core.MOST_USED_CONNECTIONS
    for module in _SEND:
        monkeypatch.setattr(f"{module}.MOST_USED_CONNECTIONS", count)


def limit_last_look(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Read what lies in the socket for so long after a time limit."""
    monkeypatch.setattr(deadlines, "_LAST_LOOK", seconds)


def grace(until: float) -> float:
    """Seconds for what lies in the socket after this time limit."""
    return deadlines._grace(until)


def allow_addresses(monkeypatch: pytest.MonkeyPatch, public: str, inner: str) -> None:
    """Make the client take one address of this machine for a public one; the rest of the machine stays inside."""
    networks = [network for network in links._INNER_NETWORKS if ipaddress.ip_address(public) not in network]
    monkeypatch.setattr(links, "_INNER_NETWORKS", (*networks, ipaddress.ip_network(f"{inner}/32")))


def only_names_are_loopback(monkeypatch: pytest.MonkeyPatch, foreign: str) -> None:
    """Make the client take this address of this machine for another machine."""
    monkeypatch.setattr(credentials, "is_loopback", lambda name: name.endswith("localhost") and name != foreign)


def system_proxies(monkeypatch: pytest.MonkeyPatch, **proxies: str) -> None:
    """Set the proxies of the system, as macOS and Windows have them."""
    monkeypatch.setattr("ideogram_ai.client.environment.getproxies", lambda: proxies)


def forked_child_has_own_tls() -> bool:
    """Whether a client that made its settings of TLS makes new ones after a fork, and keeps them otherwise."""
    environment = Ideogram("sentinel-3f9c2b7d51e84a06")._environment
    parents = environment._tls()
    assert environment._tls() is parents
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, b"0" if environment._tls() is parents else b"1")
        os._exit(0)
    os.waitpid(child, 0)
    with open(read, "rb") as said, open(write, "wb"):
        return said.read(1) == b"1"


def has_spoken(stream: Any) -> bool:
    """Whether something came over a connection before the request was sent."""
    return _has_spoken(stream)


def read_limit_of_own_async_client(outgoing: Outgoing, *, own: bool) -> float | None:
    """The limit on silence that the network gets, for a client of our own or a lent one."""
    core = AsyncIdeogram("sentinel-3f9c2b7d51e84a06")._core
    limits = core.request(httpx.AsyncClient(), outgoing, print, own=own).extensions["timeout"]
    limit: float | None = limits["read"]
    return limit
