"""People wait for --help and for the shell's completion: they load no more than they show."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from cli_runs import IDEOGRAM, environment

from ideogram_ai.cli.app import COMMANDS, app
from ideogram_ai.client import __version__
from ideogram_ai.client.config import DEFAULT_TIMEOUT
from ideogram_ai.generated.contract import CONTRACT_SHA256, read_contract

HEAVY = {
    "httpx", "rich", "PIL", "starlette", "uvicorn", "jsonschema_rs", "hypothesis", "asyncio", "anyio", "pyarrow",
    "fsspec", "sqlite3", "platformdirs",
}  # fmt: skip


@pytest.mark.parametrize(
    "arguments", [["--help"], ["generate", "--help"], ["mock", "--help"], ["batch", "--help"], ["batch"]]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import json, sys; from ideogram_ai.cli.main import main; code = main(sys.argv[1:]); "
        "print(json.dumps([code, sorted({name.partition('.')[0] for name in sys.modules})]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, *arguments], env=environment(), text=True, capture_output=True, check=True
    )
    code, loaded = json.loads(run.stdout.splitlines()[-1])
    assert code == (0 if "--help" in arguments else 2)
    assert not HEAVY & set(loaded)


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    context = click.Context(app)
    own = {name: app.get_command(context, name) for name in COMMANDS}
    assert {name: command and command.get_short_help_str(100) for name, command in own.items()} == COMMANDS


def ideogram(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command in its own process."""
    return subprocess.run(
        [*IDEOGRAM, *arguments], env=environment(**variables), text=True, capture_output=True, check=False
    )


def test_the_console_script_is_the_module() -> None:
    script = Path(sys.executable).with_name("ideogram")
    run = subprocess.run([script, "--version"], env=environment(), text=True, capture_output=True, check=False)
    assert run.returncode == 0
    assert run.stdout == f"ideogram-ai {__version__} (contract {CONTRACT_SHA256[:12]})\n"
    assert run.stdout == ideogram("--version").stdout


def test_help_has_what_the_contract_has() -> None:
    run = ideogram("generate", "--help")
    assert run.returncode == 0
    words = run.stdout.split()
    schemas = read_contract()["components"]["schemas"]
    resolutions = schemas["ResolutionV4"]["enum"]
    assert len(resolutions) == 38
    assert [word for word in words if word in resolutions][-38:] == resolutions
    assert set(schemas["RenderingSpeedV4"]["enum"]) <= set(words)
    assert "FLASH (not in service yet)" in run.stdout.replace("\xa0", " ")
    assert f"[default: {DEFAULT_TIMEOUT.read:g}]" in run.stdout
    assert "--api-key VALUE" not in run.stdout


def test_no_command_shows_the_help() -> None:
    run = ideogram()
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("Usage: ideogram")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("generate --rendering-speed t", ["TURBO"]),
        ("batch --rendering-speed q", ["QUALITY"]),
        ("generate --resolution 144", ["1440x2880", "1440x2560", "1440x720"]),
        ("m", ["mock"]),
    ],
)
def test_the_shell_completes_what_the_contract_has(line: str, offered: list[str]) -> None:
    words = f"ideogram {line}"
    count = str(len(words.split()) - 1)
    run = ideogram(_IDEOGRAM_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=count)
    assert [entry.partition(",")[2] for entry in run.stdout.split()] == offered


@pytest.mark.parametrize("missing", ["click", "jsonschema_rs", "rich"])
def test_without_its_extra_it_says_what_to_install(missing: str) -> None:
    program = (
        "import importlib.util, sys; find = importlib.util.find_spec; "
        f"importlib.util.find_spec = lambda name: None if name == {missing!r} else find(name); "
        "from ideogram_ai.cli.main import main; sys.exit(main(['--help']))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment(), text=True, capture_output=True, check=False
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"error: {missing} is missing; the extra cli brings it: pip install 'ideogram-ai[cli]'\n"
