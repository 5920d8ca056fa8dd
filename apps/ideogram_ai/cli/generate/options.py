"""What the command line of `ideogram generate` says."""

from __future__ import annotations

import mimetypes
import os
import shlex
from pathlib import Path
from typing import Final

from attrs import frozen

from ideogram_ai.batch.names import Mistake, mistaken_prompt

from ..errors import WrongUseError
from .contract_fields import request_fields
from .fields import (
    JSON_PROMPT,
    TEXT_PROMPT,
    Fields,
    add_field,
    check_type,
    read_value,
    split_assignment,
    without_line_end,
)
from .inputs import STDIN, Inputs

_LONGEST_SHOWN: Final = 60


@frozen(kw_only=True)
class Options:
    """The options, as they were given.

    Attributes:
        text: The arguments without a dash: the prompt, or `-` for stdin.
        text_prompt: The prompt, whatever it looks like.
        json_prompt: File of the structured prompt, or `-` for stdin.
        resolution: The field of that name.
        rendering_speed: The field of that name.
        copyright_detection: The field enable_copyright_detection.
        fields: NAME=VALUE of each -F.
        extra_fields: NAME=VALUE of each --extra-field.
        output: A file or a folder; None is the current folder.
        overwrite: Whether an existing file may be replaced.
        sidecar: Whether a JSON file is written beside each image.
        as_json: Whether stdout gets one JSON object.
        quiet: Whether stdout gets the paths alone, and stderr errors alone.
        base_url: The API's server; None for the environment's or the contract's.
        allow_http: Whether that may be http on another machine.
        mock: Whether a mock server answers.
        api_key_file: File that holds the API key.
        timeout: Seconds of silence that are borne.
        no_check: Whether the request is sent without being held against the contract.
    """

    text: tuple[str, ...] = ()
    text_prompt: str | None = None
    json_prompt: str | None = None
    resolution: str | None = None
    rendering_speed: str | None = None
    copyright_detection: bool | None = None
    fields: tuple[str, ...] = ()
    extra_fields: tuple[str, ...] = ()
    output: str | None = None
    overwrite: bool = False
    sidecar: bool = False
    as_json: bool = False
    quiet: bool = False
    base_url: str | None = None
    allow_http: bool = False
    mock: bool = False
    api_key_file: Path | None = None
    timeout: float | None = None
    no_check: bool = False

    @property
    def for_people(self) -> bool:
        """Whether notes and a spinner are wanted."""
        return not (self.as_json or self.quiet)


def read_fields(options: Options) -> Fields:
    """Read the request out of the options.

    Raises:
        WrongUseError: The options contradict each other, or a value cannot be read.
    """
    _check_combinations(options)
    inputs = Inputs()
    fields = Fields()
    if options.text:
        text = options.text[0]
        from_stdin = text == STDIN
        text = without_line_end(inputs.read_text(STDIN, "TEXT")) if from_stdin else text
        _refuse_mistake(text, options.text[0])
        fields.put(TEXT_PROMPT, text, "TEXT")
    if options.text_prompt is not None:
        fields.put(TEXT_PROMPT, options.text_prompt, "--text-prompt")
    if options.json_prompt is not None:
        document = _read_document(options.json_prompt, inputs)
        check_type(request_fields()[JSON_PROMPT], document, "--json-prompt")
        fields.put(JSON_PROMPT, document, "--json-prompt")
    for name, value, option in (
        ("resolution", options.resolution, "--resolution"),
        ("rendering_speed", options.rendering_speed, "--rendering-speed"),
        ("enable_copyright_detection", options.copyright_detection, "--copyright-detection"),
    ):
        if value is not None:
            fields.put(name, value, option)
    for assignment in options.fields:
        add_field(fields, assignment, inputs)
    for assignment in options.extra_fields:
        name, value = split_assignment(assignment, "--extra-field")
        source = f"--extra-field {name}"
        if name in request_fields():
            raise WrongUseError(f"{source}: the contract has this field; give it with -F.")
        fields.put_extra(name, read_value(value, source, inputs), source)
    _check_prompt(fields)
    return fields


def _read_document(source: str, inputs: Inputs) -> object:
    """The structured prompt of --json-prompt: out of a file, with an at sign before its name or without."""
    if source.lstrip().startswith("{"):
        raise WrongUseError("--json-prompt takes a file, or - for stdin; -F json_prompt='{...}' takes JSON itself.")
    if source.startswith("@") and not Path(source).exists():
        source = source[1:] or STDIN
    return inputs.read_json(source, "--json-prompt")


def _refuse_mistake(text: str, given: str) -> None:
    """Refuse a text that somebody meant as something else: it would be drawn, and billed, as it stands."""
    mistake = mistaken_prompt(text, look=given != STDIN)
    if mistake is None:
        return
    name = text.strip()
    if mistake is Mistake.JSON:
        cure = "--json-prompt -" if given == STDIN else "--json-prompt FILE, or -F json_prompt='{...}'"
        cure = f"To send it as a structured prompt, give {cure}."
    elif mistake is Mistake.FILE:
        file = os.path.expanduser(name.removeprefix("@"))  # noqa: PTH111 - of whoever it is, also of nobody
        if file.lower().endswith(".json"):
            cure = f"To send what is in it, give --json-prompt {shlex.quote(file)}."
        elif (mimetypes.guess_type(file)[0] or "").startswith("image/"):
            cure = f"To save the image there, give -o {shlex.quote(file)}, and a prompt beside it."
        else:
            cure = f"To send what is in it, give -F {shlex.quote(f'{TEXT_PROMPT}=@{file}')}."
    else:
        cure = "No page or file is fetched from there; write the prompt itself."
    raise WrongUseError(
        f"TEXT is {mistake.value}, and no prompt: {_short(name)!r}. {cure} --text-prompt sends it as it is."
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _check_combinations(options: Options) -> None:
    if len(options.text) > 1:
        raise WrongUseError("The prompt is one argument: put it in quotes, as in 'A photo of a cat'.")
    prompts = {"TEXT": options.text, "--text-prompt": options.text_prompt, "--json-prompt": options.json_prompt}
    given = [name for name, value in prompts.items() if value not in {None, ()}]
    if len(given) > 1:
        raise WrongUseError(f"{given[0]} and {given[1]} were both given: they exclude each other, so leave one out.")
    if options.mock and options.base_url is not None:
        raise WrongUseError("--mock and --base-url were both given: they exclude each other, so leave one out.")
    if options.as_json and options.quiet:
        raise WrongUseError("--json and --quiet were both given: they exclude each other, so leave one out.")


def _check_prompt(fields: Fields) -> None:
    """Refuse what can only be a slip; the client judges the rest of the prompt rule."""
    text = fields.documented.get(TEXT_PROMPT)
    if isinstance(text, str) and not text.strip():
        raise WrongUseError(f"The prompt is blank ({fields.sources[TEXT_PROMPT]}); is a shell variable unset?")
    if TEXT_PROMPT not in fields.documented and JSON_PROMPT not in fields.documented:
        raise WrongUseError("No prompt: give TEXT in quotes, or --json-prompt FILE.")
