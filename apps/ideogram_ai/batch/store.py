"""Where the files of a batch go: a folder of this machine, or any URL that fsspec knows."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from itertools import count
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, BinaryIO, Final, TextIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ideogram_ai.client.files import claim_name, sync_folder

from .model import StoreError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import Self

WORKSPACE: Final = ".parts"
"""Inside the folder, and so on its file system: a finished file is moved and never copied."""
_TRIAL: Final = ".ideogram-batch-trial"
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|[A-Za-z0-9+.-]+::")
"""At least two letters before the colon: one is a drive of Windows."""
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP})
TRIES: Final = 6
"""How often what another process disturbs is tried."""
CANNOT_CREATE: Final = (
    "cannot create a file only once, so two machines could pay for the same row. Use one machine, a folder that they "
    "share, or a service that refuses to replace a file: Amazon S3 (s3://), Google Cloud Storage (gs://) or Azure Blob "
    "Storage (abfs://)."
)


class NotExclusiveError(StoreError):
    """The place cannot create a file in a way that only one caller succeeds."""


class UnusableNameError(StoreError):
    """This machine cannot have a file of that name. Others can still be stored."""


class Store(ABC):
    """Holds files by name; a name is plain, or `folder/name`. Every file is complete or not there at all.

    Its methods block, and can be called from several threads at once. Use it as a context manager, or close it.

    Attributes:
        location: The folder or the URL, for people: without a password.
        workspace: A folder of this machine for unfinished files. Files for `add` and `replace` are best put there: in a
            local store they are moved, not copied.
    """

    def __init__(self, location: str, workspace: Path) -> None:
        self.location = location
        self.workspace = workspace

    def add(self, source: Path, name: str) -> str:
        """Move a finished file into the store. No other file is replaced.

        If the name is taken by a file with the same content, that is the file: an earlier run stored it and was killed
        before it could record that. If it is taken by another, a number is added to the stem.

        Args:
            source: The file; it is gone afterwards.
            name: The name that it should get.

        Returns:
            The name that it got.

        Raises:
            StoreError: It cannot be stored; the source still exists.
        """
        path = PurePosixPath(name)
        candidate = name
        for number in count(2):
            if self._put_new(source, candidate) or self._same(source, candidate):
                break
            candidate = str(path.with_name(f"{path.stem}-{number}{path.suffix}"))
        with self.on_disk(f"{str(source)!r} cannot be removed"):
            source.unlink(missing_ok=True)
        return candidate

    @contextlib.contextmanager
    def write(self, name: str) -> Generator[TextIO, None, None]:
        """Write a text in UTF-8. It replaces the file of that name when the context ends without an error.

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
        """A new path in the workspace; a file that is left there in the end is removed."""
        path = self.workspace / f"{secrets.token_hex(8)}{suffix}"
        try:
            yield path
        finally:
            # If it cannot be removed, another run does it.
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def tidy(self, *, older_than: float = 0) -> None:
        """Remove what killed processes left unfinished.

        Args:
            older_than: Seconds. Where other processes may be at work, give so many that no download of theirs takes.
        """
        with self.on_disk("what an earlier run left unfinished cannot be removed"):
            now = self.workspace.stat().st_mtime  # by the clock of its file system
            for path in self._unfinished():
                if max(0.0, now - path.stat().st_mtime) >= older_than:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _unfinished(self) -> Iterator[Path]:
        return self.workspace.iterdir()

    @property
    def title(self) -> str:
        """The name of the folder."""
        return self.location.rstrip("/").rpartition("/")[2] or self.location

    def replace(self, source: Path, name: str) -> None:
        """Move a finished file into the store, and replace the file of that name.

        Args:
            source: The file; it is gone afterwards.
            name: The name that it gets.

        Raises:
            StoreError: It cannot be stored; the source still exists, and so does the file of that name.
        """
        with self._explained(f"{name!r} cannot be written"):
            self._replace(source, name)

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""
        with self._explained(f"{name!r} cannot be looked for"):
            return self._exists(name)

    @contextlib.contextmanager
    def open(self, name: str) -> Generator[IO[bytes], None, None]:
        """Open a file to read its bytes."""
        with self._explained(f"{name!r} cannot be read"), self._open(name) as file:
            yield file

    def remove(self, name: str) -> None:
        """Remove a file, if it exists."""
        with self._explained(f"{name!r} cannot be removed"), contextlib.suppress(FileNotFoundError):
            self._remove(name)

    def create(self, name: str, data: bytes) -> bool:
        """Create a small file, which is complete and durable when this returns. Of all callers anywhere, one gets True.

        Args:
            name: The name.
            data: The content, which no other caller writes: if a response is lost and a driver repeats the request, the
                second one is refused, and only the content tells whose file it is.

        Returns:
            Whether the name has this content; False when it is taken by another.

        Raises:
            NotExclusiveError: The place cannot create exclusively, see `check_exclusive`. Nothing was created.
            StoreError: The file may be there or not: call again with the same content, or read it.
        """
        with self._explained(f"{name!r} cannot be created"):
            return self._create_new(name, data)

    def read(self, name: str) -> bytes | None:
        """The content of a small file, never from a cache; None when there is no such file."""
        with self._explained(f"{name!r} cannot be read"), contextlib.suppress(FileNotFoundError):
            return self._read(name)
        return None

    def put(self, name: str, data: bytes) -> None:
        """Write a small file, or replace it: readers see the old content or the new."""
        with self._explained(f"{name!r} cannot be written"):
            self._put(name, data)

    def names(self, folder: str) -> Iterator[str]:
        """The names of the files in a folder of the store and below it, in no order; nothing for a missing folder."""
        with self._explained(f"{folder!r} cannot be listed"):
            yield from self._names(folder)

    def modified(self, name: str) -> datetime | None:
        """When a file was last written, by the clock of the place; None for no such file, or when it does not say."""
        with self._explained(f"{name!r} cannot be looked for"), contextlib.suppress(FileNotFoundError):
            return self._modified(name)
        return None

    def check_exclusive(self) -> None:
        """Prove that `create` never replaces a file here: it creates a trial file twice, and removes it.

        Raises:
            StoreError: The place replaces files, or its driver cannot create exclusively.
        """
        name = f"claims/trial-{secrets.token_hex(8)}"
        try:
            first, second = (self.create(name, data) for data in (b"first", b"second"))
            if not first or second or self.read(name) != b"first":
                raise NotExclusiveError(f"{self.location!r} {CANNOT_CREATE}")
        finally:
            with contextlib.suppress(StoreError):  # some credentials allow to write and not to remove
                self.remove(name)

    @abstractmethod
    def close(self) -> None:
        """Release what is held on this machine; stored files stay."""

    @abstractmethod
    def _replace(self, source: Path, name: str) -> None: ...
    @abstractmethod
    def _exists(self, name: str) -> bool: ...
    @abstractmethod
    def _open(self, name: str) -> IO[bytes]: ...
    @abstractmethod
    def _remove(self, name: str) -> None: ...
    @abstractmethod
    def _put_new(self, source: Path, name: str) -> bool:
        """Store the source under a name; False when the name is taken."""

    @abstractmethod
    def _size(self, name: str) -> int:
        """Bytes of an existing file."""

    @abstractmethod
    def _create_new(self, name: str, data: bytes) -> bool: ...
    @abstractmethod
    def _read(self, name: str) -> bytes: ...
    @abstractmethod
    def _put(self, name: str, data: bytes) -> None: ...
    @abstractmethod
    def _names(self, folder: str) -> Iterator[str]: ...
    @abstractmethod
    def _modified(self, name: str) -> datetime | None: ...

    @abstractmethod
    def _explained(self, what: str) -> contextlib.AbstractContextManager[None]:
        """Turn errors of the place into a StoreError that begins with these words."""

    @contextlib.contextmanager
    def on_disk(self, what: str) -> Generator[None, None, None]:
        """Turn errors of this machine's files into a StoreError that begins with these words."""
        try:
            yield
        except UnicodeEncodeError as error:
            if error.encoding == "utf-8":  # of a text, not of a name
                raise
            raise UnusableNameError(
                f"{self.location!r}: {what}: this locale allows file names in {error.encoding} only. "
                "Choose a locale of UTF-8, for example with LC_ALL=C.UTF-8, and run the same again."
            ) from error
        except OSError as error:
            raise StoreError(
                f"{self.location!r}: {what}: {error.strerror or error}. Nothing that was stored is lost; fix it, and "
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

    def __exit__(self, *_: object) -> None:
        self.close()


def open_store(location: str | os.PathLike[str], *, workspace: Path | None = None) -> Store:
    """Open a folder or URL, and write a trial file, so that a failure is known before anything is paid for.

    Args:
        location: A folder, which is created if necessary, or a URL of fsspec (`s3://bucket/folder`). Credentials and
            options come from where the driver looks for them, for example its environment variables.
        workspace: For a URL, the folder of this machine for unfinished files; without it a temporary one. A folder has
            its own, inside.

    Raises:
        StoreError: No file can be written there, or the driver of the URL is not installed.
    """
    folder = local_folder(location)
    if folder is not None:
        return LocalStore(folder)
    from .remote_store import RemoteStore  # noqa: PLC0415 - not needed for a folder

    return RemoteStore(str(location), workspace)


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
    parts = urlsplit(location)
    if parts.netloc not in {"", "localhost"}:
        raise StoreError(f"{location!r} names the machine {parts.netloc!r}. Write three slashes: 'file:///folder'.")
    return Path(url2pathname(parts.path))


def digest(file: BinaryIO | IO[bytes]) -> str:
    """The SHA-256 of a file's content, in lower-case hexadecimal."""
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # BinaryIO lacks readinto


class LocalStore(Store):
    """Files in a folder of this machine: written beside, flushed to the disk, and moved into place."""

    def __init__(self, folder: Path) -> None:
        # Each process has its own below one folder, which the last one of them removes.
        super().__init__(str(folder), folder / WORKSPACE / secrets.token_hex(8))
        self.folder = folder
        with self._explained("it cannot be written to"):
            if folder.is_file():
                raise StoreError(f"{self.location!r} is a file. Choose a folder.")
            for more in range(TRIES, 0, -1):
                try:
                    self.workspace.mkdir(parents=True)
                    break
                except FileNotFoundError:  # another process just removed the folder around it
                    if more == 1:
                        raise
            # A small file, because permissions say little, and nothing about a disk that is full or read-only.
            trial = self.workspace / f"{secrets.token_hex(8)}.trial"
            try:
                trial.write_bytes(b"\0")
                # Always the same name: what a killed process left is replaced, and removed.
                trial.replace(folder / _TRIAL)
            finally:
                trial.unlink(missing_ok=True)
                (folder / _TRIAL).unlink(missing_ok=True)

    @property
    def title(self) -> str:
        """The name of the folder."""
        return self.folder.resolve().name or self.location

    def _replace(self, source: Path, name: str) -> None:
        target = self._target(name)
        _flush(source)
        source.replace(target)
        sync_folder(target.parent)

    def _exists(self, name: str) -> bool:
        return (self.folder / name).exists()

    def _open(self, name: str) -> IO[bytes]:
        return (self.folder / name).open("rb")

    def _remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def close(self) -> None:
        """Remove the workspace if it is empty."""
        with contextlib.suppress(OSError):
            self.workspace.rmdir()
            self.workspace.parent.rmdir()

    def _unfinished(self) -> Iterator[Path]:
        yield from self.workspace.iterdir()
        yield from (path for path in self.workspace.parent.iterdir() if path != self.workspace)

    def _put_new(self, source: Path, name: str) -> bool:
        with self._explained(f"{name!r} cannot be written"):
            target = self._target(name)
            _flush(source)
            try:
                claim_name(source, target)
            except FileExistsError:
                return False
            sync_folder(target.parent)
        return True

    def _size(self, name: str) -> int:
        return (self.folder / name).stat().st_size

    def _create_new(self, name: str, data: bytes) -> bool:
        target = self._target(name)
        with self.part() as part:
            part.write_bytes(data)
            _flush(part)
            try:
                os.link(part, target)
            except FileExistsError:
                return target.read_bytes() == data
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                # Not by O_EXCL, which holds on one machine only where a bucket is mounted as a folder.
                raise NotExclusiveError(f"{self.location!r} has no hard links. It {CANNOT_CREATE}") from error
        sync_folder(target.parent)
        return True

    def _read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def _put(self, name: str, data: bytes) -> None:
        with self.part() as part:
            part.write_bytes(data)
            self._replace(part, name)

    def _names(self, folder: str) -> Iterator[str]:
        folders = [folder.strip("/")]
        while folders:
            within = folders.pop()
            # Another process may remove a folder that was seen a moment ago.
            with contextlib.suppress(FileNotFoundError), os.scandir(self.folder / within) as entries:
                for entry in entries:
                    name = f"{within}/{entry.name}" if within else entry.name
                    if not entry.is_dir(follow_symlinks=False):
                        yield name
                    elif name != WORKSPACE:
                        folders.append(name)

    def _modified(self, name: str) -> datetime:
        return datetime.fromtimestamp((self.folder / name).stat().st_mtime, UTC)

    def _target(self, name: str) -> Path:
        target = self.folder / name
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            for above in PurePosixPath(name).parents:
                sync_folder(self.folder / above)
        return target

    def _explained(self, what: str) -> contextlib.AbstractContextManager[None]:
        return self.on_disk(what)


def _flush(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())
