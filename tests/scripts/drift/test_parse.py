"""Parsing a document, and refusing everything else."""

import json
import re
from typing import Any

import pytest
import yaml
from drifting.document import MAX_DEPTH, DriftError, parse_document
from provider_history import october

DOCUMENT: dict[str, Any] = {"openapi": "3.0.2", "paths": {"/é": {"get": {"responses": {"200": {"description": "ü"}}}}}}


def refused(source: bytes | str) -> str:
    with pytest.raises(DriftError) as caught:
        parse_document("it", source.encode() if isinstance(source, str) else source)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_encodings() -> None:
    for text in (json.dumps(DOCUMENT, ensure_ascii=False), yaml.safe_dump(DOCUMENT)):
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"):
            assert parse_document("it", text.encode(encoding)).data == DOCUMENT


def test_yaml_means_what_json_means() -> None:
    document = october()
    assert parse_document("it", yaml.safe_dump(document, allow_unicode=True).encode()).data == document
    assert parse_document("it", json.dumps(document, indent=1).encode()).data == document


def test_yaml_of_other_authors() -> None:
    text = "openapi: 3.1.0\nresponses: {200: a, no: b, 1.5: c}\nexample: 2000-01-23\nword: on\nempty:\nnumber: -1.5\n"
    assert parse_document("it", text.encode()).data == {
        "openapi": "3.1.0",
        "responses": {"200": "a", "no": "b", "1.5": "c"},
        "example": "2000-01-23",
        "word": "on",
        "empty": None,
        "number": -1.5,
    }


REFUSED: list[tuple[str | bytes, str]] = [
    ("<!DOCTYPE html><html></html>", "it is a web page"),
    ("\n <html lang=en>", "it is a web page"),
    ("", "does not hold a mapping"),
    ("[]", "does not hold a mapping"),
    ("just text", "does not hold a mapping"),
    ("{}", "not an OpenAPI 3 document: it names no version"),
    ('{"swagger": "2.0"}', 'its version is "2.0"'),
    ('{"openapi": 3.1}', "its version is 3.1"),
    ('{"openapi": "3.0.2", "a": ', "it:1:27: this is not JSON"),
    ('{"openapi": "3.0.2", "a": NaN}', "JSON has no NaN"),
    ('{"openapi": "3.0.2", "a": ' + "9" * 5000 + "}", "this is not JSON"),
    ("openapi: 3.0.2\na: [1", "it:3:1: this is neither JSON nor YAML"),
    ("openapi: 3.0.2\na: \x07", "neither JSON nor YAML"),
    ("openapi: 3.0.2\na: !!python/name:os.system x", "neither JSON nor YAML"),
    ("openapi: 3.0.2\na: !x y", "neither JSON nor YAML"),
    ("openapi: 3.0.2\na: !!timestamp 2000-01-23", "neither JSON nor YAML"),
    ("openapi: 3.0.2\na: !!binary aGk=", "neither JSON nor YAML"),
    ("openapi: 3.0.2\na: !!set {b}", "neither JSON nor YAML"),
    (b"\x89PNG\r\n\x1a\n\xff", "is not text"),
    ('{"a": ' + "[" * 100_000, "this is not JSON"),
]


def test_refused() -> None:
    for source, message in REFUSED:
        assert re.search(f"{re.escape(message)}|nested more than", refused(source)), message


def test_aliases_are_expanded() -> None:
    text = "openapi: 3.0.2\na: &a {b: &b [1, 2]}\nc: [*a, *b, *b]\nd: &e x\nf: *e\n"
    data = parse_document("it", text.encode()).data
    assert data == {"openapi": "3.0.2", "a": {"b": [1, 2]}, "c": [{"b": [1, 2]}, [1, 2], [1, 2]], "d": "x", "f": "x"}


def test_a_bomb_of_aliases_is_refused_before_it_is_built() -> None:
    lines = ["openapi: 3.0.2", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert refused("\n".join(lines)) == "it:8: more than 2000000 nodes when all aliases are expanded"


def test_a_tower_of_aliases_is_refused() -> None:
    lines = ["openapi: 3.0.2", "a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 3000))]
    assert "nested more than 200 levels deep" in refused("\n".join(lines))


def test_a_node_that_holds_itself_is_refused() -> None:
    message = "it:2: the alias *a stands for a node that contains it, or for none"
    assert refused("openapi: 3.0.2\na: &a [*a]") == refused("openapi: 3.0.2\na: [*a]") == message


def test_depth_is_bounded() -> None:
    for depth in (MAX_DEPTH + 1, 5_000, 200_000):
        inside = "[" * depth + "]" * depth
        assert f"nested more than {MAX_DEPTH} levels deep" in refused(f'{{"openapi": "3.0.2", "a": {inside}}}')
        assert f"nested more than {MAX_DEPTH} levels deep" in refused(f"openapi: 3.0.2\na: {inside}")
    inside = "[" * (MAX_DEPTH - 2) + "]" * (MAX_DEPTH - 2)
    parse_document("it", f'{{"openapi": "3.0.2", "a": {inside}}}'.encode())
    parse_document("it", f"openapi: 3.0.2\na: {inside}".encode())
