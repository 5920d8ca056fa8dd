"""Gathers what the exchanges say of each requirement, and makes of it one result each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from ..results import RecordedExchange, Result, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..requirement import Requirement

_MOST_EXCHANGES: Final = 4
_NEVER: Final = "Nothing that was seen had to do with it."
# A fault counts before what is unknown, what is worth a look before what is unknown, and that before what held.
_RANKS: Final = (Verdict.FAILED, Verdict.HARNESS_FAULT, Verdict.ADVICE, Verdict.NOT_TRIED, Verdict.HELD)


@frozen
class _Finding:
    words: str
    exchange: RecordedExchange | None
    cause: str


class Findings:
    """What is known of each requirement so far.

    Args:
        requirements: All of them by id, in the order of the report.
    """

    def __init__(self, requirements: Mapping[str, Requirement]) -> None:
        self._requirements = requirements
        self._gathered: dict[str, dict[Verdict, list[_Finding]]] = {name: {} for name in requirements}

    def add(
        self, name: str, verdict: Verdict, words: str = "", exchange: RecordedExchange | None = None, cause: str = ""
    ) -> None:
        """Enter what one exchange says of a requirement, or why there was none.

        Args:
            name: Its id.
            verdict: What the exchange says.
            words: Why.
            exchange: The exchange.
            cause: What the failure comes from, in the same words for every requirement that fails for it.
        """
        self._gathered[name].setdefault(verdict, []).append(_Finding(words, exchange, cause))

    def verdict(self, name: str) -> Verdict | None:
        """What is known of a requirement; None when nothing is."""
        return next((verdict for verdict in _RANKS if verdict in self._gathered[name]), None)

    def ever_held(self, name: str) -> bool:
        """Whether a requirement held at least once."""
        return Verdict.HELD in self._gathered[name]

    def void(self, name: str, words: str) -> None:
        """Take back that a requirement held, because that says nothing here."""
        held = self._gathered[name].pop(Verdict.HELD, None)
        if held is not None:
            self.add(name, Verdict.NOT_TRIED, words, held[0].exchange)

    def results(self) -> tuple[Result, ...]:
        """One result for each requirement."""
        return tuple(self._result(name) for name in self._requirements)

    def _result(self, name: str) -> Result:
        requirement = self._requirements[name]
        verdict = self.verdict(name)
        if verdict is None:
            return Result(requirement, Verdict.NOT_TRIED, _NEVER)
        gathered = self._gathered[name]
        words = _words(verdict, gathered)
        shown = [finding.exchange for rank in _RANKS for finding in gathered.get(rank, ()) if finding.exchange]
        causes = {finding.cause for finding in gathered[verdict]}
        if verdict is Verdict.FAILED and requirement.advisory:
            verdict = Verdict.ADVICE
        # One that fails for several causes is a thing of its own.
        cause = causes.pop() if len(causes) == 1 else ""
        return Result(requirement, verdict, words, tuple(shown[:_MOST_EXCHANGES]), cause)


def _words(verdict: Verdict, gathered: Mapping[Verdict, Sequence[_Finding]]) -> str:
    told = gathered[verdict]
    total = sum(map(len, gathered.values()))
    held = len(gathered.get(Verdict.HELD, ()))
    if verdict is Verdict.HELD:
        return "Held once." if held == 1 else f"Held {held} times."
    distinct = list(dict.fromkeys(finding.words for finding in told if finding.words))
    more = len(distinct) - 2
    words = [*distinct[:2], *([f"And {more} more."] if more > 0 else [])]
    if verdict is Verdict.FAILED and total > 1:
        words.insert(0, f"{len(told)} of {total} did not hold.")
    elif verdict in {Verdict.NOT_TRIED, Verdict.HARNESS_FAULT} and held:
        words.insert(0, f"Held {held} times of {total}, the others are not known.")
    return " ".join(words)
