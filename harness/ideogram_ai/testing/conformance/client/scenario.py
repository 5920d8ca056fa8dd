"""A scenario: a request to make, what the servers answer, and what a good client then does. All of it is plain data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from attrs import Factory, frozen

from ..requirement import Requirement

IMAGE_LINK: Final = "{{image_host}}/image.png?exp=4102444800&sig=conformance"
"""A link to the image in answers; the host is put in when the server runs, and it expires in the year 2100."""

ELSEWHERE: Final = "{{other_host}}/"
"""A host that is neither the service nor the image host."""


class Told(StrEnum):
    """What a program says became of a request."""

    IMAGE = "image"
    WITHHELD = "withheld"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    UNSUPPORTED = "unsupported"


class Cut(StrEnum):
    """A connection that ends instead of an answer; each is a fault of the fault server."""

    RESET_AFTER_REQUEST = "reset_after_request"
    CLOSE_AFTER_REQUEST = "close_after_request"
    RESET_IN_HEADERS = "reset_in_headers"


@frozen
class Reply:
    """What a server does with one request.

    Attributes:
        status: Status of the answer; None for a cut.
        body: A JSON value, or text, as the headers say; hosts in braces are put in.
        headers: Headers beside Content-Length.
        cut: How the connection ends instead.
        fault: Name of what the fault server does instead, an answer that is wrong in more than its content.
        image: Whether the body is the image, whatever `body` has.
    """

    status: int | None = 200
    body: Any = None
    headers: Mapping[str, str] = Factory(dict[str, str])
    cut: Cut | None = None
    image: bool = False
    fault: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The reply as a vector has it."""
        if self.cut is not None:
            return {"cut": self.cut.value}
        if self.fault is not None:
            return {"fault": self.fault}
        if self.image:
            return {"status": self.status, "headers": dict(self.headers), "image": True}
        return {"status": self.status, "headers": dict(self.headers), "body": self.body}


@frozen
class Ending:
    """One way in which a program may tell what became of the request.

    Attributes:
        told: The outcome.
        status: The status that it has to name; None where it need not name one.
    """

    told: Told
    status: int | None = None


@frozen
class Scenario:
    """One run of a program.

    Attributes:
        requirement: What it is about.
        request: The fields to send, null for one that is given and has no value.
        answers: What the service does with the requests in turn; the last repeats.
        endings: What the program may tell.
        sends: The fields that have to arrive, as JSON values; None where that is not the subject.
        most_posts: How many requests may be sent at most; 0 where the program itself has to refuse.
        pause: Seconds that have to lie between an answer and the next request.
        time_limit: Seconds that the program is told to wait at most; None where it is told the kit's own limit.
        image_host: What the image host does with the requests in turn; the last repeats.
    """

    requirement: Requirement
    request: Mapping[str, Any]
    answers: tuple[Reply, ...]
    endings: tuple[Ending, ...]
    sends: Mapping[str, Any] | None = None
    most_posts: int | None = None
    pause: float | None = None
    time_limit: float | None = None
    image_host: tuple[Reply, ...] = (Reply(image=True, headers={"Content-Type": "image/png"}),)

    @property
    def id(self) -> str:
        """The scenario's name, which is its requirement's."""
        return self.requirement.id

    def as_vector(self) -> dict[str, Any]:
        """The scenario as a language-neutral JSON object."""
        expect: dict[str, Any] = {
            "endings": [
                {"outcome": ending.told.value} | ({} if ending.status is None else {"status": ending.status})
                for ending in self.endings
            ]
        }
        if self.sends is not None:
            expect["fields"] = dict(self.sends)
        if self.most_posts is not None:
            expect["most_posts"] = self.most_posts
        if self.pause is not None:
            expect["pause_seconds"] = self.pause
        limit = {} if self.time_limit is None else {"time_limit_seconds": self.time_limit}
        return {
            "id": self.id,
            "title": self.requirement.title,
            "contract_pointer": self.requirement.pointer,
            "request": dict(self.request),
            **limit,
            "service": [reply.as_json() for reply in self.answers],
            "image_host": [reply.as_json() for reply in self.image_host],
            "expect": expect,
        }
