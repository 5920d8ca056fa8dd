"""Copy the client into a package of a program, so that the program owns it and does not depend on ideogram-ai.

DEST is the folder for the copy, for example myapp/_vendor; then `from myapp._vendor.ideogram_ai.client import Ideogram`
works. The copy needs httpx and attrs, and nothing else of this project; verify_webhook also needs cryptography. Run the
same command again to update it. Exit codes: 0 done or up to date; 1 the copy differs, git ignores some of it, or an
update was refused or failed; 2 wrong usage, for example an unsuitable DEST.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from runpy import run_path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import swap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ROOT: Final = Path(__file__).resolve().parents[1]
NAME: Final = "ideogram_ai"
FLOORS: Final = {"client": "overrides", "generated": "generated"}
"""The packages that are copied, and their folders in the checkout."""
MANIFEST: Final = "vendored.json"
_MEMBERS: Final = ("distribution", "version", "contract_sha256", "license", "requires_python", "dependencies", "files")
_NO_FILE: Final = "not a regular file"  # in place of a hash, for example of a link
_INIT: Final = '''\
"""A copy of {distribution} {version}, an unofficial client for Ideogram 4.0, which is in the package client.

Its licence is in LICENSE, and vendored.json says what each file was when it was copied. Edit nothing here: the command
that made the copy, scripts/vendor.py of that project, updates it too, and refuses to overwrite edits.
"""
'''
# The generator leaves the items of lists and mappings untyped where it reads responses, which strict pyright refuses.
_PYRIGHT: Final = b"# pyright: basic\n"
_GIT: Final = b"# The hashes in vendored.json are of these bytes, so git converts no line ends.\n* -text\n"
_HOOK: Final = {"GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_WORK_TREE"}
"""What git sets for its hooks; here the folder says which repository is meant."""


class VendoringError(Exception):
    """The copy cannot be made or checked; the message says why and what to do. Nothing was changed."""


class DestinationError(VendoringError):
    """The given folder cannot hold a copy."""


class Copy(NamedTuple):
    """A copy of the client: its manifest, all files by path, with the manifest's own, and what verify_webhook needs."""

    manifest: dict[str, Any]
    files: dict[str, bytes]
    webhooks: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Distribution and version."""
        return f"{self.manifest['distribution']} {self.manifest['version']}"


def make_copy(checkout: Path = ROOT) -> Copy:
    """Make the copy of a checkout: the same bytes on every machine.

    Raises:
        VendoringError: A module cannot be copied, or generated/ was edited.
    """
    package = checkout / "generated" / NAME / "generated"
    if json.loads((package / "lock.json").read_bytes())["tree"] != swap.tree_sha256(package):
        raise VendoringError(
            f"{package} differs from what regeneration wrote (edited, or its line ends were converted), so the copy's "
            "contract would be unknown: run scripts/regenerate.py first"
        )
    files: dict[str, bytes] = {}
    for floor, folder in FLOORS.items():
        base = checkout / folder / NAME
        for path in swap.files(base / floor):
            if not path.name.startswith("."):  # left behind by systems and editors
                name, data = path.relative_to(base).as_posix(), path.read_bytes()
                if path.suffix == ".py":
                    data = (_PYRIGHT if floor == "generated" else b"") + make_relative(data, name)
                files[name] = data
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]
    version = run_path(str(checkout / FLOORS["client"] / NAME / "client/__init__.py"))["__version__"]
    init = _INIT.format(distribution=project["name"], version=version)
    files |= {"__init__.py": init.encode(), "py.typed": b"", ".gitattributes": _GIT}
    files["LICENSE"] = (checkout / "LICENSE").read_bytes()
    manifest = {
        "distribution": project["name"],
        "version": version,
        "contract_sha256": _sha256(files["generated/contract.yaml"]),
        "license": project["license"],
        "requires_python": project["requires-python"],
        "dependencies": project["dependencies"],
        "files": {name: _sha256(files[name]) for name in sorted(files)},
    }
    webhooks = tuple(project["optional-dependencies"]["webhooks"])
    return Copy(manifest, {**files, MANIFEST: manifest_bytes(manifest)}, webhooks)


def make_relative(source: bytes, file: str) -> bytes:
    """Make the imports of a module relative, so that it works in a package of any name; file is below ideogram_ai.

    Raises:
        VendoringError: It is not Python, or still names ideogram_ai outside comments and docstrings.
    """
    if NAME.encode() not in source:
        return source
    lines = source.decode().splitlines(keepends=True)
    ours = re.compile(rf"\bfrom\s+{NAME}\.(?=(?:{'|'.join(FLOORS)})\b)")
    for node in ast.walk(_parse(source, file)):
        if isinstance(node, ast.ImportFrom) and not node.level:
            # As many dots lead to ideogram_ai as the module's path has folders, and one more.
            lines[node.lineno - 1] = ours.sub(f"from {'.' * (file.count('/') + 1)}", lines[node.lineno - 1])
    copied = "".join(lines).encode()
    tree = _parse(copied, file)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        names = [getattr(node, field, None) for field in ("id", "module", "name", "value")]
        if id(node) not in docstrings and any(isinstance(n, str) and re.search(rf"\b{NAME}\b", n) for n in names):
            raise VendoringError(
                f"{file}:{getattr(node, 'lineno', 1)}: this names {NAME}, and a copy has another name. Import from the "
                f"copied packages with `from {NAME}.... import`, and take the name of a module from __name__"
            )
    return copied


def _parse(source: bytes, file: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise VendoringError(f"{file}:{error.lineno}: {error.msg}") from None


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """Write a manifest: equal manifests are equal bytes."""
    return f"{json.dumps(manifest, indent=2)}\n".encode()


def read_manifest(data: bytes) -> dict[str, Any] | None:
    """Read a manifest; None when it is damaged or was edited."""
    try:
        values = json.loads(data)
        complete = tuple(values) == _MEMBERS and list(values["files"]) == sorted(values["files"])
    except (ValueError, TypeError):
        return None
    return values if complete and manifest_bytes(values) == data else None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Existing(NamedTuple):
    """The copy at a destination: its manifest, None if damaged or edited, and the SHA-256 of each file."""

    manifest: dict[str, Any] | None
    files: dict[str, str]


def find_copy(destination: Path) -> Path:
    """Return where the copy is, or will be, in a folder.

    Raises:
        DestinationError: There is no such folder, or something else is in the copy's place.
    """
    place = destination / NAME
    if not destination.exists():
        raise DestinationError(f"{destination} does not exist. Make the folder, with an empty __init__.py in it")
    if not destination.is_dir():
        raise DestinationError(f"{destination} is not a folder. Give the folder for the copy")
    if (destination / MANIFEST).exists():
        raise DestinationError(f"{destination} is a copy. Give the folder that holds it: {destination.parent}")
    if place.is_symlink():
        raise DestinationError(f"{place} is a link to {place.readlink()}. Remove it, or give the folder it leads into")
    if place.exists() and not place.is_dir():
        raise DestinationError(f"{place} is in the way: the copy is a folder of that name. Move it away")
    return place


def read_copy(place: Path) -> Existing | None:
    """Read the copy in a folder; None when there is none.

    Raises:
        VendoringError: The folder holds files and no manifest, so they belong to somebody else.
    """
    files = dict(_hashes(place)) if place.is_dir() else {}
    if not files:  # version control removes files and leaves __pycache__
        return None
    if MANIFEST not in files:
        raise VendoringError(f"{place} holds files and no {MANIFEST}: they are not ours to replace. Move them away")
    manifest = read_manifest((place / MANIFEST).read_bytes()) if files[MANIFEST] != _NO_FILE else None
    return Existing(manifest, files)


def _hashes(place: Path) -> Iterator[tuple[str, str]]:
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for path in (Path(folder, name) for name in sorted([*names, *links])):
            regular = path.is_file() and not path.is_symlink()
            yield path.relative_to(place).as_posix(), _sha256(path.read_bytes()) if regular else _NO_FILE


Change = tuple[str, str]
"""A file, and what happened to it."""


def _compare(there: Mapping[str, str], expected: Mapping[str, str], changed: str) -> list[Change]:
    found = [(name, "missing") for name in expected.keys() - there.keys()]
    found += [(name, "extra") for name in there.keys() - expected.keys()]
    return sorted(found + [(name, changed) for name in there.keys() & expected.keys() if there[name] != expected[name]])


def _lines(changes: Iterable[Change]) -> list[str]:
    return [f"  {what:8} {file}" for file, what in changes]


def local_changes(there: Existing, fresh: Copy) -> list[Change]:
    """Find the files of a copy that were edited, are missing or are extra since it was made."""
    files = {name: digest for name, digest in there.files.items() if name != MANIFEST}
    changes = _compare(files, (there.manifest or fresh.manifest)["files"], "edited")
    return changes if there.manifest else sorted([*changes, (MANIFEST, "edited")])


def _outdated(there: Existing, fresh: Copy) -> list[str]:
    """List what the checkout has changed since the copy was made."""
    if there.manifest is None:
        return []
    then, now = there.manifest, fresh.manifest
    lines = [
        f"  {name:8} {then[member]}, and this checkout has {now[member]}"
        for name, member in (("version", "version"), ("contract", "contract_sha256"))
        if then[member] != now[member]
    ]
    files = [(name, "outdated") for name, _ in _compare(then["files"], now["files"], "outdated")]
    other = [(MANIFEST, "outdated")] if not lines and not files and then != now else []
    return [*lines, *_lines([*files, *other])]


def write_copy(destination: Path, copy: Copy, *, force: bool = False, dry_run: bool = False) -> str:
    """Write a copy, or replace the one that is there, and say what was written. The old one stays until then.

    Raises:
        VendoringError: Local changes would be lost, something is in the way, or another run is active there.
    """
    place = find_copy(destination)
    if dry_run:
        return _update(place, copy, force, "would write")[1]
    try:
        with swap.locked(destination, place):
            changed, text = _update(place, copy, force, "wrote")
            if changed:
                with swap.work_folder(destination) as folder:
                    _write(folder / NAME, copy.files)
                    swap.replace(folder / NAME, destination, place)
    except swap.InUseError as error:
        raise VendoringError(str(error)) from None
    return text


def _update(place: Path, copy: Copy, force: bool, verb: str) -> tuple[bool, str]:
    """Decide whether an update is needed, and describe it."""
    there = read_copy(place)
    hashes = {name: _sha256(data) for name, data in copy.files.items()}
    if there is None:
        return True, f"{verb} {len(copy.files)} files to {place}: {copy.title}\n{_usage(place, copy)}"
    changes = local_changes(there, copy)
    lost = [change for change in changes if there.files.get(change[0]) not in {None, hashes.get(change[0])}]
    if lost and not force:
        raise VendoringError(
            "\n".join([f"this would be lost, since it is not what was copied to {place}:", *_lines(lost)])
            + "\nMove it into the project that the copy is of, or keep it elsewhere; --force overwrites it"
        )
    words = {"missing": "add", "extra": "remove", "replace": "replace"}
    files = [(name, words[what]) for name, what in _compare(there.files, hashes, "replace")]
    if not files:
        return False, f"{place} is up to date: {copy.title}"
    was = (there.manifest or copy.manifest)["version"]
    before = f" in place of {was}" if was != copy.manifest["version"] else ""
    return True, "\n".join([f"{verb} {place}: {copy.title}{before}", *_lines(files)])


def _usage(place: Path, copy: Copy) -> str:
    """What a program that has a new copy needs to know."""
    manifest = copy.manifest
    folder, names = place.parent.resolve(), [NAME]
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    text = f"  needs {', '.join(manifest['dependencies'])} and Python {manifest['requires_python']}\n"
    text += f"  verify_webhook also needs {', '.join(copy.webhooks)}\n" if copy.webhooks else ""
    text += f"  from {'.'.join(names)}.client import Ideogram"
    if names != [NAME]:
        return text
    return (
        f"{text}\nnote: {place.parent} has no __init__.py. If it is part of a package, build tools may leave it out, "
        "and the import above begins with that package: add an empty one. If it is on the path of imports, all is well"
    )


def _write(place: Path, files: Mapping[str, bytes]) -> None:
    """Write files that all may read, with any umask."""
    for name, data in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o644)
    for folder in [place, *(path for path in place.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)


def find_ignored(destination: Path, copy: Copy) -> tuple[list[str], str]:
    """Ask git which files of a copy it ignores and does not track: a clone of the program would lack them.

    Returns:
        The rules, the files and the cure as lines, none if git takes all or there is no repository; and why git
        cannot tell, empty if it can.
    """
    folder = str(destination.resolve())  # for git, "." is what is in the folder
    asked = [folder, *(f"{NAME}/{name}" for name in copy.files)]  # they need not be there yet
    environment = {name: value for name, value in os.environ.items() if name not in _HOOK} | {"LC_ALL": "C"}
    command = ["git", "check-ignore", "--stdin", "--verbose", "-z"]
    names = b"\0".join(map(os.fsencode, asked))
    try:
        done = subprocess.run(command, cwd=destination, env=environment, input=names, capture_output=True, check=False)
    except FileNotFoundError:
        return [], ""
    if done.returncode not in {0, 1}:  # 0 some are ignored, 1 none is
        message = os.fsdecode(done.stderr).strip()
        return [], "" if "not a git repository" in message else message
    rules: dict[str, list[str]] = {}
    whole = False
    cells = iter(os.fsdecode(done.stdout).split("\0")[:-1])
    for source, line, pattern, name in zip(cells, cells, cells, cells, strict=True):
        if name == folder:
            whole = whole or not pattern.startswith("!")
        elif not pattern.startswith("!"):  # such a rule includes the file
            rules.setdefault(f"{source}:{line}: {pattern}", []).append(name.removeprefix(f"{NAME}/"))
    if not rules:
        return [], ""
    count = sum(map(len, rules.values()))
    lines = [f"error: git ignores {count} files of the copy, so a clone of the program would lack them:"]
    for rule, excluded in rules.items():
        more = f" and {len(excluded) - 1} more" if len(excluded) > 1 else ""
        lines.append(f"  {rule} excludes {excluded[0]}{more}")
    cure = f"commit them with `git add -f {shlex.quote(str(destination / NAME))}`"
    if whole:
        return [*lines, f"{cure}, or change that rule"], ""
    exceptions = [f"  {line}" for line in (f"!/{NAME}/", f"!/{NAME}/**", "__pycache__/")]
    return [*lines, f"{cure}, or end {destination / '.gitignore'} with these lines:", *exceptions], ""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit codes are those above."""
    options = _parse_options(sys.argv[1:] if argv is None else argv)
    destination, write = options.destination, {"force": options.force, "dry_run": options.dry_run}
    try:
        copy = make_copy()
        code, text = _check(destination, copy) if options.check else (0, write_copy(destination, copy, **write))
        ignored, problem = find_ignored(destination, copy)
        text += f"\nnote: git does not say whether it takes the copy: {problem}" if problem else ""
        code, text = (1 if ignored else code), "\n".join([text, *ignored])
    except (VendoringError, OSError) as error:
        reason = (
            error
            if isinstance(error, VendoringError)
            else f"{error.filename or destination}: {error.strerror or error}"
        )
        code, text = (2 if isinstance(error, DestinationError) else 1), f"error: {reason}\nnothing was changed"
    print(text, file=sys.stderr if code else sys.stdout)
    return code


def _parse_options(arguments: Sequence[str]) -> argparse.Namespace:
    summary, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(description=summary, epilog=rest)
    parser.add_argument("destination", type=Path, metavar="DEST", help="the folder for the copy")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--check", action="store_true", help="write nothing; report what differs from this checkout")
    modes.add_argument("--dry-run", action="store_true", help="write nothing; report what would be written")
    parser.add_argument("--force", action="store_true", help="overwrite local edits of the copy")
    options = parser.parse_args(arguments)
    if options.check and options.force:
        parser.error("--check writes nothing, so there is nothing to --force")
    return options


def _check(destination: Path, copy: Copy) -> tuple[int, str]:
    place = find_copy(destination)
    there = read_copy(place)
    if there is None:
        raise VendoringError(f"there is no copy in {destination}; make it with the same command without --check")
    local = local_changes(there, copy)
    lines = [*_lines(local), *_outdated(there, copy)]
    if not lines:
        return 0, f"{place} is up to date: {copy.title}"
    head, cure = f"error: {place} differs from this checkout:", "fix it with the same command without --check"
    if any(what != "missing" for _, what in local):  # which that command refuses to overwrite
        cure += ", and with --force if no edit is to be kept; let no formatter run over the copy"
    return 1, "\n".join([head, *lines, cure])


if __name__ == "__main__":
    sys.exit(main())
