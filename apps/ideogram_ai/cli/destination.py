"""Where a response goes: a file or a folder for images, a file for text, and what is there already."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from attrs import frozen

from ideogram_ai.client.files import claim_name

from .contract_input import STDIN, choices_of
from .exit_codes import WrongUseError
from .terminal import print_error, printable, write_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ideogram_ai.client import GeneratedImage

_BYTES_PER_PIXEL: Final = 4
"""RGBA, not compressed: no image is larger."""


@frozen
class Destination:
    """A file, or a folder. `overwrite` is for that file alone, `stem` what an image in a folder is called.

    Without a stem it is named after its link. Text goes to a file or to stdout; of a folder, only what a broken
    response leaves is kept there.
    """

    path: Path
    is_folder: bool
    overwrite: bool
    sidecar: bool = False
    stem: str = ""

    @classmethod
    def of(cls, output: str | None, *, overwrite: bool, sidecar: bool) -> Destination:
        """Read -o, and check that an image can be saved there, so that none is paid for that cannot."""
        _refuse_blank(output)
        if output == STDIN:
            raise WrongUseError("-o -: images are not written to stdout. Give a path (./- for a file of that name).")
        destination = cls(Path(output or "."), is_folder(output or "."), overwrite, sidecar)
        sizes = [re.fullmatch("([0-9]+)x([0-9]+)", choice) for choice in choices_of("resolution")]
        pixels = max((int(size[1]) * int(size[2]) for size in sizes if size), default=0)
        destination._check(_BYTES_PER_PIXEL * pixels)
        return destination

    @classmethod
    def of_text(cls, output: str | None, *, overwrite: bool) -> Destination:
        """Read -o of a command that prints text, and check that a file can be written there."""
        _refuse_blank(output)
        if output is None or output == STDIN:
            return cls(Path(), is_folder=True, overwrite=False)
        destination = cls(Path(output), is_folder=False, overwrite=overwrite)
        destination._check()
        return destination

    def file(self, name: str) -> Destination:
        """Return the destination of a file in this folder, which gets another name if there is one."""
        return Destination(self.path / name, is_folder=False, overwrite=False)

    def write_text(self, text: str) -> Path | None:
        """Write text to the file, complete or not at all; None if it belongs on stdout.

        Raises:
            OSError: It cannot be written.
        """
        if self.is_folder:
            return None
        part = self.path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with part.open("xb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            for path, replaceable in self.candidates(None, 1):
                try:
                    if not replaceable:
                        path.touch(exist_ok=False)
                except FileExistsError:
                    continue
                return part.replace(path)
            raise AssertionError("there is always another name")
        finally:
            with contextlib.suppress(OSError):
                part.unlink()

    def candidates(self, image: GeneratedImage | None, number: int) -> Iterator[tuple[Path, bool]]:
        """Yield paths for the image of a number, from 1, and whether a file there may be replaced.

        The first free path is used. The second image of cat.png is cat-2.png. A file that appeared while the image was
        made is left alone.
        """
        base = self.path / _name_of_link(image.url if image else None) if self.is_folder else self.path
        if self.is_folder or number == 1:
            yield self.path, self.overwrite
        yield from ((path, False) for path in self._numbered(base, 2 if self.is_folder else max(number, 2)))

    def _numbered(self, base: Path, first: int) -> Iterator[Path]:
        """Yield a path with numbers, where neither an image nor its sidecar is."""
        for copy in itertools.count(first):
            path = base.with_name(f"{base.stem}-{copy}{base.suffix}")
            if self._is_free(path):
                yield path

    def _is_free(self, path: Path) -> bool:
        return not os.path.lexists(path) and not (self.sidecar and os.path.lexists(sidecar_of(path)))

    def rename(self, path: Path, wanted: Path) -> Path:
        """Rename a saved image, and return its path: the image is there, whatever it is called."""
        if path == wanted:
            return path
        for name in itertools.chain([wanted] if self._is_free(wanted) else [], self._numbered(wanted, 2)):
            try:
                claim_name(path, name)
            except FileExistsError:  # another command took it since we looked
                continue
            except (OSError, UnicodeError):  # this system has no such name
                return path
            with contextlib.suppress(OSError):
                path.unlink()
            return name
        raise AssertionError("there is always another name")

    def keep_response(self, body: bytes) -> Path | None:
        """Keep a response that may have been paid for: in a file beside the image's path, or else on stderr."""
        base = self.path / "ideogram" if self.is_folder else self.path
        for copy in itertools.count(1):
            path = base.with_name(f"{base.name}{'' if copy == 1 else f'-{copy}'}.answer.txt")
            try:
                with path.open("xb") as file:
                    file.write(body)
            except FileExistsError:
                continue
            except OSError as error:
                print_error(f"The response cannot be written to {str(path)!r} ({error.strerror}). It is:")
                write_error(f"{printable(body.decode(errors='backslashreplace'))}\n")
                return None
            else:
                return path
        raise AssertionError("itertools.count() never ends")

    def _check(self, needed: int = 0) -> None:
        folder = self.path if self.is_folder else self.path.parent
        if not os.path.isdir(folder):  # noqa: PTH112 - see is_folder
            raise WrongUseError(f"-o: there is no folder {str(folder)!r}. Create it first.")
        if not self.is_folder:
            for path in (self.path, *([sidecar_of(self.path)] if self.sidecar else [])):
                self._check_file(path)
        # Write a file: permissions say little, and nothing about a read-only disk.
        trial = folder / f".{secrets.token_hex(8)}.part"
        try:
            with trial.open("xb") as file:
                file.write(b"\0")
        except OSError as error:
            raise WrongUseError(f"-o: cannot write into {str(folder)!r}: {error.strerror}.") from None
        finally:
            with contextlib.suppress(OSError):  # a read-only disk says so, even if there is no such file
                trial.unlink()
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise WrongUseError(f"-o: {str(folder)!r} has {free:,} bytes left, and an image can need {needed:,}.")

    def _check_file(self, path: Path) -> None:
        try:
            path.lstat()
        except FileNotFoundError:
            return
        except OSError as error:  # for example, the name is too long
            raise WrongUseError(f"-o: {str(path)!r}: {error.strerror}.") from None
        if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 - /dev/stdout is a link to a device
            raise WrongUseError(f"-o: {str(path)!r} exists and is not a regular file.")
        if not self.overwrite:
            raise WrongUseError(f"-o: {str(path)!r} exists. Choose another path, or use --overwrite.")


def _refuse_blank(output: str | None) -> None:
    if output is not None and not output.strip():
        raise WrongUseError("-o is empty. Is a shell variable unset?")


def is_folder(output: str | None) -> bool:
    """Whether -o names a folder, or what can be nothing else."""
    # Path.is_dir() raises for a name that is too long, and in a folder that may not be searched (until Python 3.14).
    return output is not None and (os.path.isdir(output) or output.endswith(("/", os.sep)))  # noqa: PTH112


def sidecar_of(path: Path) -> Path:
    """Return the path of an image's sidecar."""
    return path.with_name(f"{path.name}.json")


def _name_of_link(url: str | None) -> str:
    """Return a file name like the one that the client makes of a link."""
    stem, _, suffix = urlsplit(url or "").path.rpartition("/")[2].partition(".")
    stem, suffix = (re.sub("[^A-Za-z0-9_-]", "", part)[:100] for part in (stem, suffix))
    return f"{stem or 'image'}.{suffix or 'png'}"
