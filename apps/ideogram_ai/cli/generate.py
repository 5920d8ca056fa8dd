"""`ideogram generate`: one request, its images on disk, and a report."""

from __future__ import annotations

import json
import mimetypes
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ideogram_ai.batch.names import Mistake, mistaken_prompt
from ideogram_ai.client import GeneratedImage, RequestError, UnknownFieldError
from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.client.files import HEAD_BYTES, image_suffix
from ideogram_ai.client.request import encode_request
from ideogram_ai.contract.check import RequestProblem, Severity, check_request
from ideogram_ai.contract.review import review_request

from . import terminal
from .contract_input import (
    JSON_PROMPT,
    OPERATION,
    STDIN,
    TEXT_PROMPT,
    Inputs,
    RequestFields,
    check_type,
    refuse_both,
    request_fields,
    split_assignment,
    without_line_end,
)
from .exit_codes import ExitCode, WrongUseError
from .generate_images import Destination, Failure, GenerateResult, ImageResult, generate, signals_wait
from .service import open_service, option_message
from .terminal import print_error, print_note, print_warning, printable, write_error, write_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_LONGEST_SHOWN: Final = 60
_INTERRUPTED: Final = "Interrupted. Nothing was billed."


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
    result: GenerateResult | None = None
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
            signals_wait(shown=shown) as state,
        ):  # fmt: skip
            result = generate(client, request, destination, state, shown=shown)
            # Before the client and the mock server are closed: the report on what was paid for comes first.
            _report(result, request.documented, as_json=as_json, quiet=quiet)
            reported = True
    except _RefusedError as error:
        result = GenerateResult(ExitCode.WRONG_USE, failure=error.failure)
    except WrongUseError as error:
        result = GenerateResult(ExitCode.WRONG_USE, failure=Failure.of(error, f"{error} {NOTHING_SENT}"))
    except RequestError as error:
        result = GenerateResult(ExitCode.WRONG_USE, failure=Failure.of(error, option_message(error)))
    except (click.Abort, KeyboardInterrupt) as error:
        # Before the request was sent, or between two attempts that cost nothing.
        result = result or GenerateResult(ExitCode.of_interruption(error), failure=Failure.of(error, _INTERRUPTED))
    if not reported:
        _report(result, request.documented, as_json=as_json, quiet=quiet)
    return result.code


def report_usage_error(error: click.UsageError) -> None:
    """Report in JSON that the command line is wrong."""
    failure = Failure.of(error, error.format_message())
    write_out(GenerateResult(ExitCode.WRONG_USE, failure=failure).as_json() + "\n")


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
        pointer, message = problems[0].pointer, problems[0].message
        place = "" if message.startswith(f"{pointer.removeprefix('#/')}: ") else f" at {pointer}"
        where = f" in {len(problems)} places." if len(problems) > 1 else f"{place}: {message}"
        return InvalidRequestError(
            f"The request breaks the contract{where} To send it anyway, use --no-check. {NOTHING_SENT}"
        )
    return None


def _report(result: GenerateResult, request: Mapping[str, Any], *, as_json: bool, quiet: bool) -> None:
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
            write_error(
                terminal.indented(f"{problem.pointer}  {problem.message}" for problem in result.failure.problems)
            )
    for number, image in enumerate(result.images, start=1):
        if image.failure is None and not image.image.withheld:
            continue
        message = image.failure.message if image.failure else "withheld"
        message = f"Image {number} of {len(result.images)}: {message}" if len(result.images) > 1 else message
        warn = image.image.withheld and result.code != ExitCode.WITHHELD
        (print_warning if warn else print_error)(message)
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
    if not terminal.is_terminal(sys.stdout):
        return f"saved {shown}\n" + "".join(f"  {label:<10}  {printable(text)}\n" for label, text in rows.items())
    from rich.table import Table  # noqa: PLC0415 - for terminals only
    from rich.text import Text  # noqa: PLC0415

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")  # a long text is folded beside its label; a path stays in one piece
    for label, text in rows.items():
        grid.add_row(f"  {label}", Text(printable(text)))
    return terminal.styled(Text.assemble(("saved", "bold green"), " ", (shown, "bold")), grid)


def _was_rewritten(prompt: str, request: Mapping[str, Any]) -> bool:
    if JSON_PROMPT not in request:
        return prompt != request.get(TEXT_PROMPT)
    try:
        return bool(json.loads(prompt) != request[JSON_PROMPT])
    except (ValueError, RecursionError):
        return True
