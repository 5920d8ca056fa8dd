"""Where the files of a batch go: a folder of this machine, or any URL that fsspec knows."""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
from abc import ABC, abstractmethod
from itertools import count
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, BinaryIO, TextIO

from .errors import BatchError

if TYPE_CHECKING:
    import os
    from collections.abc import Generator, Iterator
    from types import TracebackType
    from typing import Self

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|[A-Za-z0-9+.-]+::")
"""Two letters at least before the colon: one is a drive of Windows."""


class StoreError(BatchError):
    """A file cannot be written to the store, or read from it. It says nothing of the images: those made stay paid for.

    What was to be stored is left where it was, so that the same can be tried again.
    """


class Store(ABC):
    """Holds files by name; a name is plain, or `folder/name`. Every file is there whole or not at all.

    Its methods block, and may be called from several threads at once.

    Attributes:
        location: The folder or the URL, for people: without a password.
        workspace: A folder of this machine for files that are not finished. What `add` and `replace` are given lies
            best in it: in a local store they are moved, not copied.
    """

    def __init__(self, location: str, workspace: Path) -> None:
        self.location = location
        self.workspace = workspace

    def add(self, source: Path, name: str) -> str:
        """Move a finished file into the store. No other file is replaced, whoever wrote it.

        Where the name is taken by a file with the same content, that is the file: an earlier run wrote it and was
        killed before it could say so. Where it is taken by another, a number is put behind the stem.

        Args:
            source: The file; it is gone afterwards.
            name: The name that it is to have.

        Returns:
            The name that it has.

        Raises:
            StoreError: It cannot be stored; the source is still there.
        """
        for candidate in _candidates(name):
            if self._put_new(source, candidate) or self._same(source, candidate):
                with self.on_disk(f"{str(source)!r} cannot be removed"):
                    source.unlink(missing_ok=True)
                return candidate
        raise AssertionError("count() never ends")

    @contextlib.contextmanager
    def write(self, name: str) -> Generator[TextIO, None, None]:
        """Write a text in UTF-8, in place of what has that name. It is put there when the context ends without error.

        Args:
            name: The name.

        Yields:
            The file to write to.
        """
        with self.on_disk(f"{name!r} cannot be written"), self.part(PurePosixPath(name).suffix) as part:
            with part.open("x", encoding="utf-8", newline="\n") as file:
                yield file
            self.replace(part, name)

    @contextlib.contextmanager
    def part(self, suffix: str = "") -> Generator[Path, None, None]:
        """A path in the workspace that no one else has; whatever is left there in the end is removed."""
        path = self.workspace / f"{secrets.token_hex(8)}{suffix}"
        try:
            yield path
        finally:
            # Where it cannot be removed, another run tidies up; it says nothing of what was done with it.
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what a killed process left unfinished. Only for the one process that holds the batch."""
        with self.on_disk("what an earlier run left unfinished cannot be removed"):
            for path in self.workspace.iterdir():
                path.unlink()

    @property
    def title(self) -> str:
        """What the folder is called."""
        return self.location.rstrip("/").rpartition("/")[2] or self.location

    @abstractmethod
    def replace(self, source: Path, name: str) -> None:
        """Move a finished file into the store, in place of what has that name.

        Args:
            source: The file; it is gone afterwards.
            name: The name that it gets.

        Raises:
            StoreError: It cannot be stored; the source is still there, and so is what had the name.
        """

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""

    @abstractmethod
    def open(self, name: str) -> BinaryIO | IO[bytes]:
        """Open a file to read its bytes."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held on this machine; what is stored stays."""

    @abstractmethod
    def _put_new(self, source: Path, name: str) -> bool:
        """Store the source under a name unless that is taken; False when it is."""

    @abstractmethod
    def _size(self, name: str) -> int:
        """Bytes of a file that is there."""

    @abstractmethod
    def _explained(self, what: str) -> contextlib.AbstractContextManager[None]:
        """Turn errors of where the files go into a StoreError that begins with these words."""

    @contextlib.contextmanager
    def on_disk(self, what: str) -> Generator[None, None, None]:
        """Turn errors of this machine's files into a StoreError that begins with these words."""
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"{self.location!r}: {what}: {error.strerror or error}. Nothing that was stored is lost; mend it, and "
                "run the same again."
            ) from error

    def _same(self, source: Path, name: str) -> bool:
        with self._explained(f"{name!r} cannot be read"):
            if self._size(name) != source.stat().st_size:
                return False
            with source.open("rb") as ours, self.open(name) as theirs:
                return digest(ours) == digest(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def open_store(location: str | os.PathLike[str], *, workspace: Path | None = None) -> Store:
    """Open a folder or URL, and try it out: that a file can be written there is known before anything is paid for.

    Args:
        location: A folder, which is made when it is not there, or a URL of fsspec (`s3://bucket/folder`). Credentials
            and options come from where the driver looks for them, its environment variables say.
        workspace: For a URL, the folder of this machine for files that are not finished; a temporary one without it.
            A folder has its own, inside.

    Raises:
        StoreError: No file can be written there, or the driver of the URL is not installed.
    """
    folder = local_folder(location)
    if folder is None:
        from .store_remote import RemoteStore  # noqa: PLC0415 - a folder needs no fsspec

        return RemoteStore(str(location), workspace)
    from .store_local import LocalStore  # noqa: PLC0415

    return LocalStore(folder)


def local_folder(location: str | os.PathLike[str]) -> Path | None:
    """The folder of this machine that a location names; None for a URL that fsspec knows.

    Raises:
        StoreError: It has no name, or names another machine.
    """
    text = str(location)
    if not text.strip():
        raise StoreError("The folder has no name. Give a folder, or a URL as in 's3://bucket/folder'.")
    if not isinstance(location, str) or not _URL.match(location):
        return Path(location)
    if not location.lower().startswith(("file://", "local://")):
        return None
    from .store_local import path_of_url  # noqa: PLC0415

    return path_of_url(location)


def digest(file: BinaryIO | IO[bytes]) -> str:
    """The SHA-256 of what a file holds, in lower-case hexadecimal."""
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # BinaryIO lacks readinto


def _candidates(name: str) -> Iterator[str]:
    yield name
    path = PurePosixPath(name)
    for number in count(2):
        yield str(path.with_name(f"{path.stem}-{number}{path.suffix}"))
