"""Whatever tests a client or a server against the contract.

    from ideogram_ai.testing import MockServer

    with MockServer() as server:
        ...  # a client with base_url=server.url and any key

Needs the extra `testing`. Nothing of it is loaded before it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ideogram_ai.contract.check import RequestProblem, Severity, check_request
    from ideogram_ai.contract.review import RequestRemark, review_request

    from .app import create_app, parse_scenario
    from .images import WITHHELD_WORD
    from .mock_responses import Answer
    from .recording import Exchange
    from .respx_mock import IdeogramMock, ideogram_mock
    from .respx_plan import ContractBrokenError
    from .server import MockServer
    from .service import DEPRECATED_WORD, FAILED_WORD, UNSAFE_WORD
    from .strategies import BrokenRequest, answers, broken_requests, files, request_rules, requests, unusual_answers

__all__ = (
    "DEPRECATED_WORD",
    "FAILED_WORD",
    "UNSAFE_WORD",
    "WITHHELD_WORD",
    "Answer",
    "BrokenRequest",
    "ContractBrokenError",
    "Exchange",
    "IdeogramMock",
    "MockServer",
    "RequestProblem",
    "RequestRemark",
    "Severity",
    "answers",
    "broken_requests",
    "check_request",
    "create_app",
    "files",
    "ideogram_mock",
    "parse_scenario",
    "request_rules",
    "requests",
    "review_request",
    "unusual_answers",
)

_NAMES = {
    ".app": "create_app parse_scenario",
    ".images": "WITHHELD_WORD",
    ".mock_responses": "Answer",
    ".recording": "Exchange",
    ".respx_mock": "IdeogramMock ideogram_mock",
    ".respx_plan": "ContractBrokenError",
    ".server": "MockServer",
    ".service": "DEPRECATED_WORD FAILED_WORD UNSAFE_WORD",
    ".strategies": "BrokenRequest answers broken_requests files request_rules requests unusual_answers",
    "ideogram_ai.contract.check": "RequestProblem Severity check_request",
    "ideogram_ai.contract.review": "RequestRemark review_request",
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(module, __name__), name)
    except (AttributeError, ImportError) as error:
        from ideogram_ai.client.errors import raise_cause  # noqa: PLC0415 - where all is well, it is not needed

        raise_cause(error, f"{__name__}{module}" if module.startswith(".") else module)
