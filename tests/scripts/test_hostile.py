"""A contract that somebody else wrote may contain anything. None of it may ever run: here it would create a file.

One contract has every text in every place, because a regeneration takes seconds.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import regenerate as command
from altered_contract import PATH, Change, Document, fields, post, put, schemas, write_altered
from regenerated import path_to, run_python
from regeneration.checks import read_checked
from regeneration.documents import ContractError, children

pytestmark = pytest.mark.slow

REQUEST = "GenerateImageRequestV4"
PROBE = """
import importlib, json, pkgutil, ideogram_ai.generated as package
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
from ideogram_ai.client import Ideogram
from ideogram_ai.generated.models.resolution_v4 import RESOLUTION_V4_VALUES
help(Ideogram)
print(json.dumps([len(RESOLUTION_V4_VALUES), package.__file__]))
"""


def code(sentinel: Path) -> list[str]:
    """Write code that makes the file, so that it would run where a generator forgot to escape."""
    run = f"__import__('pathlib').Path({str(sentinel)!r}).touch()"
    double = run.replace("'", '"')
    return [
        f'"""; {run}; """',
        f'\\"""; {run}; """',
        f"'''; {double}; '''",
        f'"; {run}; "',
        f"'; {double}; '",
        f"\\'; {double}; \\'",
        f'\\"; {run}; \\"',
        f'"\n{run}\n"',
        f'"""\n{run}\n"""',
        f"{{{run}}}",
        f"{{{{{run}}}}}",
        f"{{% set x = {run} %}}{{{{ x }}}}",
        f"]\n{run}\n[",
        f"): pass\n{run}\ndef f(",
        f"\u2028{run}\r{run}\x85{run}",
        f"# \\\n{run}",
        f"\\N{{DIGIT ONE}} \\u12 \\x \\ {run}\\",
    ]


def prose(text: str) -> Change:
    """Put a text wherever a contract contains prose."""

    def change(document: Document) -> None:
        waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
        while waiting:
            pointer, node = waiting.pop()
            waiting.extend(children(pointer, node))
            is_name_map = bool(pointer) and pointer[-1] in {"properties", "schemas"}
            if isinstance(node, dict) and not is_name_map:
                node.update({key: text for key in ("description", "summary") if isinstance(node.get(key), str)})
        document["info"].update(title=text, version=text, description=text)
        for schema in schemas(document).values():
            schema.update(description=text, example=text)
        hints = schemas(document)[REQUEST]["x-field-hints"]
        hints[text] = {"because": text}
        speeds = schemas(document)["RenderingSpeedV4"]
        speeds["x-unavailable-values"].append({"value": text, "status": 400, "because": text})
        rejection = schemas(document)["Rejection"]["properties"]["reject_reason"]
        rejection["x-known-values"].append({"value": text, "waiting_helps": True})
        post(document)["x-observed-statuses"][0]["because"] = text

    return change


def values(texts: list[str]) -> Change:
    """Put texts where a contract contains values."""

    def change(document: Document) -> None:
        schemas(document)["ResolutionV4"]["enum"] += texts
        plain = [text for text in texts if '"' not in text and "\\" not in text]
        for number, text in enumerate(plain):
            fields(document)[f"d{number}"] = {"type": "string", "default": text}
            fields(document)[f"c{number}"] = {"const": text}

    return change


def named(name: str) -> dict[str, Change]:
    """Changes that put a text where a contract contains names, by place."""
    operation = {"get": {"operationId": name, "responses": {"200": {"description": "a"}}}}

    def media_type(document: Document) -> None:
        content = post(document)["requestBody"]["content"]
        content[f"multipart/form-data; x={name}"] = content.pop("multipart/form-data")

    def price(document: Document) -> None:
        stated = {"per": "image", "by": "rendering_speed", "usd": {name: "0.03"}, "as_of": "2026-11-16", "source": name}
        document["x-prices"][name] = stated
        post(document)["x-price"] = name

    return {
        "operation": lambda document: document["paths"].update({"/other": operation}),
        "path": lambda document: document["paths"].update({f"/{name}": document["paths"].pop(PATH)}),
        "method": put(post, **{"x-method": name}),
        "group": put(post, **{"x-method": f"{name}.a"}),
        "parameter": put(post, parameters=[{"name": name, "in": "query", "schema": {"type": "string"}}]),
        "parameter's default": put(
            post, parameters=[{"name": "d", "in": "query", "schema": {"type": "string", "default": f'"{name}"'}}]
        ),
        "price": price,
        "tag": put(post, tags=[name]),
        "media type": media_type,
        "header": lambda document: document["components"]["securitySchemes"]["ApiKey"].update(name=name),
        "server": lambda document: document["servers"][0].update(url=f"https://example.com/{name}"),
        "field": put(fields, **{name: {"type": "string"}}),
        "title": lambda document: schemas(document)["V4JsonPrompt"].update(title=name),
        "inner field": put(
            lambda document: schemas(document)["V4StyleDescription"]["properties"], **{name: {"type": "string"}}
        ),
        "default": put(fields, d={"type": "string", "default": f'"{name}"'}),
    }


REFUSED = {"path", "default", "parameter's default", "method", "group", "media type"}
"""By the checks, before anything is generated."""
UNUSABLE = {"server", "field"}
"""By the proof, in which the client cannot use them."""


def test_no_text_of_a_contract_runs_as_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sentinel = tmp_path / "sentinel"
    texts = code(sentinel)
    exec(texts[0].strip("'\"; "))
    assert sentinel.exists(), "the code would make the file if it ran"
    sentinel.unlink()
    names = named(texts[0])
    for place in REFUSED:
        with pytest.raises(ContractError):
            read_checked(write_altered(tmp_path / "contract.yaml", names[place], generate_alone=True))
    usable = [change for place, change in names.items() if place not in REFUSED | UNUSABLE]
    unusable = [names[place] for place in sorted(UNUSABLE)]
    for changes, exit_code in (([prose("\n".join(texts)), values(texts), *usable], 0), (unusable, 1)):
        path = write_altered(tmp_path / "contract.yaml", *changes, generate_alone=changes is unusable)
        read_checked(path)
        assert command.main(["--contract", str(path), "--out", str(tmp_path / "out")]) == exit_code
    printed = run_python("-c", PROBE, path=path_to(tmp_path / "out"))
    number, package = json.loads(printed.splitlines()[-1])
    assert number == 38 + len(texts)
    assert Path(package).is_relative_to(tmp_path / "out")
    assert not sentinel.exists()
