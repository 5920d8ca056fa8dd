"""What the command line of `ideogram batch` says."""

from __future__ import annotations

import difflib
import shlex
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from attrs import frozen

from ideogram_ai.batch.checking import Rules, check_defaults
from ideogram_ai.batch.csv_files import CsvOptions
from ideogram_ai.batch.model import InputError
from ideogram_ai.batch.reading import OWN_COLUMNS, Format

from ..errors import WrongUseError
from ..generate.contract_fields import request_fields
from ..generate.fields import Fields, add_field, split_assignment
from ..generate.inputs import STDIN, Inputs
from ..generate.judgement import put_right
from ..messages import tell_note

_ABOUT_ROWS: Final = {
    "form": "--format",
    "resolution": "--resolution",
    "rendering_speed": "--rendering-speed",
    "fields": "-F",
    "extra": "--extra-field",
    "ignored": "--ignore-field",
    "mapped": "--map",
    "csv_settings": "--csv",
    "no_check": "--no-check",
    "skip_invalid": "--skip-invalid",
}
"""Options that say how INPUT is read."""
_ASKED_ANEW: Final = frozenset(
    {"source", "retry_unknown", "retry_failed", "redo", "replace", "rebuild_ledger", "dry_run"}
)


@frozen(kw_only=True)
class Options:
    """The options, as they were given.

    Attributes:
        source: The input: a path, `-` for stdin; None goes on with the rows of the ledger.
        out: Folder or URL of the batch.
        form: Format of the input; None goes by its name.
        in_flight: Requests at a time; None for the contract's limit.
        downloads: Downloads at a time; None for the batch's own.
        resolution: The field of that name, for rows that do not have it.
        rendering_speed: The field of that name, likewise.
        fields: NAME=VALUE of each -F, likewise.
        extra: Columns that are sent although they are not documented.
        ignored: Columns that are not sent.
        mapped: HEADING=FIELD of each --map.
        csv_settings: NAME=VALUE of each --csv.
        no_check: Whether values are not held against the contract.
        skip_invalid: Whether bad rows are left out.
        dry_run: Whether nothing is sent.
        max_cost: US dollars that the batch may cost, as text.
        prices: A file of prices.
        yes: Whether nobody is asked.
        retry_unknown: Whether rows whose outcome is unknown are sent again.
        retry_failed: Whether rows that failed are sent, or downloaded, again.
        redo: Ids of rows that are made again.
        replace: Whether rows that changed after they were made are made anew.
        rebuild_ledger: Whether a ledger that is gone is made anew from the manifest.
        no_gallery: Whether index.html is not written.
        ledger: Where the ledger is.
        as_json: Whether stdout gets events.
        quiet: Whether only what is wrong is told.
        mock: Whether a mock server answers.
        base_url: The API's server; None for the environment's or the contract's.
        allow_http: Whether that may be http on another machine.
        api_key_file: File that holds the API key.
        timeout: Seconds of silence that are borne.
    """

    source: str | None = None
    out: str = "."
    form: str | None = None
    in_flight: int | None = None
    downloads: int | None = None
    resolution: str | None = None
    rendering_speed: str | None = None
    fields: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    mapped: tuple[str, ...] = ()
    csv_settings: tuple[str, ...] = ()
    no_check: bool = False
    skip_invalid: bool = False
    dry_run: bool = False
    max_cost: str | None = None
    prices: Path | None = None
    yes: bool = False
    retry_unknown: bool = False
    retry_failed: bool = False
    redo: tuple[str, ...] = ()
    replace: bool = False
    rebuild_ledger: bool = False
    no_gallery: bool = False
    ledger: Path | None = None
    as_json: bool = False
    quiet: bool = False
    mock: bool = False
    base_url: str | None = None
    allow_http: bool = False
    api_key_file: Path | None = None
    timeout: float | None = None

    @property
    def format(self) -> Format | None:
        """The input's format, if it was named."""
        return Format(self.form) if self.form else None

    def limit(self) -> Decimal | None:
        """The US dollars of --max-cost.

        Raises:
            WrongUseError: They are no sum of money.
        """
        if self.max_cost is None:
            return None
        try:
            limit = Decimal(self.max_cost.removeprefix("$"))
        except InvalidOperation:
            limit = Decimal("NaN")
        if not limit.is_finite() or limit < 0:
            raise WrongUseError(f"--max-cost: {self.max_cost!r} is no sum of US dollars; write 12.50, say.")
        return limit

    def check(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            WrongUseError: They do.
        """
        for one, other, both in (
            ("--mock", "--base-url", self.mock and self.base_url is not None),
            ("--json", "--quiet", self.as_json and self.quiet),
            ("--dry-run", "--rebuild-ledger", self.dry_run and self.rebuild_ledger),
        ):
            if both:
                raise WrongUseError(f"{one} and {other} were both given: they exclude each other, so leave one out.")
        if not self.out.strip():
            raise WrongUseError("--out is empty; is a shell variable unset?")
        if self.source is not None and not self.source.strip():
            raise WrongUseError("INPUT is empty; is a shell variable unset?")
        if self.source is None and (given := self._given_about_rows()):
            raise WrongUseError(f"{given} is about the rows of INPUT, and there is no INPUT.")

    def rules(self) -> Rules:
        """What rows are completed with, and what is let pass.

        Raises:
            WrongUseError: A field for all rows cannot be what the contract has.
        """
        fields = Fields()
        for name, value in (("resolution", self.resolution), ("rendering_speed", self.rendering_speed)):
            if value is not None:
                fields.put(name, value, f"--{name.replace('_', '-')}")
        inputs = Inputs()
        for assignment in self.fields:
            add_field(fields, assignment, inputs)
        for name in fields.extra:
            raise WrongUseError(f"-F {name}: the contract has no such field. --extra-field sends a column of the rows.")
        for name in set(self.extra) & {*request_fields(), *OWN_COLUMNS}:
            raise WrongUseError(f"--extra-field {name}: a column of that name is no extra one.")
        for note in () if self.no_check else put_right(fields):
            if not (self.quiet or self.as_json):
                tell_note(note)
        problems = check_defaults(fields.documented, check=not self.no_check)
        if problems:
            raise WrongUseError(" ".join(problems))
        return Rules(fields.documented, frozenset(self.extra), frozenset(self.ignored), check=not self.no_check)

    def renamed(self) -> dict[str, str]:
        """The fields of --map, by heading.

        Raises:
            WrongUseError: A heading or a field is given twice, or there is no such field.
        """
        renamed: dict[str, str] = {}
        known = [*request_fields(), *OWN_COLUMNS, *self.extra]
        for assignment in self.mapped:
            heading, sign, name = (part.strip() for part in assignment.rpartition("="))
            if not sign or not heading:
                raise WrongUseError(f"--map {assignment!r}: write HEADING=FIELD, as in --map Prompt=text_prompt.")
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                cure = f"Did you mean {close[0]}?" if close else f"There are {', '.join(known)}."
                raise WrongUseError(f"--map {assignment!r}: {name!r} is no field. {cure}")
            if heading in renamed or name in renamed.values():
                raise WrongUseError(f"--map {assignment!r}: the heading or the field is given twice.")
            renamed[heading] = name
        return renamed

    def csv(self) -> CsvOptions:
        """What --csv says.

        Raises:
            WrongUseError: It cannot be.
        """
        try:
            return CsvOptions.of(
                dict(split_assignment(setting, "--csv", "encoding=cp1252") for setting in self.csv_settings)
            )
        except InputError as error:
            raise WrongUseError(f"--csv {error}") from None

    def command_line(self, *more: str) -> str:
        """The command that goes on with this batch, for a shell.

        What was read from stdin is gone, and in the ledger: then it is the command without INPUT. Retrying is asked
        for anew each time, because it may cost something.

        Args:
            more: Options to put behind it.
        """
        from ..commands.batch import command  # noqa: PLC0415 - it imports this module

        source = None if self.source == STDIN else self.source
        words = ["ideogram", "batch", *([source] if source else [])]
        for parameter in command.params:
            name, value = parameter.name or "", getattr(self, parameter.name or "")
            if name in _ASKED_ANEW or not value or (name in _ABOUT_ROWS and not source):
                continue
            option = parameter.opts[0]
            if value is True:
                words.append(option)
            else:
                values: list[object] = list(value) if parameter.multiple else [value]
                words += [word for item in values for word in (option, str(item))]
        return shlex.join([*words, *more])

    def _given_about_rows(self) -> str | None:
        return next((option for name, option in _ABOUT_ROWS.items() if getattr(self, name)), None)
