"""What a batch speaks of: requests, their outcomes, the rows of an input, and errors."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

from ideogram_ai.client import Generation
from ideogram_ai.client.url_policy import is_loopback

from .operations import GENERATE, image_operations

if TYPE_CHECKING:
    from ideogram_ai.client import GeneratedImage

KEY_MEMBER: Final = "id"
"""The member that identifies a row. A row without it is identified by its content."""
FILE_MEMBER: Final = "file_name"
"""The member that names the file of a row's image."""
OPERATION_MEMBER: Final = "operation"
"""The member that says what a row asks for; without it, to generate an image."""
MOCK: Final = "mock"
"""The server of a rehearsal: a mock server that lives as long as the run, on a port of its own each time."""
_PORTS: Final = {"http": 80, "https": 443}

logger = logging.getLogger("ideogram_ai.batch")


class BatchError(Exception):
    """Base of the errors that concern a whole batch. An error of a single request is an outcome instead.

    Attributes:
        message: What is wrong, and how to fix it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BatchRowError(BatchError, ValueError):
    """A row cannot be turned into a request. Nothing was sent for it."""


class BatchStoppedError(BatchError):
    """The run was stopped, because going on would not help or might cost money for nothing.

    Its cause is the error that stopped it. Rows that were not sent can be sent by another run.
    """


class InputError(BatchError):
    """The input cannot be read any further. The message names the place, and how to fix it."""


class StoreError(BatchError):
    """A file cannot be written to the store, or read from it. Images that were made stay paid for.

    The source file is left where it was, so that the same can be tried again.
    """


class LedgerError(BatchError):
    """The ledger cannot be used: it belongs to something else, is newer, or cannot be read or written."""


class LedgerChangeError(LedgerError):
    """Some rows were not in a state that allows the change. All other changes were made.

    Attributes:
        keys: Those rows.
    """

    def __init__(self, message: str, *, keys: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.keys = keys


class LedgerLockedError(LedgerError):
    """Another process runs this batch."""


class PlanError(LedgerError, ValueError):
    """A row contradicts the ledger or another row. Nothing was planned, nothing sent.

    Attributes:
        key: The row's key.
        line: Its line in the input, if it has one.
    """

    def __init__(self, message: str, *, key: str, line: int | None) -> None:
        super().__init__(message)
        self.key = key
        self.line = line


@frozen
class RowProblem:
    """One thing that is wrong with a row of the input.

    Attributes:
        line: The line in which the row begins, from 1; for Parquet the row's number.
        field: The column; None for the row as a whole.
        message: What is wrong, with the value, and how to fix it.
    """

    line: int
    field: str | None
    message: str


@frozen
class Header:
    """The names of the columns, and the line of the input that holds them, from 1."""

    line: int
    columns: tuple[str, ...]


@frozen
class Row:
    """A row of the input.

    Attributes:
        number: Its place among the rows, from 1.
        line: The line in which it begins, from 1; for Parquet the row's number.
        values: Its values by column, without empty ones and nulls.
        problems: What could not be read.
        header: The header of the input; None where each row names its columns itself.
    """

    number: int
    line: int
    values: Mapping[str, Any] = field(factory=dict[str, Any])
    problems: tuple[RowProblem, ...] = ()
    header: Header | None = field(default=None, eq=False)

    @classmethod
    def unreadable(cls, number: int, line: int, message: str, header: Header | None = None) -> Row:
        """Make a row that cannot be read at all."""
        return cls(number, line, problems=(RowProblem(line, None, message),), header=header)


@frozen
class BatchRequest:
    """A request, and the key that identifies it.

    Attributes:
        key: Identifies the request within the batch.
        fields: The keyword arguments of the client's method, as plain JSON types; undocumented fields go into
            `extra_fields`. A file is given by its path.
        file_name: Name of the image's file in the batch's folder; None names it after the key. The suffix follows from
            the image's format.
        line: Line of the input, from 1; None when the request was not read from lines.
        nameless: Whether the row has no id. Its key is then a number, and a ledger identifies it by its content: where
            rows were inserted or moved, the ledger's number may be another.
        operation: What it asks for: the name of the client's method, for example `remix`.
        files: SHA-256, in hexadecimal, of the files among the fields. Planning reads it, and a file that has changed
            since is not sent.
    """

    key: str
    fields: Mapping[str, Any]
    file_name: str | None = None
    line: int | None = None
    nameless: bool = field(default=False, eq=False)
    operation: str = GENERATE
    files: Mapping[str, Any] = field(factory=dict[str, Any])

    @property
    def identity(self) -> dict[str, Any]:
        """What it asks for: its fields, with the content of each file for its path, and the operation."""
        asked = {**self.fields, **self.files}
        return asked if self.operation == GENERATE else {OPERATION_MEMBER: self.operation, **asked}

    @classmethod
    def of(cls, row: BatchRequest | Mapping[str, Any], position: int) -> BatchRequest:
        """Read a row: the request's fields, optionally with `id`, `file_name` and `operation`.

        Args:
            row: The row; a BatchRequest is returned as it is.
            position: Place in the input, from 1: the key of a row without an id.

        Raises:
            BatchRowError: The row is not a mapping, its id or file name is not text, or there is no such operation.
        """
        if isinstance(row, BatchRequest):
            return row
        if not isinstance(row, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - rows come from outside
            raise BatchRowError(f"row {position} is {row!r:.80}; a row maps names of request fields to values")
        fields = dict(row)
        key = fields.pop(KEY_MEMBER, None)
        if isinstance(key, int) and not isinstance(key, bool):
            key = str(key)
        given = _text(key, KEY_MEMBER, position)
        file_name = _text(fields.pop(FILE_MEMBER, None), FILE_MEMBER, position)
        operation = fields.pop(OPERATION_MEMBER, None) or GENERATE
        if operation not in image_operations():
            raise BatchRowError(f"row {position}: {unknown_operation(operation)}")
        return cls(given or position_key(position), fields, file_name, nameless=given is None, operation=operation)


def _text(value: object, member: str, position: int) -> str | None:
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise BatchRowError(f"row {position}: {member} is {value!r:.80}; give a text that is not blank")
    return value


def unknown_operation(value: object) -> str:
    """What is wrong with the operation of a row."""
    return f"{OPERATION_MEMBER} is {value!r:.80}; give one of {', '.join(image_operations())}."


def position_key(position: int) -> str:
    """The key of a row without an id, from its place in the input, from 1. Keys sort as the rows do."""
    return f"{position:06d}"


class Rank(IntEnum):
    """What the images of a server are worth. Images of a lower rank count as not made for a higher one."""

    MOCK = 0
    """A rehearsal."""
    LOOPBACK = 1
    """A server on this machine, which bills nobody: for example `ideogram mock`."""
    REMOTE = 2
    """The service, or another machine: its images may have been billed."""


def rank_of(server: str) -> Rank:
    """The rank of a server, as `server_of` names it."""
    if server == MOCK:
        return Rank.MOCK
    return Rank.LOOPBACK if is_loopback(urlsplit(server).hostname or "") else Rank.REMOTE


def server_of(base_url: str) -> str:
    """The origin of a base URL, which names the server in the ledger."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    port = "" if parts.port in {None, _PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


class State(StrEnum):
    """How far a request got."""

    PLANNED = "planned"
    """Not sent, or certainly not run."""
    SENT = "sent"
    """On its way. The ledger knows before the first byte leaves."""
    SUBMITTED = "submitted"
    """The service makes its images as a job, whose id is known. Asking for it is free, as often as you like."""
    ANSWERED = "answered"
    """Its images are made and paid for, and not all of them are saved."""
    SAVED = "saved"
    """Every image that can be downloaded is saved."""
    WITHHELD = "withheld"
    """The safety check withheld its images, which are still billed."""
    FAILED = "failed"
    """Refused, or an image can never be downloaded. `may_have_been_billed` says whether it cost anything."""
    UNKNOWN = "unknown"
    """It left, and its outcome is unknown: the image may have been made and billed."""


BEFORE: Final[Mapping[State, frozenset[State]]] = {
    State.SENT: frozenset({State.PLANNED}),
    State.SUBMITTED: frozenset({State.SENT, State.SUBMITTED}),
    State.ANSWERED: frozenset({State.SENT, State.SUBMITTED, State.ANSWERED}),
    State.SAVED: frozenset({State.ANSWERED}),
    State.WITHHELD: frozenset({State.SENT, State.SUBMITTED, State.ANSWERED}),
    State.FAILED: frozenset({State.PLANNED, State.SENT, State.SUBMITTED, State.ANSWERED}),
    State.UNKNOWN: frozenset({State.SENT, State.SUBMITTED}),
}
"""The states from which a row may get to a state, in a ledger and among claims."""


@frozen
class ImageOutcome:
    """One image of a response.

    Attributes:
        seed: The seed it was made with.
        prompt: The prompt that was used.
        resolution: Width and height in pixels, as in "2048x2048".
        url: Its link, which expires; None when it was withheld.
        withheld: Whether the safety check withheld it.
        file: Name of its file in the batch's folder, with slashes; None until it is saved.
        sha256: SHA-256 of the file in hexadecimal.
        size: Size of the file in bytes.
        error: Why it could not be saved.
        upscaled_resolution: Width and height after the service enlarged it, if it says that it did.
    """

    seed: int | None
    prompt: str | None
    resolution: str | None
    url: str | None = field(repr=False)
    withheld: bool
    file: str | None = None
    sha256: str | None = None
    size: int | None = None
    error: str | None = None
    upscaled_resolution: str | None = None

    @classmethod
    def of(cls, image: GeneratedImage) -> ImageOutcome:
        """Take over an image of a response."""
        upscaled = image.additional_properties.get("upscaled_resolution")
        made = cls(image.seed, image.prompt, image.resolution, image.url, image.withheld)
        return evolve(made, upscaled_resolution=upscaled) if isinstance(upscaled, str) else made


@frozen
class Outcome:
    """What became of a request. Properties of an image are those of the first one, which is often the only one.

    Attributes:
        request: The request.
        state: How far it got.
        images: The images of its response, in their order.
        error_type: Name of the error's class in ideogram_ai.client; None without an error.
        error: The error's message.
        status_code: Status of the response that refused it, if there was one.
        cost: US dollars that it cost, or may have cost when the state is SENT, SUBMITTED or UNKNOWN. Zero when it was
            certainly not billed, None when its price is not known.
        earlier_cost: US dollars that earlier attempts of unknown outcome may have cost.
        may_have_been_billed: False only when it is certain that nothing was billed: for any attempt at a PLANNED row,
            and for the last one at another.
        sent_at: When its last attempt was sent, in UTC.
        answered_at: When its response arrived.
        saved_at: When its last image was saved.
        attempts: How often it was sent.
        body: What arrived of a response without images; None otherwise, and in what a ledger lists.
        generation: The response. None where there is none, and in what a ledger lists.
        server: The server it was last sent to: its origin, or `mock`. None where it was not sent, or no ledger recorded
            the server.
        absent: Whether the last complete input of the batch no longer has the row.
        replaced_by: Key of the row that was made in its place on purpose.
        job_id: The id of its job, if it was submitted. The service can be asked for it at any time, for free.
        earlier_billed: Whether earlier attempts of unknown outcome may have been billed, also where nobody knows their
            price.
    """

    request: BatchRequest
    state: State
    images: tuple[ImageOutcome, ...] = ()
    error_type: str | None = None
    error: str | None = None
    status_code: int | None = None
    cost: Decimal | None = None
    earlier_cost: Decimal = Decimal(0)
    may_have_been_billed: bool = False
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    saved_at: datetime | None = None
    attempts: int = 0
    body: bytes | None = field(default=None, repr=False)
    generation: Generation | None = field(default=None, repr=False)
    server: str | None = None
    absent: bool = False
    replaced_by: str | None = None
    job_id: str | None = None
    earlier_billed: bool = False

    @property
    def rehearsed(self) -> bool | None:
        """Whether it was a rehearsal: its server bills nobody. None where no server is known."""
        return None if self.server is None else rank_of(self.server) < Rank.REMOTE

    @property
    def seed(self) -> int | None:
        """Seed of the image."""
        return self.images[0].seed if self.images else None

    @property
    def prompt(self) -> str | None:
        """The prompt that was used."""
        return self.images[0].prompt if self.images else None

    @property
    def resolution(self) -> str | None:
        """Width and height of the image in pixels."""
        return self.images[0].resolution if self.images else None

    @property
    def url(self) -> str | None:
        """Link of the image."""
        return self.images[0].url if self.images else None

    @property
    def file(self) -> str | None:
        """Name of the saved image in the batch's folder."""
        return self.images[0].file if self.images else None

    @property
    def sha256(self) -> str | None:
        """SHA-256 of the saved image."""
        return self.images[0].sha256 if self.images else None

    @property
    def size(self) -> int | None:
        """Size of the saved image in bytes."""
        return self.images[0].size if self.images else None


def log_outcomes(message: str, outcomes: Iterable[Outcome], error: BaseException | None) -> None:
    """Name outcomes that may have cost money, with the links of their images, in the log and in a note on an error."""
    billed = sorted((each for each in outcomes if each.may_have_been_billed), key=lambda each: each.request.key)
    if not billed:
        return
    made = "\n".join(
        f"{each.request.key!r} {' '.join(image.file or image.url or 'withheld' for image in each.images)}"
        for each in billed
        if each.images
    )
    unknown = [
        f"{each.request.key!r}{f' (job {each.job_id})' if each.job_id else ''}" for each in billed if not each.images
    ]
    if made:
        message += f" These are made and paid for:\n{made}\n"
    if unknown:
        message += f" These requests may have been billed: {', '.join(unknown)}."
    logger.warning("%s", message)
    if error is not None:
        error.add_note(message)
