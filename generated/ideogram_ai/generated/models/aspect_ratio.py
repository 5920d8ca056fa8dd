from typing import Literal

AspectRatio = Literal[
    "ASPECT_10_16",
    "ASPECT_16_10",
    "ASPECT_16_9",
    "ASPECT_1_1",
    "ASPECT_1_3",
    "ASPECT_2_3",
    "ASPECT_3_1",
    "ASPECT_3_2",
    "ASPECT_3_4",
    "ASPECT_4_3",
    "ASPECT_9_16",
]

ASPECT_RATIO_VALUES: set[AspectRatio] = {
    "ASPECT_10_16",
    "ASPECT_16_10",
    "ASPECT_16_9",
    "ASPECT_1_1",
    "ASPECT_1_3",
    "ASPECT_2_3",
    "ASPECT_3_1",
    "ASPECT_3_2",
    "ASPECT_3_4",
    "ASPECT_4_3",
    "ASPECT_9_16",
}


def check_aspect_ratio(value: str) -> AspectRatio:
    if value in ASPECT_RATIO_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ASPECT_RATIO_VALUES!r}")
