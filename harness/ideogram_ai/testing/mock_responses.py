"""The answers of the mock server: the contract's own examples where there are any."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import responses
from typing import TYPE_CHECKING, Any, Final

from attrs import Factory, asdict, frozen

from ideogram_ai.client.request import is_object
from ideogram_ai.contract.view import example_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ideogram_ai.contract.problems import Problem
    from ideogram_ai.contract.view import ContractView

STATUSES: Final = range(200, 600)
"""The statuses that an answer may have."""
WITHOUT_BODY: Final = frozenset({204, 205, 304})
"""The statuses whose responses have no body."""


@frozen
class Answer:
    """An answer that is ready to be sent.

    Attributes:
        status: HTTP status.
        body: The body's bytes, JSON or nothing.
        headers: Headers beside Content-Type and Content-Length.
        why: The reason for this answer, for the ledger.
        billed: Whether the service would bill it; None for what the contract says of its status.
    """

    status: int
    body: bytes
    why: str
    headers: Mapping[str, str] = Factory(dict[str, str])
    billed: bool | None = None


def json_answer(
    status: int, value: Any, why: str, headers: Mapping[str, str] | None = None, *, billed: bool | None = None
) -> Answer:
    """Return an answer with a JSON body."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, body, why, headers or {}, billed)


def problem_answer(
    view: ContractView,
    status: int,
    detail: str,
    problems: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Return problem details in the form of the contract's example of a 400."""
    example = _example(view, 400)
    body: dict[str, Any] = {
        **(example if is_object(example) else {"type": "about:blank"}),
        "title": responses.get(status, f"Status {status}"),
    }
    body |= {"detail": detail, "status": status}
    if problems:
        body["errors"] = [
            asdict(problem, filter=lambda attribute, _: attribute.name != "status") for problem in problems
        ]
    return json_answer(status, body, detail, headers)


def refusal(view: ContractView, problems: Sequence[Problem]) -> Answer:
    """Return the answer to a request that breaks the contract: the first problem, and a list of all."""
    first = problems[0]
    more = {problem.detail for problem in problems} - {first.detail}
    detail = first.detail + (f" And {len(more)} more, see errors." if more else "")
    return problem_answer(view, first.status, detail, problems)


def no_key_answer(view: ContractView, *, bearer: bool) -> Answer:
    """Return the answer to a request without a key."""
    why = f"no key in the header {view.api_key_header}"
    example = _example(view, 401)
    body: dict[str, Any] = (
        dict(example) if is_object(example) else json.loads(problem_answer(view, 401, "No API key").body)
    )
    if bearer:
        body["detail"] = (
            f"{body.get('detail', 'No API key')}. The key came in Authorization, which is not read: send it without "
            f"Bearer in the header {view.api_key_header}."
        )
        why += ", but one in Authorization"
    return json_answer(401, body, why)


def _example(view: ContractView, status: int) -> Any:
    """Return the first example of a documented answer; None without one."""
    rule = view.responses.get(status)
    return rule.examples[0] if rule and rule.examples else None


def limit_answer(view: ContractView, why: str, **members: int) -> Answer:
    """Return the answer to a request above a limit, with these values of members that the contract's example has."""
    example, rule = _example(view, 429), view.responses.get(429)
    if rule is None or not is_object(example):
        return problem_answer(view, 429, why)
    body = example | {name: value for name, value in members.items() if name in example}
    return json_answer(429, body, why, rule.headers)


def announcing_answer(view: ContractView, answer: Answer) -> Answer:
    """Add the notice of a newer operation to a successful answer, in `notice` and in headers, if there are examples."""
    rule = view.responses[answer.status]
    notice = view.resolve(rule.schema).get("properties", {}).get("notice", {}).get("examples", [])
    body = json.loads(answer.body) | ({"notice": notice[0]} if notice else {})
    headers = {**answer.headers, **rule.announcements}
    return json_answer(answer.status, body, f"{answer.why}, deprecated", headers, billed=answer.billed)


def forced_answer(view: ContractView, status: int, why: str) -> Answer:
    """Return the answer with a status from 200 to 599, documented or not, whatever the request is."""
    if status in WITHOUT_BODY:
        return Answer(status, b"", why)
    rule = view.responses.get(status)
    if rule and rule.examples:
        return json_answer(status, rule.examples[0], why, rule.headers)
    if rule and rule.schema:
        return json_answer(status, example_of(view, rule.schema), why, rule.headers)
    if status == 402 and view.operation.reject_reasons and is_object(_example(view, 429)):
        return json_answer(status, _no_balance(view), why)
    because = view.observed.get(status, "asked for")
    answer = problem_answer(view, status, f"{because} ({why})")
    return Answer(status, answer.body, why)


def _no_balance(view: ContractView) -> dict[str, Any]:
    """Return the body of a 402: that of a 429, with a reason that does not pass."""
    reason = next(reason for reason, waiting_helps in view.operation.reject_reasons.items() if not waiting_helps)
    body: dict[str, Any] = {
        **view.responses[429].examples[0],
        "error": view.observed.get(402, "no balance").partition(";")[0],
        "reject_reason": reason,
    }
    body.pop("max_inflight_requests", None)
    return body
