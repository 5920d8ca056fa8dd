"""The jobs of the mock server: each is pending for the server's latency, and completes or fails then."""

from __future__ import annotations

import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from attrs import Factory, define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILURE_REASON: Final = "content_policy_violation"
"""Why a job fails: the only value that is documented."""

_MOST_JOBS: Final = 10_000
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}={0,2}", re.ASCII)


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
        """Return its entry in an answer, without a link if it was withheld.

        Args:
            link: Signs a link to an image, by its id.
        """
        entry: dict[str, Any] = {
            "prompt": self.prompt,
            "resolution": self.resolution,
            "is_image_safe": self.name is not None,
            "seed": self.seed,
        } | {name: value for name, value in self.more.items() if value is not None}
        return entry if self.name is None else entry | {"url": link(self.name)}


@frozen(eq=False)
class MockJob:
    """A job.

    Attributes:
        generation_id: Its id.
        created: When it was submitted, in UTC.
        ends_at: When it is no longer pending, by the clock of its store.
        images: What it makes; empty for one that fails.
        base_url: Scheme and host of image links, as the client reached the server when it submitted the job.
        webhook_url: Where the images are announced; None for nowhere.
    """

    generation_id: str
    created: datetime
    ends_at: float
    images: tuple[MadeImage, ...]
    base_url: str
    webhook_url: str | None

    @property
    def fails(self) -> bool:
        """Whether it fails once it has run."""
        return not self.images

    def status(self, now: float) -> str:
        """Return `pending`, `completed` or `failed`.

        Args:
            now: The time, by the clock of its store.
        """
        if now < self.ends_at:
            return "pending"
        return "failed" if self.fails else "completed"

    def state(self, now: float, link: Callable[[str], str]) -> dict[str, Any]:
        """Return what a poll answers.

        Args:
            now: The time, by the clock of its store.
            link: Signs the path and query of a link to an image, by its id.
        """
        status = self.status(now)
        head = {"generation_id": self.generation_id, "status": status, "created": _written(self.created)}
        if status == "completed":
            return {**head, "response_type": "url", "data": self.entries(link, kind="image.generation")}
        return head if status == "pending" else {**head, "failure_reason": FAILURE_REASON}

    def announcement(self, link: Callable[[str], str]) -> dict[str, Any]:
        """Return the body of its webhook: as the provider's guide has it, without a status."""
        head = {"generation_id": self.generation_id, "created": _written(self.created)}
        return {**head, "data": self.entries(link)}

    def entries(self, link: Callable[[str], str], *, kind: str | None = None) -> list[dict[str, Any]]:
        """Return an entry for each image, links on the server's host."""
        head = {} if kind is None else {"object_type": kind}
        return [head | image.entry(lambda name: self.base_url + link(name)) for image in self.images]


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
        """Start a job.

        Args:
            images: What it makes; empty for one that fails.
            base_url: Scheme and host of image links.
            webhook_url: Where the images are announced; None for nowhere.
        """
        job = MockJob(
            generation_id=new_id(),
            created=datetime.now(UTC),
            ends_at=self.clock() + self.latency,
            images=tuple(images),
            base_url=base_url,
            webhook_url=webhook_url,
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
