"""The places in the request's schema where a rule can be broken, and values that are broken there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from hypothesis import strategies as st

from ideogram_ai.contract.view import example_of

from .breakers import UNAVAILABLE, Breaker, Breakers
from .schema_values import JsonObject, SchemaValues, follow
from .valid import request_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import SearchStrategy

    from ideogram_ai.contract.view import ContractView, FieldRule

Path = tuple[str | int, ...]

_MOST_INDEX: Final = 20


@frozen
class _Item:
    """Any item of an array, as a step."""


@frozen
class _Branch:
    """A branch of a `oneOf`, as a step."""

    number: int


_Step = str | _Item | _Branch


@frozen
class Site:
    """A place in the request's schema where a rule can be broken.

    Attributes:
        rule: The rule: a JSON pointer into the contract.
        steps: How the place is reached from the request; the field's name first.
        breaker: Turns valid values of the place into such that break the rule.
    """

    rule: str
    steps: tuple[_Step, ...]
    breaker: Breaker

    @property
    def field(self) -> str:
        """The field of the request that the place is in, by its name on the wire."""
        return str(self.steps[0])


class Sites:
    """Finds the sites of the request.

    Args:
        view: The contract.
        values: Makes the values of its schemas.
    """

    def __init__(self, view: ContractView, values: SchemaValues) -> None:
        self.view = view
        self.values = values
        self._breakers = Breakers(view, values)

    def __iter__(self) -> Iterator[Site]:
        schema, pointer = request_schema(self.view)
        for name, part in schema["properties"].items():
            inner, place = follow(self.view, part, f"{pointer}/properties/{name}")
            yield from _sites(self._breakers.of(inner, field=self.view.fields[name]), place, (name,))
            yield from self._below(inner, place, (name,), items=self.view.fields[name].item)

    def broken_values(self, site: Site) -> SearchStrategy[tuple[Any, Path]]:
        """Values of the site's field that are broken at the site, each with the path from the field to there."""
        schema, _ = request_schema(self.view)
        return self._broken(schema["properties"][site.field], site.steps[1:], site.breaker)

    def broken_versions(self, site: Site, value: Any) -> tuple[Any, SearchStrategy[tuple[Any, Path]]]:
        """One valid value of the site's field, and versions of it that differ at the site alone, where they are broken.

        Args:
            site: The site.
            value: A valid value of the field. What it lacks on the way to the site is added to it.
        """
        schema, _ = request_schema(self.view)
        return self._versions(schema["properties"][site.field], site.steps[1:], site.breaker, value)

    def _versions(
        self, schema: JsonObject, steps: tuple[_Step, ...], breaker: Breaker, value: Any
    ) -> tuple[Any, SearchStrategy[tuple[Any, Path]]]:
        schema, _ = follow(self.view, schema)
        if not steps:
            return value, breaker(st.just(value)).map(_at_its_end)
        step, rest = steps[0], steps[1:]
        if isinstance(step, _Branch):
            return self._versions(schema["oneOf"][step.number], rest, breaker, value)
        if isinstance(step, _Item):
            items, place = self._with_item(schema["items"], rest, value)
            inner, broken = self._versions(schema["items"], rest, breaker, items[place])
            return _put(items, place, inner), broken.map(partial(_put_broken, items, place))
        member = value[step] if step in value else example_of(self.view, schema["properties"][step])
        inner, broken = self._versions(schema["properties"][step], rest, breaker, member)
        return _put(value, step, inner), broken.map(partial(_put_broken, value, step))

    def _with_item(self, schema: JsonObject, steps: tuple[_Step, ...], items: list[Any]) -> tuple[list[Any], int]:
        """Items with one among them that a step leads to, and its index."""
        inner, _ = follow(self.view, schema)
        wanted = inner["oneOf"][steps[0].number] if steps and isinstance(steps[0], _Branch) else schema
        validator = self.view.validator(wanted)
        for index, item in enumerate(items):
            if validator.is_valid(item):
                return items, index
        return [*items, example_of(self.view, wanted)], len(items)

    def _below(
        self,
        schema: JsonObject,
        pointer: str,
        steps: tuple[_Step, ...],
        keep: str | None = None,
        items: FieldRule | None = None,
    ) -> Iterator[Site]:
        """The sites of all that a schema leads to.

        Args:
            schema: The schema, no `$ref`.
            pointer: Where it stands in the contract.
            steps: How a value of it is reached.
            keep: The property by which it was chosen among others: if that is broken, the choice is what is broken.
            items: How each item is written, if the schema is of a field that is a list.
        """
        parts: list[tuple[str, JsonObject, _Step]] = [
            (f"properties/{name}", part, name) for name, part in schema.get("properties", {}).items() if name != keep
        ]
        if "items" in schema:
            parts.append(("items", schema["items"], _Item()))
        key: str | None = schema.get("discriminator", {}).get("propertyName")
        for number, branch in enumerate(schema.get("oneOf", ())):
            parts.append((f"oneOf/{number}", branch, _Branch(number)))
        for where, part, step in parts:
            inner, place = follow(self.view, part, f"{pointer}/{where}")
            chosen_by = key if isinstance(step, _Branch) else None
            field = items if isinstance(step, _Item) else None
            yield from _sites(self._breakers.of(inner, field=field, keep=chosen_by), place, (*steps, step))
            yield from self._below(inner, place, (*steps, step), chosen_by)

    def _broken(
        self, schema: JsonObject, steps: tuple[_Step, ...], breaker: Breaker
    ) -> SearchStrategy[tuple[Any, Path]]:
        schema, _ = follow(self.view, schema)
        if not steps:
            return breaker(self.values.of(schema)).map(_at_its_end)
        step, rest = steps[0], steps[1:]
        if isinstance(step, _Branch):
            return self._broken(schema["oneOf"][step.number], rest, breaker)
        if isinstance(step, _Item):
            inner = self._broken(schema["items"], rest, breaker)
            return st.builds(_replace_item, self.values.of(schema), inner, st.integers(0, _MOST_INDEX))
        inner = self._broken(schema["properties"][step], rest, breaker)
        return st.builds(partial(_add_member, step), self.values.objects(schema, without=[step]), inner)


def _sites(ways: dict[str, Breaker], pointer: str, steps: tuple[_Step, ...]) -> Iterator[Site]:
    for keyword, breaker in ways.items():
        yield Site(f"{pointer}/{keyword}{'/0' if keyword == UNAVAILABLE else ''}", steps, breaker)


def _at_its_end(value: Any) -> tuple[Any, Path]:
    return value, ()


def _replace_item(items: list[Any], broken: tuple[Any, Path], number: int) -> tuple[Any, Path]:
    value, path = broken
    index = number % len(items) if items else 0
    return [*items[:index], value, *items[index + 1 :]], (index, *path)


def _add_member(name: str, content: JsonObject, broken: tuple[Any, Path]) -> tuple[Any, Path]:
    value, path = broken
    return content | {name: value}, (name, *path)


def _put(content: Any, step: str | int, inner: Any) -> Any:
    """A list or an object with one of its places changed, in its own order."""
    if isinstance(step, int):
        return [*content[:step], inner, *content[step + 1 :]]
    return {**content, step: inner}


def _put_broken(content: Any, step: str | int, broken: tuple[Any, Path]) -> tuple[Any, Path]:
    value, path = broken
    return _put(content, step, value), (step, *path)
