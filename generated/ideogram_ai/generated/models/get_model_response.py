from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.custom_model import CustomModel


T = TypeVar("T", bound="GetModelResponse")


@_attrs_define
class GetModelResponse:
    """A custom model.

    Attributes:
        model (CustomModel): A custom model as it is now.
        notice (Any | Unset): What the provider has to say about the operation. Its type is not known.
    """

    model: CustomModel
    notice: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        model = self.model.to_dict()

        notice = self.notice

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "model": model,
            }
        )
        if notice is not UNSET:
            field_dict["notice"] = notice

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.custom_model import CustomModel  # noqa: PLC0415

        d = dict(src_dict)
        model = CustomModel.from_dict(d.pop("model"))

        notice = d.pop("notice", UNSET)

        get_model_response = cls(
            model=model,
            notice=notice,
        )

        get_model_response.additional_properties = d
        return get_model_response

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
