"""A contract that somebody else wrote may hold anything. None of it is ever run: here it would leave a file behind."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import regenerate as command
from altered_contract import Change, Document, fields, post, put, schemas, write_altered
from regeneration import proof
from regeneration.nodes import children
from regeneration.paths import PACKAGE

REQUEST = "GenerateImageRequestV4"


@pytest.fixture
def sentinel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that must not come into being; code in a contract would make it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "sentinel"


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


def describe_everything(text: str) -> Change:
    """Put a text wherever a contract holds prose."""

    def change(document: Document) -> None:
        keywords = ("description", "summary", "title")
        waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
        while waiting:
            pointer, node = waiting.pop()
            waiting.extend(children(pointer, node))
            is_name_map = bool(pointer) and pointer[-1] in {"properties", "schemas"}
            if isinstance(node, dict) and not is_name_map:
                node.update({key: text for key in keywords[:2] if isinstance(node.get(key), str)})
        document["info"].update(title=text, version=text, description=text)
        for schema in schemas(document).values():
            schema.update(description=text, example=text)
        hints = schemas(document)[REQUEST]["x-field-hints"]
        hints[text] = {"because": text}
        rejection = schemas(document)["Rejection"]["properties"]["reject_reason"]
        rejection["x-known-values"].append({"value": text, "waiting_helps": True})
        post(document)["x-observed-statuses"][0]["because"] = text

    return change


def run_all(folder: Path) -> None:
    """Import every module of a generated package, in a process of its own."""
    modules = [
        ".".join(["ideogram_ai.generated", *path.relative_to(folder / PACKAGE).with_suffix("").parts])
        for path in (folder / PACKAGE).rglob("*.py")
    ]
    lines = "; ".join(f"import {name.removesuffix('.__init__')}" for name in modules)
    subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {lines}"], check=True
    )


def test_the_code_does_what_it_is_feared_for(sentinel: Path) -> None:
    exec(code(sentinel)[0].strip("'\"; "))
    assert sentinel.exists()


def test_prose_becomes_text_and_nothing_else(sentinel: Path, tmp_path: Path) -> None:
    text = "\n".join(code(sentinel))
    path = write_altered(tmp_path / "contract.yaml", describe_everything(text))
    assert command.main(["--contract", str(path), "--out", str(tmp_path / "out")]) == 0
    run_all(tmp_path / "out")
    assert not sentinel.exists()


def test_values_become_text_and_nothing_else(sentinel: Path, tmp_path: Path) -> None:
    values = code(sentinel)

    def change(document: Document) -> None:
        schemas(document)["ResolutionV4"]["enum"] += values
        plain = [value for value in values if '"' not in value and "\\" not in value]
        for number, value in enumerate(plain):
            fields(document)[f"d{number}"] = {"type": "string", "default": value}
            fields(document)[f"c{number}"] = {"const": value}

    path = write_altered(tmp_path / "contract.yaml", change)
    assert command.main(["--contract", str(path), "--out", str(tmp_path / "out")]) == 0
    run_all(tmp_path / "out")
    assert not sentinel.exists()
    probe = "from ideogram_ai.generated.models.resolution_v4 import RESOLUTION_V4_VALUES as v; print(len(v))"
    probe = f"import sys; sys.path.insert(0, {str(tmp_path / 'out')!r}); {probe}"
    printed = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert int(printed) == 38 + len(values)


def rename_operation(name: str) -> Change:
    return lambda document: post(document).update(operationId=name)


def rename_path(name: str) -> Change:
    return lambda document: document["paths"].update({f"/{name}": document["paths"].popitem()[1]})


def rename_tag(name: str) -> Change:
    return lambda document: post(document).update(tags=[name])


def rename_media_type(name: str) -> Change:
    def change(document: Document) -> None:
        content = post(document)["requestBody"]["content"]
        content[f"multipart/form-data; x={name}"] = content.pop("multipart/form-data")

    return change


def rename_header(name: str) -> Change:
    return lambda document: document["components"]["securitySchemes"]["ApiKey"].update(name=name)


def rename_server(name: str) -> Change:
    return lambda document: document["servers"][0].update(url=f"https://example.com/{name}")


def add_field(name: str) -> Change:
    return put(fields, **{name: {"type": "string"}})


def add_title(name: str) -> Change:
    return lambda document: schemas(document)["V4JsonPrompt"].update(title=name)


def add_inner_field(name: str) -> Change:
    return lambda document: schemas(document)["V4StyleDescription"]["properties"].update({name: {"type": "string"}})


def add_default_with_quotes(name: str) -> Change:
    return put(fields, d={"type": "string", "default": f'"{name}"'})


@pytest.mark.parametrize(
    "hide",
    [
        rename_operation,
        rename_path,
        rename_tag,
        rename_media_type,
        rename_header,
        rename_server,
        add_field,
        add_title,
        add_inner_field,
        add_default_with_quotes,
    ],
)
def test_names_are_refused_or_become_names(
    hide: Callable[[str], Change], sentinel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "prove_types", lambda root: None)  # mypy runs nothing
    path = write_altered(tmp_path / "contract.yaml", hide(code(sentinel)[0]))
    if command.main(["--contract", str(path), "--out", str(tmp_path / "out")]) == 0:
        run_all(tmp_path / "out")
    else:
        assert not (tmp_path / "out").exists()
    assert not sentinel.exists()


def test_names_that_mean_something_to_python_become_other_names(tmp_path: Path) -> None:
    names = [
        "class",
        "self",
        "None",
        "__class__",
        "__init__",
        "import",
        "1",
        "a b-c",
        "-",
        "print",
        "datetime",
        "_x",
        "x_",
    ]
    changes = [change for name in names for change in (add_field(name), add_inner_field(name))]
    path = write_altered(tmp_path / "contract.yaml", *changes)
    assert command.main(["--contract", str(path), "--out", str(tmp_path / "out")]) == 0
    operations = (tmp_path / "out" / PACKAGE / "operations.py").read_text()
    assert all(f"wire_name={json.dumps(name)}" in operations for name in names)
