"""Sends cases to a server, and keeps what was said as people read it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Self

import httpx
from attrs import Factory, frozen

from ...recording import REDACTED, cut_out
from ..results import RecordedExchange
from .case import KeyUse

if TYPE_CHECKING:
    from ideogram_ai.contract.view import ContractView

    from .case import Case

LARGEST_ANSWER: Final = 16 * 1024 * 1024
"""Bytes of an answer that are read."""

_SHOWN: Final = 6000
_WRONG_KEY: Final = "no-such-key-3f0b6f8c5d1e4a7b92c8d6e1f5a4b3c2"
_HARNESS_ERRORS: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class CannotConnectError(Exception):
    """The server cannot be reached. Nothing was sent."""


@frozen
class Reply:
    """What came back.

    Attributes:
        status: HTTP status; None when no whole answer came.
        headers: Headers, names in lower case.
        body: The body's bytes, decoded from what Content-Encoding says.
        failure: What went wrong when no whole answer came.
        exchange: The exchange as people read it.
        was_sent: Whether anything was sent.
        response: The answer as httpx has it; None when no whole answer came.
    """

    status: int | None
    exchange: RecordedExchange
    headers: Mapping[str, str] = Factory(dict[str, str])
    body: bytes = b""
    failure: str = ""
    was_sent: bool = True
    response: httpx.Response | None = None

    @property
    def words(self) -> str:
        """The answer in two words."""
        return f"answered {self.status}" if self.status is not None else self.failure


class Sender:
    """Sends cases one after the other, each over a connection of its own. A context manager.

    Args:
        base_url: Scheme, host and path before the operation's.
        view: The contract.
        key: The API key that is sent.
        timeout: Seconds, above 0, that an answer may take in all.
        trust_env: Whether proxies of the environment are used.
    """

    def __init__(self, base_url: str, view: ContractView, key: str, timeout: float, *, trust_env: bool) -> None:
        self._url = base_url + view.operation.path
        self._view = view
        self._key = key
        self._timeout = timeout
        # No connection is used twice: a server may close an idle one at any time, which would look like a fault.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(
            timeout=timeout,
            limits=limits,
            trust_env=trust_env,
            follow_redirects=False,
            verify=base_url.startswith("https:"),  # reading the certificates takes longer than ten requests
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send(self, case: Case) -> Reply:
        """Send a case.

        Raises:
            CannotConnectError: The server cannot be reached.
        """
        headers = {"Accept": "application/json", **case.payload.headers}
        if case.payload.content_type is not None:
            headers["Content-Type"] = case.payload.content_type
        name = self._view.api_key_header
        by_use = {
            KeyUse.RIGHT: {name: self._key},
            KeyUse.BLANK: {name: ""},
            KeyUse.WRONG: {name: _WRONG_KEY},
            KeyUse.BEARER: {"Authorization": f"Bearer {self._key}"},
        }
        # Several names for the one key, because it is not known which a faulty server would read.
        query = dict.fromkeys((name, "api_key"), self._key) if case.key is KeyUse.QUERY else None
        headers |= by_use.get(case.key, {})
        request = self._client.build_request(
            self._view.operation.method, self._url, headers=headers, params=query, content=case.payload.body
        )
        return self._exchange(request, f"{case.note}, {case.key}")

    def fetch(self, url: str, note: str) -> Reply:
        """Fetch an image link, without the key.

        Raises:
            CannotConnectError: The server cannot be reached.
        """
        return self._exchange(self._client.build_request("GET", url), note)

    def _exchange(self, request: httpx.Request, note: str) -> Reply:
        asked = self._show_request(request)
        try:
            response, body = self._receive(request)
        except _HARNESS_ERRORS as error:
            raise CannotConnectError(f"{request.url.host}: {_reason(error)}") from error
        except httpx.HTTPError as error:
            failure = _failure(error, self._timeout)
            return Reply(None, RecordedExchange(asked, f"(no whole answer: {failure})", note), failure=failure)
        except _TooMuchError as error:
            return Reply(None, RecordedExchange(asked, f"({error})", note), failure=str(error))
        return Reply(
            status=response.status_code,
            exchange=RecordedExchange(asked, self._show_answer(response, body), note),
            headers=response.headers,
            body=body,
            response=response,
        )

    def _receive(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        """The answer, read to its end, but not for ever."""
        end = time.monotonic() + self._timeout
        received = bytearray()
        response = self._client.send(request, stream=True)
        try:
            for chunk in response.iter_bytes():
                received += chunk
                if len(received) > LARGEST_ANSWER:
                    raise _TooMuchError(f"the answer has more than {LARGEST_ANSWER} bytes")
                if time.monotonic() > end:
                    raise _TooMuchError(f"the answer was not whole after {self._timeout:g} s")
        finally:
            response.close()
        return response, bytes(received)

    def _show_request(self, request: httpx.Request) -> str:
        secret = {self._view.api_key_header.lower(), "authorization"}
        headers = {name: REDACTED if name in secret and value else value for name, value in request.headers.items()}
        target = request.url.raw_path.decode("ascii")
        return self._text(f"{request.method} {target} HTTP/1.1", headers, request.content)

    def _show_answer(self, response: httpx.Response, body: bytes) -> str:
        line = f"{response.http_version} {response.status_code} {response.reason_phrase}".rstrip()
        return self._text(line, response.headers, body)

    def _text(self, line: str, headers: Mapping[str, str], body: bytes) -> str:
        if b"\0" in body[:1000]:
            shown = f"({len(body)} bytes that are no text)"
        else:
            shown = body[:_SHOWN].decode("utf-8", "backslashreplace").replace("\r\n", "\n")
            shown += f"\n... ({len(body) - _SHOWN} bytes more)" if len(body) > _SHOWN else ""
        lines = [line, *(f"{name}: {value}" for name, value in headers.items()), "", shown]
        return cut_out([self._key], "\n".join(lines))


class _TooMuchError(Exception):
    """An answer that does not end."""


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _failure(error: httpx.HTTPError, timeout: float) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"gave no answer within {timeout:g} s"
    return f"broke off without a whole answer ({_reason(error)})"
