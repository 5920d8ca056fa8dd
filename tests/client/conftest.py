"""What the tests of the client share."""

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest
import trustme
from small_internet import Internet


@pytest.fixture(autouse=True, scope="session")
def _one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let each client load one certificate, and not those of the whole world, which takes a tenth of a second."""
    bundle = tmp_path_factory.mktemp("authority") / "authority.pem"
    trustme.CA().cert_pem.write_to_path(str(bundle))
    with patch.dict(os.environ, SSL_CERT_FILE=str(bundle)):
        yield


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    """Names, hosts and certificates on loopback, until the test ends."""
    with Internet(monkeypatch, tmp_path_factory.mktemp("authority")) as internet:
        yield internet
