"""Write docs/operations.md, the page of all operations, or check it; regenerate.py runs this.

It says of fields and costs what the help of `ideogram call` says, and of the mock server what that says of itself.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from regeneration.documents import ROOT

from ideogram_ai.cli.operation_help import costs_of, field_rows
from ideogram_ai.contract.problems import SHORT_LIST
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import OPERATIONS
from ideogram_ai.testing.behaviour import behaviour_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ideogram_ai.generated.operations import Operation, Price

PAGE: Final = ROOT / "docs" / "operations.md"
_HEAD: Final = """# All operations

The {count} operations of the API. `python scripts/regenerate.py` makes this page from
[the contract](../openapi/ideogram-v1.yaml); do not edit it.

Each is a method of [`Ideogram` and `AsyncIdeogram`](client.md), and a [command](command-line.md). The key, time
limits, [retries](client.md#retries-and-money) and [errors](errors.md) are the same for all. [A file](client.md#files)
is a path, bytes, an open file, or an image of a `Generation`. Try every operation for free with
[the mock server](mock-server.md). Each price has the date of the provider's price list.
"""
_TITLES: Final = {
    "": "Ideogram 4.0, and tools: `client`",
    "v3": "Ideogram 3.0: `client.v3`",
    "legacy": "Models before 3.0: `client.legacy`",
    "datasets": "Datasets: `client.datasets`",
    "models": "Custom models: `client.models`",
}
_OWN_COMMANDS: Final = {
    "generate": "generate",
    "submit": "generate --async",
    "generate_transparent": "generate --transparent",
    "submit_generate_transparent": "generate --transparent --async",
    "remix": "remix",
    "submit_remix": "remix --async",
    "magic_prompt": "magic-prompt",
    "describe": "describe",
    "job": "fetch",
}
_FOR_THE_COMMAND: Final = re.compile(r", -F for each|; @FILE(, or @FOLDER for all of a folder)?")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 1 when --check finds a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the page differs")
    parser.add_argument("--out", type=Path, default=PAGE, metavar="FILE", help="another place")
    options = parser.parse_args(argv)
    text = "\n".join(_lines()) + "\n"
    if not options.check:
        options.out.write_text(text, "utf-8")
    elif not options.out.exists() or options.out.read_text("utf-8") != text:
        print(f"error: {options.out} is not what the contract makes: scripts/regenerate.py updates it", file=sys.stderr)
        return 1
    return 0


def _lines() -> Iterator[str]:
    groups: dict[str, list[Operation]] = {}
    for operation in OPERATIONS.values():
        groups.setdefault(operation.method_name.rpartition(".")[0], []).append(operation)
    yield _HEAD.format(count=len(OPERATIONS))
    for name, members in groups.items():
        yield from (f"## {_TITLES.get(name, f'`client.{name}`')}", "")
        yield from _table(("method", "command", "costs, in USD", "what the mock server does"), map(_row, members))
    long_lists: dict[tuple[str, ...], str] = {}
    yield from ("## Fields and results", "")
    for operation in (each for members in groups.values() for each in members):
        yield from _details(operation, long_lists)
    yield from ("## Long lists of values", "")
    for choices, title in long_lists.items():
        yield from (f"### {title}", "", textwrap.fill(f"{', '.join(choices)}.".replace("\xa0", " "), 120), "")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for cells in (columns, ["---"] * len(columns), *rows):
        yield f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""


def _row(operation: Operation) -> Sequence[str]:
    name = operation.method_name
    method = f"[`{name}`](#{_anchor(f'client.{name}')})" + (", deprecated" if operation.deprecated else "")
    command = f"`ideogram {_OWN_COMMANDS.get(name, f'call {name}')}`"
    return method, command, _price(operation), behaviour_of(operation)


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _price(operation: Operation) -> str:
    price = operation.price
    if price is None:
        return "nothing" if operation.is_free else "not known"
    by = f", by `{price.by}`" if price.by else ""
    others = [
        f"; {_range(each.price)} with `{each.field}{'' if each.value is None else f'={each.value}'}`"
        for each in operation.other_prices
    ]
    return f"{_range(price)} {'an image' if price.per == 'image' else 'a request'}{by}{''.join(others)}"


def _range(price: Price) -> str:
    amounts = sorted({Decimal(usd) for usd in price.usd.values()})
    return f"{amounts[0]} to {amounts[-1]}" if len(amounts) > 1 else str(amounts[0])


def _details(operation: Operation, long_lists: dict[tuple[str, ...], str]) -> Iterator[str]:
    view, name = read_view(operation.operation_id), f"client.{operation.method_name}"
    yield from (f"### `{name}`", "")
    about = f"{'**Deprecated.** ' if operation.deprecated else ''}{view.summary} {view.description}"
    yield from (textwrap.fill(about.strip(), 120, break_on_hyphens=False), "")
    yield f"- request: `{operation.method} {operation.path}`"
    yield f"- costs: {costs_of(operation)}"
    yield f"- billed: {_billed(operation)}"
    yield from (f"- rule: {rule}" for rule in _rules(operation))
    yield from (f"- returns: {_result(operation)}", "")
    rows: list[Sequence[str]] = []
    for field in operation.fields:
        for wire_name, text, choices in field_rows(operation, field.wire_name):
            plain = _FOR_THE_COMMAND.sub("", text).replace(", see below", "", 1)
            if len(choices) > SHORT_LIST:
                title = long_lists.setdefault(tuple(choices), f"`{wire_name}` of `{name}`")
                plain = plain.replace("values", f"[values](#{_anchor(title)})", 1)
            keys = " [Every key, with a picture](json-prompts.md)." if wire_name == "json_prompt" else ""
            rows.append((f"`{wire_name}`", plain + keys))
    if rows:
        yield from _table(("field", "value"), rows)


def _billed(operation: Operation) -> str:
    """Say which responses cost money, by status."""
    words = {True: "yes", False: "no", None: "not known"}
    found = {
        answer: [str(status) for status, billed in operation.billed.items() if billed is answer] for answer in words
    }
    if not (found[True] or found[None]):
        return "nothing, whatever the response is"
    return "; ".join(
        f"{words[answer]} with {_listed(statuses, 'or')}" for answer, statuses in found.items() if statuses
    )


def _rules(operation: Operation) -> Iterator[str]:
    """Say which fields need or exclude each other."""
    for count, groups in (
        ("exactly", operation.exactly_one_of),
        ("at least", operation.at_least_one_of),
        ("at most", operation.exclusive),
    ):
        yield from (f"{count} one of {_listed([f'`{name}`' for name in group], 'and')}" for group in groups)
    for first, second in operation.same_length:
        yield f"`{second}` has as many items as `{first}`"


def _listed(words: Sequence[str], last: str) -> str:
    return f" {last} ".join([", ".join(words[:-1]), words[-1]]) if words[1:] else words[0]


def _result(operation: Operation) -> str:
    if operation.result == "job":
        return "a [`Job`](jobs.md)"
    if operation.result == "images":
        count = f"; `{'.'.join(operation.count_path)}` says how many images" if operation.count_path else ""
        return f"a [`Generation`](client.md#how-an-image-was-made){count}"
    view = read_view(operation.operation_id)
    members, _ = view.members(view.responses[200].schema)
    return f"`{operation.answer_model or 'JSON'}` with {', '.join(f'`{name}`' for name in members)}"


if __name__ == "__main__":
    sys.exit(main())
