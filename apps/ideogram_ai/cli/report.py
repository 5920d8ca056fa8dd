"""The report on a request: lines for people, paths alone, or one JSON object."""

from __future__ import annotations

import codecs
import itertools
import json
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from ideogram_ai.client.request import is_object

from . import terminal
from .contract_input import JSON_PROMPT, operation_of
from .exit_codes import ExitCode
from .results import IMAGES, RESPONSE, Cost, Failure, ImageResult, Result, as_json_text
from .terminal import print_error, print_note, print_warning, printable, write_error, write_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ideogram_ai.client import GeneratedImage

_LABEL: Final = 10
"""Characters of the longest label of an image."""


def report(result: Result, shape: str, member: str | None = None, *, as_json: bool, quiet: bool) -> None:
    """Report how a request ended: in one JSON object, in paths and responses alone, or in lines for people.

    Args:
        result: How it ended.
        shape: Whether the response has images.
        member: The member of another response that is printed; None for all of it.
        as_json: Whether --json was given.
        quiet: Whether --quiet was given.
    """
    if as_json:
        write_out(f"{result.as_json(shape)}\n")
    else:
        _report_to_people(result, member, quiet=quiet)


def open_images(paths: Iterable[Path]) -> None:
    """Show images in the program that this system has for them."""
    for path in paths:
        if click.launch(os.fspath(path)):
            print_warning(f"{os.fspath(path)!r} cannot be shown: this system has no program for that.")


def _report_to_people(result: Result, member: str | None, *, quiet: bool) -> None:
    if result.would_send is not None and not quiet:
        _print_plan(result, result.would_send)
    saved = [(image, image.path) for image in result.images if image.path is not None]
    if quiet:
        write_out("".join(f"{path}\n" for path in [*(path for _, path in saved), *filter(None, [result.path])]))
    else:
        # In one piece, so that it is complete on stderr if stdout is closed.
        costs = itertools.chain([result.cost], itertools.repeat(None))  # it is that of all images
        write_out(
            "".join(_describe(image, path, result, cost) for (image, path), cost in zip(saved, costs, strict=False))
        )
    if result.response is not None:
        _print_response(result, member, quiet=quiet)
    if result.job and not result.images and not result.failure:  # nobody waits for it
        write_out(f"{result.job.id}\n" if quiet else _rows("job", result.job.id, {"status": result.job.status}))
    _print_failures(result)


def report_usage_error(error: click.UsageError, methods: Sequence[str]) -> None:
    """Report in JSON that the command line is wrong. `methods` are those that the command calls."""
    shape = RESPONSE if methods and operation_of(methods[0]).result == "model" else IMAGES
    failure = Failure.of(error, error.format_message())
    write_out(Result(ExitCode.WRONG_USE, failure=failure).as_json(shape) + "\n")


def _print_plan(result: Result, request: dict[str, Any]) -> None:
    """Print what --dry-run did not send."""
    cost = "unknown: the contract has no price for it" if result.cost is None else str(result.cost)
    unless = ", if it were not a rehearsal" if result.rehearsal and result.cost else ""
    fields = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in request["fields"].items()
    }
    write_out(_rows("would send", f"{request['method']} {request['url']}", {**fields, "cost": f"{cost}{unless}"}))


def _print_response(result: Result, member: str | None, *, quiet: bool) -> None:
    """Print a response without images, unless it is in a file."""
    if result.path is None:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        write_out(as_json_text(result.response, member, is_unicode=codecs.lookup(encoding).name == "utf-8"))
    elif not quiet:
        write_out(f"saved {printable(os.fspath(result.path))}\n")
    if quiet:
        return
    for name, value in result.response.items() if member is not None else ():
        if name != member:
            print_note(f"{name}: {value if isinstance(value, str) else json.dumps(value)}")
    if result.cost is not None:
        print_note(f"cost: {result.cost}")


def _print_failures(result: Result) -> None:
    """Print what went wrong, and how to get what was paid for nevertheless."""
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


def _describe(image_result: ImageResult, path: Path, result: Result, cost: Cost | None) -> str:
    image = image_result.image
    facts = {"seed": image.seed, "resolution": image.resolution}
    rows = {label: str(fact) for label, fact in facts.items() if fact is not None}
    if result.generation is not None:  # else only its link is known
        rows["safety"] = "passed" if image.is_image_safe else "unknown"
    if image_result.sidecar is not None:
        rows["sidecar"] = os.fspath(image_result.sidecar)
    if cost is not None:
        rows["cost"] = str(cost)
    if image.prompt is not None and _was_rewritten(
        image.prompt, result.generation.request if result.generation else {}
    ):
        rows["prompt"] = image.prompt
    return _rows("saved", os.fspath(path), rows)


def _rows(verb: str, title: str, rows: Mapping[str, str]) -> str:
    """Return a heading and rows below it, in colour on a terminal."""
    shown = printable(title)
    width = max((_LABEL, *map(len, rows)))
    if not terminal.is_terminal(sys.stdout):
        return f"{verb} {shown}\n" + "".join(f"  {label:<{width}}  {printable(text)}\n" for label, text in rows.items())
    from rich.table import Table  # noqa: PLC0415 - for terminals only
    from rich.text import Text  # noqa: PLC0415

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")  # a long text is folded beside its label; a path stays in one piece
    for label, text in rows.items():
        grid.add_row(f"  {label}", Text(printable(text)))
    return terminal.styled(Text.assemble((verb, "bold green"), " ", (shown, "bold")), grid)


def _was_rewritten(prompt: str, request: Mapping[str, Any]) -> bool:
    if JSON_PROMPT not in request:
        members = (value.values() if is_object(value) else [value] for value in request.values())
        return bool(prompt) and not any(prompt == text for texts in members for text in texts)
    try:
        return bool(json.loads(prompt) != request[JSON_PROMPT])
    except (ValueError, RecursionError):
        return True
