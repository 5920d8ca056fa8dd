"""One run of `ideogram generate`: read, try out, send, save, report."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import click

from ideogram_ai.client import (
    Generation,
    IdeogramError,
    OutcomeUnknownError,
    RequestError,
    ResponseValidationError,
    ResponseWarning,
)
from ideogram_ai.client.errors import NOTHING_SENT

from ..errors import WrongUseError
from ..exit_codes import ExitCode
from ..messages import spinner, tell_error, tell_note, tell_warning
from ..signals import Terminated
from ..streams import printable, write_error
from .connection import open_client
from .destination import Destination
from .fields import Fields
from .judgement import UnsendableError, judge_request, oddities_of, put_right
from .options import read_fields
from .outcome import Failure, Outcome, exit_code_of, exit_code_of_images
from .report import report
from .saving import save_images
from .waiting import waiting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ideogram_ai.client import Ideogram

    from .options import Options
    from .waiting import Waiting


def run(options: Options) -> ExitCode:
    """Make images, save them and tell of it.

    Everything that can be found out beforehand is, because an image that was made is billed.

    Args:
        options: The command line.

    Returns:
        The exit code.
    """
    fields = Fields()
    outcome: Outcome | None = None
    told = False
    try:
        fields = read_fields(options)
        # Now, and not after somebody was asked for a key.
        _judge(fields, options)
        destination = Destination.of(options.output, overwrite=options.overwrite, sidecar=options.sidecar)
        with open_client(options) as client, waiting(shown=options.for_people) as state:
            outcome = _generate(client, fields, destination, options, state)
            # Before the client and the server of --mock are closed: what was paid for is told first.
            report(outcome, options, fields.documented)
            told = True
    except UnsendableError as error:
        outcome = Outcome(ExitCode.WRONG_USE, failure=error.failure)
    except WrongUseError as error:
        outcome = Outcome(ExitCode.WRONG_USE, failure=Failure.of(error, f"{error.format_message()} {NOTHING_SENT}"))
    except RequestError as error:
        outcome = Outcome(ExitCode.WRONG_USE, failure=Failure.of(error))
    except (click.Abort, KeyboardInterrupt) as error:
        outcome = outcome or _interrupted(error)
    if not told:
        report(outcome, options, fields.documented)
    return outcome.code


def _judge(fields: Fields, options: Options) -> None:
    """Put right what can mean one thing, judge the request, and tell what is odd about it."""
    check = not options.no_check
    notes = put_right(fields) if check else ()
    remarks: Sequence[str] = ()
    try:
        remarks = judge_request(fields, check=check)
    except UnsendableError:
        remarks = oddities_of(fields, slips=True) if check else ()
        raise
    else:
        remarks = [*(oddities_of(fields, slips=False) if check else ()), *remarks]
    finally:
        if not options.quiet:
            for note in notes:
                tell_note(note)
            for remark in remarks:
                tell_warning(remark)


def _interrupted(error: BaseException) -> Outcome:
    """Ctrl-C before the request, or between two attempts that cost nothing."""
    code = ExitCode.TERMINATED if isinstance(error.__cause__ or error, Terminated) else ExitCode.INTERRUPTED
    return Outcome(code, failure=Failure.of(error, "Interrupted. Nothing was billed."))


def _generate(client: Ideogram, fields: Fields, destination: Destination, options: Options, state: Waiting) -> Outcome:
    """Send the request and save what comes."""
    generation: Generation | None = None
    try:
        with warnings.catch_warnings(), spinner("Making the image", shown=options.for_people):
            warnings.simplefilter("ignore", ResponseWarning)  # told in the report, once
            generation = client.generate(**fields.keywords(), extra_fields=fields.extra)
            state.answered()
    except IdeogramError as error:
        kept = isinstance(error, (ResponseValidationError, OutcomeUnknownError)) and error.body
        answer_file = _keep_answer(kept, destination) if kept else None
        return Outcome(exit_code_of(error), failure=Failure.of(error), answer_file=answer_file)
    except KeyboardInterrupt as error:
        # When the images are here already they are saved all the same.
        if generation is None:
            if not getattr(error, "may_have_been_billed", False):
                raise
            message = " ".join(getattr(error, "__notes__", ()))
            return Outcome(ExitCode.OUTCOME_UNKNOWN, failure=Failure.of(error, message))
    with spinner("Saving the image", shown=options.for_people):
        images = save_images(client, generation, destination)
    answer_file = None
    if generation.problems:
        tell_warning(f"The answer breaks the contract: {'; '.join(generation.problems)}.")
        answer_file = _keep_answer(generation.raw, destination)
    code = exit_code_of_images(images)
    failure = next((image.failure for image in images if image.failure), None)
    return Outcome(code, images, failure if code else None, answer_file)


def _keep_answer(body: bytes, destination: Destination) -> Path | None:
    """Keep an answer that may have been paid for: in a file, or else on stderr."""
    try:
        return destination.keep_answer(body)
    except OSError as error:
        tell_error(f"The answer cannot be kept in a file ({error.strerror}); here it is:")
        write_error(f"{printable(body.decode(errors='backslashreplace'))}\n")
        return None
