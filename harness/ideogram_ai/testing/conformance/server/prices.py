"""What a run on a server may cost, in words."""

from __future__ import annotations

from typing import Final

from ideogram_ai.contract.prices import Prices, shipped_prices

PRICES: Final = shipped_prices()


def describe_cost(images: int, prices: Prices = PRICES) -> str:
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
