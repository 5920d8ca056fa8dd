"""An operation as a caller sees it: what it takes and what it answers, normalised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from regeneration.documents import Pointer

from drifting.references import Document
from drifting.schema import Schema


@attrs.frozen(eq=False)
class Parameter:
    """A parameter of a request, or a header of an answer.

    Attributes:
        settings: How the value is written: style, explode, allowReserved, media type.
    """

    pointer: Pointer
    place: str
    name: str
    required: bool
    deprecated: bool
    settings: Mapping[str, Any]
    schema: Schema


@attrs.frozen(eq=False)
class Encoding:
    """How one field of a body is sent; settings holds what is written, without defaults."""

    pointer: Pointer
    settings: Mapping[str, Any]


@attrs.frozen(eq=False)
class Media:
    """A body in one media type, which is in lower case and without parameters."""

    pointer: Pointer
    name: str
    schema: Schema
    encoding: Mapping[str, Encoding]


@attrs.frozen(eq=False)
class Body:
    """The body of a request, by media type."""

    pointer: Pointer
    required: bool
    content: Mapping[str, Media]


@attrs.frozen(eq=False)
class Answer:
    """What comes with one status."""

    pointer: Pointer
    status: str
    content: Mapping[str, Media]
    headers: Mapping[tuple[str, str], Parameter]


@attrs.frozen(eq=False)
class Operation:
    """An operation.

    Attributes:
        document: Where it was read from.
        pointer: Its place.
        path: As it is written, without the path of the server.
        method: In lower case.
        operation_id: Empty if it has none.
        servers: The addresses that it is at, without a slash at the end.
        security: The ways to be let in; each is a set of what is needed at once, the empty one is "nothing".
        parameters: By place and name; headers in lower case, those of the path by their position, since their names are
            never sent.
        body: None when it takes none.
        answers: By status, "4XX" and "default" among them.
        places: Where operationId, servers and security stand, which may be above the operation.
    """

    document: Document
    pointer: Pointer
    path: str
    method: str
    operation_id: str
    deprecated: bool
    servers: tuple[str, ...]
    security: frozenset[frozenset[str]]
    parameters: Mapping[tuple[str, str], Parameter]
    body: Body | None
    answers: Mapping[str, Answer]
    places: Mapping[str, Pointer]
