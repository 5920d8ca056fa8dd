"""Which image links may be fetched, and from which addresses.

A link comes out of an answer, so whoever can forge an answer chooses where the client connects to. Hence https, public
addresses, and a check of the address that was really connected to, which no name server can talk its way around.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from attrs import frozen

from .credentials import is_loopback
from .errors import DownloadError, DownloadReason
from .redaction import shorten_link

if TYPE_CHECKING:
    from collections.abc import Callable

# Not `is_private`: that has the range 198.18.0.0/15 too, which some VPN clients give to every public name.
_INNER_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "::/128", "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MAX_PORT = 65535


@frozen
class LinkRules:
    """What is allowed, given the base URL of the API.

    Attributes:
        base_host: Host of the base URL. Its own images may lie on any address, because the caller chose that host.
        inner: Whether the base URL itself names an inner address; then images may lie on inner addresses.
        loopback: Whether the base URL stays on this machine; then loopback links may use http.
        plain: Whether the base URL is http, which only a caller can have allowed; then links to its host may be too.
    """

    base_host: str
    inner: bool
    loopback: bool
    plain: bool

    @classmethod
    def of(cls, base_url: str) -> LinkRules:
        """The rules that follow from a base URL."""
        parts = urlsplit(base_url)
        host = (parts.hostname or "").lower()
        return cls(
            base_host=host,
            inner=is_loopback(host) or _is_inner(host),
            loopback=is_loopback(host),
            plain=parts.scheme == "http",
        )

    def check(self, url: str) -> Callable[[str, str], None]:
        """Check a link before it is fetched.

        Args:
            url: An absolute URL.

        Returns:
            A check of the host that is connected to and the address behind it, to be called before anything is sent.

        Raises:
            DownloadError: The link may not be fetched; its reason is FORBIDDEN_ADDRESS.
        """
        link = _parse(url)
        # Not `link.host`: this is what is connected to, an international name in its ASCII form.
        host = link.raw_host.decode("ascii")
        if not host or link.scheme not in {"https", "http"}:
            raise _forbidden(url, "images are fetched over https")
        if link.scheme == "http" and not self._may_be_plain(host):
            raise _forbidden(url, "images are fetched over https, and http would let others read and change them")
        if link.userinfo:
            raise _forbidden(url, "it carries a user name")
        if _is_inner(host) or is_loopback(host):
            self._refuse_inner(url, host)

        def check_peer(connected_host: str, address: str) -> None:
            # Another host than the link's is a proxy of the environment: it connects on its own account.
            if connected_host.strip("[]").lower() == host and _is_inner(address):
                self._refuse_inner(url, host)

        return check_peer

    def _may_be_plain(self, host: str) -> bool:
        return (self.loopback and is_loopback(host)) or (self.plain and host == self.base_host)

    def _refuse_inner(self, url: str, host: str) -> None:
        if not self.inner and host != self.base_host:
            raise _forbidden(url, "it leads to an address inside a private network or this machine")


def follow(url: str, location: str) -> str:
    """The absolute URL that a redirect leads to.

    Args:
        url: Where the redirect came from.
        location: Its Location header.

    Raises:
        DownloadError: It leads to no URL.
    """
    try:
        return str(httpx.URL(url).join(location))
    except (httpx.InvalidURL, ValueError):
        raise _forbidden(location, "this is no URL") from None


def _parse(url: str) -> httpx.URL:
    """The URL as httpx reads it: whoever reads it in another way checks another host than the one connected to."""
    try:
        link = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise _forbidden(url, "this is no URL") from None
    if link.port is not None and not 0 < link.port <= _MAX_PORT:
        raise _forbidden(url, f"there is no port {link.port}")
    return link


def _is_inner(host: str) -> bool:
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
    return any(address in network for network in _INNER_NETWORKS)


def _forbidden(url: str, reason: str) -> DownloadError:
    return DownloadError(
        f"The link {shorten_link(url)} is not fetched: {reason}.", reason=DownloadReason.FORBIDDEN_ADDRESS
    )
