"""The images of a response: their facts, how they are fetched into memory, and how a notebook displays them."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlsplit

import attrs
from attrs import field, frozen

from ideogram_ai.generated.operations import Price

from .costs import look_up
from .errors import OutcomeUnknownError, RequestError, ResponseValidationError
from .redaction import shorten_link
from .request import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx
    from PIL import Image

T = TypeVar("T")


class ImageReader(NamedTuple):
    """How an image is fetched, for free and without the key.

    Attributes:
        awaited: Whether the result of `read` has to be awaited.
        read: Fetches the bytes of an image.
        preview: Fetches them soon or not at all, and is not awaited.
    """

    awaited: bool
    read: Callable[[GeneratedImage], Any]
    preview: Callable[[GeneratedImage], bytes]


@frozen
class GeneratedImage:
    """One image of a response. It was billed, whether or not it was withheld.

    A notebook displays a small preview, which needs Pillow and is fetched without the key.

    The fields that the contract requires are None only in a response that breaks it.

    Attributes:
        url: The link to the image until expires_at; None when it was withheld. No key is needed to fetch it.
        prompt: The prompt that the service used, after magic prompt.
        resolution: Width and height in pixels, for example "2048x2048".
        seed: The seed that the image was made with, 0 to 2147483647.
        is_image_safe: False when the image failed the safety check, and was usually withheld.
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
        """Fetch the bytes of the image, with all checks of `download`. It costs nothing.

        It needs no key, and works after the client was closed, as long as the link lives.

        Raises:
            DownloadError: With its reason, for example "withheld" or "expired".
            RequestError: An AsyncIdeogram made the image: await aread(). Or the image was copied or unpickled.
        """
        data: bytes = self._read(awaited=False)
        return data

    async def aread(self) -> bytes:
        """Fetch the bytes of an image that an AsyncIdeogram made. Everything else is as in read()."""
        data: bytes = await self._read(awaited=True)
        return data

    def open(self) -> Image.Image:
        """Fetch the image as a Pillow image. It costs nothing. Pillow is in the extra `images`.

        Raises:
            DownloadError: As in read(), like RequestError.
            ImportError: Pillow is not installed.
        """
        return open_picture(self.read)

    async def aopen(self) -> Image.Image:
        """Fetch an image that an AsyncIdeogram made as a Pillow image. Everything else is as in open()."""
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
        return _show_images([self])

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
        usage_cost_usd_micros: The cost that the service reports, in millionths of a US dollar; None without one.
        price: The price of the request in the contract; None without one, or if the request is unknown.
        images_asked: How many images the request asks for.
        request_id: The id of the request in the response headers, for questions to a gateway or the service; None
            without one. The service documents no such header.
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
        return _show_images(self.images, cost=self.cost_usd)

    @property
    def cost_usd(self) -> Decimal | None:
        """The cost of all images in US dollars, withheld ones too; None if nobody knows. See cost_source.

        For a broken response, all images that were asked for count, even if it lacks some.
        """
        if self.usage_cost_usd_micros is not None:
            return Decimal(f"{self.usage_cost_usd_micros}e-6")
        one = None if self.price is None else look_up(self.price, self.request)
        if one is None or self.price is None or self.price.per != "image":
            return one
        return one * max(len(self.images), self.images_asked if self.problems else 0)

    @property
    def cost_source(self) -> Literal["service", "price list"] | None:
        """Where the cost comes from: the service, or the price list of the contract; None without a cost."""
        if self.usage_cost_usd_micros is not None:
            return "service"
        return None if self.cost_usd is None else "price list"


def open_picture(read: Callable[[], bytes]) -> Image.Image:
    """Decode an image with Pillow. A missing Pillow raises before the image is fetched."""
    try:
        from PIL import Image  # noqa: PLC0415 - an extra, needed only here
    except ImportError as error:
        message = "Opening an image needs Pillow: run pip install pillow (it is in the extra images), or use read()."
        raise ImportError(message, name="PIL") from error
    picture = Image.open(io.BytesIO(read()))
    picture.load()
    return picture


# Reading images from a response, however broken it is: what was paid for is kept.

IMAGE_MEMBERS: Final = ("prompt", "resolution", "is_image_safe", "seed")
"""What most operations return of an image beside its link."""
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
"""The object_type of an entry with all the fields of an image, in the response to a poll; other kinds lack some."""


def parse_generation(
    *,
    status: int,
    headers: httpx.Headers,
    body: bytes,
    complete: bool,
    image_members: Collection[str] = IMAGE_MEMBERS,
) -> Generation | ResponseValidationError | OutcomeUnknownError:
    """A Generation if a successful response names at least one image that has a link or was withheld.

    Unknown fields and values are kept. Otherwise OutcomeUnknownError when the body broke off, else
    ResponseValidationError, with the body.
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
        "billed: look at .body, which holds what arrived, before sending the request again.",
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
    """The images of the entries of `data`; what is wrong with them is added to the problems.

    A poll of a job leaves out what is null: an entry without a link was withheld, and entries of other kinds than
    images have other fields. The contract requires the `members` of an image.
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


# Images in a notebook: small previews in a grid, each with its caption. Nothing here raises, and no link is shown. A
# preview is fetched when it is shown, without the key, and goes into the notebook's file as it is on the screen: a link
# there would expire, and be one that works until then.

_PREVIEW_PIXELS: Final = 320
"""The longer side of a preview."""


def _show_images(images: Sequence[GeneratedImage], *, cost: Decimal | None = None) -> str:
    cells = "".join(
        f"<figure style='margin:0;max-width:{_PREVIEW_PIXELS}px'>{_show(image)}</figure>" for image in images
    )
    paid = "" if cost is None else f"<div>{len(images)} image{'s' * (len(images) != 1)}, ${cost}</div>"
    return f"<div style='display:flex;flex-wrap:wrap;gap:12px'>{cells}</div>{paid}"


def _show(image: GeneratedImage) -> str:
    facts = [image.resolution, image.seed is not None and f"seed {image.seed}"]
    caption = ", ".join(html.escape(str(fact)) for fact in facts if fact)
    prompt = html.escape(f"{image.prompt or ''}"[:500], quote=True)
    return f"{_preview(image)}<figcaption title='{prompt}'>{caption}</figcaption>"


def _preview(image: GeneratedImage) -> str:
    if image.withheld:
        return "<em>withheld by the safety check, and billed</em>"
    try:
        kind, data = _shrink(image)
    except Exception as error:  # noqa: BLE001 - a notebook would show a traceback in place of all images
        return f"<em>no preview: {html.escape(str(error)[:300] or type(error).__name__)}</em>"
    return f"<img alt='' style='max-width:100%' src='data:image/{kind};base64,{base64.b64encode(data).decode()}'>"


def _shrink(image: GeneratedImage) -> tuple[str, bytes]:
    reader = image.reader
    if reader is None:
        raise RequestError("the image was made by hand, copied or unpickled")
    picture = open_picture(lambda: reader.preview(image))
    picture.thumbnail((_PREVIEW_PIXELS, _PREVIEW_PIXELS))
    transparent = picture.has_transparency_data
    kind, mode = ("png", "RGBA") if transparent else ("jpeg", "RGB")
    file = io.BytesIO()
    picture.convert(mode).save(file, kind, quality=85)
    return kind, file.getvalue()
