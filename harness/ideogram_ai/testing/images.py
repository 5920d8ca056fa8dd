"""The images of the mock server: what a request asks for, the pictures that are made, and the signed links to them."""

from __future__ import annotations

import hmac
import math
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from attrs import define, field, frozen

from ideogram_ai.client.costs import images_asked
from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.decoding import UploadedFile, json_text
from ideogram_ai.contract.view import ContractView, link_example

from .behaviour import PROMPTS, Treatment, is_source, is_transparent, members_of, treatment_of
from .jobs import MadeImage
from .prompts import resolve_ratio
from .recording import without_contents

if TYPE_CHECKING:
    from ideogram_ai.contract.view import JsonObject

Fields = Sequence[tuple[str, Any]]

LINK_LIFE: Final = 24 * 60 * 60.0
"""Seconds until an image link expires, from the provider's documentation."""

_MOST_PICTURES: Final = 10_000
_MOST_BYTES: Final = 512 * 1024 * 1024
"""Of all images that pictures are made from."""
_MOST_DRAWN: Final = 4

WITHHELD_WORD: Final = "mock-withheld"
"""A prompt that contains this word gets an image that is withheld: `is_image_safe` false, no link, billed."""

_SIZE: Final = re.compile("(?:RESOLUTION_)?([1-9][0-9]*)[x_]([1-9][0-9]*)")
_RATIO: Final = re.compile("(?:ASPECT_)?([1-9][0-9]?)[x_]([1-9][0-9]?)")
_KILO_PIXELS: Final = re.compile(r"([1-9][0-9]?)K")
_FACTOR: Final = re.compile("X([1-9])")
_SIDE_STEP: Final = 16  # sides are multiples of it where the size follows from a ratio
_DEFAULT_WEIGHT: Final = 50
_USUAL: Final = (1024, 1024)


@frozen
class Picture:
    """What an image shows.

    Attributes:
        width: Width in pixels.
        height: Height in pixels.
        seed: Seed of colours and ornaments.
        prompt: A text prompt, or a JSON prompt that the contract allows.
        treatment: How it is made.
        sources: The bytes of the images that it is made from.
        mask: The bytes of an image that is black where something new is drawn.
        weight: How much it is like its source, 1 to 100.
        transparent: Whether its background is transparent.
    """

    width: int
    height: int
    seed: int
    prompt: str | Mapping[str, Any]
    treatment: Treatment = Treatment.DRAW
    sources: tuple[bytes, ...] = field(default=(), repr=False)
    mask: bytes = field(default=b"", repr=False)
    weight: int = 50
    transparent: bool = False

    @property
    def weighs(self) -> int:
        """Bytes of the images that it is made from."""
        return sum(map(len, (*self.sources, self.mask)))


@frozen
class LinkRefusal:
    """Why a link is not served."""

    status: HTTPStatus
    detail: str


@define
class ImageStore:
    """Hands out signed links and checks them. It keeps the last ten thousand pictures, or fewer large ones.

    Attributes:
        folder: Path of a link up to the image's id.
        suffix: What follows the id.
        life: Seconds until a link expires.
        clock: Unix time in seconds.
    """

    folder: str
    suffix: str
    life: float = LINK_LIFE
    clock: Callable[[], float] = time.time
    _pictures: OrderedDict[str, Picture] = field(factory=OrderedDict[str, Picture], init=False)
    _bytes: int = field(default=0, init=False)
    _drawn: OrderedDict[str, bytes] = field(factory=OrderedDict[str, bytes], init=False, repr=False)
    _secret: bytes = field(factory=lambda: secrets.token_bytes(32), init=False, repr=False)

    def add(self, picture: Picture) -> str:
        """Keep a picture, and return the path and query of its link."""
        return self.link(self.keep(picture))

    def keep(self, picture: Picture) -> str:
        """Keep a picture, and return its id."""
        name = secrets.token_urlsafe(16)
        self._pictures[name] = picture
        self._bytes += picture.weighs
        while len(self._pictures) > _MOST_PICTURES or (self._bytes > _MOST_BYTES and len(self._pictures) > 1):
            _, dropped = self._pictures.popitem(last=False)
            self._bytes -= dropped.weighs
        return name

    def link(self, name: str) -> str:
        """Return path and query of a link to a picture, signed now."""
        expires = str(int(self.clock() + self.life))
        return f"{self.folder}{name}{self.suffix}?exp={expires}&sig={self._sign(name, expires)}"

    def find(self, name: str, expires: str, signature: str) -> Picture | LinkRefusal:
        """Return the picture of a link if its signature, `sig`, is right and it has not expired, by its `exp`."""
        if not hmac.compare_digest(self._sign(name, expires).encode(), signature.encode("utf-8", "replace")):
            return LinkRefusal(
                HTTPStatus.FORBIDDEN, "The signature of the link is wrong; use the link as it was given."
            )
        if self.clock() >= int(expires):
            return LinkRefusal(
                HTTPStatus.GONE,
                f"The link expired at {expires} (unix seconds); ask for its job again, or generate the image again.",
            )
        picture = self._pictures.get(name)
        if picture is None:
            return LinkRefusal(HTTPStatus.GONE, f"The mock server keeps the last {_MOST_PICTURES} pictures at most.")
        return picture

    def find_link(self, url: str) -> tuple[str, Picture] | LinkRefusal:
        """Return the id and the picture of a whole link, or why it is not served."""
        path, _, query_text = url.partition("?")
        name = path.rpartition("/")[2].removesuffix(self.suffix)
        if not path.endswith(f"{self.folder}{name}{self.suffix}"):
            return LinkRefusal(HTTPStatus.BAD_REQUEST, "It is not a link to an image of this mock server.")
        query = parse_qs(query_text)
        found = self.find(name, query.get("exp", [""])[0], query.get("sig", [""])[0])
        return found if isinstance(found, LinkRefusal) else (name, found)

    def drawn(self, name: str, picture: Picture) -> bytes:
        """Return the image of a picture. One that was drawn recently is not drawn again, for example to resume."""
        image = self._drawn.get(name)
        if image is None:
            from .drawing import draw_png  # noqa: PLC0415 - Pillow is loaded for the first image only

            image = self._drawn[name] = draw_png(picture)
            if len(self._drawn) > _MOST_DRAWN:
                self._drawn.popitem(last=False)
        return image

    def _sign(self, name: str, expires: str) -> str:
        return hmac.digest(self._secret, f"{name} {expires}".encode("utf-8", "replace"), "sha256").hex()


def link_origin(view: ContractView) -> str:
    """Return scheme and host of image links, from the first example that has a link."""
    parts = urlsplit(link_example(view))
    return f"{parts.scheme}://{parts.netloc}"


def flattened(fields: Fields) -> dict[str, Any]:
    """Return the values by name, also the members of an object that a request wraps its fields in."""
    objects = [value for name, value in fields if is_object(value) and name not in PROMPTS]
    return {name: value for each in objects for name, value in each.items()} | dict(fields)


def words_of(fields: Fields) -> str:
    """Return the prompts and the names of files in lower case: words in them ask for what happens."""
    prompts = [_text(value) for name, value in flattened(fields).items() if name in PROMPTS]
    return "\n".join([*prompts, *(file.name for _, file in files_of(fields))]).lower()


def files_of(fields: Fields) -> list[tuple[str, UploadedFile]]:
    """Return the files of a request with the names of their fields, one by one."""
    listed = [(name, item) for name, value in fields for item in (value if is_array(value) else [value])]
    return [(name, item) for name, item in listed if isinstance(item, UploadedFile)]


def source_of(fields: Fields) -> UploadedFile | None:
    """Return the first image that a picture is made from; None if none was sent."""
    return next((file for name, file in files_of(fields) if is_source(name)), None)


def links_of(fields: Fields) -> list[tuple[str, str]]:
    """Return the links to images that a picture is made from, with the names of their fields."""
    listed = [(name, item) for name, value in fields if is_source(name) and is_array(value) for item in value]
    return [(name, item) for name, item in listed if isinstance(item, str)]


def asked_size(values: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the size that a request asks for in pixels; None if it does not."""
    size = _SIZE.fullmatch(str(values.get("resolution", "")))
    return (int(size[1]), int(size[2])) if size else None


def seed_of(fields: Fields, least: int, greatest: int) -> int:
    """Return the seed that was asked for, or one that follows from the request: the same request, the same picture."""
    asked = flattened(fields).get("seed")
    if asked is not None:
        return int(asked)
    pairs = [(name, value) for name, value in without_contents(fields) if name != "webhook_url"]
    digest = sha256(json_text(pairs).encode()).digest()
    return least + int.from_bytes(digest[:8]) % (greatest - least + 1)


@frozen
class ImageService:
    """Makes the images of an operation, for requests that the contract allows.

    Attributes:
        view: The operation.
        images: Where the pictures wait until they are fetched.
        answers: The operation whose successful answer has the images; None for the same.
    """

    view: ContractView
    images: ImageStore
    answers: ContractView | None = None

    @cached_property
    def _schemas(self) -> JsonObject:
        return members_of(self.view)

    def make(self, fields: Fields) -> list[MadeImage]:
        """Make the images of a request; they are drawn when they are fetched."""
        values, words = flattened(fields), words_of(fields)
        prompt = next((values[name] for name in PROMPTS if name in values), "")
        linked = (self.images.find_link(link) for _, link in links_of(fields))
        sources = (
            *(file.content for name, file in files_of(fields) if is_source(name)),
            *(self.images.drawn(*found) for found in linked if not isinstance(found, LinkRefusal)),
        )
        mask, treatment = values.get("mask"), treatment_of(self.view) if sources else Treatment.DRAW
        asked = _FACTOR.fullmatch(str(values.get("upscale_factor", "")))
        factor = int(asked[1]) if asked else 2 if treatment is Treatment.ENLARGE else 1
        width, height = self._size(values, sources, prompt)
        size, enlarged = f"{width}x{height}", f"{width * factor}x{height * factor}"
        more = {"style_type": values.get("style_type") or self._default("style_type")}
        more |= {"upscaled_resolution": enlarged if factor > 1 else None}
        least, greatest = (self.answers or self.view).seeds
        first = seed_of(fields, least, greatest)
        makes_alpha = is_transparent(self.view) or treatment is Treatment.CUT_OUT
        made: list[MadeImage] = []
        for number in range(images_asked(self.view.operation, dict(fields))):
            seed = least + (first - least + number) % (greatest - least + 1)
            picture = Picture(
                width * factor,
                height * factor,
                seed,
                prompt,
                treatment=treatment,
                sources=sources,
                mask=mask.content if isinstance(mask, UploadedFile) else b"",
                weight=values.get("image_weight") or _DEFAULT_WEIGHT,
                transparent=makes_alpha or values.get("transparent_background") is True,
            )
            name = None if WITHHELD_WORD in words else self.images.keep(picture)
            made.append(MadeImage(_text(prompt), size, seed, name, more))
        return made

    def _default(self, name: str) -> Any:
        """Return the contract's default of a field; None without one."""
        branches = self.view.branches(self._schemas.get(name, {}))
        return next((branch["default"] for branch in branches if "default" in branch), None)

    @cached_property
    def _listed(self) -> list[tuple[int, int]]:
        """The sizes that the contract lists for a request."""
        branches = self.view.branches(self._schemas.get("resolution", {}))
        choices = [choice for branch in branches for choice in branch.get("enum", ())]
        return [size for choice in choices if (size := asked_size({"resolution": choice}))]

    def _size(self, values: Mapping[str, Any], sources: Sequence[bytes], prompt: Any) -> tuple[int, int]:
        """Return the size that was asked for, or that of the ratio or the source, or else the contract's first."""
        if size := asked_size(values):
            return size
        if sources and "aspect_ratio" not in values:
            from .drawing.reading import fitting_size  # noqa: PLC0415 - Pillow is loaded when it is needed

            return fitting_size(sources[0])
        if "aspect_ratio" in self._schemas:
            return self._size_of_ratio(values, prompt)
        examples = (self.answers or self.view).responses[200].examples
        shown = (asked_size(image) for example in examples for image in example.get("data", ()))
        return next((size for size in (*self._listed, *shown) if size), _USUAL)

    def _size_of_ratio(self, values: Mapping[str, Any], prompt: Any) -> tuple[int, int]:
        """Return the size of the ratio that was asked for, or that fits the prompt: a listed one, or by its budget."""
        parts = _RATIO.fullmatch(str(values.get("aspect_ratio") or self._default("aspect_ratio") or "1x1"))
        if parts is None:  # AUTO
            words = prompt if isinstance(prompt, str) else str(prompt.get("high_level_description", ""))
            parts = _RATIO.fullmatch(resolve_ratio(words))
        wide, high = (int(side) for side in parts.groups()) if parts else (1, 1)
        if self._listed:  # the nearest, and of those the largest
            return min(
                self._listed, key=lambda size: (round(abs(math.log(size[0] * high / size[1] / wide)), 3), -size[0])
            )
        kilo = _KILO_PIXELS.fullmatch(str(values.get("output_resolution", "")))
        scale = _USUAL[0] * (int(kilo[1]) if kilo else 1) / math.sqrt(wide * high)
        width, height = (max(1, round(part * scale / _SIDE_STEP)) * _SIDE_STEP for part in (wide, high))
        return width, height


def _text(prompt: Any) -> str:
    return prompt if isinstance(prompt, str) else json_text(prompt)
