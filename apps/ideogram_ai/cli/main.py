"""The entry point of `ideogram`: every run ends with one message and a documented exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from .exit_codes import ExitCode, WrongUseError, handle_signals, raise_interrupt

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXTRA: Final = frozenset({"click", "jsonschema_rs", "rich"})
"""What the extra `cli` installs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: The command line without the program's name. None reads `sys.argv`.

    Returns:
        The exit code.
    """
    with handle_signals(raise_interrupt, only_default=True):
        try:
            return _run(list(sys.argv[1:] if arguments is None else arguments))
        except ModuleNotFoundError as error:
            if error.name not in _EXTRA:
                raise
            from .terminal import write_error  # noqa: PLC0415 - to print an error in colour needs rich

            write_error(f"error: ideogram needs {error.name}: run pip install 'ideogram-ai[cli]'.\n")
            return ExitCode.WRONG_USE
        except KeyboardInterrupt as error:  # before the command runs: a command reports its own interruption
            return _interrupted(error)


def _run(arguments: list[str]) -> int:
    import click  # noqa: PLC0415 - an extra

    from .app import app  # noqa: PLC0415

    if "_IDEOGRAM_COMPLETE" in os.environ:
        from . import completion  # noqa: PLC0415

        completion.register()
    try:
        code: int | None = app.main(arguments, prog_name="ideogram", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return ExitCode.WRONG_USE
    except (WrongUseError, click.ClickException) as error:
        from .terminal import print_error, write_error  # noqa: PLC0415 - --help needs none of it

        print_error(error.format_message() if isinstance(error, click.ClickException) else str(error))
        if isinstance(error, click.UsageError) and error.ctx is not None:
            write_error(f"Try '{error.ctx.command_path} --help'.\n")
        return ExitCode.WRONG_USE
    except click.Abort as error:
        return _interrupted(error)
    return code or ExitCode.DONE


def _interrupted(error: BaseException) -> ExitCode:
    from .terminal import write_error  # noqa: PLC0415

    if getattr(error.__cause__ or error, "may_have_been_billed", False):
        write_error("error: Interrupted. What was sent may have been billed.\n")
    else:
        write_error("error: Interrupted before anything was sent.\n")
    return ExitCode.of_interruption(error)
