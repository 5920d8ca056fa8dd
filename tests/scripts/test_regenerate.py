"""The command as a maintainer runs it, and how it replaces a tree: the old or the new one is always complete."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import regenerate as command
import swap
from altered_contract import Document, fields, post, put, schemas, write_altered
from hypothesis import given
from hypothesis import strategies as st
from regeneration import checks, documents, proof, tree
from regeneration.documents import CONTRACT, OUT, PACKAGE, ROOT, Contract, RegenerationError, read_contract
from regeneration.tree import bent, docstring

pytestmark = pytest.mark.slow

Files = dict[str, bytes]


def files(folder: Path) -> Files:
    """Read all files below a folder, by their names."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in swap.files(folder)}


def run(*arguments: object, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in a process of its own."""
    script = [sys.executable, "-W", "error", str(ROOT / "scripts/regenerate.py")]
    return subprocess.run(
        [*script, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of generated/ to work on."""
    shutil.copytree(OUT / PACKAGE, tmp_path / "out" / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "out"


@pytest.fixture
def altered(tmp_path: Path) -> Path:
    """A contract that gives another tree."""
    return write_altered(tmp_path / "contract.yaml", put(fields, guidance_scale={"type": "number"}))


def test_the_bytes_depend_neither_on_the_folder_nor_on_the_run(tmp_path: Path) -> None:
    # Names of folders that ruff skips and that isort could take for packages of the project, and settings of ruff.
    place = tmp_path / "node_modules" / "httpx"
    place.mkdir(parents=True)
    (place / "ruff.toml").write_text("[format]\nquote-style = 'single'\n")
    done = run("--contract", CONTRACT, "--out", "out", cwd=place, PYTHONHASHSEED="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.match(r"wrote \d+ files to out/ideogram_ai/generated in \d+\.\d s\n\n\w+", done.stdout)
    before = files(OUT)
    door = {"ideogram_ai/__init__.py"}  # it lies in each folder of packages, and is not generated
    assert files(place / "out") == {name: content for name, content in before.items() if name not in door}
    done = run("--check", cwd=tmp_path, PYTHONHASHSEED="2")
    assert (done.returncode, done.stderr) == (0, "")
    assert "is up to date in" in done.stdout
    assert files(OUT) == before


REFUSED = RegenerationError("no")
FULL = OSError(28, "No space left on device", "x")


def test_a_run_that_fails_leaves_the_old_tree(
    built: Path,
    altered: Path,
    copied: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = files(copied)
    broken = write_altered(tmp_path / "broken.yaml", lambda document: document.update(openapi="3.0.0"))
    assert command.main(["--contract", str(broken), "--out", str(copied)]) == 1
    assert files(copied) == before
    what = "this is not an OpenAPI 3.1 document: openapi is 3.0.0"
    message = f"error: {broken}:1:1: /openapi: {what}\nnothing was written\n"
    assert capsys.readouterr() == ("", message)
    steps: list[tuple[object, str, Exception]] = [
        (tree, "_generate", FULL),
        (tree, "variables", REFUSED),
        (tree, "tree_sha256", FULL),
        (proof, "prove_types", REFUSED),
        (proof, "prove_sending", REFUSED),
        (swap, "replace", FULL),
    ]
    for module, step, error in steps:

        def fail(*arguments: object, error: Exception = error) -> None:
            raise error

        with monkeypatch.context() as patched:
            for slow in ("prove_types", "prove_sending"):
                patched.setattr(proof, slow, lambda *arguments: None)
            if module is not tree:  # what comes before takes its time
                patched.setattr(tree, "write_tree", lambda _, target: shutil.copytree(built / PACKAGE, target))
            patched.setattr(module, step, fail)
            assert command.main(["--contract", str(altered), "--out", str(copied)]) == 1
        assert files(copied) == before, step
        message = "no" if error is REFUSED else "x: No space left on device"
        assert capsys.readouterr().err == f"error: {message}\nnothing was written\n", step


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def damage_lock(path: Path) -> None:
    path.write_text(path.read_text().replace('"ruff": "', '"ruff": "0.0.0+'))


DAMAGE: list[tuple[Callable[[Path], object], str, list[str]]] = [
    (change, "methods.py", ["differs  methods.py"]),
    (change, "contract.yaml", ["differs  contract.yaml"]),
    (change, "contract.json", ["differs  contract.json"]),
    (Path.unlink, "py.typed", ["missing  py.typed"]),
    (Path.touch, "models/stale.py", ["extra    models/stale.py"]),
    (Path.touch, "client.py", ["extra    client.py"]),
    (Path.touch, ".hidden", ["extra    .hidden"]),
    (lambda path: path.symlink_to(path.rename(path.parents[3] / "same")), "types.py", ["differs  types.py"]),
    (damage_lock, "lock.json", ["differs  lock.json", "ruff was 0.0.0+"]),
    (Path.unlink, "lock.json", ["missing  lock.json", "there is no readable lock.json"]),
    (lambda path: path.write_text("[]"), "lock.json", ["differs  lock.json", "there is no readable lock.json"]),
]


def test_check_lists_what_differs_and_the_command_that_writes_it(
    tmp_path: Path, built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # What is built is tested elsewhere, and takes its time.
    monkeypatch.setattr(tree, "write_tree", lambda contract, target: shutil.copytree(built / PACKAGE, target))
    monkeypatch.setattr(checks, "read_checked", cache(checks.read_checked))
    for number, (spoil, name, lines) in enumerate(DAMAGE):
        out = tmp_path / str(number) / "out"
        shutil.copytree(OUT / PACKAGE, out / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
        spoil(out / PACKAGE / name)
        before = files(out)
        assert command.main(["--check", "--contract", str(CONTRACT), "--out", str(out)]) == 1
        assert files(out) == before
        printed = capsys.readouterr()
        first, *middle, last = printed.err.splitlines()
        assert printed.out == ""
        assert first == f"error: {out / PACKAGE} is not what the contract makes:"
        assert [line.strip()[: len(expected)] for line, expected in zip(middle, lines, strict=True)] == lines
        assert last == f"to update it: python scripts/regenerate.py --contract {CONTRACT} --out {out}"
    assert command.main(["--check", "--contract", str(CONTRACT), "--out", str(tmp_path / "none")]) == 1
    assert "missing  contract.yaml" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
    own = tmp_path / "own"
    shutil.copytree(OUT / PACKAGE, own / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(documents, "OUT", own)  # in the project's own folder there is nothing but the package
    (own / "ideogram_ai" / "stray.py").touch()
    assert command.main(["--check", "--contract", str(CONTRACT), "--out", str(own)]) == 1
    assert "extra    ideogram_ai/stray.py" in capsys.readouterr().err


def test_the_command_that_check_prints_writes_the_tree(
    altered: Path, copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--contract", str(altered), "--out", str(copied)]
    (copied / PACKAGE / "models" / "stale.py").touch()
    assert command.main(["--check", *arguments]) == 1
    printed = capsys.readouterr().err
    assert "extra    models/stale.py" in printed
    assert "contract was" in printed
    python, script, *given = shlex.split(printed.splitlines()[-1].removeprefix("to update it: "))
    assert (python, script) == ("python", "scripts/regenerate.py")
    assert command.main(given) == 0
    assert not list(copied.glob(".*"))
    (copied / PACKAGE / "__pycache__").mkdir()  # bytecode is no difference
    (copied / PACKAGE / "__pycache__" / "types.cpython-311.pyc").touch()
    assert command.main(["--check", *arguments]) == 0


def test_wrong_use_and_a_tool_that_is_not_installed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--nonsense"], ["--contract", "other.yaml"], ["x"]):
        with pytest.raises(SystemExit, match=r"^2$"):
            command.main(arguments)
        assert "error: " in capsys.readouterr().err
    (tmp_path / "yaml.py").write_text("raise ModuleNotFoundError(\"No module named 'yaml'\", name='yaml')\n")
    done = run("--check", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("error: yaml is not installed; ")


def test_the_generator_gets_the_contract_without_the_prompt_rule(
    contract: Contract, built: Path, tmp_path: Path
) -> None:
    assert "oneOf" not in schemas(bent(contract))["GenerateImageRequestV4"]
    assert "oneOf" in schemas(contract.document)["GenerateImageRequestV4"]
    assert '"oneOf"' in (built / PACKAGE / "contract.json").read_text("utf-8")
    ruled = [schema for schema in schemas(contract.document).values() if {"oneOf", "properties"} <= schema.keys()]
    assert len(ruled) > 1

    def body(document: Document) -> Document:
        found: Document = post(document)["requestBody"]["content"]["multipart/form-data"]
        return found

    written_out = put(body, schema=schemas(contract.document)["GenerateImageRequestV4"])
    inside = read_contract(write_altered(tmp_path / "inside.yaml", written_out))
    assert "oneOf" in body(inside.document)["schema"]
    assert "oneOf" not in body(bent(inside))["schema"]
    keywords = ("oneOf", "anyOf", "allOf")
    path = write_altered(
        tmp_path / "contract.yaml", lambda d: [each.pop(word, 0) for each in schemas(d).values() for word in keywords]
    )
    with pytest.raises(RegenerationError, match=r"changes nothing in this contract.*take that step out"):
        bent(read_contract(path))


def test_an_error_of_the_generator_names_the_place(tmp_path: Path) -> None:
    """To the generator this is a warning: it leaves the part out, and exits with 0."""
    number: dict[str, object] = {"type": "number", "enum": [0.5]}
    for case, (place, schema) in enumerate(
        (
            ("", {"type": "array"}),
            ("/properties/a", {"type": "object", "properties": {"a": number}}),
            ("", {"type": "array", "items": False}),
        )
    ):
        path = write_altered(tmp_path / "contract.yaml", put(schemas, X=schema))
        with pytest.raises(RegenerationError, match=rf":\d+:\d+: /components/schemas/X{place}: the generator cannot"):
            tree.write_tree(read_contract(path), tmp_path / str(case))


def test_a_failure_of_ruff_says_why(contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "_write_modules", lambda _, target, __: (target / "bad.py").write_text("def f(:\n"))
    with pytest.raises(RegenerationError, match=r"ruff format fails on the generated code:\n.*bad\.py:1:7"):
        tree.write_tree(contract, tmp_path / "out")


@given(text=st.text(st.characters(codec="utf-8") | st.sampled_from('"\\{}\n\r\x00\x85\u2028 '), max_size=300))
def test_a_docstring_is_text_and_nothing_else(text: str) -> None:
    code = f'def f():\n    """First.\n\n    {docstring(text)}\n    """\n    return 1\n'
    (function,) = ast.parse(code).body
    assert isinstance(function, ast.FunctionDef)
    assert len(function.body) == 2
    assert max(map(len, code.split("\n"))) <= 300
