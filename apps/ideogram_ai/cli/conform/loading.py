"""Loads the conformance kit, which needs an extra."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ..errors import WrongUseError

if TYPE_CHECKING:
    from types import ModuleType


def load_kit(module: str) -> ModuleType:
    """A module of the conformance kit.

    Args:
        module: Its name below `ideogram_ai.testing.conformance`.

    Raises:
        WrongUseError: What it needs is not installed; the message has the command that installs it.
    """
    try:
        return import_module(f"ideogram_ai.testing.conformance.{module}")
    except ModuleNotFoundError as error:
        raise WrongUseError(
            f"ideogram conform needs {error.name}, which the extra conformance brings: "
            "pip install 'ideogram-ai[conformance]'"
        ) from None
