"""Answers that the contract does not document, or that break it: what comes all the same, sooner or later."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve
from hypothesis import strategies as st

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.view import read_view

from ..mock_responses import Answer
from .documented import JSON, answers
from .json_values import json_values, texts
from .shown import shown_as

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hypothesis.strategies import DrawFn, SearchStrategy

_HTML: Final = {"Content-Type": "text/html; charset=UTF-8"}
_STATUSES: Final = (200, 599)
_DEEP: Final = 100_000
_Path = tuple[str | int, ...]


def unusual_answers() -> SearchStrategy[Answer]:
    """Answers that a client has to survive: `why` says what is unusual about each.

    An undocumented status, a page of HTML, no body, a body cut off, a member of another type or missing, unknown
    members and values, JSON of another shape, and bytes that are no text.
    """
    view = read_view()
    statuses = st.sampled_from(list(view.responses))
    documented = answers()
    made = st.one_of(
        st.builds(_undocumented, _other_statuses(view.responses, view.observed), documented),
        st.builds(_page, st.integers(*_STATUSES)),
        st.builds(_empty, statuses),
        st.builds(_cut, documented, st.floats(0, 1, exclude_max=True)),
        _wrong_values(documented),
        _missing_members(documented),
        _unknown_members(documented),
        _unknown_values(documented),
        st.builds(partial(_written, "JSON of another shape"), statuses, json_values().map(_dump)),
        st.builds(partial(_written, "no text"), statuses, _no_text()),
    )
    return shown_as("unusual_answers", made)


def _other_statuses(documented: Collection[int], observed: Collection[int]) -> SearchStrategy[int]:
    common = st.sampled_from([*observed, 201, 302, 307, 408, 500, 502, 504, 520, 529])
    return (common | st.integers(*_STATUSES)).filter(lambda status: status not in documented)


def _undocumented(status: int, answer: Answer) -> Answer:
    return evolve(answer, status=status, why="undocumented status")


def _page(status: int) -> Answer:
    """A page of the network in front of the service, whatever the service said."""
    page = f"<!DOCTYPE html>\n<html><head><title>{status}</title></head><body><h1>Please wait</h1></body></html>\n"
    return Answer(status, page.encode(), "a page of HTML", _HTML)


def _empty(status: int) -> Answer:
    return Answer(status, b"", "no body", {})


def _cut(answer: Answer, share: float) -> Answer:
    return evolve(answer, body=answer.body[: int(len(answer.body) * share)], why="a body cut off")


def _written(why: str, status: int, body: bytes) -> Answer:
    return Answer(status, body, why, JSON)


@st.composite
def _wrong_values(draw: DrawFn, documented: SearchStrategy[Answer]) -> Answer:
    """A documented answer in which one value is any other."""
    answer = draw(documented)
    body = json.loads(answer.body)
    path = draw(st.sampled_from(list(_places(body))))
    return _rewritten(answer, _put(body, path, draw(json_values())), f"{_words(path)} is another value")


@st.composite
def _missing_members(draw: DrawFn, documented: SearchStrategy[Answer]) -> Answer:
    """A documented answer without one of its members or items."""
    answer = draw(documented.filter(lambda answer: answer.body != b"{}"))
    body = json.loads(answer.body)
    path = draw(st.sampled_from([path for path in _places(body) if path]))
    del _at(body, path[:-1])[path[-1]]
    return _rewritten(answer, body, f"{_words(path)} is missing")


@st.composite
def _unknown_members(draw: DrawFn, documented: SearchStrategy[Answer]) -> Answer:
    """A documented answer in which one object says more than is documented."""
    answer = draw(documented)
    body = json.loads(answer.body)
    path = draw(st.sampled_from([path for path in _places(body) if is_object(_at(body, path))]))
    known = frozenset(_at(body, path))
    name = draw(texts().filter(lambda name: name not in known))
    return _rewritten(answer, _put(body, (*path, name), draw(json_values())), f"unknown member in {_words(path)}")


@st.composite
def _unknown_values(draw: DrawFn, documented: SearchStrategy[Answer]) -> Answer:
    """A documented answer in which one text is any other."""
    answer = draw(documented)
    body = json.loads(answer.body)
    found = [path for path in _places(body) if isinstance(_at(body, path), str)]
    path = draw(st.sampled_from(found or [("error",)]))
    return _rewritten(answer, _put(body, path, draw(texts())), f"unknown value of {_words(path)}")


def _no_text() -> SearchStrategy[bytes]:
    marked = ['{"data": []}'.encode(encoding) for encoding in ("utf-8-sig", "utf-16", "utf-32")]
    nested = st.sampled_from([b"[", b'{"data":']).map(_nest)
    return st.binary(min_size=1) | st.sampled_from(marked) | nested


def _nest(opening: bytes) -> bytes:
    return opening * _DEEP


def _places(value: Any, path: _Path = ()) -> Iterator[_Path]:
    """The path of every value in a JSON document, its own first."""
    yield path
    if is_object(value):
        for name, member in value.items():
            yield from _places(member, (*path, name))
    elif is_array(value):
        for index, item in enumerate(value):
            yield from _places(item, (*path, index))


def _at(value: Any, path: _Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _put(document: Any, path: _Path, value: Any) -> Any:
    """The document with another value at a path."""
    if not path:
        return value
    _at(document, path[:-1])[path[-1]] = value
    return document


def _words(path: _Path) -> str:
    return "/".join(str(step) for step in path) or "the body"


def _rewritten(answer: Answer, body: Any, why: str) -> Answer:
    return evolve(answer, body=_dump(body), why=why)


def _dump(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
