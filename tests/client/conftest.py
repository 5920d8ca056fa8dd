"""What the tests of the client share."""

from collections.abc import Iterator

import pytest
from client_internals import forget_process_state
from driver import KINDS, Kind
from small_internet import Internet


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Run a test with every kind of client."""
    kind: Kind = request.param
    return kind


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    """Names, hosts and certificates on loopback, until the test ends."""
    with Internet(monkeypatch, tmp_path_factory.mktemp("authority")) as internet:
        yield internet


@pytest.fixture(autouse=True)
def _covered_process_state(request: pytest.FixtureRequest) -> None:
    """Count the lines that run once in a process where coverage is measured."""
    if request.config.pluginmanager.hasplugin("_cov"):
        forget_process_state()
