"""A real S3 server on this machine, for tests of files that go there."""

import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import fsspec
import httpx
import pytest

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

BUCKET = "a-bucket"
KEY, SECRET = "AKIATESTTESTTEST", "test-secret"


def make_s3(port: int) -> "BaseWSGIServer":
    """moto, which writes one object at a time.

    It looks whether a name is taken and then writes, in two steps: of two threads both could create one name. Amazon's
    service does it in one step.
    """
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # loads for seconds
    from werkzeug.serving import make_server

    app = DomainDispatcherApplication(create_backend_app)
    writing = threading.Lock()

    def one_at_a_time(environ: dict[str, Any], start_response: Any) -> Any:
        with writing if environ["REQUEST_METHOD"] == "PUT" else contextlib.nullcontext():
            return app(environ, start_response)

    return make_server("127.0.0.1", port, one_at_a_time, threaded=True)


@contextlib.contextmanager
def serve_s3() -> Iterator[str]:
    """Serve a bucket until the context ends, and give the server's URL."""
    server = make_s3(0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.port}"
        client(url).create_bucket(Bucket=BUCKET)
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def client(url: str) -> Any:
    """A client of the server that is not the one under test."""
    import boto3

    session = boto3.Session(aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1")
    return session.client("s3", endpoint_url=url)


@contextlib.contextmanager
def asking_for_credentials(url: str) -> Iterator[None]:
    """Have the server refuse keys that it did not give out, which are all."""

    def let_through(requests: str) -> None:
        head = {"Content-Type": "text/plain"}
        httpx.post(f"{url}/moto-api/reset-auth", content=requests, headers=head).raise_for_status()

    let_through("0")
    try:
        yield
    finally:
        let_through("Infinity")


def settings(url: str) -> dict[str, str]:
    """The environment that leads a user's program to the server."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",  # else botocore looks for credentials on the network when it has none
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


@contextlib.contextmanager
def connected(url: str, **changes: str) -> Iterator[None]:
    """Lead this process to the server, and have drivers forget what they were connected to before and after."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**settings(url), **changes}.items():
            patch.setenv(name, value)
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        try:
            yield
        finally:
            fsspec.get_filesystem_class("s3").clear_instance_cache()


class Relay:
    """Passes connections on to a server, counts their requests, and fails on purpose. A context manager.

    Attributes:
        requests: The first line of each request so far, without the version.
        fail: Asked with that line before a request is passed on. None lets it through; bytes are the response, and the
            server never sees the request; with no bytes the server gets it, and the client never sees the response.
    """

    def __init__(self, url: str) -> None:
        self.requests: list[str] = []
        self.fail: Callable[[str], bytes | None] = lambda line: None
        parts = urlsplit(url)
        self._server = (str(parts.hostname), int(parts.port or 80))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "Relay":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._pass, args=(connection,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        lost = threading.Event()
        with client, socket.create_connection(self._server) as server, contextlib.suppress(OSError):
            back = threading.Thread(target=self._pass_back, args=(server, client, lost), daemon=True)
            back.start()
            while data := client.recv(1 << 16):
                line, version, _ = data.partition(b" HTTP/1.1\r\n")
                if version and b"\n" not in line:  # else the body goes on
                    self.requests.append(line.decode())
                    response = self.fail(self.requests[-1])
                    if response:
                        client.sendall(response)
                        break
                    if response is not None:
                        lost.set()
                server.sendall(data)
            for each in (server, client):
                each.shutdown(socket.SHUT_RDWR)
            back.join()

    @staticmethod
    def _pass_back(server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                if lost.is_set() and not data.startswith(b"HTTP/1.1 100"):
                    break
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    make_s3(int(sys.argv[1])).serve_forever()
