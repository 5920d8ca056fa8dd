"""The generate operation as the mock server plays it: from a whole request to an answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from .contract_view import ContractView
from .decoding import decode_parts, json_text
from .images import ImageStore, Picture
from .multipart import parse_multipart
from .problems import RequestRefusedError
from .server_answers import Answer, in_flight_answer, json_answer, problem_answer, refusal
from .validation import find_problems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


UNSAFE_WORD: Final = "mock-unsafe"
"""A prompt with this word, in any case and at any place, gets a 422: it fails the safety check."""

WITHHELD_WORD: Final = "mock-withheld"
"""A prompt with this word gets a 200 whose image is withheld: `is_image_safe` false, no link, billed all the same."""


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
    try:
        parts = parse_multipart(content_type, body, view.operation.media_type)
    except RequestRefusedError as error:
        return ReadRequest((), (), problem_answer(view, error.status, error.detail))
    decoded = decode_parts(parts, view)
    problems = decoded.problems or find_problems(dict(decoded.items), view)
    refused = refusal(view, problems) if problems else None
    return ReadRequest(tuple(decoded.items), tuple(decoded.remarks), refused)


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
        size: str = values.get("resolution", self.view.fields["resolution"].choices[0])
        seed = _seed(fields, *self.view.seeds)
        withheld = WITHHELD_WORD in prompt_text.lower()
        url = None if withheld else base_url + self.images.add(_picture(size, seed, prompt))
        return json_answer(200, _body(prompt_text, size, seed, url), "withheld" if withheld else "generated")

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
