"""`ideogram generate`, `remix`, `describe`, `magic-prompt` and `call`: from the command line to a request."""

from __future__ import annotations

import mimetypes
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import fields_dict

from ideogram_ai.batch.names import Mistake, mistaken_prompt
from ideogram_ai.contract.problems import sizes_of_shape, suggestion

from .contract_input import (
    JSON_PROMPT,
    STDIN,
    TEXT_PROMPT,
    Inputs,
    RequestFields,
    check_type,
    operation_of,
    refuse_blank,
    refuse_both,
    request_fields,
    without_line_end,
)
from .exit_codes import WrongUseError
from .request_command import Options, add_fields, send

if TYPE_CHECKING:
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
    fields: tuple[str, ...],
    extra_fields: tuple[str, ...],
    text: tuple[str, ...] | None = None,
    text_prompt: str | None = None,
    json_prompt: str | None = None,
    transparent: bool = False,
    as_job: bool = False,
    variants: int | None = None,
    variables: tuple[str, ...] = (),
    **options: Any,
) -> ExitCode:
    """Send the request of a command, save or print what comes back, and report.

    Args:
        command: The command. Parameters of it that are named like a field of its operations set that field.
        fields: The values of -F.
        extra_fields: The values of --extra-field.
        text: The argument TEXT; None for a command without a prompt.
        text_prompt: The prompt as it is.
        json_prompt: The file of a structured prompt.
        transparent: Whether the image has a transparent background.
        as_job: Whether to submit a job.
        variants: How often each request is sent.
        variables: The values of --var.
        options: The other options; see the help of the command.
    """
    method_name = "generate_transparent" if transparent else command.methods[0]
    request = RequestFields(operation_of(method_name, as_job=as_job))
    known = {name for method in command.methods for name in request_fields(operation_of(method))}
    known -= fields_dict(Options).keys()
    own = [parameter for parameter in command.params if parameter.name in known and parameter.name in options]
    given = {str(parameter.name): (parameter.opts[0], options.pop(str(parameter.name))) for parameter in own}

    def fill(inputs: Inputs) -> None:
        if options.get("deadline") is not None and request.operation.result != "job":
            raise WrongUseError("--deadline is for a job: add --async. For one request, use --timeout.")
        for name in _IMAGES & given.keys():
            _put_image(request, name, given.pop(name)[1], inputs)
        for name in _OF_TRANSPARENT & given.keys() - request_fields(request.operation).keys():
            option, value = given.pop(name)
            if value is not None and name != ASPECT_RATIO:
                raise WrongUseError(f"{option} is for a transparent image: add --transparent, or use --resolution.")
            if value is not None:
                refuse_both("--aspect-ratio", "--resolution", given=given["resolution"][1] is not None)
                given["resolution"] = (option, _size_of_shape(value, request))
        if text is not None:
            _put_prompt(request, text, text_prompt, json_prompt, inputs)
        request.put_options(*((name, value, option) for name, (option, value) in given.items()))
        add_fields(request, fields, extra_fields, inputs)
        refuse_blank(request)
        if text is not None and not {TEXT_PROMPT, JSON_PROMPT} & request.documented.keys():
            cure = ", or --json-prompt FILE" if JSON_PROMPT in request_fields(request.operation) else ""
            raise WrongUseError(f"There is no prompt. Give TEXT in quotes{cure}.")

    return send(
        request, fill, Options(**options), variants=variants, variables=variables,
        activity=command.activity, member=command.member,
    )  # fmt: skip


def _size_of_shape(ratio: str, request: RequestFields) -> str:
    """Return the largest size of the contract that has an aspect ratio."""
    rule = request_fields(request.operation)["resolution"]
    refused = {entry.value for entry in rule.unavailable}
    sizes = [str(choice) for choice in rule.choices if choice not in refused]
    found = sizes_of_shape(ratio, sizes)
    if not found:
        raise WrongUseError(f"--aspect-ratio {ratio!r}: {suggestion(ratio, sizes)}")
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
