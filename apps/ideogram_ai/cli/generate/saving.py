"""Saves the images of an answer, each as well as it can be: a failure costs no other image."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from attrs import evolve

from ideogram_ai.client import DownloadError, DownloadReason, IdeogramError, save_sidecar

from .destination import sidecar_of
from .outcome import Failure, ImageOutcome

if TYPE_CHECKING:
    from pathlib import Path

    from ideogram_ai.client import GeneratedImage, Generation, Ideogram

    from .destination import Destination


def save_images(client: Ideogram, generation: Generation, destination: Destination) -> tuple[ImageOutcome, ...]:
    """Download every image that was not withheld.

    Ctrl-C ends the downloads; what is not saved then is told like any other failure, because it is paid for.

    Args:
        client: The client.
        generation: The answer.
        destination: Where they go.

    Returns:
        What became of each image, in the order of the answer.
    """
    outcomes: list[ImageOutcome] = []
    interrupted: Failure | None = None
    for number, image in enumerate(generation.images, start=1):
        outcome = ImageOutcome(image)
        try:
            if interrupted is None:
                outcome = evolve(outcome, path=_download(client, image, destination, number))
                if destination.sidecar:
                    outcome = evolve(outcome, sidecar=_save_sidecar(generation, outcome, destination))
        except KeyboardInterrupt as error:
            interrupted = Failure.of(error, "Interrupted before it was saved. Downloading it costs nothing.")
            interrupted = evolve(interrupted, may_have_been_billed=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other images and the links are not lost for it
            message = None if isinstance(error, IdeogramError) else f"It was not saved: {error!r}."
            outcome = evolve(outcome, failure=evolve(Failure.of(error, message), may_have_been_billed=True))
        if interrupted is not None and outcome.path is None:
            outcome = evolve(outcome, failure=interrupted)
        outcomes.append(outcome)
    return tuple(outcomes)


def _download(client: Ideogram, image: GeneratedImage, destination: Destination, number: int) -> Path:
    for path, replaceable in destination.candidates(image, number):
        try:
            return client.download(image, path, overwrite=replaceable)
        except DownloadError as error:
            if error.reason is not DownloadReason.EXISTS:
                raise
    raise AssertionError("there is always another name")


def _save_sidecar(generation: Generation, outcome: ImageOutcome, destination: Destination) -> Path | None:
    if outcome.path is None:
        return None
    if not destination.overwrite and os.path.lexists(sidecar_of(outcome.path)):
        raise DownloadError(
            f"{str(sidecar_of(outcome.path))!r} appeared in the meantime and is left as it is. The image itself is "
            "saved.",
            reason=DownloadReason.EXISTS,
        )
    return save_sidecar(generation, outcome.image, outcome.path)
