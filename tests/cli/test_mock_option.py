"""--mock rehearses a command as it stands: no key, no network, no proxy, and the same judgement as the service's."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_runs import IDEOGRAM, Run, environment, files

import ideogram_ai.testing
from ideogram_ai.testing.faults import FaultServer

Command = Callable[..., Run]
SMALL = ("--resolution", "512x1536")


def test_the_readme_command_needs_nothing_of_the_environment(folder: Path) -> None:
    run = subprocess.run(
        [*IDEOGRAM, "generate", "A photo of a cat", "--mock", "-o", "cat.png"],
        cwd=folder, env={"PYTHONPATH": environment()["PYTHONPATH"]}, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("saved cat.png\n")
    assert files(folder) == ["cat.png"]
    head = (folder / "cat.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (2048, 2048)


def test_the_key_and_the_base_url_of_the_environment_are_left_out(
    ideogram: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer() as server:
        for name in ("IDEOGRAM_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, server.url)
        run = ideogram("generate", "a", "--mock", "-o", "a.png", "--api-key-file", "nowhere", *SMALL)
        assert server.ledger.connections == 0
    assert run.code == 0


@pytest.mark.parametrize("missing", ["uvicorn", "PIL"])
def test_without_its_extra_it_says_what_to_install(
    ideogram: Command, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr("ideogram_ai.testing", ideogram_ai.testing)  # so that the one of before is put back
    for name in [
        name for name in sys.modules if name.split(".")[0] == missing or name.startswith("ideogram_ai.testing")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    for arguments in (["generate", "a", "--mock"], ["mock"]):
        run = ideogram(*arguments)
        assert (run.code, run.out) == (2, "")
        assert run.err.startswith(
            f"error: The mock server needs {missing}; pip install 'ideogram-ai[testing]' brings it."
        )


def test_a_machine_without_sockets(ideogram: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("socket.create_server", refuse)
    run = ideogram("generate", "a", "--mock")
    assert run.code == 2
    assert "no server can be started on this machine: Operation not permitted" in run.err


def test_letters_that_no_font_has_are_reported(ideogram: Callable[..., Run], folder: Path) -> None:
    from ideogram_ai.testing.drawing.lettering import forget_fonts

    for quiet in ([], ["--quiet"]):
        forget_fonts()
        run = ideogram("generate", "CAFÉ \U00012000", "--mock", "-o", "cat.png", "--overwrite", *quiet)
        assert run.code == 0
        assert ("warning: No font here has \U00012000 (Cuneiform)" in run.err) == (not quiet)
        assert "É" not in run.err
