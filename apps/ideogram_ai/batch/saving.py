"""Downloads the images of an answer and puts them into the store."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import anyio.to_thread
from attrs import evolve

from ideogram_ai.client import DownloadError, DownloadReason, IdeogramError
from ideogram_ai.client.flow import describe_exception

from .errors import BatchStoppedError, LedgerError
from .judging import concerns_the_host, saved, with_image
from .outcome import State
from .store import StoreError, digest
from .store_image import image_facts, image_names, store_image
from .store_names import stem_of

if TYPE_CHECKING:
    from pathlib import Path

    from ideogram_ai.client import AsyncIdeogram, GeneratedImage

    from .ledger import Ledger
    from .ledger.commits import Commits
    from .outcome import ImageOutcome, Outcome
    from .store import Store

_HOST_IS_GONE: Final = 20
"""So many failures in a row are no matter of single images."""
_OURS: Final = frozenset({DownloadReason.UNWRITABLE, DownloadReason.EXISTS})


class Saver:
    """Saves the images of answers. Each step is safe to be killed in, and then to be done again.

    Args:
        client: Downloads.
        store: Where the images go.
        ledger: Knows their names.
        commits: Where it is written down which image is about to get its name.
    """

    def __init__(self, client: AsyncIdeogram, store: Store, ledger: Ledger, commits: Commits) -> None:
        self._client = client
        self._store = store
        self._ledger = ledger
        self._commits = commits
        self._failed_in_a_row = 0

    async def __call__(self, outcome: Outcome) -> Outcome:
        """Save what is not saved yet.

        Args:
            outcome: An answer.

        Returns:
            What judging.saved says of it.

        Raises:
            BatchStoppedError: Nothing can be written where the images go. What is saved of the answer is written down.
        """
        assert outcome.generation is not None  # noqa: S101 - answered
        stem = await self._stem(outcome)
        failures: list[DownloadError] = []
        anew = outcome.error is None
        for index, image in enumerate(outcome.generation.images):
            if not image.url or outcome.images[index].file is not None:
                continue
            try:
                made = await self._save(outcome, index, image, stem)
            except (DownloadError, StoreError, OSError) as error:
                made = evolve(outcome.images[index], error=str(error))
                if not isinstance(error, DownloadError) or error.reason in _OURS:
                    what = with_image(outcome, index, made)
                    self._commits.ended(evolve(what, error_type=type(error).__name__, error=str(error)))
                    raise BatchStoppedError(f"{error} The image is paid for, and its link kept.") from error
                if error.reason is DownloadReason.WITHHELD:
                    made = evolve(made, withheld=True)
                else:
                    failures.append(error)
            outcome = with_image(outcome, index, made)
        concluded = saved(outcome, failures, at=datetime.now(UTC))
        if concluded.state is not State.ANSWERED:
            self._failed_in_a_row = 0
        elif anew or concerns_the_host(failures[0]):  # a link that failed in an earlier run tells nothing of the host
            self._failed_in_a_row += 1
        if self._failed_in_a_row >= _HOST_IS_GONE:
            raise BatchStoppedError(
                f"The last {self._failed_in_a_row} downloads failed, so no further image is made. What is paid for is "
                f"downloaded by the next run, as long as its links live. The last one: {concluded.error}"
            ) from failures[0]
        return concluded

    async def _stem(self, outcome: Outcome) -> str:
        try:
            return await anyio.to_thread.run_sync(self._ledger.stem, outcome.request.key)
        except LedgerError:  # the image outlives its ledger
            return stem_of(outcome.request)

    async def _save(self, outcome: Outcome, index: int, image: GeneratedImage, stem: str) -> ImageOutcome:
        made = outcome.images[index]
        if made.sha256 is not None:
            found = await anyio.to_thread.run_sync(self._find, stem, made.sha256)
            if found is not None:
                return evolve(made, file=found, error=None)
        with self._store.part() as part:
            await self._download(image, part)
            facts = await anyio.to_thread.run_sync(image_facts, part)
            # If the process is killed between the two, the next run knows the file as its own by its hash.
            made = evolve(made, sha256=facts.sha256, size=facts.size, error=None)
            self._commits.ended(with_image(outcome, index, made))
            with suppress(LedgerError):  # then the image is all that there will be, and whoever ends this row tells
                await self._commits.written()
            stored = await anyio.to_thread.run_sync(store_image, self._store, part, stem, facts)
        return evolve(made, file=stored.file)

    async def _download(self, image: GeneratedImage, path: Path) -> None:
        try:
            await self._client.download(image, path)
        except IdeogramError:
            raise
        except Exception as error:
            # Whatever it is, it concerns this image, which is paid for.
            message = f"The image did not arrive: {describe_exception(error)}. Downloading again costs nothing."
            raise DownloadError(message, reason=DownloadReason.CONNECTION) from error

    def _find(self, stem: str, sha256: str) -> str | None:
        """The file that a killed run put into its place and could not tell of any more."""
        for name in image_names(self._store, stem):
            with self._store.open(name) as file:
                if digest(file) == sha256:
                    return name
        return None
