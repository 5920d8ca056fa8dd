"""No test may reach the network: that could cost money, and results would depend on the outside."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import network_guard
import pytest
from network_guard import NetworkAccessError

ELSEWHERE = "192.0.2.1"  # reserved for documentation (RFC 5737): leads nowhere, also if the guard is broken


@pytest.fixture
def refused() -> Iterator[list[str]]:
    """The refusals of the guard, cleared at the end because these tests provoke them."""
    yield network_guard.refused
    network_guard.refused.clear()


def test_connections_look_ups_and_datagrams_to_other_machines_are_refused(refused: list[str]) -> None:
    elsewhere = pytest.raises(NetworkAccessError, match=r"192\.0\.2\.1")
    with socket.socket() as sock, elsewhere:
        sock.connect((ELSEWHERE, 443))
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        with elsewhere:
            sock.sendto(b"", (ELSEWHERE, 9))
        with elsewhere:
            sock.sendmsg([b""], [], 0, (ELSEWHERE, 9))
    assert len(refused) == 3
    hosts: tuple[str | bytes, ...] = ("example.org", b"example.org", ELSEWHERE, "2001:db8::1")
    for count, host in enumerate(hosts, 4):
        with pytest.raises(NetworkAccessError, match="this machine"):
            socket.getaddrinfo(host, 443)
        assert len(refused) >= count
    refused.clear()
    with pytest.raises(NetworkAccessError):
        httpx.get(f"http://{ELSEWHERE}/", timeout=0.5)
    assert refused, "the fixture that judges each test reads this list, also if the code under test ignored the error"


def test_programs_that_tests_start_are_guarded_too() -> None:
    program = f"import socket; socket.create_connection(({ELSEWHERE!r}, 443), timeout=0.5)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "NetworkAccessError" in result.stderr


def test_this_machine_is_open() -> None:
    for host in ("127.0.0.1", "127.8.9.10", "localhost", "::1", "::ffff:127.0.0.1"):
        assert network_guard._is_loopback(host), host
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        peer, _ = server.accept()
        with peer:
            client.sendall(b"x")
            assert peer.recv(1) == b"x"


@pytest.mark.anyio
async def test_async_tests_run_on_both_event_loops(anyio_backend: str) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        loop = "trio"
    else:
        loop = "asyncio"
    assert loop == anyio_backend
