"""Runs the conformance kit on a client program."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from ideogram_ai.client import ConfigurationError

from ..errors import WrongUseError
from ..exit_codes import ExitCode
from ..messages import tell_error
from ..signals import Terminated
from .loading import load_kit
from .progress import progress


@frozen
class ClientRun:
    """A run of `ideogram conform client` as it was asked for; see the command's help."""

    command: tuple[str, ...]
    timeout: float
    workers: int
    scenarios: tuple[str, ...]
    folder: Path | None
    expected: Path | None

    def run(self) -> int:
        """Test the program, and tell what was found.

        Returns:
            The exit code.

        Raises:
            WrongUseError: An option cannot be used, or the command cannot be run.
        """
        kit, base = load_kit("client"), load_kit("kit")
        from .ending import end, make_folder  # noqa: PLC0415 - loads the kit

        options = kit.ClientOptions(self.command, self.timeout, self.workers, self.scenarios)
        try:
            kit.check_options(options)
            if self.expected is not None:
                base.read_expected(self.expected, kit.client_requirements())
        except ConfigurationError as error:
            raise WrongUseError(f"--{error}") from None
        except base.ExpectedFailuresError as error:
            raise WrongUseError(f"--expected-failures: {error}") from None
        except kit.CommandError as error:
            raise WrongUseError(str(error)) from None
        make_folder(self.folder)
        try:
            with progress() as show:
                report = kit.run_client(options, show)
        except kit.CommandError as error:
            raise WrongUseError(str(error)) from None
        except KeyboardInterrupt as error:
            tell_error("Interrupted; no report was written.")
            return ExitCode.TERMINATED if isinstance(error, Terminated) else ExitCode.INTERRUPTED
        return end(report, self.folder, self.expected)
