"""Run a command of this project in its own virtual environment, which is set up first where that is needed.

    python3 scripts/in_venv.py pytest
    python3 scripts/in_venv.py ideogram generate "A photo of a cat" --mock -o cat.png

The environment lies in .venv beside pyproject.toml and holds what requirements.lock pins, every package checked
against its hash, and the project itself as an editable install. It is made anew when it is absent or unfinished, and
when the lock, the interpreter or the place of the project changed. Needs Python 3.11 and its pip, nothing else.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn

if sys.version_info < (3, 11):  # noqa: UP036  # told here, because pip would tell it in many more words
    sys.exit(f"in_venv: Python 3.11 or newer is needed, and this is {sys.version.split()[0]} ({sys.executable}).")

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if sys.platform == "win32" else "bin")
BASE_PYTHON: str = getattr(sys, "_base_executable", sys.executable)  # not .venv's own, when that is the one we run on
LOCK_FILE = VENV / ".in_venv.lock"  # held while .venv is made; where it lies, .venv is ours to make anew
PACKAGES_STAMP = VENV / ".in_venv.packages"
PROJECT_STAMP = VENV / ".in_venv.project"
REQUIREMENTS = ROOT / "requirements.lock"
PYPROJECT = ROOT / "pyproject.toml"


class SetUpError(Exception):
    """The environment could not be set up; the message says why, and what to do."""


def fingerprint(*inputs: object) -> str:
    """Name a state of inputs: paths by their content, anything else by its text."""
    digest = hashlib.sha256()
    for item in inputs:
        part = item.read_bytes() if isinstance(item, Path) else str(item).encode()
        digest.update(b"%d:%s" % (len(part), part))
    return digest.hexdigest()


def states() -> dict[Path, str]:
    """Map each stamp file to what it has to hold for its half of the environment to be up to date."""
    packages = fingerprint(REQUIREMENTS, sys.version, sys.base_prefix, str(VENV))
    return {PACKAGES_STAMP: packages, PROJECT_STAMP: fingerprint(packages, PYPROJECT)}


def is_current(stamp: Path) -> bool:
    """Tell whether a stamp stands and says what it should, beside an interpreter that is there."""
    if not (BIN / "python").exists() and not (BIN / "python.exe").exists():
        return False
    return stamp.is_file() and stamp.read_text() == states()[stamp]


def environment() -> dict[str, str]:
    """Give the variables for programs of the environment: no other Python's packages reach in.

    Bytecode is kept, in .venv, also where nobody wants it in their folders (PYTHONDONTWRITEBYTECODE): the tests start
    hundreds of programs, and each would spend half a second and more on compiling what it loads.
    """
    others = {"PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
    env = {name: value for name, value in os.environ.items() if name not in others}
    ours = {"VIRTUAL_ENV": str(VENV), "PYTHONPYCACHEPREFIX": str(VENV / "bytecode")}
    return {**env, **ours, "PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)])}


def run(command: list[str], lock: IO[bytes]) -> subprocess.CompletedProcess[str]:
    """Run one step of the set-up and keep what it prints; a step that outlives this script keeps the lock."""
    # A mirror, a proxy or certificates that pip is configured with are kept; options that would lead packages past
    # the environment are not.
    env = {**environment(), "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    keep = () if sys.platform == "win32" else (lock.fileno(),)
    return subprocess.run(
        command, env=env, cwd=ROOT, pass_fds=keep, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
    )  # fmt: skip


def pip_install(arguments: list[str], lock: IO[bytes]) -> None:
    """Install into .venv with its own pip, or with this Python's where the system keeps ensurepip from it."""
    python = str(BIN / "python")
    own_pip = run([python, "-c", "import pip"], lock).returncode == 0
    pip = [python, "-m", "pip"] if own_pip else [BASE_PYTHON, "-m", "pip", "--python", python]
    result = run([*pip, "install", "--quiet", "--no-deps", "--no-input", *arguments], lock)
    if result.returncode != 0:
        raise SetUpError(f"{cure_of(result.stdout)}\n{last_lines(result.stdout)}")


def last_lines(output: str) -> str:
    """Shorten what a step printed to its end, where the reason stands."""
    return "\n".join(output.strip().splitlines()[-5:])


def cure_of(output: str) -> str:
    """Say what to do about a pip that failed with this output."""
    if "No module named pip" in output:
        return "This Python has neither pip nor ensurepip: install one of them (on Debian: python3-venv) and try again."
    if "DO NOT MATCH THE HASHES" in output:
        return "A package is not the one that requirements.lock names, so nothing was installed."
    if any(sign in output for sign in ("from versions: none", "Connection", "Timeout", "SSLError", "ProxyError")):
        return (
            "The package index could not be reached. Look at the network, or at the proxy, certificates and index "
            "that pip is configured with (python3 -m pip config list), and run the command again."
        )
    return "pip failed. Nothing outside .venv was touched; run the command again when the cause below is mended."


def make_packages(lock: IO[bytes]) -> None:
    """Make .venv anew and fill it with what the lock names."""
    for entry in VENV.iterdir():
        if entry == LOCK_FILE:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    venv = [BASE_PYTHON, "-m", "venv", str(VENV)]
    if run(venv, lock).returncode != 0:  # Debian without python3-venv has no ensurepip
        result = run([*venv, "--without-pip"], lock)
        if result.returncode != 0:
            raise SetUpError(f"{BASE_PYTHON} could not make .venv.\n{last_lines(result.stdout)}")
    pip_install(["--no-compile", "--require-hashes", "-r", str(REQUIREMENTS)], lock)


def make_project(lock: IO[bytes]) -> None:
    """Install the project itself, editable, with the build backend that the lock pins: nothing is fetched."""
    pip_install(["--no-build-isolation", "-e", str(ROOT)], lock)


@contextmanager
def exclusive() -> Generator[IO[bytes]]:
    """Hold the lock of the environment, so that of two set-ups at once the second waits for the first."""
    if VENV.exists() and not LOCK_FILE.exists() and any(VENV.iterdir()):
        raise SetUpError(f"{VENV} was not made by this script, so it is left alone: move it away, or use it directly.")
    VENV.mkdir(exist_ok=True)
    with LOCK_FILE.open("ab") as lock:
        take(lock)
        yield lock


def take(lock: IO[bytes]) -> None:
    """Wait for the lock; it is given back when the last process that holds the file open ends."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415  # there on Windows alone

        msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
    else:
        import fcntl  # noqa: PLC0415  # there everywhere else

        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up of .venv is under way, waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)


def say(text: str) -> None:
    """Print a word of progress where it does not mix with what the command prints."""
    print(f"in_venv: {text}", file=sys.stderr, flush=True)


def set_up() -> None:
    """Bring .venv up to date. A stamp is written when its step is complete, so what was interrupted is redone."""
    if all(is_current(stamp) for stamp in states()):
        return
    with exclusive() as lock:
        for stamp, make in ((PACKAGES_STAMP, make_packages), (PROJECT_STAMP, make_project)):
            if is_current(stamp):
                continue
            started = time.monotonic()
            say(f"setting up .venv: {make.__name__.removeprefix('make_')} ...")
            stamp.unlink(missing_ok=True)
            make(lock)
            stamp.write_text(states()[stamp])
            say(f"done in {time.monotonic() - started:.0f} s")


def become(command: list[str]) -> NoReturn:
    """Hand over to a program of the environment: its exit code is ours."""
    program = shutil.which(command[0], path=str(BIN))
    if program is None:
        say(f"there is no command {command[0]!r} in {BIN}")
        sys.exit(127)
    if sys.platform == "win32":
        sys.exit(subprocess.call([program, *command[1:]], env=environment()))
    os.execve(program, [program, *command[1:]], environment())  # noqa: S606


def main(command: list[str]) -> NoReturn:
    """Set up, then become the command."""
    if not command or command[0] in {"-h", "--help"}:
        print(__doc__)
        sys.exit(0 if command else 2)
    try:
        set_up()
    except SetUpError as error:
        say(str(error))
        sys.exit(1)
    except OSError as error:
        say(f"{error}. The set-up writes into {VENV}; mend that and run the command again.")
        sys.exit(1)
    except KeyboardInterrupt:
        say("interrupted; the next run begins the set-up anew")
        sys.exit(130)
    become(command)


if __name__ == "__main__":
    main(sys.argv[1:])
