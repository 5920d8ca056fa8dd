"""No text of the project names the host of a package registry or a path of somebody's machine."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_OURS = {"__pycache__", "node_modules", "dist", "htmlcov", ".git"}  # and hidden folders other than .ci

# Written so that they do not match themselves.
FOREIGN = [
    r"pypi[.]org",
    r"pythonhosted[.]org",
    r"npmjs[.](?:org|com)",
    r"deb[.]debian[.]org",
    r"(?<![\w.~-])/(?:work|root|home|Users|opt|tmp)/\w",
    r"[A-Z]:\\Users\\",
]


def texts() -> Iterator[Path]:
    waiting = [ROOT]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            if path.name in NOT_OURS:
                continue
            if path.is_dir():
                if path.name == ".ci" or not path.name.startswith("."):
                    waiting.append(path)
            elif b"\0" not in path.read_bytes()[:8000]:
                yield path


def test_no_text_names_a_registry_or_a_place_on_a_machine() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in texts()}
    assert {"README.md", "noxfile.py", ".ci/run", "requirements.lock", "openapi/ideogram-v1.yaml"} <= names
    foreign = re.compile("|".join(FOREIGN))
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in texts()
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if foreign.search(line)
    ]
    assert found == []
