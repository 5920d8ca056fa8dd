"""How a run ended: its exit code, and what is told of it to people and to machines."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

from ideogram_ai.client import DownloadError, DownloadReason, GeneratedImage, IdeogramError, RequestError
from ideogram_ai.contract.check import RequestProblem

from ..exit_codes import ExitCode


@frozen
class Failure:
    """What went wrong.

    Attributes:
        type: Class of the error.
        message: What happened, what it means for money, and what to do.
        may_have_been_billed: False only when it is certain that nothing was billed.
        status_code: The HTTP status, if one arrived.
        problems: All that the contract has against the request.
    """

    type: str
    message: str
    may_have_been_billed: bool
    status_code: int | None = None
    problems: tuple[RequestProblem, ...] = ()

    @classmethod
    def of(
        cls, error: BaseException, message: str | None = None, *, problems: tuple[RequestProblem, ...] = ()
    ) -> Failure:
        """The failure that an exception tells of."""
        return cls(
            type=type(error).__name__,
            message=message or str(error) or type(error).__name__,
            may_have_been_billed=getattr(error, "may_have_been_billed", False),
            status_code=getattr(error, "status_code", None),
            problems=problems,
        )


@frozen
class ImageOutcome:
    """What became of an image.

    Attributes:
        image: The image.
        path: Where it is saved; None when it is not.
        sidecar: Where its sidecar is; None without one.
        failure: Why it, or its sidecar, is not saved.
    """

    image: GeneratedImage
    path: Path | None = None
    sidecar: Path | None = None
    failure: Failure | None = None

    @property
    def lost(self) -> bool:
        """Whether something that was paid for is not on the disk."""
        return self.failure is not None and not self.image.withheld


@frozen
class Outcome:
    """How a run ended.

    Attributes:
        code: The exit code.
        images: The images of the answer.
        failure: What went wrong with the request, or with the first image that could not be saved.
        answer_file: Where an answer that could not be read whole was kept.
    """

    code: ExitCode
    images: tuple[ImageOutcome, ...] = ()
    failure: Failure | None = None
    answer_file: Path | None = None

    def as_json(self) -> str:
        """The one object of --json, in one line of ASCII."""
        return json.dumps(
            {
                "outcome": self.code.name.lower(),
                "images": [_image_as_json(image) for image in self.images],
                "error": _failure_as_json(self.failure),
                "answer_file": _path_as_json(self.answer_file),
            }
        )


def exit_code_of(error: IdeogramError) -> ExitCode:
    """The exit code of a request that ended in an error."""
    if isinstance(error, RequestError):
        return ExitCode.WRONG_USE
    if isinstance(error, DownloadError):
        return ExitCode.WITHHELD if error.reason is DownloadReason.WITHHELD else ExitCode.DOWNLOAD_FAILED
    return ExitCode.OUTCOME_UNKNOWN if error.may_have_been_billed else ExitCode.REFUSED


def exit_code_of_images(images: tuple[ImageOutcome, ...]) -> ExitCode:
    """The exit code of a request that was answered with images."""
    if any(image.lost for image in images):
        return ExitCode.DOWNLOAD_FAILED
    if all(image.image.withheld for image in images):
        return ExitCode.WITHHELD
    return ExitCode.DONE


def _image_as_json(outcome: ImageOutcome) -> dict[str, Any]:
    image = outcome.image
    return {
        "path": _path_as_json(outcome.path),
        "sidecar": _path_as_json(outcome.sidecar),
        "seed": image.seed,
        "resolution": image.resolution,
        "is_image_safe": image.is_image_safe,
        "withheld": image.withheld,
        "prompt": image.prompt,
        # A saved image needs no link; one that is not saved has no other way to it.
        "url": image.url if outcome.path is None else None,
        "expires_at": image.expires_at.isoformat() if image.expires_at else None,
        "error": _failure_as_json(outcome.failure),
    }


def _failure_as_json(failure: Failure | None) -> dict[str, Any] | None:
    return asdict(failure) if failure else None


def _path_as_json(path: Path | None) -> str | None:
    return os.fspath(path) if path else None
