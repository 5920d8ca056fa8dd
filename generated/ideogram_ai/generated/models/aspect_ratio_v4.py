from typing import Literal

AspectRatioV4 = Literal[
    "10x16",
    "16x10",
    "16x9",
    "1x1",
    "1x2",
    "1x3",
    "1x4",
    "2x1",
    "2x3",
    "3x1",
    "3x2",
    "3x4",
    "4x1",
    "4x3",
    "4x5",
    "5x4",
    "9x16",
    "AUTO",
]

ASPECT_RATIO_V4_VALUES: set[AspectRatioV4] = {
    "10x16",
    "16x10",
    "16x9",
    "1x1",
    "1x2",
    "1x3",
    "1x4",
    "2x1",
    "2x3",
    "3x1",
    "3x2",
    "3x4",
    "4x1",
    "4x3",
    "4x5",
    "5x4",
    "9x16",
    "AUTO",
}


def check_aspect_ratio_v4(value: str) -> AspectRatioV4:
    if value in ASPECT_RATIO_V4_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ASPECT_RATIO_V4_VALUES!r}")
