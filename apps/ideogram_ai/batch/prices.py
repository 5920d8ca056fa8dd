"""What images cost: the prices of the package or of a file, and what a batch will cost and how long it will take."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import define, field

from ideogram_ai.contract.prices import SPEED, Prices, PricesError, shipped_prices

from .model import BatchError
from .operations import price_of

if TYPE_CHECKING:
    import os

    from .model import BatchRequest

__all__ = ["SPEED", "Estimate", "Prices", "read_prices", "shipped_prices"]

FASTEST_SECONDS: Final = 5.0
SLOWEST_SECONDS: Final = 25.0
"""Seconds that an image takes at least and at most, as third parties saw it in 2026. The provider states no figure."""
SOURCE_OF_SECONDS: Final = "seen by third parties in 2026; the provider states no figure"


def read_prices(path: str | os.PathLike[str] | None = None) -> Prices:
    """Read prices.

    Args:
        path: A JSON file with `usd_per_image` by rendering speed, and optionally `as_of` and `source`; other speeds
            keep the price of the package. None for the prices of the package.

    Raises:
        BatchError: The file cannot be read, or has no usable price.
    """
    shipped = shipped_prices()
    if path is None:
        return shipped
    file = Path(path)
    try:
        return shipped.replaced_by(file.read_text("utf-8-sig"), file.name)
    except OSError as error:
        raise BatchError(f"{str(file)!r} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise BatchError(f"{str(file)!r} is not UTF-8 at byte {error.start}.") from None
    except PricesError as error:
        raise BatchError(f"{str(file)!r}: {error}.") from None


@define
class Estimate:
    """Counts images by price.

    Attributes:
        prices: What an image costs.
        images: The number of images by rendering speed.
        usd: US dollars for all of them.
        unpriced: The number of further images by operation, whose price nobody knows.
    """

    prices: Prices = field(factory=shipped_prices)
    images: Counter[str] = field(factory=Counter[str])
    usd: Decimal = Decimal(0)
    unpriced: Counter[str] = field(factory=Counter[str])

    @property
    def total(self) -> int:
        """The number of images."""
        return self.images.total() + self.unpriced.total()

    def add(self, request: BatchRequest) -> None:
        """Count a request. It is expected to make one image."""
        price = price_of(request, self.prices)
        if price is None:
            self.unpriced[request.operation] += 1
        else:
            self.images[self.prices.speed_of(request.fields)] += 1
            self.usd += price

    def usd_of(self, speed: str) -> Decimal:
        """US dollars for the images of a rendering speed."""
        return self.images[speed] * self.prices.of({SPEED: speed})

    def seconds(self, in_flight: int) -> tuple[float, float]:
        """Seconds that it takes at least and at most, with so many requests at a time."""
        rounds = math.ceil(self.total / in_flight)
        return rounds * FASTEST_SECONDS, rounds * SLOWEST_SECONDS
