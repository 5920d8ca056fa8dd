"""The generate operation as the mock server plays it: from a whole request to an answer."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from ideogram_ai.client.request import JSON
from ideogram_ai.contract.decoding import DecodedFields, decode_json, decode_parts, json_text
from ideogram_ai.contract.examples import example_of
from ideogram_ai.contract.problems import RequestRefusedError
from ideogram_ai.contract.validation import find_problems
from ideogram_ai.contract.view import ContractView, JsonObject

from .images import ImageStore, Picture
from .multipart import check_media_type, parse_multipart
from .server_answers import Answer, announcing_answer, in_flight_answer, json_answer, problem_answer, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


UNSAFE_WORD: Final = "mock-unsafe"
"""A prompt with this word, in any case and at any place, gets a 422: it fails the safety check."""

WITHHELD_WORD: Final = "mock-withheld"
"""A prompt with this word gets a 200 whose image is withheld: `is_image_safe` false, no link, billed all the same."""

DEPRECATED_WORD: Final = "mock-deprecated"
"""A prompt with this word gets a 200 that announces a newer operation: in `notice`, `Link` and `Deprecation`."""

_SIZE: Final = "[1-9][0-9]*x[1-9][0-9]*"


@frozen
class ReadRequest:
    """A request body that was read and judged.

    Attributes:
        fields: Name and value of each field in wire order.
        remarks: What was let pass.
        refused: The answer that refuses it; None when the contract allows the request.
    """

    fields: tuple[tuple[str, Any], ...]
    remarks: tuple[str, ...]
    refused: Answer | None


def read_request(view: ContractView, content_type: str | None, body: bytes) -> ReadRequest:
    """Judge a body by the contract. Nothing is left out: what was sent stands in the fields even when it is refused.

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
class _Change:
    """Members that are left out of an object, and members that are added to it."""

    left_out: frozenset[str]
    added: dict[str, Any]

    def made_to(self, known: dict[str, Any]) -> dict[str, Any]:
        """The object with the change."""
        return {name: value for name, value in known.items() if name not in self.left_out} | self.added


@define
class Generator:
    """Runs generate requests, not more at a time than the limit.

    Attributes:
        view: The contract.
        images: Where the pictures wait to be fetched.
        in_flight: How many requests may be in progress; the next one gets a 429.
        latency: Seconds that a request takes.
        closing: Set when the server shuts down, so that nobody waits for the latency.
    """

    view: ContractView
    images: ImageStore
    in_flight: int
    latency: float
    closing: asyncio.Event = field(factory=asyncio.Event)
    _running: int = field(default=0, init=False)
    _seeds: tuple[int, int] = field(init=False, repr=False)
    _sizes: tuple[str, ...] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        rule = self.view.fields.get("resolution")
        shown = [image["resolution"] for example in self.view.responses[200].examples for image in example["data"]]
        self._sizes = tuple(map(str, (*(rule.choices if rule else ()), *shown)))
        self._seeds = self.view.seeds

    async def run(self, fields: Sequence[tuple[str, Any]], base_url: str) -> Answer:
        """Answer a request that the contract allows.

        Args:
            fields: Its fields in wire order.
            base_url: Scheme and host of image links, as the client reached this server.
        """
        values = dict(fields)
        prompt: str | dict[str, Any] = values["text_prompt"] if "text_prompt" in values else values["json_prompt"]
        prompt_text = prompt if isinstance(prompt, str) else json_text(prompt)
        if UNSAFE_WORD in prompt_text.lower():
            return json_answer(422, self.view.responses[422].examples[0], f"the prompt has the word {UNSAFE_WORD}")
        if self._running >= self.in_flight:
            return in_flight_answer(self.view, self.in_flight)
        self._running += 1
        try:
            if self.latency and await self._interrupted():
                return problem_answer(
                    self.view, 503, "The mock server was shut down while the request was in progress."
                )
        finally:
            self._running -= 1
        size = self._size(values.get("resolution"))
        seed = _seed(fields, *self._seeds)
        withheld = WITHHELD_WORD in prompt_text.lower()
        url = None if withheld else base_url + self.images.add(_picture(size, seed, prompt))
        body = self._completed(_body(prompt_text, size, seed, url))
        answer = json_answer(200, body, "withheld" if withheld else "generated")
        return announcing_answer(self.view, answer) if DEPRECATED_WORD in prompt_text.lower() else answer

    def _size(self, wanted: object) -> str:
        """The size that was asked for, if it is one in pixels, or the first that the contract has."""
        return next(size for size in map(str, (wanted, *self._sizes)) if re.fullmatch(_SIZE, size))

    def _completed(self, body: dict[str, Any]) -> dict[str, Any]:
        """A body with what the contract requires of it beside what is known here, and nothing that it does not have."""
        whole, image = self._changes
        return whole.made_to(body | {"data": [image.made_to(entry) for entry in body["data"]]})

    @cached_property
    def _changes(self) -> tuple[_Change, _Change]:
        """What is changed in a body and in its images, which is the same each time."""
        schema = self.view.resolve(self.view.responses[200].schema)
        image = self.view.resolve(schema["properties"]["data"]["items"])
        body = _body("", "", 0, None)
        return self._change(body, schema), self._change(body["data"][0], image)

    def _change(self, known: dict[str, Any], schema: JsonObject) -> _Change:
        properties: JsonObject = schema["properties"]
        missing = [name for name in schema.get("required", ()) if name not in known and name in properties]
        added = {name: example_of(self.view, properties[name]) for name in missing}
        return _Change(frozenset(known) - frozenset(properties), added)

    async def _interrupted(self) -> bool:
        try:
            async with asyncio.timeout(self.latency):
                await self.closing.wait()
        except TimeoutError:
            return False
        return True


def _picture(size: str, seed: int, prompt: str | Mapping[str, Any]) -> Picture:
    width, height = size.split("x")
    return Picture(int(width), int(height), seed, prompt)


def _body(prompt: str, size: str, seed: int, url: str | None) -> dict[str, Any]:
    return {
        # A space for the T, as the provider's own example has it.
        "created": datetime.now(UTC).isoformat(sep=" ", timespec="seconds"),
        "data": [{"prompt": prompt, "resolution": size, "is_image_safe": url is not None, "seed": seed, "url": url}],
        "response_type": "url",
    }


def _seed(fields: Sequence[tuple[str, Any]], least: int, greatest: int) -> int:
    """A seed that follows from the request alone: the same request gets the same picture."""
    digest = sha256(json_text(fields).encode()).digest()
    return least + int.from_bytes(digest[:8]) % (greatest - least + 1)
