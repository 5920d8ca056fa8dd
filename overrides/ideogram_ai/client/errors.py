"""Every error of the client. Each says what it means for money.

IdeogramError
├── RequestError (also ValueError)           the request cannot be made; nothing was sent
│   ├── PromptError                          both prompts, or neither
│   ├── UnknownFieldError (also TypeError)   no such request field
│   ├── FieldValueError                      a value that cannot be written
│   └── ConfigurationError                   API key, base URL or time limit
├── APIConnectionError                       the request never left: safe to repeat
├── OutcomeUnknownError                      it left and no whole answer came back: may have been billed
├── APIStatusError                           an answer with another status than 200
│   ├── BadRequestError 400
│   ├── AuthenticationError 401
│   ├── PaymentRequiredError 402
│   ├── PermissionDeniedError 403
│   ├── NotFoundError 404
│   ├── UnprocessableEntityError 422         the safety check
│   ├── RateLimitError 429
│   └── InternalServerError 5xx
├── ResponseValidationError                  a 200 that breaks the contract; the body is kept
└── DownloadError                            an image that cannot be had; asking again costs nothing
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


class IdeogramError(Exception):
    """Base of every error of this client.

    Attributes:
        message: What happened, what it means for money, and what to do.
        may_have_been_billed: False only when it is certain that nothing was billed.
    """

    may_have_been_billed: bool = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def explain(self, more: str) -> None:
        """Add a sentence to the message."""
        self.rephrase(lambda message: f"{message} {more}".rstrip())

    def rephrase(self, change: Callable[[str], str]) -> None:
        """Change the message."""
        self.message = change(self.message)
        self.args = (self.message,)

    def __reduce__(self) -> tuple[Callable[..., IdeogramError], tuple[type[Self], str, dict[str, Any]]]:
        """Pickle and copy with every attribute, whatever the arguments of the subclass are."""
        return _rebuild, (type(self), self.message, dict(self.__dict__))


def _rebuild(kind: type[IdeogramError], message: str, attributes: dict[str, Any]) -> IdeogramError:
    error = kind.__new__(kind, message)
    error.args = (message,)
    error.__dict__.update(attributes)
    return error


class RequestError(IdeogramError, ValueError):
    """The request cannot be made as it was asked for. Nothing was sent, nothing billed."""


class PromptError(RequestError):
    """Both prompts were given, or neither. Nothing was sent, nothing billed.

    Attributes:
        case: "both" or "neither".
    """

    def __init__(self, message: str, *, case: Literal["both", "neither"]) -> None:
        super().__init__(message)
        self.case = case


class UnknownFieldError(RequestError, TypeError):
    """A keyword that is no request field. Nothing was sent, nothing billed.

    Attributes:
        field: The name that was given.
        suggestion: The field that was probably meant, or None.
    """

    def __init__(self, message: str, *, field: str, suggestion: str | None) -> None:
        super().__init__(message)
        self.field = field
        self.suggestion = suggestion


class FieldValueError(RequestError):
    """A value that cannot be written as text or JSON at all. Nothing was sent, nothing billed.

    Attributes:
        field: The request field.
        pointer: JSON pointer from the request to the value, as in "/json_prompt/tags/0".
    """

    def __init__(self, message: str, *, field: str, pointer: str) -> None:
        super().__init__(message)
        self.field = field
        self.pointer = pointer


class ConfigurationError(RequestError):
    """The API key, the base URL or a time limit cannot be used. Nothing was sent, nothing billed."""


class APIConnectionError(IdeogramError):
    """The request never left this machine. Nothing was billed; repeating is safe.

    Attributes:
        transient: False when another try would end alike, as with a certificate that is not trusted.
    """

    def __init__(self, message: str, *, transient: bool = True) -> None:
        super().__init__(message)
        self.transient = transient


class OutcomeUnknownError(IdeogramError):
    """The request left and no whole answer came back: the image may have been made, and billed.

    Attributes:
        status_code: The status, if one arrived (408, or the answer broke off), else None.
        headers: The headers that came with it, else None.
        body: What arrived of the body, possibly nothing.
    """

    may_have_been_billed = True

    def __init__(
        self, message: str, *, status_code: int | None = None, headers: httpx.Headers | None = None, body: bytes = b""
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.headers = headers
        self.body = body


class APIStatusError(IdeogramError):
    """The service answered with another status than 200.

    Attributes:
        status_code: The HTTP status.
        headers: The answer's headers.
        body: The answer's body, decoded from its content encoding, whatever it holds.
    """

    def __init__(
        self, message: str, *, status_code: int, headers: httpx.Headers, body: bytes, may_have_been_billed: bool
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.headers = headers
        self.body = body
        self.may_have_been_billed = may_have_been_billed


class BadRequestError(APIStatusError):
    """400: the service does not take the request as it is. It did not run."""


class AuthenticationError(APIStatusError):
    """401: no API key arrived, or the service does not know it. The request did not run."""


class PaymentRequiredError(APIStatusError):
    """402: the account has no balance. The request did not run."""


class PermissionDeniedError(APIStatusError):
    """403: the key may not do this, or the network in front refused. The request did not run."""


class NotFoundError(APIStatusError):
    """404: nothing at that address; most often a wrong base URL. The request did not run."""


class UnprocessableEntityError(APIStatusError):
    """422: the prompt did not pass the safety check. The request did not run."""


class RateLimitError(APIStatusError):
    """429: too many requests in progress, or a limit of the account. The request did not run.

    Attributes:
        retry_after: Seconds to wait, from Retry-After, or None when the service did not say.
        reject_reason: The limit that was met, as the service names it, or None.
        waiting_helps: False when the contract knows that waiting does not lift the limit.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        headers: httpx.Headers,
        body: bytes,
        may_have_been_billed: bool,
        retry_after: float | None = None,
        reject_reason: str | None = None,
        waiting_helps: bool = True,
    ) -> None:
        super().__init__(
            message, status_code=status_code, headers=headers, body=body, may_have_been_billed=may_have_been_billed
        )
        self.retry_after = retry_after
        self.reject_reason = reject_reason
        self.waiting_helps = waiting_helps


class InternalServerError(APIStatusError):
    """5xx: the service failed, perhaps after it had made the image. It may have been billed."""


class ResponseValidationError(IdeogramError):
    """A 200 in which no image can be found. The image was most likely made and billed.

    Attributes:
        status_code: The HTTP status.
        headers: The answer's headers.
        body: All the bytes that arrived, so that nothing paid for is lost.
        problems: What is wrong with the answer, each with its place.
    """

    may_have_been_billed = True

    def __init__(
        self, message: str, *, status_code: int, headers: httpx.Headers, body: bytes, problems: tuple[str, ...]
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.headers = headers
        self.body = body
        self.problems = problems


class DownloadReason(StrEnum):
    """Why an image could not be downloaded."""

    WITHHELD = "withheld"
    EXPIRED = "expired"
    EXISTS = "exists"
    UNWRITABLE = "unwritable"
    FORBIDDEN_ADDRESS = "forbidden_address"
    NOT_AN_IMAGE = "not_an_image"
    TOO_LARGE = "too_large"
    STATUS = "status"
    CONNECTION = "connection"


class DownloadError(IdeogramError):
    """The image could not be saved. It is paid for already; asking for it again costs nothing.

    Attributes:
        reason: Why, as a word that equals its text ("withheld", "expired" ...).
        status_code: The status of the image host, if it answered, else None.
        url: The image's link, signature and all, which may be asked again as long as it lives; None without one. It is
            in no message.
    """

    may_have_been_billed = True

    def __init__(self, message: str, *, reason: DownloadReason, status_code: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.status_code = status_code
        self.url: str | None = None


class ResponseWarning(UserWarning):
    """A 200 broke the contract in places, and at least one usable image was in it."""
