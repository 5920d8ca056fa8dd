"""Values of JSON, and values that satisfy a schema of the contract.

A keyword that is not known here is refused: values of a schema that was understood in part would prove nothing.
Libraries that know every keyword do not fit: hypothesis-jsonschema 0.23 ends at draft 7, and schemathesis 4.32 keeps
hypothesis from printing the failing examples of the whole test run.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import frozen
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from ideogram_ai.client.request import is_array, is_object

from ..faults.wire import JPEG, WEBP, png

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hypothesis.strategies import DrawFn, SearchStrategy

    from ideogram_ai.contract.view import ContractView

T = TypeVar("T")
JsonObject = dict[str, Any]
Path = tuple[str | int, ...]

_TRICKY_TEXTS: Final = (
    "A photo of a cat",
    " ",
    "null",
    "True",
    '{"a": "b"}',
    "in \"quotes\" \\ and 'more'",
    "first line\r\nsecond line\n",
    "\u732b \U0001f408 \u202eright to left",
    # Ends the part and forges another one, if the boundary is the constant that some generators write.
    '\r\n--+++\r\nContent-Disposition: form-data; name="rendering_speed"\r\n\r\nQUALITY\r\n--+++--\r\n',
)

_ANNOTATIONS: Final = frozenset({"description", "title", "default", "example", "examples", "discriminator"})
_NUMERIC: Final = frozenset({"format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_KEYWORDS: Final[Mapping[str, frozenset[str]]] = {
    "array": frozenset({"items", "minItems", "maxItems", "uniqueItems"}),
    "boolean": frozenset(),
    "integer": _NUMERIC,
    "null": frozenset(),
    "number": _NUMERIC,
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "string": frozenset({"enum", "pattern", "format", "minLength", "maxLength"}),
}
_MOST_ITEMS: Final = 3
_MOST_LEAVES: Final = 15
_LONGEST_TAIL: Final = 200
_NUMBERS: Final[Mapping[str, tuple[int, int] | None]] = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**53), 2**53),  # parsers that know floats only change larger ones
    "float": None,
    "double": None,
}
_LINKS: Final = r"https://[a-z][a-z0-9-]{0,9}\.(example|test)/[a-zA-Z0-9_-]{1,20}"


class UnknownKeywordError(NotImplementedError):
    """The contract has a keyword of JSON Schema that the strategies do not know yet."""

    def __init__(self, keywords: Collection[str], schema: JsonObject) -> None:
        what = f"the strategies for tests do not know {', '.join(sorted(keywords))}, in the schema {str(schema)[:200]}"
        super().__init__(f"{what}: write the rule with other keywords, or add it to strategies/schema_values.py")


def named(name: str, strategy: SearchStrategy[T]) -> SearchStrategy[T]:
    """The same strategy with a short repr; hypothesis prints strategies, and warns if one is pages long."""

    def draw_from(draw: DrawFn) -> T:
        return draw(strategy)

    draw_from.__name__ = name
    return st.composite(draw_from)()


def texts(*, min_size: int = 0, max_size: int | None = None) -> SearchStrategy[str]:
    """Any text that UTF-8 can encode; often one that is known to cause trouble."""
    tricky = [text for text in _TRICKY_TEXTS if min_size <= len(text) and (max_size is None or len(text) <= max_size)]
    # hypothesis also draws from the texts of the program that it runs in, and the mock server has words for failures.
    anything = st.text(min_size=min_size, max_size=max_size).filter(lambda text: "mock-" not in text.lower())
    return anything | st.sampled_from(tricky) if tricky else anything


def files() -> SearchStrategy[bytes]:
    """The bytes of a file as operations take them: a PNG, a JPEG or a WebP, with anything behind its end."""
    images = st.builds(png, st.integers(1, 3), st.integers(1, 3)) | st.sampled_from([JPEG, WEBP])
    tails = st.just(b"") | st.binary(max_size=_LONGEST_TAIL) | texts(max_size=_LONGEST_TAIL).map(str.encode)
    return named("files", st.builds(bytes.__add__, images, tails))


def without_content(value: Any) -> Any:
    """A value of a request as its schema takes it: with a text for each file."""
    if isinstance(value, bytes):
        return ""
    return [without_content(item) for item in value] if is_array(value) else value


def json_values() -> SearchStrategy[Any]:
    """Any JSON value."""

    def containers(inner: SearchStrategy[Any]) -> SearchStrategy[Any]:
        return st.lists(inner, max_size=_MOST_ITEMS) | st.dictionaries(texts(), inner, max_size=_MOST_ITEMS)

    # Parsers that know floats only change integers beyond 2**53.
    numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(st.none() | st.booleans() | numbers | texts(), containers, max_leaves=_MOST_LEAVES)


def put_at(document: Any, path: Path, part: Any) -> Any:
    """The document with another part at a path; at the end of a list, one more."""
    if not path:
        return part
    step, *rest = path
    inner = put_at(document[step], tuple(rest), part) if rest else part
    if isinstance(step, int):
        return [*document[:step], inner, *document[step + 1 :]]
    return {**document, step: inner}


def has_type(value: object, types: list[str]) -> bool:
    """Whether a JSON value has one of the types of a schema."""
    return Draft202012Validator({"type": types}).is_valid(value)


def follow(view: ContractView, schema: JsonObject, pointer: str = "#") -> tuple[JsonObject, str]:
    """The schema behind a `$ref`, and its JSON pointer in the contract."""
    while "$ref" in schema:
        pointer = schema["$ref"]
        schema = view.node(list(pointer.removeprefix("#/").split("/")))
    return schema, pointer


def keywords_of(schema: JsonObject) -> frozenset[str]:
    """The keywords of a schema that restrict its values."""
    return frozenset(name for name in schema if name not in _ANNOTATIONS and not name.startswith("x-"))


def types_of(schema: JsonObject) -> list[str]:
    """The types that a schema with `type` allows."""
    types: str | list[str] = schema["type"]
    return [types] if isinstance(types, str) else types


def choice_of(schema: JsonObject) -> str | None:
    """The keyword by which a schema chooses among others; None if it does not. A rule over members is no choice."""
    return next((word for word in ("oneOf", "anyOf") if word in schema and not _names_in(schema[word])), None)


def parts_of(view: ContractView, schema: JsonObject, pointer: str = "#") -> Iterator[tuple[JsonObject, str]]:
    """A schema and those of its `allOf`, each with its JSON pointer and without the `allOf`."""
    schema, pointer = follow(view, schema, pointer)
    yield {name: rule for name, rule in schema.items() if name != "allOf"}, pointer
    for number, part in enumerate(schema.get("allOf", ())):
        yield from parts_of(view, part, f"{pointer}/allOf/{number}")


def composed(view: ContractView, schema: JsonObject) -> JsonObject:
    """The schema, and those of its `allOf`, in one schema; rules over members are left to `member_rules`.

    Raises:
        UnknownKeywordError: Two of them have the same keyword, and it is not known how to compose it.
    """
    parts = [part for part, _ in parts_of(view, schema)]
    if len(parts) == 1 and not set(_RULES) & parts[0].keys():
        return parts[0]
    whole: JsonObject = {}
    for part in (*parts[1:], parts[0]):
        for name in keywords_of(part):
            match name:
                case "properties":
                    whole[name] = whole.get(name, {}) | part[name]
                case "required":
                    whole[name] = [*whole.get(name, ()), *part[name]]
                case _ if name in _RULES and _names_in(part[name]):
                    continue
                case _ if whole.get(name, part[name]) != part[name]:
                    raise UnknownKeywordError(["allOf", name], schema)
                case _:
                    whole[name] = part[name]
    return whole


Way = tuple[frozenset[str], frozenset[str]]
"""Members that are given, and members that are not."""

_RULES: Final = ("oneOf", "anyOf", "not")
_NONE: Final[frozenset[str]] = frozenset()


@frozen
class MemberRule:
    """A rule over the members of an object.

    Attributes:
        pointer: Its JSON pointer in the contract.
        keeps: The ways to keep it; everything that keeps it is among them.
        breaks: The ways to break it.
        same_length: Two members: if the second is given, it has as many items as the first.
    """

    pointer: str
    keeps: tuple[Way, ...]
    breaks: tuple[Way, ...]
    same_length: tuple[str, str] | None = None


def member_rules(view: ContractView, schema: JsonObject, pointer: str = "#") -> list[MemberRule]:
    """The rules over the members of an object: which are required, exclude each other, or have the same length."""
    return [rule for part, place in parts_of(view, schema, pointer) for rule in _member_rules(part, place)]


def _member_rules(schema: JsonObject, pointer: str) -> Iterator[MemberRule]:
    for keyword in (*_RULES, "required"):
        names = schema.get(keyword, []) if keyword == "required" else _names_in(schema.get(keyword))
        if names:
            yield MemberRule(f"{pointer}/{keyword}", *ways_of(keyword, names))
    for number, (first, second) in enumerate(schema.get("x-same-length", ())):
        both, alone = frozenset({first, second}), frozenset({second})
        keeps, breaks = ((_NONE, alone), (both, _NONE)), ((alone, frozenset({first})),)
        yield MemberRule(f"{pointer}/x-same-length/{number}", keeps, breaks, same_length=(first, second))


def ways_of(keyword: str, names: Collection[str]) -> tuple[tuple[Way, ...], tuple[Way, ...]]:
    """The ways to keep a rule over members, and to break it: `oneOf`, `anyOf` or `not` of `required`, or `required`."""
    every, each = frozenset(names), [frozenset({name}) for name in names]
    match keyword:
        case "oneOf":
            return tuple((one, every - one) for one in each), ((every, _NONE), (_NONE, every))
        case "anyOf":
            return tuple((one, _NONE) for one in each), ((_NONE, every),)
        case "not":
            return tuple((_NONE, one) for one in each), ((every, _NONE),)
        case _:
            return ((every, _NONE),), tuple((_NONE, one) for one in each)


def _names_in(rule: Any) -> list[str]:
    """The members that a `oneOf`, `anyOf` or `not` is about if it only says which are there; none otherwise."""
    branches: list[JsonObject] = rule if is_array(rule) else [rule] if is_object(rule) else []
    if not all(
        branch.keys() == {"required"} and (is_object(rule) or len(branch["required"]) == 1) for branch in branches
    ):
        return []
    return [name for branch in branches for name in branch["required"]]


def known_branches(view: ContractView, schema: JsonObject) -> list[JsonObject]:
    """What a schema chooses from. A branch that allows everything stands for what came later than the contract."""
    branches: list[JsonObject] = schema[choice_of(schema) or ""]
    return [branch for branch in branches if keywords_of(view.resolve(branch))] or branches


def without_null(view: ContractView, schema: JsonObject) -> JsonObject:
    """The schema, in which null is not allowed. A filter would reject half of what is drawn."""
    schema = view.resolve(schema)
    if choice := choice_of(schema):
        return schema | {choice: [part for part in schema[choice] if not is_null(view, part)]}
    if "type" not in schema or "null" not in types_of(schema):
        return schema
    return schema | {"type": [kind for kind in types_of(schema) if kind != "null"]}


def is_null(view: ContractView, schema: JsonObject) -> bool:
    """Whether a schema allows null and nothing else."""
    schema = view.resolve(schema)
    return schema.get("type") in ("null", ["null"])


class SchemaValues:
    """Values that satisfy a schema, made of known properties and known values only."""

    def __init__(self, view: ContractView) -> None:
        self._view = view
        self._made: dict[int, SearchStrategy[Any]] = {}  # by the identity of the schema, which `_known` keeps alive
        self._known: list[JsonObject] = []

    def of(self, schema: JsonObject) -> SearchStrategy[Any]:
        """The values of a schema of the contract. The same schema gives the same strategy.

        Raises:
            UnknownKeywordError: The schema has a keyword that is not known here.
        """
        schema = self._view.resolve(schema)
        key = id(schema)
        if key not in self._made:
            self._known.append(schema)
            self._made[key] = st.deferred(lambda: self._made[key])  # a schema may lead back to itself
            self._made[key] = self._make(schema)
        return self._made[key]

    def objects(self, schema: JsonObject, *, given: str | None = None) -> SearchStrategy[JsonObject]:
        """The values of a schema of an object. They lack the member `given`, and keep the rules with it."""
        return objects(self.members(schema), member_rules(self._view, schema), given=given)

    def members(self, schema: JsonObject) -> dict[str, SearchStrategy[Any]]:
        """The values of each member of a schema of an object."""
        properties: JsonObject = composed(self._view, schema).get("properties", {})
        return {name: self.of(part) for name, part in properties.items()}

    def _make(self, schema: JsonObject) -> SearchStrategy[Any]:
        whole, schema = schema, composed(self._view, schema)
        keywords = keywords_of(schema)
        if "const" in keywords:
            return st.just(schema["const"])
        if choice := choice_of(schema):
            _refuse(keywords - {choice}, schema)
            return st.one_of([self.of(branch) for branch in known_branches(self._view, schema)])
        if "type" not in keywords:
            _refuse(keywords, schema)
            return json_values()
        types = types_of(schema)
        _refuse(set(types) - set(_KEYWORDS), schema)
        if "enum" in keywords and types != ["string"]:
            return st.sampled_from([value for value in schema["enum"] if has_type(value, types)])
        _refuse(keywords.difference({"type"}, *(_KEYWORDS[kind] for kind in types)), schema)
        return st.one_of(
            [
                self.objects(whole) if kind == "object" and "properties" in schema else self._of_type(kind, schema)
                for kind in types
            ]
        )

    def _of_type(self, kind: str, schema: JsonObject) -> SearchStrategy[Any]:
        match kind:
            case "array":
                least: int = schema.get("minItems", 0)
                most: int = schema.get("maxItems", least + _MOST_ITEMS)
                unique = json.dumps if schema.get("uniqueItems") else None
                return st.lists(self.of(schema.get("items", {})), min_size=least, max_size=most, unique_by=unique)
            case "boolean":
                return st.booleans()
            case "integer" | "number":
                return _numbers(kind, schema)
            case "null":
                return st.none()
            case "object":
                return st.dictionaries(texts(), json_values(), max_size=_MOST_ITEMS)
            case _:
                return _strings(schema)


def objects(
    members: Mapping[str, SearchStrategy[Any]],
    rules: Collection[MemberRule] = (),
    *,
    required: Collection[str] = (),
    broken: MemberRule | None = None,
    given: str | None = None,
) -> SearchStrategy[JsonObject]:
    """Objects with the required members and some of the others, in several orders.

    Args:
        members: The values of the members.
        rules: The rules over them.
        required: Members that are always there.
        broken: One of the rules, which is broken.
        given: A member that is left out, because it is added later; the rules are kept with it.
    """
    pairs = [rule.same_length for rule in rules if rule.same_length and rule != broken]
    added = _NONE if given is None else frozenset({given})
    ways: dict[Way, None] = {}
    for chosen in product(*(rule.breaks if rule == broken else rule.keeps for rule in rules)):
        always = added.union(required, *(some for some, _ in chosen))
        never = _NONE.union(*(others for _, others in chosen))
        if not always & never and not any(first == given and second in always for first, second in pairs):
            ways[always - added, never | added] = None
    return st.one_of([_objects(members, always, never) for always, never in ways]).map(partial(_even, pairs))


def _objects(
    members: Mapping[str, SearchStrategy[Any]], always: Collection[str], never: Collection[str]
) -> SearchStrategy[JsonObject]:
    names = [name for name in members if name not in never]
    required = {name: members[name] for name in names if name in always}
    perhaps = {name: members[name] for name in names if name not in always}

    def turn(content: JsonObject, start: int) -> JsonObject:
        return {name: content[name] for name in names[start:] + names[:start] if name in content}

    # Not every permutation: one number is drawn much faster than a list of them.
    return st.builds(turn, st.fixed_dictionaries(required, optional=perhaps), st.integers(0, max(0, len(names) - 1)))


def _even(pairs: Collection[tuple[str, str]], value: JsonObject) -> JsonObject:
    """The object with as many items in one member of a pair as in the other."""
    for pair in pairs:
        if all(is_array(value.get(name)) for name in pair):
            fewest = min(len(value[name]) for name in pair)
            value = value | {name: value[name][:fewest] for name in pair}
    return value


def merge(value: JsonObject, more: JsonObject) -> JsonObject:
    """The object with more members."""
    return value | more


def _numbers(kind: str, schema: JsonObject) -> SearchStrategy[int | float]:
    """Numbers within the bounds of a schema."""
    limits: JsonObject = {name: rule for name, rule in schema.items() if name.endswith(("imum", "Of"))} | {"type": kind}
    validator = Draft202012Validator(limits)
    ends = _NUMBERS.get(_known_format(schema, _NUMBERS))
    least = [schema[name] for name in ("minimum", "exclusiveMinimum") if name in schema]
    most = [schema[name] for name in ("maximum", "exclusiveMaximum") if name in schema]
    if ends:
        least, most = [*least, ends[0]], [*most, ends[1]]
    low, high, step = max(least, default=None), min(most, default=None), schema.get("multipleOf")
    unit = step or 1
    made: SearchStrategy[int | float] = st.integers(
        None if low is None else math.ceil(low / unit), None if high is None else math.floor(high / unit)
    ).map(lambda count: count * unit)
    if kind == "number" and step is None:
        # Parsers that know floats only change larger numbers.
        bounds = (-(2.0**53) if low is None else low, 2.0**53 if high is None else high)
        made = made | st.floats(*bounds, allow_nan=False, allow_infinity=False)
    return made.filter(validator.is_valid) if least or most or step else made


def _strings(schema: JsonObject) -> SearchStrategy[Any]:
    known: list[str] = [entry["value"] for entry in schema.get("x-known-values", ())] or schema.get("examples", [])
    text_format = _known_format(schema, _FORMATS)
    if "enum" in schema:
        refused = [entry["value"] for entry in schema.get("x-unavailable-values", ())]
        return st.sampled_from([value for value in schema["enum"] if value not in refused])
    if known:
        return st.sampled_from(known)
    if text_format:
        made = _FORMATS[text_format]
    elif "pattern" in schema:
        pattern: str = schema["pattern"]
        # \d is 0 to 9 in JSON Schema, and $ does not match before a line end.
        whole = pattern.startswith("^") and pattern.endswith("$")
        made = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=whole)
    else:
        return texts(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength"))
    limits: JsonObject = {name: rule for name, rule in schema.items() if name in {"pattern", "minLength", "maxLength"}}
    return made.filter(Draft202012Validator(limits).is_valid) if limits else made


_FORMATS: Final[Mapping[str, SearchStrategy[Any]]] = {
    "binary": files(),
    "date": st.dates().map(str),
    "date-time": st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat()),
    "uri": st.from_regex(_LINKS, fullmatch=True),
    "uuid": st.uuids().map(str),
}


def _known_format(schema: JsonObject, known: Collection[str]) -> str:
    """The format of a schema; empty without one."""
    name: str = schema.get("format", "")
    _refuse([f"format {name}"] if name and name not in known else [], schema)
    return name


def _refuse(keywords: Collection[str], schema: JsonObject) -> None:
    if keywords:
        raise UnknownKeywordError(keywords, schema)
