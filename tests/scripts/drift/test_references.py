"""References that lead nowhere, out of the document or in a circle, and operations that are not where they were."""

from typing import Any

import pytest
from drifting.document import Document, DriftError
from drifting.operations import Location, locate
from drifting.schema import MAX_DEPTH, MAX_SIZE
from provider_history import OPERATION_ID, OURS, PATH, among_others, october, operation, ref
from regeneration.documents import read_contract
from small_documents import answering, asking, compared, said


def refused(schema: object, **components: Any) -> str:
    with pytest.raises(DriftError) as caught:
        compared(asking({}), asking(schema, **components))
    return str(caught.value).removeprefix("the new contract: ")


def test_broken_references_name_their_place() -> None:
    nowhere = "the $ref #/components/schemas/None is broken: #/components/schemas holds no None"
    for reference, message in (
        ("#/components/schemas/None", nowhere),
        ("#/info/title/x", "is broken: #/info/title holds no x"),
        ("#/servers/7", "is broken: #/servers holds no 7"),
        ("other.yaml#/T", "not a pointer into this document; bundle the document into one file"),
        ("#anchor", "not a pointer into this document"),
        ("", "not a pointer into this document"),
        (7, "the $ref 7 is not text"),
        ("#/info/title", "a schema is expected here"),
    ):
        printed = refused({"properties": {"a": {"$ref": reference}}})
        assert message in printed
        assert printed.startswith("#/")


def test_cyclic_references_are_refused_also_of_responses() -> None:
    message = refused(ref("A"), A={"properties": {"b": ref("B")}}, B={"items": ref("A")})
    ring = "#/components/schemas/A -> #/components/schemas/A/properties/b -> #/components/schemas/B"
    assert f"the references are cyclic, so they cannot be followed to an end: {ring}" in message
    assert "cyclic" in refused(ref("A"), A=ref("B"), B=ref("A"))
    assert "cyclic" in refused(ref("A"), A=ref("A"))
    old, new = answering({"type": "string"}), answering({"type": "string"})
    responses = new["paths"]["/things"]["post"]["responses"]
    new["components"]["responses"] = {"It": responses["200"]}
    responses["200"] = {"$ref": "#/components/responses/It"}
    assert compared(old, new) == []
    new["components"]["responses"]["It"] = {"$ref": "#/components/responses/It"}
    with pytest.raises(DriftError, match="cyclic"):
        compared(old, new)


def test_depth_and_size_are_bounded() -> None:
    def deep(inner: str, levels: int) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": inner}
        for index in range(levels):
            odd = {"type": "object", "properties": {"a": schema}}
            schema = odd if index % 2 else {"type": "array", "items": schema}
        return schema

    old, new = (asking(deep(inner, MAX_DEPTH - 1)) for inner in ("string", "integer"))
    assert said(compared(old, new)) == ["breaking type changed"]
    assert f"nested more than {MAX_DEPTH} levels deep" in refused(deep("string", MAX_DEPTH + 1))
    bomb: dict[str, Any] = {"S0": {"type": "string"}}
    bomb |= {f"S{n}": {"properties": {f"p{m}": ref(f"S{n - 1}") for m in range(10)}} for n in range(1, 30)}
    assert f"expands to more than {MAX_SIZE} schemas" in refused(ref("S29"), **bomb)


def test_invalid_schemas_are_refused() -> None:
    for schema, message in (
        ({"type": "file"}, 'there is no type "file"'),
        ({"type": {"a": 1}}, 'there is no type {"a": 1}'),
        ({"enum": "a"}, "an enum is a list of values"),
        ({"required": True}, "a list of names is expected here"),
        ({"required": [1]}, "a list of names is expected here"),
        ({"properties": []}, "schemas by name are expected here"),
        ({"anyOf": {}}, "a list of schemas is expected here"),
        ({"patternProperties": 1}, "schemas are expected here"),
        ({"items": 1}, "a schema is expected here, not 1"),
        ({"type": "integer", "minimum": "1"}, '"1" is not a number'),
        ({"$dynamicRef": "#x"}, "dynamic references are not supported"),
    ):
        assert message in refused({"properties": {"a": schema}})


@pytest.fixture
def ours() -> Document:
    return Document("ours", read_contract(OURS).document)


def found(ours: Document, theirs: dict[str, Any]) -> tuple[str, bool]:
    location = locate(ours, Location(PATH, "post"), Document("theirs", theirs))
    return location.name, location.moved


def test_an_operation_is_found_by_its_whole_path_or_else_by_its_operation_id(ours: Document) -> None:
    assert found(ours, among_others(october())) == (f"POST {PATH}", False)
    theirs = october()
    theirs["servers"] = [{"url": "https://api.ideogram.ai/v1/"}]
    theirs["paths"] = {"/ideogram-v4/generate/": theirs["paths"][PATH]}
    assert found(ours, theirs) == ("POST /ideogram-v4/generate/", False)
    theirs = october()
    theirs["components"]["pathItems"] = {"Generate": theirs["paths"][PATH]}
    theirs["paths"][PATH] = {"$ref": "#/components/pathItems/Generate"}
    assert found(ours, theirs) == (f"POST {PATH}", False)
    theirs = october()
    theirs["paths"] = {"/v2/generate": theirs["paths"][PATH]}
    assert found(ours, theirs) == ("POST /v2/generate", True)
    theirs = october()
    theirs["paths"][PATH]["put"] = theirs["paths"][PATH].pop("post")
    assert found(ours, theirs) == (f"PUT {PATH}", True)


def test_an_operation_that_cannot_be_found(ours: Document) -> None:
    theirs = among_others(october())
    operation(theirs)["operationId"] = "other"
    theirs["paths"]["/v1/ideogram-v5/generate"] = theirs["paths"].pop(PATH)
    with pytest.raises(DriftError) as caught:
        found(ours, theirs)
    assert str(caught.value) == (
        f"theirs: POST {PATH} has gone: none of its 2 operations has this path and method, "
        f"or the operationId {OPERATION_ID}; the nearest paths are /v1/ideogram-v5/generate"
    )
    theirs = october()
    theirs["paths"] = {"/a": theirs["paths"][PATH], "/b": theirs["paths"][PATH]}
    with pytest.raises(DriftError, match=f"several operations have the operationId {OPERATION_ID}: POST /a, POST /b"):
        found(ours, theirs)
    theirs = october()
    theirs["paths"][PATH] = {"$ref": f"#/paths/{PATH.replace('/', '~1')}"}
    with pytest.raises(DriftError, match="cyclic"):
        found(ours, theirs)
    nothing: list[dict[str, Any]] = [{}, {"paths": []}, {"paths": "x"}]
    for document in nothing:
        with pytest.raises(DriftError, match=r"#/paths: a mapping is expected here|has gone: none of its 0 operations"):
            found(ours, {"openapi": "3.1.0", **document})
