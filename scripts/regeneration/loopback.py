"""A server on the loopback that notes a request and hangs up, and a reader of the bodies that it noted."""

from __future__ import annotations

import json
import socketserver
import threading
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import attrs

from regeneration.schemas import METHODS

if TYPE_CHECKING:
    from collections.abc import Generator


@attrs.frozen
class Received:
    """A request as it arrived; names of headers are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def decode(self) -> dict[str, list[Any]]:
        """Decode the body by its Content-Type: for every field the values that came, as bytes or parsed JSON.

        Raises:
            ValueError: The body is not what its Content-Type says, or of a type that no contract here uses.
        """
        content_type = self.headers.get("content-type", "")
        media_type = content_type.partition(";")[0].strip().lower()
        if media_type == "application/json" or media_type.endswith("+json"):
            return {name: [value] for name, value in json.loads(self.body).items()}
        if media_type == "multipart/form-data":
            return self._parts(content_type)
        raise ValueError(f"the Content-Type is {content_type or 'missing'}")

    def _parts(self, content_type: str) -> dict[str, list[Any]]:
        header = f"Content-Type: {content_type}\r\n\r\n".encode()
        message = message_from_bytes(header + self.body, policy=policy.HTTP)
        if not message.is_multipart():
            raise ValueError("the body is not multipart though its Content-Type says so")
        fields: dict[str, list[Any]] = {}
        for part in message.iter_parts():
            payload: Any = part.get_payload(decode=True)
            is_json = part.get_content_type() == "application/json"
            name = str(part.get_param("name", header="content-disposition"))
            fields.setdefault(name, []).append(json.loads(payload) if is_json else payload)
        return fields


@contextmanager
def loopback_server() -> Generator[tuple[str, list[Received]]]:
    """Run the server; gives its URL and the list that the requests are put in."""
    received: list[Received] = []

    class Handler(BaseHTTPRequestHandler):
        def note(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received.append(Received(self.command, self.path, headers, body))
            self.close_connection = True  # no answer: it is the request that is looked at

    for method in METHODS:
        setattr(Handler, f"do_{method.upper()}", Handler.note)
    # Not HTTPServer, which asks the resolver for the name of this machine.
    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", received
        finally:
            server.shutdown()
            thread.join()
