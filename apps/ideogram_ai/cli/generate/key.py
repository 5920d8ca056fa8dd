"""The API key of a run: out of a file, the environment, or a hidden prompt; never out of the command line."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from ideogram_ai.client.config import KEY_VARIABLE, resolve_api_key

from ..errors import WrongUseError
from ..messages import on_terminal

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 4096
"""Bytes of a file that are read: a key has some hundred, and the option may name a wrong file."""


def find_key(file: Path | None) -> str | None:
    """The key to use, or None when the client will find it in the environment.

    Args:
        file: The file that --api-key-file names.

    Raises:
        WrongUseError: The file cannot be read, or there is no key and nobody to ask.
        click.Abort: The prompt was broken off.
    """
    if file is not None:
        return _read_key(file)
    if KEY_VARIABLE in os.environ:
        return None
    if sys.stdin is not None and sys.stdin.isatty() and on_terminal():
        key: str = click.prompt(f"API key (hidden; {KEY_VARIABLE} is not set)", hide_input=True, err=True)
        return _checked(key.strip(), "The prompt")
    raise WrongUseError(
        f"No API key: set {KEY_VARIABLE}, or give --api-key-file FILE. To rehearse without one, give --mock."
    )


def _read_key(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(_LONGEST + 1)
    except OSError as error:
        raise WrongUseError(f"--api-key-file: {str(file)!r} cannot be read: {error.strerror}.") from None
    if len(data) > _LONGEST:
        raise WrongUseError(f"--api-key-file: {str(file)!r} is too large to hold a key alone.")
    return _checked(data.decode("utf-8-sig", "replace").strip(), f"--api-key-file {str(file)!r}")


def _checked(key: str, source: str) -> str:
    """The key, unless the client would refuse it: then its reason, with the source that people know."""
    complaint = resolve_api_key(key)
    if isinstance(complaint, str):
        raise WrongUseError(f"{source}: {complaint.removeprefix('api_key: ')}")
    return key
