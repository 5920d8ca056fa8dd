"""Files of a batch behind a URL of fsspec: S3, Google Cloud Storage, SFTP, memory ..."""

from __future__ import annotations

import contextlib
import errno
import importlib
import inspect
import os
import shutil
import tempfile
import weakref
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

from ideogram_ai.client.redaction import shorten_link

from .store import Store, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_TRIAL = ".ideogram-batch-trial"
_NO_PRECONDITIONS = frozenset({errno.ENOSYS, errno.EOPNOTSUPP})


class _FileSystem(Protocol):
    """What is used of fsspec's file systems, which have no types."""

    def put_file(self, lpath: str, rpath: str, **options: Any) -> None: ...
    def info(self, path: str) -> dict[str, Any]: ...
    def exists(self, path: str) -> bool: ...
    def open(self, path: str, mode: str) -> IO[bytes]: ...
    def rm_file(self, path: str) -> None: ...
    def invalidate_cache(self, path: str | None = None) -> None: ...


class RemoteStore(Store):
    """Uploads each file when it is finished. Object stores take an upload whole or not at all.

    Args:
        url: The URL.
        workspace: Folder of this machine for what is not finished; None for a temporary one.

    Raises:
        StoreError: The driver is not installed, or no file can be written there.
    """

    def __init__(self, url: str, workspace: Path | None) -> None:
        self._remove_workspace: Callable[[], object] | None = None
        if workspace is None:
            workspace = Path(tempfile.mkdtemp(prefix="ideogram-batch-"))
            # Not a TemporaryDirectory: a forked process would remove it when it ends.
            self._remove_workspace = weakref.finalize(self, _remove, workspace, os.getpid())
        location = shorten_link(url) if "@" in url or "?" in url else url
        super().__init__(location, workspace)
        self._url = url
        try:
            self.workspace.mkdir(parents=True, exist_ok=True)
            self._reconnect()
            self._try_out()
        except BaseException:
            self.close()
            raise

    @property
    def _files(self) -> _FileSystem:
        """The driver, connected by this very process: connections and locks of the one that was forked are not ours."""
        if self._process != os.getpid():
            self._reconnect()
        return self._driver

    def _reconnect(self) -> None:
        self._locks = [Lock() for _ in range(64)]
        self._driver, self._root = _connect(self._url, self.location)
        # A driver that knows mode="create" lets the service refuse to replace a file, and nobody comes in between.
        self._create = {"mode": "create"} if "mode" in inspect.signature(self._driver.put_file).parameters else {}
        self._process = os.getpid()

    def replace(self, source: Path, name: str) -> None:
        """Upload a file in place of what has that name, and remove the source."""
        with self._explained(f"{name!r} cannot be written"):
            self._upload(source, name)
            source.unlink()

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""
        with self._explained(f"{name!r} cannot be looked for"):
            # Asked anew: the driver remembers listings, and another machine may write there.
            self._files.invalidate_cache(self._root)
            return self._files.exists(self._path(name))

    def open(self, name: str) -> IO[bytes]:
        """Open a file to read its bytes."""
        with self._explained(f"{name!r} cannot be read"):
            return self._files.open(self._path(name), "rb")

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with self._explained(f"{name!r} cannot be removed"), contextlib.suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    def close(self) -> None:
        """Remove a temporary workspace."""
        if self._remove_workspace is not None:
            self._remove_workspace()

    def _put_new(self, source: Path, name: str) -> bool:
        if self._process != os.getpid():
            self._reconnect()
        # For drivers that look whether a name is taken and only then write.
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
        # Drivers tell the content type from the local name, and without it a browser downloads a page.
        named = source.with_name(f"{source.name}{PurePosixPath(name).suffix}")
        source.rename(named)
        try:
            self._files.put_file(str(named), self._path(name), **options)
        finally:
            named.rename(source)

    def _size(self, name: str) -> int:
        return int(self._files.info(self._path(name))["size"])

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def _try_out(self) -> None:
        with self.part() as trial, self._explained("no file can be written there"):
            trial.write_bytes(b"\0")
            self._files.put_file(str(trial), self._path(_TRIAL))
        # Who may write need not be allowed to remove; then one byte stays behind.
        with contextlib.suppress(PermissionError), self._explained("the trial file cannot be removed"):
            self._files.rm_file(self._path(_TRIAL))

    @contextlib.contextmanager
    def _explained(self, what: str) -> Generator[None, None, None]:
        try:
            yield
        except StoreError:
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
        cure = "Install it with pip beside this package: s3fs for s3://, gcsfs for gs://."
        raise StoreError(f"{location!r} needs a driver that is not installed: {why.rstrip('.')}. {cure}") from error
    except Exception as error:  # each driver has exceptions of its own
        raise StoreError(f"{location!r} cannot be opened: {_words(error)}.") from error
    return cast("_FileSystem", files), str(root)


def _remove(folder: Path, process: int) -> None:
    if process == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)


def _words(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text or type(error).__name__


def _cure(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "Is there such a bucket or folder? Make it first."
    if isinstance(error, PermissionError) or "Credential" in type(error).__name__:
        return "Check the credentials for it, and what they allow (for s3://, AWS_PROFILE or AWS_ACCESS_KEY_ID)."
    return "Check the address and the connection, and run the same again."
