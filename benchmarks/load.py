"""A load of requests that costs its own process next to nothing: raw bytes over connections that stay open."""

from __future__ import annotations

import selectors
import socket
import time
from typing import cast
from urllib.parse import urlsplit

from .requests import HEADERS, PATH, multipart


def requests_a_second(url: str, seconds: float, connections: int = 16) -> float:
    """How many multipart text prompts a server answers with a 200.

    Args:
        url: Its base URL.
        seconds: How long it is asked.
        connections: How many requests are on their way at a time.

    Raises:
        RuntimeError: An answer is no 200.
    """
    parts = urlsplit(url)
    request = _request(parts.netloc)
    answered = 0
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            connection = socket.create_connection((str(parts.hostname), parts.port or 80))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(request)
            selector.register(connection, selectors.EVENT_READ, bytearray())
        began = time.perf_counter()
        while (elapsed := time.perf_counter() - began) < seconds:
            for key, _ in selector.select(1.0):
                connection, answer = cast("socket.socket", key.fileobj), cast("bytearray", key.data)
                answer += connection.recv(65536)
                if _is_whole(answer):
                    answer.clear()
                    answered += 1
                    connection.sendall(request)
        for key in list(selector.get_map().values()):
            cast("socket.socket", key.fileobj).close()
    return answered / elapsed


def _request(host: str) -> bytes:
    content_type, body = multipart()
    headers = {"Host": host, **HEADERS, "Content-Type": content_type, "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + body


def _is_whole(answer: bytearray) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"the server answered {bytes(answer[:500])!r}")
    _, found, rest = bytes(head).lower().partition(b"\r\ncontent-length:")
    if found:
        return len(body) >= int(rest.partition(b"\r\n")[0])
    return body.endswith(b"0\r\n\r\n")  # in chunks
