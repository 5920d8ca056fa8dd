"""One request, one outcome: a plain callable that can be sent to other processes and machines."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from ideogram_ai.client import DownloadError, DownloadReason, Ideogram, RetryPolicy

from .journal import name_outcomes
from .judging import answered, arguments_of, ended, saved, with_image
from .outcome import Outcome, State
from .store import open_store
from .store_image import store_image
from .store_names import stem_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ideogram_ai.client import GeneratedImage

    from .request import BatchRequest
    from .store import Store


@frozen
class Step:
    """Turns a request into its outcome. What goes wrong is an outcome and no exception.

    It holds settings only and is pickled freely: the key is read from IDEOGRAM_API_KEY where it is called, and each
    process makes a client of its own. It keeps no ledger: whoever maps it writes down what is sent. A 429 is repeated
    as the policy says, since nobody tells the pace of all processes together.

    Attributes:
        base_url: As in Ideogram.
        timeout: Seconds, as in Ideogram.
        retry: As in Ideogram.
        location: A folder, or a URL of fsspec, where images are saved. None leaves the outcomes ANSWERED.
    """

    base_url: str | None = None
    timeout: float | None = None
    retry: RetryPolicy = field(factory=RetryPolicy)
    location: str | None = None

    def __call__(self, request: BatchRequest) -> Outcome:
        """Send a request and, with a location, save its images. Each image is billed, withheld ones too.

        Raises:
            ConfigurationError: There is no key, or a setting cannot be used.
            StoreError: Nothing can be written at the location. Nothing was sent; what fails later is an outcome.
        """
        process = os.getpid()
        client = _client(process, self.base_url, self.timeout, self.retry)
        store = None if self.location is None else _store(process, self.location)
        attempt = Outcome(request, State.SENT, may_have_been_billed=True, sent_at=datetime.now(UTC), attempts=1)
        try:
            generation = client.generate(**arguments_of(request))
        except Exception as error:  # noqa: BLE001 - an error is an outcome, whatever it is
            return ended(attempt, error, at=datetime.now(UTC))
        outcome = answered(attempt, generation, at=datetime.now(UTC))
        if store is None or outcome.state is not State.ANSWERED:
            return outcome
        try:
            return _save(client, store, outcome, generation.images)
        except BaseException as error:
            name_outcomes("An image was being saved when the process was interrupted.", [outcome], error)
            raise


def _save(client: Ideogram, store: Store, outcome: Outcome, images: Iterable[GeneratedImage]) -> Outcome:
    stem = stem_of(outcome.request)
    failures: list[DownloadError] = []
    for index, image in enumerate(images):
        if not image.url:
            continue
        made = outcome.images[index]
        try:
            with store.part() as part:
                client.download(image, part)
                stored = store_image(store, part, stem)
            made = evolve(made, file=stored.file, sha256=stored.sha256, size=stored.size)
        except DownloadError as error:
            made = evolve(made, error=error.message)
            if error.reason is DownloadReason.WITHHELD:
                made = evolve(made, withheld=True)
            else:
                failures.append(error)
        except Exception as error:  # noqa: BLE001 - it concerns the saving of an image that is paid for, whatever it is
            made = evolve(made, error=str(error))
            failures.append(DownloadError(str(error), reason=DownloadReason.UNWRITABLE))
        outcome = with_image(outcome, index, made)
    return saved(outcome, failures, at=datetime.now(UTC))


# By process: what one has opened is of no use to another that is forked of it.
@lru_cache
def _client(_process: int, base_url: str | None, timeout: float | None, retry: RetryPolicy) -> Ideogram:
    return Ideogram(base_url=base_url, timeout=timeout, retry=retry)


@lru_cache
def _store(_process: int, location: str) -> Store:
    return open_store(location)
