"""The command as a maintainer runs it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import regenerate as command
from altered_contract import Document, fields, put, write_altered
from regeneration import proof, steps, swap, tree
from regeneration.errors import RegenerationError
from regeneration.paths import CONTRACT, OUT, PACKAGE, ROOT

Files = dict[str, bytes]
NEW_FIELD = put(fields, guidance_scale={"type": "number", "description": "How closely to follow the prompt."})


def files(folder: Path) -> Files:
    """Read all files below a folder, by their names."""
    paths = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


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
def out(tmp_path: Path) -> Path:
    """A copy of generated/ to work on."""
    shutil.copytree(OUT / PACKAGE, tmp_path / "out" / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "out"


def test_the_bytes_depend_neither_on_the_folder_nor_on_the_run(tmp_path: Path) -> None:
    # The names of folders that ruff passes over and that isort could take for packages of the project.
    first, second = tmp_path / "node_modules" / "httpx", tmp_path / "build"
    for place, seed, quotes in ((first, "1", "single"), (second, "2", "double")):
        place.mkdir(parents=True)
        (place / "ruff.toml").write_text(f"[format]\nquote-style = '{quotes}'\n")
        done = run("--contract", CONTRACT, "--out", "out", cwd=place, PYTHONHASHSEED=seed)
        assert (done.returncode, done.stderr) == (0, "")
        assert re.match(
            r"wrote \d+ files to out/ideogram_ai/generated in \d+\.\d s\n\n(Nothing has|What) chang",
            done.stdout,
        )
    assert files(first / "out") == files(second / "out")
    again = run("--check", "--contract", CONTRACT, "--out", "out", cwd=first, PYTHONHASHSEED="3")
    assert (again.returncode, again.stderr) == (0, "")


def test_a_field_added_to_the_contract_is_everywhere(tmp_path: Path) -> None:
    altered = write_altered(tmp_path / "contract.yaml", NEW_FIELD)
    assert command.main(["--contract", str(altered), "--out", str(tmp_path / "out")]) == 0
    package = tmp_path / "out" / PACKAGE
    assert "guidance_scale: float | None" in (package / "operations.py").read_text()
    assert "guidance_scale: float | Unset = UNSET" in (package / "models/generate_image_request_v4.py").read_text()
    assert (package / "contract.yaml").read_bytes() == altered.read_bytes()
    assert not list((tmp_path / "out").glob(".*"))


@pytest.fixture
def altered(tmp_path: Path) -> Path:
    """A contract that gives another tree."""
    return write_altered(tmp_path / "contract.yaml", NEW_FIELD)


def fail_to_read(document: Document) -> None:
    document["openapi"] = "3.0.0"


def test_a_refused_contract_leaves_the_old_tree(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(out)
    broken = write_altered(tmp_path / "contract.yaml", fail_to_read)
    assert command.main(["--contract", str(broken), "--out", str(out)]) == 1
    assert files(out) == before
    printed = capsys.readouterr()
    message = f"error: {broken}:1:1: /openapi: this is no OpenAPI 3.1 document: openapi is 3.0.0\nnothing was written\n"
    assert (printed.out, printed.err) == ("", message)


REFUSED = RegenerationError("no")
FULL = OSError(28, "No space left on device", "x")


@pytest.mark.parametrize(
    ("module", "step", "error"),
    [
        (swap, "_recover", FULL),
        (tree, "_project", FULL),
        (tree, "_format", REFUSED),
        (steps, "write_lock", FULL),
        (proof, "audit", REFUSED),
        (proof, "prove_types", REFUSED),
        (steps, "swap", FULL),
    ],
)
def test_a_step_that_fails_leaves_the_old_tree(
    *,
    module: object,
    step: str,
    error: Exception,
    altered: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*arguments: object) -> None:
        raise error

    before = files(out)
    if step == "swap":
        monkeypatch.setattr(steps, "prove", lambda *arguments: None)
    monkeypatch.setattr(module, step, fail)
    assert command.main(["--contract", str(altered), "--out", str(out)]) == 1
    assert files(out) == before
    message = "no" if error is REFUSED else "x: No space left on device"
    assert capsys.readouterr().err == f"error: {message}\nnothing was written\n"


def test_a_tree_that_is_up_to_date(tmp_path: Path) -> None:
    before = files(OUT)
    done = run("--check", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "is up to date in" in done.stdout
    assert files(OUT) == before


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def damage_lock(path: Path) -> None:
    path.write_text(path.read_text().replace('"ruff": "', '"ruff": "0.0.0+'))


@pytest.mark.parametrize(
    ("spoil", "name", "lines"),
    [
        (change, "client.py", ["differs  client.py"]),
        (change, "contract.yaml", ["differs  contract.yaml"]),
        (change, "contract.json", ["differs  contract.json"]),
        (Path.unlink, "py.typed", ["missing  py.typed"]),
        (Path.touch, "models/stale.py", ["extra    models/stale.py"]),
        (Path.touch, ".hidden", ["extra    .hidden"]),
        (lambda path: path.symlink_to(path.rename(path.parents[3] / "same")), "types.py", ["differs  types.py"]),
        (damage_lock, "lock.json", ["differs  lock.json", "ruff was 0.0.0+"]),
        (Path.unlink, "lock.json", ["missing  lock.json", "there is no readable lock.json"]),
        (lambda path: path.write_text("[]"), "lock.json", ["differs  lock.json", "there is no readable lock.json"]),
    ],
)
def test_check_names_what_differs_and_the_command_that_mends_it(
    *,
    spoil: Callable[[Path], object],
    name: str,
    lines: list[str],
    out: Path,
    built: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # What is built is tested elsewhere, and takes its time.
    monkeypatch.setattr(steps, "build", lambda contract, root: shutil.copytree(built, root, dirs_exist_ok=True))
    spoil(out / PACKAGE / name)
    before = files(out)
    assert command.main(["--check", "--contract", str(CONTRACT), "--out", str(out)]) == 1
    assert files(out) == before
    printed = capsys.readouterr()
    first, *middle, last = printed.err.splitlines()
    assert printed.out == ""
    assert first == f"error: {out / PACKAGE} is not what the contract makes:"
    assert [line.strip()[: len(expected)] for line, expected in zip(middle, lines, strict=True)] == lines
    assert last == f"mend it with: python scripts/regenerate.py --contract {CONTRACT} --out {out}"


def test_the_command_that_check_prints_mends(altered: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--contract", str(altered), "--out", str(out)]
    (out / PACKAGE / "models" / "stale.py").touch()
    assert command.main(["--check", *arguments]) == 1
    printed = capsys.readouterr().err
    assert "extra    models/stale.py" in printed
    assert "contract was" in printed
    python, script, *given = shlex.split(printed.splitlines()[-1].removeprefix("mend it with: "))
    assert (python, script) == ("python", "scripts/regenerate.py")
    assert command.main(given) == 0
    assert command.main(["--check", *arguments]) == 0


def test_check_of_a_tree_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--check", "--contract", str(CONTRACT), "--out", str(tmp_path / "out")]) == 1
    assert "missing  contract.yaml" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_check_sees_files_beside_the_package_in_the_projects_own_folder(
    out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(steps, "OUT", out)
    (out / "ideogram_ai" / "stray.py").touch()
    assert command.main(["--check", "--contract", str(CONTRACT), "--out", str(out)]) == 1
    assert "extra    ideogram_ai/stray.py" in capsys.readouterr().err


def test_bytecode_is_no_difference(out: Path) -> None:
    (out / PACKAGE / "__pycache__").mkdir()
    (out / PACKAGE / "__pycache__" / "client.cpython-311.pyc").touch()
    assert command.main(["--check", "--contract", str(CONTRACT), "--out", str(out)]) == 0


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--contract", "other.yaml"], ["x"]])
def test_wrong_use(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        command.main(arguments)
    assert "error: " in capsys.readouterr().err


def test_a_tool_that_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "yaml.py").write_text("raise ModuleNotFoundError(\"No module named 'yaml'\", name='yaml')\n")
    done = run("--check", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("error: yaml is not installed; ")


def test_a_generator_that_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "version", {"openapi-python-client": "0.28.4"}.__getitem__)
    with pytest.raises(RegenerationError, match=r"0\.28\.4 executes what hostile contracts hold; 0\.29\.1 or newer"):
        steps.write(CONTRACT, tmp_path / "out")
    assert not (tmp_path / "out").exists()
