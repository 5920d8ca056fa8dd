"""What the tests of the mock server share."""

from collections.abc import Iterator

import pytest

from ideogram_ai.testing import MockServer


@pytest.fixture(scope="module")
def mock_url() -> Iterator[str]:
    """A mock server without a scenario, one for all tests of a file."""
    with MockServer() as server:
        yield server.url
