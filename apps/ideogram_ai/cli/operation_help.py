"""What the contract says of operations: their list, and the fields and the costs in a command's help."""

from __future__ import annotations

import difflib
import json
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from attrs import asdict

from ideogram_ai.contract.problems import SHORT_LIST
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import OPERATIONS

from .contract_input import JSON_PROMPT, members_of, operation_of, request_fields
from .exit_codes import ExitCode
from .terminal import is_terminal, write_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import click

    from ideogram_ai.contract.view import ContractView, FieldRule
    from ideogram_ai.generated.operations import Operation, Price

_KINDS: Final = {"string": "text", "integer": "whole number", "object": "JSON object", "array": "JSON array"}
"""The types of JSON whose names say little to people."""
_SOLID: Final = "\N{NO-BREAK SPACE}"


def operation_names() -> list[str]:
    """Return the methods of the client, in the contract's order."""
    return [operation.method_name for operation in OPERATIONS.values()]


def nearest_operations(name: str) -> list[str]:
    """Return the operations that were perhaps meant, with their group or without it."""
    by_name = {key: full for full in operation_names() for key in (full, full.rpartition(".")[2])}
    word = name.lower().replace("-", "_").replace("/", ".")
    found = [full for full in operation_names() if full.rpartition(".")[2] == word]
    found += [by_name[key] for key in difflib.get_close_matches(word, by_name, n=2)]
    return list(dict.fromkeys(found))


# The list of operations.


def print_operations(formatter: click.HelpFormatter, *, as_json: bool) -> ExitCode:
    """Print what `ideogram call --list` prints."""
    if as_json:
        write_out(json.dumps({"operations": [_as_json(operation) for operation in OPERATIONS.values()]}) + "\n")
    else:
        if not is_terminal(sys.stdout):
            formatter.width = sys.maxsize  # a line for each, for grep
        write_operations(formatter)
        write_out(formatter.getvalue())
    return ExitCode.DONE


def write_operations(formatter: click.HelpFormatter) -> None:
    """Write each operation, what it does and what it costs."""
    formatter.write_dl([(operation.method_name, summary_of(operation)) for operation in OPERATIONS.values()])


def summary_of(operation: Operation) -> str:
    """Return in a line what an operation does and costs."""
    does = read_view(operation.operation_id).summary.partition(". ")[0].rstrip(".")
    old = "Deprecated. " if operation.deprecated else ""
    return f"{old}{does}: {_short_price(operation)}."


def help_of(method_name: str) -> tuple[str, str, str]:
    """Return an operation's summary in a line, the text of its help, and its result."""
    operation = operation_of(method_name)
    view = read_view(operation.operation_id)
    return summary_of(operation), f"{view.summary}\n\n{view.description}", operation.result


def _as_json(operation: Operation) -> dict[str, Any]:
    return {
        "operation": operation.method_name,
        "summary": read_view(operation.operation_id).summary,
        "deprecated": operation.deprecated,
        "result": operation.result,
        "free": operation.is_free,
        "price": operation.price and asdict(operation.price),
        "fields": [field.wire_name for field in operation.fields],
    }


def _short_price(operation: Operation) -> str:
    if operation.price is None:
        return "free" if operation.is_free else "price unknown"
    amounts = sorted({Decimal(usd) for usd in operation.price.usd.values()})
    return f"{'-'.join(f'{usd:.2f}' for usd in (amounts[0], *amounts[1:][-1:]))} USD {_unit(operation.price)}"


def _unit(price: Price) -> str:
    return "an image" if price.per == "image" else "a request"


def _price_in_words(price: Price) -> str:
    """Return a price with the values that set it."""
    amounts = (f"{usd} USD{f' with {value}' if value else ''}" for value, usd in price.usd.items())
    return f"{', '.join(amounts)}"


# The help of a command.


def write_field_help(formatter: click.HelpFormatter, method_names: Iterable[str]) -> None:
    """Write the contract's fields, their values and what they cost at the end of a command's help."""
    operations = [operation_of(name) for name in method_names]
    by_name = {name: each for each in reversed(operations) for name in request_fields(each)}
    names = list(dict.fromkeys(name for operation in operations for name in request_fields(operation)))
    rows = [row for name in names for row in field_rows(by_name[name], name)]
    if rows:
        with formatter.section("Fields for -F"):
            formatter.write_dl([(name, about) for name, about, _ in rows])
    for name, _, choices in rows:
        if len(choices) > SHORT_LIST:
            with formatter.section(f"Values of {name} in the contract (others are sent too)"):
                formatter.write_text("  ".join(choices))
    with formatter.section("Costs"):
        formatter.write_text(costs_of(operations[0]))


def costs_of(operation: Operation) -> str:
    """Return in words what an operation costs."""
    price = operation.price
    if price is None:
        return "Nothing." if operation.is_free else "What it costs is not known."
    costs = [f"{_unit(price).capitalize()} costs {_price_in_words(price)}."]
    for each in operation.other_prices:
        condition = each.field if each.value is None else f"{each.field}={each.value}"
        costs.append(f"With {condition}: {_price_in_words(each.price)}.")
    return " ".join([*costs, f"Price list of {price.as_of}."])


def field_rows(operation: Operation, name: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield a field and the members of an object, each with what is to be known of it, and its values."""
    view = read_view(operation.operation_id)
    rule, schema = view.fields[name], view.schemas[name]
    field = next(field for field in operation.fields if field.wire_name == name)
    notes = [*(["required"] if field.required else []), *_relations(operation, name)]
    notes += [f"either {' or '.join(field.exactly_one_of)}"] if field.exactly_one_of else []
    yield name, _describe(view, rule, schema, notes), _shown_choices(rule)
    required = view.resolve(schema).get("required", ())
    for member, part in members_of(view, name).items() if name != JSON_PROMPT else ():
        inner = view.rule_of(member, part)
        notes = ["required"] if member in required else []
        yield f"{name}.{member}", _describe(view, inner, part, notes), _shown_choices(inner)


def _describe(view: ContractView, rule: FieldRule, schema: dict[str, Any], notes: Sequence[str]) -> str:
    branches = list(view.branches(schema))
    choices = _shown_choices(rule)
    if rule.is_file:
        what = "file; @FILE"
    elif rule.takes_files:
        what = "files, -F for each; @FILE, or @FOLDER for all of a folder"
    elif len(choices) > SHORT_LIST:
        what = f"one of {len(choices)} values, see below"
    elif choices:
        what = ", ".join(choices)
    elif rule.item is not None:
        listed = _shown_choices(rule.item)
        what = f"list, -F for each{': ' if listed else ''}{', '.join(listed)}"
    else:
        kinds = [_KINDS.get(kind, kind) for kind in rule.types if kind != "null"]
        what = "true or false" if kinds == ["boolean"] else " or ".join(kinds)
    limits = {keyword: branch[keyword] for branch in branches for keyword in _LIMITS if keyword in branch}
    parts = [what, *(_LIMITS[keyword].format(limit) for keyword, limit in limits.items())]
    if not choices and rule.default is not None:
        parts.append(f"default {json.dumps(rule.default)}")
    about = next((branch["description"] for branch in branches if "description" in branch), "").partition(". ")[0]
    return f"{', '.join([*parts, *notes])}. {about.rstrip('.')}".rstrip(". ") + "."


_LIMITS: Final = {
    "minimum": "from {}",
    "maximum": "up to {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
}
"""The bounds of a value, by the keyword of the schema."""


def _relations(operation: Operation, name: str) -> Iterator[str]:
    """Yield how a field depends on others."""
    for groups, says in (
        (operation.exactly_one_of, "either this or {}"),
        (operation.at_least_one_of, "this or {} or both"),
        (operation.exclusive, "not with {}"),
    ):
        others = [other for group in groups if name in group for other in group if other != name]
        if others:
            yield says.format(" or ".join(others))
    for first, second in operation.same_length:
        if name == second:
            yield f"as many as {first}"


def _shown_choices(rule: FieldRule) -> list[str]:
    """Return the values of a field, with a remark on the default and on those that are refused today."""
    remarks = {rule.default: "default", **{entry.value: "not in service yet" for entry in rule.unavailable}}
    shown = [f"{choice} ({remarks[choice]})" if choice in remarks else choice for choice in map(str, rule.choices)]
    return [choice.replace(" ", _SOLID) for choice in shown]
