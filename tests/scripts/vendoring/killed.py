"""A program that replaces a copy in child processes, each killed before another of its steps on the disk.

Prints, as JSON, how many steps there are and at which the two folders are renamed, and of each child: the step, what
the copy was afterwards, what it was after the next run, and what lay in the folder then. Its arguments: the folder with
the scripts, and an empty one.
"""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
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
    """Say which copy it is."""
    found = {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    return "old" if found == OLD.files else "new" if found == NEW.files else "broken" if found else "away"


def replace(folder: Path, before_step: Callable[[str], None]) -> None:
    """Replace the old copy in a child, and be called before each step that changes the disk."""
    child = os.fork()
    if child == 0:
        sys.addaudithook(lambda event, args: before_step(event) if is_change(event, args) else None)
        write_copy(folder, NEW, force=True)
        os._exit(0)
    os.waitpid(child, 0)


def is_change(event: str, args: tuple[object, ...]) -> bool:
    """Whether something on the disk is about to change."""
    creates = event == "open" and isinstance(args[2], int) and args[2] & os.O_CREAT
    return event in CHANGES or bool(creates)


def all_steps() -> list[str]:
    """The steps of a run that nobody kills."""
    reader, writer = os.pipe()
    replace(old_copy(), lambda event: note(writer, event))
    os.close(writer)
    with open(reader, encoding="ascii") as steps:
        return steps.read().splitlines()


def note(writer: int, event: str) -> None:
    """Pass a step on to the parent."""
    os.write(writer, f"{event}\n".encode())


def killer(step: int) -> Callable[[str], None]:
    """Make what kills the process before its n-th step."""
    left = step

    def count(_: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return count


def kill_before(step: int) -> list[object]:
    """Try one step."""
    folder = old_copy()
    replace(folder, killer(step))
    left = state(folder / "ideogram_ai")
    write_copy(folder, NEW, force=True)
    return [step, left, state(folder / "ideogram_ai"), sorted(path.name for path in folder.iterdir())]


def main() -> None:
    steps = all_steps()
    first, second = (number for number, event in enumerate(steps, 1) if event == "os.rename")
    last = len(steps)
    chosen = {1, 2, 3, first // 2, first - 1, first, second, second + 1, (second + last) // 2, last}
    print(json.dumps([[last, first, second], [kill_before(step) for step in sorted(chosen)]]))


if __name__ == "__main__":
    main()
