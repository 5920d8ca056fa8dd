"""What became of a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

from attrs import field, frozen

from ideogram_ai.client import Generation
from ideogram_ai.client.config import is_loopback

if TYPE_CHECKING:
    from ideogram_ai.client import GeneratedImage


class BatchError(Exception):
    """Base of the errors of a batch. The message says what to do.

    Attributes:
        message: What is wrong, and the cure.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BatchRowError(BatchError, ValueError):
    """A row of the input cannot be a request. Nothing was sent for it."""


class LedgerError(BatchError):
    """The ledger cannot be used as it is: it belongs to something else, is newer, or cannot be read or written."""


class LedgerChangeError(LedgerError):
    """A row is not in a state from which it may change so. The other changes were made.

    Attributes:
        keys: The rows.
    """

    def __init__(self, message: str, *, keys: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.keys = keys


class LedgerLockedError(LedgerError):
    """Another process runs this batch."""


class PlanError(LedgerError, ValueError):
    """A row contradicts what the ledger has for its key, or another row. Nothing was planned, nothing sent.

    Attributes:
        key: The row's key.
        line: Its line in the input, if it has one.
    """

    def __init__(self, message: str, *, key: str, line: int | None) -> None:
        super().__init__(message)
        self.key = key
        self.line = line


class BatchStoppedError(BatchError):
    """The run was stopped, because going on would not help or might cost money for nothing.

    What it went wrong with is its cause. Rows that were not sent can still be sent by another run.
    """


KEY_MEMBER: Final = "id"
"""Member of a row that tells it from all others. A row without it is known by what it asks for."""
FILE_MEMBER: Final = "file_name"
"""Member of a row that names the file of its image."""


@frozen
class BatchRequest:
    """A request, and what it is known by.

    Attributes:
        key: Tells it from every other request of the batch.
        fields: The keyword arguments of `AsyncIdeogram.generate`, as plain JSON types; undocumented fields stand in
            `extra_fields`.
        file_name: Name of the image's file inside the batch's folder; None names it after the key. Without an image's
            suffix it gets the one that fits.
        line: Line of the input that it stands in, from 1; None when it was not read from lines.
        nameless: Whether nobody gave it an id. Its key is a number then, and a ledger knows it by what it asks for:
            where rows were inserted or moved, the ledger's number may be another.
    """

    key: str
    fields: Mapping[str, Any]
    file_name: str | None = None
    line: int | None = None
    nameless: bool = field(default=False, eq=False)

    @classmethod
    def of(cls, row: BatchRequest | Mapping[str, Any], position: int) -> BatchRequest:
        """Read a row: the request's fields, and maybe `id` and `file_name` beside them.

        Args:
            row: The row, or a request that is made already.
            position: Place in the input, from 1: the key of a row without an id.

        Raises:
            BatchRowError: The row is no mapping, or its id or file name is no text.
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
        return cls(
            key=given or position_key(position),
            nameless=given is None,
            file_name=_text(fields.pop(FILE_MEMBER, None), FILE_MEMBER, position),
            fields=fields,
        )


def _text(value: object, member: str, position: int) -> str | None:
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise BatchRowError(f"row {position}: {member} is {value!r:.80}; give a text that is not blank")
    return value


def position_key(position: int) -> str:
    """The key of a row without an id, from its place in the input, from 1. Keys sort as the rows do."""
    return f"{position:06d}"


MOCK: Final = "mock"
"""The mock server that lives as long as a rehearsal. Its address is another one each time."""
_PORTS: Final = {"http": 80, "https": 443}


class Rank(IntEnum):
    """What the images of a server are worth. What a lower one made counts as not made for a higher one."""

    MOCK = 0
    """A rehearsal."""
    LOOPBACK = 1
    """A server of this machine, which bills nobody: a mock server of its own process, for example."""
    REMOTE = 2
    """The service, or another machine: what it made may have been billed."""


def rank_of(server: str) -> Rank:
    """The rank of a server, as it is written down."""
    if server == MOCK:
        return Rank.MOCK
    return Rank.LOOPBACK if is_loopback(urlsplit(server).hostname or "") else Rank.REMOTE


def server_of(base_url: str) -> str:
    """The server of a base URL, as it is written down: its origin."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    port = "" if parts.port in {None, _PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


class State(StrEnum):
    """How far a request got."""

    PLANNED = "planned"
    """Not sent, or surely not run."""
    SENT = "sent"
    """On its way; in the ledger before the first byte leaves."""
    ANSWERED = "answered"
    """Its images are made and paid for, and not all saved yet."""
    SAVED = "saved"
    """Every image that can be had is saved."""
    WITHHELD = "withheld"
    """The safety check withheld its images. Billed all the same."""
    FAILED = "failed"
    """Refused, or an image can never be had. `may_have_been_billed` says whether it cost anything."""
    UNKNOWN = "unknown"
    """It left, and nobody knows what came of it: it may have been made, and billed."""


@frozen
class ImageOutcome:
    """One image of an answer.

    Attributes:
        seed: The seed that it was made with.
        prompt: The prompt that was really used.
        resolution: Width and height in pixels, as in "2048x2048".
        url: Its link, which expires; None when it was withheld.
        withheld: Whether the safety check withheld it.
        file: Name of its file in the batch's folder, with slashes; None while it is not saved.
        sha256: SHA-256 of the file in hexadecimal.
        size: Bytes of the file.
        error: Why it could not be saved.
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

    @classmethod
    def of(cls, image: GeneratedImage) -> ImageOutcome:
        """An image that was answered."""
        return cls(
            seed=image.seed,
            prompt=image.prompt,
            resolution=image.resolution,
            url=image.url,
            withheld=image.withheld,
        )


@frozen
class Outcome:
    """What became of a request. The properties without `images` tell of the first image, nearly always the only one.

    Attributes:
        request: The request.
        state: How far it got.
        images: The images of its answer, in their order.
        error_type: Name of the error's class, as in ideogram_ai.client; None without an error.
        error: What the error says.
        status_code: Status of the answer that refused it, if there was one.
        cost: US dollars that it cost, or may have cost when the state is SENT or UNKNOWN. Zero when it was surely not
            billed, None when no prices are known.
        earlier_cost: US dollars that earlier attempts, whose outcome nobody knows, may have cost.
        may_have_been_billed: False only when it is certain that nothing was billed.
        sent_at: When its last attempt left, in UTC.
        answered_at: When its answer was here.
        saved_at: When its last image was saved.
        attempts: How often it was sent.
        body: What arrived of an answer in which no image was found; None otherwise, and in what a ledger lists.
        generation: The answer. None where there is none, and in what a ledger lists.
        server: The server that it was last sent to: its origin, or `mock`. None where it was not sent, or no ledger
            wrote it down.
        absent: Whether the last whole input of the batch does not have the row any more.
        replaced_by: Key of the row that was made in its place on purpose.
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

    @property
    def rehearsed(self) -> bool | None:
        """Whether a server that only plays the service had it, and nobody billed it; None where no server is known."""
        return None if self.server is None else rank_of(self.server) < Rank.REMOTE

    @property
    def seed(self) -> int | None:
        """Seed of the image."""
        return self.images[0].seed if self.images else None

    @property
    def prompt(self) -> str | None:
        """The prompt that was really used."""
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
        """Bytes of the saved image."""
        return self.images[0].size if self.images else None


class StopReason(StrEnum):
    """Why a run ended."""

    DONE = "done"
    """Every row was run."""
    ASKED = "asked"
    """stop_softly() was called."""
    NOW = "now"
    """stop_now() was called, or the run was cancelled."""
    MAX_COST = "max_cost"
    """The next row might pass max_cost."""
    ERROR = "error"
    """An error that every other row would meet too."""


@frozen
class RunStarted:
    """A run begins.

    Attributes:
        planned: Rows to be sent.
        answered: Rows whose images are made already and wait to be downloaded.
    """

    planned: int
    answered: int


@frozen
class RowSent:
    """A request leaves."""

    request: BatchRequest


@frozen
class RowAnswered:
    """An answer is here and in the ledger; its images are downloaded next."""

    outcome: Outcome


@frozen
class RowDone:
    """A row is done in this run, in whatever state."""

    outcome: Outcome


@frozen
class PaceChanged:
    """The service asked for fewer requests, or bore more of them.

    Attributes:
        limit: How many may be in flight from now on.
        pause: Seconds, 0 or more, in which none is sent.
        reason: What the service said, as `inflight_limit`; None when the limit grew.
    """

    limit: int
    pause: float = 0.0
    reason: str | None = None


@frozen
class RunStopping:
    """No further row is sent; those in flight are finished.

    Attributes:
        reason: Why.
        message: The same for people.
        error: What every other row would meet too; None when there is no such thing.
    """

    reason: StopReason
    message: str
    error: Exception | None = None


@frozen
class RunStopped:
    """The run has ended.

    Attributes:
        reason: Why.
        message: The same for people, with the way to go on.
        error: What every other row would meet too; None when there is no such thing.
        unrecorded: What became of rows that the ledger does not have, because it could not be written. The next run
            may take them for unknown.
    """

    reason: StopReason
    message: str
    error: Exception | None = None
    unrecorded: tuple[Outcome, ...] = ()


Event: TypeAlias = RunStarted | RowSent | RowAnswered | RowDone | PaceChanged | RunStopping | RunStopped


@frozen
class RowProblem:
    """One thing that is wrong with a row.

    Attributes:
        line: The line of the input that the row begins in, from 1; for Parquet the row's number.
        field: The column; None when it is the row as a whole.
        message: What is wrong, with the value and the cure.
    """

    line: int
    field: str | None
    message: str


@frozen
class Header:
    """What names the columns of all rows.

    Attributes:
        line: The line of the input that it stands in, from 1.
        columns: The names.
    """

    line: int
    columns: tuple[str, ...]


@frozen
class Row:
    """A row as it stands in the input.

    Attributes:
        number: Its place among the rows, from 1.
        line: The line of the input that it begins in, from 1; for Parquet the row's number.
        values: What it holds, by column. What is empty or null is left out.
        problems: What of it could not be read.
        header: What names its columns; None when it does so itself.
    """

    number: int
    line: int
    values: Mapping[str, Any] = field(factory=dict[str, Any])
    problems: tuple[RowProblem, ...] = ()
    header: Header | None = field(default=None, eq=False)

    @classmethod
    def unreadable(cls, number: int, line: int, message: str, header: Header | None = None) -> Row:
        """A row that cannot be read at all."""
        return cls(number, line, problems=(RowProblem(line, None, message),), header=header)


class InputError(BatchError):
    """The input cannot be read any further. The message names the place and the cure."""


def refuse_missing(renamed: Iterable[str], headings: Iterable[str]) -> None:
    """Refuse to rename columns that the input does not have.

    Args:
        renamed: The headings that are to be renamed.
        headings: Those of the input; empty when they are not known.

    Raises:
        InputError: One of them is not there.
    """
    there = list(headings)
    for name in renamed:
        if name not in there:
            known = f" It has {', '.join(repr(heading) for heading in there)}." if there else ""
            raise InputError(f"The input has no column {name!r} to be renamed.{known}")
