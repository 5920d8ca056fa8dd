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


def find_operation(method: str, path: str) -> Operation | None:
    """Return the operation of a request; None if the contract has none for it.

    Args:
        method: HTTP method.
        path: Path, which may begin with that of a base URL. A query is ignored.
    """
    whole = path.partition("?")[0]
    found = [each for each in OPERATIONS.values() if each.method == method and path_pattern(each.path).search(whole)]
    return max(found, key=length_of_path, default=None)


def length_of_path(operation: Operation) -> int:
    """Return the length of a path without its parameters: of two paths that fit, the longer one is meant."""
    return len(_PARAMETER.sub("", operation.path))


def path_parameters(operation: Operation, path: str) -> dict[str, str]:
    """Return the values of the parameters in the path of a request for an operation, decoded from percent signs."""
    names = _PARAMETER.findall(operation.path)
    match = path_pattern(operation.path).search(path.partition("?")[0])
    return dict(zip(names, map(unquote, match.groups()), strict=True)) if match else {}


@cache
def path_pattern(template: str, *, decoded: bool = False) -> re.Pattern[str]:
    """Return a pattern for the end of a path, with a group for each parameter of the template.

    Args:
        template: Path of an operation.
        decoded: Whether percent signs were decoded before, so that a parameter may have a slash in it.
    """
    literals = [re.escape(text) for text in _PARAMETER.split(template)[::2]]
    return re.compile(("(.+)" if decoded else "([^/]+)").join(literals) + r"\Z", re.DOTALL)
