"""What a request costs by the price list of the contract, before and after it is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .request import is_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ideogram_ai.generated.operations import Operation, Price


def price_of(operation: Operation, fields: Mapping[str, Any]) -> Decimal | None:
    """Return the price of an image, or of the request if the contract prices requests, in US dollars.

    Args:
        operation: The operation, from the contract.
        fields: The request by wire name. If the field that sets the price is absent or None, its default counts.

    Returns:
        None if the contract has no price for the operation or for the field's value.
    """
    price = applicable_price(operation, fields)
    return None if price is None else look_up(price, fields)


def applicable_price(operation: Operation, fields: Mapping[str, Any]) -> Price | None:
    """Return the entry of the price list for a request: some fields change the price."""
    for other in operation.other_prices:
        value = fields.get(other.field)
        if value not in (None, [], ()) and other.value in (None, value):
            return other.price
    return operation.price


def look_up(price: Price, fields: Mapping[str, Any]) -> Decimal | None:
    """Return the price of an image or a request with these fields, as in price_of."""
    value = "" if price.by is None else str(fields.get(price.by) or price.default or "")
    usd = price.usd.get(value)
    return None if usd is None else Decimal(usd)


def images_asked(operation: Operation, fields: Mapping[str, Any]) -> int:
    """Return how many images a request asks for: one if its field is absent or not a number."""
    found: object = fields
    for name in operation.count_path:
        found = found.get(name) if is_mapping(found) else None
    count = str(found).removesuffix(".0") if operation.count_path else ""
    return max(1, int(count)) if count.isdecimal() else 1


def cost_of(operation: Operation, fields: Mapping[str, Any]) -> Decimal | None:
    """Return what a request would cost in US dollars; None if nobody knows. The arguments are those of price_of."""
    one, price = price_of(operation, fields), applicable_price(operation, fields)
    per_image = price is not None and price.per == "image"
    return one * images_asked(operation, fields) if one is not None and per_image else one
