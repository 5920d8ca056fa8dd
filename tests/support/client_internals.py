"""The one place where the tests of promises reach behind the public names of the client: limits, clocks and checks."""

import ipaddress
from typing import Any

import pytest

from ideogram_ai.client import client, config, download, files, response, transport
from ideogram_ai.client.flow import Sleep, interrupt, interruption_in
from ideogram_ai.client.transport import PreparedRequest, TransportTrace, enforce_deadline, enforce_deadline_async

__all__ = [
    "PreparedRequest", "Sleep", "TransportTrace", "allow_addresses", "enforce_deadline", "enforce_deadline_async",
    "grace", "interrupt", "interruption_in", "limit_last_look", "limit_pieces", "limit_used_connections",
    "only_names_are_loopback", "system_proxies",
]  # fmt: skip


def limit_body(size: int) -> None:
    """Read responses of at most this size, for the rest of the process."""
    assert size < response.MAX_RESPONSE_BYTES
    vars(response)["MAX_RESPONSE_BYTES"] = size


def limit_pieces(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Walk an image of at most so many pieces."""
    monkeypatch.setattr(files, "_MAX_PIECES", count)


def limit_used_connections(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Refuse a pool that offers more used connections than this."""
    assert count < client.MAX_USED_CONNECTIONS
    monkeypatch.setattr(client, "MAX_USED_CONNECTIONS", count)


def limit_last_look(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Read what lies in the socket for so long after a time limit."""
    monkeypatch.setattr(transport, "_LAST_LOOK", seconds)


def grace(until: float) -> float:
    """Seconds for what lies in the socket after this time limit."""
    return transport._grace(until)


def allow_addresses(monkeypatch: pytest.MonkeyPatch, public: str, inner: str) -> None:
    """Make the client take one address of this machine for a public one; the rest of the machine stays inside."""
    networks = [network for network in download._PRIVATE_NETWORKS if ipaddress.ip_address(public) not in network]
    monkeypatch.setattr(download, "_PRIVATE_NETWORKS", (*networks, ipaddress.ip_network(f"{inner}/32")))


def only_names_are_loopback(monkeypatch: pytest.MonkeyPatch, foreign: str) -> None:
    """Make the client take this address of this machine for another machine."""
    monkeypatch.setattr(config, "is_loopback", lambda name: name.endswith("localhost") and name != foreign)


def system_proxies(monkeypatch: pytest.MonkeyPatch, **proxies: str) -> None:
    """Set the proxies of the system, as macOS and Windows have them."""
    monkeypatch.setattr(transport, "getproxies", lambda: proxies)


def tls_context_of(ideogram: Any) -> Any:
    """The TLS settings that a client's connections use."""
    return ideogram._environment._tls()
