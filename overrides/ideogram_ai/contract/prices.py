"""What the operations of the contract cost (x-prices), or what a price list of the user says in its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Final, overload

from attrs import frozen

from ideogram_ai.client.costs import applicable_price, price_of
from ideogram_ai.client.request import is_object
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4, Operation

from .view import read_view

SPEED: Final = "rendering_speed"
"""The field that sets the price."""

_BY_SPEED: Final = "usd_per_image"


class PricesError(ValueError):
    """A price list cannot be used. The message names the member and the cure."""


@frozen
class Prices:
    """Prices of an image by rendering speed; operations that are priced otherwise keep the contract's prices.

    Attributes:
        usd: US dollars by rendering speed.
        as_of: The day on which they were valid.
        seen: The same as text, or that it is not known.
        source: Where.
    """

    usd: Mapping[str, Decimal]
    as_of: date
    seen: str
    source: str

    @property
    def cheapest(self) -> str:
        """The cheapest rendering speed."""
        return min(self.usd, key=lambda speed: self.usd[speed])

    @property
    def dearest(self) -> str:
        """The most expensive rendering speed."""
        return max(self.usd, key=lambda speed: self.usd[speed])

    @overload
    def of(self, fields: Mapping[str, Any]) -> Decimal: ...
    @overload
    def of(self, fields: Mapping[str, Any], operation: Operation) -> Decimal | None: ...
    def of(self, fields: Mapping[str, Any], operation: Operation = POST_GENERATE_IMAGE_V4) -> Decimal | None:
        """Return the price of an image, or of a request that makes none, in US dollars.

        Args:
            fields: The request by wire name. Without a speed the contract's default counts, and a speed without a
                price counts as the most expensive, so that no estimate is too low.
            operation: The operation, generate by default.

        Returns:
            None if nobody knows the operation's price.
        """
        if applicable_price(operation, fields) != POST_GENERATE_IMAGE_V4.price:
            return price_of(operation, fields)
        price = self.usd.get(self.speed_of(fields))
        return self.usd[self.dearest] if price is None else price

    @staticmethod
    def speed_of(fields: Mapping[str, Any]) -> str:
        """Return the rendering speed of a request, or the contract's default."""
        return str(fields.get(SPEED) or _default_speed())

    def replaced_by(self, text: str, source: str) -> Prices:
        """Return these prices updated with those of a file.

        Args:
            text: A JSON object with `usd_per_image`, US dollars by rendering speed, and optionally `as_of`, `seen` and
                `source`. Other speeds keep their prices.
            source: The source, if the file has none.

        Raises:
            PricesError: The file cannot be used.
        """
        document = _parse(text)
        day = document.get("as_of")
        try:
            as_of = self.as_of if day is None else date.fromisoformat(str(day))
        except ValueError:
            raise PricesError(f"as_of is {day!r}: write a day as in 2026-10-01") from None
        return Prices(
            usd={**self.usd, **_read_usd(document)},
            as_of=as_of,
            seen=str(document.get("seen") or (as_of.isoformat() if day else "an unknown day")),
            source=str(document.get("source") or source),
        )


@cache
def shipped_prices() -> Prices:
    """Return the prices of the contract.

    Raises:
        PricesError: The contract has no price for generate by rendering speed.
    """
    price = POST_GENERATE_IMAGE_V4.price
    if price is None or price.by != SPEED:
        raise PricesError(f"the contract has no prices of {POST_GENERATE_IMAGE_V4.operation_id} by {SPEED}")
    usd = {speed: Decimal(text) for speed, text in price.usd.items()}
    return Prices(usd=usd, as_of=date.fromisoformat(price.as_of), seen=price.as_of, source=price.source)


@cache
def _default_speed() -> str:
    return str(read_view().fields[SPEED].default)


def _parse(text: str) -> dict[str, Any]:
    try:
        # Money is decimal.
        document = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise PricesError(f"it is not JSON: {error}") from None
    if not is_object(document) or not is_object(document.get(_BY_SPEED)):
        raise PricesError(f'it has to be an object with {_BY_SPEED}: {{"{_BY_SPEED}": {{"TURBO": 0.03}}}}')
    return document


def _read_usd(document: dict[str, Any]) -> dict[str, Decimal]:
    known = read_view().fields[SPEED].choices
    prices: dict[str, Decimal] = {}
    for speed, value in document[_BY_SPEED].items():
        if speed not in known:
            raise PricesError(f"{_BY_SPEED} has {speed!r}, which is not a rendering speed: {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value < 1000:
            raise PricesError(f"{_BY_SPEED}.{speed} is {value}: write US dollars, as in 0.06")
        prices[speed] = Decimal(value)
    return prices
