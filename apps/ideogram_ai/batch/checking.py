"""Checks the rows of an input against the contract, one by one, before anything is sent."""

from __future__ import annotations

import difflib
import os
import re
import shlex
import sqlite3
from collections.abc import Mapping
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from attrs import field, frozen

from ideogram_ai.client import FieldValueError, RequestError
from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.client.request import encode_request, is_array
from ideogram_ai.contract.check import RequestProblem, Severity, check_request
from ideogram_ai.contract.decoding import remark_on_unknown
from ideogram_ai.contract.problems import meant, shown, suggestion
from ideogram_ai.contract.review import review_request

from .model import (
    FILE_MEMBER,
    KEY_MEMBER,
    OPERATION_MEMBER,
    BatchRequest,
    Row,
    RowProblem,
    position_key,
    unknown_operation,
)
from .names import JSON_PROMPT, TEXT_PROMPTS, Mistake, folded, mistaken_prompt, stem_of
from .operations import GENERATE, all_fields, file_fields, image_operations, view_of
from .reading import OWN_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from typing import TypeAlias

    from ideogram_ai.contract.view import ContractView

    _FirstLine: TypeAlias = Callable[[str, str, int], int | None]


_LONGEST_KEY: Final = 200
_CACHE_KIBIBYTES: Final = 2048
_MOST_TAKERS: Final = 3


@frozen
class Rules:
    """How rows are completed and checked.

    Attributes:
        defaults: Documented fields, by wire name, for rows that do not have them and whose operation takes them.
        extra: Columns that are sent although the contract does not have them.
        ignored: Columns that are not sent.
        check: Whether values are checked against the contract. The service may be ahead of it.
        folder: Where the paths of files begin: the folder of the input.
        operation: What rows ask for that do not say it.
    """

    defaults: Mapping[str, Any] = field(factory=dict[str, Any])
    extra: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    check: bool = True
    folder: Path = Path()
    operation: str = GENERATE


def _ignore(_remark: RowProblem) -> None:
    pass


class Checker:
    """Turns rows into requests, and reports every row that cannot be one.

    Attributes:
        rows: Rows that were checked.
        bad: Those of them that are not requests.

    Args:
        rules: How rows are completed and checked.
        tell: Called with each problem. A fault of the header is reported once, with the header's line.
        remark: Called with what is odd about a row that is sent anyway.
    """

    def __init__(
        self, rules: Rules, tell: Callable[[RowProblem], None], remark: Callable[[RowProblem], None] = _ignore
    ) -> None:
        self.rows = 0
        self.bad = 0
        self._rules = rules
        self._tell = tell
        self._remark = remark
        self._reported: set[str | None] = set()  # fields of the header
        self._unused = set(rules.defaults)

    def requests(self, rows: Iterable[Row]) -> Iterator[BatchRequest]:
        """The requests of the good rows, in their order; the others are reported and left out."""
        with _open_duplicates() as first_line:
            for row in rows:
                self.rows += 1
                request, problems = self._check(row, first_line)
                if problems or request is None:
                    self.bad += 1
                    for problem in problems:
                        in_header = row.header is not None and problem.line == row.header.line
                        if not in_header or problem.field not in self._reported:
                            self._tell(problem)
                        if in_header:
                            self._reported.add(problem.field)
                else:
                    yield request

    def unused(self) -> list[str]:
        """What to say about fields for all rows that no row's operation has."""
        view = view_of(self._rules.operation)
        return [_explain_unknown(name, self._rules.defaults, view) for name in sorted(self._unused)]

    def _check(self, row: Row, first_line: _FirstLine) -> tuple[BatchRequest | None, list[RowProblem]]:
        values = dict(row.values)
        unread = [problem for problem in row.problems if problem.field not in self._rules.ignored]
        problems = list(unread)
        remarks: list[RowProblem] = []
        key = _key(values.pop(KEY_MEMBER, None), row, problems)
        file_name = _file_name(values.pop(FILE_MEMBER, None), row, problems)
        operation = self._operation(values.pop(OPERATION_MEMBER, None), row, problems)
        view = view_of(operation or self._rules.operation)
        self._unused -= view.fields.keys()
        for name in self._rules.ignored:
            values.pop(name, None)
        extra = {name: values.pop(name) for name in self._rules.extra if name in values}
        fields = dict(self._defaults(values, view)) | values
        if self._rules.check:
            remarks += _correct_choices(fields, row, view)
        if operation and not unread:
            self._resolve_files(fields, view)
            problems += self._problems(fields, row, view)
        problems += _duplicates(key, file_name, row, first_line)
        if problems:
            return None, problems
        if self._rules.check:
            for odd in review_request(fields, operation=view.operation):
                remarks.append(RowProblem(row.line, _first_step(odd.pointer), f"{odd.pointer}: {odd.message}"))
        for remark in remarks:
            self._remark(remark)
        python_names = _python_names(view.operation.method_name)
        arguments: dict[str, Any] = {python_names[name]: value for name, value in fields.items()}
        if extra:
            arguments["extra_fields"] = extra
        named = key or position_key(row.number)
        request = BatchRequest(
            named, arguments, file_name, row.line, nameless=key is None, operation=view.operation.method_name
        )
        return request, problems

    def _operation(self, value: Any, row: Row, problems: list[RowProblem]) -> str | None:
        """What a row asks for; None where the contract has no such operation."""
        if value is None:
            return self._rules.operation
        name = find_operation(value) if isinstance(value, str) else None
        if name is None:
            problems.append(RowProblem(row.line, OPERATION_MEMBER, unknown_operation(value)))
        return name

    def _defaults(self, values: Mapping[str, Any], view: ContractView) -> Iterator[tuple[str, Any]]:
        """The fields for all rows that a row's operation takes, but for those that one of its own fields excludes."""
        excluded = {name for pair in view.operation.exclusive if values.keys() & set(pair) for name in pair}
        for name, value in self._rules.defaults.items():
            if name in view.fields and name not in excluded:
                yield name, value

    def _resolve_files(self, fields: dict[str, Any], view: ContractView) -> None:
        """Let paths begin at the folder of the input, and make a list of one file where the contract has a list."""
        for name in file_fields(view.operation.method_name).intersection(fields):
            value = fields[name]
            files = [
                str(self._rules.folder / os.path.expanduser(file)) if isinstance(file, str) else file  # noqa: PTH111
                for file in (value if is_array(value) else [value])
            ]
            fields[name] = files if is_array(value) or view.fields[name].item is not None else files[0]

    def _problems(self, fields: Mapping[str, Any], row: Row, view: ContractView) -> Iterator[RowProblem]:
        prompts = _prompts_of(view)
        unknown = [name for name in fields if name not in view.fields]
        for name in unknown:
            # Where rows ask for different things, a column may belong to others.
            others = row.header is not None and OPERATION_MEMBER in row.header.columns and name in all_fields()
            line = row.header.line if row.header and not others else row.line
            yield RowProblem(line, name, _explain_unknown(name, fields, view))
        given = {*row.header.columns, *self._rules.defaults} if row.header else set(prompts)
        if row.header and not unknown and prompts and not given.intersection(prompts):
            yield RowProblem(row.header.line, None, f"The header has no column {' or '.join(prompts)}.")
            return
        unread = list(_unreadable_files(fields, row, view))
        yield from unread
        skipped = {*unknown, *(problem.field for problem in unread)}
        known = {name: value for name, value in fields.items() if name not in skipped}
        checked = check_request(known, operation=view.operation) if self._rules.check else _unsendable(known, view)
        for problem in checked:
            place = _first_step(problem.pointer)
            # A prompt under a wrong name, or a file, is reported already, and not missing as well.
            if place is not None or not skipped:
                yield RowProblem(row.line, place, _explain(problem, place, fields, view))
        for name, text in fields.items():
            if name in TEXT_PROMPTS and name not in skipped and isinstance(text, str):
                yield from self._prompt_problems(name, text, row, view)

    def _prompt_problems(self, name: str, text: str, row: Row, view: ContractView) -> Iterator[RowProblem]:
        mistake = mistaken_prompt(text, look=False) if self._rules.check else None
        if not text.strip():
            yield RowProblem(row.line, name, f"{name}: the prompt is blank.")
        elif mistake is not None:
            structured = mistake is Mistake.JSON and JSON_PROMPT in view.fields
            cure = f"It belongs into {JSON_PROMPT}" if structured else "Write the prompt itself"
            yield RowProblem(row.line, name, f"{name}: {shown(text)} is {mistake.value}, and no prompt. {cure}.")


def find_operation(text: str) -> str | None:
    """The operation that a text means, with dashes and in any case; None if there is no such operation."""
    return meant(text.replace("-", "_"), list(image_operations()))


@cache
def _python_names(operation: str) -> Mapping[str, str]:
    return {entry.wire_name: entry.python_name for entry in image_operations()[operation].fields}


def _prompts_of(view: ContractView) -> list[str]:
    """The fields of which a row has exactly one."""
    return [name for group in view.operation.exactly_one_of for name in group]


def _correct_choices(fields: dict[str, Any], row: Row, view: ContractView) -> Iterator[RowProblem]:
    """Write values as the contract has them, where they can mean one thing only."""
    for name, rule in view.fields.items():
        value = fields.get(name)
        if rule.choices and isinstance(value, str) and value not in rule.choices:
            choice = meant(value, [str(choice) for choice in rule.choices])
            if choice is not None:
                fields[name] = choice
                yield RowProblem(row.line, name, f"{name}: {shown(value)} is corrected to {choice}.")


def _unreadable_files(fields: Mapping[str, Any], row: Row, view: ContractView) -> Iterator[RowProblem]:
    for name in file_fields(view.operation.method_name).intersection(fields):
        value = fields[name]
        for path in value if is_array(value) else [value]:
            why = _why_unreadable(path) if isinstance(path, str) else None
            if why is not None:
                yield RowProblem(row.line, name, f"{name}: {shown(path)} {why}.")


def _why_unreadable(path: str) -> str | None:
    try:
        if not os.path.isfile(path):  # noqa: PTH113 - a Path for each of a million rows takes long
            url = re.search(r"[a-z]+:/", path)
            return "is a URL; download the file, and name it" if url else "is not a file"
        if not os.access(path, os.R_OK):
            return "cannot be read"
        return None if os.path.getsize(path) else "is empty"  # noqa: PTH202
    except (OSError, ValueError) as error:  # too long, a NUL
        return f"cannot be read: {error}"


def _explain_unknown(name: str, fields: Mapping[str, Any], view: ContractView) -> str:
    joined = "_".join(_words_of(name))
    hint = view.operation.field_hints.get(joined)
    if hint is not None:
        remark = remark_on_unknown(joined, view).replace(shown(joined), shown(name), 1)
        guess = None if hint.because else hint.use
    else:
        guess = guess_field(name, fields.get(name), view)
        remark = f"{remark_on_unknown(name, view)}{f' Did you mean {guess}?' if guess else ''}"
    if takers := [each for each in image_operations() if name in view_of(each).fields]:
        more = f" and {len(takers) - _MOST_TAKERS} more" if len(takers) > _MOST_TAKERS else ""
        remark += f" Rows with the {OPERATION_MEMBER} {' or '.join(takers[:_MOST_TAKERS])}{more} take it."
    if guess:
        return f"{remark} --map {shlex.quote(f'{name}={guess}')} renames it."
    return remark if takers else f"{remark} --ignore-field {shlex.quote(name)} leaves it out."


def _explain(problem: RequestProblem, name: str | None, fields: Mapping[str, Any], view: ContractView) -> str:
    rule = view.fields.get(name or "")
    value = fields.get(name or "")
    if rule and rule.choices and isinstance(value, str) and problem.severity is Severity.BREAKS_CONTRACT:
        # Without the whole list, which would be repeated for every row.
        unavailable = {entry.value for entry in rule.unavailable}
        choices = [str(choice) for choice in rule.choices if choice not in unavailable]
        return f"{rule.name}: {shown(value)} is not in the contract. {suggestion(value, choices)}"
    return problem.message.removesuffix(NOTHING_SENT).rstrip()


def guess_field(name: str, value: object, view: ContractView) -> str | None:
    """The field that a heading probably means: by its name, its words, or a value below it."""
    words = _words_of(name)
    known = [*view.fields, *OWN_COLUMNS]
    alike = [field for field in known if sorted(field.split("_")) == sorted(words)]
    if close := alike or difflib.get_close_matches("_".join(words), known, n=1):
        return close[0]
    if isinstance(value, str):
        for field, rule in view.fields.items():
            if rule.choices and meant(value, [str(choice) for choice in rule.choices]) is not None:
                return field
    hints = view.operation.field_hints
    return next((hints[word].use for word in words if word in hints), None)


def _words_of(heading: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", heading.casefold()) if word]


def check_defaults(defaults: Mapping[str, Any], *, check: bool = True) -> list[str]:
    """What is wrong with fields that are given once for all rows, by wire name; values only if they are checked."""
    views = [view_of(name) for name in image_operations()]
    in_rows = {name for view in views for name in (*_prompts_of(view), *file_fields(view.operation.method_name))}
    problems = [f"{name} is given by the rows, each its own." for name in defaults if name in in_rows]
    if problems:
        return problems
    unknown = [name for name in defaults if name not in all_fields()]
    found = [_explain_unknown(name, defaults, view_of(GENERATE)) for name in unknown]
    for name, value in defaults.items():
        # What one operation does not allow is checked again with each row.
        problems_of = [list(_default_problems(name, value, view, check)) for view in views if name in view.fields]
        if problems_of and all(problems_of):
            found += problems_of[0]
    return found


def _default_problems(name: str, value: Any, view: ContractView, check: bool) -> Iterator[str]:
    fields = {name: value}
    for problem in check_request(fields, operation=view.operation) if check else _unsendable(fields, view):
        if _first_step(problem.pointer) == name:
            yield _explain(problem, name, fields, view)


@contextmanager
def _open_duplicates() -> Generator[_FirstLine]:
    """Find values that are there twice, in a temporary file: a million ids would fill the memory.

    Yields:
        A function that returns the line that has a column's value first, or None if that is this one.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("CREATE TABLE met (value TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        database.execute("BEGIN")

        def first_line(column: str, value: str, line: int) -> int | None:
            met = f"{column}:{value.encode('utf-8', 'backslashreplace').decode()}"
            if database.execute("INSERT OR IGNORE INTO met VALUES (?, ?)", (met, line)).rowcount:
                return None
            first: int = database.execute("SELECT line FROM met WHERE value = ?", (met,)).fetchone()[0]
            return first

        yield first_line


def _duplicates(key: str | None, file_name: str | None, row: Row, first_line: _FirstLine) -> Iterator[RowProblem]:
    """An id that another row has too, or a file name that some file system does not distinguish from another."""
    same_file = None if file_name is None else folded(stem_of(BatchRequest("", {}, file_name)))
    for name, value, same in ((KEY_MEMBER, key, key), (FILE_MEMBER, file_name, same_file)):
        first = None if same is None else first_line(name, same, row.line)
        if first is not None:
            yield RowProblem(row.line, name, f"{name}: line {first} has {shown(value)} too. Give each row its own.")


def _key(value: Any, row: Row, problems: list[RowProblem]) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        cure = "give text or an integer"
    elif len(value) > _LONGEST_KEY or not value.isprintable():
        cure = f"give {_LONGEST_KEY} characters at most, none of them a control character"
    else:
        return value
    problems.append(RowProblem(row.line, KEY_MEMBER, f"{KEY_MEMBER} is {shown(value)}; {cure}."))
    return None


def _file_name(value: Any, row: Row, problems: list[RowProblem]) -> str | None:
    if value is None or (isinstance(value, str) and value.strip() and value.isprintable()):
        return value
    problems.append(RowProblem(row.line, FILE_MEMBER, f"{FILE_MEMBER} is {shown(value)}; give the name of a file."))
    return None


def _unsendable(fields: Mapping[str, Any], view: ContractView) -> Iterator[RequestProblem]:
    """What the client itself refuses: the prompt rule, and values that cannot be written."""
    names = _python_names(view.operation.method_name)
    try:
        encode_request(view.operation, {names[name]: value for name, value in fields.items()})
    except FieldValueError as error:
        yield RequestProblem(f"#/{error.field}", error.message, Severity.BREAKS_CONTRACT)
    except RequestError as error:
        yield RequestProblem("#", error.message, Severity.BREAKS_CONTRACT)


def _first_step(pointer: str) -> str | None:
    """The name in a pointer such as `#/json_prompt/tags`; None for the whole request."""
    steps = pointer.split("/")
    return unquote(steps[1]).replace("~1", "/").replace("~0", "~") if len(steps) > 1 else None
