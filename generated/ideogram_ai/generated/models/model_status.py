from typing import Literal

ModelStatus = Literal["ARCHIVED", "COMPLETED", "CREATING", "DRAFT", "ERRORED", "TRAINING"]

MODEL_STATUS_VALUES: set[ModelStatus] = {
    "ARCHIVED",
    "COMPLETED",
    "CREATING",
    "DRAFT",
    "ERRORED",
    "TRAINING",
}


def check_model_status(value: str) -> ModelStatus:
    if value in MODEL_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {MODEL_STATUS_VALUES!r}")
