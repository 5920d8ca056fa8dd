"""What a batch will cost, and how long it will take."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from .prices import SPEED, Prices, shipped_prices

if TYPE_CHECKING:
    from collections.abc import Mapping

FASTEST_SECONDS: Final = 5.0
SLOWEST_SECONDS: Final = 25.0
"""Seconds that an image takes, from and to, as third parties saw it in 2026. The provider states no figure."""

SOURCE_OF_SECONDS: Final = "seen by third parties in 2026; the provider states no figure"


@define
class Estimate:
    """Counts images by what they cost.

    Attributes:
        prices: What an image costs.
        images: How many, by rendering speed.
        usd: What they cost together.
    """

    prices: Prices = field(factory=shipped_prices)
    images: Counter[str] = field(factory=Counter[str])
    usd: Decimal = Decimal(0)

    @property
    def total(self) -> int:
        """How many images there are."""
        return self.images.total()

    def add(self, fields: Mapping[str, Any]) -> None:
        """Count a request. One image is expected of each.

        Args:
            fields: Its fields.
        """
        self.images[self.prices.speed_of(fields)] += 1
        self.usd += self.prices.of(fields)

    def usd_of(self, speed: str) -> Decimal:
        """What the images of a speed cost together."""
        return self.images[speed] * self.prices.of({SPEED: speed})

    def seconds(self, in_flight: int) -> tuple[float, float]:
        """How long it takes at least and at most, if the service is as fast as it was seen to be.

        Args:
            in_flight: Requests in progress at a time.
        """
        rounds = math.ceil(self.total / in_flight)
        return rounds * FASTEST_SECONDS, rounds * SLOWEST_SECONDS
