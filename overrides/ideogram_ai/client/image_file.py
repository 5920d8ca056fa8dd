"""The file that an image is saved to: written beside its place, checked, and moved there whole."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .errors import DownloadError, DownloadReason
from .image_format import find_fault

if TYPE_CHECKING:
    from types import TracebackType

_PIECE_ON_ITS_WAY = 4 * 1024 * 1024


class ImageFile:
    """Where an image goes. Used as a context manager, it leaves nothing behind unless finish() was called.

    Args:
        path: The file, or a folder (one that exists, or a text that ends with a slash) in which the file is named
            after the link.
        stem: The file's name in a folder, without the suffix.
        overwrite: Whether a file of that name may be replaced.

    Raises:
        DownloadError: The file exists (EXISTS), or its folder does not (UNWRITABLE).
    """

    def __init__(self, path: str | os.PathLike[str], *, stem: str, overwrite: bool) -> None:
        text = os.fspath(path)
        self._overwrite = overwrite
        self._target = Path(text)
        self._stem = None
        if _is_folder(text) or text.endswith(("/", os.sep)):
            self._stem = re.sub(r"[^A-Za-z0-9_-]", "", stem)[:100] or "image"
        self._folder = self._target if self._stem else self._target.parent
        if not _is_folder(self._folder):
            raise _unwritable(self._target, f"there is no folder {str(self._folder)!r}; make it first")
        if not self._stem:
            self._refuse_existing(self._target)
        self._part = self._folder / f".{secrets.token_hex(8)}.part"
        self.size = 0
        self._on_its_way = 0  # so many bytes the system was told to put on the disk

    def __enter__(self) -> Self:
        try:
            # Not tempfile: its files are readable by their owner alone, and would stay so.
            self._file = self._part.open("x+b")
        except OSError as error:
            raise _unwritable(self._target, str(error.strerror)) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self._part.unlink()

    def restart(self) -> None:
        """Forget what was written."""
        try:
            self._file.seek(0)
            self._file.truncate()
        except OSError as error:
            raise _unwritable(self._target, str(error.strerror)) from error
        self.size = self._on_its_way = 0

    def write(self, piece: bytes) -> None:
        """Append a piece."""
        try:
            self._file.write(piece)
        except OSError as error:
            raise _unwritable(self._target, str(error.strerror)) from error
        self.size += len(piece)
        if self.size - self._on_its_way >= _PIECE_ON_ITS_WAY:
            self._send_to_disk()

    def find_fault(self, suffix: str) -> str | None:
        """What keeps the image from being whole, read from the file; None for nothing. See image_format.find_fault."""
        try:
            self._file.seek(0)
            fault = find_fault(self._file, self.size, suffix)
            self._file.seek(0, os.SEEK_END)
        except OSError as error:
            raise _unwritable(self._target, str(error.strerror)) from error
        return fault

    def finish(self, suffix: str) -> Path:
        """Put the whole image into its place, on the disk before it has its name.

        Args:
            suffix: The suffix for a file that is named after the link.

        Returns:
            The image's path.
        """
        target = self._target / f"{self._stem}{suffix}" if self._stem else self._target
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            if self._overwrite:
                self._part.replace(target)
            else:
                self._claim(target)
            _sync_folder(self._folder)
        except OSError as error:
            raise _unwritable(target, str(error.strerror)) from error
        return target

    def _send_to_disk(self) -> None:
        """Have the system begin to write what it holds, or all of it would have to be waited for at the end."""
        with contextlib.suppress(AttributeError, OSError):  # not every system has it, and it is a hint
            os.posix_fadvise(self._file.fileno(), self._on_its_way, 0, os.POSIX_FADV_DONTNEED)
        self._on_its_way = self.size

    def _claim(self, target: Path) -> None:
        """Move the part to the target unless a file of that name appeared in the meantime."""
        self._refuse_existing(target)
        try:
            os.link(self._part, target)
        except FileExistsError:
            raise _exists(target) from None
        except OSError:
            # A file system without hard links: claim the name with an empty file, and replace that.
            try:
                target.open("xb").close()
            except FileExistsError:
                raise _exists(target) from None
            try:
                self._part.replace(target)
            except BaseException:
                # The part is gone when the task was cancelled whose thread this is.
                target.unlink()
                raise

    def _refuse_existing(self, target: Path) -> None:
        try:
            os.lstat(target)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise _unwritable(target, getattr(error, "strerror", None) or str(error)) from error
        if not self._overwrite:
            raise _exists(target)


def _is_folder(path: str | Path) -> bool:
    # Path.is_dir() raises for a name that is too long, on Python 3.11 to 3.13.
    return os.path.isdir(path)  # noqa: PTH112


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system lets a folder be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _exists(target: Path) -> DownloadError:
    return DownloadError(
        f"{str(target)!r} exists and is left as it is. Choose another path, or pass overwrite=True; downloading again "
        "costs nothing.",
        reason=DownloadReason.EXISTS,
    )


def _unwritable(target: Path, why: str) -> DownloadError:
    return DownloadError(
        f"{str(target)!r} cannot be written: {why}. Downloading again costs nothing.", reason=DownloadReason.UNWRITABLE
    )
