"""The Ray cluster that `ideogram batch --engine ray` sends from."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .exit_codes import WrongUseError

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def connect(address: str | None) -> Generator[None]:
    """Connect to a Ray cluster for as long as the context lasts.

    Args:
        address: The cluster; None is that of RAY_ADDRESS or of this machine, or a new one for this run.

    Raises:
        WrongUseError: Ray is not installed, or there is no such cluster.
    """
    try:
        ray: Any = import_module("ray")
        data: Any = import_module("ray.data")
    except ModuleNotFoundError as error:
        raise WrongUseError(f"--engine ray needs {error.name}: run pip install 'ideogram-ai[ray]'.") from None
    try:
        # The command shows the progress itself.
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=None)
    except (ConnectionError, ValueError, RuntimeError) as error:
        place = "RAY_ADDRESS" if address is None else f"--address {address!r}"
        raise WrongUseError(f"{place}: there is no Ray cluster to connect to: {error}") from None
    data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield
    finally:
        ray.shutdown()
