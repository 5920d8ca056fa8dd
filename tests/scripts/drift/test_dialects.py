"""Different notations of one schema are equal: OpenAPI 3.0 and 3.1, and habits of generators."""

from copy import deepcopy
from typing import Any

from drifting.document import Document
from regeneration.documents import Contract
from small_documents import answering, asking, compared, said

TEXT: dict[str, Any] = {"type": "string"}
REF = {"$ref": "#/components/schemas/T"}
THING = {"type": "object", "required": ["x"], "properties": {"x": TEXT}}

INTEGER, NULL = {"type": "integer"}, {"type": "null"}
BRANCHES = [{"required": ["x"]}, {"required": ["y"]}]

# Two ways to write the same schema: in OpenAPI 3.0 and in 3.1.
SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
    ({"type": "string", "nullable": True, "enum": ["a", "b"]}, {"enum": ["b", None, "a"]}),
    ({"nullable": True, "allOf": [REF]}, {"anyOf": [REF, NULL]}),
    ({"nullable": True, "allOf": [REF]}, {"oneOf": [NULL, REF]}),
    ({"nullable": True, "oneOf": [{"type": "array"}, TEXT]}, {"oneOf": [TEXT, {"type": "array"}, NULL]}),
    ({"allOf": [REF], "description": "A thing."}, REF),
    (
        {"allOf": [REF, {"type": "object", "required": ["y"], "properties": {"y": TEXT}}]},
        {"type": "object", "required": ["y", "x"], "properties": {"y": TEXT, "x": TEXT}},
    ),
    (
        {"allOf": [{"type": "number", "maximum": 9}, {"type": "integer", "minimum": 0.5}], "maximum": 8},
        {"type": "integer", "minimum": 1, "maximum": 8},
    ),
    (
        {"allOf": [{"properties": {"a": {"minLength": 2}}}, {"type": "object", "properties": {"a": TEXT}}]},
        {"type": "object", "properties": {"a": {"type": "string", "minLength": 2}}},
    ),
    ({"oneOf": [REF]}, REF),
    ({**THING, "allOf": [{"oneOf": BRANCHES}]}, {**THING, "oneOf": BRANCHES[::-1]}),
    ({"type": "string", "enum": ["obj"]}, {"type": "string", "const": "obj"}),
    ({"properties": {"x": TEXT}, "required": ["x"]}, THING),
    ({"enum": ["a"]}, {"type": "string", "enum": ["a"]}),
    (
        {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": 9, "exclusiveMaximum": False},
        {"type": "number", "exclusiveMinimum": 0.0, "maximum": 9},
    ),
    ({**INTEGER, "exclusiveMinimum": 0, "exclusiveMaximum": 9.5}, {**INTEGER, "minimum": 1, "maximum": 9}),
    ({**INTEGER, "format": "int32"}, INTEGER),
    ({"type": "number", "minimum": 1.0, "enum": [2.0, 1]}, {"type": "number", "minimum": 1, "enum": [1, 2]}),
    ({**TEXT, "format": "binary"}, {**TEXT, "contentMediaType": "application/octet-stream"}),
    (
        {
            "type": "object",
            "additionalProperties": True,
            "minProperties": 0,
            "required": [],
            "properties": {"a": {"type": "array", "items": {}, "minItems": 0, "uniqueItems": False}},
        },
        {"type": "object", "properties": {"a": {"type": "array"}}},
    ),
    (
        {
            **TEXT,
            "description": "b",
            "title": "B",
            "example": "x",
            "x-b": 1,
            "deprecated": False,
            "externalDocs": {"url": "https://b.example"},
        },
        {**TEXT, "description": "a", "examples": ["y"], "xml": {"name": "a"}},
    ),
    ({"type": "boolean"}, {"enum": [False, True]}),
    ({"anyOf": [TEXT, INTEGER]}, {"anyOf": [INTEGER, TEXT]}),
    ({"anyOf": [{"const": "a"}, {"const": "b"}]}, {"enum": ["a", "b"]}),
    ({"anyOf": [TEXT, INTEGER]}, {"oneOf": [TEXT, INTEGER]}),  # they cannot both match
]


def test_the_same_schema_in_other_words() -> None:
    for older, newer in SAME:
        for make in (asking, answering):
            old, new = make(older, version="3.0.2", T=THING), make(newer, T=THING)
            assert (said(compared(old, new)), said(compared(new, old))) == ([], []), older


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
