"""Runs of `ideogram`, in this process and in one of its own, and services that answer what a test wants."""

import atexit
import json
import os
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fork_server import forked

from ideogram_ai.testing.faults import Fault, FaultServer, Phase
from ideogram_ai.testing.faults.exchange import Exchange
from ideogram_ai.testing.faults.wire import Response

KEY = "the-key-of-this-test"
IDEOGRAM = (sys.executable, "-m", "ideogram_ai.cli")
LOADED = """
import pkgutil, ideogram_ai.cli, ideogram_ai.batch.job, ideogram_ai.contract.check, pyarrow, PIL.Image, uvicorn
import ideogram_ai.testing.app, ideogram_ai.testing.drawing, ideogram_ai.testing.server
for module in pkgutil.iter_modules(ideogram_ai.cli.__path__, "ideogram_ai.cli."):
    if not module.name.endswith(("__main__", "conform")):  # the kit takes a second
        __import__(module.name)
from ideogram_ai.client import *
Ideogram("a-key").close()
"""
SMALL = ("--resolution", "512x1536")
"""The options of an image that is made in no time."""
POSTER: dict[str, Any] = {
    "high_level_description": "A poster",
    "compositional_deconstruction": {"background": "paper", "elements": []},
}


@dataclass(frozen=True)
class Run:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout."""
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def error(self) -> str:
        """The message of that object's error."""
        message: str = self.json["error"]["message"]
        return message


Command = Callable[..., Run]
"""Runs `ideogram` with some arguments: the fixture of that name."""


@cache
def forked_ideogram() -> tuple[str, ...]:
    """The command `ideogram` as forks of one process, which start in no time."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(forked(Path(sysconfig.get_path("scripts"), "ideogram"), LOADED))


def shell_path(folder: Path) -> str:
    """A PATH for shells in a folder, on which `ideogram` is a fork."""
    program = folder / ".bin" / "ideogram"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.join(forked_ideogram())} "$@"\n')
    program.chmod(0o755)
    return f"{program.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"


def environment(**changes: str) -> dict[str, str]:
    """The variables of a process that has a key, and Python as people have it: with buffered streams, say."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON") or name == "PYTHONPATH"}
    return {**ours, "IDEOGRAM_API_KEY": KEY, "COLUMNS": "80", **changes}


@contextmanager
def running(folder: Path, *arguments: str, before: Sequence[str] = ()) -> Generator[subprocess.Popen[str]]:
    """Run `ideogram` in the background, with another command before it."""
    with subprocess.Popen(
        [*before, *(IDEOGRAM if before else forked_ideogram()), *arguments],
        cwd=folder, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def entry(**changes: Any) -> dict[str, Any]:
    """An entry of `data`, its link leading to the image of the server that answers."""
    whole = {"url": "URL/image.png", "prompt": "A cat", "resolution": "64x64", "is_image_safe": True, "seed": 7}
    return whole | changes


def acting(act: Callable[[Exchange], None], *, may_have_run: bool = True) -> Fault:
    """A behaviour of a FaultServer that a test writes down."""
    return Fault("acting", "Does what the test wants.", Phase.IN_ANSWER, may_have_run=may_have_run, act=act)


def answering(*entries: dict[str, Any], **members: Any) -> Fault:
    """A behaviour of a FaultServer: a 200 with these entries; `URL` in it is the server's own."""
    document = json.dumps({"created": "2026-10-07T12:00:00Z", "data": entries} | members)

    def act(exchange: Exchange) -> None:
        exchange.read_request()
        body = document.replace("URL", exchange.settings.url)
        exchange.answer(Response(200, body.encode(), (("Content-Type", "application/json"),)))

    return acting(act)


def refuse(ideogram: Command, cases: Iterable[tuple[Sequence[object], str]], *command: str, always: str = "") -> None:
    """Check that a command is refused with some arguments, each time with a message, and with one that is always there.

    Args:
        ideogram: Runs it.
        cases: The arguments, and a part of the message.
        command: The first words, which are the same for all.
        always: A part of every message.
    """
    for arguments, says in cases:
        run = ideogram(*command, *arguments)
        assert (run.code, run.out) == (2, ""), arguments
        assert run.err.count("error: ") == 1 or "Usage: " in run.err, (arguments, run.err)
        assert says in run.err, (arguments, run.err)
        assert always in run.err, (arguments, run.err)


def files(folder: Path, *but: str) -> Sequence[str]:
    """The names in a folder, hidden ones too, without some."""
    return sorted(path.name for path in folder.iterdir() if path.name not in but)


def posts(server: FaultServer) -> int:
    """How many requests for images a server got."""
    return len(server.wait_idle().posts)
