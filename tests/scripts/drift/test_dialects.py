"""Notation is no difference: the dialects of OpenAPI 3.0 and 3.1, and habits of generators."""

from copy import deepcopy
from typing import Any

from drifting.document import Document
from regeneration.documents import Contract
from small_documents import answering, asking, compared, said

TEXT: dict[str, Any] = {"type": "string"}
REF = {"$ref": "#/components/schemas/T"}
THING = {"type": "object", "required": ["x"], "properties": {"x": TEXT}}

SAME = {
    "nullable": ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
    "nullable enum": ({"type": "string", "nullable": True, "enum": ["a", "b"]}, {"enum": ["b", None, "a"]}),
    "nullable reference": ({"nullable": True, "allOf": [REF]}, {"anyOf": [REF, {"type": "null"}]}),
    "nullable reference, oneOf": ({"nullable": True, "allOf": [REF]}, {"oneOf": [{"type": "null"}, REF]}),
    "nullable alternatives": (
        {"nullable": True, "oneOf": [{"type": "array"}, TEXT]},
        {"oneOf": [TEXT, {"type": "array"}, {"type": "null"}]},
    ),
    "allOf of one": ({"allOf": [REF], "description": "A thing."}, REF),
    "allOf of two": (
        {"allOf": [REF, {"type": "object", "required": ["y"], "properties": {"y": TEXT}}]},
        {"type": "object", "required": ["y", "x"], "properties": {"y": TEXT, "x": TEXT}},
    ),
    "allOf with limits": (
        {"allOf": [{"type": "number", "maximum": 9}, {"type": "integer", "minimum": 0.5}], "maximum": 8},
        {"type": "integer", "minimum": 1, "maximum": 8},
    ),
    "one property twice": (
        {"allOf": [{"properties": {"a": {"minLength": 2}}}, {"type": "object", "properties": {"a": TEXT}}]},
        {"type": "object", "properties": {"a": {"type": "string", "minLength": 2}}},
    ),
    "a choice of one": ({"oneOf": [REF]}, REF),
    "a rule in allOf": (
        {**THING, "allOf": [{"oneOf": [{"required": ["x"]}, {"required": ["y"]}]}]},
        {**THING, "oneOf": [{"required": ["y"]}, {"required": ["x"]}]},
    ),
    "const": ({"type": "string", "enum": ["obj"]}, {"type": "string", "const": "obj"}),
    "no type": ({"properties": {"x": TEXT}, "required": ["x"]}, THING),
    "type of values": ({"enum": ["a"]}, {"type": "string", "enum": ["a"]}),
    "exclusive": (
        {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 9, "exclusiveMaximum": False},
        {"type": "number", "exclusiveMinimum": 0.0, "maximum": 9},
    ),
    "exclusive and whole": (
        {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 9.5},
        {"type": "integer", "minimum": 1, "maximum": 9},
    ),
    "number formats": ({"type": "integer", "format": "int32"}, {"type": "integer"}),
    "numbers": ({"type": "number", "minimum": 1.0, "enum": [2.0, 1]}, {"type": "number", "minimum": 1, "enum": [1, 2]}),
    "binary": (
        {"type": "string", "format": "binary"},
        {"type": "string", "contentMediaType": "application/octet-stream"},
    ),
    "says nothing": (
        {
            "type": "object",
            "additionalProperties": True,
            "minProperties": 0,
            "required": [],
            "properties": {"a": {"type": "array", "items": {}, "minItems": 0, "uniqueItems": False}},
        },
        {"type": "object", "properties": {"a": {"type": "array"}}},
    ),
    "prose": (
        {
            "type": "string",
            "description": "b",
            "title": "B",
            "example": "x",
            "x-b": 1,
            "deprecated": False,
            "externalDocs": {"url": "https://b.example"},
        },
        {"type": "string", "description": "a", "examples": ["y"], "xml": {"name": "a"}},
    ),
    "both booleans": ({"type": "boolean"}, {"enum": [False, True]}),
    "order of alternatives": ({"anyOf": [TEXT, {"type": "integer"}]}, {"anyOf": [{"type": "integer"}, TEXT]}),
    "alternatives of values": ({"anyOf": [{"const": "a"}, {"const": "b"}]}, {"enum": ["a", "b"]}),
    "anyOf or oneOf where they cannot meet": (
        {"anyOf": [TEXT, {"type": "integer"}]},
        {"oneOf": [TEXT, {"type": "integer"}]},
    ),
}


def test_the_same_schema_in_other_words() -> None:
    for name, (older, newer) in SAME.items():
        for make in (asking, answering):
            old, new = make(older, version="3.0.2", T=THING), make(newer, T=THING)
            assert (name, said(compared(old, new)), said(compared(new, old))) == (name, [], [])


def test_beside_a_reference_nothing_counts_in_the_older_dialect() -> None:
    beside = {**REF, "minProperties": 2}
    assert said(compared(asking(REF, version="3.0.3", T=THING), asking(beside, version="3.0.3", T=THING))) == []
    assert said(compared(asking(REF, T=THING), asking(beside, T=THING))) == ["breaking minProperties narrowed"]


def test_names_of_schemas_and_their_places_say_nothing() -> None:
    inline = {"type": "object", "properties": {"t": THING}}
    by_name = {"type": "object", "properties": {"t": {"$ref": "#/components/schemas/Other%20name"}}}
    components: dict[str, Any] = {"Other name": THING}
    assert said(compared(asking(inline), asking(by_name, **components))) == []


def test_an_open_allof_does_not_hide_a_closed_one() -> None:
    closed = {"allOf": [{**THING, "additionalProperties": False}, {"properties": {"y": TEXT}}]}
    open_one = {"type": "object", "required": ["x"], "properties": {"x": TEXT, "y": TEXT}}
    assert said(compared(asking(open_one), asking(closed))) == ["breaking allOf narrowed"]
    assert said(compared(asking(closed), asking(closed))) == []


def test_our_contract_in_the_older_dialect_is_our_contract(contract: Contract) -> None:
    """The contract rewritten as 3.0 would have it: every keyword for which 3.0 has other words is in it."""
    older = _older(deepcopy(contract.document))
    older["openapi"] = "3.0.3"
    assert older["components"] != contract.document["components"]
    assert said(compared(contract.document, older)) == []
    assert Document("older", older).is_3_0


def _older(node: Any) -> Any:
    if isinstance(node, list):
        return [_older(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _older(value) for key, value in node.items()}
    kinds = node.get("type")
    if isinstance(kinds, list) and "null" in kinds:
        (node["type"],) = [kind for kind in kinds if kind != "null"]
        node["nullable"] = True
    if isinstance(node.get("anyOf"), list) and {"type": "null"} in node["anyOf"]:
        node["anyOf"] = [part for part in node["anyOf"] if part != {"type": "null"}]
        node["nullable"] = True
    if isinstance(node.get("const"), str):
        node["enum"] = [node.pop("const")]
    if isinstance(node.get("enum"), list):
        node["enum"] = node["enum"][::-1]
    if "$ref" in node and str(node["$ref"]).startswith("#/components/schemas/"):
        return {"allOf": [node], "description": "A wrapper."}
    return node
