"""SOURCES.md names every fact of the contract and none that the contract does not have, so that it cannot rot."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from contract_document import Node, nodes
from markdown_it import MarkdownIt
from markdown_it.token import Token

SOURCES = Path(__file__).parents[2] / "openapi/SOURCES.md"


def facts(contract: Node) -> Iterator[str]:
    """Name everything in the contract that somebody must have learned somewhere."""
    components = contract["components"]
    yield from ("info", "servers", "tags")
    yield from (f"price {name}" for name in contract["x-prices"])
    yield from (name for kind, found in components.items() if kind != "schemas" for name in found)
    for _, node in [*nodes(contract["paths"]), *nodes(contract["webhooks"]), *nodes(components["responses"])]:
        yield from facts_of_messages(node)
    for name, schema in components["schemas"].items():
        yield name
        parts = [schema, *schema.get("allOf", ())]
        yield from (f"{name}.{field}" for part in parts for field in part.get("properties", {}))
        yield from (f"hint {field}" for field in schema.get("x-field-hints", {}))
    for place, node in nodes(contract):
        if place.endswith("/examples"):
            yield from (f"example {key}" for key in node)
        for values in ("x-known-values", "x-unavailable-values"):
            yield from (f"value {entry['value']}" for entry in node.get(values, []))
        yield from (key for key in node if key.startswith("x-"))


def facts_of_messages(node: Node) -> Iterator[str]:
    """Name what an operation, a request or a response says of itself."""
    if "operationId" in node:
        yield node["operationId"]
    yield from (parameter["name"] for parameter in node.get("parameters", ()) if "$ref" not in parameter)
    yield from (str(status) for status in node.get("responses", {}) if status.isdecimal())
    yield from (str(entry["status"]) for entry in node.get("x-observed-statuses", ()))
    yield from (name for name, header in node.get("headers", {}).items() if "$ref" not in header)
    for media_type, content in node.get("content", {}).items():
        yield media_type
        yield from (f"encoding {part}" for part in content.get("encoding", ()))


def tables(text: str) -> Iterator[list[list[Token]]]:
    """Yield each table of a document: its rows, the heading first, each a list of cells."""
    table: list[list[Token]] = []
    for token in MarkdownIt().enable("table").parse(text):
        if token.type == "table_open":
            table = []
        elif token.type == "tr_open":
            table.append([])
        elif token.type == "table_close":
            yield table
        elif token.type == "inline" and token.level > 3:  # a cell; a heading or a paragraph lies higher
            table[-1].append(token)


def rows(heading: str) -> list[list[Token]]:
    """Collect the rows of those tables in SOURCES.md whose first column has this heading."""
    found = [table for table in tables(SOURCES.read_text("utf-8")) if table[0][0].content == heading]
    return [row for table in found for row in table[1:]]


def names(cell: Token) -> list[str]:
    """List what stands in a cell as code."""
    return [child.content for child in cell.children or [] if child.type == "code_inline"]


def test_every_fact_of_the_contract_has_its_row_and_no_row_lacks_its_fact(contract: Node) -> None:
    expected = Counter(set(facts(contract)))
    named = Counter(name for row in rows("in the contract") for name in names(row[0]))
    assert named - expected == Counter(), "rows of SOURCES.md about what is not in the contract (any more)"
    assert expected - named == Counter(), "facts of the contract without a row in SOURCES.md"


def test_every_row_names_a_source_from_the_list() -> None:
    sources = [row[0].content for row in rows("key")]
    assert "public" in sources
    for fact, _, source in rows("in the contract"):
        assert names(fact), fact.content
        assert any(key in source.content for key in sources), f"{fact.content}: {source.content!r}"
