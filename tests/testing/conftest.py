"""What the tests of the mock server share."""

from collections.abc import Iterator

import pytest

from ideogram_ai.testing import MockServer


@pytest.fixture(scope="module")
def shared_server() -> Iterator[MockServer]:
    """A mock server without a scenario, one for all tests of a file."""
    with MockServer() as server:
        yield server


@pytest.fixture(scope="module")
def mock_url(shared_server: MockServer) -> str:
    """The URL of the shared server."""
    return shared_server.url


@pytest.fixture
def server(shared_server: MockServer) -> MockServer:
    """The shared server, with an empty ledger."""
    shared_server.clear_ledger()
    return shared_server
