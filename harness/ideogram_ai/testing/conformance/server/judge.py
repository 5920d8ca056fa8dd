"""Judges whether a request was accepted or refused as it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..results import Verdict
from .case import Case, Expect
from .catalogue import KEY_ACCEPTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sender import Reply

Finding = tuple[str, Verdict, str]
"""Id of a requirement, verdict, why."""

# They are about the account, the path or the moment, and not about what the request says.
_BESIDE_THE_POINT: Final = frozenset({401, 402, 403, 404, 429})
_ACCOUNT: Final = frozenset({401, 402, 403, 429, 503})


def judge_case(case: Case, reply: Reply, *, metered: bool) -> Iterator[Finding]:
    """What the answer to a case says of the requirement that it tries, and of the status of refusals.

    Args:
        case: What was sent.
        reply: What came.
        metered: Whether the server has accounts, so that an answer may be about one.
    """
    if reply.status is None:
        words = f"{case.note}: the server {reply.failure}."
        yield from ((name, Verdict.FAILED, words) for name in case.requirements)
        return
    match case.expect:
        case Expect.ACCEPTED:
            verdict, words = _accepted(case, reply.status, metered=metered)
            # A key that is not let in says nothing of what else the request has.
            names = case.requirements if reply.status != 401 else (case.requirement,)
            yield from ((name, verdict, words) for name in names)
        case Expect.UNAUTHORIZED:
            yield _unauthorized(case, reply.status, metered=metered)
        case Expect.REFUSED:
            yield from _refused(case, reply, reply.status)
        case Expect.ON_DEMAND:
            pass  # whatever comes, its body and head are judged by what they are


def _accepted(case: Case, status: int, *, metered: bool) -> tuple[Verdict, str]:
    if status == 200:
        return Verdict.HELD, ""
    if metered and status in _ACCOUNT:
        return Verdict.NOT_TRIED, f"The service answered {status}, which is about the account."
    if status == 422 and case.may_be_unsafe:
        return Verdict.HELD, ""  # random words may fail the safety check: the request was understood
    words = f"{case.note}: {status} came, and 200 was to come."
    if status == 401 and case.requirement == KEY_ACCEPTED:
        words += " If this server takes certain keys only, name one with --key-env."
    return Verdict.FAILED, words


def _unauthorized(case: Case, status: int, *, metered: bool) -> Finding:
    if status == 401:
        return case.requirement, Verdict.HELD, ""
    if metered and status in {400, 415}:
        words = f"The server looked at the body first ({status}), and a body that can run is not sent without a key."
        return case.requirement, Verdict.NOT_TRIED, words
    return case.requirement, Verdict.FAILED, f"{case.note}, {case.key}: {status} came, and 401 was to come."


def _refused(case: Case, reply: Reply, status: int) -> Iterator[Finding]:
    wanted = " or ".join(map(str, case.statuses))
    if not 400 <= status < 500 or status in _BESIDE_THE_POINT:
        what = "was accepted" if status == 200 else f"got a {status}"
        yield case.requirement, Verdict.FAILED, f"{case.note}: it {what}, and {wanted} was to come."
        return
    yield case.requirement, Verdict.HELD, ""
    if status in case.statuses:
        yield "answer.refusal-status", Verdict.HELD, ""
    else:
        words = f"{case.note}: {status} came, and {wanted} was to come."
        yield "answer.refusal-status", Verdict.FAILED, words
    if case.field is not None:
        named = case.field.encode() in reply.body
        words = "" if named else f"{case.note}: the answer does not have the name {case.field}."
        yield "answer.refusal-names-field", Verdict.HELD if named else Verdict.FAILED, words
