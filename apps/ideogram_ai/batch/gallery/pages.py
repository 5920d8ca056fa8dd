"""Writes the gallery, as many pages as it takes: none so large that a browser labours, and none held in memory."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count
from shutil import copyfileobj
from typing import TYPE_CHECKING, Final

from ..outcome import State
from .card import card
from .page import Page, page_name
from .totals import Totals

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..outcome import Outcome
    from ..store import Store

ROWS_PER_PAGE: Final = 5000
_CHARACTERS_PER_PAGE: Final = 16_000_000
"""Long prompts end a page earlier."""


def write_gallery(
    store: Store,
    outcomes: Iterable[Outcome],
    *,
    title: str | None = None,
    free: bool = False,
    rows_per_page: int = ROWS_PER_PAGE,
) -> None:
    """Write the gallery, in place of an earlier one. Rows that were not sent are counted, and have no card.

    Args:
        store: Where it goes: index.html, and index-0002.html and so on when there are more rows than fit on a page.
        outcomes: What became of each row, in the order of the input; it is read once.
        title: What stands above it; None for the name of the store's folder.
        free: Whether it was a rehearsal, which cost nothing.
        rows_per_page: Rows on a page at most.

    Raises:
        StoreError: A page cannot be written; the earlier one is still there.
    """
    with store.on_disk("the gallery cannot be written"), ExitStack() as stack:
        gallery = _Gallery(store, title or store.title, stack, free=free)
        for outcome in outcomes:
            gallery.totals.add(outcome)
            if outcome.state is not State.PLANNED:
                if gallery.page_totals.rows >= rows_per_page or gallery.characters >= _CHARACTERS_PER_PAGE:
                    gallery.end_page(more=True)
                gallery.add(outcome)
        gallery.end_page(more=False)
        gallery.write_index()
        gallery.remove_surplus()


class _Gallery:
    """The pages while they are written. Cards go to a file first, because what stands above them counts them."""

    def __init__(self, store: Store, title: str, stack: ExitStack, *, free: bool) -> None:
        self.totals = Totals(free)
        self._free = free
        self._store = store
        self._title = title
        self._stack = stack
        self._pages: list[Page] = []
        self._begin_page()
        self._first_cards = self._cards

    def _begin_page(self) -> None:
        self.page_totals = Totals(self._free)
        self.characters = 0
        self._cards = self._stack.enter_context(self._store.part(".cards"))
        self._file = self._stack.enter_context(self._cards.open("w", encoding="utf-8", newline="\n"))

    def add(self, outcome: Outcome) -> None:
        """Add a card to the page."""
        self.page_totals.add(outcome)
        text = card(outcome, self.totals.rows)
        self.characters += len(text)
        self._file.write(text)

    def end_page(self, *, more: bool) -> None:
        """Write the page, but the first: that lists all, and comes last."""
        self._file.close()
        page = Page(self._title, len(self._pages) + 1, self.page_totals, more)
        self._pages.append(page)
        if page.number > 1:
            self._write(page.number, page.around(page.totals.sentence()), self._cards)
        if more:
            self._begin_page()

    def write_index(self) -> None:
        """Write the first page."""
        self._write(1, self._pages[0].around(self.totals.sentence(), self._pages), self._first_cards)

    def remove_surplus(self) -> None:
        """Remove pages that an earlier gallery had more."""
        for number in count(len(self._pages) + 1):
            if not self._store.exists(page_name(number)):
                break
            self._store.remove(page_name(number))

    def _write(self, number: int, around: tuple[str, str], cards: Path) -> None:
        before, after = around
        with self._store.write(page_name(number)) as file, cards.open(encoding="utf-8") as middle:
            file.write(before)
            copyfileobj(middle, file)
            file.write(after)
        cards.unlink()
