"""Answers every request with the same generation: `python -m benchmarks.servers.canned SECONDS [FOLDER]`.

With a folder that has `server.pem`, it speaks TLS. It reads of a request only where it ends, so that next to nothing of
what is measured is the server's.
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4


def answer() -> bytes:
    """A whole answer: the contract's own example of a 200."""
    operation = read_contract()["paths"][POST_GENERATE_IMAGE_V4.path]["post"]
    examples = operation["responses"]["200"]["content"]["application/json"]["examples"]
    body = json.dumps(next(iter(examples.values()))["value"], separators=(",", ":")).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class Connection(asyncio.Protocol):
    """One connection, for one request after the other."""

    def __init__(self, answer: bytes, latency: float) -> None:
        self._answer = answer
        self._latency = latency
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer as soon as a request is whole."""
        self._read += data
        head, end, body = self._read.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self._read = b""
        closes = b"\r\nconnection: close" in head.lower()
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._respond, closes)
        else:
            self._respond(closes)

    def _respond(self, closes: bool) -> None:
        self._transport.write(self._answer)
        if closes:
            self._transport.close()


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


async def serve(latency: float, folder: Path | None) -> None:
    """Serve until the process ends."""
    whole = answer()
    loop = asyncio.get_running_loop()
    tls = None
    if folder is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(folder / "server.pem")
    server = await loop.create_server(lambda: Connection(whole, latency), "127.0.0.1", 0, backlog=4096, ssl=tls)
    print(f"{'http' if tls is None else 'https'}://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
