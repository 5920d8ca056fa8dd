"""The new tree takes the place of the old one, and whatever fails on the way, one of the two is whole."""

import shutil
from pathlib import Path

import pytest
from regeneration.errors import RegenerationError
from regeneration.paths import PACKAGE
from regeneration.swap import swap, workplace


def tree(folder: Path) -> dict[str, str]:
    """Read all files below a folder, by their names."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def write(folder: Path, **files: str) -> Path:
    """Write files into a folder of their own."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder that holds an old package, and a file beside it that is nobody's business."""
    write(tmp_path / "out" / PACKAGE, a="old", gone="old")
    (tmp_path / "out" / "beside").write_text("mine")
    return tmp_path / "out"


OLD = {"ideogram_ai/generated/a": "old", "ideogram_ai/generated/gone": "old", "beside": "mine"}
NEW = {"ideogram_ai/generated/a": "new", "ideogram_ai/generated/added": "new", "beside": "mine"}


def replace(out: Path) -> None:
    with workplace(out, PACKAGE) as root:
        swap(write(root / PACKAGE, a="new", added="new"), out, PACKAGE)


def test_the_new_tree_takes_the_place_and_nothing_else_stays(out: Path) -> None:
    replace(out)
    assert tree(out) == NEW


def test_a_first_tree_needs_no_old_one(tmp_path: Path) -> None:
    replace(tmp_path / "new" / "out")
    assert tree(tmp_path / "new" / "out") == {name: text for name, text in NEW.items() if name != "beside"}


def test_a_failure_before_the_swap_leaves_the_old_tree(out: Path) -> None:
    with pytest.raises(FileExistsError), workplace(out, PACKAGE) as root:
        write(write(root / PACKAGE, a="new"))
    assert tree(out) == OLD


def test_a_failure_before_the_first_swap_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), workplace(tmp_path / "out", PACKAGE):
        raise ZeroDivisionError
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("failing", [1, 2])
@pytest.mark.parametrize("error", [OSError("disk"), KeyboardInterrupt()])
def test_a_failure_of_either_rename_brings_the_old_tree_back(
    failing: int, error: BaseException, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Path] = []
    original = Path.rename

    def rename(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) == failing:
            raise error
        return original(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(type(error)):
        replace(out)
    assert len(calls) == {1: 1, 2: 3}[failing]
    assert tree(out) == OLD


def test_a_run_that_was_killed_between_the_renames_is_mended_by_the_next(out: Path) -> None:
    (out / PACKAGE).rename(out / ".replacing-previous")
    write(out / ".replacing-abc" / PACKAGE, a="half")
    with workplace(out, PACKAGE):
        assert (out / PACKAGE / "a").read_text() == "old"
    assert tree(out) == OLD


def test_a_run_that_was_killed_after_the_renames_is_mended_by_the_next(out: Path) -> None:
    write(out / ".replacing-previous", a="older")
    with workplace(out, PACKAGE):
        pass
    assert tree(out) == OLD


def test_two_runs_do_not_meet(out: Path) -> None:
    with (
        workplace(out, PACKAGE) as root,
        pytest.raises(RegenerationError, match="another run is at work in"),
        workplace(out, PACKAGE),
    ):
        pass
    assert not root.exists()
    replace(out)
    assert tree(out) == NEW


def test_the_workplace_is_on_the_same_file_system_and_out_of_sight_of_version_control(out: Path) -> None:
    with workplace(out, PACKAGE) as root:
        assert root.stat().st_dev == out.stat().st_dev
        assert (root / ".gitignore").read_text() == "*\n"
        shutil.rmtree(root / PACKAGE, ignore_errors=True)
