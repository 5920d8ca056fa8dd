"""People wait for --help and for the shell's completion: they import no more than they show."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runs import IDEOGRAM, Command, environment

from ideogram_ai.cli.main import main
from ideogram_ai.client import __version__
from ideogram_ai.client.config import DEFAULT_TIMEOUT
from ideogram_ai.generated.contract import CONTRACT_SHA256, read_contract

HEAVY = {
    "httpx", "rich", "PIL", "starlette", "uvicorn", "jsonschema_rs", "hypothesis", "asyncio", "anyio", "pyarrow",
    "fsspec", "sqlite3", "platformdirs",
}  # fmt: skip
CHECK = {"PIL", "hypothesis", "starlette", "uvicorn", "respx"}
"""What a check before sending does not need."""


def run(program: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python code, with the entry point imported."""
    code = f"import json, sys; from ideogram_ai.cli.main import main; {program}"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment(**variables), text=True, capture_output=True, check=False,
    )  # fmt: skip


def test_help_imports_nothing_heavy() -> None:
    program = "code = main(); print(json.dumps([code, sorted({name.partition('.')[0] for name in sys.modules})]))"
    for arguments, code, forbidden in (
        (["--help"], 0, {*HEAVY, "attrs", "pathlib"}),
        (["generate", "--help"], 0, HEAVY),
        (["call", "v3.generate", "--help"], 0, HEAVY),
        (["batch", "--help"], 0, HEAVY),
        (["batch"], 2, HEAVY),
        (["generate", "a", "--resolution", "1x1"], 2, CHECK),
    ):
        ended, imported = json.loads(run(program, *arguments).stdout.splitlines()[-1])
        assert ended == code
        assert not forbidden & set(imported), arguments


def test_help_has_what_the_contract_has(ideogram: Command) -> None:
    shown = ideogram("generate", "--help")
    words = shown.out.split()
    schemas = read_contract()["components"]["schemas"]
    resolutions = schemas["ResolutionV4"]["enum"]
    assert len(resolutions) == 38
    assert [word for word in words if word in resolutions][-38:] == resolutions
    assert set(schemas["RenderingSpeedV4"]["enum"]) <= {word.partition("\xa0")[0].strip(",.") for word in words}
    assert "FLASH (not in service yet)" in shown.out.replace("\xa0", " ")
    assert f"[default: {DEFAULT_TIMEOUT.read:g}]" in " ".join(words)
    assert "--api-key VALUE" not in shown.out


def test_the_ways_to_start_it() -> None:
    version = f"ideogram-ai {__version__} (contract {CONTRACT_SHA256[:12]})\n"
    for command in ([str(Path(sys.executable).with_name("ideogram"))], IDEOGRAM):
        shown = subprocess.run([*command, "--version"], env=environment(), text=True, capture_output=True, check=False)
        assert (shown.returncode, shown.stdout) == (0, version)
    bare = run("sys.exit(main())")
    assert (bare.returncode, bare.stdout) == (2, "")
    assert bare.stderr.startswith("Usage: ideogram")


def test_the_shell_completes_what_the_contract_has(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_IDEOGRAM_COMPLETE", "bash_complete")
    for line, offered in (
        ("generate --rendering-speed t", ["TURBO"]),
        ("batch --rendering-speed q", ["QUALITY"]),
        ("generate --resolution 144", ["1440x2880", "1440x2560", "1440x720"]),
        ("m", ["magic-prompt", "mock"]),
        ("generate --output-resolution 8", ["8K"]),
        ("magic-prompt --aspect-ratio 16", ["16x10", "16x9"]),
        ("remix --rendering-speed t", ["TURBO"]),
    ):
        monkeypatch.setenv("COMP_WORDS", f"ideogram {line}")
        monkeypatch.setenv("COMP_CWORD", str(len(line.split())))
        with pytest.raises(SystemExit):
            main([])
        assert [entry.partition(",")[2] for entry in capsys.readouterr().out.split()] == offered


def test_without_its_extra_it_says_what_to_install() -> None:
    for missing in ("click", "jsonschema_rs", "rich"):
        program = f"sys.modules[{missing!r}] = None; import importlib.util as u; find = u.find_spec; "
        program += f"u.find_spec = lambda name: None if name == {missing!r} else find(name); sys.exit(main())"
        ended = run(program, "generate", "a", "--mock")
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == f"error: ideogram needs {missing}: run pip install 'ideogram-ai[cli]'.\n"
