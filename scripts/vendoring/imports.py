"""Makes the imports of a module relative, so that it works below any name.

Relative and not absolute under the new name: the copy then holds no name but its own, so that it is the same bytes
wherever it lies, and its folder can be moved and renamed, together with whatever it lies in.
"""

# ruff: noqa: N802, ARG002 - libcst says how the methods are named and what they take.
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import libcst as cst
from libcst import matchers as m
from libcst.helpers import get_full_name_for_node
from libcst.metadata import MetadataWrapper, PositionProvider

from vendoring.errors import VendoringError

if TYPE_CHECKING:
    from collections.abc import Collection

NAME: Final = "ideogram_ai"
"""The package whose parts are copied."""
_NAMED: Final = re.compile(rf"\b{NAME}\b")


def make_relative(source: bytes, file: str, floors: Collection[str]) -> bytes:
    """Rewrite what a module imports from ideogram_ai, and nothing else of it.

    Args:
        source: The module, UTF-8.
        file: Its path below ideogram_ai, with slashes.
        floors: The packages of ideogram_ai that are copied.

    Returns:
        The module; the same bytes when it imports nothing from ideogram_ai by name.

    Raises:
        VendoringError: The name is used in a way that cannot be rewritten, or a floor is imported that is not copied.
    """
    if NAME.encode() not in source:
        return source
    try:
        module = cst.parse_module(source)
    except cst.ParserSyntaxError as error:
        raise VendoringError(f"{file}:{error.raw_line}: {error.message}") from None
    # From here, as many dots lead to ideogram_ai as the module lies folders below it, and one more.
    rewriter = _Relative("." * (file.count("/") + 1), frozenset(floors))
    module = module.visit(rewriter)
    _refuse_what_is_left(module, file)
    return module.bytes


class _Relative(cst.CSTTransformer):
    """Rewrites the statements that import, calls of import_module, and the names that `import a.b` makes."""

    def __init__(self, dots: str, floors: frozenset[str]) -> None:
        self._dots = dots
        self._floors = floors
        self._bound: dict[str, str] = {}

    def visit_Import(self, node: cst.Import) -> bool:
        """What is imported is judged as a whole, below."""
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        """What is imported is judged as a whole, below."""
        return False

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> cst.ImportFrom:
        """`from ideogram_ai.generated import models` becomes `from ..generated import models`."""
        name = get_full_name_for_node(updated_node.module) if updated_node.module else None
        if updated_node.relative or name is None:
            return updated_node
        if name == NAME and not isinstance(updated_node.names, cst.ImportStar):
            names = {alias.evaluated_name for alias in updated_node.names}
            return self._import_from("", updated_node) if names <= self._floors else updated_node
        return self._import_from(name.partition(".")[2], updated_node) if self._is_copied(name) else updated_node

    def leave_Import(
        self, original_node: cst.Import, updated_node: cst.Import
    ) -> cst.Import | cst.FlattenSentinel[cst.BaseSmallStatement]:
        """`import ideogram_ai.generated.types as t` becomes `from ..generated import types as t`."""
        ours = [alias for alias in updated_node.names if self._is_copied(alias.evaluated_name)]
        others = [alias for alias in updated_node.names if alias not in ours]
        if not ours:
            return updated_node
        statements: list[cst.BaseSmallStatement] = [self._import(alias) for alias in ours]
        if others:
            others[-1] = others[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
            statements.insert(0, updated_node.with_changes(names=others))
        return cst.FlattenSentinel(statements)

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute | cst.Name:
        """`ideogram_ai.generated.types`, after an import without `as`, becomes the name that the import got."""
        bound = self._bound.get(get_full_name_for_node(original_node) or "")
        return cst.Name(bound) if bound else updated_node

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        """`import_module("ideogram_ai.generated")` becomes `import_module("..generated", __package__)`."""
        if get_full_name_for_node(updated_node.func) not in {"import_module", "importlib.import_module"}:
            return updated_node
        match updated_node.args:
            case [cst.Arg(value=cst.SimpleString() as text, keyword=None, star="")]:
                name = text.evaluated_value
            case _:
                return updated_node
        if not isinstance(name, str) or not self._is_copied(name):
            return updated_node
        relative = cst.SimpleString(f'"{self._dots}{name.partition(".")[2]}"')
        return updated_node.with_changes(args=[cst.Arg(relative), cst.Arg(cst.Name("__package__"))])

    def _is_copied(self, name: str) -> bool:
        return name.startswith(f"{NAME}.") and name.split(".")[1] in self._floors

    def _import_from(self, below: str, statement: cst.ImportFrom) -> cst.ImportFrom:
        module = cst.parse_expression(below) if below else None
        return statement.with_changes(module=module, relative=[cst.Dot() for _ in self._dots])

    def _import(self, alias: cst.ImportAlias) -> cst.ImportFrom:
        parent, _, last = alias.evaluated_name.partition(".")[2].rpartition(".")
        asname = alias.asname
        if asname is None:
            self._bound[alias.evaluated_name] = bound = "_" + alias.evaluated_name.replace(".", "_")
            asname = cst.AsName(cst.Name(bound))
        module: Any = cst.parse_expression(parent) if parent else None
        names = [cst.ImportAlias(cst.Name(last), asname)]
        return cst.ImportFrom(module, names, [cst.Dot() for _ in self._dots])


def _refuse_what_is_left(module: cst.Module, file: str) -> None:
    """Refuse a module that still names ideogram_ai, in code or in a text that code could use; docstrings may."""
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    docstrings = {each.value for each in m.findall(module, m.Expr(m.SimpleString())) if isinstance(each, cst.Expr)}
    named = m.MatchIfTrue[str](lambda text: _NAMED.search(text) is not None)
    naming = m.OneOf(m.Name(NAME), m.SimpleString(named), m.FormattedStringText(named))
    for node in m.findall(module, naming):
        if node not in docstrings:
            line = wrapper.resolve(PositionProvider)[node].start.line
            raise VendoringError(
                f"{file}:{line}: this names {NAME}, and a copy goes by another name. Import from the floors that are "
                "copied with `from ... import`, and take the name of a module from __name__"
            )
