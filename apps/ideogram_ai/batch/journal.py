"""What is told of every request, in time to be written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .outcome import Outcome
    from .request import BatchRequest


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
