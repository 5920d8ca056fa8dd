"""Writing a tree, and replacing the old one: at any moment one of the two is complete."""

import ast
from itertools import product
from pathlib import Path

import pytest
import swap
from altered_contract import put, schemas, write_altered
from hypothesis import given
from hypothesis import strategies as st
from regeneration import tree
from regeneration.documents import PACKAGE, Contract, RegenerationError, read_contract
from regeneration.tree import bent, docstring, workplace


def read(folder: Path) -> dict[str, str]:
    """Read all files below a folder, by their names."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def write(folder: Path, **files: str) -> Path:
    """Write files into a folder of their own."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder that holds an old package, and a file of somebody else beside it."""
    write(tmp_path / "out" / PACKAGE, a="old", gone="old")
    (tmp_path / "out" / "beside").write_text("mine")
    return tmp_path / "out"


OLD = {"ideogram_ai/generated/a": "old", "ideogram_ai/generated/gone": "old", "beside": "mine"}
NEW = {"ideogram_ai/generated/a": "new", "ideogram_ai/generated/added": "new", "beside": "mine"}


def replace(out: Path) -> None:
    with workplace(out, PACKAGE) as root:
        swap.replace(write(root / PACKAGE, a="new", added="new"), out, out / PACKAGE)


def test_the_new_tree_takes_the_place_and_nothing_else_stays(out: Path, tmp_path: Path) -> None:
    replace(out)
    assert read(out) == NEW
    replace(tmp_path / "new" / "out")  # where there was none
    assert read(tmp_path / "new" / "out") == {name: text for name, text in NEW.items() if name != "beside"}


def test_a_failure_before_the_swap_leaves_the_old_tree_or_none(out: Path, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError), workplace(out, PACKAGE) as root:
        write(write(root / PACKAGE, a="new"))
    assert read(out) == OLD
    with pytest.raises(ZeroDivisionError), workplace(tmp_path / "new", PACKAGE):
        raise ZeroDivisionError
    assert not (tmp_path / "new").exists()


def test_a_failure_of_either_rename_brings_the_old_tree_back(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, calls = Path.rename, 0
    for error, (failing, renames) in product((OSError("disk"), KeyboardInterrupt()), ((1, 1), (2, 3))):
        calls = 0

        def rename(self: Path, target: Path, error: BaseException = error, failing: int = failing) -> Path:
            nonlocal calls
            calls += 1
            if calls == failing:
                raise error
            return original(self, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", rename)
            with pytest.raises(type(error)):
                replace(out)
        assert calls == renames
        assert read(out) == OLD


def test_the_next_run_recovers_what_a_killed_one_left(out: Path) -> None:
    (out / PACKAGE).rename(out / ".replacing-previous")  # killed between the renames
    write(out / ".replacing-abc" / PACKAGE, a="half")
    with workplace(out, PACKAGE):
        assert (out / PACKAGE / "a").read_text() == "old"
    assert read(out) == OLD
    write(out / ".replacing-previous", a="older")  # killed after them
    with workplace(out, PACKAGE) as root:
        assert root.stat().st_dev == out.stat().st_dev
        assert (root / ".gitignore").read_text() == "*\n"
    assert read(out) == OLD


def test_a_second_run_is_refused_while_the_first_is_at_work(out: Path) -> None:
    refused = pytest.raises(RegenerationError, match="another run is at work in")
    with workplace(out, PACKAGE) as root, refused, workplace(out, PACKAGE):
        pass
    assert not root.exists()
    replace(out)
    assert read(out) == NEW


def test_the_generator_gets_the_contract_without_the_prompt_rule(
    contract: Contract, built: Path, tmp_path: Path
) -> None:
    assert "oneOf" not in schemas(bent(contract))["GenerateImageRequestV4"]
    assert "oneOf" in schemas(contract.document)["GenerateImageRequestV4"]
    assert '"oneOf"' in (built / PACKAGE / "contract.json").read_text("utf-8")
    path = write_altered(tmp_path / "contract.yaml", lambda d: schemas(d)["GenerateImageRequestV4"].pop("oneOf"))
    with pytest.raises(RegenerationError, match=r"changes nothing in this contract.*take that step out"):
        bent(read_contract(path))


def test_a_generator_that_is_too_old(contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "version", {"openapi-python-client": "0.28.4"}.__getitem__)
    with pytest.raises(RegenerationError, match=r"0\.28\.4 executes what hostile contracts hold; 0\.29\.1 or newer"):
        tree.write_tree(contract, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_error_of_the_generator_names_the_place(tmp_path: Path) -> None:
    """To the generator this is a warning: it leaves the part out, and exits with 0."""
    path = write_altered(tmp_path / "contract.yaml", put(schemas, X={"type": "array"}))
    with pytest.raises(RegenerationError, match=r":\d+:\d+: /components/schemas/X: the generator cannot write"):
        tree.write_tree(read_contract(path), tmp_path / "out")


@given(text=st.text(st.characters(codec="utf-8") | st.sampled_from('"\\{}\n\r\x00\x85\u2028 '), max_size=300))
def test_a_docstring_is_text_and_nothing_else(text: str) -> None:
    code = f'def f():\n    """First.\n\n    {docstring(text)}\n    """\n    return 1\n'
    (function,) = ast.parse(code).body
    assert isinstance(function, ast.FunctionDef)
    assert len(function.body) == 2
    assert max(map(len, code.split("\n"))) <= 300
