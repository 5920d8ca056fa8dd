"""The settings of a client, resolved from arguments and the environment, and checked before anything is sent."""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import SplitResult, urlsplit, urlunsplit

import httpx

from ideogram_ai.generated.operations import API_KEY_HEADER, OPERATIONS, POST_GENERATE_IMAGE_V4, SERVER_URL

from .errors import NOTHING_SENT, ConfigurationError
from .redaction import ApiKey
from .request import is_mapping
from .retry import MAX_SECONDS, RetryPolicy
from .transport import is_loopback as is_loopback  # noqa: PLC0414 - it is public here too

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

KEY_VARIABLE = "IDEOGRAM_API_KEY"
URL_VARIABLE = "IDEOGRAM_BASE_URL"
HTTP_VARIABLE = "IDEOGRAM_ALLOW_HTTP"
LOG_VARIABLE = "IDEOGRAM_LOG"
DEFAULT_TIMEOUT = httpx.Timeout(connect=10.0, read=300.0, write=60.0, pool=10.0)
"""The service holds a request for up to 265 s: a client that waits for less makes outcomes unknown."""


def resolve_api_key(argument: object, environment: Mapping[str, str] = os.environ) -> ApiKey | str:
    """The key to use, from the argument or IDEOGRAM_API_KEY, or what is wrong with it.

    The complaint is returned and not raised, so that no frame of a traceback holds a mistyped key.
    """
    source = KEY_VARIABLE if argument is None else "api_key"
    value = environment.get(KEY_VARIABLE) if argument is None else argument
    if value is None:
        return f"No API key: pass api_key=..., or set {KEY_VARIABLE}."
    if not isinstance(value, str):
        return f"{source}: the API key is {type(value).__name__}, not a string."
    if not value.strip():
        return f"{source}: the API key is blank."
    if value != value.strip():
        return f"{source}: the API key begins or ends with white space; a line end of a file, perhaps? Strip it."
    if value.lower().startswith(("bearer", "api-key:")):
        return f"{source}: give the API key alone, without Bearer or a header's name."
    if any(not "!" <= character <= "~" for character in value):
        return f"{source}: the API key holds white space, control characters or non-ASCII text. Copy it again."
    return ApiKey(value)


def resolve_base_url(argument: object, environment: Mapping[str, str] = os.environ, *, allow_http: bool = False) -> str:
    """The base URL to use, without a slash at its end: the argument, IDEOGRAM_BASE_URL, or the contract's server.

    Raises:
        ConfigurationError: It is not the URL of a server, would expose the key over http, or repeats the API's path.
    """
    source = URL_VARIABLE if argument is None else "base_url"
    value = (environment.get(URL_VARIABLE, "").strip() or SERVER_URL) if argument is None else argument
    if not isinstance(value, str):
        raise ConfigurationError(f"{source}: this is {type(value).__name__}, not a string. {NOTHING_SENT}")
    try:
        parts = _split_url(value.strip())
    except (ValueError, httpx.InvalidURL) as error:
        raise ConfigurationError(f"{source}: this is no URL: {error}. {NOTHING_SENT}") from None
    shown = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    complaint = _judge_base_url(parts) or _judge_http(parts, environment, allow_http=allow_http)
    if complaint:
        raise ConfigurationError(f"{source} {shown[:200]!r}: {complaint} {NOTHING_SENT}")
    return urlunsplit((parts.scheme.lower(), parts.netloc, parts.path.rstrip("/"), "", ""))


def _split_url(text: str) -> SplitResult:
    """The parts of a URL that httpx and the system's resolver accept; ValueError or InvalidURL for any other text."""
    if any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError("it holds white space or control characters")
    parts = urlsplit(text)
    _ = parts.port
    # Resolving the name would raise this late, and as an exception that no connection is expected to raise.
    (parts.hostname or "").encode("idna")
    httpx.URL(text)
    return parts


def _judge_base_url(parts: SplitResult) -> str | None:
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        return f"give a whole URL, as in {SERVER_URL}."
    if parts.username is not None or parts.password is not None:
        return "leave out the user and password; the API key is all that is sent."
    if parts.query or parts.fragment:
        return "leave out everything from ? or # on."
    path = parts.path.rstrip("/")
    for operation in OPERATIONS.values():
        segments = operation.path.split("/")
        beginnings = ("/".join(segments[:count]) for count in range(len(segments), 1, -1))
        if pasted := next(filter(path.endswith, beginnings), None):
            cure = urlunsplit((parts.scheme, parts.netloc, path.removesuffix(pasted), "", ""))
            return f"{pasted} is part of the API's path, and the client adds that itself. Give {cure}."
    return None


def _judge_http(parts: SplitResult, environment: Mapping[str, str], *, allow_http: bool) -> str | None:
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme.lower() != "http" or is_loopback(host):
        return None
    if host == urlsplit(SERVER_URL).hostname:
        return f"use https: over http the API key could be read on the way. Give {SERVER_URL}."
    if allow_http or is_http_allowed(environment):
        return None
    variable = environment.get(HTTP_VARIABLE, "").strip()
    more = f" The variable is {variable[:20]!r} now." if variable else ""
    return (
        "use https: over http the API key could be read on the way, and images be read and changed. Between machines "
        "that are all yours, containers of one host for example, allow it with allow_http=True, --allow-http or "
        f"{HTTP_VARIABLE}=1.{more}"
    )


def is_http_allowed(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment allows http to another machine."""
    return environment.get(HTTP_VARIABLE, "").strip().lower() in {"1", "true"}


def resolve_timeout(value: float | httpx.Timeout | None) -> httpx.Timeout:
    """Finite time limits: None is the default, and seconds are for writing and reading; connecting has less.

    Raises:
        ConfigurationError: A limit is missing, too long or not positive: a client that waits for ever loses images.
    """
    if value is None:
        return DEFAULT_TIMEOUT
    limits = value.as_dict() if isinstance(value, httpx.Timeout) else {"given": value}
    for name, seconds in limits.items():
        if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0 < seconds <= MAX_SECONDS:
            raise ConfigurationError(
                f"timeout: the {name} limit is {seconds!r:.80}. Give seconds, more than 0, {MAX_SECONDS:.0f} at most. "
                f"{NOTHING_SENT}"
            )
    if isinstance(value, httpx.Timeout):
        return value
    connect = min(value, DEFAULT_TIMEOUT.connect or value)
    return httpx.Timeout(value, connect=connect, pool=connect)


def resolve_in_flight(limit: object) -> int:
    """The number of requests that may be in flight at once; None is the contract's limit."""
    if limit is None:
        return POST_GENERATE_IMAGE_V4.in_flight_limit or sys.maxsize
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise ConfigurationError(f"in_flight is {limit!r:.80}; give a whole number, 1 or more. {NOTHING_SENT}")
    return limit


def resolve_retry(policy: object, default: RetryPolicy) -> RetryPolicy:
    """The policy to use; None is the default. Anything else would fail only when a request has failed."""
    if policy is None or isinstance(policy, RetryPolicy):
        return policy or default
    raise ConfigurationError(
        f"retry is {policy!r:.80}; give a RetryPolicy, for example RetryPolicy(max_attempts=1). {NOTHING_SENT}"
    )


_OURS = {
    *("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"),
    *("host", "content-length", "content-type", "content-encoding", "accept", "accept-encoding"),
    API_KEY_HEADER.lower(),
}
"""Headers that the promise rests on: the key, one connection for each request, the boundary of a body, its size."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[!-~]([ \t!-~]*[!-~])?")


def resolve_headers(given: object, base: Mapping[str, str]) -> Mapping[str, str]:
    """The headers with those of the caller, which replace others of the same name in any case.

    Raises:
        ConfigurationError: A name or a value cannot be sent, or the header is not the caller's to set.
    """
    if given is None:
        return base
    if not is_mapping(given):
        raise ConfigurationError(
            f"extra_headers is {type(given).__name__}: give a mapping of names to values. {NOTHING_SENT}"
        )
    headers: dict[str, str] = {}
    for name, value in given.items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise ConfigurationError(f"extra_headers: {name!r:.80} is not the name of a header. {NOTHING_SENT}")
        if name.lower() in _OURS:
            raise ConfigurationError(
                f"extra_headers: the client sets {name} itself, and your images depend on it. Leave it out. "
                f"{NOTHING_SENT}"
            )
        if not isinstance(value, str) or not _VALUE.fullmatch(value):  # which is not shown: it may be a secret
            raise ConfigurationError(
                f"extra_headers: the value of {name} is not text of printable ASCII characters, or begins or ends with "
                f"white space. {NOTHING_SENT}"
            )
        headers[name] = value
    replaced = {name.lower() for name in headers}
    return {name: value for name, value in base.items() if name.lower() not in replaced} | headers


def log_to_stderr(environment: Mapping[str, str] = os.environ) -> None:
    """Log what IDEOGRAM_LOG asks for to standard error, once, unless the program has handlers of its own.

    Raises:
        ConfigurationError: It names no level.
    """
    asked = environment.get(LOG_VARIABLE, "").strip()
    if not asked:
        return
    level = logging.getLevelNamesMapping().get(asked.upper())
    if level is None:
        raise ConfigurationError(
            f"{LOG_VARIABLE} is {asked[:20]!r}: give debug, info, warning or error, or unset it. {NOTHING_SENT}"
        )
    logger = logging.getLogger(__name__.rpartition(".")[0])
    logger.setLevel(level)
    if not logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s: %(message)s"))
        logger.addHandler(handler)


def check_http_client(client: object, name: str, kind: type[T]) -> T | None:
    """The caller's HTTP client, or None. An httpx.AsyncClient for Ideogram, for example, is a ConfigurationError."""
    if client is None or isinstance(client, kind):
        return client
    raise ConfigurationError(
        f"{name} is a {type(client).__module__}.{type(client).__qualname__}; give an httpx.{kind.__name__}. "
        f"{NOTHING_SENT}"
    )
