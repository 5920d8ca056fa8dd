"""The settings of a client, resolved from arguments and the environment, and checked before anything is sent.

This includes proxies and certificates: a variable that cannot be used raises an error when the client is made, and not
during a request that may be billed.
"""

from __future__ import annotations

import logging
import os
import re
import ssl
import sys
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import SplitResult, urlsplit, urlunsplit
from urllib.request import getproxies

import httpx

from ideogram_ai.generated.operations import API_KEY_HEADER, OPERATIONS, POST_GENERATE_IMAGE_V4, SERVER_URL

from .errors import NOTHING_SENT, ConfigurationError
from .redaction import ApiKey
from .request import is_mapping
from .retry import MAX_SECONDS, RetryPolicy
from .url_policy import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

KEY_VARIABLE = "IDEOGRAM_API_KEY"
URL_VARIABLE = "IDEOGRAM_BASE_URL"
HTTP_VARIABLE = "IDEOGRAM_ALLOW_HTTP"
LOG_VARIABLE = "IDEOGRAM_LOG"
DEFAULT_TIMEOUT = httpx.Timeout(connect=10.0, read=300.0, write=60.0, pool=10.0)
"""The service holds a request for up to 265 s: a client with a shorter limit makes outcomes unknown."""


def resolve_api_key(argument: object) -> ApiKey | str:
    """The key to use, from the argument or IDEOGRAM_API_KEY, or what is wrong with it.

    The message is returned and not raised, so that no frame of a traceback holds a mistyped key.
    """
    source = KEY_VARIABLE if argument is None else "api_key"
    value = os.environ.get(KEY_VARIABLE) if argument is None else argument
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


def resolve_base_url(argument: object, *, allow_http: bool = False) -> str:
    """The base URL to use, without a slash at its end: the argument, IDEOGRAM_BASE_URL, or the contract's server.

    Raises:
        ConfigurationError: It is not the URL of a server, would expose the key over http, or repeats the API's path.
    """
    source = URL_VARIABLE if argument is None else "base_url"
    # A blank variable is refused: a script that could not fill it in wanted another server, and this one bills.
    value = os.environ.get(URL_VARIABLE, SERVER_URL) if argument is None else argument
    if not isinstance(value, str):
        raise ConfigurationError(f"{source}: this is {type(value).__name__}, not a string. {NOTHING_SENT}")
    try:
        parts = _split_url(value.strip())
    except (ValueError, httpx.InvalidURL) as error:
        raise ConfigurationError(f"{source}: this is no URL: {error}. {NOTHING_SENT}") from None
    shown = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    complaint = _judge_base_url(parts) or _judge_http(parts, allow_http=allow_http)
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


def _judge_http(parts: SplitResult, *, allow_http: bool) -> str | None:
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme.lower() != "http" or is_loopback(host):
        return None
    if host == urlsplit(SERVER_URL).hostname:
        return f"use https: over http the API key could be read by others on the network. Give {SERVER_URL}."
    if allow_http or is_http_allowed():
        return None
    variable = os.environ.get(HTTP_VARIABLE, "").strip()
    more = f" The variable is {variable[:20]!r} now." if variable else ""
    return (
        "use https: over http the API key could be read by others on the network, who could also read and change the "
        "images. Between your own machines, for example containers of one host, allow it with allow_http=True, "
        f"--allow-http or {HTTP_VARIABLE}=1.{more}"
    )


def is_http_allowed() -> bool:
    """Whether the environment allows http to another machine."""
    return os.environ.get(HTTP_VARIABLE, "").strip().lower() in {"1", "true"}


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


_RESERVED = {
    *("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"),
    *("host", "content-length", "content-type", "content-encoding", "accept", "accept-encoding"),
    API_KEY_HEADER.lower(),
}
"""Headers that the promise depends on: the key, one connection for each request, the boundary of a body, its size."""
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
        if name.lower() in _RESERVED:
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


def log_to_stderr() -> None:
    """Log at the level of IDEOGRAM_LOG to standard error, once, unless the program has handlers of its own.

    Raises:
        ConfigurationError: The variable names no level.
    """
    asked = os.environ.get(LOG_VARIABLE, "").strip()
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
        handler.setLevel(level)  # of its own: the command lowers that of the logger
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s: %(message)s"))
        logger.addHandler(handler)


def check_http_client(client: object, name: str, kind: type[T]) -> T | None:
    """Return the caller's HTTP client, or None. Raise ConfigurationError for one of the wrong kind."""
    if client is None or isinstance(client, kind):
        return client
    raise ConfigurationError(
        f"{name} is a {type(client).__module__}.{type(client).__qualname__}; give an httpx.{kind.__name__}. "
        f"{NOTHING_SENT}"
    )


class Environment:
    """The proxies and certificates of the environment, for the client's own HTTP transports.

    A variable that cannot be used raises ConfigurationError, here unless the caller passes all HTTP clients (`check`).
    Requests to a server on this machine bypass proxies: over http, a proxy would read the key.
    """

    def __init__(self, base_url: str, *, check: bool) -> None:
        host = urlsplit(base_url).hostname
        self._no_proxy_for = {host, "localhost", "127.0.0.1", "::1"} if is_loopback(host or "") else set[str | None]()
        self._context: tuple[int, ssl.SSLContext] | None = None
        if not check:
            return
        if host not in self._no_proxy_for:
            _check_proxies()
        if base_url.startswith("https:"):
            self._tls()

    def client_options(self, url: httpx.URL, transport: Callable[..., object]) -> dict[str, Any]:
        """Return the options of an HTTP client for one request, with the environment's proxy if there is one.

        Args:
            url: The URL of the request.
            transport: The class of the transport, for a request without a proxy.
        """
        # Without TLS no authority matters. The jar accepts no cookie. It is not shared:
        # it has a lock, which a fork could copy while it is held.
        context = self._tls() if url.scheme == "https" else _no_authorities()
        cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
        if url.host in self._no_proxy_for or not _proxies():
            return {"transport": transport(verify=context), "trust_env": False, "cookies": cookies}
        _check_proxies()
        return {"verify": context, "cookies": cookies}

    def _tls(self) -> ssl.SSLContext:
        """The TLS settings, made once because that is slow. A forked child makes its own."""
        if self._context is None or self._context[0] != os.getpid():
            self._context = os.getpid(), _make_context()
        return self._context[1]


_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""The variables that httpx reads certificate authorities from; the first one that is set wins."""


def certificate_hint() -> str:
    """Which variable replaces the system's certificate authorities, if one does."""
    name = _first_set(_AUTHORITIES)
    return f"{name} is set, so only the authorities of {os.environ[name]!r} are trusted." if name else ""


def _make_context() -> ssl.SSLContext:
    name = _first_set(_AUTHORITIES)
    folders = os.environ[name].split(os.pathsep) if name == "SSL_CERT_DIR" else []
    if folders and not any(map(os.path.isdir, folders)):
        raise _unusable("SSL_CERT_DIR", "there is no such folder")  # OpenSSL would silently trust no authority
    try:
        return httpx.create_ssl_context()
    except (OSError, ValueError) as error:
        why = _reason(error)
    try:
        httpx.create_ssl_context(trust_env=False)
    except (OSError, ValueError):
        name = _first_set(("SSLKEYLOGFILE", "OPENSSL_CONF"))
    if name is None:
        raise ConfigurationError(f"The certificate authorities cannot be read: {why}. {NOTHING_SENT}")
    raise _unusable(name, why)


@cache
def _no_authorities() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _proxies() -> dict[str, str]:
    """The proxies that httpx uses, from the environment or the system's settings, by scheme."""
    proxies = getproxies()
    return {scheme: proxies[scheme] for scheme in ("http", "https", "all") if proxies.get(scheme)}


def _check_proxies() -> None:
    for scheme, address in _proxies().items():
        try:
            httpx.HTTPTransport(proxy=address if "://" in address else f"http://{address}", verify=_no_authorities())
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            upper = f"{scheme}_proxy".upper()
            name = next((name for name in (upper.lower(), upper) if os.environ.get(name) == address), None)
            raise _unusable(name or f"the system's proxy for {scheme}", _reason(error), address) from None
    try:
        httpx.Client(verify=_no_authorities()).close()
    except (ValueError, httpx.InvalidURL) as error:
        name = _first_set(("no_proxy", "NO_PROXY")) or "the system's proxy settings"
        raise _unusable(name, _reason(error)) from None


def _first_set(names: tuple[str, ...]) -> str | None:
    return next((name for name in names if os.environ.get(name)), None)


def _reason(error: Exception) -> str:
    return " ".join((getattr(error, "strerror", None) or str(error)).split()).rstrip(".")


def _unusable(name: str, why: str, value: str | None = None) -> ConfigurationError:
    value = os.environ.get(name, "") if value is None else value
    shown = value if "@" not in value else f"...@{value.rpartition('@')[2]}"  # hides a proxy's password
    return ConfigurationError(f"{name}={shown[:200]!r} cannot be used: {why}. Correct or unset it. {NOTHING_SENT}")
