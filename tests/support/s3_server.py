"""A real S3 server on this machine, for tests of files that go there."""

import contextlib
from collections.abc import Iterator
from typing import Any

import fsspec
import httpx
import pytest

BUCKET = "a-bucket"
KEY, SECRET = "AKIATESTTESTTEST", "test-secret"


@contextlib.contextmanager
def serve_s3() -> Iterator[str]:
    """Serve a bucket until the context ends, and give the server's URL."""
    from moto.server import ThreadedMotoServer  # loads for seconds

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        client(url).create_bucket(Bucket=BUCKET)
        yield url
    finally:
        server.stop()
        assert server._server is not None
        server._server.server_close()


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
