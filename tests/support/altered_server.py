"""The mock server with one thing changed: what it reads, what it answers, or the contract that it goes by."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.testing import create_app

Change = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    headers: dict[str, str]
    query: str
    body: bytes
    path: str = ""

    @property
    def boundary(self) -> bytes:
        found = re.search('boundary="?([^"]+)', self.headers.get("content-type", ""))
        return found.group(1).encode() if found else b""

    def has_part(self, name: str) -> bool:
        return f'name="{name}"'.encode() in self.body

    def with_part(self, name: str, value: str) -> "Asked":
        """The request with one more part, its first."""
        part = f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        return replace(self, body=b"--" + self.boundary + b"\r\n" + part + b"\r\n" + self.body)

    def with_header(self, name: str, value: str) -> "Asked":
        return replace(self, headers=self.headers | {name: value})


@dataclass(frozen=True)
class Told:
    """An answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def with_json(self, value: Any) -> "Told":
        return replace(self, body=json.dumps(value).encode())


FIELDS = " ".join(rule.name for rule in read_view().fields.values())


def refused(detail: str = FIELDS) -> Told:
    body = {"type": "about:blank", "title": "Bad Request", "detail": detail, "status": 400}
    return Told(400, json.dumps(body).encode(), {"content-type": "application/json"})


def rewriting(
    *,
    ask: Callable[[Asked], Asked | Told] = lambda asked: asked,
    tell: Callable[[Asked, Told], Told] = lambda _, told: told,
    images: bool = True,
    app: ASGIApp | None = None,
) -> ASGIApp:
    """The mock server, with requests and responses rewritten. Its images are not drawn, which takes half a second.

    Args:
        ask: Changes a request, or answers it at once.
        tell: Changes the response to a request.
        images: Whether image links give an image.
        app: Another application than the mock server.
    """
    app = app or create_app()

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if "/ephemeral/" in scope["path"]:
            response = Response(b"an image", media_type="image/png") if images else Response(status_code=401)
            await response(scope, receive, send)
            return
        query = scope["query_string"].decode()
        arrived = Asked(dict(request.headers), query, await request.body(), scope["path"])
        asked = ask(arrived)
        if isinstance(asked, Told):
            told = asked
        else:
            headers = [(name.encode(), value.encode()) for name, value in asked.headers.items()]
            headers = [(name, value) for name, value in headers if name != b"content-length"]
            told = await call(app, {**scope, "headers": headers, "query_string": asked.query.encode()}, asked.body)
        told = tell(arrived, told)
        await Response(told.body, told.status, told.headers)(scope, receive, send)

    return wrapped


async def call(app: ASGIApp, scope: Scope, body: bytes) -> Told:
    """What an application answers to a request."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"] if name != b"content-length"}
    return Told(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]), told)


def by_contract(change: Change) -> ASGIApp:
    """The mock server, going by a contract with one change."""
    document = read_contract()
    change(document)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ideogram_ai.contract.view.parsed_contract", lambda: document)
        read_view.cache_clear()
        app = create_app()
    read_view.cache_clear()
    return rewriting(app=app)
