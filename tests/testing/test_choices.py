"""What a value that is no choice may mean: one thing, or what is near it."""

import re

import pytest

from ideogram_ai.contract.problems import MOST_SHOWN, meant, suggestion
from ideogram_ai.contract.view import read_view

FIELDS = read_view().fields
SIZES = [str(choice) for choice in FIELDS["resolution"].choices]
SPEEDS = [str(choice) for choice in FIELDS["rendering_speed"].choices]


@pytest.mark.parametrize(
    ("value", "choice"),
    [
        ("2048x2048", "2048x2048"),
        ("2048X2048", "2048x2048"),
        ("2048\u00d72048", "2048x2048"),
        ("2048*2048", "2048x2048"),
        ("2048 x 2048", "2048x2048"),
        (" 2048x2048\n", "2048x2048"),
        ("1280 by 800", "1280x800"),
        ("1280x800 px", "1280x800"),
        ("0512x1536", "512x1536"),
        ("2048\u04452048", "2048x2048"),
    ],
)
def test_a_size_has_one_meaning_however_its_sign_is_written(value: str, choice: str) -> None:
    assert meant(value, SIZES) == choice


@pytest.mark.parametrize("value", ["2048", "16:9", "2048x2049", "20482048", "", "x", "2048x2048x2048", "9" * 9999])
def test_what_may_mean_several_sizes_means_none(value: str) -> None:
    assert meant(value, SIZES) is None


@pytest.mark.parametrize("value", ["turbo", "Turbo", " TURBO "])
def test_case_and_blanks_do_not_count(value: str) -> None:
    assert meant(value, SPEEDS) == "TURBO"
    assert meant("fast", SPEEDS) is None
    assert meant(value, ["turBO", "TUrbo"]) is None


@pytest.mark.parametrize(
    ("value", "first"),
    [
        ("2048", ["2048x2048"]),
        ("1440", ["1440x2560", "2560x1440", "1440x2880", "2880x1440", "720x1440"]),
        ("16:9", ["2560x1440", "1280x720"]),
        ("9:16", ["1440x2560", "720x1280"]),
        ("16x9", ["2560x1440", "1280x720"]),
        ("16/9", ["2560x1440", "1280x720"]),
        ("1:1", ["2048x2048", "1024x1024"]),
        ("1.5:1", ["2496x1664", "1248x832"]),
        ("1920x1080", ["2560x1440", "1280x720"]),
        ("1080x1920", ["1440x2560", "720x1280"]),
        ("2000x2000", ["2048x2048"]),
        ("2048x204", ["2048x2048"]),
        ("512x512", ["1024x1024"]),
        ("1x100000", ["512x1536"]),
    ],
)
def test_the_nearest_by_shape_and_size_come_first(value: str, first: list[str]) -> None:
    named = re.findall(r"\d{3,4}x\d{3,4}", suggestion(value, SIZES))
    assert named[: len(first)] == first
    assert set(named) <= set(SIZES)
    assert len(named) <= MOST_SHOWN


def test_a_shape_names_those_that_have_it_and_no_others() -> None:
    assert suggestion("16:9", SIZES) == "Sizes with the aspect ratio 16:9: 2560x1440, 1280x720."
    assert suggestion("21:9", SIZES).startswith("No size has the aspect ratio 21:9; the nearest are ")


def test_short_lists_are_shown_whole_and_long_ones_never() -> None:
    assert suggestion("fast", SPEEDS) == f"Use one of {', '.join(SPEEDS)}."
    words = [f"colour {number}" for number in range(40)]
    assert suggestion("colour 7x", words).startswith("Did you mean colour 7")
    assert suggestion("zzz", words) == "Use one of the contract's 40, colour 0 for example."
    assert suggestion("0x0", SIZES).count("x") < 2 * MOST_SHOWN
