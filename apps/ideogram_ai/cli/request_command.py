"""The way of every command that sends requests: send, save, report. And `ideogram fetch`, which asks for jobs."""

from __future__ import annotations

import time
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import click
from attrs import define, evolve, field

from ideogram_ai.batch.model import InputError
from ideogram_ai.client import Ideogram, JobFailedError, RequestError, costs
from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.client.jobs import COMPLETED, FAILED
from ideogram_ai.client.request import encode_request
from ideogram_ai.generated.operations import Operation

from .contract_input import RequestFields, links_of, request_fields
from .destination import Destination, is_folder
from .exit_codes import ExitCode, WrongUseError
from .report import Cost, Failure, JobState, RequestResult, as_json_text, open_images, report_to_people
from .sending import RequestOptions, Sender, signals_wait
from .service import open_service, option_message
from .terminal import CONFIRM_ABOVE, can_prompt, count, note_progress, print_error, print_note, usd, write_out

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from ideogram_ai.client import Generation
    from ideogram_ai.client.uploads import UploadProgress
    from ideogram_ai.contract.check import RequestProblem

_OF_ONE_REQUEST: Final = frozenset({400, 413, 415, 422})
"""Statuses by which the service refuses a request for what is in it."""
_DEAR: Final = Decimal(1)
"""US dollars. A request that costs more is not sent without a question."""
_AWAITED: Final = {"images": "image", "job": "id of the job", "model": "response"}
"""What a request that was sent brings, by the result of its operation."""


class RefusedError(Exception):
    """The request is not sent."""

    def __init__(self, error: Exception, problems: Sequence[RequestProblem]) -> None:
        super().__init__(str(error))
        self.failure = Failure.of(error, problems=tuple(problems))


@define
class Reports:
    """What became of the requests of a command, and the reports on them.

    Attributes:
        options: The options of the command.
        has_images: Whether responses have images.
        member: The member of another response that is printed; None for all of it.
        codes: What was reported.
        spent: US dollars of those that were made, or with --dry-run would be.
        unreported: How the last one ended, until that is reported.
    """

    options: RequestOptions
    has_images: bool = True
    member: str | None = None
    codes: list[ExitCode] = field(factory=list[ExitCode])
    spent: Decimal = Decimal(0)
    unreported: RequestResult | None = None

    def report(self, result: RequestResult) -> None:
        """Report how a request ended: in one JSON object, in paths and responses alone, or in lines for people.

        Its images are shown at once, if they are to be shown.
        """
        if self.options.as_json:
            write_out(f"{result.as_json(has_images=self.has_images)}\n")
        else:
            report_to_people(result, self.member, quiet=self.options.quiet)
        self.codes.append(result.code)
        self.spent += result.cost.usd if result.cost else 0
        self.unreported = None
        if self.options.opens:
            open_images(image.path for image in result.images if image.path)

    @contextmanager
    def errors_reported(self, interrupted: str = "") -> Generator[None]:
        """Report what ends the command. `interrupted` is the message for Ctrl-C, instead of one on what was billed."""
        try:
            yield
        except RefusedError as error:
            self.report(RequestResult(ExitCode.WRONG_USE, failure=error.failure))
        except (WrongUseError, InputError) as error:
            self.report(RequestResult(ExitCode.WRONG_USE, failure=Failure.of(error, f"{error} {NOTHING_SENT}")))
        except RequestError as error:
            self.report(RequestResult(ExitCode.WRONG_USE, failure=Failure.of(error, option_message(error))))
        except (click.Abort, KeyboardInterrupt) as error:
            # Before the request was sent, or between two attempts that cost nothing.
            but = " but for what is listed above" if self.codes else ""
            failure = Failure.of(error, interrupted or f"Interrupted. Nothing was billed{but}.")
            self.report(self.unreported or RequestResult(ExitCode.of_interruption(error), failure=failure))

    def end(self) -> ExitCode:
        """Return the exit code."""
        return ExitCode.gravest(self.codes)


@define
class Requests(Reports):
    """The requests of a command, and what became of them.

    Attributes:
        operation: The operation of all of them.
        activity: What is done, for the spinner; empty for what the operation's result suggests.
        planned: All of them, checked, in the order in which they are sent.
        ended: How many of them are known to have ended.
    """

    operation: Operation = field(kw_only=True)
    activity: str = ""
    planned: list[RequestFields] = field(factory=list[RequestFields])
    ended: int = 0

    def start(self) -> None:
        """Send the requests one after the other, or show them."""
        options, operation = self.options, self.operation
        if self.has_images or _saves_links(operation, options):
            destination = Destination.of(options.output, overwrite=options.overwrite, sidecar=options.sidecar)
        else:
            destination = Destination.of_text(options.output, overwrite=options.overwrite)
        if options.dry_run:
            for request in self.planned:
                self.report(_plan(request, options))
            return
        if not operation.is_free:
            _announce_cost(self.planned, options)
        with (
            open_service(options, needs_key=operation.authenticated) as arguments,
            Ideogram(**arguments, on_upload=_show_upload) as client,
            signals_wait(shown=options.shown, awaited=_AWAITED[operation.result]) as state,
        ):  # fmt: skip
            sender = Sender(client, state, destination, options, pays=not operation.is_free)
            for number, request in enumerate(self.planned, 1):
                sender.destination = evolve(destination, stem=request.stem)
                of = f", {number} of {len(self.planned)}" if len(self.planned) > 1 else ""
                result = self._send(request, sender, of)
                self.ended = number
                # Before the client and the mock server are closed: the report on what was paid for comes first.
                self.report(result)
                if not _goes_on(result):
                    return

    def _send(self, request: RequestFields, sender: Sender, of: str) -> RequestResult:
        makes_images = self.has_images and not self.operation.is_free
        activity = self.activity or ("Making the image" if makes_images else "Waiting for the response")
        # Kept at every step, because a second Ctrl-C ends this anywhere.
        try:
            self.unreported = result = sender.send(request, f"{activity}{of}")
        except KeyboardInterrupt:
            self.unreported = sender.unreported and self._with_cost(sender.unreported, request)
            raise
        if not self.has_images and not result.failure:
            self.unreported = result = _save_response(result, self.member, self.operation, sender)
        self.unreported = result = self._with_cost(result, request)
        return result

    def _with_cost(self, result: RequestResult, request: RequestFields) -> RequestResult:
        if self.options.is_rehearsal or (result.generation is None and result.response is None):
            return result
        return evolve(result, cost=Cost.of(result.generation) if result.generation else Cost.listed(request))

    def sum_up(self) -> None:
        """Say what became of several requests."""
        total, is_plan = len(self.planned), self.options.dry_run
        if total < 2 or (ExitCode.WRONG_USE in self.codes and not self.ended):
            return
        if self.ended < total and not is_plan:
            print_error(f"{total - self.ended:,} of {total:,} requests not sent, and not billed.")
        if self.options.shown:
            done = f"{self.codes.count(ExitCode.DONE):,} of {total:,} requests {'checked' if is_plan else 'done'}"
            write_out(f"{done}, {usd(self.spent)} in all\n" if self.spent else f"{done}\n")


def _goes_on(result: RequestResult) -> bool:
    """Whether the next request is sent: not after an error that it would meet too, nor after an unknown outcome."""
    if result.failure is None or result.code is ExitCode.WITHHELD:
        return True
    its_own = result.failure.status_code in _OF_ONE_REQUEST or result.failure.type == JobFailedError.__name__
    return result.code is ExitCode.REFUSED and its_own


def _show_upload(progress: UploadProgress) -> None:
    note_progress(f"{progress.sent / 1e6:,.0f} of {progress.total / 1e6:,.0f} MB sent")


def _saves_links(operation: Operation, options: RequestOptions) -> bool:
    """Whether -o is a folder for the images that a response has links to."""
    return is_folder(options.output) and bool(links_of(operation))


def _save_response(result: RequestResult, member: str | None, operation: Operation, sender: Sender) -> RequestResult:
    """Write the response to its file, or else print it, and then save the images that it has links to."""
    destination, links = sender.destination, links_of(operation)
    saves_links = _saves_links(operation, sender.options)
    if saves_links:
        destination = destination.file(f"{operation.method_name.rpartition('.')[2]}.json")
    elif links and sender.options.shown:
        print_note(f"{' and '.join(links)} lead to images, and expire. To save them too, give a folder: -o DIR/.")
    try:
        result = evolve(result, path=destination.write_text(as_json_text(result.response, member)))
    except (OSError, KeyboardInterrupt) as error:
        why = getattr(error, "strerror", None) or "interrupted"
        message = f"{str(destination.path)!r} was not written: {why}. It is paid for, and is on stdout instead."
        result = evolve(result, code=ExitCode.DOWNLOAD_FAILED, failure=Failure.of(error, message, billed=True))
    return sender.save_links(result, links) if saves_links else result


def _announce_cost(requests: Sequence[RequestFields], options: RequestOptions) -> None:
    """Say what requests cost, and ask before many images or a dear request, unless nobody is billed.

    Raises:
        WrongUseError: It is not confirmed.
    """
    operation, costs_of_all = requests[0].operation, [Cost.listed(request) for request in requests]
    images = sum(costs.images_asked(operation, request.documented) for request in requests)
    known = [cost.usd for cost in costs_of_all if cost]
    prices = [usd(sum(known, Decimal(0)))] * bool(known) + ["an unknown price"] * (len(known) < len(requests))
    what = count(images, "image") if operation.result != "model" else count(len(requests), "request")
    what = f"{what} for {' and '.join(prices)}"
    if options.is_rehearsal:
        return
    if not options.yes and (images > CONFIRM_ABOVE or max(known, default=0) > _DEAR):
        if not can_prompt() or options.as_json:
            raise WrongUseError(f"{what}: confirm with --yes.")
        if not click.confirm(f"Send {what}?", err=True):
            raise WrongUseError("Not confirmed.")
    elif options.shown:
        print_note(f"{what}.")


def _plan(request: RequestFields, options: RequestOptions) -> RequestResult:
    """Return what would be sent, and what it would cost."""
    operation, server = request.operation, options.server
    body = encode_request(operation, request.keywords(), request.extra)
    # The body has no parameters of path and query, so that no record of a request has them.
    parameters = {name: rule for name, rule in request_fields(operation).items() if rule.place != "body"}
    fields = {name: value for name, value in request.documented.items() if name in parameters}
    path, _, _ = body.path.partition("?")  # the query is among the fields
    would_send = {"method": operation.method, "url": f"{server}{path}", "fields": {**fields, **body.fields}}
    return RequestResult(
        ExitCode.DONE, would_send=would_send, cost=Cost.listed(request), rehearsal=options.is_rehearsal
    )


# ideogram fetch.


def fetch(*, ids: tuple[str, ...], **shared: Any) -> ExitCode:
    """Save the images of jobs, and report on each job. The options are those of the command; see its help."""
    options = RequestOptions(**shared)
    reports = Reports(options)
    with reports.errors_reported("Interrupted."):
        options.check()
        if not all(job_id.strip() for job_id in ids):
            raise WrongUseError("An ID is blank. Is a shell variable unset?")
        destination = Destination.of(options.output, overwrite=options.overwrite, sidecar=options.sidecar)
        with (
            open_service(options) as arguments,
            Ideogram(**arguments) as client,
            signals_wait(shown=options.shown) as state,
        ):  # fmt: skip
            sender = Sender(client, state, destination, options, pays=False)
            for result in _fetch(client, sender, list(dict.fromkeys(ids))):
                paid = None if options.is_rehearsal else result.generation
                reports.report(evolve(result, cost=Cost.of(paid) if paid else None))
    return reports.end()


def _fetch(client: Ideogram, sender: Sender, ids: list[str]) -> Iterator[RequestResult]:
    """Fetch the images of one job after the other. All of them are made meanwhile, so one deadline serves all."""
    options = sender.options
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
            result = RequestResult(ExitCode.OUTCOME_UNKNOWN, failure=failure, job=JobState(job_id))
        yield result
        if result.code in {ExitCode.INTERRUPTED, ExitCode.TERMINATED}:
            for left in ids[index + 1 :]:
                yield evolve(result, job=JobState(left))
            return
