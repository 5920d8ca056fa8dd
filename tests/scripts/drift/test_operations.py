"""Everything around the schemas: parameters, security, media types, encodings, statuses, headers."""

from copy import deepcopy
from typing import Any

import pytest
from drifting.operations import compare_documents
from small_documents import METHOD, PATH, compared, document, said

TEXT = {"schema": {"type": "string"}}
JSON, FORM = "application/json", "multipart/form-data"
KEY = {"type": "apiKey", "in": "header", "name": "Api-Key"}


def parameter(name: str = "page", place: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, **TEXT, **more}


def parameters(*listed: dict[str, Any]) -> dict[str, Any]:
    return document({"parameters": list(listed)})


def secured(*ways: dict[str, Any], **schemes: Any) -> dict[str, Any]:
    made = document({"security": list(ways)})
    made["components"]["securitySchemes"] = {"a": KEY, **schemes}
    return made


def body(*kinds: str, required: bool = False, encoding: Any = None, **properties: Any) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": {"type": "object", "properties": properties}}
    media |= {"encoding": encoding} if encoding else {}
    return document({"requestBody": {"required": required, "content": dict.fromkeys(kinds, media)}})


def answers(*statuses: int, **by_status: Any) -> dict[str, Any]:
    """A document with these statuses; names begin with an underscore, because they are identifiers."""
    named: dict[str, Any] = {name.lstrip("_"): answer for name, answer in by_status.items()}
    every = {**{str(status): {} for status in statuses}, **named}
    return document({"responses": {status: {"description": "It.", **answer} for status, answer in every.items()}})


def form(encoding: Any = None, **schema: Any) -> dict[str, Any]:
    """A form with one field."""
    return body(FORM, encoding=encoding and {"a": encoding}, a=schema)


PLAIN = document({})
NO_PARAMETER, PAGE, REQUIRED = parameters(), parameters(parameter()), parameters(parameter(required=True))
KEYED = secured({"a": []})
TEXTS = {"type": "array", "items": {"type": "string"}}
REMOVED_KEY = "breaking security removed apiKey in header api-key"
WITH_HEADER, WITH_BODY = answers(_200={"headers": {"X-A": TEXT}}), answers(_200={"content": {JSON: TEXT}})
PICTURES = form({"contentType": "image/png, image/jpeg"})

# The old document, the new one, and what is reported.
CASES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    (NO_PARAMETER, PAGE, ["additive parameter added page"]),
    (NO_PARAMETER, REQUIRED, ["breaking parameter added page"]),
    (PAGE, NO_PARAMETER, ["breaking parameter removed page"]),
    (PAGE, parameters(parameter(place="header")), ["breaking parameter removed page", "additive parameter added page"]),
    (PAGE, REQUIRED, ["breaking required added page"]),
    (REQUIRED, PAGE, ["additive required removed page"]),
    (PAGE, parameters(parameter(deprecated=True)), ["additive deprecated added"]),
    (PAGE, parameters(parameter(explode=False)), ["breaking explode changed"]),
    (PAGE, parameters(parameter(style="form", explode=True, allowReserved=False)), []),  # the defaults
    (PAGE, parameters(parameter(schema={"type": "integer"})), ["breaking type changed"]),
    (
        PAGE,
        parameters({"name": "page", "in": "query", "content": {JSON: TEXT}}),
        [f"breaking {what} changed" for what in ("allowReserved", "content", "explode", "style")],
    ),
    (parameters(parameter("X-A", "header")), parameters(parameter("x-a", "header")), []),
    (NO_PARAMETER, parameters(parameter("Authorization", "header")), []),
    (KEYED, secured({"b": []}, b=KEY), []),  # the name of a scheme
    (
        KEYED,
        secured({"a": []}, a={"type": "http", "scheme": "Bearer"}),
        [REMOVED_KEY, "additive security added http bearer"],
    ),
    (KEYED, secured({"a": []}, {}), ["additive security added nothing"]),
    (
        KEYED,
        secured({"a": [], "b": ["read"]}, b={"type": "oauth2", "flows": {}}),
        [REMOVED_KEY, "additive security added apiKey in header api-key and oauth2 read"],
    ),
    (PLAIN, KEYED, ["breaking security removed nothing", "additive security added apiKey in header api-key"]),
    (PLAIN, body(JSON), ["additive body added"]),
    (PLAIN, body(JSON, required=True), ["breaking body added"]),
    (body(JSON), PLAIN, ["breaking body removed"]),
    (body(JSON), body(JSON, required=True), ["breaking required added body"]),
    (body(JSON), body(FORM, JSON), [f"additive media type added {FORM}"]),
    (
        body(JSON, a={"type": "string"}),
        body(FORM, a={"type": "integer"}),
        [f"breaking media type removed {JSON}", f"additive media type added {FORM}", "breaking type changed"],
    ),
    (body(JSON), body("application/*"), []),
    (body(JSON), body("Application/JSON; charset=utf-8"), []),
    (
        form(type="object"),
        form({"contentType": JSON}, type="object"),  # the default
        ["cosmetic encoding contentType added a"],
    ),
    (form(**TEXTS), form({"contentType": "text/csv"}, **TEXTS), ["breaking encoding contentType added a"]),
    (
        PICTURES,
        form({"contentType": "image/png", "style": "form"}),
        ["breaking encoding contentType changed a", "breaking encoding style added a"],
    ),
    (PICTURES, form({"contentType": "image/jpeg,image/png"}), []),
    (answers(200), answers(200, 202), ["breaking status added 202"]),
    (answers(200, 202), answers(200), ["breaking status removed 202"]),
    (answers(200), answers(200, 402), ["additive status added 402"]),
    (answers(200, 402), answers(200), ["additive status removed 402"]),
    (
        answers(_404={"content": {JSON: TEXT}}),
        answers(_4xx={"content": {JSON: {"schema": {"type": "integer"}}}}),
        ["breaking type changed"],
    ),
    (answers(default={}), answers(200, default={}), []),
    (answers(200), WITH_HEADER, ["additive header added X-A"]),
    (WITH_HEADER, answers(200), ["breaking header removed X-A"]),
    (
        answers(_200={"headers": {"X-A": {**TEXT, "required": True}}}),
        answers(_200={"headers": {"x-a": TEXT}}),
        ["breaking required removed X-A"],
    ),
    (answers(200), WITH_BODY, [f"additive media type added {JSON}"]),
    (WITH_BODY, answers(200), [f"breaking media type removed {JSON}"]),
    (PLAIN, document({"operationId": "other"}), ["cosmetic operationId changed"]),
    (PLAIN, document({"deprecated": True}), ["additive deprecated added"]),
    (PLAIN, document({"summary": "S", "description": "D", "tags": ["t"], "x-a": 1}), []),
    (PLAIN, document({"servers": [{"url": "https://b.example"}]}), ["breaking servers changed"]),
    (
        PLAIN,
        document({"servers": [{"url": "https://b.example"}, {"url": "https://things.example/"}]}),
        ["additive servers widened"],
    ),
]


def test_changes_around_the_schemas() -> None:
    before = deepcopy(CASES)
    for old, new, expected in CASES:
        assert said(compared(old, new)) == expected, (old, new)
    assert before == CASES, "a comparison changes neither document"


def test_parameters_of_a_path_are_those_of_all_its_operations() -> None:
    old, new = parameters(parameter(), parameter("b")), parameters(parameter("b"))
    new["paths"][PATH]["parameters"] = [parameter(), parameter("b", schema={"type": "integer"})]
    assert said(compared(old, new)) == []


def test_a_renamed_path_parameter_makes_no_difference() -> None:
    def at(path: str, name: str, kind: str) -> dict[str, Any]:
        made = parameters(parameter(name, "path", required=True, schema={"type": kind}))
        made["paths"] = {path: made["paths"][PATH]}
        return made

    old, new = at("/a/{id}", "id", "string"), at("/a/{id}", "id", "integer")
    assert said(compared(old, new)) == ["breaking type changed"]


def test_several_operations_are_distinguished() -> None:
    old, new = document({}), document({"deprecated": True})
    old["paths"]["/gone"] = {"get": {"responses": {}}}
    new["paths"]["/new"] = {"get": {"responses": {}}}
    assert [(d.where, d.verdict, d.change) for d in compare_documents(old, new)] == [
        (f"{METHOD.upper()} {PATH} request", "additive", "deprecated added"),
        ("GET /gone", "breaking", "operation removed"),
        ("GET /new", "additive", "operation added"),
    ]


def test_an_undeclared_security_scheme_is_refused() -> None:
    new = secured({"none": []})
    with pytest.raises(
        Exception, match="#/paths/~1things/post/security/0/none: the security scheme none is declared nowhere"
    ):
        compared(document({}), new)
