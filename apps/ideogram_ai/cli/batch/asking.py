"""Asks before much money is spent."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from ideogram_ai.client.errors import NOTHING_SENT

from ..errors import WrongUseError
from ..messages import on_terminal
from .words import count, usd

if TYPE_CHECKING:
    from .forecast import Forecast
    from .options import Options

UNASKED: Final = 20
"""So many images are made without a question."""


def ask(forecast: Forecast, options: Options) -> None:
    """Ask whether many images should be made, unless that was answered on the command line, or is free.

    Where nobody can be asked, --yes says that it should be, and --max-cost says how much money it may be.

    Raises:
        WrongUseError: It should not be, or nobody is there to say so.
    """
    images = forecast.estimate.total
    if images <= UNASKED or options.yes or forecast.free:
        return
    cost = f"{count(images, 'image')} for about {usd(forecast.estimate.usd)}"
    if options.as_json or sys.stdin is None or not sys.stdin.isatty() or not on_terminal():
        if options.max_cost is None:
            raise WrongUseError(f"{cost}, and nobody can be asked here: give --yes, or --max-cost USD. {NOTHING_SENT}")
        return
    if not click.confirm(f"Make {cost}?", err=True):
        raise WrongUseError(f"Not confirmed. {NOTHING_SENT}")
