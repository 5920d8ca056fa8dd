"""A schema in another order, or with other prose, is the same, and a change is reported at its place."""

import random
from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any

import pytest
from contract_document import reachable
from drifting.compare import DriftVerdict
from drifting.document import Document
from drifting.operations import compare_documents
from drifting.schema import Normaliser
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import is_valid
from provider_history import HISTORY
from regeneration.documents import Contract, holds_names, mappings
from small_documents import answering, asking, compared, said

NAMES = st.sampled_from("abcd")
VALUES = st.sampled_from(["x", "y", 1, 2.5, None, True])
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={"minLength": st.integers(0, 3), "pattern": st.just("^x"), "nullable": st.booleans()},
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"])},
        optional={"minimum": st.integers(-2, 2), "exclusiveMaximum": st.integers(3, 5)},
    ),
    st.fixed_dictionaries({"enum": st.lists(VALUES, min_size=1, max_size=4, unique_by=str)}),
    st.just({"type": "boolean", "default": False}),
    st.just({}),
)


def _larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(NAMES, inner, max_size=3)},
            optional={"required": st.lists(NAMES, unique=True), "additionalProperties": inner | st.booleans()},
        ),
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}, optional={"maxItems": st.integers(0, 4)}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=2), "title": st.just("T")}),
        st.fixed_dictionaries({"not": inner}),
    )


SCHEMAS = st.recursive(LEAVES, _larger, max_leaves=8)
JSON = st.recursive(
    VALUES | st.integers(-3, 6) | st.sampled_from(["", "xx", "yyy"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=6,
)
ORDERED = frozenset({"prefixItems", "const", "default", "example", "examples", "value", "servers"})


def shuffled(node: Any, chance: random.Random, key: str = "", names: bool = False) -> Any:
    """The same node in another order and with other prose."""
    if isinstance(node, list):
        again = [shuffled(item, chance) for item in node]
        if key not in ORDERED:
            chance.shuffle(again)
        return again
    if not isinstance(node, dict):
        return node
    items = [(k, shuffled(v, chance, k, names=not names and holds_names((k,)))) for k, v in node.items()]
    if not names:
        items = [(k, v) for k, v in items if k not in {"description", "title", "example"}]
        items += [("description", f"words {chance.random()}"), ("x-other", chance.random())]
    chance.shuffle(items)
    return dict(items)


@given(schema=SCHEMAS, seed=st.integers(0, 2**32))
def test_order_and_prose_make_no_difference(schema: Any, seed: int) -> None:
    again = shuffled(schema, random.Random(seed))
    for make in (asking, answering):
        assert said(compared(make(schema), make(again))) == []


@given(schema=SCHEMAS, value=JSON)
def test_a_normalised_schema_allows_the_same_values(schema: Any, value: Any) -> None:
    """According to a validator, which does not know nullable."""
    schema = _without(schema, "nullable")
    normal = Normaliser(Document("it", {"openapi": "3.1.0", "it": schema})).schema(("it",))
    assert is_valid(schema, value) == is_valid(normal.plain(), value)


@given(old=SCHEMAS, data=st.data(), value=JSON)
def test_changes_that_are_not_reported_as_breaking_break_nothing(old: Any, data: st.DataObject, value: Any) -> None:
    """According to a validator: valid requests stay valid, and valid responses were valid before."""
    old = _without(old, "nullable")
    new = _without(_with_a_part_replaced(old, data), "nullable")
    for make, was, is_now in ((asking, old, new), (answering, new, old)):
        found = compared(make(old), make(new))
        # A property that is new is said to be harmless, and so it is to all who did not use its name for their own.
        about_names = any(d.subject == "property" for d in found)
        if not about_names and not any(d.verdict is DriftVerdict.BREAKING for d in found) and is_valid(was, value):
            assert is_valid(is_now, value)


def _with_a_part_replaced(schema: Any, data: st.DataObject) -> Any:
    """The schema with another in place of one that it is made of."""
    changed = {"it": deepcopy(schema)}
    places = [pointer for pointer, _ in mappings((), changed["it"])]
    pointer = ("it", *data.draw(st.sampled_from(places)))
    node_at(changed, pointer[:-1])[pointer[-1]] = data.draw(SCHEMAS)
    return changed["it"]


def _without(node: Any, keyword: str) -> Any:
    if isinstance(node, list):
        return [_without(item, keyword) for item in node]
    return {k: _without(v, keyword) for k, v in node.items() if k != keyword} if isinstance(node, dict) else node


def test_order_and_prose_make_no_difference_in_whole_documents(contract: Contract) -> None:
    for document in (contract.document, *(make() for make in HISTORY.values())):
        again = shuffled(document["components"]["schemas"], random.Random(1), names=True)
        disorder = {**document, "components": {**document["components"], "schemas": again}}
        assert compare_documents(document, disorder) == []


@given(old=SCHEMAS, new=SCHEMAS)
def test_any_two_schemas_can_be_compared_both_ways(old: Any, new: Any) -> None:
    forth, back = compared(asking(old), asking(new)), compared(asking(new), asking(old))
    assert bool(forth) == bool(back)
    both = compared(answering(old), answering(new))
    assert {d.verdict for d in forth + both} <= {DriftVerdict.BREAKING, DriftVerdict.ADDITIVE, DriftVerdict.COSMETIC}


MUTATIONS: dict[str, Any] = {
    **dict.fromkeys(("const", "format", "default"), "another"),
    "type": "boolean",
    "enum": ["another"],
    "pattern": "^another$",
    "required": ["another"],
    "minimum": -7,
    "maximum": 7_000_000_000,
    "minItems": 1,
    "maxItems": 77,
    "maxLength": 7,
}


def node_at(document: Any, pointer: Iterable[str | int]) -> Any:
    for token in pointer:
        document = document[token]
    return document


def put_at(node: Any, pointer: Sequence[str | int], value: Any) -> Any:
    """The node with another value at a place. Only what leads there is copied: copying all takes most of the time."""
    if not pointer:
        return value
    again: Any = [*node] if isinstance(node, list) else {**node}
    again[pointer[0]] = put_at(again[pointer[0]], pointer[1:], value)
    return again


@pytest.mark.slow
def test_a_change_of_one_keyword_of_the_contract_is_reported_at_its_place(contract: Contract) -> None:
    """Every keyword of every schema that an operation reaches is changed alone, and every property removed alone."""
    tried = 0
    # Of the operations that reach a schema, one is enough: comparing all of them takes ten times as long.
    reached = {
        name: path
        for path, item in contract.document["paths"].items()
        for name, _ in reachable(contract.document, item)
    }
    for pointer, node in mappings((), contract.document):
        if pointer[:2] != ("components", "schemas") or len(pointer) < 3:
            continue
        if (path := reached.get(str(pointer[2]))) is None:
            continue  # what only webhooks have is not compared
        ours = {**contract.document, "paths": {path: contract.document["paths"][path]}}
        for keyword, value in MUTATIONS.items():
            if keyword not in node or node[keyword] == value:
                continue
            found = compare_documents(ours, put_at(ours, (*pointer, keyword), value))
            assert found, (pointer, keyword)
            sides = [side.pointer for difference in found for side in (difference.old, difference.new)]
            # At the keyword, or at its consequence: a type that no value of an enum has empties the enum.
            assert any(side[: len(pointer)] == pointer[: len(side)] for side in sides), (pointer, keyword, sides)
            tried += 1
        for field in node.get("properties", {}) if len(pointer) == 3 else ():
            rest = {name: each for name, each in node["properties"].items() if name != field}
            found = compare_documents(ours, put_at(ours, (*pointer, "properties"), rest))
            removed = {each.old.pointer for each in found if each.change == "property removed"}
            assert removed == {(*pointer, "properties", field)}
    assert tried > 50
