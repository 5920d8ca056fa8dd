"""The API key of a run: out of a file, the environment, or a hidden prompt; never out of the command line."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from ideogram_ai.client.credentials import KEY_VARIABLE

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
        click.UsageError: The file cannot be read, or there is no key and nobody to ask.
        click.Abort: The prompt was broken off.
    """
    if file is not None:
        return _read_key(file)
    if KEY_VARIABLE in os.environ:
        return None
    if sys.stdin is not None and sys.stdin.isatty() and on_terminal():
        key: str = click.prompt(f"API key (hidden; {KEY_VARIABLE} is not set)", hide_input=True, err=True)
        return key.strip()
    raise click.UsageError(
        f"No API key: set {KEY_VARIABLE}, or give --api-key-file FILE. To rehearse without one, give --mock. Nothing "
        "was sent."
    )


def _read_key(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(_LONGEST + 1)
    except OSError as error:
        raise click.UsageError(f"--api-key-file: {str(file)!r} cannot be read: {error.strerror}.") from None
    if len(data) > _LONGEST:
        raise click.UsageError(f"--api-key-file: {str(file)!r} is too large to hold a key alone.")
    key = data.decode("utf-8-sig", "replace").strip()
    if not key:
        raise click.UsageError(f"--api-key-file: {str(file)!r} is empty.")
    return key
