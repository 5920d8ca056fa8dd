"""Break the client's decisions in every small way that mutmut knows, and check that a test fails for each.

    nox -s mutants                  all of them
    nox -s mutants -- request retry those of some modules

A mutant that no test kills must be in tests/client/survivors.toml with a reason, and no other mutant may be there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("generated", "overrides", "harness", "apps")
COPIED = ("tests", "openapi", "scripts", "docs", "pyproject.toml")
CLIENT = "src/ideogram_ai/client"
MODULES = ("prompt_rule", "request", "response", "retry")
DECISIONS = {"response": ("x_parse_response", "x__parse_refusal", "x__parse_rate_limit", "x__redirect", "x__describe")}
"""Of a module that is more than decisions, the functions that are broken, as mutmut names them."""
MUTMUT = (sys.executable, "-m", "mutmut")
LIST = ROOT / "tests/client/survivors.toml"
KILLED = {1, 3}
SURVIVED = {0, 5, 33}
"""Exit codes of pytest that mutmut keeps: all tests passed, or there were none."""


@dataclass(frozen=True, order=True)
class Mutant:
    """A change of the code: module and function, the changed lines, and the lines in place of them."""

    where: str
    was: str
    becomes: str

    def as_toml(self) -> str:
        """The entry for the list, without its reason."""
        values = ((name, json.dumps(value, ensure_ascii=False)) for name, value in vars(self).items())
        return "\n".join(["[[survivor]]", *(f"{name} = {value}" for name, value in values), 'because = ""'])


def main() -> int:
    """Run mutmut and compare what survived with the list; the exit code is 0 when they agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", help="modules of the client, without their suffix")
    parser.add_argument("--folder", type=Path, required=True, help="folder for the broken copy of the code")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    copy_code(arguments.folder)
    names = patterns(arguments.modules)
    command = [*MUTMUT, "run", "--max-children", str(arguments.jobs), *names]
    # CI makes hypothesis deterministic, or a survivor of today would be killed tomorrow.
    subprocess.run(command, cwd=arguments.folder, env=os.environ | {"CI": "true"}, check=True)
    exit_codes = read_exit_codes(arguments.folder, arguments.modules)
    survivors = {find_mutant(arguments.folder, name) for name, code in exit_codes.items() if code in SURVIVED}
    odd = sorted(f"{name} ended with {code}" for name, code in exit_codes.items() if code not in KILLED | SURVIVED)
    return report(survivors, read_list(arguments.modules), odd, len(exit_codes))


def patterns(modules: list[str]) -> list[str]:
    """The names of the mutants of these modules, or of all."""
    return [
        f"ideogram_ai.client.{module}.{function}*"
        for module in modules or MODULES
        for function in DECISIONS.get(module, ("",))
    ]


def copy_code(folder: Path) -> None:
    """Copy the floors into one tree, because mutmut derives the name of a module from its path."""
    shutil.rmtree(folder, ignore_errors=True)
    for floor in FLOORS:
        shutil.copytree(ROOT / floor / "ideogram_ai", folder / "src/ideogram_ai", dirs_exist_ok=True)
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)


def read_exit_codes(folder: Path, modules: list[str]) -> dict[str, int | None]:
    """Read the exit code of pytest by the mutant's name; None if it did not run."""
    codes: dict[str, int | None] = {}
    for path in sorted((folder / "mutants" / CLIENT).glob("*.py.meta")):
        codes |= json.loads(path.read_text("utf-8"))["exit_code_by_key"]
    chosen = patterns(modules)
    return {name: code for name, code in codes.items() if any(fnmatch(name, pattern) for pattern in chosen)}


def find_mutant(folder: Path, name: str) -> Mutant:
    """Find what a mutant changes. The number in its name changes with the code, so the list cannot use it."""
    shown = subprocess.run([*MUTMUT, "show", name], cwd=folder, check=True, capture_output=True, text=True).stdout
    lines = shown.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("@@"))
    was, becomes = (
        "\n".join(line[1:].strip() for line in lines[start:] if line.startswith(sign)) for sign in ("-", "+")
    )
    module, _, function = name.removeprefix("ideogram_ai.client.").partition(".")
    function = function.rpartition("__mutmut_")[0].removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    return Mutant(f"{module}.{function}", was, becomes)


def read_list(modules: list[str]) -> set[Mutant]:
    """Read the known survivors, each with its reason."""
    entries: list[dict[str, Any]] = tomllib.loads(LIST.read_text("utf-8"))["survivor"]
    for entry in entries:
        if not entry["because"].strip():
            raise SystemExit(f"{LIST.name}: {entry['where']} has no reason")
    known = {Mutant(entry["where"], entry["was"], entry["becomes"]) for entry in entries}
    return {mutant for mutant in known if not modules or mutant.where.partition(".")[0] in modules}


def report(survivors: set[Mutant], known: set[Mutant], odd: list[str], count: int) -> int:
    """Print what is missing in the list, and what does not belong there."""
    for mutant in sorted(survivors - known):
        print(f"\nNo test notices this change. Write one, or list it with a reason in {LIST.name}:\n{mutant.as_toml()}")
    for mutant in sorted(known - survivors):
        print(f"\nThis is listed in {LIST.name}, and is killed, or changes nothing today:\n{mutant.as_toml()}")
    for line in odd:
        print(f"\n{line}: neither killed nor survived")
    print(f"\n{count} mutants, of which {len(survivors)} survived, {len(survivors & known)} of them for a reason")
    return 1 if survivors != known or odd else 0


if __name__ == "__main__":
    sys.exit(main())
