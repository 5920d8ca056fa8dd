"""Runs the conformance kit on a server, after everything that could be wrong with the options was looked at."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
from attrs import frozen

from ideogram_ai.client import ConfigurationError

from ..errors import WrongUseError
from ..exit_codes import ExitCode
from ..generate.connection import warn_of_http
from ..messages import on_terminal, tell_error, tell_note
from ..signals import Terminated
from .loading import load_kit
from .progress import progress


@frozen
class ServerRun:
    """A run of `ideogram conform server` as it was asked for; see the command's help."""

    url: str
    max_images: int | None
    yes: bool
    key_env: str | None
    allow_http: bool
    seed: int
    timeout: float
    folder: Path | None
    expected: Path | None

    def run(self) -> int:
        """Test the server, and tell what was found.

        Returns:
            The exit code.

        Raises:
            WrongUseError: An option cannot be used, or what would cost money was not confirmed.
        """
        kit, base = load_kit("server"), load_kit("kit")
        from .ending import end, make_folder  # noqa: PLC0415 - loads the kit

        try:
            options = kit.check_options(
                kit.ServerOptions(
                    self.url, self._key(), self.max_images, self.seed, self.timeout, allow_http=self.allow_http
                )
            )
            if self.expected is not None:
                base.read_expected(self.expected, kit.server_requirements())
        except ConfigurationError as error:
            raise WrongUseError(str(error).replace("base_url", "URL", 1)) from None
        except base.ExpectedFailuresError as error:
            raise WrongUseError(f"--expected-failures: {error}") from None
        warn_of_http(self.url, allow_http=self.allow_http)
        make_folder(self.folder)
        self._confirm(options, kit)
        sent = 0
        try:
            with progress() as show:

                def count(number: int, total: int, what: str) -> None:
                    nonlocal sent
                    sent = number
                    show(number, total, what)

                report = kit.run_server(options, count)
        except KeyboardInterrupt as error:
            tell_error(f"Interrupted at request {sent}; no report was written.")
            return ExitCode.TERMINATED if isinstance(error, Terminated) else ExitCode.INTERRUPTED
        return end(report, self.folder, self.expected)

    def _key(self) -> str | None:
        if self.key_env is None:
            return None
        key = os.environ.get(self.key_env)
        if not key:
            raise WrongUseError(f"--key-env: the environment variable {self.key_env!r} is not set, or empty.")
        return key

    def _confirm(self, options: Any, kit: Any) -> None:
        """Ask before money is spent. Nothing was sent so far."""
        if not options.limit or options.on_loopback:
            return
        tell_note(kit.describe_cost(options.limit))
        if self.yes:
            return
        if sys.stdin is None or not sys.stdin.isatty() or not on_terminal():
            raise WrongUseError("This costs money, and nobody can be asked here: give --yes. Nothing was sent.")
        if not click.confirm(f"Send requests to {options.url} that may be billed?", err=True):
            raise WrongUseError("Not confirmed. Nothing was sent.")
