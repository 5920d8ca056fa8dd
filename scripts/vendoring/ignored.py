"""Asks git whether it takes the files of a copy: what a .gitignore excludes, a clone of the program lacks."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING, Final, NamedTuple

from vendoring.imports import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_OF_ANOTHER_CALL: Final = frozenset({"GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_WORK_TREE"})
"""What git sets for its hooks; here the folder tells which repository is meant."""
_ANSWERED: Final = frozenset({0, 1})  # some are ignored, none is


class Ignored(NamedTuple):
    """What git does not take.

    Attributes:
        rules: The files by the rule that excludes them, as `.gitignore:3: generated/`.
        whole: Whether a rule excludes the folder that holds the copy, so that no rule inside can help.
        problem: Why git cannot tell; empty when it can.
    """

    rules: dict[str, list[str]]
    whole: bool = False
    problem: str = ""


def find_ignored(destination: Path, names: Iterable[str]) -> Ignored:
    """Find the files of a copy that git ignores and does not track.

    Args:
        destination: The folder that holds the copy; nothing is ignored when it is in no repository, or there is no git.
        names: The files of the copy, which need not be there yet.
    """
    folder = str(destination.resolve())  # git takes "." for what is in it
    asked = [folder, *(f"{NAME}/{name}" for name in names)]
    environment = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_CALL}
    command = ["git", "check-ignore", "--stdin", "--verbose", "-z"]
    try:
        done = subprocess.run(
            command,
            cwd=destination,
            env=environment | {"LC_ALL": "C"},
            input=b"\0".join(map(os.fsencode, asked)),
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return Ignored({})
    said = os.fsdecode(done.stderr).strip()
    if done.returncode not in _ANSWERED:
        return Ignored({}, problem="" if "not a git repository" in said else said)
    rules: dict[str, list[str]] = {}
    whole = False
    cells = iter(os.fsdecode(done.stdout).split("\0")[:-1])
    for source, line, pattern, name in zip(cells, cells, cells, cells, strict=True):
        if pattern.startswith("!"):  # told as well: the rule that has the last word lets it in
            continue
        if name == folder:
            whole = True
        else:
            rules.setdefault(f"{source}:{line}: {pattern}", []).append(name.removeprefix(f"{NAME}/"))
    return Ignored(rules, whole)


def describe_ignored(destination: Path, ignored: Ignored) -> list[str]:
    """Say what git does not take, and the cure; nothing when it takes all."""
    if not ignored.rules:
        return []
    count = sum(map(len, ignored.rules.values()))
    lines = [f"error: git ignores {count} files of the copy, so a clone of the program would lack them:"]
    for rule, names in ignored.rules.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        lines.append(f"  {rule} excludes {names[0]}{more}")
    lines.append(f"commit them with `git add -f {shlex.quote(str(destination / NAME))}`")
    if ignored.whole:
        lines[-1] += ", or change that rule"
    else:
        lines[-1] += f", or end {destination / '.gitignore'} with these lines:"
        lines += [f"  {line}" for line in (f"!/{NAME}/", f"!/{NAME}/**", "__pycache__/")]
    return lines
