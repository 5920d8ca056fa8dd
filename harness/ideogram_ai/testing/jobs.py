"""The jobs of the mock server, and the signed webhooks that announce them.

Each job is pending for the server's latency, or for as many polls as a test planned, and completes or fails then.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, final
from urllib.parse import urlsplit

import httpx
from attrs import Factory, define, evolve, field, frozen

from ideogram_ai.client.webhooks import GENERATION_ID, KEY_ID, SIGNATURE, TIMESTAMP, USER_ID, signed_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FAILURE_REASON: Final = "content_policy_violation"
"""Why a job fails: the only value that is documented."""
RETRY_PAUSES: Final = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each further attempt at a webhook. How many the service makes, and when, is not documented."""

_MOST_JOBS: Final = 10_000
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}={0,2}", re.ASCII)
_ATTEMPT: Final = 10.0  # seconds
_USER: Final = urlsafe_b64encode(b"mock-server-user").decode()
_LOCAL_NAMES: Final = (".localhost", ".local", ".internal", ".test")
_LOG: Final = logging.getLogger(__name__)


@frozen
class MadeImage:
    """An image that was made, and perhaps withheld.

    Attributes:
        prompt: The prompt as text.
        resolution: Width and height in pixels.
        seed: The seed.
        name: Its id in the `ImageStore`; None for one that was withheld.
        more: Other members of its entry in an answer; None for one that is left out.
    """

    prompt: str
    resolution: str
    seed: int
    name: str | None
    more: Mapping[str, Any] = Factory(dict[str, Any])

    def entry(self, link: Callable[[str], str]) -> dict[str, Any]:
        """Return its entry in an answer, with a signed link unless it was withheld."""
        entry: dict[str, Any] = {
            "prompt": self.prompt,
            "resolution": self.resolution,
            "is_image_safe": self.name is not None,
            "seed": self.seed,
        } | {name: value for name, value in self.more.items() if value is not None}
        return entry if self.name is None else entry | {"url": link(self.name)}


@define(eq=False)
class MockJob:
    """A job.

    Attributes:
        generation_id: Its id.
        created: When it was submitted, in UTC.
        ends_at: When it is no longer pending, by the clock of its store.
        images: What it makes.
        base_url: Scheme and host of image links, as the client reached the server when it submitted the job.
        webhook_url: Where the images are announced; None for nowhere.
        failure_reason: Why it fails once it has run; None if it is completed.
        polls: The number of polls that find it pending, whatever the time is; None for all.
        cost: What it costs in millionths of a US dollar, if the service says so.
    """

    generation_id: str
    created: datetime
    ends_at: float
    images: tuple[MadeImage, ...]
    base_url: str
    webhook_url: str | None
    failure_reason: str | None
    polls: int | None = 0
    cost: int | None = None

    def poll(self, now: float, link: Callable[[str], str]) -> dict[str, Any]:
        """Count a poll, and return what it is answered now; `link` signs the path and query of a link to an image."""
        head = {"generation_id": self.generation_id, "status": "pending", "created": _written(self.created)}
        if now < self.ends_at or self.polls != 0:
            self.polls = self.polls and self.polls - 1
            return head
        if self.failure_reason is not None:
            return head | {"status": "failed", "failure_reason": self.failure_reason}
        cost = {} if self.cost is None else {"usage_cost_usd_micros": self.cost}
        data = [{"object_type": "image.generation"} | entry for entry in self._entries(link)]
        return head | {"status": "completed", "response_type": "url", "data": data} | cost

    def announcement(self, link: Callable[[str], str]) -> bytes:
        """Return the body of its webhook: as the provider's guide has it, without a status."""
        body = {"generation_id": self.generation_id, "created": _written(self.created), "data": self._entries(link)}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()

    def withhold(self) -> None:
        """Withhold its images."""
        self.images = tuple(evolve(image, name=None) for image in self.images)

    def _entries(self, link: Callable[[str], str]) -> list[dict[str, Any]]:
        return [image.entry(lambda name: self.base_url + link(name)) for image in self.images]


@define
class JobStore:
    """Starts jobs and finds them again. It keeps the last ten thousand.

    Attributes:
        latency: Seconds that a job is pending.
        clock: The time in seconds; it never goes back.
        on_webhook: Called with each new job that has a webhook URL; None calls none.
    """

    latency: float = 0.0
    clock: Callable[[], float] = time.monotonic
    on_webhook: Callable[[MockJob], None] | None = None
    _jobs: OrderedDict[str, MockJob] = field(factory=OrderedDict[str, MockJob], init=False)
    _pending: list[MockJob] = field(factory=list[MockJob], init=False)

    def start(self, images: Sequence[MadeImage], base_url: str, webhook_url: str | None) -> MockJob:
        """Start a job, which fails if it makes no images."""
        job = MockJob(
            generation_id=new_id(),
            created=datetime.now(UTC),
            ends_at=self.clock() + self.latency,
            images=tuple(images),
            base_url=base_url,
            webhook_url=webhook_url,
            failure_reason=None if images else FAILURE_REASON,
        )
        self._jobs[job.generation_id] = job
        if len(self._jobs) > _MOST_JOBS:
            self._jobs.popitem(last=False)
        self._pending.append(job)
        if webhook_url is not None and self.on_webhook is not None:
            self.on_webhook(job)
        return job

    def find(self, generation_id: str) -> MockJob | None:
        """Return a job by its id; None if there is none."""
        return self._jobs.get(generation_id)

    @property
    def pending(self) -> int:
        """The number of jobs that are pending now."""
        now = self.clock()
        self._pending = [job for job in self._pending if now < job.ends_at]
        return len(self._pending)


def is_job_id(text: str) -> bool:
    """Return whether a text could be the id of a job: URL-safe base64."""
    return _ID.fullmatch(text) is not None


def new_id() -> str:
    """Return 16 random bytes in URL-safe base64, without a hyphen in front, which command lines take for an option."""
    while (name := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return name


def _written(created: datetime) -> str:
    return created.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def signing_problem() -> str | None:
    """Return why nothing can be signed; None if it can."""
    if find_spec("cryptography") is not None:
        return None
    return "Webhooks of the mock server need cryptography: run pip install 'ideogram-ai[testing]'."


def webhook_problem(url: str) -> str | None:
    """Return what is wrong with a webhook URL; None if the mock server calls it.

    The service takes https URLs of public hosts alone. A mock server is for receivers that are being developed, so
    it also takes http URLs of this machine and of private networks.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"{url!r} is no URL: {error}."
    if parts.scheme not in {"http", "https"} or not host:
        return f"{url!r} is not an https URL."
    if parts.scheme == "http" and not _is_local(host):
        return f"{url!r} is not https. The mock server takes http for this machine and private networks alone."
    return None


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_NAMES)


@final
class SigningKey:
    """An Ed25519 key that signs webhooks, made when it is first used. Needs cryptography.

    Attributes:
        kid: Its name in the key set.
    """

    def __init__(self) -> None:
        self.kid = f"mock-{secrets.token_hex(4)}"

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - few tests need it
            Ed25519PrivateKey,
        )

        return Ed25519PrivateKey.generate()

    def key_set(self) -> dict[str, Any]:
        """Return the key set that verifies its signatures (RFC 7517)."""
        x = urlsafe_b64encode(self._key.public_key().public_bytes_raw()).rstrip(b"=").decode()
        key = {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.kid, "alg": "EdDSA", "use": "sig"}
        return {"keys": [key]}

    def sign(self, generation_id: str, body: bytes, age: int = 0) -> dict[str, str]:
        """Return the headers of the webhook of a job, which sign its body now, or as it was some seconds ago."""
        timestamp = str(int(time.time()) - age)
        message = signed_message(generation_id, _USER, timestamp, body)
        return {
            "Content-Type": "application/json",
            GENERATION_ID: generation_id,
            USER_ID: _USER,
            TIMESTAMP: timestamp,
            KEY_ID: self.kid,
            SIGNATURE: self._key.sign(message).hex(),
        }


async def deliver(url: str, generation_id: str, body: bytes, key: SigningKey) -> None:
    """Post a body until it is acknowledged with a 2xx. Each attempt is signed anew."""
    outcome = ""
    # Without the environment's proxies, which would not reach this machine.
    async with httpx.AsyncClient(trust_env=False, timeout=_ATTEMPT, follow_redirects=False) as client:
        for pause in (*RETRY_PAUSES, None):
            try:
                response = await client.post(url, content=body, headers=key.sign(generation_id, body))
            except httpx.HTTPError as error:
                outcome = f"{type(error).__name__}: {error}"
            else:
                if response.is_success:
                    return
                outcome = f"status {response.status_code}"
            if pause is not None:
                await asyncio.sleep(pause)
    attempts = len(RETRY_PAUSES) + 1
    _LOG.warning("The webhook of job %s was dropped after %s attempts: %s", generation_id, attempts, outcome)
