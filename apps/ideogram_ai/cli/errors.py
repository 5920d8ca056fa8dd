"""The error of a command that cannot do what it is asked for."""

from __future__ import annotations

import click

from .exit_codes import ExitCode


class WrongUseError(click.ClickException):
    """An argument, an option or a file will not do. Nothing was sent, nothing billed.

    What click itself finds wrong with a command line is a click.UsageError, and shown with the way to the help.
    """

    exit_code = ExitCode.WRONG_USE
