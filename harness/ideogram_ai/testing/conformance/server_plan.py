"""The requests of a server run, in the order in which they are sent.

What proves most for one image comes first, because a run may run out of images. Refusals, which cost nothing on a
server that keeps the contract, come before the valid requests that each cost one.
"""

from __future__ import annotations

import json
import random
from functools import cache, cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import evolve, field, frozen
from hypothesis import HealthCheck, given, settings

from ideogram_ai.client.request import is_object
from ideogram_ai.contract.prices import Prices, shipped_prices
from ideogram_ai.contract.problems import pointer_to, shown
from ideogram_ai.contract.view import example_of, read_view
from ideogram_ai.generated.contract import read_contract

from ..service import read_request
from ..strategies import request_rules
from ..strategies.mutations import MutationPoint, MutationPoints
from ..strategies.schema_values import Path, SchemaValues
from .kit import at_pointer, example_requests, prompt_fields
from .server_judge import close_objects
from .server_requests import Expect, KeyUse, Payload, RequestCase, form, make_parts, multipart, shorten
from .server_requirements import KEY_ACCEPTED, PROMPT_RULE, part_type, rule_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hypothesis.strategies import SearchStrategy

    from .server_requests import ServerResponse

PRICES: Final[Prices] = shipped_prices()
WITHOUT_SCHEMATHESIS: Final = (
    "It needs schemathesis, which the extra conformance brings: pip install 'ideogram-ai[conformance]'."
)

_LEAKS: Final = "It would leave the key in the logs of the machines on the way."
_BILLS: Final = "A service ignores Prefer, and would make an image."
_MANY: Final = "It is for servers that cost nothing: there are many requests of this kind."

_SPEED: Final = "rendering_speed"
_ANY_TEXT: Final = (
    'quotes " and \\ backslashes, 100 % of it, <b>&amp;</b>',
    "line\nends\r\nand\ttabs",
    "\N{CAT FACE}, e\N{COMBINING ACUTE ACCENT}, \N{HEBREW LETTER ALEF}, \N{CJK UNIFIED IDEOGRAPH-732B}",
    '\r\n--+++\r\nContent-Disposition: form-data; name="rendering_speed"\r\n\r\nnonsense\r\n--+++--\r\n',
)
_BOUNDARIES: Final = ("x", "'()+_,-./:=? and blanks'", "-" * 66 + "0123")
_BROKEN_JSON: Final = (b"{", b"", b'{"high_level_description": "A poster",}', b"\xff\xfe{}")
_COUNT: Final = 25
"""Requests of schemathesis, valid and invalid ones each."""

_ALL_CHECKS: Final[Any] = list(HealthCheck)  # typed as a list of its metaclass
_BYTES: Final = 1 << 14
"""Random bytes for one example: more than a deeply nested one takes."""

T = TypeVar("T")


@cache
def plan_cases(seed: int, *, metered: bool) -> tuple[RequestCase, ...]:
    """Every request of a run, the same for the same seed.

    Where requests may cost something, there are fewer, and each asks for the cheapest speed.
    """
    return tuple(CasePlanner(seed, metered))


@cache
def keyless_cases() -> tuple[RequestCase, ...]:
    """The requests that nobody can be billed for, on any server."""
    return tuple(CasePlanner(0, metered=True).without_key())


@frozen(slots=False)
class CasePlanner:
    """Makes the requests."""

    seed: int
    metered: bool
    prompts: tuple[str, ...] = field(factory=prompt_fields)

    def __iter__(self) -> Iterator[RequestCase]:
        yield from self.without_key()
        yield self._first_image
        payload = form(self.plain)
        for use, requirement in ((KeyUse.QUERY, "auth.key-in-query"), (KeyUse.BEARER, "auth.key-as-bearer")):
            local = _LEAKS if use is KeyUse.QUERY else ""
            yield RequestCase(requirement, "an image of a plain prompt", payload, Expect.UNAUTHORIZED, use, local=local)
        yield from self._broken_forms()
        yield from self._broken_rules(with_json=False)
        json_prompts = [self._one_prompt(name) for name in self.prompts[1:]]
        yield from json_prompts
        yield from self._broken_prompts()
        # Rules that can be broken in the contract's own examples come first: they need no further valid request.
        known = {case.payload.body for case in json_prompts}
        rules = list(self._broken_rules(with_json=True))
        yield from sorted(rules, key=lambda case: not {control.payload.body for control in case.controls} <= known)
        yield from self._on_demand()
        yield from self._valid_requests()
        yield from generated_cases(self.seed)

    def without_key(self) -> Iterator[RequestCase]:
        """The requests that nobody can be billed for."""
        # Where somebody may have to pay there is no prompt either: a proxy may add a key of its own.
        prompt: dict[str, Any] = {} if self.metered else self.plain
        note = "an image of a plain prompt" if prompt else "a form without a field"
        uses = {KeyUse.NONE: "auth.key-missing", KeyUse.BLANK: "auth.key-blank", KeyUse.WRONG: "auth.key-wrong"}
        for use, requirement in uses.items():
            yield RequestCase(requirement, note, form(prompt), Expect.UNAUTHORIZED, use)

    def _value(self, name: str) -> Any:
        """A valid value of a field: from the contract's example requests, or of the values that it lists, or any."""
        example = next((example for example in example_requests().values() if name in example), None)
        if example is not None:
            return example[name]
        listed = _values(name)
        return listed[0] if listed else example_of(read_view(), read_view().schemas[name])

    def _at_least_cost(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields with the cheapest speed where that matters, unless they have a speed."""
        return {**fields, **({_SPEED: PRICES.cheapest} if self.metered and _SPEED not in fields else {})}

    @cached_property
    def _required(self) -> dict[str, Any]:
        names = [each.wire_name for each in read_view().operation.fields if each.required]
        return {name: self._value(name) for name in names}

    @cached_property
    def plain(self) -> dict[str, Any]:
        """The shortest valid request."""
        return self._at_least_cost({self.prompts[0]: self._value(self.prompts[0])} | self._required)

    @cached_property
    def _scalars(self) -> dict[str, Any]:
        """A valid value of each field that is neither a prompt nor the speed."""
        return {name: self._value(name) for name in read_view().fields if name not in {*self.prompts, _SPEED}}

    def _with_field(self, name: str) -> dict[str, Any]:
        """A valid request that has a field."""
        if name in self.prompts:
            return self._at_least_cost({name: self._value(name)} | self._required)
        return self.plain | {name: self.plain.get(name, self._value(name))}

    @cached_property
    def _first_image(self) -> RequestCase:
        """One image that proves as much as possible where each costs something, and as little where none does."""
        fields = self.plain | (self._scalars if self.metered else {})
        case = self._valid(KEY_ACCEPTED, f"an image with {', '.join(fields)}", fields)
        return evolve(case, also=tuple(f"request.{name}.accepted" for name in fields))

    def _one_prompt(self, name: str) -> RequestCase:
        """A valid request with one of the prompts."""
        return self._valid(f"request.{name}.accepted", f"a valid {name}", self._with_field(name), name)

    def _valid(self, requirement: str, note: str, fields: Mapping[str, Any], name: str | None = None) -> RequestCase:
        fields = self._at_least_cost(fields)
        return RequestCase(requirement, note, form(fields), Expect.ACCEPTED, field=name, fields=tuple(fields))

    def _broken_forms(self) -> Iterator[RequestCase]:
        first, neither = self._first_image, f"{PROMPT_RULE}.neither-refused"
        whole, media_type = first.payload, read_view().operation.media_type
        every = self.plain | self._scalars
        yield _refused(neither, "a form without a field", form({}), first)
        with_all = self._valid(KEY_ACCEPTED, f"an image with {', '.join(every)}", every)
        yield _refused(neither, "a form without a prompt", form(self._at_least_cost(self._scalars)), with_all)
        yield _refused("request.body-required", "no body", Payload(b"", None), first, statuses=(400, 415))
        name, text = next(iter(self.plain.items()))
        urlencoded = Payload(f"{name}={text.replace(' ', '+')}".encode(), "application/x-www-form-urlencoded")
        yield _refused("request.media-type", "an urlencoded form", urlencoded, first, statuses=(400, 415))
        cut = Payload(whole.body[:-20], whole.content_type)
        yield _refused("request.malformed-form", "a form without its end", cut, first)
        bare = Payload(whole.body, media_type)
        yield _refused("request.malformed-form", "a Content-Type without a boundary", bare, first)

    def _broken_prompts(self) -> Iterator[RequestCase]:
        """Both prompts, and JSON fields that are not JSON."""
        both = self._at_least_cost(self.plain | {name: self._value(name) for name in self.prompts})
        controls = (self._first_image, *map(self._one_prompt, self.prompts[1:]))
        yield _refused(f"{PROMPT_RULE}.both-refused", "both prompts", form(both), *controls)
        for name in (name for name, rule in read_view().fields.items() if rule.content_type):
            rest = [
                part
                for key, value in self._with_field(name).items()
                if key != name
                for part in make_parts(read_view(), key, value)
            ]
            for data in _BROKEN_JSON:
                payload = multipart([(name, (None, data, part_type(name))), *rest])
                requirement = f"request.{name}.malformed-refused"
                case = _refused(requirement, f"{name} is {data!r}", payload, self._one_prompt(name))
                yield evolve(case, field=name)

    def _broken_rules(self, *, with_json: bool) -> Iterator[RequestCase]:
        """Requests that break each rule of the schema: those that have a JSON prompt, or those that have none.

        The prompt rule, which is the first of the rules, is not among them.
        """
        for rule in request_rules()[1:]:
            points = [point for point in _mutation_points() if point.rule == rule][: self._per_rule]
            for number, point in enumerate(points):
                if (point.field in self.prompts[1:]) == with_json:
                    yield from self._broken_at(point, len(range(number, self._per_rule, len(points))))
            if not points and not with_json:
                yield from self._without_required(rule)

    @property
    def _per_rule(self) -> int:
        """How many requests break a rule at most."""
        return 1 if self.metered else 3

    def _broken_at(self, point: MutationPoint, count: int) -> Iterator[RequestCase]:
        name, fields = point.field, self._with_field(point.field)
        if self.metered and name not in self.prompts[1:]:
            fields = self.plain | self._scalars  # what was accepted already costs no further image
        value, versions = _mutations().broken_versions(point, fields[name])
        control = self._valid(f"request.{name}.accepted", f"a valid {name}", {**fields, name: value}, name)
        node = at_pointer(point.rule)
        status = node["status"] if is_object(node) and "status" in node else 400
        distinct = {shown(version[0]): version for version in draw(versions, 2 * count, self.seed)}
        for broken, path in list(distinct.values())[:count]:
            note = f"{pointer_to((name, *path))} is {shorten(_at_path(broken, path))}"
            case = _refused(rule_id(point.rule), note, form({**fields, name: broken}), control, statuses=(status,))
            yield evolve(case, field=name)

    def _without_required(self, rule: str) -> Iterator[RequestCase]:
        control = self._valid(KEY_ACCEPTED, "the plainest request", self.plain)
        for name in at_pointer(rule):
            rest = {key: value for key, value in self.plain.items() if key != name}
            yield _refused(rule_id(rule), f"{pointer_to(())} without {name}", form(rest), control)

    def _on_demand(self) -> Iterator[RequestCase]:
        for status in (status for status, rule in read_view().responses.items() if rule.schema):
            payload = evolve(form(self.plain), headers={"Prefer": f"code={status}"})
            note = f"a {status} on demand (Prefer: code={status})"
            yield RequestCase(
                f"answer.{status}.body", note, payload, Expect.ON_DEMAND, statuses=(status,), local=_BILLS
            )

    def _valid_requests(self) -> Iterator[RequestCase]:
        text, names = self.prompts[0], read_view().fields
        for name in names:
            case = self._valid(
                f"request.{name}.part-type",
                f"the part {name} has the media type {part_type(name)}",
                self._with_field(name),
                name,
            )
            yield evolve(case, payload=form(self._with_field(name), **{name: part_type(name)}))
        for value in _ANY_TEXT:
            yield self._valid("request.any-text", f"a prompt with {shorten(value)}", {text: value})
        backwards = dict(reversed(self._at_least_cost({text: self._value(text)} | self._scalars).items()))
        yield self._valid("request.field-order", "the prompt comes last", backwards)
        parts = [part for name, value in self.plain.items() for part in make_parts(read_view(), name, value)]
        for boundary in _BOUNDARIES:
            case = self._valid("request.boundary", f"the boundary is {boundary!r}", self.plain)
            yield evolve(case, payload=multipart(parts, boundary))
        for name, example in example_requests().items():
            yield self._valid("request.examples", f"the contract's example {name}", example)
        for name in names:
            for value in _values(name):
                fields = self.plain | {name: value}
                yield self._valid(f"request.{name}.accepted", f"{name} is {shorten(value)}", fields, name)


def _refused(
    requirement: str, note: str, payload: Payload, *controls: RequestCase, statuses: tuple[int, ...] = (400,)
) -> RequestCase:
    return RequestCase(requirement, note, payload, Expect.REFUSED, controls=controls, statuses=statuses)


def _values(name: str) -> list[Any]:
    """Values of a field that are worth testing: every one that is listed and in service, both booleans."""
    rule = read_view().fields[name]
    unavailable = [entry.value for entry in rule.unavailable]
    listed = [choice for choice in rule.choices if choice not in unavailable]
    return listed or ([False, True] if "boolean" in rule.types else [])


@cache
def _mutations() -> MutationPoints:
    return MutationPoints(read_view(), SchemaValues(read_view()))


@cache
def _mutation_points() -> tuple[MutationPoint, ...]:
    return tuple(_mutations())


def _at_path(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def draw(strategy: SearchStrategy[T], count: int, seed: int) -> list[T]:
    """Draw examples: the same for the same seed, in any program.

    Hypothesis makes them of random bytes, because its own search also draws constants of the modules that are loaded.
    """
    drawn: list[T] = []

    @settings(database=None, deadline=None, suppress_health_check=_ALL_CHECKS)
    @given(strategy)
    def collect(example: T) -> None:
        drawn.append(example)

    test: Any = collect  # hypothesis adds a member that its types do not have
    source = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(10 * count):
        test.hypothesis.fuzz_one_input(source.randbytes(_BYTES))
        if len(drawn) == count:
            break
    return drawn


def has_schemathesis() -> bool:
    """Whether schemathesis is installed."""
    return find_spec("schemathesis") is not None


@cache
def generated_cases(seed: int) -> tuple[RequestCase, ...]:
    """Requests that schemathesis makes from the contract, valid and invalid ones; none where it is not installed."""
    return tuple(_generate(seed)) if has_schemathesis() else ()


def _generate(seed: int) -> Iterator[RequestCase]:
    import schemathesis  # noqa: PLC0415 - an extra, and slow to load

    view = read_view()
    library: Any = schemathesis  # its types are generic without arguments
    # By default it also draws from the texts of the program's source.
    config = library.Config.from_dict({"analysis": {"constants": {"enabled": False}}})
    schema = library.openapi.from_dict(_with_closed_requests(read_contract()), config=config)
    operation = schema[view.operation.path][view.operation.method]
    for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
        for made in draw(operation.as_strategy(generation_mode=mode), _COUNT, seed):
            # A request that breaks something other than the body, or has unknown fields, shows nothing.
            if not is_object(made.body) or not set(made.body) <= set(view.fields):
                continue
            given_fields = {name: value for name, value in made.body.items() if value is not None}
            try:
                payload = form(given_fields)
            except UnicodeEncodeError:  # half of a surrogate pair, which cannot be sent
                continue
            # What is on the wire decides which kind it is: there a number is a text like any other.
            refused = read_request(view, payload.content_type, payload.body).refused
            yield RequestCase(
                "generated.valid-accepted" if refused is None else "generated.invalid-refused",
                f"schemathesis: {shorten(given_fields)}",
                payload,
                Expect.ACCEPTED if refused is None else Expect.REFUSED,
                fields=tuple(given_fields),
                statuses=() if refused is None else (refused.status,),
                local=_MANY,
                generated=made,
            )


def _with_closed_requests(document: dict[str, Any]) -> dict[str, Any]:
    """The contract with unknown members forbidden in requests, because nobody can say whether those are valid."""
    prefix = "#/components/schemas/"

    def close(node: Any) -> Any:
        return json.loads(json.dumps(close_objects(node)).replace(prefix, f"{prefix}Closed"))

    schemas = document["components"]["schemas"]
    document["components"]["schemas"] = schemas | {f"Closed{name}": close(part) for name, part in schemas.items()}
    operation = read_view().operation
    node = document["paths"][operation.path][operation.method.lower()]
    node["requestBody"] = close(node["requestBody"])
    return document


def schemathesis_problems(case: RequestCase, response: ServerResponse) -> list[str]:
    """What schemathesis finds wrong with a response: its status, its media type, its body."""
    from schemathesis import checks, errors  # noqa: PLC0415

    if response.response is None:
        return [response.failure]
    named: list[Any] = [  # the default set has ignored_auth, which sends the request again without its key
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    try:
        case.generated.validate_response(response.response, checks=named)
    except errors.FailureGroup as group:
        return [f"{failure.title}: {failure.message}".strip() for failure in group.exceptions]
    return []
