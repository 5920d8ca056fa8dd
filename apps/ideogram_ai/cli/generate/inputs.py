"""Reads what options name: files, and stdin once."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never

from ideogram_ai.client.request import is_array, is_object

from ..errors import WrongUseError
from ..messages import on_terminal, tell_note

if TYPE_CHECKING:
    from collections.abc import Iterator

STDIN = "-"


class Inputs:
    """The inputs of one run. Stdin has one reader: the second would get nothing, and send that."""

    def __init__(self) -> None:
        self._stdin_reader: str | None = None

    def read_text(self, source: str, reader: str) -> str:
        """Read a file, or stdin.

        Args:
            source: A path, or `-` for stdin.
            reader: The option that wants it, for messages.

        Raises:
            WrongUseError: It cannot be read, or is not UTF-8.
        """
        data = self._read(source, reader)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise WrongUseError(f"{reader}: {shown(source)} is not UTF-8 at byte {error.start}.") from None

    def read_json(self, source: str, reader: str) -> Any:
        """Read a JSON document with its key order.

        Raises:
            WrongUseError: It is no JSON, with the place; or a key is there twice, with the place.
        """
        return parse_json(self.read_text(source, reader), f"{reader}: {shown(source)}")

    def _read(self, source: str, reader: str) -> bytes:
        if source != STDIN:
            try:
                return Path(source).read_bytes()
            except OSError as error:
                raise WrongUseError(f"{reader}: {shown(source)} cannot be read: {error.strerror}.") from None
        if self._stdin_reader is not None:
            raise WrongUseError(f"{self._stdin_reader} and {reader} both read stdin; give a file for one of them.")
        self._stdin_reader = reader
        if sys.stdin is None:
            raise WrongUseError(f"{reader}: stdin is closed.")
        if sys.stdin.isatty() and on_terminal():
            tell_note(f"{reader} is read from the keyboard; Ctrl-D on an empty line ends it.")
        return sys.stdin.buffer.read()


def shown(source: str) -> str:
    """A source as messages name it."""
    return "stdin" if source == STDIN else repr(source)


class _RepeatedKey(dict[str, Any]):
    """An object in which a key is there twice."""

    key = ""


def parse_json(text: str, name: str) -> Any:
    """Parse JSON strictly: no NaN, and no key twice, because of two values one would be lost without a word.

    Args:
        text: The document.
        name: What it is, for messages.

    Raises:
        WrongUseError: With the place of the fault.
    """
    try:
        value: Any = json.loads(text, object_pairs_hook=_keep_repeated, parse_constant=_refuse_constant)
        _refuse_repeated(value, "", name)
    except json.JSONDecodeError as error:
        raise WrongUseError(f"{name}, line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except RecursionError:
        raise WrongUseError(f"{name} nests too deep.") from None
    except ValueError as error:
        raise WrongUseError(f"{name} is no JSON: {error}.") from None
    return value


def _keep_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) == len(pairs):
        return values
    keys = [key for key, _ in pairs]
    repeated = _RepeatedKey(values)
    repeated.key = next(key for key in values if keys.count(key) > 1)
    return repeated


def _refuse_repeated(value: Any, pointer: str, name: str) -> None:
    if isinstance(value, _RepeatedKey):
        place = f"in {pointer}" if pointer else "at the top"
        raise WrongUseError(f"{name} has the key {json.dumps(value.key)} twice {place}; keep one of them.")
    for key, item in _items(value):
        _refuse_repeated(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", name)


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    if is_object(value):
        yield from value.items()
    elif is_array(value):
        yield from ((str(index), item) for index, item in enumerate(value))


def _refuse_constant(constant: str) -> Never:
    raise ValueError(f"it has no {constant}")
