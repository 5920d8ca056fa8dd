"""Prices: one dated file, a file of the user in its place, and no sum that is too small."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ideogram_ai.batch.model import BatchError
from ideogram_ai.batch.prices import FASTEST_SECONDS, SLOWEST_SECONDS, Estimate, read_prices, shipped_prices
from ideogram_ai.contract.view import read_view

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
        estimate.add({"text_prompt": "a", "rendering_speed": speed})
    assert estimate.images == {"TURBO": 3, "DEFAULT": 2, "QUALITY": 1}
    assert (estimate.total, estimate.usd, estimate.usd_of("TURBO")) == (6, Decimal("0.31"), Decimal("0.09"))
    assert estimate.seconds(4) == (2 * FASTEST_SECONDS, 2 * SLOWEST_SECONDS)
