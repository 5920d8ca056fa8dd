"""Scenarios about answers: each is understood, and nothing that may have run is sent again."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.contract.view import example_of, read_view

from ..requirement import Requirement, join_pointer
from ..server.catalogue import places
from .samples import default_prompt
from .scenario import ELSEWHERE, IMAGE_LINK, Cut, Ending, Reply, Scenario, Told

if TYPE_CHECKING:
    from collections.abc import Iterator

_JSON: Final = {"Content-Type": "application/json"}
_HTML: Final = {"Content-Type": "text/html; charset=UTF-8"}
_PAGE: Final = "<!DOCTYPE html>\n<html><body><h1>Something went wrong</h1></body></html>\n"
IMAGE_MADE: Final = Ending(Told.IMAGE, 200)
_UNKNOWN: Final = (Ending(Told.UNKNOWN),)
_UNDOCUMENTED: Final = (HTTPStatus.INTERNAL_SERVER_ERROR, 520)
"""Statuses of which the contract says nothing, so that nobody knows whether the request ran."""

_OLD: Final = {"Deprecation": "@1767225600", "Link": f'<{ELSEWHERE}>; rel="successor-version"'}
"""What the provider's older operations answer with."""

_PAUSE: Final = 1


def good_answer() -> Reply:
    """The contract's example of a 200, with links to the image."""
    return _answered(_example())


def answer_scenarios() -> Iterator[Scenario]:
    """All of them."""
    yield from _refusals()
    yield from _undocumented()
    yield from _odd_successes()
    yield from _withheld()
    yield from _rate_limit()
    yield from _cuts()
    yield from _redirects()


def _example() -> dict[str, Any]:
    """The contract's example of a 200 that has links."""
    examples = read_view().responses[200].examples
    example = next(example for example in examples if all(image.get("url") for image in example["data"]))
    return {**example, "data": [image | {"url": IMAGE_LINK} for image in example["data"]]}


def _answered(body: dict[str, Any]) -> Reply:
    return Reply(200, body, _JSON)


def _changed(**members: Any) -> dict[str, Any]:
    """The example with these members in each of its images."""
    example = _example()
    return {**example, "data": [image | members for image in example["data"]]}


def _scenario(name: str, title: str, pointer: str, *answers: Reply, endings: tuple[Ending, ...]) -> Scenario:
    return Scenario(Requirement(name, title, pointer), default_prompt(), answers, endings)


def _refusals() -> Iterator[Scenario]:
    """Documented and observed statuses that are not billed."""
    view = read_view()
    observed = join_pointer(places().operation, "x-observed-statuses")
    for status in sorted({*view.responses, *view.observed}):
        billed = view.operation.billed.get(status)
        if billed is True:
            continue
        documented = view.responses.get(status)
        at = places().answer(status) if documented else join_pointer(observed, list(view.observed).index(status))
        body: Any = _problem(status)
        if documented and (documented.examples or documented.schema):
            body = documented.examples[0] if documented.examples else example_of(view, documented.schema)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            body = body | {"reject_reason": _hopeless()}
        told = Told.REFUSED if billed is False else Told.UNKNOWN
        title = f"A {status} is told as {told.value}, with its status."
        yield _scenario(f"answer.{status}", title, at, Reply(status, body, _JSON), endings=(Ending(told, status),))
        if status == HTTPStatus.FORBIDDEN:
            title = f"A {status} whose body is HTML is told as refused, with its status."
            page = Reply(status, _PAGE, _HTML)
            yield _scenario(f"answer.{status}.html", title, at, page, endings=(Ending(told, status),))


def _problem(status: int) -> dict[str, Any]:
    return {"type": "about:blank", "title": "Problem", "detail": read_view().observed.get(status, ""), "status": status}


def _hopeless() -> str:
    """A reason of a 429 against which waiting does not help, so that a client tells it at once."""
    return next(reason for reason, helps in read_view().operation.reject_reasons.items() if not helps)


def _undocumented() -> Iterator[Scenario]:
    for status in map(int, _UNDOCUMENTED):
        title = f"A {status}, of which the contract says nothing, is told as unknown, with its status."
        page = Reply(status, _PAGE, _HTML)
        yield _scenario(f"answer.{status}", title, places().responses, page, endings=(Ending(Told.UNKNOWN, status),))


def _odd_successes() -> Iterator[Scenario]:
    at = places().answer(200)
    odd = _changed(resolution="12345x67", future_member={"deep": [None, 1.5]})
    values = {**_example(), "response_type": "link_of_a_kind_to_come"}
    members = {**odd, "future_member": True}
    title = "Values that the contract does not list yet do not lose an image that was paid for."
    yield _scenario("answer.200.unknown-values", title, at, _answered(values), endings=(IMAGE_MADE,))
    title = "Members and sizes that the contract does not have do not lose an image that was paid for."
    yield _scenario("answer.200.unknown-members", title, at, _answered(members), endings=(IMAGE_MADE,))
    title = "An answer that tells of a newer version loses no image, and the link to that version is not followed."
    old = Reply(200, _example() | {"notice": "There is a newer version."}, {**_JSON, **_OLD})
    yield _scenario("answer.200.deprecated", title, at, old, endings=(IMAGE_MADE,))
    title = "A 200 that is no JSON is billed, and told as unknown, not as refused."
    yield _scenario("answer.200.html", title, at, Reply(200, _PAGE, _HTML), endings=_UNKNOWN)


def _withheld() -> Iterator[Scenario]:
    at = places().answer(200)
    withheld = next(
        example
        for example in read_view().responses[200].examples
        if not any(image["is_image_safe"] for image in example["data"])
    )
    absent = {
        **withheld,
        "data": [{key: value for key, value in image.items() if key != "url"} for image in withheld["data"]],
    }
    empty = {**withheld, "data": [image | {"url": ""} for image in withheld["data"]]}
    for word, body in (("null", withheld), ("empty", empty), ("absent", absent)):
        title = f"An image that was withheld, its url {word}, is told as withheld."
        ending = Ending(Told.WITHHELD, 200)
        yield _scenario(f"answer.200.withheld.url-{word}", title, at, _answered(body), endings=(ending,))


def _rate_limit() -> Iterator[Scenario]:
    body = read_view().responses[429].examples[0]
    at = join_pointer(places().responses, 429, "headers", "Retry-After")
    busy = Reply(429, body, {**_JSON, "Retry-After": str(_PAUSE)})
    yield Scenario(
        Requirement("retry.429", "A 429 is told, or the request sent again no sooner than Retry-After has it.", at),
        default_prompt(),
        (busy, good_answer()),
        (IMAGE_MADE, Ending(Told.REFUSED, 429)),
        pause=_PAUSE,
    )


def _cuts() -> Iterator[Scenario]:
    at = join_pointer(places().operation, "description")
    cuts = {
        "reset": (Cut.RESET_AFTER_REQUEST, "the connection was reset"),
        "close": (Cut.CLOSE_AFTER_REQUEST, "the connection was closed"),
        "half-head": (Cut.RESET_IN_HEADERS, "the answer broke off in its head"),
    }
    for word, (cut, words) in cuts.items():
        title = f"A request is not sent again after {words}: it may have run. It is told as unknown."
        yield Scenario(
            Requirement(f"retry.never-after-{word}", title, at),
            default_prompt(),
            (Reply(None, cut=cut), good_answer()),
            _UNKNOWN,
            most_posts=1,
        )
    status = int(HTTPStatus.SERVICE_UNAVAILABLE)
    title = f"A request is not sent again after a {status}: it may have run."
    yield Scenario(
        Requirement(f"retry.never-after-{status}", title, at),
        default_prompt(),
        (Reply(status, _PAGE, _HTML), good_answer()),
        (Ending(Told.UNKNOWN, status),),
        most_posts=1,
    )


def _redirects() -> Iterator[Scenario]:
    key = "#/components/securitySchemes/ApiKey/in"
    for status in (int(HTTPStatus.FOUND), int(HTTPStatus.TEMPORARY_REDIRECT)):
        yield Scenario(
            Requirement(f"redirect.{status}", f"A {status} of the service carries the key to no other host.", key),
            default_prompt(),
            (Reply(status, "", {"Location": ELSEWHERE}),),
            (Ending(Told.REFUSED), Ending(Told.UNKNOWN)),
            most_posts=1,
        )
    title = "A redirect of the image host is followed without the key, or told."
    yield Scenario(
        Requirement("redirect.image", title, places().answer(200)),
        default_prompt(),
        (good_answer(),),
        (IMAGE_MADE, Ending(Told.UNKNOWN)),
        most_posts=1,
        image_host=(Reply(302, "", {"Location": f"{ELSEWHERE}image.png"}),),
    )
