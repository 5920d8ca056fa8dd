"""The requests of a run, in the order in which they are sent.

What tells most for one image comes first, because a run may be short of images; refusals, which cost nothing on a
server that keeps the contract, come before the valid requests that each cost one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from attrs import define, evolve

from ideogram_ai.contract.view import ContractView, read_view

from .bodies import Bodies
from .case import Case, Expect, KeyUse
from .catalogue import KEY_ACCEPTED, PROMPT_RULE, part_type, rule_id
from .generated import generated_cases
from .payload import Part, Payload, form, make_part, multipart, shorten
from .rules import BrokenFields, broken_by_rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LEAKS: Final = "It would leave the key in the logs of whatever lies on the way."
BILLS: Final = "A service ignores Prefer, and would make an image."
COSTS: Final = "It is made for servers that cost nothing: there are many requests of this kind."

_ANY_TEXT: Final = (
    'quotes " and \\ backslashes, 100 % of it, <b>&amp;</b>',
    "line\nends\r\nand\ttabs",
    "\N{CAT FACE}, e\N{COMBINING ACUTE ACCENT}, \N{HEBREW LETTER ALEF}, \N{CJK UNIFIED IDEOGRAPH-732B}",
    '\r\n--+++\r\nContent-Disposition: form-data; name="rendering_speed"\r\n\r\nnonsense\r\n--+++--\r\n',
)
_BOUNDARIES: Final = ("x", "'()+_,-./:=? and blanks'", "-" * 66 + "0123")
_BROKEN_JSON: Final = (b"{", b"", b'{"high_level_description": "A poster",}', b"\xff\xfe{}")


@define
class Plan:
    """Makes the cases.

    Attributes:
        view: The contract.
        bodies: Valid values to start from.
        metered: Whether requests may cost something.
        seed: The seed of what is generated.
    """

    view: ContractView
    bodies: Bodies
    metered: bool
    seed: int

    def __iter__(self) -> Iterator[Case]:
        yield from self.without_key()
        yield self._first_image()
        yield from self._wrong_places()
        yield from self._broken_forms()
        others = self.view.operation.exactly_one_of[0][1:]
        yield from self._broken_rules(others, with_json=False)
        for name in others:
            yield self._one_prompt(name)
        yield from self._broken_prompts(others)
        # What tells most for one image comes first: rules that can be broken in the contract's own examples.
        rules = list(self._broken_rules(others, with_json=True))
        known = {self._one_prompt(name).payload.body for name in others}
        yield from sorted(rules, key=lambda case: not {control.payload.body for control in case.controls} <= known)
        yield from self._on_demand()
        yield from self._valid_requests()
        yield from generated_cases(self.seed, COSTS)

    def _first_image(self) -> Case:
        """One image that tells as much as possible where each costs something, and as little where none does."""
        fields = self.bodies.plain | (self.bodies.scalars if self.metered else {})
        also = tuple(f"request.{name}.accepted" for name in fields)
        note = f"an image with {', '.join(fields)}"
        return Case(KEY_ACCEPTED, note, form(self.view, fields), Expect.ACCEPTED, fields=tuple(fields), also=also)

    def _one_prompt(self, name: str) -> Case:
        """A valid request with one of the prompts."""
        return self._valid(f"request.{name}.accepted", f"a valid {name}", self.bodies.with_field(name), name)

    def without_key(self) -> Iterator[Case]:
        """The requests that nobody can be billed for."""
        # Where somebody may have to pay there is no prompt either: a proxy may put in a key of its own.
        prompt: dict[str, Any] = {} if self.metered else self.bodies.plain
        for use, requirement in (
            (KeyUse.NONE, "auth.key-missing"),
            (KeyUse.BLANK, "auth.key-blank"),
            (KeyUse.WRONG, "auth.key-wrong"),
        ):
            note = "an image of a plain prompt" if prompt else "a form without a field"
            yield Case(requirement, note, form(self.view, prompt), Expect.UNAUTHORIZED, use)

    def _wrong_places(self) -> Iterator[Case]:
        payload = form(self.view, self.bodies.plain)
        for use, requirement in ((KeyUse.QUERY, "auth.key-in-query"), (KeyUse.BEARER, "auth.key-as-bearer")):
            local = LEAKS if use is KeyUse.QUERY else ""
            yield Case(requirement, "an image of a plain prompt", payload, Expect.UNAUTHORIZED, use, local=local)

    def _valid(self, requirement: str, note: str, fields: Mapping[str, Any], field: str | None = None) -> Case:
        fields = self.bodies.at_least_cost(fields)
        return Case(requirement, note, form(self.view, fields), Expect.ACCEPTED, field=field, fields=tuple(fields))

    def _refused(
        self, requirement: str, note: str, payload: Payload, *controls: Case, statuses: tuple[int, ...] = (400,)
    ) -> Case:
        return Case(requirement, note, payload, Expect.REFUSED, controls=controls, statuses=statuses)

    def _broken_forms(self) -> Iterator[Case]:
        first = self._first_image()
        whole = first.payload
        name, text = next(iter(self.bodies.plain.items()))
        neither = f"{PROMPT_RULE}.neither-refused"
        yield self._refused(neither, "a form without a field", form(self.view, {}), first)
        with_scalars = self._with_scalars()
        rest = self.bodies.at_least_cost(self.bodies.scalars)
        yield self._refused(neither, "a form without a prompt", form(self.view, rest), with_scalars)
        yield self._refused("request.body-required", "no body", Payload(b"", None), first, statuses=(400, 415))
        urlencoded = Payload(f"{name}={text.replace(' ', '+')}".encode(), "application/x-www-form-urlencoded")
        yield self._refused("request.media-type", "an urlencoded form", urlencoded, first, statuses=(400, 415))
        malformed = "request.malformed-form"
        yield self._refused(malformed, "a form without its end", Payload(whole.body[:-20], whole.content_type), first)
        bare = Payload(whole.body, self.view.operation.media_type)
        yield self._refused(malformed, "a Content-Type without a boundary", bare, first)

    def _with_scalars(self) -> Case:
        """A valid request that has every field but one of the prompts."""
        fields = self.bodies.plain | self.bodies.scalars
        return self._valid(KEY_ACCEPTED, f"an image with {', '.join(fields)}", fields)

    def _broken_prompts(self, others: tuple[str, ...]) -> Iterator[Case]:
        """Both prompts, and JSON prompts that are no JSON."""
        prompts = self.view.operation.exactly_one_of[0]
        both = self.bodies.at_least_cost(self.bodies.plain | {name: self.bodies[name] for name in prompts})
        first = self._first_image()
        controls = (first, *map(self._one_prompt, others))
        yield self._refused(f"{PROMPT_RULE}.both-refused", "both prompts", form(self.view, both), *controls)
        for name in others:
            valid = self._one_prompt(name)
            rest = {key: value for key, value in self.bodies.with_field(name).items() if key != name}
            for data in _BROKEN_JSON:
                part = make_part(self.view, name, {})
                parts = [Part(name, data, part.content_type)]
                parts += [make_part(self.view, key, value) for key, value in rest.items()]
                requirement = f"request.{name}.malformed-refused"
                case = self._refused(requirement, f"{name} is {data!r}", multipart(self.view, parts), valid)
                yield evolve(case, field=name)

    def _broken_rules(self, others: tuple[str, ...], *, with_json: bool) -> Iterator[Case]:
        """Requests that break a rule: those that have a JSON prompt, or those that have none."""

        def base(name: str) -> Mapping[str, Any]:
            """What has the field, and where images cost something what was accepted already."""
            fields = self.bodies.with_field(name)
            return self.bodies.plain | self.bodies.scalars if self.metered and name not in others else fields

        for broken in broken_by_rule(base, self.bodies.plain, self.seed, 1 if self.metered else 3):
            if (broken.field in others) != with_json:
                continue
            note = f"{broken.pointer} is {shorten(broken.value)}" if broken.field else broken.pointer
            control = self._valid_for(broken)
            payload = form(self.view, broken.fields)
            case = self._refused(rule_id(broken.rule), note, payload, control, statuses=(broken.status,))
            yield evolve(case, field=broken.field)

    def _valid_for(self, broken: BrokenFields) -> Case:
        name = broken.field
        requirement = f"request.{name}.accepted" if name else KEY_ACCEPTED
        note = f"a valid {name}" if name else "the plainest request"
        return self._valid(requirement, note, broken.valid, name)

    def _on_demand(self) -> Iterator[Case]:
        for status in (status for status, rule in self.view.responses.items() if rule.schema):
            payload = form(self.view, self.bodies.plain)
            payload = Payload(payload.body, payload.content_type, {"Prefer": f"code={status}"})
            note = f"a {status} on demand (Prefer: code={status})"
            yield Case(f"answer.{status}.body", note, payload, Expect.ON_DEMAND, statuses=(status,), local=BILLS)

    def _valid_requests(self) -> Iterator[Case]:
        text = self.view.operation.exactly_one_of[0][0]
        for name in self.view.fields:
            fields = self.bodies.with_field(name)
            payload = form(self.view, fields, **{name: part_type(self.view, name)})
            note = f"the part {name} has the media type {part_type(self.view, name)}"
            yield Case(f"request.{name}.part-type", note, payload, Expect.ACCEPTED, field=name, fields=tuple(fields))
        for value in _ANY_TEXT:
            yield self._valid("request.any-text", f"a prompt with {shorten(value)}", {text: value})
        backwards = dict(reversed(self.bodies.at_least_cost({text: self.bodies[text]} | self.bodies.scalars).items()))
        payload = form(self.view, backwards)
        names = tuple(backwards)
        yield Case("request.field-order", "the prompt comes last", payload, Expect.ACCEPTED, fields=names)
        parts = [make_part(self.view, name, value) for name, value in self.bodies.plain.items()]
        for boundary in _BOUNDARIES:
            payload = multipart(self.view, parts, boundary)
            note = f"the boundary is {boundary!r}"
            yield Case("request.boundary", note, payload, Expect.ACCEPTED, fields=tuple(self.bodies.plain))
        for name, example in self.bodies.examples():
            yield self._valid("request.examples", f"the contract's example {name}", example)
        for name in self.view.fields:
            for value in self.bodies.values(name):
                fields = self.bodies.plain | {name: value}
                yield self._valid(f"request.{name}.accepted", f"{name} is {shorten(value)}", fields, name)


@cache
def plan_cases(seed: int, *, metered: bool) -> tuple[Case, ...]:
    """Every case of a run, the same for the same seed.

    Args:
        seed: The seed of what is generated.
        metered: Whether requests may cost something: then there are fewer, and each asks for the cheapest speed.
    """
    view = read_view()
    return tuple(Plan(view, Bodies(view, cheapest=metered), metered, seed))


@cache
def keyless_cases() -> tuple[Case, ...]:
    """The cases that nobody can be billed for, on any server."""
    view = read_view()
    return tuple(Plan(view, Bodies(view, cheapest=False), metered=True, seed=0).without_key())
