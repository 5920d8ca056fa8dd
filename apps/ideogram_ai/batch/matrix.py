"""A matrix of requests: {colour} in their fields, filled with each value that is given for it, and variants of each."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from itertools import count, product
from typing import TYPE_CHECKING, Any, Final, Self

from attrs import evolve, field, frozen

from ideogram_ai.client.request import is_array, is_object

from .model import FILE_MEMBER, KEY_MEMBER, InputError, RowProblem
from .names import without_image_suffix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .model import Row

_IN_BRACES: Final = re.compile(r"\{(\w+)\}")


@frozen
class Matrix:
    """The values of variables by name, and how often each combination is sent.

    Attributes:
        used: The variables that were found in a field so far.
    """

    variables: Mapping[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])
    variants: int = 1
    used: set[str] = field(factory=set[str], init=False, eq=False)

    @classmethod
    def of(cls, assignments: Iterable[str], variants: int | None = None) -> Self:
        """Read variables as NAME=A,B. A value with a comma stands in double quotes."""
        variables: dict[str, tuple[str, ...]] = {}
        for assignment in assignments:
            name, sign, text = assignment.partition("=")
            if not sign or not re.fullmatch(r"\w+", name):
                raise InputError(f"--var {assignment!r}: write NAME=A,B, for example --var colour=red,blue.")
            try:
                values = tuple(value.strip() for value in next(csv.reader([text], skipinitialspace=True, strict=True)))
            except (csv.Error, StopIteration):
                values = ()
            if not any(values):
                raise InputError(
                    f'--var {assignment!r}: there is no list of values. Write NAME=A,B, and "A, B" for one.'
                )
            if name in variables or len({*values}) < len(values):
                twice = name if name in variables else next(value for value in values if values.count(value) > 1)
                raise InputError(
                    f"--var {assignment!r}: {twice!r} was given twice. For more of the same, use --variants."
                )
            variables[name] = values
        return cls(variables, variants or 1)

    def combinations(self, fields: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
        """Yield the fields with each combination of the values of those variables that are in them, and these values.

        The last variable changes first.
        """
        names = [name for name in self.variables if name in {*_names_in(fields)}]
        self.used.update(names)
        for values in product(*(self.variables[name] for name in names)):
            combination = dict(zip(names, values, strict=True))
            yield _fill(fields, combination), combination

    def check(self) -> None:
        """Raise InputError for a variable that no field has: all its requests would be alike, and each be paid."""
        for name in self.variables:
            if name not in self.used:
                raise InputError(f"--var {name}: {{{name}}} is in no field. Write it into the prompt.")

    def unfilled(self, fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield what to say of {NAME} without a variable, by field: beside variables that are filled, it is a slip."""
        for name, value in fields.items() if self.variables else ():
            for word in dict.fromkeys(_names_in(value)):
                if word not in self.variables:
                    yield name, f"{name}: {{{word}}} stays as it is. To fill it, add --var {word}=A,B."

    def rows(self, rows: Iterable[Row], remark: Callable[[RowProblem], None]) -> Iterator[Row]:
        """Yield the variants of each row. An id or a file name gets the values that it lacks, and a number."""
        numbers = count(1)
        for row in rows:
            for name, message in self.unfilled(row.values):
                remark(RowProblem(row.line, name, message))
            if row.problems:
                yield evolve(row, number=next(numbers))
                continue
            for filled, values in self.combinations(row.values):
                for variant in range(1, self.variants + 1):
                    names: dict[str, Any] = {
                        name: _name(filled[name], self._label(row.values[name], values, variant))
                        for name in (KEY_MEMBER, FILE_MEMBER)
                        if name in filled
                    }
                    yield evolve(row, number=next(numbers), values={**filled, **names})
        self.check()

    def _label(self, name: Any, values: Mapping[str, str], variant: int) -> str:
        """Return what a name lacks to be that of one request alone."""
        lacking = [value for variable, value in values.items() if f"{{{variable}}}" not in str(name)]
        return "".join(f"-{part}" for part in [*lacking, *([str(variant)] if variant > 1 else [])])


def _names_in(value: Any) -> Iterator[str]:
    """Yield what stands in braces in all text of a field."""
    if isinstance(value, str):
        yield from _IN_BRACES.findall(value)
    elif is_object(value) or is_array(value):
        for each in value.values() if is_object(value) else value:
            yield from _names_in(each)


def _fill(value: Any, values: Mapping[str, str]) -> Any:
    """Put values into all text of a field. It is one pass: a value that looks like a variable stays as it is."""
    if is_object(value):
        return {name: _fill(each, values) for name, each in value.items()}
    if is_array(value):
        return [_fill(each, values) for each in value]
    return _IN_BRACES.sub(lambda found: values.get(found[1], found[0]), value) if isinstance(value, str) else value


def _name(name: Any, label: str) -> Any:
    """Put a label behind an id, or before the suffix of a file name. What is neither is left to the check of rows."""
    if not label or isinstance(name, bool) or not isinstance(name, str | int):
        return name
    stem = without_image_suffix(f"{name}")
    return f"{stem}{label}{f'{name}'.removeprefix(stem)}"
