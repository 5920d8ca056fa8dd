"""What the tests of the client share."""

from collections.abc import Iterator

import pytest
from small_internet import Internet


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    """Names, hosts and certificates on loopback, until the test ends."""
    with Internet(monkeypatch, tmp_path_factory.mktemp("authority")) as internet:
        yield internet
