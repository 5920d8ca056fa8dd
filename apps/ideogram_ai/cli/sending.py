"""Sends a request and saves its images: what a signal does meanwhile, and what became of each image."""

from __future__ import annotations

import contextlib
import json
import logging
import mimetypes
import os
import shlex
import warnings
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Literal

from attrs import asdict, define, evolve

from ideogram_ai.client import (
    DownloadError,
    DownloadReason,
    GeneratedImage,
    Generation,
    Ideogram,
    IdeogramError,
    Job,
    JobFailedError,
    JobTimeoutError,
    OutcomeUnknownError,
    RequestError,
    ResponseValidationError,
    ResponseWarning,
    save_sidecar,
)
from ideogram_ai.client.formats import HEAD_BYTES, image_suffix
from ideogram_ai.client.jobs import COMPLETED, FAILED
from ideogram_ai.client.request import plain_response
from ideogram_ai.client.retry import MAX_SECONDS
from ideogram_ai.client.transport import LEAVES

from .destination import Destination, sidecar_of
from .exit_codes import ExitCode, WrongUseError, handle_signals, raise_interrupt
from .report import Failure, ImageResult, JobState, RequestResult
from .service import ServiceOptions
from .terminal import print_note, print_warning, spinner, write_error, write_out

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from .contract_input import RequestFields

_WAITING: Final = "Waiting for the {}, which may already be paid for. Press Ctrl-C again to stop waiting."
_SAVING: Final = "Saving the image first. Press Ctrl-C again to stop and show its link."
_DEADLINE: Final = 600.0
"""Seconds to wait for a job, as in the client."""


@define(kw_only=True)
class RequestOptions(ServiceOptions):
    """The options that commands with a request share; see their help. Those that a command lacks have a default."""

    output: str | None
    overwrite: bool
    sidecar: bool = False
    no_check: bool = False
    dry_run: bool = False
    deadline: float | None = None
    no_wait: bool = False
    opens: bool = False
    yes: bool = False

    @property
    def seconds(self) -> float:
        """How long a job is waited for."""
        return _DEADLINE if self.deadline is None else self.deadline

    def check(self) -> None:
        """Refuse options that cannot be used."""
        super().check()
        if not 0 <= self.seconds <= MAX_SECONDS:  # the client would refuse it when the job is submitted already
            raise WrongUseError(f"--deadline: {self.deadline} is not a number of seconds from 0 to {MAX_SECONDS:,.0f}.")

    def fetch_command(self, job_id: str) -> str:
        """Write the command that fetches a job. An id may begin with a dash."""
        words = ["ideogram", "fetch"]
        words += ["--base-url", self.base_url] if self.base_url is not None else []
        words += ["--allow-http"] if self.allow_http else []
        return shlex.join([*words, *(["--"] if job_id.startswith("-") else []), job_id])


class SignalState(logging.Handler):
    """Decides what a signal does. As a log handler of the client, it knows whether a request is under way.

    Args:
        shown: Whether a note is printed on each attempt.
        awaited: What a request that was sent brings, for messages.
    """

    def __init__(self, *, shown: bool, awaited: str = "image") -> None:
        super().__init__()
        self._shown = shown
        self._awaited = awaited
        self._phase: Literal["nothing sent", "sent", "asking", "saving"] = "nothing sent"
        self._first: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Learn from what the client logs how far the request is."""
        if record.msg is LEAVES:
            self._phase = "sent" if self._phase == "nothing sent" else self._phase
        elif record.levelno == logging.INFO:  # an attempt that cost nothing failed, and another one follows
            self._phase = "nothing sent" if self._phase == "sent" else self._phase
            self._give_up_now()
            if self._shown:
                print_note(record.getMessage())

    def begin(self) -> None:
        """Note that nothing of the next request was sent yet. After a signal it is not sent at all."""
        self._phase = "nothing sent"
        self._give_up_now()

    def ask(self) -> None:
        """Note that requests are free from now on. A signal ends them at once: they can be sent again."""
        self._phase = "asking"
        self._give_up_now()

    def received(self) -> None:
        """Note that the response has arrived: from now on its images are saved."""
        self._phase = "saving"

    def handle_signal(self, number: int) -> None:
        """Wait on the first signal if something may be paid for; raise KeyboardInterrupt otherwise."""
        if self._phase in {"nothing sent", "asking"} or self._first is not None:
            billed = self._phase in {"sent", "saving"}
            raise_interrupt(number if self._first is None else self._first, may_have_been_billed=billed)
        self._first = number
        # The main program may be writing itself, and the terminal may be closed.
        with contextlib.suppress(OSError, RuntimeError):
            print_note(_SAVING if self._phase == "saving" else _WAITING.format(self._awaited))

    def _give_up_now(self) -> None:
        if self._first is not None:
            raise_interrupt(self._first)


@contextmanager
def signals_wait(*, shown: bool, awaited: str = "image") -> Generator[SignalState]:
    """Let signals wait for what may be paid for. With `shown`, print a note on each attempt."""
    logger = logging.getLogger("ideogram_ai.client")
    level = logger.level
    state = SignalState(shown=shown, awaited=awaited)
    logger.addHandler(state)
    logger.setLevel(logging.DEBUG)
    try:
        with handle_signals(state.handle_signal):
            yield state
    finally:
        logger.removeHandler(state)
        logger.setLevel(level)


@define
class Sender:
    """Gets a response and saves its images.

    Attributes:
        client: The client.
        state: What a signal does.
        destination: Where images go, and what a broken response leaves.
        options: The options of the command.
        pays: Whether this command sends what may be billed.
        job_id: The job whose response it is, as soon as it is known.
        number: The number of the next image, for its name.
        unreported: The response as far as its images are saved, in case that it is interrupted.
    """

    client: Ideogram
    state: SignalState
    destination: Destination
    options: RequestOptions
    pays: bool = True
    job_id: str | None = None
    number: int = 1
    unreported: RequestResult | None = None

    def send(self, request: RequestFields, activity: str) -> RequestResult:
        """Send a request, and save the images of its response. `activity` is what is done, for the spinner."""
        self.job_id = self.unreported = None
        self.state.begin()

        def get() -> Any:
            if not self.pays:
                self.state.ask()
            method = attrgetter(request.operation.method_name)(self.client)
            response = method(**request.keywords(), extra_fields=request.extra)
            if not isinstance(response, Job):
                return response
            self.job_id = response.id
            if self.pays:
                self._announce(response.id)
            self.state.ask()
            if self.options.no_wait and response.status not in {COMPLETED, FAILED}:
                return response
            return self.client.wait(response, deadline=0 if self.options.no_wait else self.options.seconds)

        return self.get(get, activity)

    def _announce(self, job_id: str) -> None:
        """Show the id of a job before the wait for it begins: whatever happens then, the id leads to the images."""
        options = self.options
        if options.no_wait and not options.shown:
            return  # the report has it
        if options.as_json:
            write_out(json.dumps({"job": asdict(JobState(job_id))}) + "\n")
        elif options.quiet:
            write_error(f"job {job_id}\n")
        elif options.mock:
            print_note(f"The job {job_id} was submitted.")
        else:
            how = f"To fetch its images at any time: {options.fetch_command(job_id)}"
            print_note(f"The job {job_id} was submitted. {how}")

    def get(self, get: Callable[[], Any], activity: str) -> RequestResult:
        """Get a response by a function, and save its images."""
        response: Any = None
        try:
            with warnings.catch_warnings(), spinner(activity, shown=self.options.shown):
                warnings.simplefilter("ignore", ResponseWarning)  # the report has it
                response = get()
                self.state.received()
        except IdeogramError as error:
            return self._failed(error)
        except KeyboardInterrupt as error:
            if response is None:
                return self._interrupted(error)
            # The images have arrived, and are saved.
        if isinstance(response, Generation):
            return self._save(response)
        if isinstance(response, Job):
            return RequestResult(ExitCode.DONE, job=JobState(response.id, response.status))
        return RequestResult(ExitCode.DONE, response=plain_response(response))

    def save_links(self, result: RequestResult, names: Sequence[str]) -> RequestResult:
        """Save the images that a response has links to, each under the name of its member."""
        links = {name: link for name in names if isinstance(link := result.response.get(name), str)}
        linked = (
            GeneratedImage(link, prompt=None, resolution=None, seed=None, is_image_safe=None) for link in links.values()
        )
        saved = self._save(Generation(created=None, images=tuple(linked), raw=b""))
        images = tuple(self._renamed(image, name) for image, name in zip(saved.images, links, strict=True))
        if not images:
            return result
        return evolve(result, code=saved.code or result.code, images=images, failure=saved.failure or result.failure)

    def _renamed(self, image: ImageResult, member: str) -> ImageResult:
        """Name the file of an image after the member that has its link."""
        if image.path is None:
            return image
        wanted = image.path.with_name(f"{member.removesuffix('_url')}{image.path.suffix}")
        return evolve(image, path=self.destination.rename(image.path, wanted))

    def _failed(self, error: IdeogramError) -> RequestResult:
        body = error.body if isinstance(error, ResponseValidationError | OutcomeUnknownError) else None
        kept = self.destination.keep_response(body) if body else None
        result = RequestResult(_exit_code_of(error), failure=Failure.of(error), answer_file=kept)
        self.job_id = self.job_id or error.job_id
        if self.job_id is None:
            return result
        if isinstance(error, JobFailedError):
            return evolve(result, job=JobState(self.job_id, "failed", error.failure_reason))
        result = evolve(result, job=JobState(self.job_id))
        if not (self.pays or isinstance(error, JobTimeoutError)):
            return result
        # What failed is to ask for the job, which costs nothing. The job goes on, and may have been billed.
        failure = Failure.of(error, self._with_cure(str(error)), billed=True)
        return evolve(result, code=ExitCode.OUTCOME_UNKNOWN, failure=failure)

    def _interrupted(self, error: KeyboardInterrupt) -> RequestResult:
        self.job_id = self.job_id or getattr(error, "job_id", None)  # it may have arrived at this moment
        if self.job_id is not None:
            message = self._with_cure("Interrupted. The job goes on, and is billed when it succeeds.")
            code = ExitCode.OUTCOME_UNKNOWN if self.pays else ExitCode.of_interruption(error)
            return RequestResult(code, failure=Failure.of(error, message, billed=self.pays), job=JobState(self.job_id))
        if not getattr(error, "may_have_been_billed", False):
            raise error
        message = " ".join(getattr(error, "__notes__", ()))
        return RequestResult(ExitCode.OUTCOME_UNKNOWN, failure=Failure.of(error, message))

    def _with_cure(self, message: str) -> str:
        if self.options.mock or self.job_id is None:  # the mock server ends with this command, and its jobs with it
            return message
        return f"{message} To fetch its images, for free: {self.options.fetch_command(self.job_id)}"

    def _save(self, generation: Generation) -> RequestResult:
        images = [ImageResult(image, failure=_INTERRUPTED) for image in generation.images]
        self.unreported = result = self._result_of(images, generation)
        with spinner("Saving the image", shown=self.options.shown):
            for index, image in enumerate(_save_images(self.client, generation, self.destination, self.number)):
                images[index] = image
                self.unreported = result = self._result_of(images, generation)
        self.number += len(images)
        asked = self.destination.path
        for path in (image.path for image in images if image.path and not self.destination.is_folder):
            if self.options.shown and path.suffix != asked.suffix:
                kind = path.suffix.removeprefix(".").upper()
                print_note(f"The image is a {kind}, so it is called {os.fspath(path)!r} and not {os.fspath(asked)!r}.")
        if not generation.problems:
            return result
        print_warning(f"The response breaks the contract: {'; '.join(generation.problems)}.")
        return evolve(result, answer_file=self.destination.keep_response(generation.raw))

    def _result_of(self, images: Sequence[ImageResult], generation: Generation) -> RequestResult:
        code = ExitCode.DONE
        if any(image.lost for image in images):
            code = ExitCode.DOWNLOAD_FAILED
        elif all(image.image.withheld for image in images):
            code = ExitCode.WITHHELD
        failure = next((image.failure for image in images if image.failure), None)
        job = JobState(self.job_id, "completed") if self.job_id is not None else None
        return RequestResult(code, tuple(images), failure if code else None, generation=generation, job=job)


def _exit_code_of(error: IdeogramError) -> ExitCode:
    if isinstance(error, RequestError):
        return ExitCode.WRONG_USE
    return ExitCode.OUTCOME_UNKNOWN if error.may_have_been_billed else ExitCode.REFUSED


_INTERRUPTED: Final = Failure(
    KeyboardInterrupt.__name__, "Interrupted before it was saved. Downloading it is free.", may_have_been_billed=True
)


def _save_images(
    client: Ideogram, generation: Generation, destination: Destination, first: int
) -> Iterator[ImageResult]:
    """Save every image that was not withheld. A failure or Ctrl-C costs no other image and no link."""
    interrupted: Failure | None = None
    for number, image in enumerate(generation.images, first):
        result = ImageResult(image)
        try:
            if interrupted is None:
                result = evolve(result, path=(path := _download(client, image, destination, number)))
                if destination.sidecar:
                    result = evolve(result, sidecar=_save_sidecar(generation, image, path, destination))
        except KeyboardInterrupt as error:
            interrupted = evolve(_INTERRUPTED, type=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other images and the links must not be lost
            message = None if isinstance(error, IdeogramError) else f"It was not saved: {error!r}."
            result = evolve(result, failure=Failure.of(error, message, billed=True))
        if interrupted is not None and result.path is None:
            result = evolve(result, failure=interrupted)
        yield result


def _download(client: Ideogram, image: GeneratedImage, destination: Destination, number: int) -> Path:
    for path, replaceable in destination.candidates(image, number):
        try:
            return _with_its_name(client.download(image, path, overwrite=replaceable), destination)
        except DownloadError as error:
            if error.reason is not DownloadReason.EXISTS:
                raise
    raise AssertionError("there is always another name")


def _with_its_name(path: Path, destination: Destination) -> Path:
    """Name an image after its prompt in a folder, and correct a suffix that says another format.

    Programs that go by the name refuse a PNG that is called cat.jpg.
    """
    if destination.is_folder:
        return (
            destination.rename(path, path.with_name(f"{destination.stem}{path.suffix}")) if destination.stem else path
        )
    try:
        with path.open("rb") as file:
            suffix = image_suffix(file.read(HEAD_BYTES))
    except OSError:  # moved away already
        return path
    named = mimetypes.guess_type(path.name)[0] or ""
    if suffix is None or not named.startswith("image/") or named == mimetypes.guess_type(f"a{suffix}")[0]:
        return path
    return destination.rename(path, path.with_suffix(suffix))


def _save_sidecar(generation: Generation, image: GeneratedImage, path: Path, destination: Destination) -> Path:
    if not destination.overwrite and os.path.lexists(sidecar_of(path)):
        message = f"{str(sidecar_of(path))!r} appeared in the meantime, and was not replaced. The image is saved."
        raise DownloadError(message, reason=DownloadReason.EXISTS)
    return save_sidecar(generation, image, path)
