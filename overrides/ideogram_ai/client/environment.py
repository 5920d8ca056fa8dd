"""What the environment says of proxies and certificates: checked before anything is sent, named when it is wrong."""

from __future__ import annotations

import os
import ssl
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx

from .errors import ConfigurationError
from .fields import NOTHING_SENT

if TYPE_CHECKING:
    from collections.abc import Callable

AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""The variables that httpx takes certificate authorities from, the first one that is set."""


class Environment:
    """How HTTP clients of our own are made.

    Args:
        base_url: The API's server.
        loopback: Whether that is this machine. Then no proxy stands in between: over http, it would read the key.
        lent: Whether every HTTP client is the caller's, so that nothing of this matters.

    Raises:
        ConfigurationError: A variable names a proxy or certificates that cannot be used.
    """

    def __init__(self, base_url: str, *, loopback: bool, lent: bool) -> None:
        self._near = {urlsplit(base_url).hostname, "localhost", "127.0.0.1", "::1"} if loopback else set[str]()
        self._context: tuple[int, ssl.SSLContext] | None = None
        if lent:
            return
        if not self._is_near(base_url):
            _check_proxies()
        if base_url.startswith("https:"):
            self._tls()

    def options(self, url: str, transport: Callable[..., Any]) -> dict[str, Any]:
        """How a client for one request is made: with no cookies, no redirects, and the proxy that is set, if any.

        Args:
            url: Where the request goes.
            transport: Makes a transport of httpx, from the same options as that.

        Raises:
            ConfigurationError: As for the class, if that did not matter for the API's server.
        """
        # Without TLS no certificate matters, and a context without authorities trusts nobody.
        context = self._tls() if url.startswith("https:") else _nobody()
        options = {"cookies": _no_cookies(), "follow_redirects": False}
        if self._is_near(url) or not _proxies():
            return options | {"transport": transport(verify=context), "trust_env": False}
        _check_proxies()
        return options | {"verify": context}

    def _is_near(self, url: str) -> bool:
        return urlsplit(url).hostname in self._near

    def _tls(self) -> ssl.SSLContext:
        """Settings of TLS, made once: that takes longer than anything else. A forked child makes its own."""
        if self._context is None or self._context[0] != os.getpid():
            self._context = os.getpid(), _make_context()
        return self._context[1]


def certificate_hint() -> str:
    """Where the authorities come from that a certificate was held against, if the environment says so."""
    name = _set_of(AUTHORITIES)
    return f"{name} is set, so only the authorities of {os.environ[name]!r} are trusted." if name else ""


def _make_context() -> ssl.SSLContext:
    name = _set_of(AUTHORITIES)
    folders = os.environ[name].split(os.pathsep) if name == "SSL_CERT_DIR" else []
    if folders and not any(map(os.path.isdir, folders)):
        raise _unusable("SSL_CERT_DIR", "there is no such folder")  # OpenSSL would trust nobody, without a word
    try:
        return httpx.create_ssl_context()
    except (OSError, ValueError) as error:
        why = _words(error)
    try:
        httpx.create_ssl_context(trust_env=False)
    except (OSError, ValueError):
        name = _set_of(("SSLKEYLOGFILE", "OPENSSL_CONF"))
    if name is None:
        raise ConfigurationError(f"The certificate authorities cannot be read: {why}. {NOTHING_SENT}")
    raise _unusable(name, why)


def _proxies() -> dict[str, str]:
    """The proxies that httpx heeds, of the environment or of the system's settings, by scheme."""
    proxies = getproxies()
    return {scheme: proxies[scheme] for scheme in ("http", "https", "all") if proxies.get(scheme)}


def _check_proxies() -> None:
    for scheme, address in _proxies().items():
        try:
            httpx.HTTPTransport(proxy=address if "://" in address else f"http://{address}", verify=_nobody())
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            upper = f"{scheme}_proxy".upper()
            name = next((name for name in (upper.lower(), upper) if os.environ.get(name) == address), None)
            raise _unusable(name or f"the system's proxy for {scheme}", _words(error), address) from None
    try:
        httpx.Client(verify=_nobody()).close()
    except (ValueError, httpx.InvalidURL) as error:
        raise _unusable(_set_of(("no_proxy", "NO_PROXY")) or "the system's proxy settings", _words(error)) from None


@cache
def _nobody() -> ssl.SSLContext:
    """A context that trusts nobody, where none is needed."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _set_of(names: tuple[str, ...]) -> str | None:
    return next((name for name in names if os.environ.get(name)), None)


def _words(error: Exception) -> str:
    return " ".join((getattr(error, "strerror", None) or str(error)).split()).rstrip(".")


def _unusable(name: str, why: str, value: str | None = None) -> ConfigurationError:
    value = os.environ.get(name, "") if value is None else value
    shown = value if "@" not in value else f"...@{value.rpartition('@')[2]}"  # a proxy's password is nobody's business
    return ConfigurationError(f"{name}={shown[:200]!r} cannot be used: {why}. Correct or unset it. {NOTHING_SENT}")


def _no_cookies() -> CookieJar:
    """A jar that takes no cookie, so that nothing is carried from one image host to another."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))
