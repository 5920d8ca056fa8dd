"""`ideogram generate`, `remix`, `describe` and `magic-prompt`: from the words of the command line to a request."""

from __future__ import annotations

import mimetypes
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.batch.names import Mistake, mistaken_prompt

from .contract_input import (
    JSON_PROMPT,
    STDIN,
    TEXT_PROMPT,
    Inputs,
    RequestFields,
    check_type,
    operation_of,
    request_fields,
    without_line_end,
)
from .exit_codes import WrongUseError
from .request_command import Options, add_fields, send

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .exit_codes import ExitCode

_LONGEST_SHOWN: Final = 60


def run(
    *,
    text: tuple[str, ...],
    text_prompt: str | None,
    json_prompt: str | None,
    resolution: str | None,
    aspect_ratio: str | None,
    output_resolution: str | None,
    rendering_speed: str | None,
    copyright_detection: bool | None,
    fields: tuple[str, ...],
    extra_fields: tuple[str, ...],
    transparent: bool,
    as_job: bool,
    **shared: Any,
) -> ExitCode:
    """Make images, save them and report. The options are those of the command; see its help."""
    method_name = "generate_transparent" if transparent else "generate"
    request = RequestFields(operation_of(method_name, as_job=as_job))

    def fill(inputs: Inputs) -> None:
        _check_deadline(shared, as_job=as_job)
        for option, value in (("--aspect-ratio", aspect_ratio), ("--output-resolution", output_resolution)):
            if value is not None and not transparent:
                raise WrongUseError(f"{option} is for a transparent image: add --transparent, or use --resolution.")
        _put_prompt(request, text, text_prompt, json_prompt, inputs)
        request.put_options(
            ("resolution", resolution, "--resolution"),
            ("aspect_ratio", aspect_ratio, "--aspect-ratio"),
            ("output_resolution", output_resolution, "--output-resolution"),
            ("rendering_speed", rendering_speed, "--rendering-speed"),
            ("enable_copyright_detection", copyright_detection, "--copyright-detection"),
        )
        add_fields(request, fields, extra_fields, inputs)
        check_prompt(request)

    return send(request, fill, Options(**shared))


def run_remix(
    *,
    image: str,
    text: tuple[str, ...],
    text_prompt: str | None,
    image_weight: int | None,
    resolution: str | None,
    rendering_speed: str | None,
    copyright_detection: bool | None,
    fields: tuple[str, ...],
    extra_fields: tuple[str, ...],
    as_job: bool,
    **shared: Any,
) -> ExitCode:
    """Make an image from an image and a prompt. The options are those of the command; see its help."""
    request = RequestFields(operation_of("remix", as_job=as_job))

    def fill(inputs: Inputs) -> None:
        _check_deadline(shared, as_job=as_job)
        put_image(request, "image", image, inputs)
        _put_prompt(request, text, text_prompt, None, inputs)
        request.put_options(
            ("image_weight", image_weight, "--image-weight"),
            ("resolution", resolution, "--resolution"),
            ("rendering_speed", rendering_speed, "--rendering-speed"),
            ("enable_copyright_detection", copyright_detection, "--copyright-detection"),
        )
        add_fields(request, fields, extra_fields, inputs)
        check_prompt(request)

    return send(request, fill, Options(**shared))


def run_describe(
    *, image: str, bbox: bool | None, fields: tuple[str, ...], extra_fields: tuple[str, ...], **shared: Any
) -> ExitCode:
    """Describe an image as a structured prompt. The options are those of the command; see its help."""
    request = RequestFields(operation_of("describe"))

    def fill(inputs: Inputs) -> None:
        put_image(request, "image_file", image, inputs)
        request.put_options(("include_bbox", bbox, "--bbox"))
        add_fields(request, fields, extra_fields, inputs)

    return send(request, fill, Options(**shared), activity="Describing the image", member=JSON_PROMPT)


def run_magic_prompt(
    *,
    text: tuple[str, ...],
    text_prompt: str | None,
    aspect_ratio: str | None,
    fields: tuple[str, ...],
    extra_fields: tuple[str, ...],
    **shared: Any,
) -> ExitCode:
    """Write a structured prompt from a plain one. The options are those of the command; see its help."""
    request = RequestFields(operation_of("magic_prompt"))

    def fill(inputs: Inputs) -> None:
        _put_prompt(request, text, text_prompt, None, inputs)
        request.put_options(("aspect_ratio", aspect_ratio, "--aspect-ratio"))
        add_fields(request, fields, extra_fields, inputs)
        check_prompt(request)

    return send(request, fill, Options(**shared), activity="Writing the prompt", member=JSON_PROMPT)


def put_image(request: RequestFields, name: str, image: str, inputs: Inputs) -> None:
    """Put the file of the argument IMAGE into a field."""
    if mistaken_prompt(image, look=False) is Mistake.URL:
        raise WrongUseError(f"IMAGE {image!r} is a URL. Nothing is fetched from there: download it, and give the file.")
    request.put(name, inputs.read_file(image, "IMAGE", name), "IMAGE")


def check_prompt(request: RequestFields) -> None:
    """See that there is a prompt, and that it says something."""
    prompt = request.documented.get(TEXT_PROMPT)
    if isinstance(prompt, str) and not prompt.strip():
        raise WrongUseError(f"The prompt is blank ({request.sources[TEXT_PROMPT]}). Is a shell variable unset?")
    if not {TEXT_PROMPT, JSON_PROMPT} & request.documented.keys():
        cure = ", or --json-prompt FILE" if JSON_PROMPT in request_fields(request.operation) else ""
        raise WrongUseError(f"There is no prompt. Give TEXT in quotes{cure}.")


def _check_deadline(shared: Mapping[str, Any], *, as_job: bool) -> None:
    if shared["deadline"] is not None and not as_job:
        raise WrongUseError("--deadline is for a job: add --async. For one request, use --timeout.")


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
