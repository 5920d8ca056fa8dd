"""One run of `ideogram batch`: read and check, plan, ask, run, and tell how it ended."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeAlias

import click

from ideogram_ai.batch.job import Job
from ideogram_ai.batch.manifest import check_place
from ideogram_ai.batch.model import BatchError
from ideogram_ai.client import IdeogramError
from ideogram_ai.client.errors import NOTHING_SENT

from ..errors import WrongUseError
from ..exit_codes import ExitCode
from ..signals import Terminated
from .access import Access, open_access
from .asking import ask
from .driving import conclude
from .machine import Machine
from .people import People
from .planning import InvalidRowsError, Planner, ledger_file
from .settings import Settings
from .tally import Tally

if TYPE_CHECKING:
    from .ending import Ending
    from .forecast import Forecast
    from .options import Options

_Voice: TypeAlias = People | Machine


class _OnlyAskedError(Exception):
    """--dry-run has its answer, and the plan is forgotten."""


def run(options: Options) -> ExitCode:
    """Run a batch, or go on with it.

    Args:
        options: The command line.

    Returns:
        The exit code.
    """
    voice: _Voice = Machine() if options.as_json else People(quiet=options.quiet)
    batch = _Batch(options, voice)
    try:
        ending = batch.run()
    except InvalidRowsError:
        return ExitCode.WRONG_USE
    except _OnlyAskedError:
        return ExitCode.DONE
    except WrongUseError as error:
        return batch.failed(error, error.format_message())
    except (BatchError, IdeogramError) as error:
        return batch.failed(error, str(error))
    except ModuleNotFoundError as error:
        return batch.failed(error, f"This needs {error.name}: pip install 'ideogram-ai[batch]' brings it.")
    except (click.Abort, KeyboardInterrupt) as error:
        return batch.failed(error, "Interrupted.")
    except Exception as error:
        if not batch.begun:
            raise
        return batch.failed(error, f"{type(error).__name__}: {error}.")
    voice.ended(ending)
    return ending.code


class _Batch:
    """A batch as the command line has it.

    Attributes:
        begun: Whether something may have been sent.
    """

    def __init__(self, options: Options, voice: _Voice) -> None:
        self._options = options
        self._voice = voice
        self.begun = False
        self._tally = Tally()

    def run(self) -> Ending:
        """Everything that can be found out before something is sent is found out first."""
        options = self._options
        options.check()
        settings = Settings.of(options)
        planner = Planner(options, settings, self._voice)
        known = ledger_file(options).exists()
        if not known and not options.rebuild_ledger:
            if options.source is None or options.dry_run:
                check_place(options.out)
            if options.source is None:
                raise WrongUseError(f"There is no batch in {options.out!r} yet: give it an INPUT.")
            if options.dry_run:
                self._show(planner.forecast())
        opening = Job.open(options.out, ledger=options.ledger, rebuild=options.rebuild_ledger)
        with opening as job, ExitStack() as opened:
            accesses: list[Access] = []

            def accept(forecast: Forecast) -> None:
                if options.dry_run:
                    self._show(forecast)
                if forecast.estimate.total or forecast.downloads:
                    self._voice.forecast(forecast, asked_for=False)
                    ask(forecast, options)
                    accesses.append(opened.enter_context(open_access(options, settings.in_flight)))

            planner.plan(job, accept)
            self.begun = bool(accesses)
            access = accesses[0] if accesses else None
            return conclude(job, options, settings, access, tally=self._tally, running=self._voice.running)

    def failed(self, error: BaseException, message: str) -> ExitCode:
        """It ended without an ending."""
        if self.begun:
            code = ExitCode.OUTCOME_UNKNOWN
            message = f"{message} Requests were sent. What became of them is in the ledger; the same command goes on."
        else:
            terminated = isinstance(error.__cause__ or error, Terminated)
            interrupted = isinstance(error, click.Abort | KeyboardInterrupt)
            code = ExitCode.TERMINATED if terminated else ExitCode.INTERRUPTED if interrupted else ExitCode.WRONG_USE
            message = f"{message.removesuffix(NOTHING_SENT).rstrip()} {NOTHING_SENT}"
        self._voice.failed(code, error, message, tuple(self._tally.unsaved.values()))
        return code

    def _show(self, forecast: Forecast) -> None:
        self._voice.forecast(forecast, asked_for=True)
        raise _OnlyAskedError
