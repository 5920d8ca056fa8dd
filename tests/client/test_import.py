"""The package is cheap to import: it loads what a program uses, when the program uses it."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from driver import case

import ideogram_ai.client
from ideogram_ai.client import Ideogram, IdeogramError, client
from ideogram_ai.client.errors import raise_cause


def loaded_by(statement: str) -> set[str]:
    """The top-level packages, and the modules of the client, that are loaded after a statement in a new process."""
    program = f"import sys; {statement}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_only_what_is_used_is_loaded() -> None:
    loaded = loaded_by("import ideogram_ai.client")
    assert not {"httpx", "httpcore", "attr", "anyio", "asyncio"} & loaded
    assert {name for name in loaded if name.startswith("ideogram_ai.")} == {"ideogram_ai.client"}
    loaded = loaded_by("from ideogram_ai.client import Ideogram")
    assert "ideogram_ai.client.client" in loaded
    assert not {"httpcore", "anyio", "asyncio", "ideogram_ai.generated.models"} & loaded


def test_every_public_name_exists_and_is_listed() -> None:
    for name in ideogram_ai.client.__all__:
        assert getattr(ideogram_ai.client, name) is not None, name
        assert name in dir(ideogram_ai.client)
    assert Ideogram is client.Ideogram
    assert pickle.loads(pickle.dumps(IdeogramError)) is ideogram_ai.client.IdeogramError
    with pytest.raises(AttributeError, match=r"^module 'ideogram_ai\.client' has no attribute 'Ideograms'$"):
        _ = ideogram_ai.client.Ideograms  # type: ignore[attr-defined]


def run_beside(folder: Path, program: str, /, name: str = "program", **files: str) -> list[str]:
    """The lines that a program prints when these modules are beside it."""
    for module, text in {**files, name: program}.items():
        (folder / f"{module}.py").write_text(text)
    command = [sys.executable, "-B", str(folder / f"{name}.py")]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"})
    return (run.stderr or run.stdout).strip().splitlines()


FROM_IMPORT = "from ideogram_ai.client import Ideogram"
PROGRAMS = (
    FROM_IMPORT,
    "import ideogram_ai.client as client; hasattr(client, 'Ideogram')",
    "from ideogram_ai.client import *",
)


def test_a_file_that_hides_httpx_is_named(tmp_path: Path) -> None:
    for program in PROGRAMS:
        message = run_beside(tmp_path, program, httpx="")[-1]
        assert "cannot be loaded: module 'httpx' has no attribute" in message, program
        assert f"httpx is {tmp_path / 'httpx.py'}: if that file is yours, rename it" in message, program


HIDING = {
    "another library": ("attrs", "", "cannot import name 'frozen' from 'attrs'"),
    "of Python, by name": ("json", "", "cannot import name 'dumps' from 'json'"),
    "of Python, a package": ("email", "", "'email' is not a package"),
    "an error in it": ("httpx", "import os; os.gone", "module 'os' has no attribute 'gone'"),
    "no Python": ("httpx", "this is no Python", "invalid syntax"),
    "not installed": ("httpx", "raise ModuleNotFoundError('No module named httpx', name='httpx')", "No module named"),
    "too old": ("httpx", "__version__ = '0.9'; ConnectError = OSError", "module 'httpx' has no attribute"),
    "circular": ("httpx", FROM_IMPORT, "partially initialized module"),
}


def test_the_cause_is_never_hidden(tmp_path: Path) -> None:
    for number, (name, text, cause) in enumerate(HIDING.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        message = run_beside(folder, FROM_IMPORT, **{name: text})[-1]
        assert cause in message
        assert "cannot import name 'Ideogram' from 'ideogram_ai.client'" not in message, name
    # A program that is called httpx itself.
    lines = run_beside(tmp_path, "import ideogram_ai.client\nideogram_ai.client.Ideogram()\n", name="httpx")
    assert f'File "{tmp_path / "httpx.py"}", line 2' in "\n".join(lines)
    assert "partially initialized module" in lines[-1]


def test_other_packages_and_copies_name_the_file_too(tmp_path: Path) -> None:
    """A copy takes its name from the folder it is in."""
    for statement in ("from ideogram_ai.testing import MockServer", "from ideogram_ai.batch import run_batch"):
        message = run_beside(tmp_path, statement, logging="")[-1]
        assert f"logging is {tmp_path / 'logging.py'}: if that file is yours" in message, statement
    copy = tmp_path / "copy/mine"
    copy.mkdir(parents=True)
    for file in ("__init__.py", "errors.py"):
        (copy / file).write_bytes((Path(ideogram_ai.client.__file__).parent / file).read_bytes())
    (copy / "client.py").write_text("import httpx\nhttpx.Client\n")
    message = run_beside(copy.parent, "from mine import Ideogram", httpx="")[-1]
    assert message.startswith("ImportError: mine.client cannot be loaded: module 'httpx' has no attribute 'Client'. ")


def raised(error: AttributeError | ImportError) -> ImportError:
    with pytest.raises(ImportError) as caught:
        raise_cause(error, "a.module")
    return caught.value


def test_an_error_is_explained_only_when_it_names_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = ModuleType("hidden")
    hidden.__file__ = "/there/hidden.py"
    monkeypatch.setitem(sys.modules, "hidden", hidden)
    for error in (
        ImportError("cannot import name 'a' from 'hidden' (/there/hidden.py)", name="hidden"),
        ModuleNotFoundError("No module named 'gone'", name="gone"),
        ImportError("no words about where"),
    ):
        with case(error):
            assert raised(error) is error
    explained = raised(ModuleNotFoundError("'hidden' is not a package", name="hidden.part"))
    where = "hidden is /there/hidden.py: if"
    assert str(explained).startswith(f"a.module cannot be loaded: 'hidden' is not a package. {where}")
    assert (explained.name, explained.path) == ("a.module", "/there/hidden.py")
    cause = AttributeError("'int' object has no attribute 'a'", name="a", obj=1)
    explained = raised(cause)
    assert str(explained) == "a.module cannot be loaded: 'int' object has no attribute 'a'"
    assert explained.__cause__ is cause
    monkeypatch.setitem(vars(ideogram_ai.client)["_MODULES"], "retry", ["Missing"])
    monkeypatch.setattr(ideogram_ai.client, "__all__", ["Missing"])
    with pytest.raises(ImportError, match=r"^ideogram_ai\.client\.retry cannot be loaded: .* attribute 'Missing'"):
        _ = ideogram_ai.client.Missing  # type: ignore[attr-defined]
