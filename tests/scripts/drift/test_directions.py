"""The same change breaks in one direction and not in the other."""

from typing import Any

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


def test_read_only_is_no_part_of_a_request_and_write_only_none_of_an_answer() -> None:
    plain = some(a=TEXT)
    for_answers, for_requests = some(a={**TEXT, "readOnly": True}), some(a={**TEXT, "writeOnly": True})
    assert said(compared(asking(plain), asking(for_answers))) == ["breaking property removed a"]
    assert said(compared(answering(plain), answering(for_requests))) == ["breaking property removed a"]
    assert said(compared(answering(plain), answering(for_answers))) == ["additive readOnly added"]


def test_an_alternative_that_changes_nothing_is_reported_and_breaks_nothing() -> None:
    """Where anything is allowed, a form that was seen is only a hint."""
    hinted = one(anyOf=[some(a=TEXT), {}])
    assert said(compared(answering(hinted), answering(one(anyOf=[{"type": "array"}, {}])))) == [
        "cosmetic alternative removed object",
        "cosmetic alternative added array",
    ]


def test_an_alternative_that_allows_more_can_leave_less() -> None:
    """What two alternatives of a oneOf allow is allowed by none."""
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


def test_places_name_the_way() -> None:
    def deep(inner: Any) -> dict[str, Any]:
        kinds = [some("kind", kind={"const": kind}, a={"type": "array", "items": inner}) for kind in ("x", "y")]
        return answering(some(list={"type": "array", "items": {"oneOf": kinds}}))

    found = compared(deep(TEXT), deep({"type": "integer"}))
    assert [difference.where for difference in found] == [
        f'answer 200: list[](kind="{kind}").a[]' for kind in ("x", "y")
    ]
    assert found[1].new.pointer_text.endswith("/schema/properties/list/items/oneOf/1/properties/a/items/type")
