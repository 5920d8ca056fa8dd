"""What the mock server does for each operation: it judges a request, makes images, and hands out links to them."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from attrs import define, field, frozen

from ideogram_ai.client.request import JSON
from ideogram_ai.contract.check import find_problems
from ideogram_ai.contract.decoding import DecodedFields, decode_json, decode_parts, json_text
from ideogram_ai.contract.problems import RequestRefusedError
from ideogram_ai.contract.view import ContractView, JsonObject, NoExampleError, example_of, read_view
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4

from .mock_responses import Answer, announcing_answer, json_answer, problem_answer, refusal
from .multipart import check_media_type, parse_multipart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


UNSAFE_WORD: Final = "mock-unsafe"
"""A prompt that contains this word, in upper or lower case, gets a 422: it fails the safety check."""

WITHHELD_WORD: Final = "mock-withheld"
"""A prompt that contains this word gets a 200 whose image is withheld: `is_image_safe` false, no link, billed."""

DEPRECATED_WORD: Final = "mock-deprecated"
"""A prompt that contains this word gets a 200 that announces a newer operation, in `notice`, `Link`, `Deprecation`."""

_SIZE: Final = "[1-9][0-9]*x[1-9][0-9]*"


@frozen
class ReadRequest:
    """A request body that was read and judged.

    Attributes:
        fields: Name and value of each field in wire order.
        remarks: What was tolerated.
        refused: The answer that refuses it; None when the contract allows the request.
    """

    fields: tuple[tuple[str, Any], ...]
    remarks: tuple[str, ...]
    refused: Answer | None


def read_request(view: ContractView, content_type: str | None, body: bytes) -> ReadRequest:
    """Check a body against the contract. The result has every field that was sent, also when the request is refused.

    Args:
        view: The contract.
        content_type: The request's Content-Type header; None when it was absent.
        body: The whole body.
    """
    if not view.operation.media_type:
        return ReadRequest((), (), None)
    try:
        decoded = _decode(view, content_type, body)
    except RequestRefusedError as error:
        return ReadRequest((), (), problem_answer(view, error.status, error.detail))
    problems = decoded.problems or find_problems(dict(decoded.items), view)
    refused = refusal(view, problems) if problems else None
    return ReadRequest(tuple(decoded.items), tuple(decoded.remarks), refused)


def _decode(view: ContractView, content_type: str | None, body: bytes) -> DecodedFields:
    if view.operation.media_type != JSON:
        return decode_parts(parse_multipart(content_type, body, view.operation.media_type), view)
    check_media_type(content_type, JSON)
    return decode_json(body, view)


@frozen
class _Amendment:
    """Members to remove from an object, and members to add."""

    removed: frozenset[str]
    added: dict[str, Any]

    def apply_to(self, known: dict[str, Any]) -> dict[str, Any]:
        """Return the amended object."""
        return {name: value for name, value in known.items() if name not in self.removed} | self.added


@define
class ImageService:
    """Answers generate requests that the contract allows.

    Attributes:
        view: The contract.
        images: Where the pictures wait until they are fetched.
    """

    view: ContractView
    images: ImageStore
    _sizes: tuple[str, ...] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        rule = self.view.fields.get("resolution")
        shown = [image["resolution"] for example in self.view.responses[200].examples for image in example["data"]]
        self._sizes = tuple(map(str, (*(rule.choices if rule else ()), *shown)))

    def unsafe(self, fields: Sequence[tuple[str, Any]]) -> Answer | None:
        """Return the 422 of a prompt that fails the safety check; None for any other prompt."""
        if UNSAFE_WORD not in _prompt_text(_prompt(fields)).lower():
            return None
        return json_answer(422, self.view.responses[422].examples[0], f"the prompt has the word {UNSAFE_WORD}")

    def generate(self, fields: Sequence[tuple[str, Any]], base_url: str) -> Answer:
        """Answer a request.

        Args:
            fields: Its fields in wire order.
            base_url: Scheme and host of image links, as the client reached this server.
        """
        if (refused := self.unsafe(fields)) is not None:
            return refused
        prompt = _prompt(fields)
        text = _prompt_text(prompt)
        size = self._size(dict(fields).get("resolution"))
        seed = _seed(fields, *self.view.seeds)
        withheld = WITHHELD_WORD in text.lower()
        url = None if withheld else base_url + self.images.add(_picture(size, seed, prompt))
        body = self._completed(_body(text, size, seed, url))
        answer = json_answer(200, body, "withheld" if withheld else "generated")
        return announcing_answer(self.view, answer) if DEPRECATED_WORD in text.lower() else answer

    def _size(self, wanted: object) -> str:
        """Return the requested size if it is one in pixels, or else the first size of the contract."""
        return next(size for size in map(str, (wanted, *self._sizes)) if re.fullmatch(_SIZE, size))

    def _completed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Add the members that the contract requires, and remove those that it does not have."""
        whole, image = self._amendments
        return whole.apply_to(body | {"data": [image.apply_to(entry) for entry in body["data"]]})

    @cached_property
    def _amendments(self) -> tuple[_Amendment, _Amendment]:
        """The amendments to the body and to each of its images."""
        schema = self.view.resolve(self.view.responses[200].schema)
        image = self.view.resolve(schema["properties"]["data"]["items"])
        body = _body("", "", 0, None)
        return self._amendment(body, schema), self._amendment(body["data"][0], image)

    def _amendment(self, known: dict[str, Any], schema: JsonObject) -> _Amendment:
        properties: JsonObject = schema["properties"]
        missing = [name for name in schema.get("required", ()) if name not in known and name in properties]
        added = {name: example_of(self.view, properties[name]) for name in missing}
        return _Amendment(frozenset(known) - frozenset(properties), added)


def _prompt(fields: Sequence[tuple[str, Any]]) -> str | dict[str, Any]:
    values = dict(fields)
    prompt: str | dict[str, Any] = values["text_prompt"] if "text_prompt" in values else values["json_prompt"]
    return prompt


def _prompt_text(prompt: str | dict[str, Any]) -> str:
    return prompt if isinstance(prompt, str) else json_text(prompt)


def _picture(size: str, seed: int, prompt: str | Mapping[str, Any]) -> Picture:
    width, height = size.split("x")
    return Picture(int(width), int(height), seed, prompt)


def _body(prompt: str, size: str, seed: int, url: str | None) -> dict[str, Any]:
    return {
        # A space in place of the T, as in the provider's own example.
        "created": datetime.now(UTC).isoformat(sep=" ", timespec="seconds"),
        "data": [{"prompt": prompt, "resolution": size, "is_image_safe": url is not None, "seed": seed, "url": url}],
        "response_type": "url",
    }


def _seed(fields: Sequence[tuple[str, Any]], least: int, greatest: int) -> int:
    """Derive the seed from the request, so that the same request gets the same picture."""
    digest = sha256(json_text(fields).encode()).digest()
    return least + int.from_bytes(digest[:8]) % (greatest - least + 1)


@frozen
class OtherOperation:
    """An operation and its answer to a request that the contract allows.

    Attributes:
        view: The contract.
        answer: The example of its first successful answer, or one that is made from its schema; a 501 if none can be
            made.
    """

    view: ContractView
    answer: Answer


def other_operations() -> Iterator[OtherOperation]:
    """Return every operation of the contract except generate."""
    for operation_id in OPERATIONS:
        if operation_id != POST_GENERATE_IMAGE_V4.operation_id:
            view = read_view(operation_id)
            yield OtherOperation(view, _good_answer(view))


def _good_answer(view: ContractView) -> Answer:
    status = min((status for status in view.responses if 200 <= status < 300), default=200)
    rule = view.responses.get(status)
    if rule is None or not (rule.examples or rule.schema):
        return Answer(status, b"", "answered")
    try:
        return json_answer(status, rule.examples[0] if rule.examples else example_of(view, rule.schema), "answered")
    except NoExampleError as error:
        return problem_answer(view, 501, str(error))


LINK_LIFE: Final = 24 * 60 * 60.0
"""Seconds until an image link expires, from the provider's documentation."""

_MOST_PICTURES: Final = 10_000
_MOST_DRAWN: Final = 4


@frozen
class Picture:
    """What an image shows.

    Attributes:
        width: Width in pixels.
        height: Height in pixels.
        seed: Seed of colours and ornaments.
        prompt: A text prompt, or a JSON prompt that the contract allows.
    """

    width: int
    height: int
    seed: int
    prompt: str | Mapping[str, Any]


@frozen
class LinkRefusal:
    """Why a link is not served."""

    status: HTTPStatus
    detail: str


@define
class ImageStore:
    """Hands out signed links and checks them. It keeps the last ten thousand pictures.

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
    _drawn: OrderedDict[str, bytes] = field(factory=OrderedDict[str, bytes], init=False, repr=False)
    _secret: bytes = field(factory=lambda: secrets.token_bytes(32), init=False, repr=False)

    def add(self, picture: Picture) -> str:
        """Keep a picture, and return the path and query of its link."""
        name = secrets.token_urlsafe(16)
        self._pictures[name] = picture
        if len(self._pictures) > _MOST_PICTURES:
            self._pictures.popitem(last=False)
        expires = str(int(self.clock() + self.life))
        return f"{self.folder}{name}{self.suffix}?exp={expires}&sig={self._sign(name, expires)}"

    def find(self, name: str, expires: str, signature: str) -> Picture | LinkRefusal:
        """Return the picture of a link if its signature is right and it has not expired.

        Args:
            name: The image's id.
            expires: `exp` of the link as it was sent.
            signature: `sig` of the link as it was sent.
        """
        if not hmac.compare_digest(self._sign(name, expires).encode(), signature.encode("utf-8", "replace")):
            return LinkRefusal(
                HTTPStatus.FORBIDDEN, "The signature of the link is wrong; use the link as it was given."
            )
        if self.clock() >= int(expires):
            return LinkRefusal(
                HTTPStatus.GONE, f"The link expired at {expires} (unix seconds); generate the image again."
            )
        picture = self._pictures.get(name)
        if picture is None:
            return LinkRefusal(HTTPStatus.GONE, f"The mock server keeps the last {_MOST_PICTURES} pictures only.")
        return picture

    def drawn(self, name: str) -> bytes | None:
        """Return the bytes of an image that was drawn recently: a resumed download does not draw it again."""
        return self._drawn.get(name)

    def keep_drawn(self, name: str, image: bytes) -> None:
        """Keep the bytes of an image, and drop the oldest."""
        self._drawn[name] = image
        if len(self._drawn) > _MOST_DRAWN:
            self._drawn.popitem(last=False)

    def _sign(self, name: str, expires: str) -> str:
        return hmac.digest(self._secret, f"{name} {expires}".encode("utf-8", "replace"), "sha256").hex()


def link_origin(view: ContractView) -> str:
    """Return scheme and host of image links, from the first example that has a link."""
    urls: list[str | None] = [image.get("url") for body in view.responses[200].examples for image in body["data"]]
    parts = urlsplit(next(url for url in urls if url))
    return f"{parts.scheme}://{parts.netloc}"
