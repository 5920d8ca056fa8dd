"""What every conformance run is made of: requirements, results, the report, and the failures that are expected."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

from attrs import Factory, field, frozen

from ideogram_ai.client.errors import ConfigurationError
from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.view import JsonObject, find_view, read_view
from ideogram_ai.generated.contract import CONTRACT_SHA256, read_contract
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4, Operation

if TYPE_CHECKING:
    from pathlib import Path

    from attrs import Attribute

    from ideogram_ai.contract.view import ContractView

KEY_SCHEME: Final = "#/components/securitySchemes/ApiKey"

Progress = Callable[[int, int, str], None]
"""Called with the number of steps that are done, the number of all steps, and the name of one of them."""

_MOST_EXCHANGES: Final = 4
_NEVER_SEEN: Final = "Nothing that was seen had to do with it."

_contract = cache(read_contract)


def at_pointer(pointer: str) -> Any:
    """The part of the contract that a JSON pointer names; LookupError where there is none."""
    root, *steps = pointer.split("/")
    try:
        node: Any = {"#": _contract()}[root]
        for step in steps:
            name = step.replace("~1", "/").replace("~0", "~")
            node = node[int(name) if is_array(node) else name]
    except (LookupError, ValueError, TypeError):
        raise LookupError(f"the contract has nothing at {pointer!r}; a pointer into it begins with #/") from None
    return node


def follow(pointer: str) -> str:
    """The pointer itself, or where the `$ref` that it names leads to."""
    node = at_pointer(pointer)
    return follow(node["$ref"]) if is_object(node) and "$ref" in node else pointer


def join_pointer(pointer: str, *steps: str | int) -> str:
    """The pointer of something further inside."""
    return "/".join([pointer, *(str(step).replace("~", "~0").replace("/", "~1") for step in steps)])


@frozen
class ContractPointers:
    """JSON pointers to the parts of the contract that describe the operation, its form and its request schema."""

    operation: str
    form: str
    request: str

    @property
    def responses(self) -> str:
        """To the responses."""
        return join_pointer(self.operation, "responses")

    def field(self, name: str, *steps: str) -> str:
        """To a field of the request, or something inside it."""
        return join_pointer(self.request, "properties", name, *steps)

    def field_type(self, name: str) -> str:
        """To the type of a field, or to the field if its schema has no `type`, as one that is nullable by `anyOf`."""
        return self.field(name, "type") if "type" in at_pointer(self.field(name)) else self.field(name)

    def part_type(self, name: str) -> str:
        """To the media type of a field's part, or to the field where the contract leaves that to OpenAPI's rules."""
        if name in at_pointer(self.form).get("encoding", {}):
            return join_pointer(self.form, "encoding", name, "contentType")
        return self.field(name)

    def response(self, status: int, *steps: str) -> str:
        """To a documented response, or something inside it; several operations may share it."""
        return join_pointer(follow(join_pointer(self.responses, status)), *steps)

    def response_schema(self, status: int) -> str:
        """To the schema of a response's body, or to the response where the contract has no schema for it."""
        at = self.response(status)
        has_schema = bool(read_view().responses[status].schema)
        return join_pointer(at, "content", "application/json", "schema") if has_schema else at


@cache
def pointers(operation_id: str = POST_GENERATE_IMAGE_V4.operation_id) -> ContractPointers:
    """Where the contract describes an operation; the form and the request of one without a body are empty."""
    operation = OPERATIONS[operation_id]
    at = join_pointer("#/paths", operation.path, operation.method.lower())
    if not operation.media_type:
        return ContractPointers(at, "", "")
    form = join_pointer(at, "requestBody", "content", operation.media_type)
    return ContractPointers(at, form, follow(join_pointer(form, "schema")))


def example_requests(operation_id: str = POST_GENERATE_IMAGE_V4.operation_id) -> dict[str, dict[str, Any]]:
    """The contract's example requests of an operation by name."""
    form = pointers(operation_id).form
    found: JsonObject = at_pointer(form).get("examples", {}) if form else {}
    return {name: example["value"] for name, example in found.items()}


@cache
def poll_view() -> ContractView:
    """The operation that gives a job by its id."""
    return next(find_view(each.method_name) for each in OPERATIONS.values() if each.result == "job" and each.is_free)


@cache
def key_view() -> ContractView:
    """The operation that gives the keys of webhooks: it needs no key of its own."""
    return next(find_view(each.method_name) for each in OPERATIONS.values() if not each.authenticated)


def makes_job(operation: Operation) -> bool:
    """Whether an operation submits a job."""
    return operation.result == "job" and not operation.is_free


def members_of(view: ContractView, schema: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Every member that a value of a schema may have, at any depth, and its schema."""
    for branch in view.branches(schema):
        for name, part in branch.get("properties", {}).items():
            yield name, part
            yield from members_of(view, part)
        yield from members_of(view, branch["items"]) if "items" in branch else ()


def prompt_fields() -> tuple[str, ...]:
    """The fields of which a request has exactly one."""
    return read_view().operation.exactly_one_of[0]


def _resolves(_: Requirement, __: Attribute[str], pointer: str) -> None:
    at_pointer(pointer)


@frozen
class Requirement:
    """Something that the contract requires of a server or a client.

    Attributes:
        id: Its name, words joined with dots and hyphens: `request.prompt-rule.both-refused`.
        title: What is required, in a sentence.
        pointer: Where the contract says so: a JSON pointer, for example `#/components/schemas/ResolutionV4/enum`.
        advisory: Whether a deviation is no fault, because the provider does not document the point or leaves it open.

    Raises:
        LookupError: The contract has nothing at the pointer.
    """

    id: str
    title: str
    pointer: str = field(validator=_resolves)
    advisory: bool = False


def by_id(requirements: Iterable[Requirement]) -> dict[str, Requirement]:
    """Requirements by their ids, in their order."""
    every = list(requirements)
    found = {requirement.id: requirement for requirement in every}
    if len(found) != len(every):
        raise AssertionError("two requirements have the same id")
    return found


class Verdict(StrEnum):
    """The outcome of a requirement."""

    HELD = "held"
    FAILED = "failed"
    ADVICE = "advice"
    """A deviation that is worth a look and no fault, or a failure of an advisory requirement."""
    NOT_TRIED = "not tried"
    """It could not be tried here, or the response proves nothing; the detail says why."""
    HARNESS_FAULT = "harness fault"
    """The kit, or the connection to the subject, failed: nothing is known about the subject."""


@frozen
class RecordedExchange:
    """A request and its response as people read them, without the key.

    Attributes:
        request: The request line, the headers, a blank line and the body.
        answer: The response in the same form, or why there is none.
        note: What this exchange is for.
    """

    request: str
    answer: str
    note: str


@frozen
class Result:
    """The outcome of one requirement.

    Attributes:
        requirement: The requirement.
        verdict: The outcome.
        detail: Why, in a sentence or two; for a failure what came and what was expected.
        exchanges: The exchanges that show it, those that failed first.
        cause: The cause of a failure, in the same words for every requirement that fails because of it; empty where
            none is known.
    """

    requirement: Requirement
    verdict: Verdict
    detail: str
    exchanges: tuple[RecordedExchange, ...] = ()
    cause: str = ""


@frozen
class Report:
    """The results of a run.

    Attributes:
        subject: What was tested: a URL, or a command.
        kind: Which of the two it was.
        contract_sha256: Hash of the contract that it was tested against.
        seed: The seed of everything that was generated; None when nothing was.
        began: When the run began, in UTC.
        results: One for each requirement, in the order of the report.
        notes: Facts about the whole run, for example what it could have cost.
    """

    subject: str
    kind: Literal["server", "client"]
    contract_sha256: str
    seed: int | None
    began: datetime
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()

    def of(self, *verdicts: Verdict) -> Sequence[Result]:
        """The results with one of these verdicts."""
        return [result for result in self.results if result.verdict in verdicts]


def by_cause(results: Iterable[Result]) -> list[list[Result]]:
    """Group results by cause, the largest group first. Each group keeps the order of the report."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.cause or f"alone: {result.requirement.id}", []).append(result)
    return sorted(groups.values(), key=len, reverse=True)


@frozen
class _Finding:
    detail: str
    exchange: RecordedExchange | None
    cause: str


class ResultCollector:
    """Collects what exchanges show about each requirement, and makes one result of it."""

    # A fault counts before what is unknown, and that before what held.
    _RANKS: Final = (Verdict.FAILED, Verdict.HARNESS_FAULT, Verdict.ADVICE, Verdict.NOT_TRIED, Verdict.HELD)

    def __init__(self, requirements: Mapping[str, Requirement]) -> None:
        self.requirements = requirements
        self._began = datetime.now(UTC)
        self._findings: dict[str, dict[Verdict, list[_Finding]]] = {name: {} for name in requirements}

    def add(
        self, name: str, verdict: Verdict, detail: str = "", exchange: RecordedExchange | None = None, cause: str = ""
    ) -> None:
        """Add what one exchange shows about the requirement with this id, or why there was no exchange."""
        self._findings[name].setdefault(verdict, []).append(_Finding(detail, exchange, cause))

    def verdict(self, name: str) -> Verdict | None:
        """The verdict so far; None when nothing is known."""
        return next((verdict for verdict in self._RANKS if verdict in self._findings[name]), None)

    def ever_held(self, name: str) -> bool:
        """Whether a requirement held at least once."""
        return Verdict.HELD in self._findings[name]

    def retract(self, name: str, detail: str) -> None:
        """Turn every "held" of a requirement into one "not tried", because it proves nothing here."""
        held = self._findings[name].pop(Verdict.HELD, None)
        if held is not None:
            self.add(name, Verdict.NOT_TRIED, detail, held[0].exchange)

    def report(
        self, subject: str, kind: Literal["server", "client"], notes: Iterable[str], seed: int | None = None
    ) -> Report:
        """The report, with one result for each requirement."""
        results = tuple(map(self._result, self.requirements.values()))
        return Report(subject, kind, CONTRACT_SHA256, seed, self._began, results, tuple(notes))

    def _result(self, requirement: Requirement) -> Result:
        verdict, findings = self.verdict(requirement.id), self._findings[requirement.id]
        if verdict is None:
            return Result(requirement, Verdict.NOT_TRIED, _NEVER_SEEN)
        detail = _summary(verdict, findings)
        shown = [finding.exchange for rank in self._RANKS for finding in findings.get(rank, ()) if finding.exchange]
        causes = {finding.cause for finding in findings[verdict]}
        if verdict is Verdict.FAILED and requirement.advisory:
            verdict = Verdict.ADVICE
        # A requirement that fails for several causes belongs to no group.
        cause = causes.pop() if len(causes) == 1 else ""
        return Result(requirement, verdict, detail, tuple(shown[:_MOST_EXCHANGES]), cause)


def _summary(verdict: Verdict, findings: Mapping[Verdict, Sequence[_Finding]]) -> str:
    total = sum(map(len, findings.values()))
    held = len(findings.get(Verdict.HELD, ()))
    if verdict is Verdict.HELD:
        return "Held once." if held == 1 else f"Held {held} times."
    distinct = list(dict.fromkeys(finding.detail for finding in findings[verdict] if finding.detail))
    more = len(distinct) - 2
    sentences = [*distinct[:2], *([f"And {more} more."] if more > 0 else [])]
    if verdict is Verdict.FAILED and total > 1:
        sentences.insert(0, f"{len(findings[verdict])} of {total} did not hold.")
    elif verdict in {Verdict.NOT_TRIED, Verdict.HARNESS_FAULT} and held:
        sentences.insert(0, f"Held {held} times of {total}, the others are not known.")
    return " ".join(sentences)


class ExpectedFailuresError(ValueError):
    """The expected failures cannot be read, or do not fit the run. The message names the line and the cure."""


@frozen
class Outcome:
    """A report compared with the failures that were expected.

    Attributes:
        failures: Requirements that failed unexpectedly.
        unexpected_passes: Requirements that held although a failure was expected.
        expected_failures: Requirements that failed as expected.
        harness_faults: Requirements about which nothing is known, because the harness failed.
        reasons: Why each failure was expected, by the requirement's id.
        learnt_nothing: Whether nothing at all was tried, so that a run without a failure proves nothing.
    """

    failures: tuple[Result, ...]
    unexpected_passes: tuple[Result, ...]
    expected_failures: tuple[Result, ...]
    harness_faults: tuple[Result, ...]
    reasons: Mapping[str, str] = Factory(dict[str, str])
    learnt_nothing: bool = False

    @property
    def exit_code(self) -> int:
        """0: nothing failed unexpectedly. 1: something failed or passed unexpectedly. 3: nothing is known.

        Nothing is known where the harness failed, or where no requirement was tried. A failure stays one when the
        harness fails elsewhere: 1 goes before 3.
        """
        if self.failures or self.unexpected_passes:
            return 1
        return 3 if self.harness_faults or self.learnt_nothing else 0


def apply_expected(report: Report, path: Path | None = None) -> Outcome:
    """Compare a report with the failures that are expected.

    Args:
        report: The report.
        path: A file with one requirement id per line, and the reason of its failure after a `#`. Blank lines and lines
            that begin with `#` are skipped. None expects no failure.

    Raises:
        ExpectedFailuresError: The file cannot be read, or has an id twice or one that the run does not have.
    """
    reasons = {} if path is None else read_expected(path, {result.requirement.id for result in report.results})
    failed = report.of(Verdict.FAILED, Verdict.ADVICE)
    return Outcome(
        failures=tuple(r for r in failed if r.verdict is Verdict.FAILED and r.requirement.id not in reasons),
        unexpected_passes=tuple(r for r in report.of(Verdict.HELD) if r.requirement.id in reasons),
        expected_failures=tuple(r for r in failed if r.requirement.id in reasons),
        harness_faults=tuple(report.of(Verdict.HARNESS_FAULT)),
        reasons=reasons,
        learnt_nothing=len(report.of(Verdict.NOT_TRIED)) == len(report.results) > 0,
    )


def read_expected(path: Path, known: Container[str]) -> dict[str, str]:
    """Read a file of expected failures: the reason of each by requirement id. See `apply_expected`."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise ExpectedFailuresError(f"{str(path)!r} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise ExpectedFailuresError(f"{str(path)!r} is not UTF-8 at byte {error.start}.") from None
    reasons: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        name, _, reason = (part.strip() for part in line.partition("#"))
        if not name:
            continue
        if name not in known:
            raise ExpectedFailuresError(
                f"{str(path)!r}, line {number}: {name!r} is not a requirement of this run. The ids are in report.json; "
                "write one per line, and the reason of its failure after #."
            )
        if name in reasons:
            raise ExpectedFailuresError(f"{str(path)!r}, line {number}: {name!r} is a duplicate; keep one.")
        reasons[name] = reason
    return reasons


def check_timeout(timeout: float) -> None:
    """Raise ConfigurationError for a time limit that is no number of seconds above 0."""
    if not 0 < timeout < float("inf"):
        raise ConfigurationError(f"timeout is {timeout}; give a number of seconds above 0.")


def no_progress(_done: int, _total: int, _what: str) -> None:
    """Report no progress."""
