"""What a request costs by the contract's price list."""

from decimal import Decimal

from attrs import evolve

from ideogram_ai.client.costs import price_of
from ideogram_ai.generated.operations import GET_GENERATION, POST_DESCRIBE_V4, POST_REMIX_IMAGE_V4


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
