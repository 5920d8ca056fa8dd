"""Gathers what the exchanges say of each requirement, and makes of it one result each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import define, field

from ..results import RecordedExchange, Result, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..requirement import Requirement

_MOST_EXCHANGES: Final = 4
_NEVER: Final = "Nothing that was answered had to do with it."
# A fault counts before what is unknown, and what is unknown before what held.
_RANKS: Final = (Verdict.FAILED, Verdict.HARNESS_FAULT, Verdict.NOT_TRIED, Verdict.HELD)


@define
class _Gathered:
    words: list[str] = field(factory=list[str])
    exchanges: list[RecordedExchange] = field(factory=list[RecordedExchange])
    count: int = 0


class Findings:
    """What is known of each requirement so far.

    Args:
        requirements: All of them by id, in the order of the report.
    """

    def __init__(self, requirements: Mapping[str, Requirement]) -> None:
        self._requirements = requirements
        self._gathered: dict[str, dict[Verdict, _Gathered]] = {name: {} for name in requirements}

    def add(self, name: str, verdict: Verdict, words: str = "", exchange: RecordedExchange | None = None) -> None:
        """Enter what one exchange says of a requirement, or why there was none."""
        gathered = self._gathered[name].setdefault(verdict, _Gathered())
        gathered.count += 1
        if words and words not in gathered.words:
            gathered.words.append(words)
        if exchange is not None and len(gathered.exchanges) < _MOST_EXCHANGES:
            gathered.exchanges.append(exchange)

    def verdict(self, name: str) -> Verdict | None:
        """What is known of a requirement; None when nothing is."""
        return next((verdict for verdict in _RANKS if verdict in self._gathered[name]), None)

    def ever_held(self, name: str) -> bool:
        """Whether a requirement held at least once."""
        return Verdict.HELD in self._gathered[name]

    def void(self, name: str, words: str) -> None:
        """Take back that a requirement held, because that says nothing here."""
        if self._gathered[name].pop(Verdict.HELD, None) is not None:
            self.add(name, Verdict.NOT_TRIED, words)

    def results(self) -> tuple[Result, ...]:
        """One result for each requirement."""
        return tuple(self._result(name) for name in self._requirements)

    def _result(self, name: str) -> Result:
        requirement = self._requirements[name]
        gathered = self._gathered[name]
        verdict = self.verdict(name)
        if verdict is None:
            return Result(requirement, Verdict.NOT_TRIED, _NEVER)
        words = _words(verdict, gathered)
        shown = [exchange for rank in _RANKS if rank in gathered for exchange in gathered[rank].exchanges]
        if verdict is Verdict.FAILED and requirement.advisory:
            verdict = Verdict.ADVICE
        return Result(requirement, verdict, words, tuple(shown[:_MOST_EXCHANGES]))


def _words(verdict: Verdict, gathered: Mapping[Verdict, _Gathered]) -> str:
    told = gathered[verdict]
    total = sum(each.count for each in gathered.values())
    held = gathered[Verdict.HELD].count if Verdict.HELD in gathered else 0
    if verdict is Verdict.HELD:
        return "Held once." if held == 1 else f"Held {held} times."
    more = len(told.words) - 2
    words = [*told.words[:2], *([f"And {more} more."] if more > 0 else [])]
    if verdict is Verdict.FAILED and total > 1:
        words.insert(0, f"{told.count} of {total} did not hold.")
    elif held:
        words.insert(0, f"Held {held} times of {total}, the others are not known.")
    return " ".join(words)
