"""The images of `ideogram generate`: where they go, what a signal does meanwhile, and what became of each."""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import re
import secrets
import shutil
import stat
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from attrs import asdict, evolve, frozen

from ideogram_ai.client import (
    DownloadError,
    DownloadReason,
    GeneratedImage,
    IdeogramError,
    OutcomeUnknownError,
    RequestError,
    ResponseValidationError,
    ResponseWarning,
    save_sidecar,
)
from ideogram_ai.client.transport import LEAVES
from ideogram_ai.contract.check import RequestProblem

from .contract_input import RequestFields, choices_of
from .exit_codes import ExitCode, WrongUseError, handle_signals, raise_interrupt
from .terminal import print_error, print_note, print_warning, printable, spinner, write_error

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from ideogram_ai.client import Generation, Ideogram

_BYTES_PER_PIXEL: Final = 4
"""RGBA, not compressed: no image is larger."""
_WAITING: Final = "Waiting for the image, which may already be paid for. Press Ctrl-C again to stop waiting."
_SAVING: Final = "Saving the image first. Press Ctrl-C again to stop and show its link."


@frozen
class Failure:
    """What went wrong: the `error` of --json. `may_have_been_billed` is false if nothing was billed for certain."""

    type: str
    message: str
    may_have_been_billed: bool
    status_code: int | None = None
    problems: tuple[RequestProblem, ...] = ()

    @classmethod
    def of(
        cls,
        error: BaseException,
        message: str | None = None,
        *,
        billed: bool = False,
        problems: tuple[RequestProblem, ...] = (),
    ) -> Failure:
        """Describe an exception."""
        return cls(
            type=type(error).__name__,
            message=message or str(error) or type(error).__name__,
            may_have_been_billed=billed or getattr(error, "may_have_been_billed", False),
            status_code=getattr(error, "status_code", None),
            problems=problems,
        )


@frozen
class ImageResult:
    """An image of the response: where it and its sidecar are, or why one of them is not saved."""

    image: GeneratedImage
    path: Path | None = None
    sidecar: Path | None = None
    failure: Failure | None = None

    @property
    def lost(self) -> bool:
        """Whether something that was paid for is not saved."""
        return self.failure is not None and not self.image.withheld

    def as_json(self) -> dict[str, Any]:
        """Return the image's members of --json."""
        image = self.image
        return {
            "path": self.path and os.fspath(self.path),
            "sidecar": self.sidecar and os.fspath(self.sidecar),
            "seed": image.seed,
            "resolution": image.resolution,
            "is_image_safe": image.is_image_safe,
            "withheld": image.withheld,
            "prompt": image.prompt,
            # An image that is not saved can be had by its link only.
            "url": image.url if self.path is None else None,
            "expires_at": image.expires_at.isoformat() if image.expires_at else None,
            "error": self.failure and asdict(self.failure),
        }


@frozen
class GenerateResult:
    """How a run ended. `answer_file` is a response that could not be read completely."""

    code: ExitCode
    images: tuple[ImageResult, ...] = ()
    failure: Failure | None = None
    answer_file: Path | None = None

    def as_json(self) -> str:
        """Return the object of --json as one line of ASCII."""
        members = {
            "outcome": self.code.name.lower(),
            "images": [image.as_json() for image in self.images],
            "error": self.failure and asdict(self.failure),
            "answer_file": self.answer_file and os.fspath(self.answer_file),
        }
        return json.dumps(members)


@frozen
class Destination:
    """A file, or a folder in which each image is named after its link. `overwrite` is for that file alone."""

    path: Path
    is_folder: bool
    overwrite: bool
    sidecar: bool

    @classmethod
    def of(cls, output: str | None, *, overwrite: bool, sidecar: bool) -> Destination:
        """Read -o, and check that an image can be saved there, so that none is paid for that cannot."""
        if output is not None and not output.strip():
            raise WrongUseError("-o is empty. Is a shell variable unset?")
        if output == "-":
            raise WrongUseError("-o -: images are not written to stdout. Give a path (./- for a file of that name).")
        path = Path(output or ".")
        is_folder = _is_folder(path) or (output or ".").endswith(("/", os.sep))
        destination = cls(path, is_folder, overwrite, sidecar)
        destination._check()
        return destination

    def candidates(self, image: GeneratedImage, number: int) -> Iterator[tuple[Path, bool]]:
        """Yield paths for the image of a number, from 1, and whether a file there may be replaced.

        The first free path is used. The second image of cat.png is cat-2.png. A file that appeared while the image was
        made is left alone.
        """
        base = self.path / _name_of_link(image.url) if self.is_folder else self.path
        if self.is_folder or number == 1:
            yield self.path, self.overwrite
        for copy in itertools.count(max(number, 2)):
            path = base.with_name(f"{base.stem}-{copy}{base.suffix}")
            if not os.path.lexists(path) and not (self.sidecar and os.path.lexists(sidecar_of(path))):
                yield path, False

    def keep_response(self, body: bytes) -> Path | None:
        """Keep a response that may have been paid for: in a file beside the image's path, or else on stderr."""
        base = self.path / "ideogram" if self.is_folder else self.path
        for copy in itertools.count(1):
            path = base.with_name(f"{base.name}{'' if copy == 1 else f'-{copy}'}.answer.txt")
            try:
                with path.open("xb") as file:
                    file.write(body)
            except FileExistsError:
                continue
            except OSError as error:
                print_error(f"The response cannot be written to {str(path)!r} ({error.strerror}). It is:")
                write_error(f"{printable(body.decode(errors='backslashreplace'))}\n")
                return None
            else:
                return path
        raise AssertionError("itertools.count() never ends")

    def _check(self) -> None:
        folder = self.path if self.is_folder else self.path.parent
        if not _is_folder(folder):
            raise WrongUseError(f"-o: there is no folder {str(folder)!r}. Create it first.")
        if not self.is_folder:
            for path in (self.path, *([sidecar_of(self.path)] if self.sidecar else [])):
                self._check_file(path)
        # Write a file: permissions say little, and nothing about a read-only disk.
        trial = folder / f".{secrets.token_hex(8)}.part"
        try:
            with trial.open("xb") as file:
                file.write(b"\0")
        except OSError as error:
            raise WrongUseError(f"-o: cannot write into {str(folder)!r}: {error.strerror}.") from None
        finally:
            with contextlib.suppress(FileNotFoundError):
                trial.unlink()
        sizes = [re.fullmatch("([0-9]+)x([0-9]+)", choice) for choice in choices_of("resolution")]
        needed = _BYTES_PER_PIXEL * max((int(size[1]) * int(size[2]) for size in sizes if size), default=0)
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise WrongUseError(f"-o: {str(folder)!r} has {free:,} bytes left, and an image can need {needed:,}.")

    def _check_file(self, path: Path) -> None:
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            return
        except OSError as error:  # for example, the name is too long
            raise WrongUseError(f"-o: {str(path)!r}: {error.strerror}.") from None
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            raise WrongUseError(f"-o: {str(path)!r} exists and is not a regular file.")
        if not self.overwrite:
            raise WrongUseError(f"-o: {str(path)!r} exists. Choose another path, or use --overwrite.")


def _is_folder(path: Path) -> bool:
    # Path.is_dir() raises for a name that is too long, and in a folder that may not be searched (until Python 3.14).
    return os.path.isdir(path)  # noqa: PTH112


def sidecar_of(path: Path) -> Path:
    """Return the path of an image's sidecar."""
    return path.with_name(f"{path.name}.json")


def _name_of_link(url: str | None) -> str:
    """Return a file name like the one that the client makes of a link."""
    stem, _, suffix = urlsplit(url or "").path.rpartition("/")[2].partition(".")
    stem, suffix = (re.sub("[^A-Za-z0-9_-]", "", part)[:100] for part in (stem, suffix))
    return f"{stem or 'image'}.{suffix or 'png'}"


class SignalState(logging.Handler):
    """Decides what a signal does. As a log handler of the client, it knows whether a request is under way."""

    def __init__(self, *, shown: bool) -> None:
        super().__init__()
        self._shown = shown
        self._under_way = False
        self._saving = False
        self._first: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Learn from what the client logs how far the request is."""
        if record.msg is LEAVES:
            self._under_way = True
        elif record.levelno == logging.INFO:  # an attempt that cost nothing failed, and another one follows
            self._under_way = False
            if self._first is not None:
                raise_interrupt(self._first)
            if self._shown:
                print_note(record.getMessage())

    def received(self) -> None:
        """Note that the response has arrived: from now on its images are saved."""
        self._under_way = self._saving = True

    def handle_signal(self, number: int) -> None:
        """Wait on the first signal if something may be paid for; raise KeyboardInterrupt otherwise."""
        if not self._under_way or self._first is not None:
            raise_interrupt(number if self._first is None else self._first)
        self._first = number
        # The main program may be writing itself, and the terminal may be closed.
        with contextlib.suppress(OSError, RuntimeError):
            print_note(_SAVING if self._saving else _WAITING)


@contextmanager
def signals_wait(*, shown: bool) -> Generator[SignalState]:
    """Let signals wait for an image that may be paid for. With `shown`, print a note on each attempt."""
    logger = logging.getLogger("ideogram_ai.client")
    level = logger.level
    state = SignalState(shown=shown)
    logger.addHandler(state)
    logger.setLevel(logging.DEBUG)
    try:
        with handle_signals(state.handle_signal):
            yield state
    finally:
        logger.removeHandler(state)
        logger.setLevel(level)


def generate(
    client: Ideogram, request: RequestFields, destination: Destination, state: SignalState, *, shown: bool
) -> GenerateResult:
    """Send the request and save the images."""
    generation: Generation | None = None
    try:
        with warnings.catch_warnings(), spinner("Making the image", shown=shown):
            warnings.simplefilter("ignore", ResponseWarning)  # the report has it
            generation = client.generate(**request.keywords(), extra_fields=request.extra)
            state.received()
    except IdeogramError as error:
        body = error.body if isinstance(error, ResponseValidationError | OutcomeUnknownError) else None
        kept = destination.keep_response(body) if body else None
        return GenerateResult(_exit_code_of(error), failure=Failure.of(error), answer_file=kept)
    except KeyboardInterrupt as error:
        if generation is None:
            if not getattr(error, "may_have_been_billed", False):
                raise
            message = " ".join(getattr(error, "__notes__", ()))
            return GenerateResult(ExitCode.OUTCOME_UNKNOWN, failure=Failure.of(error, message))
        # The images have arrived, and are saved.
    with spinner("Saving the image", shown=shown):
        images = _save_images(client, generation, destination)
    kept = None
    if generation.problems:
        print_warning(f"The response breaks the contract: {'; '.join(generation.problems)}.")
        kept = destination.keep_response(generation.raw)
    code = ExitCode.DONE
    if any(image.lost for image in images):
        code = ExitCode.DOWNLOAD_FAILED
    elif all(image.image.withheld for image in images):
        code = ExitCode.WITHHELD
    failure = next((image.failure for image in images if image.failure), None)
    return GenerateResult(code, images, failure if code else None, kept)


def _exit_code_of(error: IdeogramError) -> ExitCode:
    if isinstance(error, RequestError):
        return ExitCode.WRONG_USE
    return ExitCode.OUTCOME_UNKNOWN if error.may_have_been_billed else ExitCode.REFUSED


def _save_images(client: Ideogram, generation: Generation, destination: Destination) -> tuple[ImageResult, ...]:
    """Save every image that was not withheld. A failure or Ctrl-C costs no other image and no link."""
    results: list[ImageResult] = []
    interrupted: Failure | None = None
    for number, image in enumerate(generation.images, start=1):
        result = ImageResult(image)
        try:
            if interrupted is None:
                result = evolve(result, path=(path := _download(client, image, destination, number)))
                if destination.sidecar:
                    result = evolve(result, sidecar=_save_sidecar(generation, image, path, destination))
        except KeyboardInterrupt as error:
            interrupted = Failure.of(error, "Interrupted before it was saved. Downloading it is free.", billed=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other images and the links must not be lost
            message = None if isinstance(error, IdeogramError) else f"It was not saved: {error!r}."
            result = evolve(result, failure=Failure.of(error, message, billed=True))
        if interrupted is not None and result.path is None:
            result = evolve(result, failure=interrupted)
        results.append(result)
    return tuple(results)


def _download(client: Ideogram, image: GeneratedImage, destination: Destination, number: int) -> Path:
    for path, replaceable in destination.candidates(image, number):
        try:
            return client.download(image, path, overwrite=replaceable)
        except DownloadError as error:
            if error.reason is not DownloadReason.EXISTS:
                raise
    raise AssertionError("there is always another name")


def _save_sidecar(generation: Generation, image: GeneratedImage, path: Path, destination: Destination) -> Path:
    if not destination.overwrite and os.path.lexists(sidecar_of(path)):
        message = f"{str(sidecar_of(path))!r} appeared in the meantime, and was not replaced. The image is saved."
        raise DownloadError(message, reason=DownloadReason.EXISTS)
    return save_sidecar(generation, image, path)
