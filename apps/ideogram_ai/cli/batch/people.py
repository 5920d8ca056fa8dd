"""Tells people how a batch goes: what is wrong and how far it is on stderr, how it ended on stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ideogram_ai.batch.model import StopReason
from ideogram_ai.client.errors import NOTHING_SENT

from ..messages import tell_error, tell_note, tell_warning
from ..streams import printable, write_error, write_out
from .bad_rows import BadRows
from .progress import progress
from .words import count, place, states_in_a_line, usd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from ideogram_ai.batch.model import Event, Outcome, RowProblem
    from ideogram_ai.batch.planning import Planned

    from ..exit_codes import ExitCode
    from .ending import Ending
    from .forecast import Forecast
    from .groups import Groups
    from .tally import Tally

_MOST_LINKS: Final = 200
_CARRIED: Final = 80


class People:
    """Speaks to people.

    Args:
        quiet: Whether only what is wrong is told.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bad_rows = BadRows()
        self._odd_rows = BadRows()

    def bad_row(self, problem: RowProblem) -> None:
        """A row cannot be sent."""
        self._bad_rows.add(problem)

    def odd_row(self, remark: RowProblem) -> None:
        """A row is sent, and something is odd about it."""
        self._odd_rows.add(remark)

    def checked(self, rows: int, bad: int, *, skipped: bool) -> None:
        """All rows were looked at."""
        odd = self._odd_rows.by_field.total()
        if odd and not self._quiet:
            tell_warning(f"{count(odd, 'remark')} on rows that can be sent all the same:")
            write_error("".join(self._odd_rows.lines()))
        if not bad:
            return
        of_all = f"{bad:,} of {count(rows, 'row')}"
        if skipped:
            tell_warning(f"{of_all} cannot be sent, and are left out:")
        else:
            tell_error(f"{of_all} cannot be sent. --skip-invalid leaves them out. {NOTHING_SENT}")
        write_error("".join(self._bad_rows.lines()))
        if self._bad_rows.unknown_fields:
            tell_note(
                "--map HEADING=FIELD takes a column for a field, --ignore-field NAME leaves it out, and "
                "--extra-field NAME sends it all the same."
            )

    def changed(self, planned: Planned) -> None:
        """Rows changed after they were made, which only --replace allows."""
        tell_warning(
            f"{count(planned.changes, 'row')} changed after being made, and may have been billed. Without --replace "
            "this is refused. With it they are made as new rows, which the forecast counts, and what was made is kept:"
        )
        write_error("".join(f"  {printable(line)}\n" for line in planned.lines()))

    def forecast(self, forecast: Forecast, *, asked_for: bool) -> None:
        """What is about to be done: on stdout when that is what was asked for."""
        if asked_for:
            write_out("".join(f"{line}\n" for line in forecast.lines()))
        elif not self._quiet:
            tell_note(forecast.summary())

    def running(self, tally: Tally) -> AbstractContextManager[Callable[[Event], None]]:
        """Show how it goes."""
        return progress(tally, shown=not self._quiet)

    def failed(
        self,
        code: ExitCode,  # noqa: ARG002 - as machines are told
        error: BaseException,  # noqa: ARG002
        message: str,
        unsaved: Sequence[Outcome] = (),
    ) -> None:
        """It ended without an ending."""
        tell_error(message)
        tell_unsaved(unsaved)

    def ended(self, ending: Ending) -> None:
        """How it ended."""
        if not self._quiet:
            write_out(_summary(ending))
        for message in (ending.message, ending.unwritten):
            if message:
                tell_error(message)
        _tell_rows("was refused, or never left, at no cost", "were refused, or never left, at no cost", ending.refused)
        if ending.refused.number:
            tell_note(f"What failed at no cost is sent again by: {ending.retry_failed}")
        _tell_rows(
            "was made and billed, and its image cannot be had any more",
            "were made and billed, and their images cannot be had any more",
            ending.lost,
        )
        if ending.lost.number:
            tell_note(f"This asks for those images once more, which is free: {ending.retry_failed}")
        _tell_rows("has an unknown outcome", "have an unknown outcome", ending.unknown)
        if ending.unknown.number:
            tell_note(
                "They left, nobody knows what became of them, and they may have been billed. Look at the account's "
                f"usage first. This sends them again, and may pay twice: {ending.retry_unknown}"
            )
        if any(ending.absent.values()):
            tell_note(
                f"{count(sum(ending.absent.values()), 'row')} of the ledger, not in the input any more or made again "
                f"since, left as they are: {states_in_a_line(ending.absent)}."
            )
        if ending.left or ending.waiting:
            rest = [
                *([f"{count(ending.left, 'row')} not sent"] if ending.left else []),
                *([f"{count(ending.waiting, 'image')} not downloaded"] if ending.waiting else []),
            ]
            how = "Go on with a higher --max-cost" if ending.reason is StopReason.MAX_COST else "Go on with"
            tell_note(f"{' and '.join(rest)}. {how}: {ending.resume}")
        tell_unsaved(ending.unsaved, ending.unrecorded, manifest="manifest" in ending.files)


def tell_unsaved(unsaved: Sequence[Outcome], unrecorded: Sequence[Outcome] = (), *, manifest: bool = False) -> None:
    """Show the links of images that are paid for and not saved, and what the ledger could not be told.

    Args:
        unsaved: Rows with such images.
        unrecorded: Rows that the ledger does not know the outcome of.
        manifest: Whether the manifest has all the links, so that some of them are enough.
    """
    if unsaved:
        tell_error(f"{count(len(unsaved), 'row')} paid for, with images that are not saved. Their links:")
        shown = unsaved[:_MOST_LINKS] if manifest else unsaved
        for outcome in shown:
            links = [_shown(image.url, manifest) for image in outcome.images if image.url and not image.file]
            write_error(f"  {place(outcome.request)}: {printable(' '.join(links))}\n")
        if len(shown) < len(unsaved):
            write_error(f"  and {len(unsaved) - len(shown):,} more, all in the manifest\n")
    if unrecorded:
        tell_error(
            f"{count(len(unrecorded), 'row')} ended, and the ledger could not be told of it. The next run may take "
            "them for unknown:"
        )
        for outcome in unrecorded:
            files = [f"saved as {image.file}" for image in outcome.images if image.file]
            urls = [image.url for image in outcome.images if image.url]
            parts = ", ".join([outcome.state.value, *files, *urls, *([outcome.error] if outcome.error else [])])
            write_error(f"  {place(outcome.request)}: {printable(parts)}\n")


def _shown(link: str, manifest: bool) -> str:
    """A link; one that carries its image in itself is too long for a terminal, if it is in the manifest."""
    return f"{link[:_CARRIED]}..." if manifest and link[:5].lower() == "data:" and len(link) > _CARRIED else link


def _tell_rows(one: str, many: str, rows: Groups) -> None:
    if rows.number:
        tell_error(f"{count(rows.number, 'row')} {one if rows.number == 1 else many}:")
        write_error("".join(rows.lines()))


def _summary(ending: Ending) -> str:
    rows = sum(ending.counts.values())
    cost = usd(ending.total_cost)
    if ending.run_cost != ending.total_cost:
        cost += f" in all runs together, {usd(ending.run_cost)} in this one"
    if ending.free:
        cost += ", had it not been a rehearsal"
    folder = ending.location.rstrip("/")
    lines = [("images", ending.location), *((what, f"{folder}/{name}") for what, name in ending.files.items())]
    lines.append(("cost", cost))
    table = "".join(f"  {label:<9} {printable(text)}\n" for label, text in lines)
    return f"{count(rows, 'row')}: {states_in_a_line(ending.counts)}\n{table}"
