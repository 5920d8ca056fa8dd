"""What the options come to, with the contract's and the package's own values where they do not say."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from attrs import frozen

from ideogram_ai.batch.prices import Prices, read_prices
from ideogram_ai.batch.runner import DOWNLOADS, IN_FLIGHT
from ideogram_ai.client.config import is_loopback, resolve_base_url

from ..generate.contract_fields import OPERATION

if TYPE_CHECKING:
    from .options import Options


@frozen
class Settings:
    """How a batch is run.

    Attributes:
        in_flight: Requests at a time.
        downloads: Downloads at a time.
        max_cost: US dollars that the batch may cost; None for any sum.
        prices: What an image costs.
        free: Whether nobody is billed: the images come from this machine.
        base_url: The server; empty for a mock server that lives as long as the run.
    """

    in_flight: int
    downloads: int
    max_cost: Decimal | None
    prices: Prices
    free: bool
    base_url: str = ""

    @classmethod
    def of(cls, options: Options) -> Self:
        """Read the options.

        Raises:
            WrongUseError: An option cannot be used.
            ideogram_ai.batch.BatchError: The file of prices cannot be used.
            ideogram_ai.client.ConfigurationError: The base URL cannot be used.
        """
        base_url = "" if options.mock else resolve_base_url(options.base_url, allow_http=options.allow_http)
        return cls(
            in_flight=options.in_flight or OPERATION.in_flight_limit or IN_FLIGHT,
            downloads=options.downloads or DOWNLOADS,
            max_cost=options.limit(),
            prices=read_prices(options.prices),
            free=options.mock or is_loopback(urlsplit(base_url).hostname or ""),
            base_url=base_url,
        )
