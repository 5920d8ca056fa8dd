"""Which hosts and addresses the client connects to: those of its base URL, and those of links to images.

A link comes from a response, so an attacker who forges one chooses where the client connects to. Hence https, public
addresses, and a check of the address that was really connected to.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from attrs import frozen

from .errors import NOTHING_SENT, ConfigurationError, DownloadError, DownloadReason
from .redaction import shorten_link

if TYPE_CHECKING:
    from collections.abc import Callable

# Not `is_private`: that includes 198.18.0.0/15, which some VPN clients give to every public name.
_PRIVATE_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "::/128", "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MAX_PORT = 65535


def is_loopback(host: str) -> bool:
    """Whether a host name or address stays on this machine."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_loopback(host: str) -> Callable[[str, str], None]:
    """A check of the host and address of a connection: http to the base URL's host has to stay on this machine.

    Its name may resolve to any address. The check raises ConfigurationError before anything is sent.
    """

    def check_peer(connected_host: str, address: str) -> None:
        # A host other than the base URL's is a proxy of the caller's HTTP client: it connects by itself.
        if connected_host.strip("[]").lower() == host and not is_loopback(address.partition("%")[0]):
            raise ConfigurationError(
                f"base_url: {host} is {address} here, which is another machine, and over http the API key could be "
                f"read by others on the network. Use https. {NOTHING_SENT}"
            )

    return check_peer


@frozen
class DownloadURLPolicy:
    """Which links may be fetched, given the base URL of the API.

    Attributes:
        base_host: The host of the base URL. Its own images may have any address, because the caller chose that host.
        private: Whether the base URL itself has a private address; then images may have private addresses.
        loopback: Whether the base URL is this machine; then loopback links may use http.
        plain: Whether the base URL is http, which the caller allowed; then links to its host may be http too.
    """

    base_host: str
    private: bool
    loopback: bool
    plain: bool

    @classmethod
    def of(cls, base_url: str) -> DownloadURLPolicy:
        """The policy for a base URL."""
        parts = urlsplit(base_url)
        host = (parts.hostname or "").lower()
        loopback = is_loopback(host)
        return cls(host, private=loopback or _is_private(host), loopback=loopback, plain=parts.scheme == "http")

    def check(self, url: str) -> Callable[[str, str], None]:
        """Check a link before it is fetched; return a check of the host and address of the connection.

        Raises:
            DownloadError: The link may not be fetched; its reason is FORBIDDEN_ADDRESS.
        """
        try:
            link = httpx.URL(url)  # any other parser could check another host than the one that is connected to
        except (httpx.InvalidURL, ValueError):
            raise _forbidden(url, "this is no URL") from None
        if link.port is not None and not 0 < link.port <= _MAX_PORT:
            raise _forbidden(url, f"there is no port {link.port}")
        # Not `link.host`: this is what is connected to, an international name in its ASCII form.
        host = link.raw_host.decode("ascii")
        if not host or link.scheme not in {"https", "http"}:
            raise _forbidden(url, "images are fetched over https")
        may_be_plain = (self.loopback and is_loopback(host)) or (self.plain and host == self.base_host)
        if link.scheme == "http" and not may_be_plain:
            raise _forbidden(url, "images are fetched over https, and http would let others read and change them")
        if link.userinfo:
            raise _forbidden(url, "it carries a user name")
        may_be_private = self.private or host == self.base_host
        into_private = "it leads to an address inside a private network or this machine"
        if (_is_private(host) or is_loopback(host)) and not may_be_private:
            raise _forbidden(url, into_private)

        def check_peer(connected_host: str, address: str) -> None:
            # A host other than the link's is a proxy of the environment: it connects by itself.
            if connected_host.strip("[]").lower() == host and _is_private(address) and not may_be_private:
                raise _forbidden(url, into_private)

        return check_peer


def follow(url: str, location: str) -> str:
    """The absolute URL of a redirect."""
    try:
        return str(httpx.URL(url).join(location))
    except (httpx.InvalidURL, ValueError):
        raise _forbidden(location, "this is no URL") from None


def _is_private(host: str) -> bool:
    """Whether a text is an address of a private network, a link or this machine."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            address = address.ipv4_mapped
        elif address in _NAT64:
            address = ipaddress.IPv4Address(address.packed[-4:])
    return any(address in network for network in _PRIVATE_NETWORKS)


def _forbidden(url: str, reason: str) -> DownloadError:
    return DownloadError(
        f"The link {shorten_link(url)} is not fetched: {reason}.", reason=DownloadReason.FORBIDDEN_ADDRESS
    )
