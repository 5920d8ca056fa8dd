from typing import Literal

AspectRatioV3 = Literal[
    "10x16", "16x10", "16x9", "1x1", "1x2", "1x3", "2x1", "2x3", "3x1", "3x2", "3x4", "4x3", "4x5", "5x4", "9x16"
]

ASPECT_RATIO_V3_VALUES: set[AspectRatioV3] = {
    "10x16",
    "16x10",
    "16x9",
    "1x1",
    "1x2",
    "1x3",
    "2x1",
    "2x3",
    "3x1",
    "3x2",
    "3x4",
    "4x3",
    "4x5",
    "5x4",
    "9x16",
}


def check_aspect_ratio_v3(value: str) -> AspectRatioV3:
    if value in ASPECT_RATIO_V3_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ASPECT_RATIO_V3_VALUES!r}")
