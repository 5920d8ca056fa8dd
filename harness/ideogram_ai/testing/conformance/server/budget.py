"""How many images a run may cost, whatever the server does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import define

from ideogram_ai.client.request import is_array, is_object

if TYPE_CHECKING:
    from .case import Case
    from .sender import Reply


@define
class Budget:
    """Lets a request be sent only if it could be paid for.

    A request with the key could be billed, also one that has to be refused: the server may be wrong. So before it is
    sent there has to be one image left for it, and afterwards the image is given back if the contract says that such
    an answer is not billed. A request without the key costs nobody anything, and is always let pass.

    Attributes:
        limit: Images that may be billed; None where nothing is billed, on loopback.
        billed: By status, whether the contract says that it is billed.
        spent: Images that were billed, or may have been.
    """

    limit: int | None
    billed: Mapping[int, bool | None]
    spent: int = 0

    @property
    def metered(self) -> bool:
        """Whether requests may cost something."""
        return self.limit is not None

    def refuses(self, case: Case, besides: int = 0) -> str | None:
        """Why a case is not sent; None when it may be.

        Args:
            case: The case.
            besides: How many images have to be left when it was billed.
        """
        if self.limit is None or not case.key.sends_key:
            return None
        if self.spent + besides < self.limit:
            return None
        images = f"{self.limit} image{'s'[: self.limit != 1]}"
        return f"It could be billed, and the {images} of --max-images may be used up."

    def settle(self, case: Case, reply: Reply) -> None:
        """Count what an answer may have cost."""
        if not case.key.sends_key or self.billed.get(reply.status or 0) is False or not reply.was_sent:
            return
        self.spent += max(1, _images(reply.body)) if reply.status == 200 else 1


def _images(body: bytes) -> int:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return 1
    images = answer.get("data") if is_object(answer) else None
    return len(images) if is_array(images) else 1
