"""What became of a request, and the report on it: lines for people, paths alone, or one JSON object."""

from __future__ import annotations

import codecs
import json
import os
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from attrs import asdict, frozen

from ideogram_ai.client import GeneratedImage, Generation, costs
from ideogram_ai.client.request import is_object
from ideogram_ai.contract.check import RequestProblem

from . import terminal
from .contract_input import JSON_PROMPT, operation_of
from .exit_codes import ExitCode
from .terminal import print_error, print_note, print_warning, printable, usd, write_error, write_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .contract_input import RequestFields

_LABEL: Final = 10
"""Characters of the longest label of an image."""
_NUMBERS: Final = re.compile(r"\[\s+[-+.0-9eE]+(?:,\s+[-+.0-9eE]+)*\s+\]")
"""A list of numbers on several lines, for example a box. There is no line end inside of a JSON string."""
PRICE_LIST: Final = "price list"
"""The source of a cost that the contract has, and the service did not say."""


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
class Cost:
    """What a request costs. `source` is "service", or "price list" with the day on which that was valid."""

    usd: Decimal
    source: str
    as_of: str | None = None

    @classmethod
    def of(cls, generation: Generation) -> Cost | None:
        """Return what images cost; None where nobody knows."""
        if generation.cost_usd is None or generation.cost_source is None:
            return None
        price = generation.price if generation.cost_source == PRICE_LIST else None
        return cls(generation.cost_usd, generation.cost_source, price.as_of if price else None)

    @classmethod
    def listed(cls, request: RequestFields) -> Cost | None:
        """Return what a request costs, all its images together; None where the contract has no price."""
        asked = request.operation, request.documented
        amount, price = costs.cost_of(*asked), costs.applicable_price(*asked)
        return None if amount is None or price is None else cls(amount, PRICE_LIST, price.as_of)

    def __str__(self) -> str:
        """Return it for people."""
        return f"{usd(self.usd)} ({f'price list of {self.as_of}' if self.as_of else 'says the service'})"


@frozen
class JobState:
    """A job, as far as the command knows it: the `job` of --json."""

    id: str
    status: str = "pending"
    failure_reason: str | None = None


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
class RequestResult:
    """How a request ended.

    Attributes:
        code: The exit code.
        images: What became of each image.
        failure: Why it did not end well.
        answer_file: Where a response is that could not be read completely.
        generation: The response, if it has images.
        response: The response as plain JSON types, if it has none.
        path: Where the response is saved, if it has no images.
        job: The job, if it was submitted as one.
        cost: What was paid; None for a rehearsal, and where nobody knows.
        would_send: With --dry-run, the request that was not sent, as plain JSON types; the cost is what it would be.
        rehearsal: Whether nobody would be billed for it.
    """

    code: ExitCode
    images: tuple[ImageResult, ...] = ()
    failure: Failure | None = None
    answer_file: Path | None = None
    generation: Generation | None = None
    response: Any = None
    path: Path | None = None
    job: JobState | None = None
    cost: Cost | None = None
    would_send: dict[str, Any] | None = None
    rehearsal: bool = False

    def as_json(self, *, has_images: bool = True) -> str:
        """Return the object of --json as one line of ASCII. `has_images` says what the response should have."""
        images = [image.as_json() for image in self.images]
        members: dict[str, Any] = {"outcome": self.code.name.lower()}
        if has_images:
            members |= {"images": images, "job": self.job and asdict(self.job)}
        else:
            members |= {"response": self.response, "path": self.path and os.fspath(self.path)}
            members |= {"images": images} if images else {}  # those that it has links to
        members |= {
            "error": self.failure and asdict(self.failure),
            "answer_file": self.answer_file and os.fspath(self.answer_file),
            "cost_usd": self.cost and f"{self.cost.usd:f}",
            "cost_source": self.cost and self.cost.source,
            "would_send": self.would_send,
        }
        return json.dumps(members)


def report_usage_error(error: click.UsageError, methods: Sequence[str]) -> None:
    """Report in JSON that the command line is wrong. `methods` are those that the command calls."""
    has_images = not methods or operation_of(methods[0]).result != "model"
    failure = Failure.of(error, error.format_message())
    write_out(RequestResult(ExitCode.WRONG_USE, failure=failure).as_json(has_images=has_images) + "\n")


def open_images(paths: Iterable[Path]) -> None:
    """Show images in the program that this system has for them."""
    for path in paths:
        if click.launch(os.fspath(path)):
            print_warning(f"{os.fspath(path)!r} cannot be shown: this system has no program for that.")


def report_to_people(result: RequestResult, member: str | None, *, quiet: bool) -> None:
    """Report in lines, or if `quiet` in paths and responses alone; of a response with a `member`, that one alone."""
    if result.would_send is not None and not quiet:
        _print_plan(result, result.would_send)
    saved = [(image, image.path) for image in result.images if image.path is not None]
    if quiet:
        write_out("".join(f"{path}\n" for path in [*(path for _, path in saved), *filter(None, [result.path])]))
    else:
        # In one piece, so that it is complete on stderr if stdout is closed.
        write_out("".join(_describe(image, path, result, first=image is saved[0][0]) for image, path in saved))
    if result.response is not None:
        _print_response(result, member, quiet=quiet)
    if result.job and not result.images and not result.failure:  # nobody waits for it
        write_out(f"{result.job.id}\n" if quiet else _rows("job", result.job.id, {"status": result.job.status}))
    _print_failures(result)


def _print_plan(result: RequestResult, request: dict[str, Any]) -> None:
    """Print what --dry-run did not send."""
    cost = "unknown: the contract has no price for it" if result.cost is None else str(result.cost)
    unless = ", if it were not a rehearsal" if result.rehearsal and result.cost else ""
    fields = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in request["fields"].items()
    }
    write_out(_rows("would send", f"{request['method']} {request['url']}", {**fields, "cost": f"{cost}{unless}"}))


def _print_response(result: RequestResult, member: str | None, *, quiet: bool) -> None:
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


def _print_failures(result: RequestResult) -> None:
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


def _describe(image_result: ImageResult, path: Path, result: RequestResult, *, first: bool) -> str:
    image, generation = image_result.image, result.generation  # without a generation only its link is known
    rewritten = generation and image.prompt is not None and _was_rewritten(image.prompt, generation.request)
    facts = {
        "seed": image.seed,
        "resolution": image.resolution,
        "safety": generation and ("passed" if image.is_image_safe else "unknown"),
        "sidecar": image_result.sidecar,
        "cost": result.cost if first else None,  # it is that of all images
        "prompt": image.prompt if rewritten else None,
    }
    return _rows("saved", os.fspath(path), {label: str(fact) for label, fact in facts.items() if fact is not None})


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


def as_json_text(response: Any, member: str | None, *, is_unicode: bool = True) -> str:
    """Return a response, or a member of it, as a JSON document for people and programs.

    What could control a terminal is always escaped; unless `is_unicode`, every letter beyond ASCII is.
    """
    text = json.dumps(response if member is None else response[member], indent=2, ensure_ascii=not is_unicode)
    text = _NUMBERS.sub(lambda found: " ".join(found[0].split()).replace("[ ", "[").replace(" ]", "]"), text)
    return "".join(
        letter if letter == "\n" or printable(letter) == letter else json.dumps(letter)[1:-1] for letter in f"{text}\n"
    )
