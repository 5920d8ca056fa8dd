from typing import Literal

ModelEnum = Literal["AUTO", "V_1", "V_1_TURBO", "V_2", "V_2_TURBO", "V_2A", "V_2A_TURBO"]

MODEL_ENUM_VALUES: set[ModelEnum] = {
    "AUTO",
    "V_1",
    "V_1_TURBO",
    "V_2",
    "V_2_TURBO",
    "V_2A",
    "V_2A_TURBO",
}


def check_model_enum(value: str) -> ModelEnum:
    if value in MODEL_ENUM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {MODEL_ENUM_VALUES!r}")
