"""What an image costs, as far as it was seen: the one place for it, since prices stand in no contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen


@frozen
class PriceList:
    """Prices of one image.

    Attributes:
        usd: US dollars by rendering speed.
        seen: When they were seen, for people.
        source: Where.
    """

    usd: Mapping[str, float]
    seen: str
    source: str

    @property
    def cheapest(self) -> str:
        """The rendering speed that costs least."""
        return min(self.usd, key=lambda speed: self.usd[speed])

    @property
    def dearest(self) -> str:
        """The rendering speed that costs most."""
        return max(self.usd, key=lambda speed: self.usd[speed])


PRICES: Final = PriceList(
    usd={"TURBO": 0.03, "DEFAULT": 0.06, "QUALITY": 0.10},
    seen="August to October 2026",
    source="the provider's pricing page",
)


def describe_cost(images: int, prices: PriceList = PRICES) -> str:
    """What some images may cost, in words.

    Args:
        images: How many at most, 1 or more.
        prices: The prices.
    """
    low, high = prices.usd[prices.cheapest], prices.usd[prices.dearest]
    plural = "" if images == 1 else "s"
    return (
        f"{images} image{plural} may be billed, not more: {images * low:.2f} USD at {prices.cheapest}, which is asked "
        f"for wherever the speed is not what is tried, and {images * high:.2f} USD at most, if all were "
        f"{prices.dearest}. These prices were seen from {prices.seen} ({prices.source}) and may have changed."
    )
