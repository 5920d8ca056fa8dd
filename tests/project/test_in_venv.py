"""scripts/in_venv.py is the first thing that a newcomer runs: it has to work at once, again, and after any mishap.

Tried on a project of the least size, whose set-up fetches nothing.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/in_venv.py"

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "least"
version = "1"
"""

# A build backend of the least size: its editable wheel holds a module and a command.
BACKEND = """
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "least-1-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr("least.py", "import sys\\ndef main():\\n    print(sys.argv[1:], sys.prefix)\\n    return 7\\n")
        wheel.writestr("least-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: least\\nVersion: 1\\n")
        wheel.writestr("least-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("least-1.dist-info/entry_points.txt", "[console_scripts]\\nleast = least:main\\n")
        wheel.writestr("least-1.dist-info/RECORD", "")
    return name
"""

# Stands for a system's Python that has pip but keeps ensurepip in another package, as Debian's does.
NO_ENSUREPIP = """#!/bin/sh
case "$*" in
*"-m venv"*--without-pip*) ;;
*"-m venv"*) echo "ensurepip is not available"; exit 1 ;;
esac
exec {python} "$@"
"""
AS_BASE = """
import runpy, sys
sys._base_executable = {base!r}
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Project:
    """A project in a folder of its own, and a shell in which its commands are typed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        (root / "scripts").mkdir(parents=True)
        shutil.copy(SCRIPT, root / "scripts")
        (root / "pyproject.toml").write_text(PYPROJECT)
        (root / "backend.py").write_text(BACKEND)
        (root / "requirements.lock").write_text("# nothing is asked for\n")
        base = root / "base-python"
        base.write_text(NO_ENSUREPIP.format(python=sys._base_executable))  # type: ignore[attr-defined]
        base.chmod(0o755)
        start = [sys.executable, "-c", AS_BASE.format(base=str(base))]
        self.command = [*start, str(root / "scripts/in_venv.py")]

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        env = {"PATH": os.defpath, "HOME": str(self.root), **variables}
        pipe = subprocess.PIPE
        return subprocess.Popen([*self.command, *arguments], env=env, stdout=pipe, stderr=pipe, text=True)

    def run(self, *arguments: str, **variables: str) -> tuple[int, str, str]:
        process = self.start(*arguments, **variables)
        out, err = process.communicate()
        return process.returncode, out, err


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """A project as it is cloned."""
    return Project(tmp_path / "a project")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def project(shared: Project) -> Project:
    """A project that is set up; tests break it, and the next one finds it mended, or else that is a failure too."""
    code, _, err = shared.run("least")
    assert code == 7, err
    return shared


def test_it_sets_up_once_and_becomes_the_command(fresh: Project) -> None:
    expected = f"['a', 'b c'] {fresh.venv}\n"
    elsewhere = {"PIP_USER": "1", "PIP_REQUIRE_VIRTUALENV": "1"}  # settings of pip that some machines have
    code, out, err = fresh.run("least", "a", "b c", **elsewhere)
    assert (code, out) == (7, expected), err
    assert err.count("setting up") == 2
    assert fresh.run("least", "a", "b c") == (7, expected, "")


def test_a_command_sees_the_environment_and_nothing_of_other_pythons(project: Project) -> None:
    program = (
        "import os, sys; print(os.environ['VIRTUAL_ENV'], os.environ['PATH'].split(os.pathsep)[0], 'spy' in sys.path)"
    )
    code, out, err = project.run("python", "-c", program, PYTHONPATH="spy", PYTHONHOME="")
    assert (code, out) == (0, f"{project.venv} {project.venv / 'bin'} False\n"), err


def test_bytecode_is_kept_in_the_environment_whatever_is_said_of_other_places(project: Project) -> None:
    (project.root / "loaded.py").touch()
    program = f"import sys; sys.path.insert(0, {str(project.root)!r}); import loaded; print(loaded.__cached__)"
    code, out, err = project.run("python", "-c", program, PYTHONDONTWRITEBYTECODE="1")
    assert code == 0, err
    assert Path(out.strip()).is_relative_to(project.venv)
    assert Path(out.strip()).exists()
    assert not (project.root / "__pycache__").exists()


def test_a_new_lock_means_a_new_environment(project: Project) -> None:
    stale = project.venv / "stale"
    stale.touch()
    (project.root / "requirements.lock").write_text("# nothing is asked for any more\n")
    code, _, err = project.run("least")
    assert code == 7
    assert err.count("setting up") == 2
    assert not stale.exists()


def test_a_new_pyproject_installs_the_project_alone_again(project: Project) -> None:
    kept = project.venv / "kept"
    kept.touch()
    (project.root / "pyproject.toml").write_text(PYPROJECT + "\n")
    code, _, err = project.run("least")
    assert code == 7
    assert err.count("setting up") == 1
    assert kept.exists()


def test_a_project_that_moved_gets_a_new_environment(project: Project, tmp_path: Path) -> None:
    moved = shutil.copytree(project.root, tmp_path / "moved", symlinks=True)
    command = [*project.command[:-1], str(moved / "scripts/in_venv.py"), "least"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (7, f"[] {moved / '.venv'}\n")


@pytest.mark.parametrize("step", ["packages", "project"])
def test_an_interrupted_set_up_is_done_again(project: Project, step: str) -> None:
    (project.venv / f".in_venv.{step}").unlink()
    (project.venv / "bin/least").write_text("half a prog")
    assert project.run("least")[0] == 7


def test_an_environment_without_its_python_is_made_again(project: Project) -> None:
    for python in project.venv.glob("bin/python*"):
        python.unlink()
    assert project.run("least")[0] == 7


def test_two_at_once_set_up_once(fresh: Project) -> None:
    both = [fresh.start("least"), fresh.start("least")]
    errors = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [7, 7], errors
    assert "".join(errors).count("setting up") == 2


def test_a_killed_set_up_keeps_the_next_one_out_until_its_pip_has_ended(fresh: Project) -> None:
    backend = fresh.root / "backend.py"
    signs = fresh.root / "started", fresh.root / "ended"
    slow = "import pathlib, time\npathlib.Path({!r}).touch(); time.sleep(1); pathlib.Path({!r}).touch()\n"
    backend.write_text(slow.format(*map(str, signs)) + BACKEND)
    killed = fresh.start("least")
    while not signs[0].exists():
        assert killed.poll() is None, killed.communicate()
        time.sleep(0.01)
    killed.kill()
    backend.write_text(BACKEND)
    code, _, err = fresh.run("least")
    assert code == 7
    assert "waiting" in err
    assert signs[1].exists()
    killed.communicate()


def test_an_environment_of_somebody_else_is_left_alone(fresh: Project) -> None:
    fresh.venv.mkdir()
    own = fresh.venv / "own"
    own.touch()
    code, _, err = fresh.run("least")
    assert code == 1
    assert "was not made by this script" in err
    assert list(fresh.venv.iterdir()) == [own]


def test_an_index_out_of_reach_is_said_and_mended_by_the_next_run(fresh: Project) -> None:
    lock = fresh.root / "requirements.lock"
    empty = lock.read_text()
    lock.write_text(f"absent==1 --hash=sha256:{'0' * 64}\n")
    closed = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    code, out, err = fresh.run("least", **closed)
    assert (code, out) == (1, "")
    assert "The package index could not be reached" in err
    lock.write_text(empty)
    assert fresh.run("least")[0] == 7


def test_a_wrong_package_is_told_from_an_index_out_of_reach(fresh: Project, tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels/absent-1-py3-none-any.whl").write_bytes(b"not what the lock means")
    (fresh.root / "requirements.lock").write_text(f"absent==1 --hash=sha256:{'0' * 64}\n")
    local = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels"), "PIP_CONFIG_FILE": os.devnull}
    code, _, err = fresh.run("least", **local)
    assert code == 1
    assert "not the one that requirements.lock names" in err


def test_a_command_that_is_not_there_is_named(project: Project) -> None:
    code, _, err = project.run("nonesuch")
    assert code == 127
    assert "'nonesuch'" in err


def test_without_a_command_it_explains_itself(fresh: Project) -> None:
    code, out, _ = fresh.run()
    assert code == 2
    assert "in_venv.py pytest" in out
    assert not fresh.venv.exists()


def test_a_python_that_is_too_old_is_named() -> None:
    code = f"import runpy, sys; sys.version_info = (3, 10, 1); runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("in_venv: Python 3.11 or newer is needed")
