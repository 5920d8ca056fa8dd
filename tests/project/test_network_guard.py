"""No test may reach the network: a suite that does can cost money, and passes or fails with the weather."""

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
    """What the guard refused; emptied, because these tests mean it."""
    yield network_guard.refused
    network_guard.refused.clear()


def test_a_connection_to_another_machine_is_refused_by_address(refused: list[str]) -> None:
    with socket.socket() as sock, pytest.raises(NetworkAccessError, match=r"192\.0\.2\.1"):
        sock.connect((ELSEWHERE, 443))
    assert len(refused) == 1


@pytest.mark.parametrize("host", ["example.org", b"example.org", ELSEWHERE, "2001:db8::1"])
def test_a_look_up_of_another_machine_is_refused(host: str | bytes, refused: list[str]) -> None:
    with pytest.raises(NetworkAccessError, match="this machine"):
        socket.getaddrinfo(host, 443)
    assert refused


def test_a_datagram_to_another_machine_is_refused(refused: list[str]) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        with pytest.raises(NetworkAccessError, match=r"192\.0\.2\.1"):
            sock.sendto(b"", (ELSEWHERE, 9))
        with pytest.raises(NetworkAccessError, match=r"192\.0\.2\.1"):
            sock.sendmsg([b""], [], 0, (ELSEWHERE, 9))
    assert len(refused) == 2


def test_code_that_swallows_the_refusal_is_still_found_out(refused: list[str]) -> None:
    with pytest.raises(NetworkAccessError):
        httpx.get(f"http://{ELSEWHERE}/", timeout=0.5)
    assert refused, "the fixture that judges each test reads this list"


def test_programs_that_tests_start_are_guarded_too() -> None:
    program = f"import socket; socket.create_connection(({ELSEWHERE!r}, 443), timeout=0.5)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "NetworkAccessError" in result.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "localhost", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_open(host: str) -> None:
    assert network_guard._is_loopback(host)


def test_a_connection_on_this_machine_passes() -> None:
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
