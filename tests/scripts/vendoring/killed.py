"""Replaces a copy in child processes, each of which is killed before another of its steps on the disk.

Prints as JSON how many steps there are and at which the two folders are renamed, and of each child: the step, the state
of the copy afterwards, its state after the next run, and what the folder held then. The arguments are the folder with
the scripts, and an empty one.
"""

import json
import os
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from vendor import Copy, make_copy, write_copy

WORK = Path(sys.argv[2])
NEW = make_copy()
OLD = Copy(NEW.manifest, {**NEW.files, "client/retry.py": b"# old"})
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod"}


def old_copy() -> Path:
    """Make a folder with the old copy in it."""
    folder = Path(tempfile.mkdtemp(dir=WORK))
    write_copy(folder, OLD)
    return folder


def state(place: Path) -> str:
    """Which copy is there."""
    found = {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    return "old" if found == OLD.files else "new" if found == NEW.files else "broken" if found else "away"


def replace(folder: Path, kill_before: int = 0) -> list[str]:
    """Replace the old copy in a child, which may be killed before one of its steps, and return the steps it took."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        left = kill_before

        def before_step(event: str, args: tuple[object, ...]) -> None:
            nonlocal left
            creates = event == "open" and isinstance(args[2], int) and args[2] & os.O_CREAT
            if event in CHANGES or creates:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                os.write(writer, f"{event}\n".encode())

        sys.addaudithook(before_step)
        write_copy(folder, NEW, force=True)
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="ascii") as steps:
        taken = steps.read().splitlines()
    os.waitpid(child, 0)
    return taken


if __name__ == "__main__":
    steps = replace(old_copy())
    first, second = (number for number, event in enumerate(steps, 1) if event == "os.rename")
    last = len(steps)
    killed: list[list[object]] = []
    for step in sorted({1, 2, 3, first // 2, first - 1, first, second, second + 1, (second + last) // 2, last}):
        folder = old_copy()
        replace(folder, step)
        left = state(folder / "ideogram_ai")
        write_copy(folder, NEW, force=True)
        killed.append([step, left, state(folder / "ideogram_ai"), sorted(path.name for path in folder.iterdir())])
    print(json.dumps([[last, first, second], killed]))
