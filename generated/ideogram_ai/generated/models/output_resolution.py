from typing import Literal

OutputResolution = Literal["1K", "2K", "4K", "8K"]

OUTPUT_RESOLUTION_VALUES: set[OutputResolution] = {
    "1K",
    "2K",
    "4K",
    "8K",
}


def check_output_resolution(value: str) -> OutputResolution:
    if value in OUTPUT_RESOLUTION_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {OUTPUT_RESOLUTION_VALUES!r}")
