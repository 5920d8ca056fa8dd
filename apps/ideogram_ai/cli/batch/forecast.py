"""What a run is about to do: how many images, what they cost, and how long they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from ideogram_ai.batch.prices import FASTEST_SECONDS, SLOWEST_SECONDS, SOURCE_OF_SECONDS, Estimate

from .words import count, duration, usd

if TYPE_CHECKING:
    from collections.abc import Iterator


@frozen
class Forecast:
    """What a run is about to do.

    Attributes:
        rows: Rows of the batch.
        finished: Rows that are finished, or that only an option would touch again.
        downloads: Rows whose images are made and paid for, and not saved yet.
        estimate: The images to be made.
        in_flight: Requests at a time.
        free: Whether nobody is billed: a server on this machine draws the images.
        updated: Rows that changed and never cost anything.
        replaced: Rows that are made again, and keep what was made before.
        rehearsed: Rows that a rehearsal made, and that are made now.
        absent: Rows of the ledger that the input does not have any more; they are left alone.
    """

    rows: int
    finished: int
    downloads: int
    estimate: Estimate
    in_flight: int
    free: bool
    updated: int = 0
    replaced: int = 0
    rehearsed: int = 0
    absent: int = 0

    def summary(self) -> str:
        """The same in a line, for people who are about to do it."""
        cost = "for free" if self.free else f"for about {usd(self.estimate.usd)}"
        made = f"{count(self.estimate.total, 'image')} to make {cost}, {self.in_flight:,} at a time"
        return f"{count(self.rows, 'row')}: {', '.join([made, *self._others()])}."

    def lines(self) -> Iterator[str]:
        """What people are shown who ask."""
        estimate = self.estimate
        made = f"{count(estimate.total, 'image')} to make"
        yield f"{count(self.rows, 'row')}: {', '.join([made, *self._others()])}"
        if not estimate.total:
            return
        for speed, number in estimate.images.items():
            price = usd(estimate.prices.of({"rendering_speed": speed}))
            yield f"  {speed:<8} {number:>9,}  at {price}  {usd(estimate.usd_of(speed)):>14}"
        yield f"  cost     {usd(estimate.usd)}" + (" if it were not a rehearsal" if self.free else "")
        least, most = estimate.seconds(self.in_flight)
        yield f"  time     {duration(least)} to {duration(most)}, with {self.in_flight:,} at a time"
        prices = estimate.prices
        yield f"Prices: {prices.source}, seen {prices.seen}; --prices FILE takes others. Withheld images cost the same."
        yield f"Time: {FASTEST_SECONDS:g} to {SLOWEST_SECONDS:g} s an image, {SOURCE_OF_SECONDS}."

    def _others(self) -> Iterator[str]:
        if self.downloads:
            yield f"{self.downloads:,} to download"
        if self.finished:
            yield f"{self.finished:,} finished"
        for number, what in (
            (self.updated, "changed and never billed"),
            (self.replaced, "made again"),
            (self.rehearsed, "rehearsed before"),
            (self.absent, "not in the input any more"),
        ):
            if number:
                yield f"{number:,} {what}"

    def members(self) -> dict[str, Any]:
        """What machines are told."""
        estimate = self.estimate
        return {
            "rows": self.rows,
            "finished": self.finished,
            "downloads": self.downloads,
            "images": estimate.total,
            "images_by_speed": dict(estimate.images),
            "cost_usd": f"{estimate.usd:f}",
            "prices_as_of": estimate.prices.as_of.isoformat(),
            "in_flight": self.in_flight,
            "updated": self.updated,
            "replaced": self.replaced,
            "rehearsed": self.rehearsed,
            "absent": self.absent,
            "seconds": list(estimate.seconds(self.in_flight)),
        }
