"""Uses the package of a contract with one operation of every form, with that package first on the path.

Prints, for each client, what reached a server on a real socket, and what the methods returned.
"""

import base64
import io
import json
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import httpx
from multipart_reader import read_parts

import ideogram_ai.generated
from ideogram_ai.client import AsyncIdeogram, Ideogram, IdeogramError
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import OPERATIONS
from ideogram_ai.testing import MockServer

KEY = "the-key-of-this-test"
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
"""A picture of one pixel. What comes behind it tells the files apart."""
ARRIVED: list[dict[str, Any]] = []


def call(client: Any, folder: Path) -> list[Callable[[], Any]]:
    """One call of each method, and some that are refused."""
    photo = folder / "größe.png"
    photo.write_bytes(PNG + b"path")
    rest = {"layout": {"rows": 2}, "words": ["a", "b, c"]}
    colours = {"colours": [{"hex": "#abc"}]}
    return [
        lambda: client.things.list(order="oldest", colour=["red", "blue & green"], limit=2, only_new=True),
        lambda: client.things.list(order="newest", colour=[], sizes=["small", "large"]),
        lambda: client.things.make(colour="red", tags=["a", "b"], maker={"name": "Zoë"}, note=7),
        lambda: client.things.label("a/b c?#%2F"),
        lambda: client.drop_thing(thing_id="t 1"),
        lambda: client.add_photo("t1", 3, photo=PNG + b"bytes", caption="é", notify="https://x.example/?a=1&b=2"),
        lambda: client.sheet(photos=[photo, PNG + b"raw", io.BytesIO(PNG + b"open")], poem="a\nb", **rest),
        lambda: client.sheet(photos=[PNG], masks=[PNG + b"mask"], title="T"),
        lambda: client.things.poster(text="T", photos=[PNG], models=[PNG], model_masks=[PNG], palette={"name": "WARM"}),
        lambda: client.things.poster(text="T", photo_links=["https://x.example/a"], palette=colours),
        lambda: client.prints(print_request={"count": 2, "paper": "thin"}, photo=PNG),
        client.opening_hours,
        lambda: client.opening_hours(extra_fields={"day": "monday"}),
        lambda: client.sheet(photos=[PNG], title="T", poem="P"),
        lambda: client.sheet(title="T"),
        client.things.label,
        lambda: client.things.list(order="newest", color="red"),
        lambda: client.add_photo("t1", 3, photo=folder / "missing.png"),
    ]


def describe(value: Any) -> Any:
    """A result as JSON."""
    if isinstance(value, IdeogramError):
        return f"{type(value).__name__}: {value.message}"
    if hasattr(value, "images"):
        return [image.prompt for image in value.images]
    return value.to_dict() if hasattr(value, "to_dict") else value


class Handler(BaseHTTPRequestHandler):
    """Records each request, and answers with the example of the contract."""

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = httpx.Headers(list(self.headers.items()))
        arrived: dict[str, Any] = {"request": f"{self.command} {self.path}", "key": headers.get("api-key")}
        content_type = headers.get("content-type", "")
        if content_type.startswith("multipart/form-data"):
            parts = read_parts(httpx.Request("POST", "http://a", headers=headers, content=body))
            arrived["parts"] = [
                [part.name, part.options.get("filename"), part.content_type, part.data.replace(PNG, b"PNG ").decode()]
                for part in parts
            ]
        elif body or content_type:
            arrived["body"] = [content_type, body.decode()]
        ARRIVED.append(arrived)
        status, media_type, answer = self._answer()
        self.send_response(status)
        if media_type:
            self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_DELETE = handle_any  # noqa: N815 - the names that the class wants

    def _answer(self) -> tuple[int, str, bytes]:
        document, path = read_contract(), self.path.partition("?")[0]
        for template, item in document["paths"].items():
            mine, theirs = template.split("/"), path.split("/")
            fits = [a.startswith("{") or a == b for a, b in zip(mine, theirs, strict=False)]
            if len(mine) == len(theirs) and all(fits) and self.command.lower() in item:
                status, response = next(iter(item[self.command.lower()]["responses"].items()))
                for media_type, media in response.get("content", {}).items():
                    example = next(iter(media["examples"].values()))["value"]
                    text = example if media_type.startswith("text/") else json.dumps(example)
                    return int(status), f"{media_type}; charset=utf-8", text.encode()
                return int(status), "", b""
        return 404, "", b""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def ends_of(url: str, kind: str, folder: Path) -> list[Any]:
    """What the calls of a client gave."""
    ends: list[Any] = []

    async def every() -> None:
        async with AsyncIdeogram(KEY, base_url=url) as client:
            for each in call(client, folder):
                try:
                    ends.append(describe(await each()))
                except IdeogramError as error:
                    ends.append(describe(error))

    if kind == "async":
        anyio.run(every)
        return ends
    with Ideogram(KEY, base_url=url) as client:
        for each in call(client, folder):
            try:
                ends.append(describe(each()))
            except IdeogramError as error:
                ends.append(describe(error))
    return ends


if __name__ == "__main__":
    place = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found: dict[str, Any] = {"package": ideogram_ai.generated.__file__}
    for client_kind in ("sync", "async"):
        ARRIVED.clear()
        given = ends_of(f"http://127.0.0.1:{server.server_port}", client_kind, place)
        found[client_kind] = {"arrived": list(ARRIVED), "ends": given}
    server.shutdown()
    server.server_close()
    with MockServer() as mock:
        found["mock"] = ends_of(mock.url, "sync", place)
    prices = (OPERATIONS["make_thing"].price, OPERATIONS["make_sheet"].price)
    found["prices"] = [price and [dict(price.usd), price.by, price.default, price.per] for price in prices]
    json.dump(found, sys.stdout)
