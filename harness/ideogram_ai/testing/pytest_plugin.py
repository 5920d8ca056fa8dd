"""Fixtures for pytest. Installed with the package; nothing heavy is imported before a test asks for one."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from importlib.machinery import ModuleSpec

    from .respx_mock import IdeogramMock
    from .server import MockServer

_MOCK: pytest.StashKey[IdeogramMock] = pytest.StashKey()


class _AsTheyAre:
    """Finds the modules of the package before pytest does.

    Pytest rewrites the assertions of every package that is installed with a plugin. It would compile all modules of
    the client for its own cache, and in each run where it cannot write that.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, _target: object = None, /) -> ModuleSpec | None:
        return PathFinder.find_spec(name, path) if name.startswith("ideogram_ai.") else None


sys.meta_path.insert(0, _AsTheyAre)


@pytest.fixture
def ideogram_mock(request: pytest.FixtureRequest) -> Iterator[IdeogramMock]:
    """The service, played in this process for sync and async clients. See `ideogram_ai.testing.IdeogramMock`."""
    with _load("respx_mock").IdeogramMock() as mock:
        request.node.stash[_MOCK] = mock
        yield mock


@pytest.fixture
def ideogram_server() -> Iterator[MockServer]:
    """The mock server on loopback; clients take its `url`. See `ideogram_ai.testing.MockServer`."""
    with _load("server").MockServer() as server:
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Let the test itself fail for what it sent, and not its teardown."""
    try:
        yield
    except BaseException as error:
        if _MOCK in item.stash:
            item.stash[_MOCK].verify_beside(error)
        raise
    if _MOCK in item.stash:
        item.stash[_MOCK].verify()


def _load(module: str) -> Any:
    try:
        return import_module(f".{module}", __package__)
    except ModuleNotFoundError as error:
        pytest.fail(f"{error.name} is missing: pip install 'ideogram-ai[testing]' brings it.", pytrace=False)
