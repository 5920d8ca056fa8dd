"""Tells how a run ended: to people in a block of lines, to machines in one JSON object, to scripts in paths."""

from __future__ import annotations

import json
import mimetypes
import os
import sys
from typing import TYPE_CHECKING, Any

from ideogram_ai.client.files import HEAD_BYTES, image_suffix

from ..exit_codes import ExitCode
from ..messages import tell_error, tell_note, tell_warning
from ..streams import printable, write_error, write_out
from .fields import JSON_PROMPT, TEXT_PROMPT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .options import Options
    from .outcome import Failure, ImageOutcome, Outcome


def report(outcome: Outcome, options: Options, request: Mapping[str, Any]) -> None:
    """Tell how a run ended.

    Args:
        outcome: How it ended.
        options: How it is to be told.
        request: The fields that were sent, to tell whether the prompt was rewritten.
    """
    if options.as_json:
        write_out(outcome.as_json() + "\n")
        return
    saved = [(image, image.path) for image in outcome.images if image.path is not None]
    if options.quiet:
        write_out("".join(f"{path}\n" for _, path in saved))
    else:
        # In one piece, so that it is whole on stderr when stdout is closed.
        write_out("".join(_describe_saved(image, path, request) for image, path in saved))
        for _, path in saved:
            _warn_of_suffix(path)
    _tell_failures(outcome)


def _tell_failures(outcome: Outcome) -> None:
    if not outcome.images and outcome.failure:
        tell_error(outcome.failure.message)
        _tell_problems(outcome.failure)
    for number, image in enumerate(outcome.images, start=1):
        which = f"Image {number} of {len(outcome.images)}: " if len(outcome.images) > 1 else ""
        if image.image.withheld:
            tell = tell_error if outcome.code == ExitCode.WITHHELD else tell_warning
            tell(f"{which}{image.failure.message if image.failure else 'withheld'}")
        elif image.failure:
            tell_error(f"{which}{image.failure.message}")
            if image.path is None:
                _tell_link(image)
    if outcome.answer_file:
        tell_note(f"The whole answer was kept in {os.fspath(outcome.answer_file)!r}.")


def _tell_problems(failure: Failure) -> None:
    if len(failure.problems) == 1:
        return  # the message has it
    for problem in failure.problems:
        write_error(f"  {problem.pointer}  {printable(problem.message)}\n")


def _tell_link(image: ImageOutcome) -> None:
    """The full link, signature and all: it is the only way to what was paid for."""
    expiry = image.image.expires_at
    until = f", until {expiry:%Y-%m-%d %H:%M} UTC" if expiry else ""
    tell_note(f"The image is paid for, and this link is the only way to it{until}; no key is needed:")
    write_error(f"{printable(image.image.url or '')}\n")


def _warn_of_suffix(path: Path) -> None:
    """Tell of a PNG that is called cat.jpg: programs that go by the name refuse it."""
    try:
        with path.open("rb") as file:
            suffix = image_suffix(file.read(HEAD_BYTES))
    except OSError:  # moved away already
        return
    named = mimetypes.guess_type(path.name)[0] or ""
    if suffix is not None and named.startswith("image/") and named != mimetypes.guess_type(f"a{suffix}")[0]:
        tell_warning(f"{os.fspath(path)!r} holds a {suffix.removeprefix('.').upper()} image, whatever its name says.")


def _describe_saved(outcome: ImageOutcome, path: Path, request: Mapping[str, Any]) -> str:
    image = outcome.image
    rows = [
        ("seed", str(image.seed)),
        ("resolution", str(image.resolution)),
        ("safety", "passed" if image.is_image_safe else "unknown"),
    ]
    if outcome.sidecar is not None:
        rows.append(("sidecar", os.fspath(outcome.sidecar)))
    if image.prompt is not None and _was_rewritten(image.prompt, request):
        rows.append(("prompt", image.prompt))
    lines = [(label, printable(text)) for label, text in rows]
    shown = printable(os.fspath(path))
    if sys.stdout is None or sys.stdout.closed or not sys.stdout.isatty():
        return f"saved {shown}\n" + "".join(f"  {label:<10}  {text}\n" for label, text in lines)
    return _styled(shown, lines)


def _styled(path: str, lines: list[tuple[str, str]]) -> str:
    """The block for a terminal: long texts are folded beside their label, and a path stays in one piece."""
    from rich.console import Console  # noqa: PLC0415 - for terminals only
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False, markup=False, emoji=False)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in lines:
        grid.add_row(f"  {label}", Text(text))
    with console.capture() as captured:
        console.print(Text.assemble(("saved", "bold green"), " ", (path, "bold")), soft_wrap=True)
        console.print(grid)
    return captured.get()


def _was_rewritten(prompt: str, request: Mapping[str, Any]) -> bool:
    if JSON_PROMPT not in request:
        return prompt != request.get(TEXT_PROMPT)
    try:
        return bool(json.loads(prompt) != request[JSON_PROMPT])
    except (ValueError, RecursionError):
        return True
