"""`ideogram generate`, `remix`, `describe`, `magic-prompt` and `call`: from the command line to checked requests."""

from __future__ import annotations

import mimetypes
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, fields_dict

from ideogram_ai.batch.matrix import Matrix
from ideogram_ai.batch.names import Mistake, mistaken_prompt
from ideogram_ai.client import RequestError, UnknownFieldError
from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.client.request import encode_request
from ideogram_ai.contract.check import RequestProblem, Severity, check_request
from ideogram_ai.contract.problems import sizes_of_shape, suggestion
from ideogram_ai.contract.review import review_request

from .contract_input import (
    JSON_PROMPT,
    STDIN,
    TEXT_PROMPT,
    Inputs,
    RequestFields,
    check_type,
    operation_of,
    refuse_blank,
    request_fields,
    split_assignment,
    without_line_end,
)
from .exit_codes import WrongUseError
from .request_command import RefusedError, Requests
from .sending import RequestOptions
from .service import refuse_both
from .terminal import print_note, print_warning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .commands import RequestCommand
    from .exit_codes import ExitCode

_LONGEST_SHOWN: Final = 60
_IMAGES: Final = {"image", "image_file"}
"""Fields that an argument IMAGE sets."""
ASPECT_RATIO: Final = "aspect_ratio"
_OF_TRANSPARENT: Final = {ASPECT_RATIO, "output_resolution"}
"""Fields of a transparent image that have an option of `generate`. For another one, a ratio selects a resolution."""


def run(
    command: RequestCommand,
    *,
    transparent: bool = False,
    as_job: bool = False,
    variants: int | None = None,
    variables: tuple[str, ...] = (),
    **options: Any,
) -> ExitCode:
    """Send the requests of a command, save or print what comes back, and report.

    Everything that can be checked is checked before the first is sent, because what was made is billed. A parameter of
    the command that is named like a field of its operation sets that field; for the others, see the help.
    """
    method_name = "generate_transparent" if transparent else command.methods[0]
    request = RequestFields(operation_of(method_name, as_job=as_job))
    shared = RequestOptions(**{name: options.pop(name) for name in fields_dict(RequestOptions) if name in options})
    requests = Requests(
        shared, request.operation.result != "model", command.member, operation=request.operation,
        activity=command.activity,
    )  # fmt: skip
    with requests.errors_reported():
        shared.check()
        if shared.deadline is not None and request.operation.result != "job":
            raise WrongUseError("--deadline is for a job: add --async. For one request, use --timeout.")
        _fill(request, command, Inputs(), **options)
        matrix = Matrix.of(variables, variants)
        # Before the user is asked for a key.
        for _, message in () if shared.quiet else matrix.unfilled(request.documented):
            print_warning(message)
        for filled, values in matrix.combinations(request.documented):
            each = evolve(request, documented=filled, values=tuple(values.values()))
            refuse_blank(each)
            # What is remarked on one of them is true of all.
            _check(each, wanted=not shared.no_check, quiet=shared.quiet or bool(requests.planned))
            requests.planned += [each] * matrix.variants
        matrix.check()
        requests.start()
    requests.sum_up()
    return requests.end()


def _fill(
    request: RequestFields,
    command: RequestCommand,
    inputs: Inputs,
    *,
    fields: tuple[str, ...],
    extra_fields: tuple[str, ...],
    text: tuple[str, ...] | None = None,
    text_prompt: str | None = None,
    json_prompt: str | None = None,
    **own: Any,
) -> None:
    """Add the fields of the command line. `own` are those of parameters that are named like them."""
    options = {str(parameter.name): parameter.opts[0] for parameter in command.params}
    for name in _IMAGES & own.keys():
        _put_image(request, name, own.pop(name), inputs)
    for name in _OF_TRANSPARENT & own.keys() - request_fields(request.operation).keys():
        value = own.pop(name)
        if value is not None and name != ASPECT_RATIO:
            raise WrongUseError(f"{options[name]} is for a transparent image: add --transparent, or use --resolution.")
        if value is not None:
            refuse_both("--aspect-ratio", "--resolution", given=own["resolution"] is not None)
            own["resolution"] = _size_of_shape(value, request)
            options["resolution"] = options[name]
    if text is not None:
        _put_prompt(request, text, text_prompt, json_prompt, inputs)
    request.put_options(*((name, own[name], option) for name, option in options.items() if name in own))
    for assignment in fields:
        request.put_assignment(assignment, inputs)
    for assignment in extra_fields:
        name, value = split_assignment(assignment, "--extra-field")
        source = f"--extra-field {name}"
        if name in request_fields(request.operation):
            raise WrongUseError(f"{source}: the contract has this field. Use -F {name}=VALUE.")
        request.put(name, inputs.read_value(value, source), source, extra=True)
    refuse_blank(request)
    known = request_fields(request.operation)
    prompts = {TEXT_PROMPT, JSON_PROMPT, *(request.documented.keys() - known)}  # the client names what a slip means
    if text is not None and not prompts & request.documented.keys():
        cure = ", or --json-prompt FILE" if JSON_PROMPT in known else ""
        raise WrongUseError(f"There is no prompt. Give TEXT in quotes{cure}.")


def _size_of_shape(ratio: str, request: RequestFields) -> str:
    """Return the largest size of the contract that has an aspect ratio."""
    rule = request_fields(request.operation)["resolution"]
    refused = {entry.value for entry in rule.unavailable}
    sizes = [str(choice) for choice in rule.choices if choice not in refused]
    found = sizes_of_shape(ratio, sizes)
    if not found:
        cure = suggestion(ratio, sizes) if any(map(str.isdigit, ratio)) else "write width:height, for example 16:9."
        raise WrongUseError(f"--aspect-ratio {ratio!r}: {cure}")
    return found[0]


def _put_image(request: RequestFields, name: str, image: str, inputs: Inputs) -> None:
    """Put the file of the argument IMAGE into a field."""
    if mistaken_prompt(image, look=False) is Mistake.URL:
        raise WrongUseError(f"IMAGE {image!r} is a URL. Nothing is fetched from there: download it, and give the file.")
    request.put(name, inputs.read_file(image, "IMAGE", name), "IMAGE")


def _put_prompt(
    request: RequestFields, text: tuple[str, ...], text_prompt: str | None, json_prompt: str | None, inputs: Inputs
) -> None:
    if len(text) > 1:
        raise WrongUseError("The prompt is one argument. Put it in quotes, for example 'A photo of a cat'.")
    prompts = {"TEXT": text or None, "--text-prompt": text_prompt, "--json-prompt": json_prompt}
    given = [name for name, value in prompts.items() if value is not None]
    if len(given) > 1:
        raise WrongUseError(f"{given[0]} and {given[1]} were both given. Give one prompt.")
    if text:
        words = without_line_end(inputs.read_text(STDIN, "TEXT")) if text[0] == STDIN else text[0]
        _refuse_mistake(words, request, from_stdin=text[0] == STDIN)
        request.put(TEXT_PROMPT, words, "TEXT")
    if json_prompt is not None:
        document = _read_document(json_prompt, inputs)
        check_type(request_fields(request.operation)[JSON_PROMPT], document, "--json-prompt")
        request.put(JSON_PROMPT, document, "--json-prompt")
    request.put_options((TEXT_PROMPT, text_prompt, "--text-prompt"))


def _read_document(source: str, inputs: Inputs) -> object:
    """Read the file of --json-prompt, with an at sign before its name or without."""
    if source.lstrip().startswith("{"):
        raise WrongUseError("--json-prompt takes a file, or - for stdin. For JSON itself, use -F json_prompt='{...}'.")
    if source.startswith("@") and not Path(source).exists():
        source = source[1:] or STDIN
    return inputs.read_json(source, "--json-prompt")


def _refuse_mistake(text: str, request: RequestFields, *, from_stdin: bool) -> None:
    """Refuse a text that was meant as something else. It would be drawn as it is, and billed."""
    mistake = mistaken_prompt(text, look=not from_stdin)
    if mistake is None:
        return
    name = text.strip()
    file = os.path.expanduser(name.removeprefix("@"))  # noqa: PTH111 - Path.expanduser fails for an unknown user
    structured = JSON_PROMPT in request_fields(request.operation)
    if mistake is Mistake.JSON:
        option = "--json-prompt -" if from_stdin else "--json-prompt FILE or -F json_prompt='{...}'"
        cure = f"To send a structured prompt, use {option}." if structured else "This operation takes plain text alone."
    elif mistake is Mistake.URL:
        cure = "Nothing is fetched from there: write the prompt itself."
    elif file.lower().endswith(".json") and structured:
        cure = f"To send its content, use --json-prompt {shlex.quote(file)}."
    elif (mimetypes.guess_type(file)[0] or "").startswith("image/"):
        cure = f"To save the image there, add -o {shlex.quote(file)} to a prompt."
    else:
        cure = f"To send its content, use -F {shlex.quote(f'{TEXT_PROMPT}=@{file}')}."
    short = name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}..."
    raise WrongUseError(
        f"TEXT {short!r} is {mistake.value}, not a prompt. {cure} To send it as it is, use --text-prompt."
    )


# The check before it is sent.


class InvalidRequestError(WrongUseError):
    """The request breaks the contract."""


def _check(request: RequestFields, *, wanted: bool, quiet: bool) -> None:
    """Correct values that can mean one thing only, and refuse a request that the client or the contract refuses.

    Unless it is `wanted` only the client is asked: the service may know more than the contract.
    """
    operation = request.operation
    notes = request.correct_values() if wanted else []
    problems = tuple(check_request({**request.keywords(), **request.extra}, operation=operation)) if wanted else ()
    refusal = _refusal(request, problems)
    if not quiet:
        for note in notes:
            print_note(note)
        for remark in review_request(request.keywords(), operation=operation) if wanted else ():
            # Beside a refusal, only a key that is likely misspelt may be the reason for it.
            if refusal is None or remark.likely:
                print_warning(f"{remark.pointer}: {remark.message}")
        for problem in problems if refusal is None else ():
            refused = problem.severity is Severity.REFUSED_TODAY
            fate = "It is sent anyway; a refusal is free." if refused else "It is sent unchanged."
            print_warning(f"{problem.pointer}: {problem.message} {fate}")
    if refusal is not None:
        raise RefusedError(refusal, problems)


def _refusal(request: RequestFields, problems: Sequence[RequestProblem]) -> Exception | None:
    try:
        encode_request(request.operation, request.keywords(), request.extra)
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
