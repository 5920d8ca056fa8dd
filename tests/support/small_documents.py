"""OpenAPI documents of one operation around one schema, their comparison, and a server for documents."""

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import trustme
from drifting.compare import Difference
from drifting.operations import compare_documents

Document = dict[str, Any]
PATH, METHOD = "/things", "post"


def document(operation: Mapping[str, Any], *, version: str = "3.1.0", **components: Any) -> Document:
    """A document of one operation; components are schemas by name."""
    return {
        "openapi": version,
        "info": {"title": "Things", "version": "1"},
        "servers": [{"url": "https://things.example"}],
        "paths": {PATH: {METHOD: {"operationId": "post_thing", "responses": {}, **operation}}},
        "components": {"schemas": components},
    }


def asking(schema: object, *, version: str = "3.1.0", **components: Any) -> Document:
    """A document whose operation takes a schema."""
    return document(
        {"requestBody": {"content": {"application/json": {"schema": schema}}}}, version=version, **components
    )


def answering(schema: object, *, version: str = "3.1.0", **components: Any) -> Document:
    """A document whose operation answers with a schema."""
    answer = {"description": "It.", "content": {"application/json": {"schema": schema}}}
    return document({"responses": {"200": answer}}, version=version, **components)


def compared(old: Document, new: Document) -> list[Difference]:
    """Compare two documents, and check that every pointer of a difference resolves."""
    found = compare_documents(old, new)
    for difference in found:
        for side, whole in ((difference.old, old), (difference.new, new)):
            node: Any = whole
            for token in side.pointer:
                node = node[token]
    return found


def said(found: list[Difference]) -> list[str]:
    """The differences as short texts."""
    return [" ".join(filter(None, [difference.verdict, difference.change, difference.name])) for difference in found]


Respond = Callable[[http.server.BaseHTTPRequestHandler], None]


@contextmanager
def serving(respond: Respond, certificate: trustme.LeafCert | None = None) -> Iterator[str]:
    """Run a server on loopback with one response to everything."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            respond(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Print nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # the client may hang up
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_port}/openapi.json"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sending(body: bytes, status: int = 200, **headers: str) -> Respond:
    """Make one response."""

    def respond(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return respond
