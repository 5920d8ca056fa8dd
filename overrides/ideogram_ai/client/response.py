"""From the bytes of a response to a Generation, another model, or one typed error. Pure: no I/O, no clock.

What was paid for is kept: a broken 200 still yields every image that it names, and an error keeps the body.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlsplit

import attrs
import httpx
from attrs import field, frozen

from ideogram_ai.generated import operations
from ideogram_ai.generated.operations import Price

from .costs import look_up
from .errors import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    IdeogramError,
    InternalServerError,
    NotFoundError,
    OutcomeUnknownError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    RequestError,
    ResponseValidationError,
    UnprocessableEntityError,
)
from .redaction import printable, shorten_link
from .request import is_array, is_object
from .retry import parse_retry_after

if TYPE_CHECKING:
    from PIL import Image

    from ideogram_ai.generated.operations import Operation

T = TypeVar("T")

IMAGE_MEMBERS: Final = ("prompt", "resolution", "is_image_safe", "seed")
"""What most operations say of an image beside its link."""
POSSIBLY_BILLED: Final = (
    "What was asked for may have been made and billed: look at the account's usage before sending it again."
)
ASK_AGAIN: Final = "Asking again is free."
_NO_ID: Final = (
    "No id of a job came back: whether the job exists, and is billed, is unknown, and the service cannot be asked. "
    "Look at the account's usage before submitting it again."
)


def cost_note(operation: Operation) -> str:
    """What it means for money that the outcome of a request is unknown."""
    if operation.is_free:
        return ASK_AGAIN
    return _NO_ID if operation.result == "job" else POSSIBLY_BILLED


class ImageReader(NamedTuple):
    """How an image is fetched, for free and without the key.

    Attributes:
        awaited: Whether what `read` returns is to be awaited.
        read: Fetches the bytes of an image.
        preview: Fetches them soon or not at all, and is not awaited.
    """

    awaited: bool
    read: Callable[[GeneratedImage], Any]
    preview: Callable[[GeneratedImage], bytes]


@frozen
class GeneratedImage:
    """One image of a response. It was billed, whether or not it was withheld.

    In a notebook it shows itself, small; that needs Pillow, and the image is fetched for it, without the key.

    The fields that the contract requires are None only in a response that breaks it.

    Attributes:
        url: The link to the image until expires_at; None when it was withheld. No key is needed to fetch it.
        prompt: The prompt that was really used, after magic prompt.
        resolution: Width and height in pixels, for example "2048x2048".
        seed: The seed that the image was made with, 0 to 2147483647.
        is_image_safe: False when the image failed the safety check, and as a rule was withheld.
        additional_properties: Other fields of the image in the response, by wire name.
        reader: How read() and open() fetch it; None for an image that no client made.
    """

    url: str | None = field(repr=shorten_link)
    prompt: str | None
    resolution: str | None
    seed: int | None
    is_image_safe: bool | None
    additional_properties: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)
    reader: ImageReader | None = field(default=None, repr=False, eq=False)

    def read(self) -> bytes:
        """Fetch the bytes of the image, complete and checked as `download` does it. It costs nothing.

        It needs no key, and works after the client was closed, as long as the link lives.

        Raises:
            DownloadError: With its reason, for example "withheld" or "expired".
            RequestError: An AsyncIdeogram made the image: await aread(). Or the image was copied or unpickled.
        """
        data: bytes = self._read(awaited=False)
        return data

    async def aread(self) -> bytes:
        """Fetch the bytes of an image that an AsyncIdeogram made. All else is as in read()."""
        data: bytes = await self._read(awaited=True)
        return data

    def open(self) -> Image.Image:
        """Fetch the image as a picture of Pillow, which the extra `images` brings. It costs nothing.

        Raises:
            DownloadError: As in read(), like RequestError.
            ImportError: Pillow is not installed.
        """
        return open_picture(self.read)

    async def aopen(self) -> Image.Image:
        """Fetch an image that an AsyncIdeogram made as a picture of Pillow. All else is as in open()."""
        data = await self.aread()
        return open_picture(lambda: data)

    def _read(self, *, awaited: bool) -> Any:
        cure = "Download it with client.download(image, io.BytesIO())."
        if self.reader is None:
            raise RequestError(f"This image was made by hand, copied or unpickled, and knows no client. {cure}")
        if self.reader.awaited is not awaited:
            by = "AsyncIdeogram: await image.aread() or" if self.reader.awaited else "Ideogram: use image.read() or"
            raise RequestError(f"This image was made by {by} image.{'a' if self.reader.awaited else ''}open().")
        return self.reader.read(self)

    def _repr_html_(self) -> str:
        from .notebook import show_images  # noqa: PLC0415 - notebooks alone need it

        return show_images([self])

    def __getstate__(self) -> dict[str, Any]:
        """The attributes that can be pickled and copied: all but the reader, which belongs to a client."""
        return {each.name: getattr(self, each.name) for each in attrs.fields(type(self)) if each.name != "reader"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in ({"reader": None} | state).items():
            object.__setattr__(self, name, value)

    @property
    def withheld(self) -> bool:
        """Whether there is nothing to download, because the safety check withheld the image.

        An image with a link can be downloaded even if it failed the check: it is paid for.
        """
        return not self.url

    @property
    def expires_at(self) -> datetime | None:
        """When the link expires, from its `exp` parameter; None if it has none."""
        if not self.url:
            return None
        try:
            values = [value for name, value in parse_qsl(urlsplit(self.url).query) if name == "exp"]
            return datetime.fromtimestamp(int(values[-1]), UTC) if values else None
        except (ValueError, OverflowError, OSError):
            return None


@frozen
class Generation:
    """The images of one request.

    Attributes:
        created: When the request was made; None in a response that breaks the contract.
        images: The images, including withheld ones.
        raw: The bytes of the response.
        request: The fields that were sent, as plain JSON types by wire name.
        problems: Where the response broke the contract; empty for a valid one.
        additional_properties: Other fields of the response, by wire name.
        job_id: The id of the job that made the images; None if they were not made by a job.
        usage_cost_usd_micros: What the service says that they cost, in millionths of a US dollar; None if it does not.
        price: What the contract's price list says of the request; None if it says nothing, or the request is unknown.
        images_asked: How many images were asked for, as far as the request says it.
        request_id: What the answer's headers call the request, to name it to a gateway or the service; None if they do
            not. The service documents no such header.
    """

    created: datetime | None
    images: tuple[GeneratedImage, ...]
    raw: bytes = field(repr=False)
    request: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)
    problems: tuple[str, ...] = ()
    additional_properties: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)
    job_id: str | None = None
    usage_cost_usd_micros: int | None = None
    price: Price | None = field(default=None, repr=False)
    images_asked: int = field(default=1, repr=False)
    request_id: str | None = field(default=None, repr=False)

    def _repr_html_(self) -> str:
        from .notebook import show_images  # noqa: PLC0415 - notebooks alone need it

        return show_images(self.images, cost=self.cost_usd)

    @property
    def cost_usd(self) -> Decimal | None:
        """What the images cost together in US dollars, withheld ones too; None if nobody knows. See cost_source.

        Of a broken response, the images that were asked for count, although they may be missing in it.
        """
        if self.usage_cost_usd_micros is not None:
            return Decimal(f"{self.usage_cost_usd_micros}e-6")
        one = None if self.price is None else look_up(self.price, self.request)
        if one is None or self.price is None or self.price.per != "image":
            return one
        return one * max(len(self.images), self.images_asked if self.problems else 0)

    @property
    def cost_source(self) -> Literal["service", "price list"] | None:
        """Who says what they cost: the service, or the price list as of the contract; None if nobody does."""
        if self.usage_cost_usd_micros is not None:
            return "service"
        return None if self.cost_usd is None else "price list"


def fetch_preview(image: GeneratedImage) -> bytes:
    """Fetch an image soon or not at all, whichever client made it, where nothing can be awaited."""
    if image.reader is None:
        raise RequestError("the image was made by hand, copied or unpickled")
    return image.reader.preview(image)


def open_picture(read: Callable[[], bytes]) -> Image.Image:
    """Decode an image with Pillow, which is looked for before the image is fetched."""
    try:
        from PIL import Image  # noqa: PLC0415 - an extra, needed only here
    except ImportError as error:
        message = "Opening an image takes Pillow: run pip install pillow (the extra images brings it), or use read()."
        raise ImportError(message, name="PIL") from error
    picture = Image.open(io.BytesIO(read()))
    picture.load()
    return picture


_ERRORS: Mapping[int, tuple[type[APIStatusError], str]] = {
    400: (BadRequestError, "Correct the request."),
    401: (AuthenticationError, "Check the API key: it is sent in the Api-Key header, not as Bearer."),
    402: (PaymentRequiredError, "Top up the account's balance."),
    403: (PermissionDeniedError, "Check what the key may do, and whether a network in front refuses you."),
    404: (NotFoundError, "Check the base URL."),
    413: (APIStatusError, "Make the request smaller."),
    415: (APIStatusError, "The service does not take this kind of body; is the base URL right?"),
    422: (UnprocessableEntityError, "Change the prompt: it did not pass the safety check."),
    429: (RateLimitError, ""),
}
_UNKNOWN: Mapping[int, str] = {
    303: "that is what follows a request that ran (RFC 9110, section 15.4.4), and it names no image",
    408: "the service gave up on the request",
}
_MAX_DETAIL = 500


def parse_response(
    operation: Operation,
    *,
    status: int,
    headers: httpx.Headers,
    body: bytes,
    now: float,
    complete: bool = True,
    job_id: str | None = None,
    problems: list[str] | None = None,
) -> Any:
    """Turn a response into a value, or the error to raise.

    Args:
        operation: The operation, from the contract.
        status: The HTTP status.
        headers: The headers.
        body: The body, decoded from its content encoding.
        now: Unix seconds, for a Retry-After that is a date.
        complete: False when the body broke off.
        job_id: The id of the job that was asked for, if it was.
        problems: What is wrong with a model is added to it; a Generation and a Job have their own problems.

    Returns:
        A Generation for an operation that makes images, a Job for one about jobs; for others the generated model of the
        response; if the contract has no object there, plain JSON, a text, bytes, or None for an empty body. Or an
        IdeogramError.
    """
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return _parse_refusal(operation, status=status, headers=headers, body=body, now=now, job_id=job_id)
    details: dict[str, Any] = {"status": status, "headers": headers, "body": body, "complete": complete}
    if operation.result == "images":
        return parse_generation(**details, image_members=operation.image_members)
    if operation.result == "job":
        from .jobs import read_job  # noqa: PLC0415 - it is built on this module

        # Half an answer to a submit may have the id. A poll is repeated instead.
        members = operation.image_members or IMAGE_MEMBERS
        return read_job(job_id=job_id, salvage=not operation.is_free, image_members=members, **details)
    return _parse_model(operation, problems=[] if problems is None else problems, **details)


def _parse_refusal(
    operation: Operation, *, status: int, headers: httpx.Headers, body: bytes, now: float, job_id: str | None
) -> IdeogramError:
    detail = _describe(headers, body)
    if status in _UNKNOWN:
        message = f"{status}: {_UNKNOWN[status]}{detail}. {cost_note(operation)}"
        unknown = OutcomeUnknownError(message, status_code=status, headers=headers, body=body)
        unknown.may_have_been_billed = not operation.is_free
        return unknown
    # A redirect did not run; of other statuses that the contract does not list, nothing is known.
    is_redirect = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    billed = not operation.is_free and operation.billed.get(status, False if is_redirect else None) is not False
    kind, advice = _ERRORS.get(status, (APIStatusError, ""))
    if status == HTTPStatus.NOT_FOUND and job_id is not None:
        advice = f"No job {printable(job_id)!r:.80} is known there: check the id, the key and the base URL."
    elif status == HTTPStatus.NOT_FOUND and any(each.place == "path" for each in operation.fields):
        advice = "Check the id, the key and the base URL."
    details: dict[str, Any] = {"status_code": status, "headers": headers, "body": body, "may_have_been_billed": billed}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = InternalServerError
    elif is_redirect:
        advice = f"{_redirect_target(headers)} No redirect is followed, so that the key stays here. Check the base URL."
    elif kind is RateLimitError:
        more, advice = _parse_rate_limit(operation, headers, body, now)
        details |= more
    money = cost_note(operation) if billed or operation.is_free else "It did not run; nothing was billed."
    return kind(f"{status}{detail}. {f'{advice} {money}' if advice else money}", **details)


def _parse_rate_limit(operation: Operation, headers: httpx.Headers, body: bytes, now: float) -> tuple[Any, str]:
    """The attributes of a RateLimitError, and advice."""
    document = _load(body)
    reason = document.get("reject_reason") if is_object(document) else None
    reason = reason if isinstance(reason, str) else None
    retry_after = parse_retry_after(headers.get("retry-after"), now=now)
    waiting_helps = reason is None or operation.reject_reasons.get(reason, True)
    advice = "Wait, or send fewer requests at a time." if retry_after is None else f"Wait {retry_after:g} s."
    if not waiting_helps:
        advice = f"Waiting does not help against {reason}; look at the account."
    return {"retry_after": retry_after, "reject_reason": reason, "waiting_helps": waiting_helps}, advice


def _redirect_target(headers: httpx.Headers) -> str:
    location = headers.get("location")
    if not location:
        return "It points nowhere."
    match = re.match(r"(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#@]*@)?([^/?#]+)", location, re.IGNORECASE)
    return f"It points to {match[1]}." if match else "It points to this same host."


def _describe(headers: httpx.Headers, body: bytes) -> str:
    """The service's own words, cut to a length that fits a message."""
    document = _load(body)
    words: object = document if isinstance(document, str) else None
    if is_object(document):
        words = next((document[key] for key in ("detail", "error", "message", "title") if document.get(key)), None)
    if words is None:
        text = body[: _MAX_DETAIL * 4].decode(errors="replace").strip()
        if not text:
            return ", with an empty body"
        if "html" in headers.get("content-type", "").lower() or text[:1] == "<":
            title = re.search(r"<title[^>]*>([^<]{1,200})", text, re.IGNORECASE)
            return f": an HTML page{f' titled {title[1].strip()!r}' if title else ''}"
        words = text
    text = words if isinstance(words, str) else repr(words)
    text = printable(" ".join(text.split())[: _MAX_DETAIL + 1])
    return f": {text[:_MAX_DETAIL]} [...]" if len(text) > _MAX_DETAIL else f": {text.rstrip('.')}"


def _load(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _parse_model(
    operation: Operation, *, status: int, headers: httpx.Headers, body: bytes, complete: bool, problems: list[str]
) -> Any:
    details: dict[str, Any] = {"status_code": status, "headers": headers, "body": body}
    free = operation.is_free
    error: OutcomeUnknownError | ResponseValidationError
    if complete:
        value, problem = _read_model(operation.answer_model, headers, body, lenient=not free)
        if not problem or value is not None:
            problems += [problem] if problem else []
            return value
        money = (
            f"{ASK_AGAIN} .body holds what arrived."
            if free
            else "It was most likely billed; .body holds what arrived. Do not send the request again before you looked "
            "at it."
        )
        message = f"The response ({status}) breaks the contract: {problem}. {money}"
        error = ResponseValidationError(message, problems=(problem,), **details)
    else:
        money = (
            ASK_AGAIN
            if free
            else "It was most likely billed: look at the account's usage before sending the request again."
        )
        error = OutcomeUnknownError(f"The response ({status}) broke off after {len(body)} bytes. {money}", **details)
    error.may_have_been_billed = not free
    return error


def _read_model(model: str, headers: httpx.Headers, body: bytes, *, lenient: bool) -> tuple[Any, str]:
    """The value of a body, and what is wrong with it. With both, the value holds JSON where the model has another type.

    That is for answers that were paid for (lenient); one that was free is asked for again.

    Without a model the contract has no object there, and the Content-Type tells what came.
    """
    if not body:
        return None, "the body is empty" if model else ""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not model and kind.startswith("text/") and kind not in {"text/html", "text/json", "text/xml"}:
        return httpx.Response(HTTPStatus.OK, headers=headers, content=body).text, ""
    if not model and kind and not kind.endswith(("json", "html", "xml")):
        return body, ""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return None, "the body is not JSON"
    if not model:
        return document, ""
    if not is_object(document):
        return None, "the body is not an object"

    from ideogram_ai.generated import models  # noqa: PLC0415 - slow to load, and generate needs none

    kind_of_model = getattr(models, model)
    try:
        return kind_of_model.from_dict(document), ""
    except KeyError as error:
        problem = f"{error.args[0]} is missing"
    except (AttributeError, RecursionError, TypeError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"[:500]
    # Most decoders say of a null only what they cannot do with it.
    types = {each.name: str(each.type) for each in attrs.fields(kind_of_model)}
    named = [(wire, types[name]) for name, wire in operations.MODEL_FIELDS[model] if document.get(wire, ...) is None]
    problem = next((f"{wire} is null" for wire, type_ in named if "None" not in type_ and "Any" not in type_), problem)
    return _read_members(kind_of_model, document, models) if lenient else None, problem


def _read_members(model: Any, document: Mapping[str, Any], models: Any) -> Any:
    """A model with plain JSON in the members that are not what the contract says; None if a required one is missing.

    What was paid for is not lost to a value that the contract does not know yet.
    """
    rest = dict(document)
    values: dict[str, Any] = {}
    wire_names = dict(operations.MODEL_FIELDS[model.__name__])
    for member in attrs.fields(model):
        wire_name = wire_names.get(member.name, "")
        if wire_name in rest:
            values[member.name] = _read_member(str(member.type).removesuffix(" | Unset"), rest.pop(wire_name), models)
        elif wire_name and member.default is attrs.NOTHING:
            return None
    made = model(**values)
    made.additional_properties = rest
    return made


def _read_member(kind: str, value: object, models: Any) -> Any:
    """A value of a type; plain JSON if it does not fit. The items of a list are read one by one."""
    if kind.startswith("list[") and is_array(value):
        return [_read_item(kind[len("list[") : -1], item, models) for item in value]
    model: Any = getattr(models, kind, None)
    if not hasattr(model, "from_dict") or not is_object(value):
        return value
    try:
        return model.from_dict(value)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return value


def _read_item(kind: str, item: object, models: Any) -> Any:
    """An item of a list: a model even if some of its members do not fit, so that all items have the same attributes."""
    read = _read_member(kind, item, models)
    if read is not item or not is_object(item) or not hasattr(models, kind):
        return read
    model = _read_members(getattr(models, kind), item, models)
    return item if model is None else model


_MAX_PROBLEMS = 20
_MAX_ENTRIES = 1000
"""A response has eight images at most; a million entries would take minutes."""
_MAX_DIGITS = 4000
"""Longer integers are kept as text: Python refuses to convert them, because that takes quadratic time."""
_DATA = re.compile(r'"data"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
BROKEN: Final = object()
"""What load_body returns for a body that is not JSON."""
_PLAIN_KIND: Final = "image.generation"
"""The object_type of an entry with all the fields of an image, in the answer of a poll; other kinds lack some."""


def parse_generation(
    *,
    status: int,
    headers: httpx.Headers,
    body: bytes,
    complete: bool,
    image_members: Collection[str] = IMAGE_MEMBERS,
) -> Generation | ResponseValidationError | OutcomeUnknownError:
    """Read the images from a successful response.

    The arguments are those of parse_response, and the members that the contract requires of an image.

    Returns:
        A Generation if the response names at least one image that has a link or was withheld. Unknown fields and values
        are kept. Otherwise OutcomeUnknownError when the body broke off, else ResponseValidationError, with the body.
    """
    problems = [] if complete else ["the body broke off"]
    document, entries = _read_entries(body, problems)
    created = read_created(document, problems)
    images = read_images(entries, problems, image_members)
    listed = list_problems(problems)
    if images:
        rest = {name: value for name, value in document.items() if name not in {"created", "data"}}
        return Generation(created, images, raw=body, problems=listed, additional_properties=rest)
    details: dict[str, Any] = {"status_code": status, "headers": headers, "body": body}
    if not complete:
        return OutcomeUnknownError(
            f"The response ({status}) broke off after {len(body)} bytes, before any image was named. The image was "
            "most likely made and billed: look at the account's usage before sending it again.",
            **details,
        )
    return ResponseValidationError(
        f"The response ({status}) names no image: {'; '.join(listed)}. The image was most likely made and "
        "billed; .body holds what arrived. Do not send the request again before you looked at it.",
        problems=listed,
        **details,
    )


def list_problems(problems: list[str]) -> tuple[str, ...]:
    """The first problems, and how many more there are."""
    left_out = len(problems) - _MAX_PROBLEMS
    return (*problems[:_MAX_PROBLEMS], *([f"and {left_out} more"] if left_out > 0 else []))


def load_body(body: bytes, problems: list[str]) -> Any:
    """The JSON value of a body; BROKEN if it is none, with the reason among the problems."""
    try:
        return json.loads(body, parse_int=_parse_int)
    except (ValueError, RecursionError) as error:
        nested = isinstance(error, RecursionError)
        problems.append(
            "the body nests too deep" if nested else "the body is not JSON" if body else "the body is empty"
        )
        return BROKEN


def _read_entries(body: bytes, problems: list[str]) -> tuple[Mapping[str, Any], list[Any]]:
    """The document and the entries of its `data`, as far as they can be read."""
    document = load_body(body, problems)
    if document is BROKEN:
        return {}, salvage_entries(body.decode(errors="replace"))
    if not is_object(document):
        problems.append(f"the body is {kind_of(document)}, not an object")
        return {}, document if is_array(document) else []
    if "data" not in document:
        problems.append("data is missing")
        return document, []
    return document, entries_of(document["data"], problems)


def entries_of(data: object, problems: list[str]) -> list[Any]:
    """The entries of a `data`, which is an array by the contract."""
    if not is_array(data):
        problems.append(f"data is {kind_of(data)}, not an array")
        return [data] if is_object(data) else []
    if not data:
        problems.append("data is empty")
    return data


def salvage_entries(text: str) -> list[Any]:
    """The complete objects at the start of `data` in a text that is not a JSON document, for example a cut one."""
    match = _DATA.search(text)
    if match is None:
        return []
    decoder = json.JSONDecoder(parse_int=_parse_int)
    entries: list[Any] = []
    position = match.end()
    while len(entries) <= _MAX_ENTRIES and (between := _BETWEEN.match(text, position)):
        try:
            entry, position = decoder.raw_decode(text, between.end())
        except (ValueError, RecursionError):
            break
        entries.append(entry)
    return entries


def _parse_int(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MAX_DIGITS else digits


def read_created(document: Mapping[str, Any], problems: list[str]) -> datetime | None:
    """The `created` of a document; None, with the reason among the problems, if it is no date-time."""
    value = document.get("created")
    if not isinstance(value, str):
        problems.append(
            "created is missing" if "created" not in document else f"created is {kind_of(value)}, not a string"
        )
        return None
    try:
        created = datetime.fromisoformat(value.strip().upper())
    except ValueError:
        problems.append(f"created is not a date-time: {value[:40]!r}")
        return None
    return created if created.tzinfo else created.replace(tzinfo=UTC)


def read_images(
    entries: list[Any], problems: list[str], members: Collection[str], *, of_job: bool = False
) -> tuple[GeneratedImage, ...]:
    """The images of the entries of `data`, as far as they are images.

    Args:
        entries: The entries.
        problems: What is wrong with them is added to it.
        members: The members that the contract requires of an image.
        of_job: Whether a job made them. A poll leaves out what is null: an entry without a link was withheld, and
            entries of other kinds than images have other fields.
    """
    if len(entries) > _MAX_ENTRIES:
        problems.append(f"data has more than {_MAX_ENTRIES} entries, and only the first {_MAX_ENTRIES} are read")
    read = partial(_read_image, problems=problems, members=members, of_job=of_job)
    found = (read(entry, f"data[{index}]") for index, entry in enumerate(entries[:_MAX_ENTRIES]))
    return tuple(image for image in found if image)


def _read_image(
    entry: object, place: str, *, problems: list[str], members: Collection[str], of_job: bool
) -> GeneratedImage | None:
    """The image of an entry that has a link or says that the image was withheld; None for any other entry."""
    if not is_object(entry):
        problems.append(f"{place} is {kind_of(entry)}, not an object")
        return None
    rest = dict(entry)
    url = rest.pop("url", None)
    if url is not None and not isinstance(url, str):
        problems.append(f"{place}.url is {kind_of(url)}, not a string")
        url = None
    if isinstance(seed := rest.get("seed"), float) and seed.is_integer():
        rest["seed"] = int(seed)
    other_kind = of_job and rest.get("object_type", _PLAIN_KIND) != _PLAIN_KIND
    missing: list[str] = [] if other_kind else problems
    missing += (f"{place}.{name} is missing" for name in members if name not in entry)
    image = GeneratedImage(
        url=url or None,
        prompt=_take(rest, "prompt", str, place, missing),
        resolution=_take(rest, "resolution", str, place, missing),
        seed=_take(rest, "seed", int, place, missing),
        is_image_safe=_take(rest, "is_image_safe", bool, place, missing),
        additional_properties=rest,
    )
    if image.url is None and image.is_image_safe is not False:
        if other_kind:
            return image
        problems.append(f"{place} has no url and was not withheld")
        return image if of_job else None
    return image


def _take(rest: dict[str, Any], name: str, kind: type[T], place: str, problems: list[str]) -> T | None:
    """Remove a field from the entry if it has its type; otherwise leave it there, and report it."""
    if name not in rest:
        return None
    if type(rest[name]) is not kind:
        problems.append(f"{place}.{name} is {kind_of(rest[name])}, not {_NAMES[kind]}")
        return None
    value: T = rest.pop(name)
    return value


_NAMES: Mapping[type, str] = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "a boolean",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def kind_of(value: object) -> str:
    """What a parsed JSON value is, for messages."""
    return _NAMES[type(value)]
