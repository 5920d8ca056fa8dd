"""Judges whether a request was accepted or refused as it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..results import Verdict
from .answers import is_answer
from .case import Case, Expect
from .catalogue import KEY_ACCEPTED, PROMPT_RULE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sender import Reply

Finding = tuple[str, Verdict, str, str]
"""Id of a requirement, verdict, why, and what the failure comes from if others come from it too."""

# They are about the account, the path or the moment, and not about what the request says.
_BESIDE_THE_POINT: Final = frozenset({401, 402, 403, 404, 429})
_ACCOUNT: Final = frozenset({401, 402, 403, 429, 503})


def judge_case(case: Case, reply: Reply, *, metered: bool, never_accepted: str) -> Iterator[Finding]:
    """What the answer to a case says of the requirement that it tries, and of the status of refusals.

    Args:
        case: What was sent.
        reply: What came.
        metered: Whether the server has accounts, so that an answer may be about one.
        never_accepted: What it has in common with valid requests before it, none of which was accepted; empty for
            nothing.
    """
    if reply.status is None:
        words = f"{case.note}: the server {reply.failure}."
        yield from ((name, Verdict.FAILED, words, f"The server {reply.failure}.") for name in case.requirements)
        return
    match case.expect:
        case Expect.ACCEPTED:
            if reply.status == 422 and case.may_be_unsafe:
                return  # words that were drawn may fail the safety check: that says nothing
            verdict, words = _accepted(case, reply, reply.status, metered=metered)
            failed = verdict is Verdict.FAILED and never_accepted
            cause = f"No valid request{never_accepted} is accepted." if failed else ""
            # A key that is not let in says nothing of what else the request has.
            names = case.requirements if reply.status != 401 else (case.requirement,)
            yield from ((name, verdict, words, cause) for name in names)
        case Expect.UNAUTHORIZED:
            yield _unauthorized(case, reply.status, metered=metered)
        case Expect.REFUSED:
            yield from _refused(case, reply, reply.status, metered=metered)
        case Expect.ON_DEMAND:
            pass  # whatever comes, its body and head are judged by what they are


def is_accepted(reply: Reply) -> bool:
    """Whether a request ran: a 200 that is an answer of the operation. A login page is a 200, too."""
    return reply.status == 200 and is_answer(reply.body)


def _accepted(case: Case, reply: Reply, status: int, *, metered: bool) -> tuple[Verdict, str]:
    if is_accepted(reply):
        return Verdict.HELD, ""
    if metered and status in _ACCOUNT:
        return Verdict.NOT_TRIED, _about_account(status)
    words = f"{case.note}: {status} came, and 200 was to come."
    if status == 200:
        words = f"{case.note}: the 200 that came is no answer of this operation."
    if status == 401 and case.requirement == KEY_ACCEPTED:
        words += " If this server takes certain keys only, name one with --key-env."
    return Verdict.FAILED, words


def _about_account(status: int) -> str:
    return f"The service answered {status}, which is about the account."


def _unauthorized(case: Case, status: int, *, metered: bool) -> Finding:
    if status == 401:
        return case.requirement, Verdict.HELD, "", ""
    if metered and status in {400, 415}:
        words = f"The server looked at the body first ({status}), and a body that can run is not sent without a key."
        return case.requirement, Verdict.NOT_TRIED, words, ""
    words = f"{case.note}, {case.key}: {status} came, and 401 was to come."
    return case.requirement, Verdict.FAILED, words, f"A request without the right key gets a {status}, and no 401."


def _refused(case: Case, reply: Reply, status: int, *, metered: bool) -> Iterator[Finding]:
    wanted = " or ".join(map(str, case.statuses))
    if metered and status in _ACCOUNT:
        yield case.requirement, Verdict.NOT_TRIED, _about_account(status), ""
        return
    if not 400 <= status < 500 or status in _BESIDE_THE_POINT:
        what = "was accepted" if status == 200 else f"got a {status}"
        words = f"{case.note}: it {what}, and {wanted} was to come."
        yield case.requirement, Verdict.FAILED, words, _cause(case, status)
        return
    yield case.requirement, Verdict.HELD, "", ""
    if status in case.statuses:
        yield "answer.refusal-status", Verdict.HELD, "", ""
    else:
        words = f"{case.note}: {status} came, and {wanted} was to come."
        yield "answer.refusal-status", Verdict.FAILED, words, ""
    if case.field is not None:
        named = case.field.encode() in reply.body
        words = "" if named else f"{case.note}: the answer does not have the name {case.field}."
        yield "answer.refusal-names-field", Verdict.HELD if named else Verdict.FAILED, words, ""


def _cause(case: Case, status: int) -> str:
    what = "are accepted" if status == 200 else f"get a {status}"
    if case.field is not None:
        return f"Invalid values of {case.field} {what}."
    return f"Requests that break the prompt rule {what}." if case.requirement.startswith(PROMPT_RULE) else ""
