"""`ideogram fetch`: the images of jobs, by their ids, as often as one likes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve

from ideogram_ai.client import RequestError
from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.client.jobs import COMPLETED, FAILED

from .destination import Destination
from .exit_codes import ExitCode, WrongUseError
from .report import open_images, report
from .request_command import Options, cost_of
from .results import IMAGES, Failure, JobState, Result
from .sending import Sender, signals_wait
from .service import open_service, option_message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ideogram_ai.client import Generation, Ideogram


def run(*, ids: tuple[str, ...], **shared: Any) -> ExitCode:
    """Save the images of jobs, and report on each job. The options are those of the command; see its help."""
    options = Options(**shared)
    codes: set[ExitCode] = set()
    try:
        options.check()
        for job_id in ids:
            if not job_id.strip():
                raise WrongUseError("An ID is blank. Is a shell variable unset?")  # noqa: TRY301 - reported below
        destination = Destination.of(options.output, overwrite=options.overwrite, sidecar=options.sidecar)
        with (
            open_service(options) as service,
            service.client() as client,
            signals_wait(shown=options.shown) as state,
        ):  # fmt: skip
            sender = Sender(client, state, destination, options.shown, options.fetch_command, pays=False)
            for fetched in _fetch(client, sender, list(dict.fromkeys(ids)), options):
                generation = None if options.is_rehearsal(client.base_url) else fetched.generation
                result = evolve(fetched, cost=cost_of(generation) if generation else None)
                report(result, IMAGES, as_json=options.as_json, quiet=options.quiet)
                codes.add(result.code)
                if options.opens:
                    open_images(image.path for image in result.images if image.path)
        return ExitCode.gravest(codes)
    except WrongUseError as error:
        result = Result(ExitCode.WRONG_USE, failure=Failure.of(error, f"{error} {NOTHING_SENT}"))
    except RequestError as error:
        result = Result(ExitCode.WRONG_USE, failure=Failure.of(error, option_message(error)))
    except (click.Abort, KeyboardInterrupt) as error:
        result = Result(ExitCode.of_interruption(error), failure=Failure.of(error, "Interrupted."))
    report(result, IMAGES, as_json=options.as_json, quiet=options.quiet)
    return result.code


def _fetch(client: Ideogram, sender: Sender, ids: list[str], options: Options) -> Iterator[Result]:
    """Fetch the images of one job after the other. All of them are made meanwhile, so one deadline serves all."""
    deadline = time.monotonic() + options.seconds
    for index, job_id in enumerate(ids):
        sender.job_id = job_id

        def get(job_id: str = job_id) -> Generation | None:
            sender.state.ask()
            job = client.job(job_id)  # an unknown id is refused here at once, while a wait would ask again
            if options.no_wait and job.status not in {COMPLETED, FAILED}:
                return None
            return client.wait(job, deadline=max(0.0, deadline - time.monotonic()))

        result = sender.get(get, f"Waiting for the job {job_id}")
        if result.generation is None and result.failure is None:
            message = f"The job {job_id} is not done yet. Ask again: {options.fetch_command(job_id)}"
            failure = Failure("JobPending", message, may_have_been_billed=True)
            result = Result(ExitCode.OUTCOME_UNKNOWN, failure=failure, job=JobState(job_id))
        yield result
        if result.code in {ExitCode.INTERRUPTED, ExitCode.TERMINATED}:
            for left in ids[index + 1 :]:
                yield evolve(result, job=JobState(left))
            return
