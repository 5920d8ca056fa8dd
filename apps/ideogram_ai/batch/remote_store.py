"""Files at a URL that fsspec knows: uploaded when they are finished, and created by one conditional request."""

from __future__ import annotations

import contextlib
import errno
import importlib
import inspect
import os
import shutil
import tempfile
import time
import weakref
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, Final, Protocol, cast

from ideogram_ai.client.redaction import shorten_link

from .model import BatchError, StoreError
from .store import CANNOT_CREATE, TRIES, NotExclusiveError, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from datetime import datetime

_TRIAL: Final = ".ideogram-batch-trial"
_NO_PRECONDITIONS: Final = frozenset({errno.ENOSYS, errno.EOPNOTSUPP})
_EXCLUSIVE: Final = frozenset({"s3", "gs", "abfs"})
"""Protocols whose driver has a file created by one conditional request. Others look first and then write: a race."""
_CONFLICTS: Final = frozenset({"ConditionalRequestConflict", "OperationAborted"})
"""How S3 answers when two requests for one name overlap; neither says that the name is taken."""


class _FileSystem(Protocol):
    """What is used of fsspec's file systems, which have no types."""

    def put_file(self, lpath: str, rpath: str, **options: Any) -> None: ...
    def info(self, path: str) -> dict[str, Any]: ...
    def exists(self, path: str) -> bool: ...
    def open(self, path: str, mode: str) -> IO[bytes]: ...
    def cat_file(self, path: str, **options: Any) -> bytes: ...
    def pipe_file(self, path: str, value: bytes, **options: Any) -> None: ...
    def find(self, path: str, **options: str) -> list[str]: ...
    def modified(self, path: str) -> datetime: ...
    def rm_file(self, path: str) -> None: ...
    def invalidate_cache(self) -> None: ...

    @property
    def protocol(self) -> str | tuple[str, ...]: ...


class RemoteStore(Store):
    """Files behind a URL of fsspec, uploaded when they are finished. Object stores have no incomplete files."""

    def __init__(self, url: str, workspace: Path | None) -> None:
        self._remove_workspace: Callable[[], object] | None = None
        if workspace is None:
            workspace = Path(tempfile.mkdtemp(prefix="ideogram-batch-"))
            # Not a TemporaryDirectory: a forked process would remove it when it ends.
            self._remove_workspace = weakref.finalize(self, _remove, workspace, os.getpid())
        super().__init__(shorten_link(url) if "@" in url or "?" in url else url, workspace)
        self._url = url
        try:
            self.workspace.mkdir(parents=True, exist_ok=True)
            self._connect()
            with self.part() as trial, self._explained("no file can be written there"):
                trial.write_bytes(b"\0")
                self._files.put_file(str(trial), self._path(_TRIAL))
            # Some credentials allow to write and not to remove; then one byte stays.
            # Another machine may do the same at the same time.
            with (
                self._explained("the trial file cannot be removed"),
                contextlib.suppress(PermissionError, FileNotFoundError),
            ):
                self._files.rm_file(self._path(_TRIAL))
        except BaseException:
            self.close()
            raise

    @property
    def _files(self) -> _FileSystem:
        """The driver. A forked process connects anew: connections and locks of its parent are not its own."""
        if self._process != os.getpid():
            self._connect()
        return self._driver

    def _connect(self) -> None:
        self._locks = [Lock() for _ in range(64)]
        self._driver, self._root = _connect(self._url, self.location)
        protocols = self._driver.protocol
        exclusive = not _EXCLUSIVE.isdisjoint([protocols] if isinstance(protocols, str) else protocols)
        # With it the service itself refuses to replace a file.
        self._create = {"mode": "create"} if exclusive else {}
        # Without these, S3's asks for the size of a file first, and for a folder that has no files in two more ways.
        self._whole = {"max_concurrency": 1} if _takes(self._driver.cat_file, "max_concurrency") else {}
        self._by_prefix = _takes(self._driver.find, "prefix")
        self._process = os.getpid()

    def _replace(self, source: Path, name: str) -> None:
        self._upload(source, name)
        source.unlink()

    def _exists(self, name: str) -> bool:
        # The driver caches listings, and another machine may write there.
        self._files.invalidate_cache()
        return self._files.exists(self._path(name))

    def _open(self, name: str) -> IO[bytes]:
        return self._files.open(self._path(name), "rb")

    def _remove(self, name: str) -> None:
        self._files.rm_file(self._path(name))

    def close(self) -> None:
        """Remove a temporary workspace."""
        if self._remove_workspace is not None:
            self._remove_workspace()

    def _put_new(self, source: Path, name: str) -> bool:
        if self._process != os.getpid():
            self._connect()
        # Some drivers check first whether a name is taken, and then write.
        with self._locks[hash(name) % len(self._locks)]:
            return self._create_file(source, name)

    def _create_file(self, source: Path, name: str) -> bool:
        if not self._create and self.exists(name):
            return False
        with self._explained(f"{name!r} cannot be written"):
            try:
                self._upload(source, name, **self._create)
            except FileExistsError:
                return False
            except Exception as error:
                if self._create and getattr(error, "errno", None) in _NO_PRECONDITIONS:
                    self._create = {}
                    return self._create_file(source, name)
                # Some drivers have no exception of their own for a name that is taken.
                if isinstance(error, FileNotFoundError | PermissionError) or not self.exists(name):
                    raise
                return False
        return True

    def _upload(self, source: Path, name: str, **options: str) -> None:
        # Drivers take the content type from the local name. Without it a browser downloads a page.
        named = source.with_name(f"{source.name}{PurePosixPath(name).suffix}")
        source.rename(named)
        try:
            self._files.put_file(str(named), self._path(name), **options)
        finally:
            named.rename(source)

    def _size(self, name: str) -> int:
        return int(self._files.info(self._path(name))["size"])

    def _create_new(self, name: str, data: bytes) -> bool:
        if not self._create:
            raise NotExclusiveError(f"{self.location!r} {CANNOT_CREATE}")
        for more in range(TRIES, 0, -1):
            try:
                self._files.pipe_file(self._path(name), data, **self._create)
            except (FileNotFoundError, PermissionError):
                raise
            except Exception as error:  # each driver has exceptions of its own
                if getattr(error, "errno", None) in _NO_PRECONDITIONS:
                    raise NotExclusiveError(f"{self.location!r} {CANNOT_CREATE}") from error
                # It is taken, perhaps by ourselves: the response was lost, and the driver repeated the request.
                found = self.read(name)
                if found is not None:
                    return found == data
                if more == 1 or not (isinstance(error, FileExistsError) or _is_conflict(error)):
                    raise
                time.sleep(0.05 * 2 ** (TRIES - more))
            else:
                return True
        raise AssertionError("the last try returns or raises")

    def _read(self, name: str) -> bytes:
        return self._files.cat_file(self._path(name), **self._whole)

    def _put(self, name: str, data: bytes) -> None:
        self._files.pipe_file(self._path(name), data)

    def _names(self, folder: str) -> Iterator[str]:
        self._files.invalidate_cache()
        root = self._root.strip("/") + "/"
        within = folder.strip("/") + "/" if folder.strip("/") else ""
        where, options = (self._root, {"prefix": within}) if self._by_prefix and within else (self._path(folder), {})
        with contextlib.suppress(FileNotFoundError):
            for path in self._files.find(where.rstrip("/"), **options):
                name = path.lstrip("/").removeprefix(root)
                if name.startswith(within) and not name.endswith("/"):  # a web console makes such files for folders
                    yield name
        self._files.invalidate_cache()  # it may keep all of them

    def _modified(self, name: str) -> datetime | None:
        self._files.invalidate_cache()
        try:
            return self._files.modified(self._path(name))
        except NotImplementedError:
            return None

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    @contextlib.contextmanager
    def _explained(self, what: str) -> Generator[None, None, None]:
        try:
            yield
        except BatchError:
            raise
        except Exception as error:  # each driver has exceptions of its own
            raise StoreError(
                f"{self.location!r}: {what}: {_words(error)}. {_cure(error)} Nothing that was stored is lost."
            ) from error


def _connect(url: str, location: str) -> tuple[_FileSystem, str]:
    try:
        core = importlib.import_module("fsspec.core")
    except ImportError as error:
        raise StoreError(f"{location!r} needs fsspec: pip install 'ideogram-ai[batch]'.") from error
    try:
        files, root = core.url_to_fs(url)
    except ImportError as error:
        why = str(error) or "its driver cannot be imported"
        cure = "Install it with pip beside this package: s3fs for s3://, gcsfs for gs://, adlfs for abfs://."
        raise StoreError(f"{location!r} needs a driver that is not installed: {why.rstrip('.')}. {cure}") from error
    except Exception as error:  # each driver has exceptions of its own
        raise StoreError(f"{location!r} cannot be opened: {_words(error)}.") from error
    return cast("_FileSystem", files), str(root)


def _takes(function: Callable[..., object], option: str) -> bool:
    return option in inspect.signature(function).parameters


def _remove(folder: Path, process: int) -> None:
    if process == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)


def _is_conflict(error: Exception) -> bool:
    response: Any = getattr(error.__cause__, "response", {})  # of botocore's ClientError
    return response.get("Error", {}).get("Code") in _CONFLICTS


def _words(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text or type(error).__name__


def _cure(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "Is there such a bucket or folder? Create it first."
    if isinstance(error, PermissionError) or "Credential" in type(error).__name__:
        return "Check the credentials for it, and what they allow (for s3://, AWS_PROFILE or AWS_ACCESS_KEY_ID)."
    return "Check the address and the connection, and run the same again."
