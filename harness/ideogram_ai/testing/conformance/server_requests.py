"""A request of a server run: its purpose, its bytes, and how it is sent."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum, StrEnum, auto
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote, urlencode, urlsplit

import httpx
from attrs import Factory, frozen

from ideogram_ai.client.request import JSON, is_array, is_object
from ideogram_ai.client.url_policy import is_loopback
from ideogram_ai.contract.decoding import json_text
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import Operation

from ..recording import REDACTED, cut_out
from .kit import RecordedExchange, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ideogram_ai.contract.view import ContractView

    from .server import ServerOptions

LARGEST_RESPONSE: Final = 16 * 1024 * 1024
"""How many bytes of a response are read."""

_MOST_SHOWN: Final = 6000
_LONGEST_VALUE: Final = 80
_STAND_IN_KEY: Final = "conformance-kit-stand-in-key"
"""Sent to servers on loopback when no key is given: they take any."""
_WRONG_KEY: Final = "no-such-key-3f0b6f8c5d1e4a7b92c8d6e1f5a4b3c2"
_CONNECT_ERRORS: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class KeyUse(StrEnum):
    """How the API key is sent."""

    RIGHT = "with the key"
    NONE = "without a key"
    BLANK = "with a blank key"
    WRONG = "with a made-up key"
    QUERY = "with the key in the query"
    BEARER = "with the key as a bearer token"

    @property
    def sends_key(self) -> bool:
        """Whether somebody could be charged for such a request."""
        return self in {KeyUse.RIGHT, KeyUse.QUERY, KeyUse.BEARER}


class Expect(Enum):
    """What a server should do with a request."""

    ACCEPTED = auto()
    """Run it: 200."""
    REFUSED = auto()
    """Refuse it because of its content."""
    UNAUTHORIZED = auto()
    """Refuse it because of its key."""
    ON_DEMAND = auto()
    """Give the status of its Prefer header, if the server can do that. No response is a fault."""


FormPart = tuple[str, tuple[str | None, bytes, str | None]]
"""A part of a form as httpx takes it: the name of its field; the name of a file, its bytes, and its media type."""


@frozen
class Payload:
    """The body of a request and the headers that describe it. Without a content type, no such header is sent."""

    body: bytes
    content_type: str | None
    headers: Mapping[str, str] = Factory(dict[str, str])


@frozen
class RequestCase:
    """A request, and what it is for.

    Attributes:
        requirement: Id of the requirement that it tests.
        note: What it is, in a few words.
        payload: Its body.
        expect: What the server should do with it.
        key: How the key is sent.
        field: The field whose value is tested.
        fields: Names of all its fields.
        controls: Valid requests, each the same as this one without its fault. A refusal proves something only where
            the server accepts them.
        statuses: For a request to refuse, the statuses that the contract has for it. For one on demand, the status.
        local: Why it is sent on loopback only; empty when it may go anywhere.
        generated: The case of schemathesis that it was made from, whose prompt is so random that a safety check may
            refuse it; None for others.
        also: Ids of other requirements that it tests in the same way.
        operation: The operation that it is a request of; None for generate.
        target: Path and query, if they are not the path of generate.
    """

    requirement: str
    note: str
    payload: Payload
    expect: Expect
    key: KeyUse = KeyUse.RIGHT
    field: str | None = None
    fields: tuple[str, ...] = ()
    controls: tuple[RequestCase, ...] = ()
    statuses: tuple[int, ...] = ()
    local: str = ""
    generated: Any = None
    also: tuple[str, ...] = ()
    operation: Operation | None = None
    target: str = ""

    @property
    def requirements(self) -> tuple[str, ...]:
        """Ids of all requirements that it tests."""
        return (self.requirement, *self.also)


def shorten(value: Any) -> str:
    """A value as a few characters of JSON, for a note."""
    text = json.dumps(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def make_parts(view: ContractView, name: str, value: Any, content_type: str | None = None) -> list[FormPart]:
    """A field as the contract writes it: a file, JSON where the part is JSON, else text, `true` and `false`.

    A list that is not JSON has a part for each item, and a file is its bytes.
    """
    rule = view.fields[name]
    marked = content_type or rule.content_type
    is_text = not rule.content_type or rule.content_type.startswith("text/")
    many = rule.item is not None and is_array(value)
    parts: list[FormPart] = []
    for number, item in enumerate(value if many else [value], start=1):
        if isinstance(item, bytes):
            parts.append((name, (f"{name}-{number}.png" if many else f"{name}.png", item, "image/png")))
        else:
            text = item if is_text and isinstance(item, str) else json_text(item)
            parts.append((name, (None, text.encode(), marked)))
    return parts


def form(fields: Mapping[str, Any], **types: str) -> Payload:
    """A form of generate with these fields in their order; `types` replace the media types of their parts."""
    return encode(read_view(), fields, types)[1]


def encode(view: ContractView, fields: Mapping[str, Any], types: Mapping[str, str]) -> tuple[str, Payload]:
    """The target and the body of a request, as the contract writes them, whether or not it allows the values."""
    target, query, body = view.operation.path, list[tuple[str, str]](), dict[str, Any]()
    for name, value in fields.items():
        place = view.fields[name].place
        items: list[Any] = value if is_array(value) else [value]
        texts = [item if isinstance(item, str) else json_text(item) for item in items] if place != "body" else []
        if place == "path":
            target = target.replace(f"{{{name}}}", quote(texts[0], safe=""))
        elif place == "query":
            query += [(name, text) for text in texts]
        else:
            body[name] = value
    target += f"?{urlencode(query)}" if query else ""
    if view.operation.media_type == JSON:
        return target, Payload(json_text(body).encode(), JSON)
    if not view.operation.media_type:
        return target, Payload(b"", None)
    return target, multipart([part for name in body for part in make_parts(view, name, body[name], types.get(name))])


def multipart(parts: Sequence[FormPart], boundary: str | None = None) -> Payload:
    """A multipart body. Without a boundary, one is derived from the parts."""
    boundary = boundary or "conformance-" + sha256(repr(parts).encode()).hexdigest()[:32]
    value = f'"{boundary}"' if any(sign in boundary for sign in " ()/:=?,") else boundary
    content_type = f"{read_view().operation.media_type}; boundary={value}"
    if not parts:  # httpx would send no body
        return Payload(f"--{boundary}--\r\n".encode(), content_type)
    request = httpx.Request("POST", "http://form", files=parts, headers={"Content-Type": content_type})
    return Payload(request.read(), content_type)


@frozen
class ServerResponse:
    """What a server did with a request.

    Attributes:
        exchange: The exchange as people read it.
        response: The whole response, its body decoded; None when no whole response came.
        failure: What went wrong when no whole response came, with the server as the subject.
    """

    exchange: RecordedExchange
    response: httpx.Response | None = None
    failure: str = ""

    @property
    def status(self) -> int | None:
        """The status; None when no whole response came."""
        return None if self.response is None else self.response.status_code

    @property
    def body(self) -> bytes:
        """The decoded body."""
        return b"" if self.response is None else self.response.content

    @property
    def value(self) -> Any:
        """The JSON value of the body; None when it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def images(self) -> list[Any]:
        """The entries of `data`; none when the body has no such list."""
        value = self.value
        images = value.get("data") if is_object(value) else None
        return images if is_array(images) else []

    @property
    def summary(self) -> str:
        """The response in two words, with the server as the subject."""
        return f"answered {self.status}" if self.response is not None else self.failure

    def header(self, name: str) -> str | None:
        """A header of the response."""
        return None if self.response is None else self.response.headers.get(name)


class CannotConnectError(Exception):
    """The server cannot be reached. Nothing was sent."""


class _TooLargeError(Exception):
    """The response does not end."""


class CaseSender:
    """Sends requests one after the other, each over a connection of its own, as far as they can be paid for.

    A context manager. A request with the key could be billed, even one that has to be refused: the server may be wrong.
    So one image has to be left before it is sent. The image is given back if the contract says that the response is not
    billed. A request without the key costs nobody anything, and is always allowed.

    Attributes:
        limit: Images that may be billed; None where nothing is billed, on loopback.
        spent: Images that were billed, or may have been.
        sent: How many requests were sent.
        last: What the last one was.
    """

    def __init__(self, options: ServerOptions) -> None:
        self.limit, self.spent, self.sent, self.last = options.limit, 0, 0, ""
        self._view = read_view()
        self._base_url, self._timeout, self._on_loopback = options.url, options.timeout, options.on_loopback
        self._key = options.api_key or _STAND_IN_KEY
        self._client = httpx.Client(
            timeout=self._timeout,
            # No connection is used twice: a server may close an idle one at any time, which would look like a fault.
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=not self._on_loopback,
            follow_redirects=False,
            verify=self._base_url.startswith("https:"),  # loading the certificates takes longer than ten requests
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def metered(self) -> bool:
        """Whether requests may cost something."""
        return self.limit is not None

    def refuses(self, case: RequestCase, besides: int = 0) -> str | None:
        """Why a request is not sent; None when it may be. So many images have to be left besides its own."""
        free = case.operation is not None and case.operation.is_free and self.limit
        if self.limit is None or not case.key.sends_key or free or self.spent + besides < self.limit:
            return None
        images = f"{self.limit} image{'s'[: self.limit != 1]}"
        return f"It could be billed, and the {images} of --max-images may be used up."

    def send(self, case: RequestCase) -> ServerResponse:
        """Send a request, and count what it may have cost; CannotConnectError when the server cannot be reached."""
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
        # Two names for the key, because nobody knows which one a faulty server would read.
        query = dict.fromkeys((name, "api_key"), self._key) if case.key is KeyUse.QUERY else None
        headers |= by_use.get(case.key, {})
        operation = case.operation or self._view.operation
        url = self._base_url + (case.target or operation.path)
        content = case.payload.body or None if operation.method == "GET" else case.payload.body
        request = self._client.build_request(operation.method, url, headers=headers, params=query, content=content)
        response = self._exchange(request, f"{case.note}, {case.key}")
        self.sent, self.last = self.sent + 1, case.note
        if case.key.sends_key and operation.billed.get(response.status or 0) is not False:
            self.spent += max(1, len(response.images)) if response.status == 200 else 1
        return response

    def open_link(self, link: str) -> tuple[Verdict, str, RecordedExchange | None]:
        """Whether a link gives an image without the key. From loopback, no link to another machine is opened."""
        host = urlsplit(link).hostname or ""
        if self._on_loopback and not is_loopback(host):
            detail = f"The link leads to {host}, and a run on loopback does not leave this machine."
            return Verdict.NOT_TRIED, detail, None
        try:
            response = self._exchange(self._client.build_request("GET", link), "the image of a link, without the key")
        except CannotConnectError as error:
            return Verdict.NOT_TRIED, f"The host of the link cannot be reached ({error}).", None
        kind = response.header("content-type") or "no Content-Type"
        if response.status == 200 and kind.startswith("image/") and response.body:
            return Verdict.HELD, "", response.exchange
        return Verdict.FAILED, f"The server {response.summary} with {kind}, not an image.", response.exchange

    def _exchange(self, request: httpx.Request, note: str) -> ServerResponse:
        secret = {self._view.api_key_header.lower(), "authorization"}
        headers = {name: REDACTED if name in secret and value else value for name, value in request.headers.items()}
        target = request.url.raw_path.decode("ascii")
        sent = self._show(f"{request.method} {target} HTTP/1.1", headers, request.content)
        try:
            return self._receive(request, sent, note)
        except _CONNECT_ERRORS as error:
            raise CannotConnectError(f"{request.url.host}: {_reason(error)}") from error
        except httpx.TimeoutException:
            failure = f"gave no response within {self._timeout:g} s"
        except httpx.HTTPError as error:
            failure = f"broke off without a whole response ({_reason(error)})"
        except _TooLargeError as error:
            failure = str(error)
        return ServerResponse(RecordedExchange(sent, f"(no whole response: it {failure})", note), failure=failure)

    def _receive(self, request: httpx.Request, sent: str, note: str) -> ServerResponse:
        end = time.monotonic() + self._timeout
        received = bytearray()
        response = self._client.send(request, stream=True)
        try:
            for chunk in response.iter_bytes():
                received += chunk
                if len(received) > LARGEST_RESPONSE:
                    raise _TooLargeError(f"sent a response of more than {LARGEST_RESPONSE} bytes")
                if time.monotonic() > end:
                    raise _TooLargeError(f"did not finish its response within {self._timeout:g} s")
        finally:
            response.close()
        headers = [(name, value) for name, value in response.headers.multi_items() if name != "content-encoding"]
        whole = httpx.Response(response.status_code, headers=headers, content=bytes(received), request=request)
        whole.elapsed = timedelta()  # schemathesis reads it
        line = f"{response.http_version} {response.status_code} {response.reason_phrase}".rstrip()
        shown = self._show(line, response.headers, whole.content)
        return ServerResponse(RecordedExchange(sent, shown, note), whole)

    def _show(self, line: str, headers: Mapping[str, str], body: bytes) -> str:
        if b"\0" in body[:1000]:
            shown = f"({len(body)} bytes that are not text)"
        else:
            shown = body[:_MOST_SHOWN].decode("utf-8", "backslashreplace").replace("\r\n", "\n")
            shown += f"\n... ({len(body) - _MOST_SHOWN} bytes more)" if len(body) > _MOST_SHOWN else ""
        lines = [line, *(f"{name}: {value}" for name, value in headers.items()), "", shown]
        return cut_out([self._key], "\n".join(lines))


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
