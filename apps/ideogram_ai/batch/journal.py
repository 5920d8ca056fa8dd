"""What is told of every request, in time to be written down; and what is named because nobody can write it down."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .outcome import Outcome
    from .request import BatchRequest

logger = logging.getLogger("ideogram_ai.batch")


class Journal(Protocol):
    """Hears of each request before it leaves, and of what came of it. Called in the event loop, it must not block.

    Every method but `written` only takes note, so that a cancelled task can use it too.
    """

    def sent(self, attempt: Outcome) -> None:
        """A request is about to leave. It does when `written` returns, and not when that raises."""
        ...

    def unsent(self, request: BatchRequest) -> None:
        """A request did surely not run. It may be sent again, or is left for another run."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """A request came to an outcome. ANSWERED is followed by another outcome when the images are saved."""
        ...

    async def written(self) -> None:
        """Return when all that was told so far is safe."""
        ...


def name_outcomes(message: str, outcomes: Iterable[Outcome], error: BaseException | None) -> None:
    """Name what may have cost money, with the links of its images, in the log and in a note on an exception."""
    outcomes = sorted(
        (outcome for outcome in outcomes if outcome.may_have_been_billed), key=lambda outcome: outcome.request.key
    )
    if not outcomes:
        return
    made = [outcome for outcome in outcomes if outcome.images]
    doubtful = [repr(outcome.request.key) for outcome in outcomes if not outcome.images]
    if made:
        named = "\n".join(f"{outcome.request.key!r} {' '.join(_places(outcome))}" for outcome in made)
        message += f" These are made and paid for:\n{named}\n"
    if doubtful:
        message += f" These requests may have been billed: {', '.join(doubtful)}."
    logger.warning("%s", message)
    if error is not None:
        error.add_note(message)


def _places(outcome: Outcome) -> Sequence[str]:
    """Where the images of an answer are: their files, else their links."""
    return [image.file or image.url or "withheld" for image in outcome.images]
