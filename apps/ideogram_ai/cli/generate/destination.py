"""Where the images of a run go. It is tried out before anything is sent: no image is paid for that cannot be saved."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import secrets
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import frozen

from ..errors import WrongUseError
from .contract_fields import request_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ideogram_ai.client import GeneratedImage

_BYTES_PER_PIXEL = 4  # RGBA, not compressed: no image is larger
_SIDECAR_SUFFIX = ".json"
_ANSWER_SUFFIX = ".answer.txt"


@frozen
class Destination:
    """A file, or a folder in which each image is named after its link.

    Attributes:
        path: The file or the folder.
        is_folder: Whether it is a folder.
        overwrite: Whether the file may be replaced. It allows nothing else to be replaced.
        sidecar: Whether a JSON file is written beside each image.
    """

    path: Path
    is_folder: bool
    overwrite: bool
    sidecar: bool

    @classmethod
    def of(cls, output: str | None, *, overwrite: bool, sidecar: bool) -> Destination:
        """Read what -o says, and try it out.

        Args:
            output: The option's value; None is the current folder.
            overwrite: Whether an existing file may be replaced.
            sidecar: Whether sidecars are asked for.

        Raises:
            WrongUseError: An image could not be saved there.
        """
        if output is not None and not output.strip():
            raise WrongUseError("-o is empty; is a shell variable unset?")
        if output == "-":
            raise WrongUseError("-o -: an image is not written to stdout; give a path (./- for a file of that name).")
        text = output or "."
        path = Path(text)
        is_folder = _is_folder(path) or text.endswith(("/", os.sep))
        destination = cls(path, is_folder, overwrite, sidecar)
        destination._try_out()
        return destination

    @property
    def folder(self) -> Path:
        """The folder that the images lie in."""
        return self.path if self.is_folder else self.path.parent

    def candidates(self, image: GeneratedImage, number: int) -> Iterator[tuple[Path, bool]]:
        """Paths to save an image to, and whether a file there may be replaced; the first that is free is taken.

        The second image of cat.png is cat-2.png. A file that appeared while the image was made is left alone too.

        Args:
            image: The image.
            number: Its place among the images, from 1.
        """
        base = self.path
        if self.is_folder:
            yield self.path, self.overwrite
            base = self.path / _name_of_link(image.url)
        elif number == 1:
            yield self.path, self.overwrite
        for count in itertools.count(max(number, 2)):
            path = base.with_name(f"{base.stem}-{count}{base.suffix}")
            if not os.path.lexists(path) and not (self.sidecar and os.path.lexists(sidecar_of(path))):
                yield path, False

    def keep_answer(self, body: bytes) -> Path:
        """Write an answer that cannot be read beside the place of the image, under a name that is free.

        Raises:
            OSError: It cannot be written.
        """
        base = self.path / "ideogram" if self.is_folder else self.path
        for count in itertools.count(1):
            path = base.with_name(
                f"{base.name}{_ANSWER_SUFFIX}" if count == 1 else f"{base.name}-{count}{_ANSWER_SUFFIX}"
            )
            with contextlib.suppress(FileExistsError), path.open("xb") as file:
                file.write(body)
                return path
        raise AssertionError("count() never ends")

    def _try_out(self) -> None:
        if not _is_folder(self.folder):
            raise WrongUseError(f"-o: there is no folder {str(self.folder)!r}; make it first.")
        if not self.is_folder:
            self._check_target(self.path, replaceable=self.overwrite)
            if self.sidecar:
                self._check_target(sidecar_of(self.path), replaceable=self.overwrite)
        self._try_writing()
        self._check_space()

    def _check_target(self, target: Path, *, replaceable: bool) -> None:
        try:
            mode = target.lstat().st_mode
        except FileNotFoundError:
            return
        except OSError as error:  # a name that is too long, say
            raise WrongUseError(f"-o: {str(target)!r}: {error.strerror}.") from None
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            raise WrongUseError(f"-o: {str(target)!r} is there and is no regular file.")
        if not replaceable:
            raise WrongUseError(f"-o: {str(target)!r} exists. Choose another path, or replace it with --overwrite.")

    def _try_writing(self) -> None:
        """Write and remove a small file: permissions alone tell little, and nothing of a read-only disk."""
        trial = self.folder / f".{secrets.token_hex(8)}.part"
        try:
            with trial.open("xb") as file:
                file.write(b"\0")
        except OSError as error:
            raise WrongUseError(f"-o: nothing can be written into {str(self.folder)!r}: {error.strerror}.") from None
        finally:
            with contextlib.suppress(FileNotFoundError):
                trial.unlink()

    def _check_space(self) -> None:
        field = request_fields().get("resolution")
        sizes = [re.fullmatch("([0-9]+)x([0-9]+)", choice) for choice in (field.choices if field else ())]
        needed = _BYTES_PER_PIXEL * max((int(size[1]) * int(size[2]) for size in sizes if size), default=0)
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            raise WrongUseError(f"-o: {str(self.folder)!r} has {free:,} bytes left, and an image may take {needed:,}.")


def _is_folder(path: Path) -> bool:
    # Path.is_dir() raises for a name that is too long, and in a folder that may not be searched (until Python 3.14).
    return os.path.isdir(path)  # noqa: PTH112


def sidecar_of(path: Path) -> Path:
    """The path of an image's sidecar."""
    return path.with_name(path.name + _SIDECAR_SUFFIX)


def _name_of_link(url: str | None) -> str:
    """A file name like the one that the client makes of a link, which is taken already."""
    stem, _, suffix = urlsplit(url or "").path.rpartition("/")[2].partition(".")
    stem, suffix = (re.sub("[^A-Za-z0-9_-]", "", part)[:100] for part in (stem, suffix))
    return f"{stem or 'image'}.{suffix or 'png'}"
