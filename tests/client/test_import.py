"""The package is cheap to import: it loads what a program uses, when the program uses it."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import ideogram_ai.client
from ideogram_ai.client import Ideogram, IdeogramError, client
from ideogram_ai.client.errors import raise_cause


def loaded_by(statement: str) -> set[str]:
    """The top-level packages, and the modules of the client, that are there after a statement in a new process."""
    program = f"import sys; {statement}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_the_import_alone_loads_nothing_of_weight() -> None:
    loaded = loaded_by("import ideogram_ai.client")
    assert not {"httpx", "httpcore", "attr", "anyio", "asyncio"} & loaded
    assert {name for name in loaded if name.startswith("ideogram_ai.")} == {
        "ideogram_ai.client",
    }


def test_the_synchronous_client_loads_no_event_loop_and_no_models() -> None:
    loaded = loaded_by("from ideogram_ai.client import Ideogram")
    assert "ideogram_ai.client.client" in loaded
    assert not {"httpcore", "anyio", "asyncio", "ideogram_ai.generated.models"} & loaded


@pytest.mark.parametrize("name", ideogram_ai.client.__all__)
def test_every_public_name_is_there_and_listed(name: str) -> None:
    assert getattr(ideogram_ai.client, name) is not None
    assert name in dir(ideogram_ai.client)


def test_a_name_is_what_its_module_has() -> None:
    assert Ideogram is client.Ideogram


def test_another_name_is_an_ordinary_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'ideogram_ai\.client' has no attribute 'Ideograms'$"):
        _ = ideogram_ai.client.Ideograms  # type: ignore[attr-defined]


def told_by(program: str, folder: Path, **files: str) -> str:
    """The last line that a program prints which has these modules beside it."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "program.py").write_text(program)
    command = [sys.executable, "-B", str(folder / "program.py")]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"})
    return (run.stderr or run.stdout).strip().splitlines()[-1]


PROGRAMS = {
    "from import": "from ideogram_ai.client import Ideogram",
    "attribute": "import ideogram_ai.client as client; client.Ideogram",
    "hasattr": "import ideogram_ai.client as client; hasattr(client, 'Ideogram')",
    "asynchronous": "from ideogram_ai.client import AsyncIdeogram",
    "all": "from ideogram_ai.client import *",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_file_that_hides_httpx_is_named(program: str, tmp_path: Path) -> None:
    told = told_by(PROGRAMS[program], tmp_path, httpx="")
    assert "cannot be loaded: module 'httpx' has no attribute" in told
    assert f"httpx is {tmp_path / 'httpx.py'}: if that file is yours, rename it" in told


HIDING = {
    "another library": ("attrs", "", "cannot import name 'frozen' from 'attrs'"),
    "what a library is made of": ("attr", "", "cannot import name 'NOTHING' from 'attr'"),
    "of Python, by name": ("json", "", "cannot import name 'dumps' from 'json'"),
    "of Python, by attribute": ("logging", "", "module 'logging' has no attribute"),
    "of Python, a package": ("email", "", "'email' is not a package"),
    "an error in it": ("httpx", "import os; os.gone", "module 'os' has no attribute 'gone'"),
    "a name that it imports": ("httpx", "from os import gone", "cannot import name 'gone' from 'os'"),
    "no Python": ("httpx", "this is no Python", "invalid syntax"),
    "not installed": ("httpx", "raise ModuleNotFoundError('No module named httpx', name='httpx')", "No module named"),
    "too old": ("httpx", "__version__ = '0.9'; ConnectError = OSError", "module 'httpx' has no attribute"),
    "circular": ("httpx", "from ideogram_ai.client import Ideogram", "partially initialized module"),
}


@pytest.mark.parametrize("kind", HIDING)
def test_the_cause_is_never_hidden(kind: str, tmp_path: Path) -> None:
    name, text, cause = HIDING[kind]
    told = told_by(PROGRAMS["from import"], tmp_path, **{name: text})
    assert cause in told
    assert "cannot import name 'Ideogram' from 'ideogram_ai.client'" not in told


def test_a_program_that_is_called_httpx_itself(tmp_path: Path) -> None:
    (tmp_path / "httpx.py").write_text("import ideogram_ai.client\nideogram_ai.client.Ideogram()\n")
    command = [sys.executable, "-B", str(tmp_path / "httpx.py")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f'File "{tmp_path / "httpx.py"}", line 2' in run.stderr
    assert "partially initialized module" in run.stderr.splitlines()[-1]


def test_a_copy_below_another_name_tells_it_too(tmp_path: Path) -> None:
    """The door takes its name from where it lies."""
    copy = tmp_path / "mine"
    copy.mkdir()
    for file in ("__init__.py", "errors.py"):
        (copy / file).write_bytes((Path(ideogram_ai.client.__file__).parent / file).read_bytes())
    (copy / "client.py").write_text("import httpx\nhttpx.Client\n")
    told = told_by("from mine import Ideogram", tmp_path, httpx="")
    assert told.startswith("ImportError: mine.client cannot be loaded: module 'httpx' has no attribute 'Client'. ")


def test_the_doors_of_the_other_floors_tell_it_too(tmp_path: Path) -> None:
    for door in ("from ideogram_ai.testing import MockServer", "from ideogram_ai.batch import run_batch"):
        told = told_by(door, tmp_path, logging="")
        assert f"logging is {tmp_path / 'logging.py'}: if that file is yours" in told


def raised(error: AttributeError | ImportError) -> ImportError:
    with pytest.raises(ImportError) as caught:
        raise_cause(error, "a.module")
    return caught.value


def test_what_names_its_file_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = ModuleType("hidden")
    hidden.__file__ = "/there/hidden.py"
    monkeypatch.setitem(sys.modules, "hidden", hidden)
    for error in (
        ImportError("cannot import name 'a' from 'hidden' (/there/hidden.py)", name="hidden"),
        ModuleNotFoundError("No module named 'gone'", name="gone"),
        ImportError("no words about where"),
    ):
        assert raised(error) is error
    error = raised(ModuleNotFoundError("'hidden' is not a package", name="hidden.part"))
    assert str(error).startswith("a.module cannot be loaded: 'hidden' is not a package. hidden is /there/hidden.py: if")
    assert (error.name, error.path) == ("a.module", "/there/hidden.py")


def test_an_attribute_of_something_else_is_told_without_a_file() -> None:
    cause = AttributeError("'int' object has no attribute 'a'", name="a", obj=1)
    error = raised(cause)
    assert str(error) == "a.module cannot be loaded: 'int' object has no attribute 'a'"
    assert error.__cause__ is cause


def test_a_module_that_lacks_what_is_asked_of_it_is_no_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(ideogram_ai.client)["_MODULES"], "Missing", "retry")
    with pytest.raises(ImportError, match=r"^ideogram_ai\.client\.retry cannot be loaded: .* attribute 'Missing'"):
        _ = ideogram_ai.client.Missing  # type: ignore[attr-defined]


def test_errors_can_be_pickled_through_the_door() -> None:
    assert pickle.loads(pickle.dumps(IdeogramError)) is ideogram_ai.client.IdeogramError
