"""Whatever tests a client or a server against the contract.

    from ideogram_ai.testing import MockServer

    with MockServer() as server:
        ...  # a client with base_url=server.url and any key

Needs the extra `testing`. Nothing of it is loaded before it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app
    from .generation import UNSAFE_WORD, WITHHELD_WORD
    from .recording import Exchange
    from .scenario import parse_scenario
    from .server import MockServer

__all__ = ("UNSAFE_WORD", "WITHHELD_WORD", "Exchange", "MockServer", "create_app", "parse_scenario")

_MODULES = {
    "Exchange": "recording",
    "MockServer": "server",
    "UNSAFE_WORD": "generation",
    "WITHHELD_WORD": "generation",
    "create_app": "app",
    "parse_scenario": "scenario",
}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{module}", __name__), name)
