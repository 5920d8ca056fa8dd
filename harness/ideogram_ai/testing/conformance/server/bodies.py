"""Valid values of the request's fields, from the contract's own examples where it has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ideogram_ai.contract.view import example_of

from ..requirement import at_pointer
from .catalogue import places
from .prices import PRICES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ideogram_ai.contract.view import ContractView

_SPEED = "rendering_speed"


class Bodies:
    """Valid fields to make requests of.

    Args:
        view: The contract.
        cheapest: Whether every request asks for the cheapest rendering speed, unless it tries another.
    """

    def __init__(self, view: ContractView, *, cheapest: bool) -> None:
        self._view = view
        self._examples: dict[str, dict[str, Any]] = {
            name: example["value"] for name, example in at_pointer(places().form).get("examples", {}).items()
        }
        self.cheap: dict[str, Any] = {_SPEED: PRICES.cheapest} if cheapest else {}
        """Fields that make a request cheap."""

    def __getitem__(self, name: str) -> Any:
        """A valid value of a field: the first of the contract's examples, or of the values that it lists, or any."""
        for example in self._examples.values():
            if name in example:
                return example[name]
        listed = self.values(name)
        return listed[0] if listed else example_of(self._view, self._view.schemas[name])

    @property
    def plain(self) -> dict[str, Any]:
        """The shortest valid request."""
        text = self._view.operation.exactly_one_of[0][0]
        return self.at_least_cost({text: self[text]} | self._required)

    @property
    def _required(self) -> dict[str, Any]:
        return {field.wire_name: self[field.wire_name] for field in self._view.operation.fields if field.required}

    @property
    def scalars(self) -> dict[str, Any]:
        """A valid value of each field that is no prompt."""
        prompts = self._view.operation.exactly_one_of[0]
        return {name: self[name] for name in self._view.fields if name not in prompts and name != _SPEED}

    def with_field(self, name: str) -> dict[str, Any]:
        """A valid request that has a field."""
        if name in self._view.operation.exactly_one_of[0]:
            return self.at_least_cost({name: self[name]} | self._required)
        return self.plain | {name: self.plain.get(name, self[name])}

    def at_least_cost(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields with the cheapest speed, unless they have one."""
        return {**fields, **{name: value for name, value in self.cheap.items() if name not in fields}}

    def values(self, name: str) -> list[Any]:
        """Values of a field that are worth trying: every one that is listed and in service, both booleans."""
        rule = self._view.fields[name]
        unavailable = [entry.value for entry in rule.unavailable]
        listed = [choice for choice in rule.choices if choice not in unavailable]
        return listed or ([False, True] if "boolean" in rule.types else [])

    def examples(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The contract's example requests by name."""
        yield from self._examples.items()
