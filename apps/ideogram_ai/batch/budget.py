"""Keeps a run from passing a sum: what is in flight counts as if it were billed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import anyio
from attrs import define, field

if TYPE_CHECKING:
    from .outcome import Outcome
    from .request import BatchRequest


@define
class Budget:
    """What may be spent, what is, and what may turn out to be.

    Attributes:
        most: US dollars that are not passed.
        spent: US dollars that were billed, or may have been: what nobody knows counts.
    """

    most: Decimal
    spent: Decimal
    _reserved: dict[str, Decimal] = field(factory=dict[str, Decimal], init=False)
    _total: Decimal = field(default=Decimal(0), init=False)
    _changed: anyio.Event = field(factory=anyio.Event, init=False)

    async def reserve(self, request: BatchRequest, price: Decimal) -> bool:
        """Set a request's price aside; False when it might pass the sum whatever comes of those in flight."""
        while self.spent + self._total + price > self.most:
            if not self._reserved:
                return False
            # Some of those in flight may be refused, and cost nothing.
            self._changed = anyio.Event()
            await self._changed.wait()
        self._reserved[request.key] = price
        self._total += price
        return True

    def settle(self, outcome: Outcome) -> None:
        """Count what a request cost, or may have cost, in place of what was set aside for it."""
        reserved = self._reserved.pop(outcome.request.key, None)
        if reserved is not None:
            self._total -= reserved
            self.spent += outcome.cost or 0
            self._changed.set()
