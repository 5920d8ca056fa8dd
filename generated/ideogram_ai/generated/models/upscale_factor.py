from typing import Literal

UpscaleFactor = Literal["X1", "X2", "X4"]

UPSCALE_FACTOR_VALUES: set[UpscaleFactor] = {
    "X1",
    "X2",
    "X4",
}


def check_upscale_factor(value: str) -> UpscaleFactor:
    if value in UPSCALE_FACTOR_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {UPSCALE_FACTOR_VALUES!r}")
