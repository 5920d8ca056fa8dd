"""Runs the kit on a server."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from attrs import define, evolve, field, frozen

from ideogram_ai.client.config import is_loopback, resolve_api_key, resolve_base_url
from ideogram_ai.client.errors import ConfigurationError
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.contract import CONTRACT_SHA256

from ..results import Report, Verdict
from .answers import judge_answer, links_of
from .budget import Budget
from .case import Case, Expect, KeyUse
from .catalogue import KEY_ACCEPTED, server_requirements
from .findings import Findings
from .generated import WITHOUT_SCHEMATHESIS, complaints_of_schemathesis, has_schemathesis
from .judge import is_accepted, judge_case
from .plan import keyless_cases, plan_cases
from .prices import describe_cost
from .sender import CannotConnectError, Reply, Sender

Progress = Callable[[int, int, str], None]
"""Called before each request with how many went before, how many there are, and what it is."""

_NONE_ACCEPTED: Final = "No valid request at all was accepted, so a refusal says nothing."

STAND_IN_KEY: Final = "conformance-kit-stand-in-key"
"""Sent to servers on loopback when no key is given: they take any."""


@frozen
class ServerOptions:
    """How the kit is run on a server.

    Attributes:
        url: Base URL of the server.
        api_key: The key to send; None sends a made-up one, to loopback only.
        max_images: Images that may be billed; None for what the host allows: as many as it takes on loopback, where
            nothing is billed, and none anywhere else.
        seed: The seed of all that is generated, 0 or more.
        timeout: Seconds, above 0, that an answer may take.
        allow_http: Whether the URL may be http on another machine.
    """

    url: str
    api_key: str | None = None
    max_images: int | None = None
    seed: int = 0
    timeout: float = 60.0
    allow_http: bool = False

    @property
    def on_loopback(self) -> bool:
        """Whether the server is on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "")

    @property
    def limit(self) -> int | None:
        """How many images may be billed; None where nothing is."""
        return 0 if self.max_images is None and not self.on_loopback else self.max_images


def check_options(options: ServerOptions) -> ServerOptions:
    """Options that can be used, the URL in its usual form.

    Raises:
        ConfigurationError: One of them cannot be; the message names it and the cure.
    """
    if options.max_images is not None and options.max_images < 0:
        raise ConfigurationError(f"max_images is {options.max_images}; it is a number of images, 0 or more.")
    if options.seed < 0:
        raise ConfigurationError(f"seed is {options.seed}; it is a number, 0 or more.")
    if not 0 < options.timeout < float("inf"):
        raise ConfigurationError(f"timeout is {options.timeout}; it is a number of seconds above 0.")
    if options.api_key is not None and isinstance(complaint := resolve_api_key(options.api_key), str):
        raise ConfigurationError(complaint)
    if options.limit and not options.on_loopback and options.api_key is None:
        raise ConfigurationError(
            "This server makes no image without an API key: name its variable with --key-env NAME."
        )
    return evolve(options, url=resolve_base_url(options.url, allow_http=options.allow_http))


def run_server(options: ServerOptions, on_progress: Progress | None = None) -> Report:
    """Run the kit on a server. Nobody is asked for anything: a limit of images is what it says.

    Args:
        options: What to test, and what that may cost.
        on_progress: Told of each request before it is sent.

    Returns:
        The report.

    Raises:
        ConfigurationError: An option cannot be used.
    """
    options = check_options(options)
    began = datetime.now(UTC)
    run = _Run(options, Findings(server_requirements()), Budget(options.limit, read_view().operation.billed))
    run.everything(on_progress or _tell_nobody)
    return Report(
        subject=options.url,
        kind="server",
        contract_sha256=CONTRACT_SHA256,
        seed=options.seed,
        began=began,
        results=run.findings.results(),
        notes=tuple(run.notes()),
    )


def _tell_nobody(_number: int, _total: int, _what: str) -> None:
    pass


@define
class _Control:
    """What became of a valid request, and which requirements build on it."""

    case: Case
    reply: Reply
    proves: set[str] = field(factory=set[str])

    @property
    def complaint(self) -> str | None:
        """Why a refusal of the same request with a fault says nothing; None where it says something."""
        if is_accepted(self.reply):
            return None
        return f"The same request without the fault ({self.case.note}) was not accepted: the server {self.came}."

    @property
    def came(self) -> str:
        """What the server did, in words."""
        return f"{self.reply.words}{' with no image' if self.reply.status == 200 else ''}"


@define
class _Run:
    options: ServerOptions
    findings: Findings
    budget: Budget
    sent: int = 0
    link: str | None = None
    last: str = ""
    locked_out: bool = False
    unprovoked: dict[int, str] = field(factory=dict[int, str])
    controls: dict[bytes, _Control] = field(factory=dict[bytes, "_Control"])

    def everything(self, on_progress: Progress) -> None:
        """Send what may be sent."""
        cases = keyless_cases() if self.budget.limit == 0 else self._cases()
        key = self.options.api_key or STAND_IN_KEY
        trust = not self.options.on_loopback
        with Sender(self.options.url, read_view(), key, self.options.timeout, trust_env=trust) as sender:
            try:
                for number, case in enumerate(cases):
                    on_progress(number, len(cases), case.note)
                    self._try(case, sender)
                self._try_controls_again(sender)
                self._open_link(sender)
                on_progress(len(cases), len(cases), "done")
            except CannotConnectError as error:
                self._lose(error)
        self._weigh(cases)

    def _cases(self) -> tuple[Case, ...]:
        """Every case there is for such a server."""
        return plan_cases(self.options.seed, metered=self.budget.metered)

    def _try(self, case: Case, sender: Sender) -> None:
        reason = self._reason_against(case) or self._reason_of_controls(case, sender)
        if reason:
            if case.expect is Expect.ON_DEMAND:
                self.unprovoked[case.statuses[0]] = reason
            else:
                for name in case.requirements:
                    self.findings.add(name, Verdict.NOT_TRIED, reason)
            return
        self._send(case, sender)

    def _send(self, case: Case, sender: Sender) -> Reply:
        reply = sender.send(case)
        self.sent += 1
        self.last = case.note
        self.budget.settle(case, reply)
        if case.expect is Expect.ACCEPTED and case.payload.content_type:
            self.controls.setdefault(case.payload.body, _Control(case, reply)).reply = reply
        try:
            self._judge(case, reply)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault of the kit, and the run goes on
            frame = traceback.extract_tb(error.__traceback__)[-1]
            words = f"The kit itself failed ({type(error).__name__}: {error}, in {frame.name}, line {frame.lineno})."
            self.findings.add(case.requirement, Verdict.HARNESS_FAULT, words, reply.exchange)
        return reply

    def _reason_of_controls(self, case: Case, sender: Sender) -> str | None:
        """Why a refusal would say nothing: the server does not accept the same request without its fault either."""
        for control in case.controls:
            known = self.controls.get(control.payload.body)
            if known is None:
                # Without an image that is left afterwards, the request with the fault could not be sent.
                reason = self.budget.refuses(control, besides=1)
                if reason:
                    return reason
                self._send(control, sender)
                known = self.controls[control.payload.body]
            if known.complaint:
                return known.complaint if self.findings.ever_held(KEY_ACCEPTED) else _NONE_ACCEPTED
            known.proves.add(case.requirement)
        if case.generated is None or case.expect is not Expect.REFUSED:
            return None
        # What schemathesis makes has no valid request beside it, so that each of its fields has to do.
        never = self._never_accepted(case)
        return f"No valid request{never} was accepted, so a refusal says nothing." if never else None

    def _never_accepted(self, case: Case) -> str:
        """What a request has that no accepted request had so far: a field, or any of them; empty for nothing."""
        if not self.findings.ever_held(KEY_ACCEPTED):
            return " at all"
        return next((f" with {name}" for name in case.fields if not self._was_accepted(name)), "")

    def _was_accepted(self, name: str) -> bool:
        return self.findings.ever_held(f"request.{name}.accepted")

    def _try_controls_again(self, sender: Sender) -> None:
        """See whether valid requests are still accepted, where that is free: a server may have closed on the way."""
        if self.budget.metered:
            return
        for control in list(self.controls.values()):
            if control.proves and not is_accepted(self._send(control.case, sender)):
                for name in control.proves:
                    same = f"The same request without the fault ({control.case.note})"
                    words = f"{same} was accepted at first, and no longer in the end: the server {control.came}."
                    self.findings.void(name, words)

    def _reason_against(self, case: Case) -> str | None:
        if self.budget.metered and case.local:
            return case.local
        if case.key is KeyUse.WRONG and not self.budget.metered and self.options.api_key is None:
            return "No key was given (--key-env), so none can be told to be wrong: a test server may take any."
        if case.key.sends_key and self.locked_out:
            return f"The key was not let in ({KEY_ACCEPTED}), so nothing else can be tried."
        return self.budget.refuses(case)

    def _judge(self, case: Case, reply: Reply) -> None:
        if case.expect is Expect.ON_DEMAND and reply.status not in {None, *case.statuses}:
            (wanted,) = case.statuses
            asked = f"Prefer: code={wanted} is not honoured (the answer was a {reply.status})"
            self.unprovoked[wanted] = f"No {wanted} could be provoked: {asked}."
        judged = judge_case(case, reply, metered=self.budget.metered, never_accepted=self._never_accepted(case))
        for name, verdict, words, cause in list(judged):
            self.findings.add(name, verdict, words, reply.exchange, cause)
        if reply.status is None:
            return
        for name, problem in judge_answer(reply).items():
            verdict = Verdict.FAILED if problem else Verdict.HELD
            words = f"After {case.note}: {problem}." if problem else ""
            self.findings.add(name, verdict, words, reply.exchange)
        self.locked_out |= case.requirement == KEY_ACCEPTED and reply.status == 401
        if case.generated is not None:
            complaints = complaints_of_schemathesis(case, reply)
            verdict = Verdict.FAILED if complaints else Verdict.HELD
            self.findings.add("generated.answers", verdict, " ".join(complaints), reply.exchange)
        if reply.status == 200 and self.link is None:
            self.link = next(iter(links_of(reply.body)), None)

    def _open_link(self, sender: Sender) -> None:
        """Fetch one image, if that reaches no machine that nobody spoke of."""
        name = "answer.200.link-opens"
        host = urlsplit(self.link or "").hostname
        if self.link is None:
            self.findings.add(name, Verdict.NOT_TRIED, "No answer had a link.")
        elif self.options.on_loopback and not is_loopback(host or ""):
            words = f"The link leads to {host}, and a run on loopback does not leave this machine."
            self.findings.add(name, Verdict.NOT_TRIED, words)
        else:
            try:
                reply = sender.fetch(self.link, "the image of a link, without the key")
            except CannotConnectError as error:
                self.findings.add(name, Verdict.NOT_TRIED, f"The host of the link cannot be reached ({error}).")
                return
            image = reply.headers.get("content-type", "").startswith("image/")
            held = reply.status == 200 and image and bool(reply.body)
            wrong = f"It {reply.words} with {reply.headers.get('content-type', 'no Content-Type')}, not an image."
            self.findings.add(name, Verdict.HELD if held else Verdict.FAILED, "" if held else wrong, reply.exchange)

    def _lose(self, error: CannotConnectError) -> None:
        """The server is gone, or never was there: nothing is known of what was not tried."""
        words = f"The server cannot be reached ({error})."
        if self.sent:
            words = f"The server can no longer be reached ({error}). The last of {self.sent} requests was: {self.last}."
        for name in server_requirements():
            if self.findings.verdict(name) is None:
                self.findings.add(name, Verdict.HARNESS_FAULT, words)

    def _weigh(self, cases: tuple[Case, ...]) -> None:
        """Take back what held for a reason that says nothing, and say why the rest is not known."""
        let_in = self.findings.ever_held(KEY_ACCEPTED)
        for name in {case.requirement for case in cases if case.expect is Expect.UNAUTHORIZED}:
            if not let_in and self.budget.limit == 0:
                words = "A 401 came, and the key was not sent (--max-images is 0): who lets in nobody answers alike."
                self.findings.void(name, words)
            elif not let_in:
                words = "A request with the key was not accepted either, so a refusal without it says nothing."
                self.findings.void(name, words)
        if not self.findings.ever_held("generated.valid-accepted"):
            self.findings.void("generated.invalid-refused", "None of its valid requests was accepted.")
        for name in server_requirements():
            if self.budget.limit == 0 and self.findings.verdict(name) is None:
                self.findings.add(name, Verdict.NOT_TRIED, "It takes requests that could be billed: --max-images is 0.")
            if name.startswith("generated.") and not has_schemathesis():
                self.findings.add(name, Verdict.NOT_TRIED, WITHOUT_SCHEMATHESIS)
            for status, words in self.unprovoked.items():
                if name.startswith(f"answer.{status}.") and self.findings.verdict(name) is None:
                    self.findings.add(name, Verdict.NOT_TRIED, words)

    def notes(self) -> list[str]:
        """What is true of the whole run."""
        notes = [f"{self.sent} generate requests were sent."]
        if self.budget.limit:
            notes.append(f"{self.budget.spent} of at most {self.budget.limit} images were billed or may have been.")
            notes.append(describe_cost(self.budget.limit))
        elif self.budget.metered:
            notes.append("Nothing was sent that could be billed: no request had the key, and none had a prompt.")
        return notes
