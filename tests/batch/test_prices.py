"""Prices: those of the contract, a file of the user in their place, and no sum that is too small."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve

from ideogram_ai.batch.model import BatchError, BatchRequest
from ideogram_ai.batch.prices import FASTEST_SECONDS, SLOWEST_SECONDS, Estimate, PricedAt, read_prices, shipped_prices
from ideogram_ai.contract.prices import PricesError
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4

SPEEDS = read_view().fields["rendering_speed"]


def test_the_package_has_a_price_for_every_speed_in_service() -> None:
    prices = read_prices()
    assert set(prices.usd) == set(SPEEDS.choices) - {entry.value for entry in SPEEDS.unavailable}
    assert prices.as_of >= date(2026, 1, 1)
    assert prices.of({}) == prices.of({"rendering_speed": SPEEDS.default}) == prices.usd["DEFAULT"] == Decimal("0.06")
    assert prices.of({"rendering_speed": "FLASH"}) == max(prices.usd.values()), "unknown prices count as the highest"


def test_a_file_replaces_prices(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"usd_per_image": {"TURBO": 0.1, "FLASH": 1}, "as_of": "2027-02-03"}', "utf-8-sig")
    prices = read_prices(path)
    assert prices.usd == {**shipped_prices().usd, "TURBO": Decimal("0.1"), "FLASH": Decimal(1)}
    assert (prices.as_of, prices.seen, prices.source) == (date(2027, 2, 3), "2027-02-03", "mine.json")
    assert 3 * prices.of({"rendering_speed": "TURBO"}) == Decimal("0.3"), "no binary fraction"


def test_other_operations_cost_what_the_contract_says_and_share_its_list(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"usd_per_image": {"TURBO": 0.1}}')
    shipped, mine = read_prices(), read_prices(path)
    turbo = {"rendering_speed": "TURBO"}
    for operation in OPERATIONS.values():
        if operation.price == POST_GENERATE_IMAGE_V4.price:
            assert shipped.of(turbo, operation) == shipped.of(turbo) == Decimal("0.03")
            assert mine.of(turbo, operation) == Decimal("0.1")
        elif operation.price is None:
            assert shipped.of(turbo, operation) is mine.of(turbo, operation) is None, "nobody knows it"
        else:
            price = operation.price.usd[operation.price.default or ""]
            assert shipped.of({}, operation) == mine.of({}, operation) == Decimal(price)
        for other in operation.other_prices:
            fields = {other.field: other.value or ["a"], **turbo}
            assert shipped.of(fields, operation) == mine.of(fields, operation) == Decimal(other.price.usd["TURBO"])
    assert shipped.of({}, OPERATIONS["post_describe_v4"]) == Decimal("0.01")


def test_a_contract_without_prices_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    without = evolve(POST_GENERATE_IMAGE_V4, price=None)
    monkeypatch.setattr("ideogram_ai.contract.prices.POST_GENERATE_IMAGE_V4", without)
    with pytest.raises(PricesError, match="the contract has no prices of post_generate_image_v4 by rendering_speed"):
        shipped_prices.__wrapped__()


def test_an_unusable_file_is_refused(tmp_path: Path) -> None:
    for content, words in (
        ("{", "it is not JSON"),
        ("[]", "an object with usd_per_image"),
        ('{"usd_per_image": 5}', "an object with usd_per_image"),
        ('{"usd_per_image": {"turbo": 1}}', "'turbo', which is not a rendering speed: FLASH, TURBO"),
        ('{"usd_per_image": {"TURBO": "1"}}', "usd_per_image.TURBO is 1: write US dollars"),
        ('{"usd_per_image": {"TURBO": true}}', "usd_per_image.TURBO is True: write US dollars"),
        ('{"usd_per_image": {"TURBO": -0.01}}', "usd_per_image.TURBO is -0.01"),
        ('{"usd_per_image": {"TURBO": NaN}}', "TURBO is nan"),
        ('{"usd_per_image": {}, "as_of": "yesterday"}', "as_of is 'yesterday': write a day"),
    ):
        path = tmp_path / "mine.json"
        path.write_text(content)
        with pytest.raises(BatchError, match=r"mine\.json") as caught:
            read_prices(path)
        assert words in caught.value.message
    with pytest.raises(BatchError, match=r"none\.json' cannot be read: No such file"):
        read_prices(tmp_path / "none.json")


def test_an_estimate_counts_by_speed_and_by_rounds() -> None:
    estimate = Estimate()
    for speed in [*["TURBO"] * 3, None, None, "QUALITY"]:
        estimate.add(BatchRequest("1", {"text_prompt": "a", "rendering_speed": speed}))
    assert estimate.counts[PricedAt("generate", "TURBO", Decimal("0.03"))] == 3
    assert estimate.seconds(4) == (2 * FASTEST_SECONDS, 2 * SLOWEST_SECONDS)
