"""Saves the images of responses: downloads them, makes thumbnails, and puts both into the store."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import anyio.to_thread
from attrs import evolve, frozen

from ideogram_ai.client import DownloadError, DownloadReason, IdeogramError
from ideogram_ai.client.flow import describe_exception
from ideogram_ai.client.formats import HEAD_BYTES, image_suffix

from .model import BatchStoppedError, LedgerError, State, StoreError
from .names import stem_of
from .store import UnusableNameError, digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from PIL.Image import Image

    from ideogram_ai.client import AsyncIdeogram, GeneratedImage, Ideogram

    from .journal import Journal
    from .ledger import Ledger
    from .model import ImageOutcome, Outcome
    from .store import Store

_log = logging.getLogger(__name__)

THUMBNAIL_PIXELS: Final = 320
"""The longer side at most. Cards of the gallery are somewhat smaller, for high-resolution screens."""
_MAX_PIXELS: Final = 64 * 1024 * 1024
_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
_UNKNOWN_FORMAT: Final = ".bin"
_SUFFIXES: Final = (
    ".png", ".jpg", ".webp", ".gif", ".avif",
    ".jxl", ".heic", ".heif", ".jp2", ".j2k", ".tiff", ".bmp", ".svg", ".bin", "",
)  # fmt: skip
_MAY_PASS: Final = frozenset({408, 429})
_GONE: Final = frozenset({DownloadReason.EXPIRED, DownloadReason.FORBIDDEN_ADDRESS})
"""The link is over, or its address is never asked: no later run should try by itself."""
_LOCAL: Final = frozenset({DownloadReason.UNWRITABLE, DownloadReason.EXISTS})
_HOST_FAILURES: Final = 20
"""After so many failures in a row the image host is down."""


def thumbnail_name(sha256: str) -> str:
    """Name of the thumbnail of an image, in the batch's folder, from the image's SHA-256 in hexadecimal."""
    return f"thumbnails/{sha256[:32]}.webp"


def make_thumbnail(source: Path, target: Path) -> bool:
    """Write a small WebP of an image. It takes some hundredths of a second of one core: not for an event loop.

    False when the image cannot be read, or Pillow is missing. The target is then unusable.
    """
    try:
        from PIL import Image  # noqa: PLC0415 - loads slowly
    except ModuleNotFoundError:
        _log.info("no thumbnail of %s: pip install 'ideogram-ai[batch]' installs Pillow, which makes them", source.name)
        return False
    try:
        with Image.open(source, formats=_FORMATS) as image:
            if image.width * image.height > _MAX_PIXELS:
                _log.info("no thumbnail of %s: it has %d x %d pixels", source.name, image.width, image.height)
                return False
            small = _reduced(image)
    except Exception as error:  # noqa: BLE001 - decoders raise many kinds of errors for broken bytes
        _log.info("no thumbnail of %s: %s", source.name, error)
        return False
    small.save(target, "WEBP", quality=80, method=2)
    return True


def _reduced(image: Image) -> Image:
    image.draft("RGB", (THUMBNAIL_PIXELS * 2, THUMBNAIL_PIXELS * 2))
    small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS), reducing_gap=2.0)
    return small


@frozen
class ImageFacts:
    """What identifies the content of an image, and the file name's suffix for its format."""

    suffix: str
    sha256: str
    size: int


def image_facts(source: Path) -> ImageFacts:
    """Identify the content of an image. It blocks: not for an event loop."""
    with source.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        return ImageFacts(image_suffix(head) or _UNKNOWN_FORMAT, digest(file), file.tell())


def image_names(store: Store, stem: str) -> Iterator[str]:
    """Names of files that exist and may have been stored under this stem. It blocks: not for an event loop."""
    for suffix in _SUFFIXES:
        number, name = 1, f"{stem}{suffix}"
        while store.exists(name):
            yield name
            number += 1
            name = f"{stem}-{number}{suffix}"


def store_image(store: Store, source: Path, stem: str, facts: ImageFacts) -> str:
    """Move a downloaded image into the store, and return its name. It blocks: not for an event loop.

    The thumbnail goes first, so that a saved row has one, and no later run has to look for it. A thumbnail that cannot
    be made does not keep the image from being stored.
    """
    thumbnail = thumbnail_name(facts.sha256)
    try:
        # Looking whether it is there would cost a service two requests for each image.
        with store.part(".webp") as part:
            if make_thumbnail(source, part):
                store.replace(part, thumbnail)
    except Exception as error:  # noqa: BLE001 - the image is paid for, and more important
        _log.warning("There is no thumbnail of %s: %s", stem, error)
    return store.add(source, f"{stem}{facts.suffix}")


def replace_image(outcome: Outcome, index: int, image: ImageOutcome) -> Outcome:
    """The outcome with one of its images replaced."""
    return evolve(outcome, images=(*outcome.images[:index], image, *outcome.images[index + 1 :]))


def with_failure(image: ImageOutcome, error: DownloadError, failures: list[DownloadError]) -> ImageOutcome:
    """An image that could not be saved, and why. What is no fact about the image goes among the failures."""
    withheld = error.reason is DownloadReason.WITHHELD
    if not withheld:
        failures.append(error)
    return evolve(image, error=str(error), withheld=image.withheld or withheld)


def outcome_of_downloads(outcome: Outcome, failures: Sequence[DownloadError]) -> Outcome:
    """The outcome of a response after its images were downloaded.

    It is SAVED, or WITHHELD where no image was available; ANSWERED when an image may be available later, for free;
    FAILED when its link is over: then only --retry-failed downloads it again.
    """
    if not failures:
        none = all(image.withheld for image in outcome.images)
        state = State.WITHHELD if none else State.SAVED
        saved_at = None if none else datetime.now(UTC)
        return evolve(outcome, state=state, saved_at=saved_at, error_type=None, error=None, status_code=None)
    gone = next((error for error in failures if error.reason in _GONE), None)
    error = gone or failures[0]
    return evolve(
        outcome,
        state=State.ANSWERED if gone is None else State.FAILED,
        error_type=type(error).__name__,
        error=error.message,
        status_code=error.status_code,
    )


def save_images(client: Ideogram, store: Store, outcome: Outcome, images: Sequence[GeneratedImage]) -> Outcome:
    """Save the images of a response. It blocks. A failure is an outcome too: the images are paid for."""
    stem = stem_of(outcome.request)
    failures: list[DownloadError] = []
    for index, image in enumerate(images):
        if not image.url:
            continue
        made = outcome.images[index]
        try:
            with store.part() as part:
                client.download(image, part)
                facts = image_facts(part)
                file = store_image(store, part, stem, facts)
            made = evolve(made, file=file, sha256=facts.sha256, size=facts.size)
        except DownloadError as error:
            made = with_failure(made, error, failures)
        except Exception as error:  # noqa: BLE001 - the image is paid for, and its outcome has the link
            made = with_failure(made, DownloadError(str(error), reason=DownloadReason.UNWRITABLE), failures)
        outcome = replace_image(outcome, index, made)
    return outcome_of_downloads(outcome, failures)


def _is_host_failure(error: DownloadError) -> bool:
    """Whether other images of the same host may fail in this way too."""
    if error.reason is DownloadReason.STATUS:
        return error.status_code is None or error.status_code >= 500 or error.status_code in _MAY_PASS
    return error.reason is DownloadReason.CONNECTION


class Saver:
    """Saves the images of responses. A process may be killed in each step, and the next run repeats it safely."""

    def __init__(self, client: AsyncIdeogram, store: Store, ledger: Ledger, journal: Journal) -> None:
        self._client = client
        self._store = store
        self._ledger = ledger
        self._journal = journal
        self._failed_in_a_row = 0

    async def __call__(self, outcome: Outcome) -> Outcome:
        """Save the images of a response that are not saved yet.

        Raises:
            BatchStoppedError: Nothing can be written where the images go, or the image host is down. What is saved is
                recorded.
        """
        assert outcome.generation is not None  # noqa: S101 - ANSWERED
        stem = await self._stem(outcome)
        failures: list[DownloadError] = []
        first_try = outcome.error is None
        for index, image in enumerate(outcome.generation.images):
            if not image.url or outcome.images[index].file is not None:
                continue
            try:
                made = await self._save_somehow(outcome, index, image, stem)
            except UnusableNameError as error:
                unwritable = DownloadError(str(error), reason=DownloadReason.UNWRITABLE)
                made = with_failure(outcome.images[index], unwritable, failures)
            except (DownloadError, StoreError, OSError) as error:
                if not isinstance(error, DownloadError) or error.reason in _LOCAL:
                    failed = replace_image(outcome, index, evolve(outcome.images[index], error=str(error)))
                    self._journal.note(evolve(failed, error_type=type(error).__name__, error=str(error)))
                    raise BatchStoppedError(f"{error} The image is paid for, and its link kept.") from error
                made = with_failure(outcome.images[index], error, failures)
            outcome = replace_image(outcome, index, made)
        saved = outcome_of_downloads(outcome, failures)
        if saved.state is not State.ANSWERED:
            self._failed_in_a_row = 0
        elif first_try or _is_host_failure(failures[0]):  # an old link says nothing about the host
            self._failed_in_a_row += 1
        if self._failed_in_a_row >= _HOST_FAILURES:
            raise BatchStoppedError(
                f"The last {self._failed_in_a_row} downloads failed, so no further image is made. The next run "
                f"downloads what is paid for, as long as its links live. The last error: {saved.error}"
            ) from failures[0]
        return saved

    async def _stem(self, outcome: Outcome) -> str:
        try:
            return await anyio.to_thread.run_sync(self._ledger.stem, outcome.request.key)
        except LedgerError:  # the image is saved even if the ledger is gone
            return stem_of(outcome.request)

    async def _save_somehow(self, outcome: Outcome, index: int, image: GeneratedImage, stem: str) -> ImageOutcome:
        """Save an image. If its link has expired, and it is that of a job, the service is asked for another one."""
        try:
            return await self._save(outcome, index, image, stem)
        except DownloadError as error:
            if outcome.job_id is None or error.reason is not DownloadReason.EXPIRED:
                raise
            try:
                job = await self._client.job(outcome.job_id)
            except IdeogramError:
                raise error from None
            images = job.generation.images if job.generation else ()
            if len(images) != len(outcome.images) or not images[index].url:
                raise
            return await self._save(outcome, index, images[index], stem)

    async def _save(self, outcome: Outcome, index: int, image: GeneratedImage, stem: str) -> ImageOutcome:
        made = outcome.images[index]
        if made.sha256 is not None:
            found = await anyio.to_thread.run_sync(self._find, stem, made.sha256)
            if found is not None:
                return evolve(made, file=found, error=None)
        with self._store.part() as part:
            await self._download(image, part)
            facts = await anyio.to_thread.run_sync(image_facts, part)
            # If the process is killed between the two, the next run recognizes the file by its hash.
            made = evolve(made, sha256=facts.sha256, size=facts.size, error=None)
            self._journal.note(replace_image(outcome, index, made))
            with suppress(LedgerError):  # the image is stored anyway; the row's next record raises this again
                await self._journal.written()
            file = await anyio.to_thread.run_sync(store_image, self._store, part, stem, facts)
        return evolve(made, file=file)

    async def _download(self, image: GeneratedImage, path: Path) -> None:
        try:
            await self._client.download(image, path)
        except IdeogramError:
            raise
        except Exception as error:
            # An error of any kind concerns this image alone, which is paid for.
            message = f"The image did not arrive: {describe_exception(error)}. Downloading again costs nothing."
            raise DownloadError(message, reason=DownloadReason.CONNECTION) from error

    def _find(self, stem: str, sha256: str) -> str | None:
        """The file that a killed run stored and could not record."""
        for name in image_names(self._store, stem):
            with self._store.open(name) as file:
                if digest(file) == sha256:
                    return name
        return None
