"""What Ideogram and AsyncIdeogram share: settings, and the flows that are made of them."""

from __future__ import annotations

import os
from functools import cached_property, lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.request import getproxies

import httpx
from attrs import evolve, field, frozen

from ideogram_ai.generated.operations import API_KEY_HEADER

from .calls import call_flow
from .credentials import take_base_url
from .download import MAX_IMAGE_BYTES, DownloadJob, download_flow
from .errors import ConfigurationError, RequestError
from .exchange import Outgoing, Timing
from .fields import build_model
from .judge import judge
from .links import LinkRules
from .redaction import ApiKey
from .retry import MAX_SECONDS, RetryPolicy
from .version import __version__
from .wire import JSON, Body, encode_body

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ideogram_ai.generated.operations import Operation

    from .calls import Judge
    from .exchange import Flow
    from .generation import GeneratedImage, Generation

T = TypeVar("T")

KEPT_IDLE: Final = 2.0
"""Seconds that a connection is kept without use. Servers hang up after 5 (uvicorn, node) or more, and nobody can tell
whether a request that crosses with that was run."""

DEFAULT_TIMEOUT = httpx.Timeout(connect=10.0, read=180.0, write=60.0, pool=10.0)
_HEADERS = {
    "Accept": "application/json",
    # None is asked for, so that a body is bounded by what it weighs on the wire.
    "Accept-Encoding": "identity",
    "Connection": "keep-alive",
    "User-Agent": f"ideogram-ai-python/{__version__}",
}


@frozen
class Core:
    """Settings of a client.

    Attributes:
        key: The API key.
        base_url: The API's server, without a slash at its end.
        timeout: Time limits unless a call has its own.
        retry: When a request is sent again.
        timing: Where time and chance come from.
        rules: Which image links may be fetched.
    """

    key: ApiKey
    base_url: str
    timeout: httpx.Timeout
    retry: RetryPolicy
    timing: Timing
    rules: LinkRules = field(repr=False)

    def call(
        self,
        operation: Operation,
        arguments: Mapping[str, object],
        *,
        extra_fields: Mapping[str, object] | None,
        timeout: float | httpx.Timeout | None,
    ) -> Flow[Generation]:
        """The flow of an operation that makes images; what cannot be sent is refused at once."""
        return self._call(operation, arguments, extra_fields=extra_fields, timeout=timeout, judge=judge)

    def call_other(
        self,
        operation: Operation,
        arguments: Mapping[str, object],
        *,
        extra_fields: Mapping[str, object] | None,
        timeout: float | httpx.Timeout | None,
    ) -> Flow[Any]:
        """The flow of any other operation."""
        from .other_answers import judge_other  # noqa: PLC0415 - few programs use another operation

        return self._call(operation, arguments, extra_fields=extra_fields, timeout=timeout, judge=judge_other)

    def _call(
        self,
        operation: Operation,
        arguments: Mapping[str, object],
        *,
        extra_fields: Mapping[str, object] | None,
        timeout: float | httpx.Timeout | None,
        judge: Judge[T],
    ) -> Flow[T]:
        model = build_model(operation, arguments, extra_fields or {})
        body = encode_body(operation, model)
        outgoing = Outgoing(
            to="api",
            method=operation.method,
            url=self.base_url + operation.path,
            headers=_HEADERS | ({"Content-Type": JSON} if body.content is not None else {}),
            timeout=self.timeout if timeout is None else take_timeout(timeout),
            body=body,
        )
        return call_flow(operation, outgoing, judge=judge, key=self.key, policy=self.retry, timing=self.timing)

    def download(
        self, image: GeneratedImage, path: str | os.PathLike[str], *, overwrite: bool, max_bytes: int | None
    ) -> Flow[Path]:
        """The flow that saves an image."""
        outgoing = Outgoing(
            to="images",
            method="GET",
            url=image.url or "",
            headers=_HEADERS | {"Accept": "image/*"},
            timeout=self.timeout,
        )
        job = DownloadJob(
            image=image,
            path=path,
            overwrite=overwrite,
            max_bytes=MAX_IMAGE_BYTES if max_bytes is None else max_bytes,
            outgoing=outgoing,
        )
        return download_flow(job, rules=self.rules, policy=self.retry, timing=self.timing)

    def with_retry(self, retry: RetryPolicy) -> Core:
        """The same settings with another retry policy."""
        return evolve(self, retry=retry)

    def client_options(self, tls: TLS, direct: httpx.AsyncBaseTransport | None = None) -> dict[str, Any]:
        """How the clients for the API and for images are made.

        Args:
            tls: Their settings of TLS.
            direct: What is used where no proxy stands in between; None for httpx's own.
        """
        # A proxy of the environment is passed by on the way to this machine: over http, it would read the key.
        near = {self.rules.base_host, "localhost", "127.0.0.1", "::1"} if self.rules.loopback else ()
        mounts = {f"all://[{host}]" if ":" in host else f"all://{host}": direct for host in near}
        # Unbounded: httpx fails whoever waits for a connection for a while, although nothing is wrong.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=KEPT_IDLE)
        options = {"cookies": _no_cookies(), "follow_redirects": False, "mounts": mounts, "limits": limits}
        if direct is None or _has_proxies():
            return options | {"verify": tls.context}
        return options | {"transport": direct}  # with which httpx would pass a proxy by

    def request(
        self, client: httpx.Client | httpx.AsyncClient, outgoing: Outgoing, trace: Callable[..., object], *, own: bool
    ) -> httpx.Request:
        """Make a request of httpx's. The key is added here, for the API alone, and kept nowhere else.

        Args:
            client: Where it will be sent through.
            outgoing: What is sent.
            trace: Is told what the transport does.
            own: Whether the client is ours. Others may bring headers, parameters and cookies along.
        """
        headers = dict(outgoing.headers)
        if outgoing.to == "api":
            headers[API_KEY_HEADER] = self.key.reveal()
        body = outgoing.body or Body()
        if body.parts:
            # Left to httpx, a Content-Type that a caller's http_client brings along would win, and lose the boundary.
            headers["Content-Type"] = f"multipart/form-data; boundary={os.urandom(16).hex()}"
        what: dict[str, Any] = {
            "method": outgoing.method,
            "url": _api_url(outgoing.url) if outgoing.to == "api" else outgoing.url,
            "headers": headers,
            "files": list(body.parts) or None,
            "content": body.content,
        }
        if own:
            request = httpx.Request(**what, extensions={"trace": trace, "timeout": outgoing.timeout.as_dict()})
        else:
            request = client.build_request(**what, timeout=outgoing.timeout, extensions={"trace": trace})
        request.read()  # in one piece, which is sent at once; httpx sends each part by itself
        return request


class TLS:
    """Settings of TLS, made once, when they are needed: that takes longer than anything else at the start."""

    @cached_property
    def context(self) -> ssl.SSLContext:
        """What httpx makes: the authorities of certifi, or those that SSL_CERT_FILE and SSL_CERT_DIR name."""
        return httpx.create_ssl_context()


def closed_error() -> RequestError:
    """The error of a client that is used after it was closed."""
    return RequestError("The client is closed. Make a new one. Nothing was sent, nothing billed.")


def make_core(
    key: ApiKey | str,
    *,
    base_url: str | None,
    timeout: float | httpx.Timeout | None,
    retry: RetryPolicy,
    timing: Timing,
    allow_http: bool = False,
) -> Core:
    """Check the settings.

    Args:
        key: What take_key returned: the key, or what is wrong with it.
        base_url: The API's server; None for IDEOGRAM_BASE_URL, or else the contract's server.
        timeout: Seconds of silence that are borne, or limits of each kind.
        retry: When a request is sent again.
        timing: Where time and chance come from.
        allow_http: Whether the base URL of another machine may be http.

    Raises:
        ConfigurationError: A setting cannot be used; the message names it and the cure.
    """
    if isinstance(key, str):
        raise ConfigurationError(f"{key} Nothing was sent, nothing billed.")
    url = take_base_url(base_url, allow_http=allow_http)
    limits = DEFAULT_TIMEOUT if timeout is None else take_timeout(timeout)
    return Core(key=key, base_url=url, timeout=limits, retry=retry, timing=timing, rules=LinkRules.of(url))


def take_timeout(value: float | httpx.Timeout) -> httpx.Timeout:
    """Finite time limits.

    Args:
        value: Seconds of silence that are borne while writing and reading (connecting keeps its own, shorter limit), or
            an httpx.Timeout.

    Raises:
        ConfigurationError: A limit is missing, too long or not positive: a client that waits for ever loses images.
    """
    given = value.as_dict() if isinstance(value, httpx.Timeout) else {"given": value}
    for name, seconds in given.items():
        if not _is_usable(seconds):
            raise ConfigurationError(
                f"timeout: the {name} limit is {seconds!r:.80}. Give seconds, more than 0, {MAX_SECONDS:.0f} at most. "
                "Nothing was sent, nothing billed."
            )
    if isinstance(value, httpx.Timeout):
        return value
    connect = min(value, DEFAULT_TIMEOUT.connect or value)
    return httpx.Timeout(value, connect=connect, pool=connect)


def _is_usable(seconds: object) -> bool:
    return isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 < seconds <= MAX_SECONDS


def _has_proxies() -> bool:
    """Whether the environment, or the system's settings, name a proxy that httpx heeds."""
    proxies = getproxies()
    return any(proxies.get(scheme) for scheme in ("http", "https", "all"))


@lru_cache(maxsize=16)
def _api_url(url: str) -> httpx.URL:
    """A URL of the API, which is the same for each request and takes a while to read."""
    return httpx.URL(url)


def _no_cookies() -> CookieJar:
    """A jar that takes no cookie, so that nothing is carried from one image host to another."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))
