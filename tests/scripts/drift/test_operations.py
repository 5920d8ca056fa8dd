"""What stands around the schemas: parameters, security, media types, encodings, statuses, headers."""

from copy import deepcopy
from typing import Any

import pytest
from drifting.compare_operations import compare_documents
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


def answers(**by_status: Any) -> dict[str, Any]:
    return document(
        {"responses": {status.lstrip("_"): {"description": "It.", **answer} for status, answer in by_status.items()}}
    )


CASES = {
    "new parameter": (parameters(), parameters(parameter()), ["additive parameter added page"]),
    "new and required": (parameters(), parameters(parameter(required=True)), ["breaking parameter added page"]),
    "parameter gone": (parameters(parameter()), parameters(), ["breaking parameter removed page"]),
    "moved to a header": (
        parameters(parameter()),
        parameters(parameter(place="header")),
        ["breaking parameter removed page", "additive parameter added page"],
    ),
    "required now": (parameters(parameter()), parameters(parameter(required=True)), ["breaking required added page"]),
    "required no longer": (
        parameters(parameter(required=True)),
        parameters(parameter()),
        ["additive required removed page"],
    ),
    "deprecated": (parameters(parameter()), parameters(parameter(deprecated=True)), ["additive deprecated added"]),
    "written otherwise": (parameters(parameter()), parameters(parameter(explode=False)), ["breaking explode changed"]),
    "defaults written out": (
        parameters(parameter()),
        parameters(parameter(style="form", explode=True, allowReserved=False)),
        [],
    ),
    "its type": (parameters(parameter()), parameters(parameter(schema={"type": "integer"})), ["breaking type changed"]),
    "as json": (
        parameters(parameter()),
        parameters({"name": "page", "in": "query", "content": {JSON: TEXT}}),
        [
            "breaking allowReserved changed",
            "breaking content changed",
            "breaking explode changed",
            "breaking style changed",
        ],
    ),
    "case of a header": (parameters(parameter("X-A", "header")), parameters(parameter("x-a", "header")), []),
    "no parameter": (parameters(), parameters(parameter("Authorization", "header")), []),
    "name of a scheme": (secured({"a": []}), secured({"b": []}, b=KEY), []),
    "another key": (
        secured({"a": []}),
        secured({"a": []}, a={"type": "http", "scheme": "Bearer"}),
        ["breaking security removed apiKey in header api-key", "additive security added http bearer"],
    ),
    "one more way": (secured({"a": []}), secured({"a": []}, {}), ["additive security added nothing"]),
    "both at once": (
        secured({"a": []}),
        secured({"a": [], "b": ["read"]}, b={"type": "oauth2", "flows": {}}),
        [
            "breaking security removed apiKey in header api-key",
            "additive security added apiKey in header api-key and oauth2 read",
        ],
    ),
    "closed": (
        document({}),
        secured({"a": []}),
        ["breaking security removed nothing", "additive security added apiKey in header api-key"],
    ),
    "a body now": (document({}), body(JSON), ["additive body added"]),
    "a body that has to be": (document({}), body(JSON, required=True), ["breaking body added"]),
    "no body": (body(JSON), document({}), ["breaking body removed"]),
    "the body is required now": (body(JSON), body(JSON, required=True), ["breaking required added body"]),
    "one more media type": (body(JSON), body(FORM, JSON), [f"additive media type added {FORM}"]),
    "another media type": (
        body(JSON, a={"type": "string"}),
        body(FORM, a={"type": "integer"}),
        [f"breaking media type removed {JSON}", f"additive media type added {FORM}", "breaking type changed"],
    ),
    "a range of media types": (body(JSON), body("application/*"), []),
    "parameters of a media type": (body(JSON), body("Application/JSON; charset=utf-8"), []),
    "default encoding written out": (
        body(FORM, a={"type": "object"}),
        body(FORM, a={"type": "object"}, encoding={"a": {"contentType": JSON}}),
        ["cosmetic encoding contentType added a"],
    ),
    "another encoding": (
        body(FORM, a={"type": "array", "items": {"type": "string"}}),
        body(FORM, a={"type": "array", "items": {"type": "string"}}, encoding={"a": {"contentType": "text/csv"}}),
        ["breaking encoding contentType added a"],
    ),
    "encoding changed": (
        body(FORM, a={}, encoding={"a": {"contentType": "image/png, image/jpeg"}}),
        body(FORM, a={}, encoding={"a": {"contentType": "image/png", "style": "form"}}),
        ["breaking encoding contentType changed a", "breaking encoding style added a"],
    ),
    "order of an encoding": (
        body(FORM, a={}, encoding={"a": {"contentType": "image/png, image/jpeg"}}),
        body(FORM, a={}, encoding={"a": {"contentType": "image/jpeg,image/png"}}),
        [],
    ),
    "a success more": (answers(_200={}), answers(_200={}, _202={}), ["breaking status added 202"]),
    "a success less": (answers(_200={}, _202={}), answers(_200={}), ["breaking status removed 202"]),
    "an error more": (answers(_200={}), answers(_200={}, _402={}), ["additive status added 402"]),
    "an error less": (answers(_200={}, _402={}), answers(_200={}), ["additive status removed 402"]),
    "a range of statuses": (
        answers(_404={"content": {JSON: TEXT}}),
        answers(**{"4xx": {"content": {JSON: {"schema": {"type": "integer"}}}}}),
        ["breaking type changed"],
    ),
    "the default response": (answers(default={}), answers(_200={}, default={}), []),
    "a header more": (answers(_200={}), answers(_200={"headers": {"X-A": TEXT}}), ["additive header added X-A"]),
    "a header less": (answers(_200={"headers": {"X-A": TEXT}}), answers(_200={}), ["breaking header removed X-A"]),
    "a header may be missing": (
        answers(_200={"headers": {"X-A": {**TEXT, "required": True}}}),
        answers(_200={"headers": {"x-a": TEXT}}),
        ["breaking required removed X-A"],
    ),
    "an answer with a body": (
        answers(_200={}),
        answers(_200={"content": {JSON: TEXT}}),
        [f"additive media type added {JSON}"],
    ),
    "an answer without": (
        answers(_200={"content": {JSON: TEXT}}),
        answers(_200={}),
        [f"breaking media type removed {JSON}"],
    ),
    "its name": (document({}), document({"operationId": "other"}), ["cosmetic operationId changed"]),
    "on its way out": (document({}), document({"deprecated": True}), ["additive deprecated added"]),
    "prose": (document({}), document({"summary": "S", "description": "D", "tags": ["t"], "x-a": 1}), []),
    "another server": (
        document({}),
        document({"servers": [{"url": "https://b.example"}]}),
        ["breaking servers changed"],
    ),
    "one more server": (
        document({}),
        document({"servers": [{"url": "https://b.example"}, {"url": "https://things.example/"}]}),
        ["additive servers widened"],
    ),
}


def test_around_the_schemas() -> None:
    for name, (old, new, expected) in CASES.items():
        assert (name, said(compared(old, new))) == (name, expected)


def test_parameters_of_a_path_are_those_of_all_its_operations() -> None:
    old, new = parameters(parameter(), parameter("b")), parameters(parameter("b"))
    new["paths"][PATH]["parameters"] = [parameter(), parameter("b", schema={"type": "integer"})]
    assert said(compared(old, new)) == []


def test_names_in_a_path_are_never_sent() -> None:
    def at(path: str, name: str, kind: str) -> dict[str, Any]:
        made = parameters(parameter(name, "path", required=True, schema={"type": kind}))
        made["paths"] = {path: made["paths"][PATH]}
        return made

    old, new = at("/a/{id}", "id", "string"), at("/a/{id}", "id", "integer")
    assert said(compared(old, new)) == ["breaking type changed"]


def test_several_operations_are_told_apart() -> None:
    old, new = document({}), document({"deprecated": True})
    old["paths"]["/gone"] = {"get": {"responses": {}}}
    new["paths"]["/new"] = {"get": {"responses": {}}}
    assert [(d.where, d.verdict, d.change) for d in compare_documents(old, new)] == [
        (f"{METHOD.upper()} {PATH} request", "additive", "deprecated added"),
        ("GET /gone", "breaking", "operation removed"),
        ("GET /new", "additive", "operation added"),
    ]


def test_a_scheme_that_is_declared_nowhere() -> None:
    new = secured({"none": []})
    with pytest.raises(
        Exception, match="#/paths/~1things/post/security/0/none: the security scheme none is declared nowhere"
    ):
        compared(document({}), new)


def test_the_comparison_leaves_both_as_they_are() -> None:
    old, new = body(FORM, a={"type": "string"}), body(FORM, a={"type": "integer"})
    before = deepcopy([old, new])
    compared(old, new)
    assert [old, new] == before
