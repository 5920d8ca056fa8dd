"""What a request costs by the price list of the contract, before and after it is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ideogram_ai.generated.operations import Operation, Price


def price_of(operation: Operation, fields: Mapping[str, Any]) -> Decimal | None:
    """Return the price of an image, or of the request where the contract says so, in US dollars.

    Args:
        operation: The operation, from the contract.
        fields: The request by wire name. Where the field that sets the price is absent or None, its default counts.

    Returns:
        None if the contract has no price for the operation or for the field's value.
    """
    return None if operation.price is None else look_up(operation.price, fields)


def look_up(price: Price, fields: Mapping[str, Any]) -> Decimal | None:
    """Return the price of an image or a request with these fields, as in price_of."""
    value = "" if price.by is None else str(fields.get(price.by) or price.default or "")
    usd = price.usd.get(value)
    return None if usd is None else Decimal(usd)
