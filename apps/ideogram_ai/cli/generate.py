"""`ideogram generate`: one request, its images on disk, and a report."""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import mimetypes
import os
import re
import secrets
import shlex
import shutil
import stat
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click
from attrs import asdict, evolve, frozen

from ideogram_ai.batch.names import Mistake, mistaken_prompt
from ideogram_ai.client import (
    DownloadError,
    DownloadReason,
    GeneratedImage,
    IdeogramError,
    OutcomeUnknownError,
    RequestError,
    ResponseValidationError,
    ResponseWarning,
    UnknownFieldError,
    save_sidecar,
)
from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.client.files import HEAD_BYTES, image_suffix
from ideogram_ai.client.request import encode_request
from ideogram_ai.client.transport import LEAVES
from ideogram_ai.contract.check import RequestProblem, Severity, check_request
from ideogram_ai.contract.review import review_request

from .contract_input import (
    JSON_PROMPT,
    OPERATION,
    STDIN,
    TEXT_PROMPT,
    Inputs,
    RequestFields,
    check_type,
    choices_of,
    refuse_both,
    request_fields,
    split_assignment,
    without_line_end,
)
from .exit_codes import ExitCode, WrongUseError, handle_signals, raise_interrupt
from .service import open_service
from .terminal import (
    indented,
    is_terminal,
    print_error,
    print_note,
    print_warning,
    printable,
    spinner,
    styled,
    write_error,
    write_out,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from ideogram_ai.client import Generation, Ideogram

_BYTES_PER_PIXEL: Final = 4
"""RGBA, not compressed: no image is larger."""
_LONGEST_SHOWN: Final = 60
_INTERRUPTED: Final = "Interrupted. Nothing was billed."
_WAITING: Final = "Waiting for the image, which may already be paid for. Press Ctrl-C again to stop waiting."
_SAVING: Final = "Saving the image first. Press Ctrl-C again to stop and show its link."


def run(
    *,
    text: tuple[str, ...],
    text_prompt: str | None,
    json_prompt: str | None,
    resolution: str | None,
    rendering_speed: str | None,
    copyright_detection: bool | None,
    fields: tuple[str, ...],
    extra_fields: tuple[str, ...],
    output: str | None,
    overwrite: bool,
    sidecar: bool,
    as_json: bool,
    quiet: bool,
    no_check: bool,
    mock: bool,
    base_url: str | None,
    allow_http: bool,
    api_key_file: str | None,
    timeout: float | None,
) -> ExitCode:
    """Make images, save them and report. The options are those of the command; see its help.

    Everything that can be checked is checked before the request is sent, because an image that was made is billed.
    """
    request = RequestFields()
    result: Result | None = None
    reported = False
    shown = not (as_json or quiet)
    try:
        refuse_both("--mock", "--base-url", given=mock and base_url is not None)
        refuse_both("--json", "--quiet", given=as_json and quiet)
        request = _read_prompt(text, text_prompt, json_prompt, inputs := Inputs())
        request.put_options(
            ("resolution", resolution, "--resolution"),
            ("rendering_speed", rendering_speed, "--rendering-speed"),
            ("enable_copyright_detection", copyright_detection, "--copyright-detection"),
        )
        _add_fields(request, fields, extra_fields, inputs)
        # Before the user is asked for a key.
        _check_request(request, check=not no_check, quiet=quiet)
        destination = Destination.of(output, overwrite=overwrite, sidecar=sidecar)
        with (
            open_service(
                mock=mock, base_url=base_url, allow_http=allow_http, api_key_file=api_key_file, timeout=timeout,
                quiet=quiet,
            ) as service,
            service.client() as client,
            _signals_wait(shown=shown) as state,
        ):  # fmt: skip
            result = _generate(client, request, destination, state, shown=shown)
            # Before the client and the mock server are closed: the report on what was paid for comes first.
            _report(result, request.documented, as_json=as_json, quiet=quiet)
            reported = True
    except _RefusedError as error:
        result = Result(ExitCode.WRONG_USE, failure=error.failure)
    except WrongUseError as error:
        result = Result(ExitCode.WRONG_USE, failure=Failure.of(error, f"{error} {NOTHING_SENT}"))
    except RequestError as error:
        result = Result(ExitCode.WRONG_USE, failure=Failure.of(error))
    except (click.Abort, KeyboardInterrupt) as error:
        # Before the request was sent, or between two attempts that cost nothing.
        result = result or Result(ExitCode.of_interruption(error), failure=Failure.of(error, _INTERRUPTED))
    if not reported:
        _report(result, request.documented, as_json=as_json, quiet=quiet)
    return result.code


def report_usage_error(error: click.UsageError) -> None:
    """Report in JSON that the command line is wrong."""
    failure = Failure.of(error, error.format_message())
    write_out(Result(ExitCode.WRONG_USE, failure=failure).as_json() + "\n")


# The request


def _read_prompt(
    text: tuple[str, ...], text_prompt: str | None, json_prompt: str | None, inputs: Inputs
) -> RequestFields:
    if len(text) > 1:
        raise WrongUseError("The prompt is one argument. Put it in quotes, for example 'A photo of a cat'.")
    prompts = {"TEXT": text or None, "--text-prompt": text_prompt, "--json-prompt": json_prompt}
    given = [name for name, value in prompts.items() if value is not None]
    if len(given) > 1:
        raise WrongUseError(f"{given[0]} and {given[1]} were both given. Give one prompt.")
    request = RequestFields()
    if text:
        words = without_line_end(inputs.read_text(STDIN, "TEXT")) if text[0] == STDIN else text[0]
        _refuse_mistake(words, from_stdin=text[0] == STDIN)
        request.put(TEXT_PROMPT, words, "TEXT")
    if json_prompt is not None:
        document = _read_document(json_prompt, inputs)
        check_type(JSON_PROMPT, document, "--json-prompt")
        request.put(JSON_PROMPT, document, "--json-prompt")
    request.put_options((TEXT_PROMPT, text_prompt, "--text-prompt"))
    return request


def _add_fields(request: RequestFields, fields: tuple[str, ...], extra_fields: tuple[str, ...], inputs: Inputs) -> None:
    """Add the fields of -F and --extra-field, and see that there is a prompt."""
    for assignment in fields:
        request.put_assignment(assignment, inputs)
    for assignment in extra_fields:
        name, value = split_assignment(assignment, "--extra-field")
        source = f"--extra-field {name}"
        if name in request_fields():
            raise WrongUseError(f"{source}: the contract has this field. Use -F {name}=VALUE.")
        request.put(name, inputs.read_value(value, source), source, extra=True)
    prompt = request.documented.get(TEXT_PROMPT)
    if isinstance(prompt, str) and not prompt.strip():
        raise WrongUseError(f"The prompt is blank ({request.sources[TEXT_PROMPT]}). Is a shell variable unset?")
    if not {TEXT_PROMPT, JSON_PROMPT} & request.documented.keys():
        raise WrongUseError("There is no prompt. Give TEXT in quotes, or --json-prompt FILE.")


def _read_document(source: str, inputs: Inputs) -> object:
    """Read the file of --json-prompt, with an at sign before its name or without."""
    if source.lstrip().startswith("{"):
        raise WrongUseError("--json-prompt takes a file, or - for stdin. For JSON itself, use -F json_prompt='{...}'.")
    if source.startswith("@") and not Path(source).exists():
        source = source[1:] or STDIN
    return inputs.read_json(source, "--json-prompt")


def _refuse_mistake(text: str, *, from_stdin: bool) -> None:
    """Refuse a text that was meant as something else. It would be drawn as it is, and billed."""
    mistake = mistaken_prompt(text, look=not from_stdin)
    if mistake is None:
        return
    name = text.strip()
    file = os.path.expanduser(name.removeprefix("@"))  # noqa: PTH111 - Path.expanduser fails for an unknown user
    if mistake is Mistake.JSON:
        option = "--json-prompt -" if from_stdin else "--json-prompt FILE or -F json_prompt='{...}'"
        cure = f"To send a structured prompt, use {option}."
    elif mistake is Mistake.URL:
        cure = "Nothing is fetched from there: write the prompt itself."
    elif file.lower().endswith(".json"):
        cure = f"To send its content, use --json-prompt {shlex.quote(file)}."
    elif (mimetypes.guess_type(file)[0] or "").startswith("image/"):
        cure = f"To save the image there, add -o {shlex.quote(file)} to a prompt."
    else:
        cure = f"To send its content, use -F {shlex.quote(f'{TEXT_PROMPT}=@{file}')}."
    short = name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}..."
    raise WrongUseError(
        f"TEXT {short!r} is {mistake.value}, not a prompt. {cure} To send it as it is, use --text-prompt."
    )


class InvalidRequestError(WrongUseError):
    """The request breaks the contract."""


class _RefusedError(Exception):
    """The request is not sent."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def _check_request(request: RequestFields, *, check: bool, quiet: bool) -> None:
    """Correct values that can mean one thing only, and refuse a request that the client or the contract refuses.

    Without `check` only the client is asked: the service may know more than the contract.
    """
    notes = request.correct_values() if check else []
    problems = tuple(check_request({**request.keywords(), **request.extra})) if check else ()
    refusal = _refusal(request, problems)
    if not quiet:
        for note in notes:
            print_note(note)
        for remark in review_request(request.keywords()) if check else ():
            # Beside a refusal, only a key that is likely misspelt may be the reason for it.
            if refusal is None or remark.likely:
                print_warning(f"{remark.pointer}: {remark.message}")
        for problem in problems if refusal is None else ():
            refused = problem.severity is Severity.REFUSED_TODAY
            fate = "It is sent anyway; a refusal is free." if refused else "It is sent unchanged."
            print_warning(f"{problem.pointer}: {problem.message} {fate}")
    if refusal is not None:
        raise _RefusedError(Failure.of(refusal, problems=problems))


def _refusal(request: RequestFields, problems: Sequence[RequestProblem]) -> Exception | None:
    try:
        encode_request(OPERATION, request.keywords(), request.extra)
    except UnknownFieldError as error:
        error.message = error.message.replace("extra_fields", "--extra-field")  # the option's name here
        error.args = (error.message,)
        return error
    except RequestError as error:
        return error
    if any(problem.severity is Severity.BREAKS_CONTRACT for problem in problems):
        where = f" at {problems[0].pointer}: {problems[0].message}"
        where = f" in {len(problems)} places." if len(problems) > 1 else where
        return InvalidRequestError(
            f"The request breaks the contract{where} To send it anyway, use --no-check. {NOTHING_SENT}"
        )
    return None


# The images


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
        for count in itertools.count(max(number, 2)):
            path = base.with_name(f"{base.stem}-{count}{base.suffix}")
            if not os.path.lexists(path) and not (self.sidecar and os.path.lexists(sidecar_of(path))):
                yield path, False

    def keep_response(self, body: bytes) -> Path | None:
        """Keep a response that may have been paid for: in a file beside the image's path, or else on stderr."""
        base = self.path / "ideogram" if self.is_folder else self.path
        for count in itertools.count(1):
            path = base.with_name(f"{base.name}{'' if count == 1 else f'-{count}'}.answer.txt")
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
        raise AssertionError("count() never ends")

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


class _SignalState(logging.Handler):
    """Decides what a signal does. As a log handler of the client, it knows whether a request is under way."""

    def __init__(self, *, shown: bool) -> None:
        super().__init__()
        self._shown = shown
        self._under_way = False
        self._saving = False
        self._first: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
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
def _signals_wait(*, shown: bool) -> Generator[_SignalState]:
    logger = logging.getLogger("ideogram_ai.client")
    level = logger.level
    state = _SignalState(shown=shown)
    logger.addHandler(state)
    logger.setLevel(logging.DEBUG)
    try:
        with handle_signals(state.handle_signal):
            yield state
    finally:
        logger.removeHandler(state)
        logger.setLevel(level)


def _generate(
    client: Ideogram, request: RequestFields, destination: Destination, state: _SignalState, *, shown: bool
) -> Result:
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
        return Result(_exit_code_of(error), failure=Failure.of(error), answer_file=kept)
    except KeyboardInterrupt as error:
        if generation is None:
            if not getattr(error, "may_have_been_billed", False):
                raise
            message = " ".join(getattr(error, "__notes__", ()))
            return Result(ExitCode.OUTCOME_UNKNOWN, failure=Failure.of(error, message))
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
    return Result(code, images, failure if code else None, kept)


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


# The report


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
class Result:
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


def _report(result: Result, request: Mapping[str, Any], *, as_json: bool, quiet: bool) -> None:
    """Report how a run ended: in one JSON object, in paths alone, or in lines for people."""
    if as_json:
        write_out(f"{result.as_json()}\n")
        return
    saved = [(image, image.path) for image in result.images if image.path is not None]
    if quiet:
        write_out("".join(f"{path}\n" for _, path in saved))
    else:
        # In one piece, so that it is complete on stderr if stdout is closed.
        write_out("".join(_describe(image, path, request) for image, path in saved))
        for _, path in saved:
            _warn_about_suffix(path)
    if not result.images and result.failure:
        print_error(result.failure.message)
        if len(result.failure.problems) > 1:  # the message has a single one
            write_error(indented(f"{problem.pointer}  {problem.message}" for problem in result.failure.problems))
    for number, image in enumerate(result.images, start=1):
        if image.failure is None and not image.image.withheld:
            continue
        message = image.failure.message if image.failure else "withheld"
        message = f"Image {number} of {len(result.images)}: {message}" if len(result.images) > 1 else message
        print_message = print_warning if image.image.withheld and result.code != ExitCode.WITHHELD else print_error
        print_message(message)
        if image.lost and image.path is None:
            _print_link(image.image)
    if result.answer_file:
        print_note(f"The complete response is in {os.fspath(result.answer_file)!r}.")


def _print_link(image: GeneratedImage) -> None:
    """Print the full link, with its signature: there is no other way to what was paid for."""
    until = f" until {image.expires_at:%Y-%m-%d %H:%M} UTC" if image.expires_at else ""
    print_note(f"The image is paid for. Download it from this link{until}; no API key is needed:")
    write_error(f"{printable(image.url or '')}\n")


def _warn_about_suffix(path: Path) -> None:
    """Warn that a PNG is called cat.jpg, because programs that go by the name refuse it."""
    try:
        with path.open("rb") as file:
            suffix = image_suffix(file.read(HEAD_BYTES))
    except OSError:  # moved away already
        return
    named = mimetypes.guess_type(path.name)[0] or ""
    if suffix is not None and named.startswith("image/") and named != mimetypes.guess_type(f"a{suffix}")[0]:
        print_warning(f"{os.fspath(path)!r} contains a {suffix.removeprefix('.').upper()} image, despite its suffix.")


def _describe(result: ImageResult, path: Path, request: Mapping[str, Any]) -> str:
    image = result.image
    rows = {
        "seed": str(image.seed),
        "resolution": str(image.resolution),
        "safety": "passed" if image.is_image_safe else "unknown",
    }
    if result.sidecar is not None:
        rows["sidecar"] = os.fspath(result.sidecar)
    if image.prompt is not None and _was_rewritten(image.prompt, request):
        rows["prompt"] = image.prompt
    shown = printable(os.fspath(path))
    if not is_terminal(sys.stdout):
        return f"saved {shown}\n" + "".join(f"  {label:<10}  {printable(text)}\n" for label, text in rows.items())
    from rich.table import Table  # noqa: PLC0415 - for terminals only
    from rich.text import Text  # noqa: PLC0415

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")  # a long text is folded beside its label; a path stays in one piece
    for label, text in rows.items():
        grid.add_row(f"  {label}", Text(printable(text)))
    return styled(Text.assemble(("saved", "bold green"), " ", (shown, "bold")), grid)


def _was_rewritten(prompt: str, request: Mapping[str, Any]) -> bool:
    if JSON_PROMPT not in request:
        return prompt != request.get(TEXT_PROMPT)
    try:
        return bool(json.loads(prompt) != request[JSON_PROMPT])
    except (ValueError, RecursionError):
        return True
