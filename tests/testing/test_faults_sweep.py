"""Every fault against a real client, httpx: one POST is one in the ledger, and no thread and no socket is left."""

import os
import ssl
import threading
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from raw_http import connect, post

from ideogram_ai.testing.faults import FAULTS, IMAGE_FAULTS, Fault, FaultServer, Phase

BODY_LIMIT = 4 << 20
DESCRIPTORS = Path("/proc/self/fd")
DEAF = {"refuse", "connect_hangs"}
POSTS = [fault for fault in FAULTS.values() if fault.name != "endless_hints"]
"""All but the one against which httpx has no limit: it reads interim answers for ever."""
GETS = [fault for fault in (*IMAGE_FAULTS.values(), *POSTS) if fault.phase is not Phase.CONNECT]
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""One for all clients: to load certificates takes longer than a test."""


def descriptors() -> int:
    return len(os.listdir(DESCRIPTORS)) if DESCRIPTORS.exists() else 0


def servers_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("fault-server")]


def ask(url: str, *, size: int, timeout: float) -> bytes:
    """The body of a 200, of which no more is decoded than the limit."""
    body = b""
    files = {"text_prompt": (None, b"p" * size)}
    with httpx.Client(verify=NO_TLS, timeout=timeout) as client, client.stream("POST", url, files=files) as response:
        response.raise_for_status()
        for piece in response.iter_bytes(65536):
            body += piece
            if len(body) > BODY_LIMIT:
                raise httpx.DecodingError("too large")
    return body


@pytest.mark.parametrize("fault", POSTS, ids=lambda fault: fault.name)
def test_one_post_is_one_post_and_nothing_is_left(fault: Fault) -> None:
    before = descriptors()
    with FaultServer(fault, interval=1000.0, expanded_size=2 * BODY_LIMIT) as server:
        size = 16 << 20 if fault.name == "never_reads" else 100
        timeout = 0.2 if fault.needs_limit else 10.0
        if fault.harmless:
            assert ask(server.url, size=size, timeout=timeout)
        else:
            with suppress(httpx.HTTPError):
                ask(server.url, size=size, timeout=timeout)
        ledger = server.wait_closed()
    assert ledger.connections == int(fault.name not in DEAF)
    assert len(ledger.posts) == int(fault.phase is not Phase.CONNECT or fault.may_have_run)
    assert ledger.may_have_run == int(fault.may_have_run)
    assert servers_threads() == []
    assert descriptors() == before


@pytest.mark.parametrize("fault", GETS, ids=lambda fault: fault.name)
def test_one_get_is_one_get_and_nothing_is_left(fault: Fault) -> None:
    before = descriptors()
    with FaultServer(image=fault, interval=1000.0, expanded_size=2 * BODY_LIMIT) as server:
        with (
            suppress(httpx.HTTPError),
            httpx.Client(verify=NO_TLS, timeout=0.2 if fault.needs_limit else 10.0) as client,
            client.stream("GET", server.image_url) as response,
        ):
            read = 0
            for piece in response.iter_bytes(65536):
                read += len(piece)
                if read > BODY_LIMIT:
                    break
        ledger = server.wait_closed()
    assert (len(ledger.gets), len(ledger.posts), ledger.may_have_run) == (1, 0, 0)
    assert servers_threads() == []
    assert descriptors() == before


@pytest.mark.parametrize("name", FAULTS)
def test_a_server_ends_with_its_context_though_the_client_stays(name: str) -> None:
    before = descriptors()
    with FaultServer(name, interval=1000.0, expanded_size=1 << 20) as server:
        sock = None
        if name not in DEAF:
            sock = connect(server.url)
            with suppress(ConnectionError):
                sock.sendall(post(close=False))
    assert servers_threads() == []
    if sock is not None:
        sock.close()
    assert descriptors() == before
