"""What images cost: the prices of the package or of a file, and what a batch will cost and how long it will take."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from attrs import define, field

from ideogram_ai.client import costs
from ideogram_ai.contract.prices import SPEED, Prices, PricesError, shipped_prices

from .model import BatchError
from .operations import GENERATE, image_operations

if TYPE_CHECKING:
    import os

    from ideogram_ai.generated.operations import Price

    from .model import BatchRequest

__all__ = ["SPEED", "Estimate", "Prices", "read_prices", "shipped_prices"]

FASTEST_SECONDS: Final = 5.0
SLOWEST_SECONDS: Final = 25.0
"""Seconds that an image takes at least and at most, as third parties saw it in 2026. The provider states no figure."""
SOURCE_OF_SECONDS: Final = "seen by third parties in 2026; the provider states no figure"


def read_prices(path: str | os.PathLike[str] | None = None) -> Prices:
    """Read prices.

    Args:
        path: A JSON file with `usd_per_image` by rendering speed, and optionally `as_of` and `source`, for the
            operations that have the price of generate. Other speeds and operations keep the price of the package. None
            for the prices of the package.

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


def images_asked(request: BatchRequest) -> int:
    """How many images a request asks for."""
    return costs.images_asked(image_operations()[request.operation], request.fields)


def price_of(request: BatchRequest) -> Price | None:
    """The entry of the contract's price list that is about a request."""
    return costs.applicable_price(image_operations()[request.operation], request.fields)


def cost_of(request: BatchRequest, prices: Prices | None) -> Decimal | None:
    """US dollars for all that a request asks for; None where nobody knows it."""
    price = price_of(request)
    one = None if prices is None else prices.of(request.fields, image_operations()[request.operation])
    return one * images_asked(request) if one is not None and price is not None and price.per == "image" else one


class PricedAt(NamedTuple):
    """What is counted together: images of an operation at one price, or requests where the price is for a request."""

    operation: str
    speed: str
    """The rendering speed; empty where the price does not depend on one."""
    usd: Decimal


@define
class Estimate:
    """Counts rows, their images and what they cost.

    Attributes:
        total: The number of images.
        counts: The number of images or requests by price.
        images: The number of images by rendering speed, where the price depends on it.
        unpriced: The number of further images by operation, whose price nobody knows.
        sources: Where the prices are from, by the day on which they were valid.
    """

    prices: Prices = field(factory=shipped_prices)
    rows: int = 0
    total: int = 0
    counts: Counter[PricedAt] = field(factory=Counter[PricedAt])
    images: Counter[str] = field(factory=Counter[str])
    usd: Decimal = Decimal(0)
    unpriced: Counter[str] = field(factory=Counter[str])
    sources: dict[str, date] = field(factory=dict[str, date])

    def add(self, request: BatchRequest) -> None:
        """Count a request, and the images that it asks for."""
        images, cost, price = images_asked(request), cost_of(request, self.prices), price_of(request)
        self.rows += 1
        self.total += images
        if cost is None or price is None:
            self.unpriced[request.operation] += images
            return
        speed = str(request.fields.get(SPEED) or price.default) if price.by == SPEED else ""
        units = images if price.per == "image" else 1
        self.counts[PricedAt(request.operation, speed, cost / units)] += units
        if speed:
            self.images[speed] += images
        self.usd += cost
        if price == image_operations()[GENERATE].price:
            self.sources[f"{self.prices.source}, seen {self.prices.seen}"] = self.prices.as_of
        else:
            self.sources[f"{price.source}, seen {price.as_of}"] = date.fromisoformat(price.as_of)

    @property
    def as_of(self) -> date:
        """The day on which all prices were valid, or the first of several days."""
        return min(self.sources.values(), default=self.prices.as_of)

    def seconds(self, in_flight: int) -> tuple[float, float]:
        """Seconds that it takes at least and at most, with so many images at a time."""
        rounds = math.ceil(self.total / in_flight)
        return rounds * FASTEST_SECONDS, rounds * SLOWEST_SECONDS


def price_name(request: BatchRequest) -> str:
    """What people know the price of a request by: its rendering speed, its operation, or both."""
    price = price_of(request) if request.operation in image_operations() else None
    speed = str(request.fields.get(SPEED) or price.default) if price is not None and price.by == SPEED else ""
    return speed if speed and request.operation == GENERATE else f"{request.operation} {speed}".strip()


def replaceable() -> list[str]:
    """The operations whose prices a file of the user replaces: those that have the price of generate."""
    operations = image_operations()
    return [name for name, each in operations.items() if each.price == operations[GENERATE].price]
