"""Judges one run of a program: what arrived on the wire, and what the program told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.client.json_types import is_array, is_object
from ideogram_ai.contract.decoding import json_text
from ideogram_ai.contract.problems import shown
from ideogram_ai.contract.view import read_view

from ...faults.connection_faults import ANOTHER_CALLER
from . import catalogue
from .reading import body_of, read_form
from .scenario import Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ...faults import ReceivedRequest
    from .program import Account, Ran
    from .reading import ReadForm
    from .scenario import Scenario
    from .stage import Seen

Finding = tuple[str, str]
"""The id of a requirement, and what is wrong; nothing when it held."""

_FORM_LINE_ENDS: Final = re.compile(r"\r\n|\r|\n")


_EARLY: Final = 0.01
"""Seconds by which a pause may be too short: timers of some languages round down."""


def judge_run(scenario: Scenario, seen: Seen, ran: Ran, key: str, folder: Path) -> Iterator[Finding]:
    """What a run says of the requirements.

    Args:
        scenario: What was played.
        seen: What reached the servers.
        ran: What the program told.
        key: The key that it was given.
        folder: Where it ran, for paths that are not absolute.
    """
    yield catalogue.OUTPUT, ran.problem
    yield catalogue.KEY_SHOWN, f"the key stands in {ran.key_shown}" if ran.key_shown else ""
    for request in (request for request in seen.service.posts if request.whole_request_read):
        yield from _judge_request(request, key)
    if seen.service.posts:
        count = seen.service.may_have_run
        paid_twice = f"{count} requests that may have run, and been billed, were sent for one image"
        yield catalogue.ONCE, paid_twice if count > 1 else ""
    yield from _judge_other_hosts(seen, key)
    if ran.account is not None and ran.account.told is Told.IMAGE:
        yield catalogue.IMAGE_BYTES, _complaint_about_image(ran.account, seen.image, folder)
    yield scenario.id, "; ".join(_complaints(scenario, seen, ran))


def _judge_request(request: ReceivedRequest, key: str) -> Iterator[Finding]:
    view = read_view()
    path, _, query = request.target.partition("?")
    right = request.method == view.operation.method and path == view.operation.path
    yield catalogue.OPERATION, "" if right else f"{request.method} {path} was asked for"
    value = request.header(view.api_key_header)
    words = f"the header {view.api_key_header} is " + ("missing" if value is None else "another one than the key")
    yield catalogue.KEY, "" if value == key else words
    bearer = request.header("Authorization") is not None
    yield catalogue.BEARER, "there is an Authorization header" if bearer else ""
    places = [place for place, text in (("query", query.encode()), ("body", request.body)) if key.encode() in text]
    yield catalogue.KEY_ELSEWHERE, f"the key stands in the {' and the '.join(places)}" if places else ""
    yield from _judge_form(read_form(request))


def _judge_form(form: ReadForm) -> Iterator[Finding]:
    # A value that cannot be read is told by the scenario; here it is the form that counts.
    names = [name for name, _ in form.items]
    twice = sorted({name for name in names if names.count(name) > 1})
    unreadable = form.problems[0] if not form.parts and form.problems else ""
    yield catalogue.FORM, unreadable or (f"{', '.join(twice)} came more than once" if twice else "")
    for part in form.parts:
        rule = read_view().fields.get(part.name)
        if rule is not None and rule.content_type:
            sent = part.content_type or "not marked"
            words = f"the part {part.name} is {sent}, and not {rule.content_type}"
            yield catalogue.part_type_id(part.name), "" if part.content_type == rule.content_type else words


def _judge_other_hosts(seen: Seen, key: str) -> Iterator[Finding]:
    hosts = {"image host": seen.image_host, "host of a redirect": seen.other_host}
    reached = {name: ledger for name, ledger in hosts.items() if ledger.requests}
    if reached:
        told = [name for name, ledger in reached.items() if key.encode() in ledger.raw]
        yield catalogue.IMAGE_KEY, f"the key was sent to the {' and the '.join(told)}" if told else ""


def _complaint_about_image(account: Account, image: bytes, folder: Path) -> str:
    if account.image is None:
        return "the outcome is image, and no path of it was printed"
    path = folder / account.image
    try:
        saved = path.read_bytes()
    except (OSError, ValueError) as error:
        return f"the image cannot be read at {account.image!r}: {getattr(error, 'strerror', None) or error}"
    if saved == image:
        return ""
    return f"the image that was saved has {len(saved)} bytes, and not the {len(image)} that were sent"


def _complaints(scenario: Scenario, seen: Seen, ran: Ran) -> Iterator[str]:
    """What is wrong with what the scenario itself is about."""
    posts = [request for request in seen.service.posts if request.whole_request_read]
    if not seen.service.posts and scenario.most_posts != 0:
        yield "no request arrived"
    if posts and scenario.sends is not None:
        yield from _complaints_about_fields(read_form(posts[0]), scenario.sends)
    if scenario.most_posts is not None and len(seen.service.posts) > scenario.most_posts:
        count = f"{len(seen.service.posts)} request{'s were' if len(seen.service.posts) > 1 else ' was'}"
        yield f"{count} sent, and {f'at most {scenario.most_posts}' if scenario.most_posts else 'none'} may be"
    if any(ANOTHER_CALLER in request.target for request in seen.image_host.gets):
        yield "the image of another caller was taken for the one that was asked for"
    if seen.other_host.posts:
        yield "the request was sent to the host of a redirect"
    if scenario.pause is not None:
        pauses = [later - earlier for earlier, later in zip(seen.arrived, seen.arrived[1:], strict=False)]
        if pauses and pauses[0] < scenario.pause - _EARLY:
            yield f"the request was sent again after {pauses[0]:.2f} s, and not after {scenario.pause:g} s"
    if ran.account is None:
        yield ran.problem
    elif not any(
        ran.account.told is ending.told and ending.status in {None, ran.account.status} for ending in scenario.endings
    ):
        wanted = " or ".join(_ending(ending.told, ending.status) for ending in scenario.endings)
        yield f"the program told {_ending(ran.account.told, ran.account.status)}, and not {wanted}"


def _ending(told: Told, status: int | None) -> str:
    return told.value if status is None else f"{told.value} with status {status}"


def _complaints_about_fields(form: ReadForm, wanted: Mapping[str, Any]) -> Iterator[str]:
    if not form.parts:
        yield from form.problems
        return
    sent = dict(form.items)
    wrong = list(_differences(sent, wanted))
    # What a server cannot read is wrong too, however it looks: a charset that nobody has. A field twice is the form's.
    yield from wrong or (form.problems if len(sent) == len(form.items) else ())


def _differences(sent: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    for name, value in wanted.items():
        if name not in sent:
            if value is not None:
                yield f"{name} did not arrive"
        elif _sorted(sent[name]) == _sorted(value) and not is_same(sent[name], value):
            yield f"{name}: its keys came in another order"
        elif not is_same(sent[name], value) and not is_same(sent[name], as_form(value)):
            yield f"{name} is {shown(sent[name])}, and not {shown(value)}"
    more = [name for name in sent if name not in wanted]
    if more:
        yield f"{', '.join(more)} arrived and was not asked for"


def as_form(value: Any) -> Any:
    """A text with the line ends that HTML forms write, so FormData in browsers and elsewhere: CRLF each."""
    return _FORM_LINE_ENDS.sub("\r\n", value) if isinstance(value, str) else value


def advice_about(scenario: Scenario, seen: Seen) -> str:
    """What is worth a look in a run that has no fault; empty when nothing is."""
    posts = [request for request in seen.service.posts if request.whole_request_read]
    sent = dict(read_form(posts[0]).items) if posts else {}
    changed = [
        name
        for name, value in (scenario.sends or {}).items()
        if name in sent and as_form(value) != value and sent[name] == as_form(value)
    ]
    if not changed:
        return ""
    return (
        f"the line ends in {', '.join(changed)} arrived as CRLF: HTML forms write them so, FormData in a browser for "
        "one, and the prompt is not quite the one that was given"
    )


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON, key order too; 1 is the same as 1.0."""
    if is_object(one) and is_object(other):
        return list(one) == list(other) and all(is_same(one[key], other[key]) for key in one)
    if is_array(one) and is_array(other):
        return len(one) == len(other) and all(map(is_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _sorted(value: Any) -> str:
    if is_object(value):
        return json_text([[key, _sorted(value[key])] for key in sorted(value)])
    return json_text([_sorted(inner) for inner in value]) if is_array(value) else json_text(value)


def texts_of(request: ReceivedRequest) -> str:
    """A request as people read it, its transfer coding gone."""
    head = request.raw.partition(b"\r\n\r\n")[0]
    return (head + b"\r\n\r\n" + body_of(request)).decode("utf-8", "backslashreplace")
