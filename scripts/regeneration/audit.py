"""Reads the generated code before anything of it is run: it may hold only what a generated client needs.

The generator escapes what it takes from a contract; older ones did not, and executed hostile ones. This is the second
lock on that door.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from regeneration.errors import RegenerationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MODULES: Final = frozenset(
    {
        "__future__",
        "attrs",
        "collections.abc",
        "datetime",
        "http",
        "httpx",
        "importlib.resources",
        "io",
        "json",
        "ssl",
        "typing",
        "urllib.parse",
        "uuid",
    }
)
_FORBIDDEN_NAMES: Final = frozenset(
    {
        "__builtins__",
        "__import__",
        "breakpoint",
        "compile",
        "eval",
        "exec",
        "globals",
        "input",
        "locals",
        "open",
        "vars",
    }
)
_ALLOWED_DUNDERS: Final = frozenset({"__init__", "__enter__", "__exit__", "__aenter__", "__aexit__"})
_DECLARATIONS: Final = (
    ast.AnnAssign,
    ast.Assign,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.FunctionDef,
    ast.If,
    ast.Import,
    ast.ImportFrom,
)


def audit(package: Path) -> None:
    """Refuse a package that is not made of Python, or that holds code no generated client needs.

    Args:
        package: The folder of the generated package.

    Raises:
        RegenerationError: There is such code; the message names file and line.
    """
    for file in sorted(package.rglob("*.py")):
        name = file.relative_to(package).as_posix()
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            raise RegenerationError(f"the generator wrote no valid Python: {name}:{line}: {error}") from None
        for node, what in _suspicious(tree):
            place = f"{name}:{getattr(node, 'lineno', 1)}"
            raise RegenerationError(
                f"the generated code holds {what}, which no generated client needs: {place}; "
                "look for a text in the contract that is written like code"
            )


def _suspicious(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef)):
            yield from ((child, f"a bare {type(child).__name__}") for child in node.body if not _declares(child))
        elif isinstance(node, ast.Import):
            yield from ((node, f"import {alias.name}") for alias in node.names if alias.name not in _MODULES)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module not in _MODULES:
            yield node, f"from {node.module} import"
        elif isinstance(node, ast.Name) and node.id in _FORBIDDEN_NAMES:
            yield node, node.id
        elif isinstance(node, ast.Attribute) and node.attr.startswith("__") and node.attr not in _ALLOWED_DUNDERS:
            yield node, f"the attribute {node.attr}"


def _declares(statement: ast.stmt) -> bool:
    """Tell whether a statement of a module or a class declares something, or is a docstring."""
    is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_text or isinstance(statement, _DECLARATIONS)
