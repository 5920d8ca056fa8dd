"""Conformance of a server beyond generate: every other operation of the contract, the jobs, and the webhooks.

What is required of each operation follows from the contract, so an operation that the contract gains is tested too.
"""

from __future__ import annotations

import json
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from ideogram_ai.client.errors import ConfigurationError, WebhookVerificationError
from ideogram_ai.client.jobs import COMPLETED, FAILED, Job, read_job
from ideogram_ai.client.request import JSON, is_array, is_object
from ideogram_ai.client.transport import is_loopback
from ideogram_ai.client.webhooks import verify_webhook
from ideogram_ai.contract.decoding import json_text
from ideogram_ai.contract.problems import shown
from ideogram_ai.contract.view import MASK, read_view
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4

from ..faults.wire import png
from ..strategies import broken_requests, request_rules, requests
from .kit import Requirement, ResultCollector, Verdict, at_pointer, by_id, join_pointer
from .server_plan import draw
from .server_requests import CaseSender, Expect, FormPart, KeyUse, Payload, RequestCase, multipart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ideogram_ai.contract.view import ContractView
    from ideogram_ai.generated.operations import Operation

    from .kit import Progress
    from .server import ImageBudget, ServerOptions
    from .server_requests import ServerResponse

_VALID: Final = 2
"""How many valid requests of each operation are made, where nothing is billed."""
_WEBHOOK: Final = "webhook_url"
_UNKNOWN_ID: Final = "bm8tc3VjaC1qb2I"
_POLL_PAUSE: Final = 0.25
_ABOUT_ACCOUNT: Final = frozenset({401, 402, 403, 404, 429})
"""Such a refusal says nothing about the content of a request."""


def other_operations() -> tuple[str, ...]:
    """The methods of the client for every operation but generate, by which operations are chosen."""
    every = (operation.method_name for operation in OPERATIONS.values())
    return tuple(name for name in every if name != POST_GENERATE_IMAGE_V4.method_name)


def choose_operations(names: Iterable[str]) -> tuple[str, ...]:
    """Check which operations are to be tested.

    Args:
        names: Methods of the client, for example `remix`; `all` stands for every operation.

    Raises:
        ConfigurationError: There is no such operation.
    """
    known = (POST_GENERATE_IMAGE_V4.method_name, *other_operations())
    chosen = tuple(names)
    for name in chosen:
        if name not in {"all", *known}:
            raise ConfigurationError(f"operation is {name!r}; give all, or some of {', '.join(known)}.")
    return known if "all" in chosen else tuple(name for name in known if name in chosen)


@cache
def operation_requirements(method_name: str) -> Mapping[str, Requirement]:
    """What the contract requires of a server for an operation, by the ids of the requirements."""
    return by_id(_requirements(_view(method_name)))


def _view(method_name: str) -> ContractView:
    (operation_id,) = (each.operation_id for each in OPERATIONS.values() if each.method_name == method_name)
    return read_view(operation_id)


def _requirements(view: ContractView) -> Iterator[Requirement]:
    operation, name = view.operation, view.operation.method_name
    at = join_pointer("#/paths", operation.path, operation.method.lower())
    responses = join_pointer(at, "responses")
    yield Requirement(f"{name}.accepted", f"Valid requests of {operation.method} {operation.path} are accepted.", at)
    yield Requirement(f"{name}.answer", "The answer is as the contract describes it.", join_pointer(responses, 200))
    yield Requirement(f"{name}.statuses", "Every answer has a status that the contract knows.", responses)
    if operation.authenticated:
        yield Requirement(f"{name}.key-missing", "A request without a key gets a 401.", responses)
    for rule in request_rules(operation=operation) if operation.fields else ():
        yield Requirement(f"{name}.refused.{_short(rule, operation)}", f"What breaks {rule} is refused.", rule)
    if operation.result == "images":
        title = "The link of an image gives the image, and needs no key."
        yield Requirement(f"{name}.link-opens", title, join_pointer(responses, 200))
    if operation.result == "job" and _makes_job(operation):
        title = "A job can be asked for by its id until it is finished, and the links of its images give the images."
        yield Requirement(f"{name}.finishes", title, join_pointer(responses, 200))
    if _WEBHOOK in view.fields:
        title = "A finished job is announced with a signature that the keys verify, again if it is not acknowledged."
        yield Requirement(f"{name}.webhook", title, "#/webhooks" if _has_webhooks() else at, advisory=True)
    if view.fields_in("path"):
        title = "A request about something that does not exist gets a 404."
        yield Requirement(f"{name}.unknown", title, join_pointer(responses, 404))


def _short(rule: str, operation: Operation) -> str:
    """A rule's pointer as the end of an id."""
    start = join_pointer("#/paths", operation.path, operation.method.lower())
    steps = rule.removeprefix("#/components/schemas/").removeprefix(start).strip("/").split("/")
    return ".".join(step.replace("~1", "-") for step in steps if step not in {"properties", "schema"})


def _has_webhooks() -> bool:
    try:
        return bool(at_pointer("#/webhooks"))
    except LookupError:
        return False


def _makes_job(operation: Operation) -> bool:
    return operation.result == "job" and not any(each.place == "path" for each in operation.fields)


def encode(view: ContractView, fields: Mapping[str, Any]) -> tuple[str, Payload]:
    """The target and the body of a request, as the contract writes them, whether or not it allows the values.

    Args:
        view: The operation.
        fields: Values by wire name; a file is its bytes.
    """
    target, query, body = view.operation.path, list[tuple[str, str]](), dict[str, Any]()
    for name, value in fields.items():
        place = view.fields[name].place
        items: list[Any] = value if is_array(value) else [value]
        texts = [item if isinstance(item, str) else json_text(item) for item in items] if place != "body" else []
        if place == "path":
            target = target.replace(f"{{{name}}}", quote(texts[0], safe=""))
        elif place == "query":
            query += [(name, text) for text in texts]
        else:
            body[name] = value
    target += f"?{urlencode(query)}" if query else ""
    if view.operation.media_type == JSON:
        return target, Payload(json_text(body).encode(), JSON)
    if not view.operation.media_type:
        return target, Payload(b"", None)
    return target, multipart(part for name, value in body.items() for part in _parts(view, name, value))


def _parts(view: ContractView, name: str, value: Any) -> Iterator[FormPart]:
    rule = view.fields[name]
    for item in value if rule.item is not None and is_array(value) else [value]:
        if isinstance(item, bytes):
            yield FormPart(name, item, "image/png", f"{name}.png")
        else:
            is_text = isinstance(item, str) and not rule.content_type
            yield FormPart(name, (item if is_text else json_text(item)).encode(), rule.content_type)


class _Prepared(NamedTuple):
    note: str
    fields: dict[str, Any]


class OperationsRun:
    """Tests operations on a server, and adds what it finds to the results.

    Args:
        options: What to test, and what that may cost.
        results: Where the findings go; it has the requirements of the operations.
        budget: Refuses requests that could not be paid for.
        sender: Sends the requests.

    Attributes:
        sent: How many were sent.
    """

    def __init__(
        self, options: ServerOptions, results: ResultCollector, budget: ImageBudget, sender: CaseSender
    ) -> None:
        self.options = options
        self.results = results
        self.budget = budget
        self.sender = sender
        self.sent = 0
        self._jobs: dict[str, Job] = {}

    def run(self, names: Sequence[str], on_progress: Progress) -> None:
        """Test operations by their method names; those that ask for jobs come last, when there are some."""
        views = sorted((_view(name) for name in names), key=lambda view: bool(view.fields_in("path")))
        for number, view in enumerate(views):
            on_progress(number, len(views), view.operation.method_name)
            self._test(view)

    def _test(self, view: ContractView) -> None:
        name = view.operation.method_name
        if view.operation.authenticated:
            self._test_key(view)
        accepted = [self._test_valid(view, made) for made in self._valid_requests(view)]
        if True not in accepted:
            why = "No valid request of this operation was accepted, so nothing else is known."
            for other in operation_requirements(name):
                if self.results.verdict(other) is None:
                    self.results.add(other, Verdict.NOT_TRIED, why)
            self.results.retract(f"{name}.key-missing", why) if view.operation.authenticated else None
            return
        for rule in request_rules(operation=view.operation) if view.operation.fields else ():
            self._test_rule(view, rule)
        if view.fields_in("path"):
            self._test_unknown(view)
        if _WEBHOOK in view.fields:
            self._test_webhook(view)

    # Requests

    def _valid_requests(self, view: ContractView) -> list[_Prepared]:
        """A few valid requests; where images are billed, one."""
        if view.fields_in("path"):
            (path,) = view.fields_in("path")
            return [_Prepared(f"the job {job_id}", {path: job_id}) for job_id in list(self._jobs)[:_VALID]]
        if not view.operation.fields:
            return [_Prepared("a request", {})]
        drawn = draw(requests(operation=view.operation), 1 if self.budget.metered else _VALID, self.options.seed)
        return [_Prepared("a valid request", self._by_wire_name(view, each)) for each in drawn]

    @staticmethod
    def _by_wire_name(view: ContractView, keywords: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a request, with a picture for each file, and without an address that nobody listens at."""
        names = {each.python_name: each.wire_name for each in view.operation.fields}
        fields = {names[name]: value for name, value in keywords.items()}
        pictures = {
            name: [png()] if view.fields[name].item else png() for name in fields if view.fields[name].takes_files
        }
        return {name: value for name, value in (fields | pictures).items() if name != _WEBHOOK}

    def _send(
        self, view: ContractView, made: _Prepared, requirement: str, expect: Expect, key: KeyUse = KeyUse.RIGHT
    ) -> ServerResponse | None:
        """Send a request; None, with a finding, if it could not be paid for."""
        target, payload = encode(view, made.fields)
        note = f"{view.operation.method_name}: {made.note}"
        case = RequestCase(requirement, note, payload, expect, key, operation=view.operation, target=target)
        if reason := self.budget.refuses(case):
            self.results.add(requirement, Verdict.NOT_TRIED, reason)
            return None
        response = self.sender.send(case)
        self.sent += 1
        self.budget.charge(case, response)
        if response.status is None:
            self._fail(requirement, f"{made.note}: the server {response.failure}.", response)
            return None
        known = response.status in view.responses or response.status in view.observed
        detail = "" if known else f"{made.note}: {response.status} is no status that the contract knows."
        self._judge(f"{view.operation.method_name}.statuses", detail, response)
        return response

    def _judge(self, requirement: str, problem: str, response: ServerResponse) -> bool:
        verdict = Verdict.FAILED if problem else Verdict.HELD
        self.results.add(requirement, verdict, problem, response.exchange)
        return not problem

    def _fail(self, requirement: str, problem: str, response: ServerResponse) -> None:
        self._judge(requirement, problem, response)

    # What is tested

    def _test_key(self, view: ContractView) -> None:
        requirement = f"{view.operation.method_name}.key-missing"
        # Where somebody may have to pay, nothing that could run is sent, because a proxy may add a key of its own.
        fields = dict.fromkeys(view.fields_in("path"), _UNKNOWN_ID)
        if not self.budget.metered and not fields:
            fields = next(iter(self._valid_requests(view))).fields
        response = self._send(view, _Prepared("no key", fields), requirement, Expect.UNAUTHORIZED, KeyUse.NONE)
        if response is not None:
            got = response.status
            self._judge(requirement, "" if got == 401 else f"without a key: got {got}, expected 401.", response)

    def _test_valid(self, view: ContractView, made: _Prepared) -> bool:
        """Send a valid request, and follow where its answer leads. Whether it was accepted."""
        name, operation = view.operation.method_name, view.operation
        response = self._send(view, made, f"{name}.accepted", Expect.ACCEPTED)
        if response is None:
            return False
        if response.status != 200:
            if response.status == 422:
                self.results.add(f"{name}.accepted", Verdict.NOT_TRIED, "The safety check refused the random prompt.")
                return False
            detail = f"{made.note} with {', '.join(made.fields) or 'nothing'}: got {response.status}, expected 200."
            self._fail(f"{name}.accepted", detail, response)
            return False
        self._judge(f"{name}.accepted", "", response)
        wrong = _problem_of_body(view, response)
        self._judge(f"{name}.answer", f"{made.note}: {wrong}." if wrong else "", response)
        if operation.result == "images":
            self._open_links(f"{name}.link-opens", [each.get("url") for each in response.images if is_object(each)])
        elif _makes_job(operation):
            self._follow_job(f"{name}.finishes", response)
        return True

    def _test_rule(self, view: ContractView, rule: str) -> None:
        requirement = f"{view.operation.method_name}.refused.{_short(rule, view.operation)}"
        # The path is known, so that what is wrong is the rest.
        path = dict.fromkeys(view.fields_in("path"), next(iter(self._jobs), _UNKNOWN_ID))
        for broken in draw(broken_requests(rule, operation=view.operation), 1, self.options.seed):
            fields = self._by_wire_name(view, broken.request)
            keywords = {each.python_name: each.wire_name for each in view.operation.fields}
            if _WEBHOOK in broken.pointer:
                fields[_WEBHOOK] = broken.request[next(p for p, wire in keywords.items() if wire == _WEBHOOK)]
            made = _Prepared(f"{broken.pointer} breaks {rule}", fields | path)
            response = self._send(view, made, requirement, Expect.REFUSED)
            if response is None:
                continue
            status = response.status or 0
            refused = 400 <= status < 500 and status not in _ABOUT_ACCOUNT
            self._judge(requirement, "" if refused else f"{made.note}: got {status}, expected 400.", response)

    def _test_unknown(self, view: ContractView) -> None:
        requirement = f"{view.operation.method_name}.unknown"
        made = _Prepared("an id that nobody has", dict.fromkeys(view.fields_in("path"), _UNKNOWN_ID))
        response = self._send(view, made, requirement, Expect.REFUSED)
        if response is not None:
            got = response.status
            self._judge(requirement, "" if got == 404 else f"{made.note}: got {got}, expected 404.", response)

    # Jobs, links and webhooks

    def _follow_job(self, requirement: str, submitted: ServerResponse) -> None:
        """Ask for a job until it is finished."""
        job = read_job(submitted.body)
        if not isinstance(job, Job):
            self._fail(requirement, "The answer has no id to ask for.", submitted)
            return
        view = _poll_view()
        (path,) = view.fields_in("path")
        end = time.monotonic() + self.options.timeout
        while True:
            made = _Prepared(f"asks for {job.id}", {path: job.id})
            target, payload = encode(view, made.fields)
            case = RequestCase(
                requirement, made.note, payload, Expect.ACCEPTED, operation=view.operation, target=target
            )
            response = self.sender.send(case)
            self.sent += 1
            known = read_job(response.body, job_id=job.id)
            if response.status != 200 or not isinstance(known, Job):
                self._fail(requirement, f"The job cannot be asked for: the server {response.summary}.", response)
                return
            self._jobs[job.id] = known
            if known.status in {COMPLETED, FAILED}:
                break
            if time.monotonic() > end:
                self._fail(requirement, f"It is {known.status} after {self.options.timeout:g} s.", response)
                return
            time.sleep(_POLL_PAUSE)
        images = known.generation.images if known.generation else ()
        wrong = _problem_of_body(view, response)
        if known.status == COMPLETED and not images:
            wrong = "it is completed, and names no image"
        if self._judge(requirement, f"The finished job: {wrong}." if wrong else "", response):
            self._open_links(requirement, [image.url for image in images])

    def _open_links(self, requirement: str, links: Iterable[str | None]) -> None:
        for link in [link for link in links if link]:
            host = urlsplit(link).hostname or ""
            if self.options.on_loopback and not is_loopback(host):
                detail = f"The link leads to {host}, and a run on loopback does not leave this machine."
                self.results.add(requirement, Verdict.NOT_TRIED, detail)
                continue
            response = self.sender.fetch(link, "the image of a link, without the key")
            self.sent += 1
            kind = response.header("content-type") or "no Content-Type"
            held = response.status == 200 and kind.startswith("image/") and bool(response.body)
            detail = "" if held else f"The server {response.summary} with {kind}, not an image."
            self._judge(requirement, detail, response)

    def _test_webhook(self, view: ContractView) -> None:
        """Submit a job that is announced to this process, which acknowledges the second delivery only."""
        requirement = f"{view.operation.method_name}.webhook"
        if not self.options.on_loopback:
            self.results.add(requirement, Verdict.NOT_TRIED, "A server elsewhere cannot reach this machine.")
            return
        fields = next(iter(self._valid_requests(view))).fields
        with Receiver() as receiver:
            made = _Prepared("a job with a webhook", fields | {_WEBHOOK: receiver.url})
            response = self._send(view, made, requirement, Expect.ACCEPTED)
            if response is None:
                return
            if response.status != 200:
                self._fail(requirement, f"{made.note}: the server {response.summary}.", response)
                return
            deliveries = receiver.wait(2, self.options.timeout)
            keys = self._webhook_keys()
        job = read_job(response.body)
        wrong = _problem_of_deliveries(deliveries, keys, job.id if isinstance(job, Job) else "")
        self._judge(requirement, wrong, response)

    def _webhook_keys(self) -> Any:
        """The keys that the server signs with; None if it serves none."""
        view = _view("webhook_keys")
        target, payload = encode(view, {})
        case = RequestCase(
            "", "the keys", payload, Expect.ACCEPTED, KeyUse.NONE, operation=view.operation, target=target
        )
        self.sent += 1
        return self.sender.send(case).value


def _poll_view() -> ContractView:
    """The operation that gives a job by its id."""
    return next(
        read_view(each.operation_id) for each in OPERATIONS.values() if each.result == "job" and not _makes_job(each)
    )


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


class ReceivedWebhook(NamedTuple):
    """A webhook as it arrived."""

    headers: list[tuple[str, str]]
    body: bytes


def _problem_of_deliveries(deliveries: Sequence[ReceivedWebhook], keys: Any, job_id: str) -> str:
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


class Receiver:
    """A server on loopback that gets webhooks. It acknowledges every delivery but the first. A context manager."""

    def __init__(self) -> None:
        self._deliveries: list[ReceivedWebhook] = []
        self._arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                self.send_response(receiver.take(ReceivedWebhook(list(self.headers.items()), body)))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        """Where webhooks are to be sent."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/webhook"

    def take(self, delivery: ReceivedWebhook) -> int:
        """Keep a delivery, and return the status of its answer."""
        with self._arrived:
            self._deliveries.append(delivery)
            self._arrived.notify_all()
            return 503 if len(self._deliveries) == 1 else 204

    def wait(self, count: int, timeout: float) -> list[ReceivedWebhook]:
        """Wait for some deliveries, and return what arrived within the timeout, in seconds."""
        with self._arrived:
            self._arrived.wait_for(lambda: len(self._deliveries) >= count, timeout)
            return list(self._deliveries)

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
