"""Conformance of a server: what a run may cost, the requests that it sends, and the report."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from attrs import define, evolve, field, frozen

from ideogram_ai.client.config import resolve_api_key, resolve_base_url
from ideogram_ai.client.errors import ConfigurationError
from ideogram_ai.client.request import is_object
from ideogram_ai.client.url_policy import is_loopback
from ideogram_ai.contract.view import find_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from .kit import ResultCollector, Verdict, check_timeout, no_progress
from .server_judge import is_accepted, judge_case, judge_response
from .server_operations import (
    OperationsRun,
    choose_operations,
    dear_operations,
    highest_price,
)
from .server_plan import (
    PRICES,
    WITHOUT_SCHEMATHESIS,
    has_schemathesis,
    keyless_cases,
    plan_cases,
    schemathesis_problems,
)
from .server_requests import CannotConnectError, CaseSender, Expect, KeyUse, RequestCase, ServerResponse
from .server_requirements import KEY_ACCEPTED, operation_requirements, server_requirements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ideogram_ai.contract.prices import Prices

    from .kit import Progress, Report, Requirement

__all__ = ["PRICES", "ServerOptions", "check_options", "describe_cost", "run_server", "server_requirements"]

_GENERATE: Final = POST_GENERATE_IMAGE_V4.method_name
_NONE_ACCEPTED: Final = "No valid request at all was accepted, so a refusal proves nothing."


@frozen
class ServerOptions:
    """How the kit is run on a server.

    Attributes:
        url: Base URL of the server.
        api_key: The key to send; None sends a made-up one, to loopback only.
        max_images: Images that may be billed. None allows as many as it takes on loopback, where nothing is billed, and
            none anywhere else.
        seed: The seed of everything that is generated, 0 or more.
        timeout: Seconds, above 0, that a response may take.
        allow_http: Whether the URL may be http on another machine.
        operations: What to test: methods of the client, such as generate and remix, or all.
    """

    url: str
    api_key: str | None = None
    max_images: int | None = None
    seed: int = 0
    timeout: float = 60.0
    allow_http: bool = False
    operations: tuple[str, ...] = (_GENERATE,)

    @property
    def on_loopback(self) -> bool:
        """Whether the server is on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "")

    @property
    def limit(self) -> int | None:
        """How many images may be billed; None where nothing is."""
        return 0 if self.max_images is None and not self.on_loopback else self.max_images


def check_options(options: ServerOptions) -> ServerOptions:
    """The options with the URL in its usual form.

    Raises:
        ConfigurationError: An option cannot be used; the message names it and the cure.
    """
    if options.max_images is not None and options.max_images < 0:
        raise ConfigurationError(f"max_images is {options.max_images}; give a number of images, 0 or more.")
    if options.seed < 0:
        raise ConfigurationError(f"seed is {options.seed}; give a number, 0 or more.")
    check_timeout(options.timeout)
    if options.api_key is not None and isinstance(complaint := resolve_api_key(options.api_key), str):
        raise ConfigurationError(complaint)
    if options.limit and not options.on_loopback and options.api_key is None:
        raise ConfigurationError(
            "This server makes no image without an API key: name its variable with --key-env NAME."
        )
    return evolve(
        options,
        url=resolve_base_url(options.url, allow_http=options.allow_http),
        operations=choose_operations(options.operations, metered=options.limit is not None),
    )


def requirements_of(operations: Sequence[str]) -> Mapping[str, Requirement]:
    """Every requirement on a server that serves these operations, by its id, in the order of the report."""
    found = dict(server_requirements()) if _GENERATE in operations else {}
    for name in operations:
        found |= {} if name == _GENERATE else operation_requirements(name)
    return found


def describe_cost(images: int, prices: Prices = PRICES, operations: Sequence[str] = ()) -> str:
    """What a number of images, or of other requests that are billed, may cost, in words.

    Args:
        images: How many at most, 1 or more.
        prices: The prices of generate.
        operations: What is tested: methods of the client; generate alone if it is empty.
    """
    plural = "" if images == 1 else "s"
    if set(operations) <= {_GENERATE}:
        low, high = prices.usd[prices.cheapest], prices.usd[prices.dearest]
        return (
            f"{images} image{plural} may be billed, not more: {images * low:.2f} USD at {prices.cheapest}, which is "
            f"used wherever the speed is not what is tested, and {images * high:.2f} USD at most, if all were "
            f"{prices.dearest}. These prices were seen from {prices.seen} ({prices.source}) and may have changed."
        )
    billed = [each.operation for each in map(find_view, operations) if not each.operation.is_free]
    known = {each.method_name: price for each in billed if (price := highest_price(each)) is not None}
    unknown = [each.method_name for each in billed if each.method_name not in known]
    dearest = max(known, key=lambda name: known[name], default="")
    cost = f": {images * known[dearest]:.2f} USD at most, if all were of {dearest}" if dearest else ""
    without = f" The price of {', '.join(unknown)} is not known." if unknown else ""
    what = f"{images} image{plural} or other request{plural}"
    return f"{what} may be billed, not more{cost}. Prices may have changed.{without}"


def run_server(options: ServerOptions, on_progress: Progress | None = None) -> Report:
    """Run the kit on a server. There is no confirmation: a limit of images is used as it is.

    Args:
        options: What to test, and what that may cost.
        on_progress: Called before each request.

    Returns:
        The report.

    Raises:
        ConfigurationError: An option cannot be used.
    """
    options = check_options(options)
    results = ResultCollector(requirements_of(options.operations))
    with CaseSender(options) as sender:
        run = _ServerRun(options, results, sender)
        run.send_all(on_progress or no_progress)
    return results.report(options.url, "server", run.notes(), options.seed)


@define
class _Control:
    """What a server did with a valid request, and the requirements that rely on it."""

    case: RequestCase
    response: ServerResponse
    proves: set[str] = field(factory=set[str])

    @property
    def problem(self) -> str | None:
        """Why a refusal of the same request with a fault proves nothing; None where it proves something."""
        if is_accepted(self.response):
            return None
        return f"The same request without the fault ({self.case.note}) was not accepted: the server {self.summary}."

    @property
    def summary(self) -> str:
        """What the server did, in words."""
        return f"{self.response.summary}{' with no image' if self.response.status == 200 else ''}"


@define
class _ServerRun:
    options: ServerOptions
    results: ResultCollector
    sender: CaseSender
    link: str | None = None
    locked_out: bool = False
    unprovoked: dict[int, str] = field(factory=dict[int, str])
    controls: dict[bytes, _Control] = field(factory=dict[bytes, "_Control"])

    def send_all(self, on_progress: Progress) -> None:
        """Send every request that the budget allows."""
        cases: tuple[RequestCase, ...] = ()
        if _GENERATE in self.options.operations:
            limit, metered = self.sender.limit, self.sender.metered
            cases = keyless_cases() if limit == 0 else plan_cases(self.options.seed, metered=metered)
        try:
            for number, case in enumerate(cases):
                on_progress(number, len(cases), case.note)
                self._try(case)
            if cases:
                self._repeat_controls()
                self._open_link()
                on_progress(len(cases), len(cases), "done")
            others = [name for name in self.options.operations if name != _GENERATE]
            OperationsRun(self.options, self.results, self.sender).run(others, on_progress)
        except CannotConnectError as error:
            self._mark_unreachable(error)
        if cases:
            self._retract_unproven(cases)
        self._explain_untried()

    def _try(self, case: RequestCase) -> None:
        reason = self._reason_against(case) or self._reason_of_controls(case)
        if reason is None:
            self._send(case)
        elif case.expect is Expect.ON_DEMAND:
            self.unprovoked[case.statuses[0]] = reason
        else:
            for name in case.requirements:
                self.results.add(name, Verdict.NOT_TRIED, reason)

    def _send(self, case: RequestCase) -> ServerResponse:
        response = self.sender.send(case)
        if case.expect is Expect.ACCEPTED and case.payload.content_type:
            self.controls.setdefault(case.payload.body, _Control(case, response)).response = response
        try:
            self._judge(case, response)
        except Exception as error:  # noqa: BLE001 - a bug of the kit must not end the run
            frame = traceback.extract_tb(error.__traceback__)[-1]
            detail = f"The kit itself failed ({type(error).__name__}: {error}, in {frame.name}, line {frame.lineno})."
            self.results.add(case.requirement, Verdict.HARNESS_FAULT, detail, response.exchange)
        return response

    def _reason_against(self, case: RequestCase) -> str | None:
        """Why a request is not sent."""
        if self.sender.metered and case.local:
            return case.local
        if case.key is KeyUse.WRONG and not self.sender.metered and self.options.api_key is None:
            return "No key was given (--key-env), so a wrong key means nothing: a test server may take any."
        if case.key.sends_key and self.locked_out:
            return f"The key was not let in ({KEY_ACCEPTED}), so nothing else can be tried."
        return self.sender.refuses(case)

    def _reason_of_controls(self, case: RequestCase) -> str | None:
        """Why a refusal would prove nothing: the server does not accept the same request without its fault either."""
        for control in case.controls:
            known = self.controls.get(control.payload.body)
            if known is None:
                # Without an image that is left afterwards, the request with the fault could not be sent.
                if reason := self.sender.refuses(control, besides=1):
                    return reason
                self._send(control)
                known = self.controls[control.payload.body]
            if known.problem:
                return known.problem if self.results.ever_held(KEY_ACCEPTED) else _NONE_ACCEPTED
            known.proves.add(case.requirement)
        if case.generated is None or case.expect is not Expect.REFUSED:
            return None
        # A request of schemathesis has no control, so each of its fields has to have been accepted.
        never = self._never_accepted(case)
        return f"No valid request{never[0]} was accepted, so a refusal proves nothing." if never else None

    def _never_accepted(self, case: RequestCase) -> list[str]:
        """What a request has that no accepted request had so far: fields, or any of them; empty for nothing."""
        if not self.results.ever_held(KEY_ACCEPTED):
            return [" at all"]
        return [f" with {name}" for name in case.fields if not self.results.ever_held(f"request.{name}.accepted")]

    def _repeat_controls(self) -> None:
        """Check that valid requests are still accepted, where that is free: a server may have stopped halfway."""
        if self.sender.metered:
            return
        for control in list(self.controls.values()):
            if control.proves and not is_accepted(self._send(control.case)):
                for name in control.proves:
                    same = f"The same request without the fault ({control.case.note})"
                    detail = f"{same} was accepted at first, but no longer at the end: the server {control.summary}."
                    self.results.retract(name, detail)

    def _judge(self, case: RequestCase, response: ServerResponse) -> None:
        status, exchange = response.status, response.exchange
        if case.expect is Expect.ON_DEMAND and status not in {None, *case.statuses}:
            (wanted,) = case.statuses
            reason = f"Prefer: code={wanted} is not honoured (the response was a {status})"
            self.unprovoked[wanted] = f"No {wanted} could be provoked: {reason}."
        never = self._never_accepted(case)
        never_accepted = never[0] if len(never) == 1 else ""  # of several, any may be the cause
        # All of them are made before one is added: what is added changes what was never accepted.
        for found in list(judge_case(case, response, metered=self.sender.metered, never_accepted=never_accepted)):
            self.results.add(found.requirement, found.verdict, found.detail, exchange, found.cause)
        if status is None:
            return
        for name, problem in judge_response(response, status).items():
            detail = f"After {case.note}: {problem}." if problem else ""
            self.results.add(name, Verdict.FAILED if problem else Verdict.HELD, detail, exchange)
        self.locked_out |= case.requirement == KEY_ACCEPTED and status == 401
        if case.generated is not None:
            problems = schemathesis_problems(case, response)
            verdict = Verdict.FAILED if problems else Verdict.HELD
            self.results.add("generated.answers", verdict, " ".join(problems), exchange)
        if status == 200 and self.link is None:
            self.link = next(_links(response), None)

    def _open_link(self) -> None:
        """Fetch one image, unless its link leads from loopback to another machine."""
        name = "answer.200.link-opens"
        if self.link is None:
            self.results.add(name, Verdict.NOT_TRIED, "No response had a link.")
        else:
            self.results.add(name, *self.sender.open_link(self.link))

    def _mark_unreachable(self, error: CannotConnectError) -> None:
        """Record that nothing is known about what was not tried before the connection failed."""
        detail = f"The server cannot be reached ({error})."
        if self.sender.sent:
            last = f"The last of {self.sender.sent} requests was: {self.sender.last}."
            detail = f"The server can no longer be reached ({error}). {last}"
        for name in self.results.requirements:
            if self.results.verdict(name) is None:
                self.results.add(name, Verdict.HARNESS_FAULT, detail)

    def _retract_unproven(self, cases: tuple[RequestCase, ...]) -> None:
        """Retract what held for a reason that proves nothing."""
        if not self.results.ever_held(KEY_ACCEPTED):
            detail = "A request with the key was not accepted either, so a refusal without it proves nothing."
            if self.sender.limit == 0:
                detail = (
                    "A 401 came, and the key was not sent (--max-images is 0): a server that lets nobody in responds "
                    "the same."
                )
            for name in {case.requirement for case in cases if case.expect is Expect.UNAUTHORIZED}:
                self.results.retract(name, detail)
        if not self.results.ever_held("generated.valid-accepted"):
            self.results.retract("generated.invalid-refused", "None of its valid requests was accepted.")

    def _explain_untried(self) -> None:
        for name in self.results.requirements:
            if self.sender.limit == 0 and self.results.verdict(name) is None:
                detail = "It takes requests that could be billed: --max-images is 0."
                self.results.add(name, Verdict.NOT_TRIED, detail)
            if name.startswith("generated.") and not has_schemathesis():
                self.results.add(name, Verdict.NOT_TRIED, WITHOUT_SCHEMATHESIS)
            for status, detail in self.unprovoked.items():
                if name.startswith(f"answer.{status}.") and self.results.verdict(name) is None:
                    self.results.add(name, Verdict.NOT_TRIED, detail)

    def notes(self) -> Iterator[str]:
        """Facts about the whole run."""
        generate_only = self.options.operations == (_GENERATE,)
        yield f"{self.sender.sent} {'generate ' if generate_only else ''}requests were sent."
        if self.sender.limit:
            yield f"{self.sender.spent} of at most {self.sender.limit} images were billed or may have been."
            yield describe_cost(self.sender.limit, operations=self.options.operations)
            left = {name: usd for name, usd in dear_operations().items() if name not in self.options.operations}
            for name, usd in left.items() if not generate_only else ():
                yield f"{name} was left out, because a request costs {usd} USD: name it with --operation to test it."
        elif self.sender.metered:
            yield "Nothing was sent that could be billed: no request had the key, and none had a prompt."


def _links(response: ServerResponse) -> Iterator[str]:
    for image in response.images:
        url = image.get("url") if is_object(image) else None
        if isinstance(url, str) and url:
            yield url
