"""Completion by a shell: its script, and what the contract offers. bash ends a word at `=` and `@`."""

from __future__ import annotations

import os
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar, Final

from attrs import evolve
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    ZshComplete,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

from ideogram_ai.contract.view import read_view

from .contract_input import members_of, operation_of, takes_several
from .exit_codes import ExitCode, WrongUseError
from .terminal import write_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from click import Command

    from ideogram_ai.contract.view import FieldRule
    from ideogram_ai.generated.operations import Operation

COMPLETE_VARIABLE: Final = "_IDEOGRAM_COMPLETE"
"""The variable by which the script asks this command."""
_SPECIAL: Final = re.compile(r"([^\w%+,./:=@-])")
"""What stands for something else in a shell, as in the name of a file."""
_ESCAPED: Final = r"\\\1"

_BASH: Final = """\
%(complete_func)s() {
    local IFS=$'\\n' type value
    COMPREPLY=()
    while IFS=',' read -r type value; do
        if [[ $type == plain ]]; then COMPREPLY+=("$value"); fi  # otherwise bash completes a file
        if [[ $value == *[=/] ]]; then compopt -o nospace; fi
    done < <(COMP_LINE="$COMP_LINE" COMP_POINT=$COMP_POINT COMP_WORDBREAKS="$COMP_WORDBREAKS" \\
        %(complete_var)s=bash_complete "$1")
}
complete -o nosort -o default -F %(complete_func)s %(prog_name)s
"""


_ADDS: Final = "compadd -U -V unsorted -a completions"
_ADDS_NO_SPACE: Final = """\
compadd -U -V unsorted -S '' -- ${(M)completions:#*[=/]}
        compadd -U -V unsorted -- ${completions:#*[=/]}"""
"""A line of click's script for zsh, and those that take its place."""


class _Bash(BashComplete):
    source_template: ClassVar[str] = _BASH
    _before = ""
    _is_quoted = False

    def get_completion_args(self) -> tuple[list[str], str]:
        """Read the line up to the cursor, and remember which part of its last word bash does not replace."""
        if "COMP_LINE" not in os.environ:  # the script of an earlier version, or of click
            return super().get_completion_args()
        line = os.environ["COMP_LINE"][: int(os.environ["COMP_POINT"])]
        words = split_arg_string(line)
        incomplete = words.pop() if words and not line[-1:].isspace() else ""
        self._is_quoted = line.removesuffix(incomplete).endswith(("'", '"'))
        if not self._is_quoted:
            # An @ ends a word, and begins the next one.
            ends = [incomplete.rfind(sign) + (sign != "@") for sign in {*os.environ["COMP_WORDBREAKS"]} & {*"=@:"}]
            self._before = incomplete[: max(ends, default=0)]
        return words[1:], incomplete

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Write the part of an item that takes the place of what bash replaces."""
        value = str(item.value).removeprefix(self._before)
        # Not bash's own way (compopt -o filenames), which would put a backslash before the @.
        return f"{item.type},{value if self._is_quoted else _SPECIAL.sub(_ESCAPED, value)}"


class _Zsh(ZshComplete):
    source_template: ClassVar[str] = ZshComplete.source_template.replace(_ADDS, _ADDS_NO_SPACE)


def register() -> None:
    """Use these in the place of click's completion for bash and zsh."""
    add_completion_class(_Bash)
    add_completion_class(_Zsh)


def print_script(command: Command, shell: str | None) -> ExitCode:
    """Print the script of a shell, by default of the one that SHELL names.

    Raises:
        WrongUseError: There is no script for that shell.
    """
    register()
    name = shell or PurePath(os.environ.get("SHELL", "")).name
    kind = get_completion_class(name)
    if kind is None:
        raise WrongUseError(f"SHELL: there is no completion for {name!r}. Give bash, zsh or fish.")
    write_out(f"{kind(command, {}, 'ideogram', COMPLETE_VARIABLE).source()}\n")
    return ExitCode.DONE


# What may follow.


def complete_assignment(incomplete: str, given: Iterable[str], method_names: Iterable[str]) -> list[str]:
    """Return what -F may be that begins like this: names first, and behind the sign values or files.

    Fields of other assignments that were given are not offered again, unless they are lists.
    """
    name, sign, value = incomplete.partition("=")
    operations = [operation_of(method_name) for method_name in method_names]
    offered = {key: rule for operation in reversed(operations) for key, rule in _assignable(operation)}
    if not sign:
        used = {assignment.partition("=")[0] for assignment in given}
        free = (key for key, rule in offered.items() if key not in used or takes_several(rule))
        return [f"{key}=" for key in free if key.startswith(name)]
    rule = offered.get(name)
    if value.startswith("@") or (rule is not None and rule.takes_files):
        return [f"{name}=@{path}" for path in _paths(value.removeprefix("@"))]
    choices = [str(choice) for choice in rule.choices if choice is not None] if rule else []
    if rule is not None and "boolean" in rule.types:
        choices = ["true", "false"]
    return [f"{name}={choice}" for choice in choices if choice.lower().startswith(value.lower())]


def _assignable(operation: Operation) -> Iterator[tuple[str, FieldRule]]:
    """Yield what -F can set: the fields, a list by the rule of its items, and the members of objects."""
    view = read_view(operation.operation_id)
    for name, rule in view.fields.items():
        yield name, evolve(rule, choices=view.item_rule(name).choices) if takes_several(rule) else rule
        for member, schema in members_of(view, name).items():
            yield f"{name}.{member}", view.rule_of(member, schema)


def _paths(start: str) -> list[str]:
    folder, slash, name = start.rpartition("/")
    try:
        with os.scandir(f"{folder}{slash}" or ".") as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries if entry.name.startswith(name))
    except OSError:
        return []
    shown = [(entry, is_folder) for entry, is_folder in found if name or not entry.startswith(".")]
    return [f"{folder}{slash}{entry}{'/' if is_folder else ''}" for entry, is_folder in shown]
