"""The one place where the tests of promises reach behind the public names of the client: limits, clocks and checks."""

import ipaddress
import os
from typing import Any

import httpx
import pytest

from ideogram_ai.client import AsyncIdeogram, Ideogram, bodies, client, config, flow, formats, transport, url_policy
from ideogram_ai.client.events import EventReporter
from ideogram_ai.client.flow import Sleep, interrupt, interruption_in
from ideogram_ai.client.transport import (
    PreparedRequest,
    TransportTrace,
    _has_spoken,
    enforce_deadline,
    enforce_deadline_async,
)
from ideogram_ai.client.waiting import PollSchedule, wait_flow

__all__ = [
    "EventReporter", "PollSchedule", "PreparedRequest", "Sleep", "TransportTrace", "allow_addresses",
    "enforce_deadline", "enforce_deadline_async", "forget_announcements", "forget_process_state",
    "forked_child_has_own_tls", "grace", "has_spoken", "interrupt", "interruption_in", "limit_body",
    "limit_last_look", "limit_pieces", "limit_used_connections", "only_names_are_loopback",
    "read_limit_of_async_client", "system_proxies", "wait_flow",
]  # fmt: skip


def forget_announcements() -> None:
    """Let the end of an operation that the service announces be reported again: that is done once in a process."""
    flow._warned_of.clear()


def forget_process_state() -> None:
    """Forget what is made once in a process: coverage does not see what was made, or runs on, while it paused."""
    transport._deadlines.reset()
    config._no_authorities.cache_clear()


def limit_body(size: int, monkeypatch: pytest.MonkeyPatch | None = None) -> None:
    """Read responses of at most this size; without monkeypatch, for the rest of the process."""
    assert size < bodies.MAX_RESPONSE_BYTES
    (monkeypatch or pytest.MonkeyPatch()).setattr(bodies, "MAX_RESPONSE_BYTES", size)


def limit_pieces(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Walk an image of at most so many pieces."""
    monkeypatch.setattr(formats, "_MAX_PIECES", count)


def limit_used_connections(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Refuse a pool that offers more used connections than this."""
    assert count < client.MAX_USED_CONNECTIONS
    monkeypatch.setattr(client, "MAX_USED_CONNECTIONS", count)


def limit_last_look(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Read what lies in the socket for so long after a time limit."""
    monkeypatch.setattr(transport, "_GRACE", seconds)


def grace(until: float) -> float:
    """Seconds for what lies in the socket after this time limit."""
    return transport._grace(until)


def allow_addresses(monkeypatch: pytest.MonkeyPatch, public: str, inner: str) -> None:
    """Make the client take one address of this machine for a public one; the rest of the machine stays inside."""
    networks = [network for network in url_policy._PRIVATE_NETWORKS if ipaddress.ip_address(public) not in network]
    monkeypatch.setattr(url_policy, "_PRIVATE_NETWORKS", (*networks, ipaddress.ip_network(f"{inner}/32")))


def only_names_are_loopback(monkeypatch: pytest.MonkeyPatch, foreign: str) -> None:
    """Make the client take this address of this machine for another machine."""
    monkeypatch.setattr(url_policy, "is_loopback", lambda name: name.endswith("localhost") and name != foreign)


def system_proxies(monkeypatch: pytest.MonkeyPatch, **proxies: str) -> None:
    """Set the proxies of the system, as macOS and Windows have them."""
    monkeypatch.setattr(config, "getproxies", lambda: proxies)


def forked_child_has_own_tls() -> bool:
    """Whether a client that made its TLS settings makes new ones after a fork, and keeps them otherwise."""
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


def read_limit_of_async_client(request: PreparedRequest, *, lent: bool) -> float | None:
    """The limit on silence that the network gets, for an HTTP client of our own or a lent one."""
    ideogram = AsyncIdeogram("sentinel-3f9c2b7d51e84a06")
    http = httpx.AsyncClient() if lent else None
    limit: float | None = ideogram._build_request(request, print, http).extensions["timeout"]["read"]
    return limit
