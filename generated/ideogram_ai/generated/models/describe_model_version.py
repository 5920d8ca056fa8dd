from typing import Literal

DescribeModelVersion = Literal["V_2", "V_3", "V_4"]

DESCRIBE_MODEL_VERSION_VALUES: set[DescribeModelVersion] = {
    "V_2",
    "V_3",
    "V_4",
}


def check_describe_model_version(value: str) -> DescribeModelVersion:
    if value in DESCRIBE_MODEL_VERSION_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {DESCRIBE_MODEL_VERSION_VALUES!r}")
