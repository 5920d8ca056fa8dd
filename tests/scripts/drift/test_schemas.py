"""Differences between schemas: verdicts in requests and responses, and notations that are equal."""

from copy import deepcopy
from typing import Any

from drifting.document import Document
from regeneration.documents import Contract
from small_documents import answering, asking, compared, said

TEXT: dict[str, Any] = {"type": "string"}


def one(**schema: Any) -> dict[str, Any]:
    """An object with one property."""
    return {"type": "object", "properties": {"a": schema}}


def some(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


NARROWER, WIDER, OTHER = ("breaking", "additive"), ("additive", "breaking"), ("breaking", "breaking")
"""Verdicts in a request and in a response."""
NUMBER, BOTH = {"type": "integer"}, some(a=TEXT, b=TEXT)
CASES = [
    # old, new, the change, its verdicts
    (some(a=TEXT), some(a=TEXT, b=TEXT), "property added b", ("additive", "additive")),
    (some(a=TEXT), some("b", a=TEXT, b=TEXT), "property added b", NARROWER),
    (some(a=TEXT, b=TEXT), some(a=TEXT), "property removed b", OTHER),
    (some(a=TEXT), some("a", a=TEXT), "required added a", NARROWER),
    (some("a", a=TEXT), some(a=TEXT), "required removed a", WIDER),
    (some(), some("z"), "required added z", NARROWER),
    (one(enum=["x", "y"]), one(enum=["x"]), "value removed y", NARROWER),
    (one(enum=["x"]), one(enum=["y", "x"]), "value added y", WIDER),
    (one(const="x"), one(enum=["y", "x"]), "value added y", WIDER),
    (one(enum=["x", None]), one(enum=["x"]), "value removed null", NARROWER),
    (one(type="string"), one(enum=["x"]), "values narrowed", NARROWER),
    (one(type="string", pattern="^[xy]$"), one(enum=["x"]), "values narrowed", NARROWER),
    (one(type="string", pattern="^z$"), one(enum=["x"]), "values changed", OTHER),
    (one(type="string"), one(type=["string", "null"]), "type widened", WIDER),
    (one(type=["string", "null"]), one(type="string"), "type narrowed", NARROWER),
    (one(type="integer"), one(type="number"), "type widened", WIDER),
    (one(type="integer"), one(type="string", maxLength=3), "type changed", OTHER),
    (one(type="string"), one(), "type widened", WIDER),
    (one(type="integer", maximum=9), one(type="integer", maximum=8), "maximum narrowed", NARROWER),
    (one(type="integer", maximum=9), one(type="integer"), "maximum widened", WIDER),
    (one(type="integer"), one(type="integer", minimum=0), "minimum narrowed", NARROWER),
    (one(type="number", minimum=0), one(type="number", exclusiveMinimum=0), "minimum narrowed", NARROWER),
    (one(type="number", exclusiveMaximum=1), one(type="number", maximum=2), "maximum widened", WIDER),
    (one(type="string", minLength=2), one(type="string", minLength=1), "minLength widened", WIDER),
    (one(type="integer", multipleOf=2), one(type="integer", multipleOf=4), "multipleOf narrowed", NARROWER),
    (one(type="string", pattern="a"), one(type="string", pattern="b"), "pattern changed", OTHER),
    (one(type="string", format="uri"), one(type="string", format="uuid"), "format changed", OTHER),
    (one(type="string", format="x"), one(type="string", format="y"), "format changed", OTHER),
    (one(type="array", items=TEXT), one(type="array"), "items widened", WIDER),
    (one(type="array", items=TEXT, maxItems=4), one(type="array", items=TEXT), "maxItems widened", WIDER),
    (one(type="array", uniqueItems=True), one(type="array"), "uniqueItems widened", WIDER),
    (some(a=TEXT), {**some(a=TEXT), "additionalProperties": False}, "additionalProperties narrowed", NARROWER),
    (one(type="string", default="x"), one(type="string", default="y"), "default changed", ("breaking", "cosmetic")),
    (one(type="string", default="x"), one(type="string"), "default removed", ("breaking", "cosmetic")),
    (one(type="string"), one(type="string", default=None), "default added", ("additive", "cosmetic")),
    (one(type="string"), one(type="string", deprecated=True), "deprecated added", ("additive", "additive")),
    (one(anyOf=[TEXT, NUMBER]), one(**TEXT), "schema narrowed", NARROWER),
    (
        one(anyOf=[TEXT, {"type": "integer"}]),
        one(anyOf=[{"type": "array"}, TEXT]),
        "alternative removed integer",
        NARROWER,
    ),
    (one(anyOf=[TEXT]), one(oneOf=[TEXT, {"type": "array"}]), "schema widened", WIDER),
    (
        {**some(a=TEXT, b=TEXT), "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        some(a=TEXT, b=TEXT),
        "alternatives widened",
        WIDER,
    ),
    (one(**{"not": {"const": 1}}), one(**{"not": {"enum": [1, 2]}}), "not narrowed", NARROWER),
    (one(type="object", patternProperties={"^x": TEXT}), one(type="object"), "patternProperties widened", WIDER),
]


def test_verdicts() -> None:
    for old, new, change, verdicts in CASES:
        found = [said(compared(make(old), make(new))) for make in (asking, answering)]
        assert [lines[0] for lines in found] == [f"{verdict} {change}" for verdict in verdicts]
        # Alone, unless one alternative is exchanged for another.
        assert [len(lines) for lines in found] == [2 if "alternative removed" in change else 1] * 2, change


def test_read_only_fields_are_not_requested_and_write_only_fields_not_returned() -> None:
    plain = some(a=TEXT)
    for_answers, for_requests = some(a={**TEXT, "readOnly": True}), some(a={**TEXT, "writeOnly": True})
    assert said(compared(asking(plain), asking(for_answers))) == ["breaking property removed a"]
    assert said(compared(answering(plain), answering(for_requests))) == ["breaking property removed a"]
    assert said(compared(answering(plain), answering(for_answers))) == ["additive readOnly added"]


def test_an_alternative_that_changes_nothing_is_cosmetic() -> None:
    """Where anything is allowed, an alternative is only a hint."""
    hinted = one(anyOf=[some(a=TEXT), {}])
    assert said(compared(answering(hinted), answering(one(anyOf=[{"type": "array"}, {}])))) == [
        "cosmetic alternative removed object",
        "cosmetic alternative added array",
    ]


def test_alternatives_that_allow_the_same_are_paired_with_their_like() -> None:
    nothing: dict[str, object] = {"not": {}}
    never: dict[str, object] = {"allOf": [{"type": "string"}, {"type": "boolean", "default": False}]}
    assert compared(asking({"anyOf": [nothing, never]}), asking({"anyOf": [never, nothing]})) == []


def test_an_alternative_that_allows_more_can_leave_less() -> None:
    """A value that matches two alternatives of a oneOf is invalid."""
    old = one(oneOf=[TEXT, {"type": "integer"}])
    new = one(oneOf=[TEXT, {"type": ["integer", "string"]}])
    assert said(compared(asking(old), asking(new))) == ["additive type widened", "breaking choice narrowed"]
    lines = said(compared(asking(one(anyOf=[TEXT, {"type": "integer"}])), asking(one(oneOf=[TEXT, {"minLength": 3}]))))
    assert "breaking" in " ".join(lines)


def test_a_schema_that_is_used_twice_is_reported_once() -> None:
    old = asking(some(a={"$ref": "#/components/schemas/T"}, b={"$ref": "#/components/schemas/T"}), T=TEXT)
    new = asking(
        some(a={"$ref": "#/components/schemas/T"}, b={"$ref": "#/components/schemas/T"}), T={"type": "integer"}
    )
    (found,) = compared(old, new)
    assert (found.where, found.old.pointer_text) == ("request: a", "/components/schemas/T/type")


def test_a_place_shows_the_path_to_the_schema() -> None:
    def deep(inner: Any) -> dict[str, Any]:
        kinds = [some("kind", kind={"const": kind}, a={"type": "array", "items": inner}) for kind in ("x", "y")]
        return answering(some(list={"type": "array", "items": {"oneOf": kinds}}))

    found = compared(deep(TEXT), deep({"type": "integer"}))
    assert [difference.where for difference in found] == [
        f'answer 200: list[](kind="{kind}").a[]' for kind in ("x", "y")
    ]
    assert found[1].new.pointer_text.endswith("/schema/properties/list/items/oneOf/1/properties/a/items/type")


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


def test_openapi_3_0_ignores_what_is_next_to_a_reference() -> None:
    beside = {**REF, "minProperties": 2}
    assert said(compared(asking(REF, version="3.0.3", T=THING), asking(beside, version="3.0.3", T=THING))) == []
    assert said(compared(asking(REF, T=THING), asking(beside, T=THING))) == ["breaking minProperties narrowed"]


def test_names_and_places_of_schemas_make_no_difference() -> None:
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
