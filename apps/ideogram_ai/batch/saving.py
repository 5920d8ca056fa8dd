"""Downloads the images of an answer and puts them into the store."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import anyio.to_thread
from attrs import evolve, frozen

from ideogram_ai.client import DownloadError, DownloadReason, IdeogramError
from ideogram_ai.client.files import HEAD_BYTES, image_suffix
from ideogram_ai.client.flow import describe_exception

from .model import BatchStoppedError, ImageOutcome, LedgerError, Outcome, State
from .names import stem_of
from .store import StoreError, digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from PIL.Image import Image

    from ideogram_ai.client import AsyncIdeogram, GeneratedImage

    from .journal import Commits
    from .ledger import Ledger
    from .model import ImageOutcome, Outcome
    from .store import Store

_MAY_PASS: Final = frozenset({408, 429})
_GONE: Final = frozenset({DownloadReason.EXPIRED, DownloadReason.FORBIDDEN_ADDRESS})
"""Why no later run should ask for the image by itself: its host says that the link is over, or it is never asked."""

EDGE_PIXELS: Final = 320
"""The longer side at most; cards are somewhat smaller, which suits finer screens."""
_MAX_PIXELS = 64 * 1024 * 1024
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
_log = logging.getLogger(__name__)


def thumbnail_name(sha256: str) -> str:
    """Name of the thumbnail of an image with this content, inside the batch's folder.

    Args:
        sha256: SHA-256 of the image in hexadecimal.
    """
    return f"thumbnails/{sha256[:32]}.webp"


def make_thumbnail(source: Path, target: Path) -> bool:
    """Write a small WebP of an image. It takes some hundredths of a second of one core: not for an event loop.

    Args:
        source: The image.
        target: Where the thumbnail goes.

    Returns:
        False when the image cannot be read, or Pillow is missing; then nothing is there that could be used. The image
            is none the worse.

    Raises:
        OSError: The thumbnail cannot be written.
    """
    try:
        from PIL import Image  # noqa: PLC0415 - loads slowly
    except ModuleNotFoundError:
        _log.info("no thumbnail of %s: pip install 'ideogram-ai[batch]' brings Pillow, which makes them", source.name)
        return False
    try:
        with Image.open(source, formats=_FORMATS) as image:
            if image.width * image.height > _MAX_PIXELS:
                _log.info("no thumbnail of %s: it has %d x %d pixels", source.name, image.width, image.height)
                return False
            small = _reduced(image)
    except Exception as error:  # noqa: BLE001 - what a picture's decoder raises for broken bytes is no fixed set
        _log.info("no thumbnail of %s: %s", source.name, error)
        return False
    small.save(target, "WEBP", quality=80, method=2)
    return True


def _reduced(image: Image) -> Image:
    image.draft("RGB", (EDGE_PIXELS * 2, EDGE_PIXELS * 2))
    small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    small.thumbnail((EDGE_PIXELS, EDGE_PIXELS), reducing_gap=2.0)
    return small


_OTHER_FORM: Final = ".bin"
"""For what the client kept although it does not know its form."""
_SUFFIXES: Final = (
    ".png", ".jpg", ".webp", ".gif", ".avif",
    ".jxl", ".heic", ".heif", ".jp2", ".j2k", ".tiff", ".bmp", ".svg", ".bin", "",
)  # fmt: skip


@frozen
class ImageFacts:
    """What tells an image from all others.

    Attributes:
        suffix: The file name's suffix that its format has.
        sha256: SHA-256 of its bytes in hexadecimal.
        size: Its bytes.
    """

    suffix: str
    sha256: str
    size: int


@frozen
class StoredImage:
    """An image in the store.

    Attributes:
        file: Its name in the store.
        sha256: SHA-256 of its bytes in hexadecimal.
        size: Its bytes.
    """

    file: str
    sha256: str
    size: int


def image_facts(source: Path) -> ImageFacts:
    """Read what tells an image from all others. It blocks: not for an event loop."""
    with source.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        return ImageFacts(image_suffix(head) or _OTHER_FORM, digest(file), file.tell())


def image_names(store: Store, stem: str) -> Iterator[str]:
    """Names of files that are there and may have been stored under this stem. It blocks: not for an event loop.

    Raises:
        StoreError: It cannot be looked for.
    """
    for suffix in _SUFFIXES:
        number, name = 1, f"{stem}{suffix}"
        while store.exists(name):
            yield name
            number += 1
            name = f"{stem}-{number}{suffix}"


def store_image(store: Store, source: Path, stem: str, facts: ImageFacts | None = None) -> StoredImage:
    """Move a downloaded image into the store. It blocks: not for an event loop.

    The thumbnail goes first, so that a row which counts as saved has one, and no later run has to look for it. Without
    it the image is none the worse: it is stored all the same.

    Args:
        store: The store.
        source: The image, whole and checked, best in the store's workspace; it is gone afterwards.
        stem: The name that it is to have, without the suffix, which its format gives. No other file is replaced.
        facts: What image_facts says of it, if the caller asked already.

    Raises:
        StoreError: It cannot be stored; the source is still there.
    """
    facts = facts or image_facts(source)
    thumbnail = thumbnail_name(facts.sha256)
    try:
        if not store.exists(thumbnail):
            _store_thumbnail(store, source, thumbnail)
    except Exception as error:  # noqa: BLE001 - whatever it is, the image is paid for, and goes first
        _log.warning("There is no thumbnail of %s: %s", stem, error)
    return StoredImage(store.add(source, f"{stem}{facts.suffix}"), facts.sha256, facts.size)


def _store_thumbnail(store: Store, source: Path, name: str) -> None:
    with store.part(".webp") as part:
        if make_thumbnail(source, part):
            store.replace(part, name)


_HOST_IS_GONE: Final = 20
"""So many failures in a row are no matter of single images."""
_OURS: Final = frozenset({DownloadReason.UNWRITABLE, DownloadReason.EXISTS})


def with_image(outcome: Outcome, index: int, image: ImageOutcome) -> Outcome:
    """The outcome with another state of one of its images."""
    return evolve(outcome, images=(*outcome.images[:index], image, *outcome.images[index + 1 :]))


def saved(outcome: Outcome, failures: Sequence[DownloadError], *, at: datetime) -> Outcome:
    """The outcome of an answer whose images were downloaded, or not.

    Args:
        outcome: The answer, with what became of each image.
        failures: What went wrong.
        at: When the last image was saved.

    Returns:
        SAVED, or WITHHELD where none was to be had; ANSWERED when an image may be had later, for free; FAILED when its
        link is over: then only --retry-failed asks for it again.
    """
    if not failures:
        none = all(image.withheld for image in outcome.images)
        state = State.WITHHELD if none else State.SAVED
        saved_at = None if none else at
        return evolve(outcome, state=state, saved_at=saved_at, error_type=None, error=None, status_code=None)
    lost = next((error for error in failures if error.reason in _GONE), None)
    error = lost or failures[0]
    return evolve(
        outcome,
        state=State.ANSWERED if lost is None else State.FAILED,
        error_type=type(error).__name__,
        error=error.message,
        status_code=error.status_code,
    )


def concerns_the_host(error: DownloadError) -> bool:
    """Whether other images of the same host may fail in this way too, whatever their links are."""
    if error.reason is DownloadReason.STATUS:
        return error.status_code is None or error.status_code >= 500 or error.status_code in _MAY_PASS
    return error.reason is DownloadReason.CONNECTION


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
