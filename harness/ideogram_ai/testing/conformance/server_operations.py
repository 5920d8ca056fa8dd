"""Conformance of a server beyond generate: every other operation of the contract, the jobs, and the webhooks."""

from __future__ import annotations

import json
import re
import time
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ideogram_ai.client.errors import ConfigurationError, WebhookVerificationError
from ideogram_ai.client.jobs import COMPLETED, FAILED, Job, read_job
from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.client.webhooks import verify_webhook
from ideogram_ai.contract.check import find_problems
from ideogram_ai.contract.problems import shown
from ideogram_ai.contract.view import MASK, find_view
from ideogram_ai.generated.operations import OPERATIONS

from ..faults import FaultServer, answer_with
from ..faults.wire import png
from ..strategies import BrokenRequest, broken_requests, request_rules, requests
from ..strategies.schema_values import without_content
from .kit import (
    ResultCollector,
    Verdict,
    example_requests,
    key_view,
    makes_job,
    pointers,
    poll_view,
)
from .server_judge import ABOUT_ACCOUNT, NOT_ABOUT_CONTENT
from .server_plan import draw
from .server_requests import CaseSender, Expect, KeyUse, RequestCase, encode
from .server_requirements import (
    WEBHOOK,
    getter_of,
    id_names,
    link_names,
    operation_requirements,
    references,
    short_rule,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from ideogram_ai.contract.view import ContractView
    from ideogram_ai.generated.operations import Operation

    from ..faults import ReceivedRequest
    from .kit import Progress
    from .server import ServerOptions
    from .server_requests import ServerResponse

_VALID: Final = 2
"""How many valid requests of each operation are made at least, where nothing is billed."""
_UNKNOWN_ID: Final = "bm8tc3VjaC1qb2I"
_POLL_PAUSE: Final = 0.25
_MANY: Final = 15
"""How many files are added to something by its id: as many as a training takes at least, says the contract in words."""
_MADE_UP: Final = re.compile("_ur[il]s?$")
"""The ends of names of fields that lead to something. A random one leads nowhere, so valid requests have none."""


def choose_operations(names: Iterable[str], *, metered: bool = False) -> tuple[str, ...]:
    """Check which operations are to be tested: methods of the client, or `all`, without what is dear if it is billed.

    Raises:
        ConfigurationError: There is no such operation.
    """
    known = tuple(operation.method_name for operation in OPERATIONS.values())
    chosen = tuple(names)
    for name in chosen:
        if name not in {"all", *known}:
            raise ConfigurationError(f"operation is {name!r}; give all, or some of {', '.join(known)}.")
    every = {name for name in known if not metered or name not in dear_operations()} if "all" in chosen else set[str]()
    return tuple(name for name in known if name in chosen or name in every)


@cache
def dear_operations() -> Mapping[str, Decimal]:
    """The prices of operations of which one request costs more than 1 USD: they are sent where they are named alone."""
    every = {operation.method_name: highest_price(operation) for operation in OPERATIONS.values()}
    return {name: price for name, price in every.items() if price is not None and price > 1}


def highest_price(operation: Operation) -> Decimal | None:
    """The highest price of a request for one image, or of any request where none is asked for; None if unknown."""
    prices = [operation.price, *(other.price for other in operation.other_prices)]
    return max((Decimal(usd) for price in prices if price is not None for usd in price.usd.values()), default=None)


def _values_of(value: Any, names: Container[str]) -> Iterator[tuple[str, str]]:
    """The texts of some members of an answer, at any depth, with their names."""
    for name, inner in value.items() if is_object(value) else ():
        if name in names and isinstance(inner, str):
            yield name, inner
        yield from _values_of(inner, names)
    for inner in value if is_array(value) else ():
        yield from _values_of(inner, names)


class _Prepared(NamedTuple):
    note: str
    fields: dict[str, Any]


class OperationsRun:
    """Tests operations on a server, and adds what it finds to the results.

    What one operation makes, the next ones are asked about: a field named `dataset_id` gets what an answer had in a
    member of this name. Nothing is sent that changes what this run did not make.
    """

    def __init__(self, options: ServerOptions, results: ResultCollector, sender: CaseSender) -> None:
        self.options = options
        self.results = results
        self.sender = sender
        self._ids: dict[str, dict[str, bool]] = {}  # by name, whether this run made what the id is of

    def run(self, names: Sequence[str], on_progress: Progress) -> None:
        """Test some operations: those that need no id, those that change something by its id, those that look at it."""
        views = sorted(map(find_view, names), key=lambda view: bool(references(view)) + _only_looks(view))
        for number, view in enumerate(views):
            on_progress(number, len(names), view.operation.method_name)
            self._test(view)
        on_progress(len(names), len(names), "done")

    def _test(self, view: ContractView) -> None:
        name = view.operation.method_name
        valid = self._valid_requests(view)
        if view.operation.authenticated:
            self._test_key(view, valid)
        accepted = [self._test_valid(view, made) for made in valid]
        if True not in accepted:
            why = "No valid request of this operation was accepted, so nothing else is known."
            for lacking in (each for each in references(view) if not self._known(view, each)):
                why = f"No answer gave a {lacking} of what this run made: test the operation that makes it, too."
            for other in operation_requirements(name):
                if self.results.verdict(other) is None:
                    self.results.add(other, Verdict.NOT_TRIED, why)
            self.results.retract(f"{name}.key-missing", why) if view.operation.authenticated else None
            return
        for rule in request_rules(operation=view.operation):
            self._test_rule(view, rule)
        if f"{name}.unknown" in self.results.requirements:
            self._test_unknown(view, valid[0].fields)
        if WEBHOOK in view.fields:
            self._test_webhook(view, valid[0].fields)

    # Requests

    def _known(self, view: ContractView, name: str) -> list[str]:
        """The ids that a field may have: to look at something, any; to change it, those of what this run made."""
        known = self._ids.get(name, {})
        return sorted((each for each in known if known[each] or _only_looks(view)), key=lambda each: not known[each])

    def _valid_requests(self, view: ContractView) -> list[_Prepared]:
        """The examples of the contract and a few random requests; where requests are billed, one."""
        known = {name: self._known(view, name) for name in references(view)}
        if not all(known.values()):
            return []
        examples = example_requests(view.operation.operation_id)
        many = {name: [b""] * _MANY for name in view.fields if view.fields_in("path") and view.fields[name].takes_files}
        made = [(f"the contract's example {name}", fields | many) for name, fields in examples.items()]
        count = int(not made) if self.sender.metered else max(1, _VALID - len(made))
        strategy = requests(operation=view.operation).filter(lambda fields: not _leads_nowhere(fields))
        made += [
            ("a valid request", self._by_wire_name(view, each)) for each in draw(strategy, count, self.options.seed)
        ]
        found: list[_Prepared] = []
        for number, (note, fields) in enumerate(made[: 1 if self.sender.metered else None]):
            ids = {name: every[number % len(every) * _only_looks(view)] for name, every in known.items()}
            found.append(_Prepared(note, self._prepared(view, fields | ids)))
        return found

    @staticmethod
    def _by_wire_name(view: ContractView, keywords: Mapping[str, Any]) -> dict[str, Any]:
        names = {each.python_name: each.wire_name for each in view.operation.fields}
        return {names[name]: value for name, value in keywords.items()}

    def _prepared(self, view: ContractView, fields: Mapping[str, Any], broken: str | None = None) -> dict[str, Any]:
        """The fields with a picture for each file, at the least cost, without an address that nobody listens at.

        `broken` is the field that is broken on purpose and stays, empty for the whole request; None for a valid one.
        """
        operation, made = view.operation, dict[str, Any]()
        for name, value in fields.items():
            if view.fields[name].takes_files:
                made[name] = [png()] * len(value) if is_array(value) else png()
            elif name != WEBHOOK or name == broken:
                made[name] = value
        if not self.sender.metered:
            return made
        dear = {other.field for other in operation.other_prices}
        dear |= {second for first, second in operation.same_length if first in dear}
        cheap = {name: value for name, value in made.items() if name not in dear}
        if broken is None or find_problems({name: without_content(value) for name, value in cheap.items()}, view):
            made = cheap
        field, *inner = operation.count_path or ("",)
        if inner and field in made and field != broken:
            made[field] = {name: value for name, value in made[field].items() if name not in inner}
        elif field != broken:
            made.pop(field, None)
        if (price := operation.price) and price.by and price.by != broken:
            refused = [each.value for each in view.fields[price.by].unavailable]
            made[price.by] = min(set(price.usd) - set(refused), key=lambda value: (Decimal(price.usd[value]), value))
        return made

    def _send(
        self, view: ContractView, made: _Prepared, requirement: str, expect: Expect, key: KeyUse = KeyUse.RIGHT
    ) -> ServerResponse | None:
        """Send a request; None, with a finding, if it could not be paid for or got no answer."""
        name = view.operation.method_name
        target, payload = encode(view, made.fields, {})
        note = f"{name}: {made.note}"
        case = RequestCase(requirement, note, payload, expect, key, operation=view.operation, target=target)
        if reason := self.sender.refuses(case):
            self.results.add(requirement, Verdict.NOT_TRIED, reason)
            return None
        response = self.sender.send(case)
        if response.status is None:
            self._judge(requirement, f"{made.note}: the server {response.failure}.", response)
            return None
        if f"{name}.statuses" in self.results.requirements:
            # What breaks a rule gets a 400, whether or not the contract has one for the operation.
            known = response.status in {*view.responses, *view.observed, *([400] if expect is Expect.REFUSED else [])}
            detail = "" if known else f"{made.note}: {response.status} is not a status that the contract knows."
            self._judge(f"{name}.statuses", detail, response)
        return response

    def _judge(self, requirement: str, problem: str, response: ServerResponse) -> bool:
        verdict = Verdict.FAILED if problem else Verdict.HELD
        self.results.add(requirement, verdict, problem, response.exchange)
        return not problem

    # What is tested

    def _test_key(self, view: ContractView, valid: Sequence[_Prepared]) -> None:
        requirement = f"{view.operation.method_name}.key-missing"
        # Where somebody may have to pay, nothing that could run is sent, because a proxy may add a key of its own.
        fields: dict[str, Any] = dict.fromkeys(view.fields_in("path"), _UNKNOWN_ID)
        if valid and not self.sender.metered:
            fields = valid[0].fields
        response = self._send(view, _Prepared("no key", fields), requirement, Expect.UNAUTHORIZED, KeyUse.NONE)
        if response is not None:
            got = response.status
            self._judge(requirement, "" if got == 401 else f"without a key: got {got}, expected 401.", response)

    def _test_valid(self, view: ContractView, made: _Prepared) -> bool:
        """Send a valid request, and follow where its answer leads. Whether it was accepted."""
        name = view.operation.method_name
        response = self._send(view, made, f"{name}.accepted", Expect.ACCEPTED)
        if response is None:
            return False
        got = response.status
        if got == 422 or (self.sender.metered and got in ABOUT_ACCOUNT):
            what = "refused the random prompt" if got == 422 else "answered about the account"
            self.results.add(f"{name}.accepted", Verdict.NOT_TRIED, f"The service {what} ({got}).", response.exchange)
            return False
        detail = f"{made.note} with {', '.join(made.fields) or 'nothing'}: got {got}, expected 200."
        if not self._judge(f"{name}.accepted", "" if got == 200 else detail, response):
            return False
        wrong = _problem_of_body(view, response) or _problem_of_ids(view, made, response)
        self._judge(f"{name}.answer", f"{made.note}: {wrong}." if wrong else "", response)
        for id_name, value in _values_of(response.value, id_names()):
            self._ids.setdefault(id_name, {}).setdefault(value, view.operation.method != "GET")
        if makes_job(view.operation):
            self._follow_job(f"{name}.finishes", response)
        elif f"{name}.link-opens" in self.results.requirements:
            self._open_links(f"{name}.link-opens", [link for _, link in _values_of(response.value, link_names(view))])
        elif getter := getter_of(view):
            self._ask_for(f"{name}.found", getter, response)
        return True

    def _test_rule(self, view: ContractView, rule: str) -> None:
        at = pointers(view.operation.operation_id).operation
        requirement = f"{view.operation.method_name}.refused.{short_rule(rule, at)}"
        strategy = broken_requests(rule, operation=view.operation)
        strategy = strategy.filter(lambda made: not _leads_nowhere(made.request, _field_of(made)))
        for broken in draw(strategy, 1, self.options.seed):
            field = _field_of(broken)
            fields = self._by_wire_name(view, broken.request)
            # The ids are known, so that what is wrong is the rest.
            ids = {name: self._known(view, name)[0] for name in references(view) if name in fields and name != field}
            fields = self._prepared(view, fields | ids, field)
            made = _Prepared(f"{broken.pointer} breaks {rule}", fields)
            response = self._send(view, made, requirement, Expect.REFUSED)
            if response is None:
                continue
            status = response.status or 0
            refused = 400 <= status < 500 and status not in NOT_ABOUT_CONTENT
            self._judge(requirement, "" if refused else f"{made.note}: got {status}, expected 400.", response)

    def _test_unknown(self, view: ContractView, valid: Mapping[str, Any]) -> None:
        requirement = f"{view.operation.method_name}.unknown"
        made = _Prepared("an id that nobody has", {**valid, **dict.fromkeys(references(view), _UNKNOWN_ID)})
        response = self._send(view, made, requirement, Expect.REFUSED)
        if response is not None:
            got = response.status
            self._judge(requirement, "" if got == 404 else f"{made.note}: got {got}, expected 404.", response)

    # Jobs, links and webhooks

    def _ask_for(self, requirement: str, getter: ContractView, answer: ServerResponse) -> None:
        """Ask for what was made by its id."""
        (name,) = getter.fields
        found = dict(_values_of(answer.value, {name}))
        if not found:
            self._judge(requirement, f"The answer has no {name} to ask for.", answer)
            return
        made = _Prepared(f"asks for {found[name]}", found)
        response = self._send(getter, made, requirement, Expect.ACCEPTED)
        if response is not None:
            wrong = "" if response.status == 200 else f"got {response.status}, expected 200"
            wrong = wrong or _problem_of_body(getter, response) or _problem_of_ids(getter, made, response)
            self._judge(requirement, f"{made.note}: {wrong}." if wrong else "", response)

    def _follow_job(self, requirement: str, submitted: ServerResponse) -> None:
        """Ask for a job until it is finished."""
        job = read_job(submitted.body)
        if not isinstance(job, Job):
            self._judge(requirement, "The answer has no id to ask for.", submitted)
            return
        view = poll_view()
        (path,) = view.fields_in("path")
        end = time.monotonic() + self.options.timeout
        while True:
            response = self._send(view, _Prepared(f"asks for {job.id}", {path: job.id}), requirement, Expect.ACCEPTED)
            if response is None:
                return
            known = read_job(response.body, job_id=job.id)
            if response.status != 200 or not isinstance(known, Job):
                self._judge(requirement, f"The job cannot be asked for: the server {response.summary}.", response)
                return
            if known.status in {COMPLETED, FAILED}:
                break
            if time.monotonic() > end:
                self._judge(requirement, f"It is {known.status} after {self.options.timeout:g} s.", response)
                return
            time.sleep(_POLL_PAUSE)
        images = known.generation.images if known.generation else ()
        wrong = _problem_of_body(view, response)
        if known.status == COMPLETED and not images:
            wrong = "it is completed, and names no image"
        if self._judge(requirement, f"The finished job: {wrong}." if wrong else "", response):
            self._open_links(requirement, [image.url for image in images if image.url])

    def _open_links(self, requirement: str, links: Iterable[str]) -> None:
        for link in links:
            self.results.add(requirement, *self.sender.open_link(link))
            self.sender.sent += 1

    def _test_webhook(self, view: ContractView, valid: Mapping[str, Any]) -> None:
        """Submit a job that is announced to this process, which acknowledges the second delivery only."""
        requirement = f"{view.operation.method_name}.webhook"
        if not self.options.on_loopback:
            self.results.add(requirement, Verdict.NOT_TRIED, "A server elsewhere cannot reach this machine.")
            return
        # The first delivery is not acknowledged.
        with FaultServer([answer_with(503), answer_with(204)]) as receiver:
            made = _Prepared("a job with a webhook", {**valid, WEBHOOK: f"{receiver.url}/webhook"})
            response = self._send(view, made, requirement, Expect.ACCEPTED)
            if response is None:
                return
            if response.status != 200:
                self._judge(requirement, f"{made.note}: the server {response.summary}.", response)
                return
            end = time.monotonic() + self.options.timeout
            while len(deliveries := receiver.ledger.posts) < 2 and time.monotonic() < end:
                time.sleep(_POLL_PAUSE)
            # Everybody gets the keys.
            keys = self._send(key_view(), _Prepared("the keys", {}), requirement, Expect.ACCEPTED, KeyUse.NONE)
        job = read_job(response.body)
        job_id = job.id if isinstance(job, Job) else ""
        self._judge(requirement, _problem_of_deliveries(deliveries, keys and keys.value, job_id), response)


def _field_of(broken: BrokenRequest) -> str:
    """The field that is broken; empty for the whole request."""
    return (*broken.pointer.split("/"), "")[1]


def _leads_nowhere(fields: Iterable[str], broken: str = "") -> bool:
    return any(_MADE_UP.search(name) for name in fields if name not in {broken, WEBHOOK})


def _only_looks(view: ContractView) -> bool:
    return view.operation.method == "GET"


def _problem_of_body(view: ContractView, response: ServerResponse) -> str:
    """What is wrong with the body of a 200; empty when nothing is."""
    rule = view.responses[200]
    if not rule.schema:
        return ""
    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError) as error:
        return f"the body is not JSON ({error})"
    for problem in view.response_validator(200).iter_errors(body):
        place = "/".join(map(str, problem.instance_path)) or "the body"
        return f"{place}: {problem.message.replace(MASK, shown(problem.instance))}"
    return ""


def _problem_of_ids(view: ContractView, made: _Prepared, response: ServerResponse) -> str:
    """What is wrong with the ids in an answer to a question about one; empty when nothing is."""
    for name in references(view):
        answered = [value for _, value in _values_of(response.value, {name})]
        if answered and str(made.fields[name]).rstrip("=") not in [value.rstrip("=") for value in answered]:
            return f"it is about {name} {answered[0]}, not about {made.fields[name]}"
    return ""


def _problem_of_deliveries(deliveries: Sequence[ReceivedRequest], keys: Any, job_id: str) -> str:
    if not deliveries:
        return "No webhook came."
    for delivery in deliveries:
        try:
            job = verify_webhook(delivery.headers, delivery.body, keys or {})
        except WebhookVerificationError as error:
            return f"The webhook is not signed as the contract has it ({error.reason})."
        if job.id.rstrip("=") != job_id.rstrip("="):
            return f"The webhook is about {job.id}, not about {job_id}."
    return "" if len(deliveries) > 1 else "The webhook was not acknowledged, and did not come again."
