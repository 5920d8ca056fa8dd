"""The way of every command that sends a request: read, check, send, save, report."""

from __future__ import annotations

import json
import shlex
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import click
from attrs import asdict, define, evolve, field

from ideogram_ai.batch.matrix import Matrix
from ideogram_ai.batch.model import InputError
from ideogram_ai.client import JobFailedError, RequestError, UnknownFieldError, costs
from ideogram_ai.client.config import resolve_base_url
from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.client.request import encode_request, to_plain
from ideogram_ai.client.retry import MAX_SECONDS
from ideogram_ai.client.url_policy import is_loopback
from ideogram_ai.contract.check import RequestProblem, Severity, check_request
from ideogram_ai.contract.review import review_request
from ideogram_ai.generated.operations import Operation

from .contract_input import (
    Inputs,
    RequestFields,
    links_of,
    refuse_blank,
    refuse_both,
    request_fields,
    split_assignment,
)
from .destination import Destination, is_folder
from .exit_codes import ExitCode, WrongUseError
from .report import open_images, report
from .results import IMAGES, PRICE_LIST, RESPONSE, Cost, Failure, JobState, Result, as_json_text
from .sending import Sender, signals_wait
from .service import open_service, option_message
from .terminal import (
    CONFIRM_ABOVE,
    can_prompt,
    count,
    note_progress,
    print_error,
    print_note,
    print_warning,
    usd,
    write_error,
    write_out,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ideogram_ai.client import Generation
    from ideogram_ai.client.uploads import UploadProgress

_INTERRUPTED: Final = "Interrupted. Nothing was billed."
_INTERRUPTED_LATER: Final = "Interrupted. Nothing was billed but for what is listed above."
_OF_ONE_REQUEST: Final = frozenset({400, 413, 415, 422})
"""Statuses by which the service refuses a request for what is in it."""
_DEAR: Final = Decimal(1)
"""US dollars. A request that costs more is not sent without a question."""
_AWAITED: Final = {"images": "image", "job": "id of the job", "model": "response"}
"""What a request that was sent brings, by the result of its operation."""
_DEADLINE: Final = 600.0
"""Seconds to wait for a job, as in the client."""


@define(kw_only=True)
class Options:
    """The options that these commands share; see their help. Those that a command lacks have their default here."""

    output: str | None
    overwrite: bool
    as_json: bool
    quiet: bool
    base_url: str | None
    allow_http: bool
    api_key_file: str | None
    timeout: float | None
    mock: bool = False
    sidecar: bool = False
    no_check: bool = False
    dry_run: bool = False
    deadline: float | None = None
    no_wait: bool = False
    opens: bool = False
    yes: bool = False

    @property
    def shown(self) -> bool:
        """Whether people watch."""
        return not (self.as_json or self.quiet)

    @property
    def seconds(self) -> float:
        """How long a job is waited for."""
        return _DEADLINE if self.deadline is None else self.deadline

    @property
    def server(self) -> str:
        """The base URL of the server; empty for the mock server of --mock."""
        return "" if self.mock else resolve_base_url(self.base_url, allow_http=self.allow_http)

    def check(self) -> None:
        """Refuse options that contradict each other."""
        refuse_both("--mock", "--base-url", given=self.mock and self.base_url is not None)
        refuse_both("--json", "--quiet", given=self.as_json and self.quiet)
        if not 0 <= self.seconds <= MAX_SECONDS:  # the client would refuse it when the job is submitted already
            raise WrongUseError(f"--deadline: {self.deadline} is not a number of seconds from 0 to {MAX_SECONDS:,.0f}.")

    def fetch_command(self, job_id: str) -> str:
        """Write the command that fetches a job. An id may begin with a dash."""
        words = ["ideogram", "fetch"]
        words += ["--base-url", self.base_url] if self.base_url is not None else []
        words += ["--allow-http"] if self.allow_http else []
        return shlex.join([*words, *(["--"] if job_id.startswith("-") else []), job_id])

    def is_rehearsal(self, base_url: str) -> bool:
        """Whether nobody is billed, because a server on this machine answers."""
        return self.mock or is_loopback(urlsplit(base_url).hostname or "")


def send(
    request: RequestFields,
    fill: Callable[[Inputs], None],
    options: Options,
    *,
    variants: int | None = None,
    variables: tuple[str, ...] = (),
    activity: str = "",
    member: str | None = None,
) -> ExitCode:
    """Run a command that sends a request, or several.

    Everything that can be checked is checked before the first is sent, because what was made is billed.

    Args:
        request: The operation, without fields.
        fill: Adds the fields of the command line.
        options: The options that commands share.
        variants: How often each request is sent.
        variables: The values of --var, with each combination of which a request is sent.
        activity: What is done, for the spinner; empty for what the operation's result suggests.
        member: The member of the response that is printed; None for all of it.
    """
    run = _Run(request.operation, options, activity, member)
    try:
        options.check()
        fill(Inputs())
        run.plan(request, Matrix.of(variables, variants))
        run.start()
    except _RefusedError as error:
        run.report(Result(ExitCode.WRONG_USE, failure=error.failure))
    except (WrongUseError, InputError) as error:
        run.report(Result(ExitCode.WRONG_USE, failure=Failure.of(error, f"{error} {NOTHING_SENT}")))
    except RequestError as error:
        run.report(Result(ExitCode.WRONG_USE, failure=Failure.of(error, option_message(error))))
    except (click.Abort, KeyboardInterrupt) as error:
        # Before the request was sent, or between two attempts that cost nothing.
        failure = Failure.of(error, _INTERRUPTED if not run.codes else _INTERRUPTED_LATER)
        run.report(run.unreported or Result(ExitCode.of_interruption(error), failure=failure))
    run.sum_up()
    if options.opens:
        open_images(run.saved)
    return ExitCode.gravest(run.codes)


@define
class _Run:
    """The requests of a command, and what became of them.

    Attributes:
        requests: All of them, in the order in which they are sent.
        ended: How many of them are known to have ended.
        codes: What was reported.
        unreported: How the last one ended, until that is reported.
        saved: The images that were saved.
        spent: US dollars of those that were made, or with --dry-run would be.
    """

    operation: Operation
    options: Options
    activity: str
    member: str | None
    requests: list[RequestFields] = field(factory=list[RequestFields])
    ended: int = 0
    codes: list[ExitCode] = field(factory=list[ExitCode])
    unreported: Result | None = None
    saved: list[Path] = field(factory=list[Path])
    spent: Decimal = Decimal(0)

    @property
    def shape(self) -> str:
        """Whether a response has images."""
        return RESPONSE if self.operation.result == "model" else IMAGES

    def plan(self, request: RequestFields, matrix: Matrix) -> None:
        """Make the requests of the matrix, and check them, before the user is asked for a key."""
        for fields, values in matrix.combinations(request.documented):
            each = evolve(request, documented=fields, values=tuple(values.values()))
            refuse_blank(each)
            # What is remarked on one of them is true of all.
            check(each, wanted=not self.options.no_check, quiet=self.options.quiet or bool(self.requests))
            self.requests += [each] * matrix.variants
        matrix.check()

    def start(self) -> None:
        """Send the requests one after the other, or show them."""
        options, operation = self.options, self.operation
        if self.shape == RESPONSE and not _saves_links(operation, options):
            destination = Destination.of_text(options.output, overwrite=options.overwrite)
        else:
            destination = Destination.of(options.output, overwrite=options.overwrite, sidecar=options.sidecar)
        if options.dry_run:
            for request in self.requests:
                self.report(_plan(request, options))
            return
        if not operation.is_free:
            _announce_cost(self.requests, options)
        with (
            open_service(options, needs_key=operation.authenticated) as service,
            service.client(_show_upload) as client,
            signals_wait(shown=options.shown, awaited=_AWAITED[operation.result]) as state,
        ):  # fmt: skip
            # The mock server of --mock ends with this command, and its jobs with it.
            fetch_command = None if options.mock else options.fetch_command
            sender = Sender(client, state, destination, options.shown, fetch_command, pays=not operation.is_free)
            for number, request in enumerate(self.requests, 1):
                sender.destination = evolve(destination, stem=request.stem)
                of = f", {number} of {len(self.requests)}" if len(self.requests) > 1 else ""
                result = self._send(request, sender, of)
                self.ended = number
                # Before the client and the mock server are closed: the report on what was paid for comes first.
                self.report(result)
                if not _goes_on(result):
                    return

    def _send(self, request: RequestFields, sender: Sender, of: str) -> Result:
        options, operation = self.options, self.operation
        makes_images = self.shape == IMAGES and not operation.is_free
        activity = self.activity or ("Making the image" if makes_images else "Waiting for the response")
        # Kept at every step, because a second Ctrl-C ends this anywhere.
        self.unreported = result = sender.send(
            request, f"{activity}{of}", deadline=None if options.no_wait else options.seconds,
            announce=lambda job_id: _announce(job_id, options),
        )  # fmt: skip
        if self.shape == RESPONSE and not result.failure:
            self.unreported = result = _save_response(result, self.member, operation, sender, options)
        if not options.is_rehearsal(sender.client.base_url):
            self.unreported = result = evolve(result, cost=_paid(result, request))
        return result

    def report(self, result: Result) -> None:
        """Report on a request."""
        options = self.options
        report(result, self.shape, self.member, as_json=options.as_json, quiet=options.quiet)
        self.codes.append(result.code)
        self.saved += [image.path for image in result.images if image.path]
        self.spent += result.cost.usd if result.cost else 0
        self.unreported = None

    def sum_up(self) -> None:
        """Say what became of several requests."""
        total, is_plan = len(self.requests), self.options.dry_run
        if total < 2 or (ExitCode.WRONG_USE in self.codes and not self.ended):
            return
        if self.ended < total and not is_plan:
            print_error(f"{total - self.ended:,} of {total:,} requests not sent, and not billed.")
        if self.options.shown:
            done = f"{self.codes.count(ExitCode.DONE):,} of {total:,} requests {'checked' if is_plan else 'done'}"
            write_out(f"{done}, {usd(self.spent)} in all\n" if self.spent else f"{done}\n")


def _goes_on(result: Result) -> bool:
    """Whether the next request is sent: not after an error that it would meet too, nor after an unknown outcome."""
    if result.failure is None or result.code is ExitCode.WITHHELD:
        return True
    its_own = result.failure.status_code in _OF_ONE_REQUEST or result.failure.type == JobFailedError.__name__
    return result.code is ExitCode.REFUSED and its_own


def add_fields(request: RequestFields, fields: tuple[str, ...], extra_fields: tuple[str, ...], inputs: Inputs) -> None:
    """Add the fields of -F and --extra-field."""
    for assignment in fields:
        request.put_assignment(assignment, inputs)
    for assignment in extra_fields:
        name, value = split_assignment(assignment, "--extra-field")
        source = f"--extra-field {name}"
        if name in request_fields(request.operation):
            raise WrongUseError(f"{source}: the contract has this field. Use -F {name}=VALUE.")
        request.put(name, inputs.read_value(value, source), source, extra=True)


def _show_upload(progress: UploadProgress) -> None:
    note_progress(f"{progress.sent / 1e6:,.0f} of {progress.total / 1e6:,.0f} MB sent")


def _announce(job_id: str, options: Options) -> None:
    """Show the id of a job before the wait for it begins: whatever happens then, the id leads to the images."""
    if options.no_wait and not options.shown:
        return  # the report has it
    if options.as_json:
        write_out(json.dumps({"job": asdict(JobState(job_id))}) + "\n")
    elif options.quiet:
        write_error(f"job {job_id}\n")
    elif options.mock:
        print_note(f"The job {job_id} was submitted.")
    else:
        print_note(f"The job {job_id} was submitted. To fetch its images at any time: {options.fetch_command(job_id)}")


def _saves_links(operation: Operation, options: Options) -> bool:
    """Whether -o is a folder for the images that a response has links to."""
    return is_folder(options.output) and bool(links_of(operation))


def _save_response(
    result: Result, member: str | None, operation: Operation, sender: Sender, options: Options
) -> Result:
    """Write the response to its file, or else print it, and then save the images that it has links to."""
    destination, links = sender.destination, links_of(operation)
    saves_links = _saves_links(operation, options)
    if saves_links:
        destination = destination.file(f"{operation.method_name.rpartition('.')[2]}.json")
    elif links and options.shown:
        print_note(f"{' and '.join(links)} lead to images, and expire. To save them too, give a folder: -o DIR/.")
    response = to_plain("response", result.response)
    result = evolve(result, response=response)
    try:
        result = evolve(result, path=destination.write_text(as_json_text(response, member)))
    except (OSError, KeyboardInterrupt) as error:
        why = getattr(error, "strerror", None) or "interrupted"
        message = f"{str(destination.path)!r} was not written: {why}. It is paid for, and is on stdout instead."
        result = evolve(result, code=ExitCode.DOWNLOAD_FAILED, failure=Failure.of(error, message, billed=True))
    return sender.save_links(result, links) if saves_links else result


# What it costs.


def cost_of(generation: Generation) -> Cost | None:
    """Return what images cost; None where nobody knows."""
    if generation.cost_usd is None or generation.cost_source is None:
        return None
    price = generation.price if generation.cost_source == PRICE_LIST else None
    return Cost(generation.cost_usd, generation.cost_source, price.as_of if price else None)


def _listed_cost(request: RequestFields) -> Cost | None:
    """Return what a request costs by the price list, all its images together; None where the contract has no price."""
    asked = request.operation, request.documented
    usd, price = costs.cost_of(*asked), costs.applicable_price(*asked)
    return None if usd is None or price is None else Cost(usd, PRICE_LIST, price.as_of)


def _paid(result: Result, request: RequestFields) -> Cost | None:
    """Return what the response cost; None without one."""
    if result.generation is not None:
        return cost_of(result.generation)
    return None if result.response is None else _listed_cost(request)


def _announce_cost(requests: Sequence[RequestFields], options: Options) -> None:
    """Say what requests cost, and ask before many images or a dear request, unless nobody is billed.

    Raises:
        WrongUseError: It is not confirmed.
    """
    operation, costs_of_all = requests[0].operation, [_listed_cost(request) for request in requests]
    images = sum(costs.images_asked(operation, request.documented) for request in requests)
    known = [cost.usd for cost in costs_of_all if cost]
    prices = [usd(sum(known, Decimal(0)))] * bool(known) + ["an unknown price"] * (len(known) < len(requests))
    what = count(images, "image") if operation.result != "model" else count(len(requests), "request")
    what = f"{what} for {' and '.join(prices)}"
    if options.is_rehearsal(options.server):
        return
    if not options.yes and (images > CONFIRM_ABOVE or max(known, default=0) > _DEAR):
        if not can_prompt() or options.as_json:
            raise WrongUseError(f"{what}: confirm with --yes.")
        if not click.confirm(f"Send {what}?", err=True):
            raise WrongUseError("Not confirmed.")
    elif options.shown:
        print_note(f"{what}.")


def _plan(request: RequestFields, options: Options) -> Result:
    """Return what would be sent, and what it would cost."""
    operation, server = request.operation, options.server
    body = encode_request(operation, request.keywords(), request.extra)
    # The body has no parameters of path and query, so that no record of a request has them.
    parameters = {name: rule for name, rule in request_fields(operation).items() if rule.place != "body"}
    fields = {name: value for name, value in request.documented.items() if name in parameters}
    path, _, _ = body.path.partition("?")  # the query is among the fields
    would_send = {"method": operation.method, "url": f"{server}{path}", "fields": {**fields, **body.fields}}
    return Result(
        ExitCode.DONE, would_send=would_send, cost=_listed_cost(request), rehearsal=options.is_rehearsal(server)
    )


# The check before it is sent.


class InvalidRequestError(WrongUseError):
    """The request breaks the contract."""


class _RefusedError(Exception):
    """The request is not sent."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def check(request: RequestFields, *, wanted: bool, quiet: bool) -> None:
    """Correct values that can mean one thing only, and refuse a request that the client or the contract refuses.

    Unless it is `wanted` only the client is asked: the service may know more than the contract.
    """
    operation = request.operation
    notes = request.correct_values() if wanted else []
    problems = tuple(check_request({**request.keywords(), **request.extra}, operation=operation)) if wanted else ()
    refusal = _refusal(request, problems)
    if not quiet:
        for note in notes:
            print_note(note)
        for remark in review_request(request.keywords(), operation=operation) if wanted else ():
            # Beside a refusal, only a key that is likely misspelt may be the reason for it.
            if refusal is None or remark.likely:
                print_warning(f"{remark.pointer}: {remark.message}")
        for problem in problems if refusal is None else ():
            refused = problem.severity is Severity.REFUSED_TODAY
            fate = "It is sent anyway; a refusal is free." if refused else "It is sent unchanged."
            print_warning(f"{problem.pointer}: {problem.message} {fate}")
    if refusal is not None:
        raise _RefusedError(Failure.of(refusal, problems=problems))


def _refusal(request: RequestFields, problems: Sequence[RequestProblem]) -> Exception | None:
    try:
        encode_request(request.operation, request.keywords(), request.extra)
    except UnknownFieldError as error:
        error.message = error.message.replace("extra_fields", "--extra-field")  # the option's name here
        error.args = (error.message,)
        return error
    except RequestError as error:
        return error
    if any(problem.severity is Severity.BREAKS_CONTRACT for problem in problems):
        pointer, message = problems[0].pointer, problems[0].message
        place = "" if message.startswith(f"{pointer.removeprefix('#/')}: ") else f" at {pointer}"
        where = f" in {len(problems)} places." if len(problems) > 1 else f"{place}: {message}"
        return InvalidRequestError(
            f"The request breaks the contract{where} To send it anyway, use --no-check. {NOTHING_SENT}"
        )
    return None
