"""Which operation of the contract a request is for, by its method and path."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from ideogram_ai.generated.operations import OPERATIONS

if TYPE_CHECKING:
    from ideogram_ai.generated.operations import Operation

_PARAMETER: Final = re.compile(r"\{([^}]*)\}")
_UNRESERVED: Final = re.compile(r"%(2[de]|3\d|[46][1-9a-f]|[57][0-9a]|5f|7e)", re.IGNORECASE)


def find_operation(method: str, path: str, *, whole: bool = False) -> Operation | None:
    """Return the operation of a request; None if the contract has none for it. See `operations_at`."""
    return next((each for each in operations_at(path, whole=whole) if each.method == method), None)


def operations_at(path: str, *, whole: bool = False) -> list[Operation]:
    """Return the operations of a path: of two that fit, the longer one is meant, and comes first.

    Args:
        path: Path as it was sent, which may begin with that of a base URL. A query is ignored.
        whole: Whether nothing may stand before the path of the operation.
    """
    bare = bare_path(path)
    patterns = ((each, path_pattern(each.path)) for each in OPERATIONS.values())
    found = [each for each, pattern in patterns if (pattern.fullmatch if whole else pattern.search)(bare)]
    return sorted(found, key=lambda each: -len(_PARAMETER.sub("", each.path)))


def path_parameters(operation: Operation, path: str) -> dict[str, str]:
    """Return the values of the parameters in the path of a request for an operation, decoded from percent signs."""
    names = _PARAMETER.findall(operation.path)
    match = path_pattern(operation.path).search(bare_path(path))
    return dict(zip(names, map(unquote, match.groups()), strict=True)) if match else {}


def bare_path(path: str) -> str:
    """Return a path without its query, and with characters that need no percent sign as such (RFC 3986, 6.2.2.2)."""
    return _UNRESERVED.sub(lambda match: unquote(match[0]), path.partition("?")[0])


@cache
def path_pattern(template: str) -> re.Pattern[str]:
    """Return a pattern for the end of a path, with a group for each parameter of the template."""
    return re.compile("([^/]+)".join(re.escape(text) for text in _PARAMETER.split(template)[::2]) + r"\Z")
