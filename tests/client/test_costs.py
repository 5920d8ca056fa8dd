"""What a request costs by the contract's price list."""

from decimal import Decimal

from attrs import evolve

from ideogram_ai.client.costs import applicable_price, cost_of, images_asked, price_of
from ideogram_ai.generated.operations import (
    GET_GENERATION,
    OPERATIONS,
    POST_DESCRIBE_V4,
    POST_GENERATE_IMAGE_V3,
    POST_GENERATE_IMAGE_V3_TRANSPARENT,
    POST_REMIX_IMAGE_V4,
    POST_UPSCALE_IMAGE,
)


def test_the_field_sets_the_price_and_its_default_counts_when_it_is_absent() -> None:
    assert price_of(POST_REMIX_IMAGE_V4, {"rendering_speed": "QUALITY"}) == Decimal("0.10")
    assert price_of(POST_REMIX_IMAGE_V4, {}) == price_of(POST_REMIX_IMAGE_V4, {"rendering_speed": None})
    assert price_of(POST_REMIX_IMAGE_V4, {"text_prompt": "a cat"}) == Decimal("0.06")


def test_a_price_without_a_field_is_the_same_for_every_request() -> None:
    assert (
        price_of(POST_DESCRIBE_V4, {"rendering_speed": "QUALITY"}) == price_of(POST_DESCRIBE_V4, {}) == Decimal("0.01")
    )


def test_what_nobody_knows_is_none() -> None:
    assert price_of(POST_REMIX_IMAGE_V4, {"rendering_speed": "FLASH"}) is None
    assert price_of(GET_GENERATION, {}) is None
    assert POST_REMIX_IMAGE_V4.price is not None
    without_default = evolve(POST_REMIX_IMAGE_V4, price=evolve(POST_REMIX_IMAGE_V4.price, default=None))
    assert price_of(without_default, {}) is None


def test_fields_bring_another_price_when_they_are_given_or_have_a_value() -> None:
    dear = {"character_reference_images": ["a"], "custom_model_uri": "model/a/version/1"}
    assert price_of(POST_GENERATE_IMAGE_V3, dear | {"rendering_speed": "QUALITY"}) == Decimal("0.20"), (
        "the first counts"
    )
    assert price_of(POST_GENERATE_IMAGE_V3, {"custom_model_uri": "model/a/version/1"}) == Decimal("0.12")
    absents: list[object] = [None, [], ()]
    for absent in absents:
        assert price_of(POST_GENERATE_IMAGE_V3, {"character_reference_images": absent}) == Decimal("0.06")
    sizes = {"X1": "0.07", "X2": "0.19", "X4": "0.23", "X9": "0.07"}
    for size, usd in sizes.items():
        assert price_of(POST_GENERATE_IMAGE_V3_TRANSPARENT, {"upscale_factor": size}) == Decimal(usd)
    for operation in OPERATIONS.values():
        assert applicable_price(operation, {}) is operation.price


def test_a_request_costs_what_its_images_cost() -> None:
    assert cost_of(POST_GENERATE_IMAGE_V3, {"num_images": 3}) == Decimal("0.18")
    assert (
        cost_of(POST_GENERATE_IMAGE_V3, {}) == cost_of(POST_GENERATE_IMAGE_V3, {"num_images": None}) == Decimal("0.06")
    )
    assert cost_of(POST_UPSCALE_IMAGE, {"image_request": {"num_images": 4}}) == Decimal("0.06"), "it is of a request"
    assert cost_of(GET_GENERATION, {}) is None


def test_the_count_of_images_is_where_the_contract_says() -> None:
    counts: list[tuple[object, int]] = [
        (2, 2), ("8", 8), (0, 1), (-1, 1), (True, 1), ("two", 1), (2.5, 1), (None, 1), ({}, 1),
    ]  # fmt: skip
    for value, count in counts:
        assert images_asked(POST_GENERATE_IMAGE_V3, {"num_images": value}) == count, value
        assert images_asked(POST_UPSCALE_IMAGE, {"image_request": {"num_images": value}}) == count, value
    assert images_asked(POST_UPSCALE_IMAGE, {"image_request": 7}) == 1
    assert images_asked(POST_REMIX_IMAGE_V4, {"num_images": 7}) == 1, "it has no such field"
    paths = {operation.count_path for operation in OPERATIONS.values()}
    assert paths == {(), ("num_images",), ("image_request", "num_images")}
