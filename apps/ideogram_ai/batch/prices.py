"""What an image costs: the prices that come with the package, or those of a file in their place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ideogram_ai.contract.prices import SPEED, Prices, PricesError, shipped_prices

from .errors import BatchError

if TYPE_CHECKING:
    import os

__all__ = ["SPEED", "Prices", "read_prices", "shipped_prices"]


def read_prices(path: str | os.PathLike[str] | None = None) -> Prices:
    """The prices to count with.

    Args:
        path: A JSON file with `usd_per_image` by rendering speed, and maybe `as_of` and `source`; speeds that it does
            not have keep the price of the package. None takes those alone.

    Raises:
        BatchError: The file cannot be read, or says nothing that could be used.
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
