"""What Ideogram and AsyncIdeogram share: settings, and the flows that are made of them."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx
from attrs import evolve, field, frozen

from ideogram_ai.generated.operations import API_KEY_HEADER, POST_GENERATE_IMAGE_V4

from .calls import call_flow
from .credentials import is_http_allowed, keep_on_this_machine, take_base_url
from .download import MAX_IMAGE_BYTES, DownloadJob, download_flow
from .environment import Environment
from .errors import ConfigurationError, RequestError
from .exchange import Outgoing, Timing
from .fields import NOTHING_SENT, build_model
from .in_flight import InFlight
from .judge import judge
from .links import LinkRules
from .redaction import ApiKey
from .retry import MAX_SECONDS, RetryPolicy
from .version import __version__
from .wire import JSON, Body, encode_body

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ideogram_ai.generated.operations import Operation

    from .calls import Judge
    from .exchange import Flow
    from .generation import GeneratedImage, Generation

T = TypeVar("T")

MOST_USED_CONNECTIONS: Final = 1000
"""So many connections that were used before are taken from the pool of a lent HTTP client, and closed."""

DEFAULT_TIMEOUT = httpx.Timeout(connect=10.0, read=300.0, write=60.0, pool=10.0)
"""The service holds a request for up to 265 s before it answers: whoever waits for less makes outcomes unknown."""
_HEADERS = {
    "Accept": "application/json",
    # None is asked for, so that a body is bounded by what it weighs on the wire.
    "Accept-Encoding": "identity",
    # An answer cannot be taken for that of another request where each has a connection of its own.
    "Connection": "close",
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
        allow_http: Whether plain http may leave this machine.
    """

    key: ApiKey
    base_url: str
    timeout: httpx.Timeout
    retry: RetryPolicy
    timing: Timing
    rules: LinkRules = field(repr=False)
    allow_http: bool = False

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
        return call_flow(
            operation,
            outgoing,
            judge=judge,
            check_peer=self._check_peer,
            key=self.key,
            policy=self.retry,
            timing=self.timing,
        )

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

    @property
    def _check_peer(self) -> Callable[[str, str], None] | None:
        stays_here = self.base_url.startswith("http:") and not self.allow_http
        return keep_on_this_machine(self.rules.base_host) if stays_here else None

    def environment(self, *, lent: bool) -> Environment:
        """What the environment says, checked unless both HTTP clients are lent.

        Raises:
            ConfigurationError: It cannot be used.
        """
        return Environment(self.base_url, loopback=self.rules.loopback, lent=lent)

    def with_retry(self, retry: RetryPolicy) -> Core:
        """The same settings with another retry policy."""
        return evolve(self, retry=retry)

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
        timeout = outgoing.timeout.as_dict()
        if own and isinstance(client, httpx.AsyncClient):
            # Watched from outside: a limit of httpcore's runs on while the process is stopped, and ends a read although
            # the answer lies in the socket. A read that blocks has no such fault.
            timeout |= {"read": None, "write": None}
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
            request = httpx.Request(**what, extensions={"trace": trace, "timeout": timeout})
        else:
            request = client.build_request(**what, timeout=outgoing.timeout, extensions={"trace": trace})
        request.read()  # in one piece, which is sent at once; httpx sends each part by itself
        return request


def closed_error() -> RequestError:
    """The error of a client that is used after it was closed."""
    return RequestError("The client is closed. Make a new one. Nothing was sent, nothing billed.")


def no_fresh_connection() -> ConfigurationError:
    """The error of a lent HTTP client that has too many connections that were used before."""
    return ConfigurationError(
        f"http_client: its first {MOST_USED_CONNECTIONS} connections were used before, and what is left on one of them "
        f"could be taken for an answer. Lend a client of its own. {NOTHING_SENT}"
    )


def belongs_elsewhere(error: RuntimeError) -> ConfigurationError:
    """The error of a lent HTTP client that keeps connections of an event loop that is not this one."""
    return ConfigurationError(
        f"http_client cannot be used here: {error}. Its connections belong to another event loop: lend a client that "
        f"was made in this one, or none. {NOTHING_SENT}"
    )


def take_http_client(client: object, name: str, kind: type[T]) -> T | None:
    """The HTTP client that a caller lends, or None.

    Args:
        client: What was given.
        name: The argument, for messages.
        kind: The class that it has to have.

    Raises:
        ConfigurationError: It is of another kind, as an httpx.AsyncClient for Ideogram.
    """
    if client is None or isinstance(client, kind):
        return client
    raise ConfigurationError(
        f"{name} is a {type(client).__module__}.{type(client).__qualname__}; give an httpx.{kind.__name__}. "
        f"{NOTHING_SENT}"
    )


def take_in_flight(limit: object) -> InFlight:
    """Places for requests in flight.

    Args:
        limit: How many, or None for the contract's limit.

    Raises:
        ConfigurationError: It is no whole number, or less than 1.
    """
    if limit is None:
        limit = POST_GENERATE_IMAGE_V4.in_flight_limit or sys.maxsize
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise ConfigurationError(f"in_flight is {limit!r:.80}; give a whole number, 1 or more. {NOTHING_SENT}")
    return InFlight(limit)


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
        timeout: Seconds for each step, or limits of each kind.
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
    return Core(
        key=key,
        base_url=url,
        timeout=limits,
        retry=retry,
        timing=timing,
        rules=LinkRules.of(url),
        allow_http=allow_http or is_http_allowed(),
    )


def take_timeout(value: float | httpx.Timeout) -> httpx.Timeout:
    """Finite time limits.

    Args:
        value: Seconds for writing and for reading (connecting keeps its own, shorter limit), or an httpx.Timeout.

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


@lru_cache(maxsize=16)
def _api_url(url: str) -> httpx.URL:
    """A URL of the API, which is the same for each request and takes a while to read."""
    return httpx.URL(url)
