"""What people see: a spinner, colours unless they are not wanted, no escape sequences of others, and no lost report."""

import io
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_runs import IDEOGRAM, KEY, Run, answering, entry, environment
from terminals import Terminal

from ideogram_ai.cli.terminal import printable, write_out
from ideogram_ai.testing.faults import FaultServer
from ideogram_ai.testing.faults.wire import png

Start = Callable[..., Terminal]
SPINNER = "[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] Making the image 0:00:0[12]"


def test_a_spinner_counts_seconds_and_is_gone_at_the_end(start: Start) -> None:
    prompt = "A cat, " + "fluffy and " * 20 + "orange"
    with FaultServer(["status_429", answering(entry(prompt=prompt))]) as server:
        terminal = start("generate", "a cat", "-o", "cat.png", "--base-url", server.url)
        assert terminal.finish() == 0
    assert re.search(SPINNER, terminal.plain), "the contract's Retry-After is two seconds"
    assert "RateLimitError" in terminal.plain
    lines = [line.rstrip() for line in terminal.plain[terminal.plain.rindex("saved") :].splitlines()]
    assert "Making" not in "".join(lines)
    assert lines[0] == "saved cat.png"
    assert lines[4].startswith("  prompt      A cat, fluffy")
    assert lines[5].startswith("              "), "a long prompt is folded beside its label"
    assert all(len(line) <= 60 for line in lines)
    assert "\x1b[1;32msaved" in terminal.shown
    assert terminal.shown.count("\x1b[?25l") == terminal.shown.count("\x1b[?25h"), "the cursor is back"


def test_the_spinner_shows_how_much_of_an_upload_is_sent(start: Start, folder: Path) -> None:
    (folder / "large.png").write_bytes(png() + bytes(12_000_000))
    with socket.create_server(("127.0.0.1", 0)) as server:  # it reads nothing, so that buffers fill
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        terminal = start("call", "remove_background", "-F", "image=@large.png", "--no-check", "--base-url", url)
        terminal.read_until("Making the image, [0-9]+ of 12 MB sent")


def test_programs_get_no_spinner_and_no_colours(start: Start) -> None:
    with FaultServer(answering(entry())) as server:
        for option in ("--json", "--quiet"):
            terminal = start("generate", "a", "-o", f"{option}.png", "--base-url", server.url, option)
            assert terminal.finish() == 0
            assert "\x1b" not in terminal.shown
            assert "Making" not in terminal.shown
        read, write = os.pipe()
        terminal = start("generate", "a", "-o", "a.png", "--base-url", server.url, stdout=write)
        os.close(write)
        assert terminal.finish() == 0
    with open(read, encoding="utf-8") as pipe:
        out = pipe.read()
    assert out.startswith("saved a.png\n")
    assert "\x1b" not in out
    assert "saved" not in terminal.shown


def test_colours_are_left_out_when_they_are_not_wanted(start: Start) -> None:
    with FaultServer(answering(entry(url=None, is_image_safe=False))) as server:
        for variables, colours in (({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({}, True)):
            terminal = start("generate", "a", "--base-url", server.url, **variables)
            assert terminal.finish() == 5
            assert "error: The image was withheld" in terminal.plain
            assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]", terminal.shown)) is colours


def test_the_key_is_asked_for_and_not_shown(start: Start) -> None:
    with FaultServer(answering(entry())) as server:
        terminal = start("generate", "a", "-o", "a.png", "--base-url", server.url, without="IDEOGRAM_API_KEY")
        terminal.read_until("API key")
        terminal.type(f"{KEY}\n")
        assert terminal.finish() == 0
        (post,) = server.wait_idle().posts
    assert post.header("Api-Key") == KEY
    assert KEY not in terminal.shown
    terminal = start("generate", "a", without="IDEOGRAM_API_KEY")
    terminal.read_until("API key")
    terminal.type("\x04")
    assert terminal.finish() == 130
    assert "Nothing was billed" in terminal.shown


def test_what_a_service_says_cannot_control_the_terminal(ideogram: Callable[..., Run]) -> None:
    for text, shown in (
        ("plain, ünï 🦊 👩\u200d🎨", "plain, ünï 🦊 👩\u200d🎨"),
        ("\x1b[2Jgone\r\n\x07\x9b", r"\x1b[2Jgone\r\n\x07\x9b"),
        ("\u202egnp.tac\u2066", r"\u202egnp.tac\u2066"),
        ("\ud83e\u2028", r"\ud83e\u2028"),
    ):
        assert printable(text) == shown
    images = answering(entry(prompt="\x1b]0;owned\x07"), entry(url="URL/\x1b[31mred"))
    run = ideogram("generate", "a", "-o", "a.png", at=images, images=["ok", "status_404"])
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


def test_a_report_after_ctrl_c_in_a_write_that_blocks_is_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The pipe is full, and nobody reads it: the second report would block too."""

    class Blocking(io.StringIO):
        def write(self, _: str) -> int:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdout", Blocking())
    with pytest.raises(KeyboardInterrupt):
        write_out("saved cat.png\n")
    write_out("saved cat.png\n")
    assert capsys.readouterr().err == "saved cat.png\n"


def test_a_report_that_stdout_does_not_take_is_on_stderr(folder: Path) -> None:
    with FaultServer(answering(entry())) as server:
        generate = [*IDEOGRAM, "generate", "a", "--base-url", server.url, "-o"]
        for redirection in (">&-", "> /dev/full", "| true"):
            run = subprocess.run(
                ["sh", "-c", f'{{ "$@"; echo "code $?" >&2; }} {redirection}', "sh",
                 *generate, "cat.png", "--overwrite"],
                cwd=folder, env=environment(), text=True, capture_output=True, check=False,
            )  # fmt: skip
            lines = run.stderr.splitlines()
            assert lines[0].startswith("stdout "), redirection
            assert (lines[1], lines[-1]) == ("saved cat.png", "code 0")
            assert "Exception" not in run.stderr
        command = ["sh", "-c", '"$@" <&- >&- 2>&-', "sh", *generate, "owl.png"]
        assert subprocess.run(command, cwd=folder, env=environment(), check=False).returncode == 0, "without any stream"
    assert (folder / "owl.png").read_bytes().startswith(b"\x89PNG")
