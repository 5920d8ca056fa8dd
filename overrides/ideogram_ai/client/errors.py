"""Every error of the client. Each says what it means for money.

IdeogramError
├── RequestError (also ValueError)           the request cannot be made; nothing was sent
│   ├── PromptError                          both prompts, or neither
│   ├── ConflictingFieldsError               fields that exclude each other, or one without the other
│   ├── UnknownFieldError (also TypeError)   no such request field
│   ├── FieldValueError                      a value that cannot be encoded
│   └── ConfigurationError                   API key, base URL, timeout, proxy or certificates
├── APIConnectionError                       the request never left: safe to repeat
├── OutcomeUnknownError                      it left and no complete response came back: may have been billed
├── APIStatusError                           a response with a status other than 200
│   ├── BadRequestError 400
│   ├── AuthenticationError 401
│   ├── PaymentRequiredError 402
│   ├── PermissionDeniedError 403
│   ├── NotFoundError 404
│   ├── UnprocessableEntityError 422         the safety check
│   ├── RateLimitError 429
│   └── InternalServerError 5xx
├── ResponseValidationError                  a 200 that breaks the contract; the body is kept
├── JobFailedError                           a submitted job failed; it is not billed
├── JobTimeoutError                          a wait ended before its job did; asking again costs nothing
├── DownloadError                            an image could not be downloaded; trying again costs nothing
└── WebhookVerificationError                 a delivery is not proven to come from the service
"""

from __future__ import annotations

import sys
from enum import StrEnum
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from .jobs import Job

NOTHING_SENT: Final = "Nothing was sent, nothing billed."
ASK_AGAIN: Final = "Asking again is free."
_REQUEST_IDS: Final = ("x-request-id", "request-id", "x-correlation-id", "x-amzn-requestid", "cf-ray")
"""Headers in which services and gateways name a request. Ideogram documents none of them."""


def find_request_id(headers: httpx.Headers | None) -> str | None:
    """Return the id of the request in the headers of a response; None without one."""
    return next((headers[name][:200] for name in _REQUEST_IDS if headers.get(name)), None) if headers else None


class IdeogramError(Exception):
    """Base of every error of this client.

    Attributes:
        message: What happened, what it means for money, and what to do.
        may_have_been_billed: False only when it is certain that nothing was billed.
        job_id: The id of the job that the error is about, for client.job and client.wait; None without one.
    """

    may_have_been_billed: bool = False
    job_id: str | None = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def request_id(self) -> str | None:
        """The id of the request in the response headers, for questions to a gateway or service; None without one."""
        return find_request_id(getattr(self, "headers", None))

    def explain(self, more: str) -> None:
        """Append a sentence to the message."""
        self.rephrase(lambda message: f"{message} {more}".rstrip())

    def rephrase(self, change: Callable[[str], str]) -> None:
        """Rewrite the message."""
        self.message = change(self.message)
        self.args = (self.message,)

    def __reduce__(self) -> tuple[Callable[..., IdeogramError], tuple[type[Self], str, dict[str, Any]]]:
        """Pickle and copy with every attribute, whatever the subclass's __init__ takes."""
        return _rebuild, (type(self), self.message, dict(self.__dict__))


def _rebuild(kind: type[IdeogramError], message: str, attributes: dict[str, Any]) -> IdeogramError:
    error = kind.__new__(kind, message)
    error.args = (message,)
    error.__dict__.update(attributes)
    return error


class RequestError(IdeogramError, ValueError):
    """The request cannot be made. Nothing was sent, nothing billed."""


class PromptError(RequestError):
    """Both prompts were given, or neither. Nothing was sent, nothing billed.

    Attributes:
        case: "both" or "neither".
    """

    def __init__(self, message: str, *, case: Literal["both", "neither"]) -> None:
        super().__init__(message)
        self.case = case


class ConflictingFieldsError(RequestError):
    """Fields are given that exclude each other, or one without the other. Nothing was sent, nothing billed.

    Attributes:
        fields: The fields, by their names as keyword arguments.
    """

    def __init__(self, message: str, *, fields: tuple[str, ...]) -> None:
        super().__init__(message)
        self.fields = fields


class UnknownFieldError(RequestError, TypeError):
    """A keyword is not a request field. Nothing was sent, nothing billed.

    Attributes:
        field: The name that was given.
        suggestion: The field that was probably meant, or None.
    """

    def __init__(self, message: str, *, field: str, suggestion: str | None) -> None:
        super().__init__(message)
        self.field = field
        self.suggestion = suggestion


class FieldValueError(RequestError):
    """A value cannot be encoded as text or JSON. Nothing was sent, nothing billed.

    Attributes:
        field: The request field.
        pointer: JSON pointer from the request to the value, for example "/json_prompt/tags/0".
    """

    def __init__(self, message: str, *, field: str, pointer: str) -> None:
        super().__init__(message)
        self.field = field
        self.pointer = pointer


class ConfigurationError(RequestError):
    """The API key, base URL, timeout or environment cannot be used. Nothing was sent, nothing billed."""


class APIConnectionError(IdeogramError):
    """The request never left this machine. Nothing was billed; repeating is safe.

    Attributes:
        transient: False when another attempt would fail in the same way, for example on an untrusted certificate.
    """

    def __init__(self, message: str, *, transient: bool = True) -> None:
        super().__init__(message)
        self.transient = transient


class OutcomeUnknownError(IdeogramError):
    """The request left and no complete response came back: the image may have been made and billed.

    Attributes:
        status_code: The status, if one arrived (408, or the response broke off), else None.
        headers: The headers that arrived with it, else None.
        body: The part of the body that arrived, possibly empty.
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
    """The service responded with a status other than 200.

    Attributes:
        status_code: The HTTP status.
        headers: The response headers.
        body: The response body, decoded from its content encoding.
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
    """400: the service rejected the request. It did not run."""


class AuthenticationError(APIStatusError):
    """401: the API key is missing or unknown. The request did not run."""


class PaymentRequiredError(APIStatusError):
    """402: the account has no balance. The request did not run."""


class PermissionDeniedError(APIStatusError):
    """403: the key lacks a permission, or a gateway refused. The request did not run."""


class NotFoundError(APIStatusError):
    """404: nothing at that address; usually the base URL is wrong. The request did not run."""


class UnprocessableEntityError(APIStatusError):
    """422: the prompt did not pass the safety check. The request did not run."""


class RateLimitError(APIStatusError):
    """429: too many requests in progress, or a limit of the account. The request did not run.

    Attributes:
        retry_after: Seconds to wait, from Retry-After; None without one.
        reject_reason: The limit that was reached, as the service names it; None without one.
        waiting_helps: False when the contract says that waiting does not lift the limit.
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
    """5xx, a 503 included: the service failed, perhaps after it made the image. It may have been billed."""


class ResponseValidationError(IdeogramError):
    """A 200 without a usable result. The image was most likely made and billed.

    Attributes:
        status_code: The HTTP status.
        headers: The response headers.
        body: All the bytes that arrived, so that nothing paid for is lost.
        problems: What is wrong with the response, each with its location.
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


class JobFailedError(IdeogramError):
    """A submitted job failed. It is not billed.

    Attributes:
        job: The job, as the service reported it.
        failure_reason: The service's reason, for example "content_policy_violation"; None without one.
    """

    def __init__(self, message: str, *, job: Job) -> None:
        super().__init__(message)
        self.job = job
        self.job_id = job.id
        self.failure_reason = job.failure_reason


class JobTimeoutError(IdeogramError):
    """A wait ended before its job did. The job goes on and may be billed; asking for it again costs nothing.

    Attributes:
        job: The job as last reported; None if no response about it ever came.
        deadline: The deadline of the wait, in seconds.
    """

    may_have_been_billed = True

    def __init__(self, message: str, *, job_id: str, job: Job | None, deadline: float) -> None:
        super().__init__(message)
        self.job_id = job_id
        self.job = job
        self.deadline = deadline


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
    """The image could not be saved. It is already paid for; downloading it again costs nothing.

    Attributes:
        reason: Why, as a string enum ("withheld", "expired" ...).
        status_code: The status of the image host, if it responded, else None.
        url: The image's link with its signature, which works until it expires; None without one. No message shows it.
    """

    may_have_been_billed = True

    def __init__(self, message: str, *, reason: DownloadReason, status_code: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.status_code = status_code
        self.url: str | None = None


WebhookReason: TypeAlias = Literal["headers", "signature", "age", "body"]
"""Which check of a webhook failed."""


class WebhookVerificationError(IdeogramError):
    """A delivery of a webhook is not proven to come from the service, or to be new. Nothing was billed.

    The message is the same for every cause, so that a forger learns nothing from your responses.

    Attributes:
        reason: For your own log: "headers" (one is missing, repeated or malformed), "signature" (no key made it),
            "age" (signed too long ago, or this machine's clock is wrong), "body" (it is about another job, or no job).
    """

    def __init__(self, *, reason: WebhookReason) -> None:
        super().__init__("The webhook is not verified. Refuse it with an error status, and trust nothing in it.")
        self.reason = reason


class ResponseWarning(UserWarning):
    """A 200 broke the contract in places, and at least one usable image was in it."""


def raise_cause(error: AttributeError | ImportError, module: str) -> NoReturn:
    """Explain why a lazily loaded module failed to load.

    Python treats an AttributeError from a package's `__getattr__` as "no such name", and drops its message. The message
    says what is wrong, for example that a file httpx.py beside the program hides the library.

    Args:
        error: The error of the import.
        module: The full name of the module.

    Raises:
        ImportError: Always. It names the file that is to blame.
    """
    if isinstance(error, AttributeError):
        found = error.obj if isinstance(error.obj, ModuleType) else None
    else:
        found = sys.modules.get((error.name or "").partition(".")[0])
    file = getattr(found, "__file__", None)
    if isinstance(error, ImportError) and (file is None or file in str(error)):
        raise error
    message = f"{module} cannot be loaded: {error}"
    if found is not None and file is not None:
        message += (
            f". {found.__name__} is {file}: if that file is yours, rename it, because it hides the library of that "
            "name; if it is the library, install the version that is needed"
        )
    raise ImportError(message, name=module, path=file) from error
