"""A few hosts on loopback that look like hosts of the internet: names, certificates, and what each one heard."""

import selectors
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Self, cast

import pytest
import trustme
from client_internals import allow_addresses

PUBLIC, INNER = "127.0.0.2", "127.0.0.1"
"""Two addresses of this machine; `Internet.open_doors` makes the client take the first one for a public address."""
PATIENCE = 10.0

Answer = bytes | Callable[[bytes], bytes]


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    """An HTTP response after which the connection ends."""
    lines = [f"HTTP/1.1 {status} Words", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@cache
def foreign_authority() -> trustme.CA:
    """An authority that no client trusts by itself."""
    return trustme.CA()


class Listener:
    """Lets a function talk on each connection, one after the other, until it is closed. A context manager."""

    def __init__(self, talk: Callable[[socket.socket], object], address: str = INNER) -> None:
        self._talk = talk
        self._listener = socket.create_server((address, 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://{address}:{self.port}"
        self._thread = threading.Thread(target=self._serve, name=f"listener {self.port}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE)
            # A client that refuses the certificate, or goes away, is what some tests want.
            with connection, suppress(OSError):
                self._talk(connection)


class Host:
    """One name. Every connection gets one response, or TLS alone if there is none.

    Attributes:
        heard: What came over each connection, after TLS if there is any.
    """

    def __init__(self, name: str, address: str, context: ssl.SSLContext | None, reply: Answer) -> None:
        self.name = name
        self.heard: list[bytes] = []
        self._ended = 0
        self._changed = threading.Condition()
        self._context = context
        self._reply = reply
        self._listener = Listener(self._serve, address)
        self.port = self._listener.port
        self.url = f"https://{name}:{self.port}"
        self.close = self._listener.close

    def settle(self, connections: int) -> list[bytes]:
        """What was heard, after so many connections have ended; more or fewer are a failure."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._ended >= connections, PATIENCE), f"only {self._ended} ended"
            assert len(self.heard) == connections
            return list(self.heard)

    def _serve(self, connection: socket.socket) -> None:
        self.heard.append(b"")
        try:
            self._talk(connection)
        finally:
            with self._changed:
                self._ended += 1
                self._changed.notify_all()

    def _talk(self, connection: socket.socket) -> None:
        if self._context is not None:
            connection = self._context.wrap_socket(connection, server_side=True)
        with connection:
            # Whoever wants TLS sends no whole request to a host without it: the first piece is enough.
            while not (_is_whole(self.heard[-1]) or (self.heard[-1] and self._context is None)):
                piece = connection.recv(65536)
                if not piece:
                    return
                self.heard[-1] += piece
            connection.sendall(self._reply if isinstance(self._reply, bytes) else self._reply(self.heard[-1]))


def _is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(end) and len(body) >= (int(lengths[0].split(b":")[1]) if lengths else 0)


class Internet:
    """Names that resolve to hosts of a test, and an authority whose certificates every client of the test trusts.

    Args:
        monkeypatch: Undoes everything.
        folder: Where the authority's certificate is saved.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.authority = trustme.CA()
        self._monkeypatch = monkeypatch
        self._addresses: dict[str, str] = {}
        self._hosts: list[Host] = []
        self._resolve = socket.getaddrinfo
        bundle = folder / "authority.pem"
        self.authority.cert_pem.write_to_path(str(bundle))
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        monkeypatch.setattr(socket, "getaddrinfo", self._getaddrinfo)

    def host(
        self,
        name: str,
        reply: Answer = b"",
        *,
        address: str = PUBLIC,
        tls: bool = True,
        certificate: trustme.LeafCert | None = None,
    ) -> Host:
        """Start a host.

        Args:
            name: Its name.
            reply: Its response, or a function of the request's bytes.
            address: Where it listens.
            tls: False to talk without TLS.
            certificate: The one that it shows; by default one of the trusted authority for its name.
        """
        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            (certificate or self.authority.issue_cert(name)).configure_cert(context)
        host = Host(name, address, context, reply)
        self._hosts.append(host)
        self.name(name, address)
        return host

    def open_doors(self) -> None:
        """Make the client take PUBLIC for an address of the internet; the rest of this machine stays inside."""
        allow_addresses(self._monkeypatch, PUBLIC, INNER)

    def name(self, name: str, address: str) -> None:
        """Let a name resolve to an address."""
        self._addresses[name] = address

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for host in self._hosts:
            host.close()

    def _getaddrinfo(self, host: str | bytes, *args: object, **kwargs: object) -> Iterable[object]:
        name = (host.decode("ascii") if isinstance(host, bytes) else host).encode("idna").decode("ascii").lower()
        address = self._addresses.get(name, name)
        if not address.startswith("127.0.0."):
            raise socket.gaierror(socket.EAI_NONAME, f"this internet has no {name}")
        resolve: Callable[..., Iterable[object]] = self._resolve
        return resolve(address, *args, **kwargs)


class Proxy(Listener):
    """An HTTP proxy that tunnels, and sees what it is asked for and what it carries.

    Attributes:
        heads: The head of each request to the proxy itself, CONNECT or not.
        carried: What went through the tunnels towards the hosts.
    """

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.carried = b""
        super().__init__(self._tunnel)

    def _tunnel(self, client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        self.heads.append(head)
        if not head.startswith(b"CONNECT "):
            return
        port = int(head.split(b" ")[1].rpartition(b":")[2])
        with socket.create_connection((PUBLIC, port), PATIENCE) as host, selectors.DefaultSelector() as selector:
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            selector.register(client, selectors.EVENT_READ, host)
            selector.register(host, selectors.EVENT_READ, client)
            while True:
                for key, _ in selector.select(PATIENCE):
                    piece = cast("socket.socket", key.fileobj).recv(65536)
                    if not piece:
                        return
                    self.carried += piece if key.fileobj is client else b""
                    other: Any = key.data
                    other.sendall(piece)
