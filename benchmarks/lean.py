"""A folder with a distribution and what it needs, and nothing else of this environment.

What else is installed changes what an import loads: `import httpx` loads click and rich where it finds them.
"""

from __future__ import annotations

import os
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

import ideogram_ai


def make_lean_site(folder: Path, *names: str) -> dict[str, str]:
    """Link distributions into a folder, and what they require without extras.

    Returns:
        The environment of a Python that finds these alone, when it is started with -S.
    """
    folder.mkdir()
    for name in _closure(list(names)):
        for file in distribution(name).files or ():
            top = file.parts[0]
            if top not in {"..", "__pycache__"} and not (folder / top).exists():
                (folder / top).symlink_to(Path(str(distribution(name).locate_file(top))))
    ours = folder / "ideogram_ai"
    if ours.is_symlink():
        ours.unlink()
    ours.mkdir(exist_ok=True)
    for portion in ideogram_ai.__path__:
        for package in Path(portion).iterdir():
            if not (ours / package.name).exists():
                (ours / package.name).symlink_to(package)
    return {"PYTHONPATH": str(folder), "PATH": os.environ["PATH"]}


def python(code: str) -> list[str]:
    """A command that runs a line of Python in such an environment."""
    return [sys.executable, "-S", "-c", code]


def _closure(waiting: list[str]) -> set[str]:
    found: set[str] = set()
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        try:
            requirements = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # for another platform or Python
        if name not in found:
            found.add(name)
            wanted = (Requirement(text) for text in requirements)
            waiting += [need.name for need in wanted if need.marker is None or need.marker.evaluate({"extra": ""})]
    return found
