"""What is printed cannot steer a terminal, fits any encoding, and is not lost when stdout is gone."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_runs import IDEOGRAM, Run, answering, entry, environment

from ideogram_ai.cli.streams import printable, write_out
from ideogram_ai.testing.faults import FaultServer

Command = Callable[..., Run]
SMALL = ("--resolution", "512x1536")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ünï 🦊 👩\u200d🎨", "plain, ünï 🦊 👩\u200d🎨"),
        ("\x1b[2Jgone\r\n\x07\x9b", r"\x1b[2Jgone\r\n\x07\x9b"),
        ("\u202egnp.tac\u2066", r"\u202egnp.tac\u2066"),
        ("\ud83e\u2028", r"\ud83e\u2028"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_service_cannot_steer_the_terminal(ideogram: Command) -> None:
    images = answering(entry(prompt="\x1b]0;owned\x07"), entry(url="URL/\x1b[31mred"))
    with FaultServer(images, image=["ok", "status_404"]) as server:
        run = ideogram("generate", "a", "-o", "a.png", "--base-url", server.url)
    assert r"prompt      \x1b]0;owned\x07" in run.out
    assert run.err.splitlines()[-1].endswith(r"/\x1b[31mred")
    assert "\x1b" not in run.out + run.err


def test_text_that_the_encoding_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    write_out("saved Füchse 🦊.png\n")
    assert raw.getvalue() == b"saved F\\xfcchse \\U0001f98a.png\n"


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux")
def test_quiet_prints_the_bytes_of_a_path(folder: Path) -> None:
    name = b"caf\xe9.png"
    with FaultServer(answering(entry())) as server:
        command = [*IDEOGRAM, "generate", "a", "-q", "--base-url", server.url, "-o", os.fsdecode(name)]
        run = subprocess.run(command, cwd=folder, env=environment(PYTHONUTF8="1"), capture_output=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, name + b"\n", b"")
    assert os.listdir(bytes(folder)) == [name]


@pytest.mark.parametrize("redirection", [">&-", "> /dev/full", "| true"])
def test_a_report_that_stdout_does_not_take_is_on_stderr(folder: Path, redirection: str) -> None:
    script = f'{{ "$@"; echo "code $?" >&2; }} {redirection}'
    run = subprocess.run(
        ["sh", "-c", script, "sh", *IDEOGRAM, "generate", "a", "--mock", "-o", "cat.png", *SMALL],
        cwd=folder, env=environment(), text=True, capture_output=True, check=False,
    )  # fmt: skip
    lines = run.stderr.splitlines()
    assert lines[0].startswith("stdout is closed")
    assert lines[1] == "saved cat.png"
    assert lines[-1] == "code 0"
    assert (folder / "cat.png").is_file()
    assert "Exception" not in run.stderr


def test_without_any_stream_the_image_is_saved(folder: Path) -> None:
    command = ["sh", "-c", '"$@" <&- >&- 2>&-', "sh", *IDEOGRAM, "generate", "a", "--mock", "-o", "cat.png", *SMALL]
    assert subprocess.run(command, cwd=folder, env=environment(), check=False).returncode == 0
    assert (folder / "cat.png").read_bytes().startswith(b"\x89PNG")
