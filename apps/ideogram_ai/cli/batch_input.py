"""The rows of `ideogram batch`: the options on how INPUT is read, what is wrong with rows, and what is to be done."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import asdict, define, evolve, field, filters, frozen

from ideogram_ai.batch.checking import Checker, Rules, check_defaults, find_operation
from ideogram_ai.batch.csv_files import CsvOptions
from ideogram_ai.batch.matrix import Matrix
from ideogram_ai.batch.model import InputError, RowProblem, unknown_operation
from ideogram_ai.batch.operations import GENERATE, all_fields, image_operations, view_of
from ideogram_ai.batch.prices import FASTEST_SECONDS, SLOWEST_SECONDS, SOURCE_OF_SECONDS, Estimate, replaceable
from ideogram_ai.batch.reading import OWN_COLUMNS, Format, read_rows

from .contract_input import OPERATION, STDIN, Inputs, RequestFields, split_assignment
from .exit_codes import WrongUseError
from .terminal import count, duration, priced, print_note, usd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ideogram_ai.batch.model import BatchRequest

    from .batch_report import BatchReporter

_MOST_PROBLEMS: Final = 20
_MOST_PROBLEMS_OF_A_FIELD: Final = 5
_WHOLE_ROW: Final = "the row as a whole"


class InvalidRowsError(Exception):
    """Some rows cannot be sent; they were reported."""


@define(kw_only=True)
class RowOptions:
    """The options on how INPUT is read; see the help of the command."""

    form: str | None
    operation: str | None
    resolution: str | None
    rendering_speed: str | None
    fields: tuple[str, ...]
    extra: tuple[str, ...]
    ignored: tuple[str, ...]
    variants: int | None
    variables: tuple[str, ...]
    mapped: tuple[str, ...]
    csv_settings: tuple[str, ...]
    no_check: bool
    skip_invalid: bool

    def read(self, source: str, reporter: BatchReporter, *, shown: bool) -> Iterator[BatchRequest]:
        """Read the options. The iterator reads the rows, and raises in the end if some cannot be sent."""
        checker = Checker(self._read_rules(source, shown=shown), reporter.bad_row, reporter.odd_row)
        form = Format(self.form) if self.form else None
        matrix = Matrix.of(self.variables, self.variants)
        read = read_rows(source, form, renamed=self._read_map(), csv=self._read_csv())
        rows = matrix.rows(read, reporter.odd_row)

        def requests() -> Iterator[BatchRequest]:
            yield from checker.requests(rows)
            if not checker.rows:
                raise WrongUseError("INPUT has no rows.")
            reporter.checked(checker.rows, checker.bad, skipped=self.skip_invalid)
            if checker.bad and not self.skip_invalid:
                raise InvalidRowsError
            if unused := checker.unused():
                raise WrongUseError(" ".join(unused))

        return requests()

    def _read_rules(self, source: str, *, shown: bool) -> Rules:
        """Read the fields that complete the rows, and the columns that are sent or left out."""
        fields, inputs, check = RequestFields(), Inputs(), not self.no_check
        fields.put_options(
            ("resolution", self.resolution, "--resolution"),
            ("rendering_speed", self.rendering_speed, "--rendering-speed"),
        )
        usual = find_operation(self.operation or GENERATE)
        if usual is None:
            raise WrongUseError(f"--{unknown_operation(self.operation)}")
        # A field of several operations has the type that the first of them gives it.
        operations = [image_operations()[usual], *image_operations().values()]
        for assignment in self.fields:
            name = re.split("[.=]", assignment)[0].strip()  # without the member of an object
            taker = next((each for each in operations if name in view_of(each.method_name).fields), OPERATION)
            evolve(fields, operation=taker).put_assignment(assignment, inputs)
        for name in fields.extra:
            raise WrongUseError(f"-F {name}: the contract has no such field. To send a column, use --extra-field NAME.")
        for name in sorted({*self.extra} & {*all_fields(), *OWN_COLUMNS}):
            raise WrongUseError(f"--extra-field {name}: a column of this name is known, and needs no --extra-field.")
        for operation in operations if check else ():
            for note in evolve(fields, operation=operation).correct_values():
                if shown:
                    print_note(note)
        if problems := check_defaults(fields.documented, check=check):
            raise WrongUseError(" ".join(problems))
        return Rules(
            defaults=fields.documented,
            extra=frozenset(self.extra),
            ignored=frozenset(self.ignored),
            check=check,
            folder=Path() if source == STDIN else Path(source).parent,
            operation=usual,
        )

    def _read_map(self) -> dict[str, str]:
        """Return the fields of --map by heading."""
        renamed: dict[str, str] = {}
        known = [*all_fields(), *OWN_COLUMNS, *self.extra]
        for assignment in self.mapped:
            heading, sign, name = (part.strip() for part in assignment.rpartition("="))
            if not sign or not heading:
                raise WrongUseError(f"--map {assignment!r}: write HEADING=FIELD, for example --map Prompt=text_prompt.")
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                cure = f"Did you mean {close[0]}?" if close else f"The fields are {', '.join(known)}."
                raise WrongUseError(f"--map {assignment!r}: {name!r} is not a field. {cure}")
            if heading in renamed or name in renamed.values():
                raise WrongUseError(f"--map {assignment!r}: the heading or the field was given twice.")
            renamed[heading] = name
        return renamed

    def _read_csv(self) -> CsvOptions:
        try:
            settings = (split_assignment(each, "--csv", "encoding=cp1252") for each in self.csv_settings)
            return CsvOptions.of(dict(settings))
        except InputError as error:
            raise WrongUseError(f"--csv {error}") from None


@define
class RowProblems:
    """Problems of the rows of an input: some of each field are kept, and all are counted."""

    kept: list[RowProblem] = field(factory=list[RowProblem])
    by_field: Counter[str] = field(factory=Counter[str])

    def add(self, problem: RowProblem) -> bool:
        """Count a problem, and return whether it is kept."""
        name = problem.field or _WHOLE_ROW
        self.by_field[name] += 1
        keep = len(self.kept) < _MOST_PROBLEMS and self.by_field[name] <= _MOST_PROBLEMS_OF_A_FIELD
        if keep:
            self.kept.append(problem)
        return keep

    @property
    def has_unknown_fields(self) -> bool:
        """Whether a row has a field that the contract does not have."""
        return bool(self.by_field.keys() - {*all_fields(), *OWN_COLUMNS, _WHOLE_ROW})

    def lines(self) -> Iterator[str]:
        """Yield the lines for people."""
        width = max((len(f"{problem.line}") for problem in self.kept), default=0)
        for problem in self.kept:
            yield f"line {problem.line:<{width}}  {problem.message}"
        if more := self.by_field.total() - len(self.kept):
            fields = ", ".join(f"{name}: {number:,}" for name, number in self.by_field.most_common())
            yield f"and {more:,} more; in total {fields}"


@frozen
class Forecast:
    """What a run is about to do.

    Attributes:
        finished: Rows that are finished, or that only an option would run again.
        downloads: Rows whose images are made and paid for, and not saved yet.
        jobs: Rows that were submitted, and whose jobs are asked for.
        free: Whether nobody is billed, because a server on this machine draws the images.
        updated: Rows that changed and never cost anything.
        replaced: Rows that are made again, and keep what was made before.
        rehearsed: Rows that a rehearsal made, and that are made now.
        absent: Rows of the ledger that are not in the input any more. They are left alone.
    """

    rows: int
    finished: int
    downloads: int
    estimate: Estimate
    in_flight: int
    free: bool
    updated: int = 0
    replaced: int = 0
    rehearsed: int = 0
    absent: int = 0
    jobs: int = 0

    @property
    def cost(self) -> str:
        """What the images cost, for people."""
        return "about " * bool(self.estimate.usd) + priced(self.estimate.usd, self.estimate.unpriced.total())

    def summary(self, cost: str = "") -> str:
        """Return the counts in one line, with the cost of the images if that is given."""
        made = f"{count(self.estimate.total, 'image')} to make{cost}"
        others = {
            "to ask for": self.jobs,
            "to download": self.downloads,
            "finished": self.finished,
            "changed and never billed": self.updated,
            "made again": self.replaced,
            "rehearsed before": self.rehearsed,
            "not in the input any more": self.absent,
        }
        return f"{count(self.rows, 'row')}: " + ", ".join([made, *(f"{n:,} {what}" for what, n in others.items() if n)])

    def lines(self) -> Iterator[str]:
        """Yield the lines of --dry-run."""
        estimate = self.estimate
        yield self.summary()
        if not estimate.total:
            return
        named = {  # generate needs no name
            (f"{operation} {speed}".strip() if operation != GENERATE else speed, price): number
            for (operation, speed, price), number in estimate.counts.items()
        }
        width = max(8, *(len(name) for name in (*(name for name, _ in named), *estimate.unpriced)))
        for (name, price), number in named.items():
            yield f"  {name:<{width}} {number:>9,}  at {usd(price)}  {usd(price * number):>14}"
        for operation, number in estimate.unpriced.items():
            yield f"  {operation:<{width}} {number:>9,}  at an unknown price"
        cost = priced(estimate.usd, estimate.unpriced.total())
        yield f"  cost     {cost}" + (" if it were not a rehearsal" if self.free else "")
        least, most = estimate.seconds(self.in_flight)
        yield f"  time     {duration(least)} to {duration(most)}, with {self.in_flight:,} at a time"
        if estimate.sources:
            yield (
                f"Prices: {'; '.join(estimate.sources)}. --prices FILE uses others for {' and '.join(replaceable())}. "
                "Withheld images cost the same."
            )
        yield f"Time: {FASTEST_SECONDS:g} to {SLOWEST_SECONDS:g} s an image, {SOURCE_OF_SECONDS}."

    def members(self) -> dict[str, Any]:
        """Return the members of the JSON event."""
        estimate = self.estimate
        return {
            **asdict(self, filter=filters.exclude("estimate", "free")),
            "images": estimate.total,
            "images_by_speed": dict(estimate.images),
            "images_of_unknown_price": dict(estimate.unpriced),
            "cost_usd": f"{estimate.usd:f}",
            "prices_as_of": estimate.as_of.isoformat(),
            "seconds": list(estimate.seconds(self.in_flight)),
        }
