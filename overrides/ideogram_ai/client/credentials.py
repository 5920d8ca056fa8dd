"""The API key and the base URL: taken from arguments or the environment, and checked before anything is sent."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit, urlunsplit

import httpx

from ideogram_ai.generated.operations import OPERATIONS, SERVER_URL

from .errors import ConfigurationError
from .fields import NOTHING_SENT
from .redaction import ApiKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEY_VARIABLE = "IDEOGRAM_API_KEY"
URL_VARIABLE = "IDEOGRAM_BASE_URL"


def take_key(argument: object, environment: Mapping[str, str] = os.environ) -> ApiKey | str:
    """The key to use, or what is wrong with it.

    The complaint is returned and not raised, so that no frame of a traceback holds a mistyped key.

    Args:
        argument: The key, or None to read IDEOGRAM_API_KEY.
        environment: Where the variable is looked up.
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
        return f"{source}: the API key holds white space, control characters or non-ASCII text. Copy it anew."
    return ApiKey(value)


def take_base_url(argument: object, environment: Mapping[str, str] = os.environ) -> str:
    """The base URL to use, without a slash at its end.

    Args:
        argument: The URL, or None to read IDEOGRAM_BASE_URL, or else the contract's server.
        environment: Where the variable is looked up.

    Raises:
        ConfigurationError: It is no URL of a server, or would carry the key unprotected, or repeats the API's path.
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
    complaint = _judge_base_url(parts)
    if complaint:
        raise ConfigurationError(f"{source} {shown[:200]!r}: {complaint} {NOTHING_SENT}")
    return urlunsplit((parts.scheme.lower(), parts.netloc, parts.path.rstrip("/"), "", ""))


def _split_url(text: str) -> SplitResult:
    """The parts of a URL that httpx and the system's resolver can use; ValueError or InvalidURL for any other text."""
    if any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError("it holds white space or control characters")
    parts = urlsplit(text)
    _ = parts.port
    # What resolves the name raises this late, and as an exception that nobody expects from a connection.
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
        pasted = _pasted_part(path, operation.path)
        if pasted:
            cure = urlunsplit((parts.scheme, parts.netloc, path.removesuffix(pasted), "", ""))
            return f"{pasted} is part of the API's path, and the client adds that itself. Give {cure}."
    if parts.scheme.lower() == "http" and not is_loopback(parts.hostname):
        return "use https: over http the API key could be read on the way. http is for loopback only."
    return None


def _pasted_part(path: str, operation_path: str) -> str | None:
    """The beginning of the operation's path that the base URL's path ends with."""
    segments = operation_path.split("/")
    for count in range(len(segments), 1, -1):
        beginning = "/".join(segments[:count])
        if path.endswith(beginning):
            return beginning
    return None


def keep_on_this_machine(host: str) -> Callable[[str, str], None]:
    """A check that plain http goes where the base URL says: a name may resolve to any address.

    Args:
        host: Host of the base URL, which names this machine.

    Returns:
        A check of the host that is connected to and the address behind it, to be called before anything is sent. It
        raises ConfigurationError.
    """

    def check_peer(connected_host: str, address: str) -> None:
        # Another host than the base URL's is a proxy of the caller's HTTP client: it connects on its own account.
        if connected_host.strip("[]").lower() == host and not is_loopback(address.partition("%")[0]):
            raise ConfigurationError(
                f"base_url: {host} is {address} here, which is another machine, and over http the API key could be "
                f"read on the way. Use https. {NOTHING_SENT}"
            )

    return check_peer


def is_loopback(host: str) -> bool:
    """Whether a host name or address stays on this machine."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
