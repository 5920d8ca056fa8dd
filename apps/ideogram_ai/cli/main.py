"""The entry of `ideogram`: whatever happens ends in one message and a documented exit code."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from .exit_codes import ExitCode
from .messages import tell_error
from .signals import Terminated, termination_interrupts
from .streams import write_error

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERRUPTED: Final = "Interrupted before anything was sent."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: The command line without the program's name; None takes the process's own.

    Returns:
        The exit code.
    """
    missing = [name for name in ("click", "jsonschema_rs", "rich") if find_spec(name) is None]
    if missing:
        cure = "pip install 'ideogram-ai[cli]'"
        write_error(f"error: {' and '.join(missing)} is missing; the extra cli brings it: {cure}\n")
        return ExitCode.WRONG_USE
    with termination_interrupts():
        try:
            return _run(list(sys.argv[1:] if arguments is None else arguments))
        except KeyboardInterrupt as error:  # while it is still being loaded
            write_error(f"error: {_INTERRUPTED}\n")
            return _interrupted(error)


def _run(arguments: list[str]) -> int:
    import click  # noqa: PLC0415 - an extra

    from .app import app  # noqa: PLC0415

    try:
        code: int | None = app.main(arguments, prog_name="ideogram", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return ExitCode.WRONG_USE
    except click.ClickException as error:
        tell_error(error.format_message())
        if isinstance(error, click.UsageError) and error.ctx is not None:
            write_error(f"Try '{error.ctx.command_path} --help'.\n")
        return ExitCode.WRONG_USE
    except (click.Abort, KeyboardInterrupt) as error:
        tell_error(_INTERRUPTED)
        return _interrupted(error)
    return code or ExitCode.DONE


def _interrupted(error: BaseException) -> ExitCode:
    return ExitCode.TERMINATED if isinstance(error.__cause__ or error, Terminated) else ExitCode.INTERRUPTED
