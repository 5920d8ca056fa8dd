"""The gallery: the images of a batch, and why others failed, as pages that open from the disk."""

from __future__ import annotations

import base64
import hashlib
from contextlib import ExitStack
from functools import cache
from importlib.resources import files
from itertools import count
from shutil import copyfileobj
from string import Template
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ..model import State
from .card import LABELS, Totals, address, card, escaped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..model import Outcome
    from ..store import Store

ROWS_PER_PAGE: Final = 5000
_CHARACTERS_PER_PAGE: Final = 16_000_000
"""Long prompts end a page earlier."""
_CARDS: Final = "<!-- cards -->\n"


def write_gallery(
    store: Store,
    outcomes: Iterable[Outcome],
    *,
    title: str | None = None,
    free: bool = False,
    rows_per_page: int = ROWS_PER_PAGE,
) -> None:
    """Write the gallery, or replace it: a card for each image. Rows that were not sent are counted, and have no card.

    It is index.html, and index-0002.html and so on when there are more rows, or images, than fit on a page. The
    outcomes are read as a stream, in the order of the input. A page that cannot be written stays as it was.
    """
    with store.on_disk("the gallery cannot be written"), ExitStack() as stack:
        gallery = _Gallery(store, title or store.title, stack, free=free)
        for outcome in outcomes:
            gallery.totals.add(outcome)
            if outcome.state is not State.PLANNED:
                if gallery.page_totals.cards >= rows_per_page or gallery.characters >= _CHARACTERS_PER_PAGE:
                    gallery.end_page(more=True)
                gallery.add(outcome)
        gallery.end_page(more=False)
        gallery.finish()


class _Gallery:
    """The pages while they are written. Cards go to a file first, because the head of the page counts them."""

    def __init__(self, store: Store, title: str, stack: ExitStack, *, free: bool) -> None:
        self.totals = Totals(free)
        self._free = free
        self._store = store
        self._title = title
        self._stack = stack
        self._pages: list[_Page] = []
        self._begin_page()
        self._first_cards = self._cards

    def _begin_page(self) -> None:
        self.page_totals = Totals(self._free)
        self.characters = 0
        self._cards = self._stack.enter_context(self._store.part(".cards"))
        self._file = self._stack.enter_context(self._cards.open("w", encoding="utf-8", newline="\n"))

    def add(self, outcome: Outcome) -> None:
        """Add the cards of a row to the page."""
        self.page_totals.add(outcome)
        cards = max(1, len(outcome.images))
        for place in range(cards):
            text = card(outcome, self.totals.cards - cards + place + 1, place)
            self.characters += len(text)
            self._file.write(text)

    def end_page(self, *, more: bool) -> None:
        """Write the page, unless it is the first: that lists all pages, and is written last."""
        self._file.close()
        page = _Page(self._title, len(self._pages) + 1, self.page_totals, more)
        self._pages.append(page)
        if page.number > 1:
            self._write(page.number, page.around(page.totals.sentence()), self._cards)
        if more:
            self._begin_page()

    def finish(self) -> None:
        """Write the first page, and remove surplus pages of an earlier gallery."""
        self._write(1, self._pages[0].around(self.totals.sentence(), self._pages), self._first_cards)
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


def page_name(number: int) -> str:
    """File name of a page, counted from 1."""
    return "index.html" if number == 1 else f"index-{number:04d}.html"


@frozen
class _Page:
    """A page around its cards, numbered from 1. It needs no other file but the images and their thumbnails."""

    title: str
    number: int
    totals: Totals
    more: bool

    def around(self, summary: str, pages: Iterable[_Page] = ()) -> tuple[str, str]:
        """The HTML before and after the cards, with a summary below the title and a list of all pages."""
        style, script = _asset("page.css"), _asset("page.js")
        # Only this script runs, and only pictures beside the page are loaded.
        policy = (
            f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src 'self' file:; "
            "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
        )
        text = Template(_asset("page.html")).substitute(
            policy=escaped(policy),
            title=escaped(self.title if self.number == 1 else f"{self.title}, page {self.number}"),
            style=style,
            script=script,
            summary=escaped(summary),
            pages=_list(pages),
            filters=self._filters(),
            shown=f"{self.totals.cards:,} of {self.totals.cards:,} shown",
            onward=self._onward(),
        )
        before, _, after = text.partition(_CARDS)
        return before, after

    def _filters(self) -> str:
        chips = [("all", "all", self.totals.cards)]
        chips += [(state.value, LABELS[state], count) for state, count in self.totals.counted()]
        buttons = [
            f'<button type="button" data-show="{value}" aria-pressed="{"true" if value == "all" else "false"}">'
            f"{label} <b>{count:,}</b></button>"
            for value, label, count in chips
        ]
        picked = '<button type="button" data-show="picked" aria-pressed="false" hidden>picked <b>0</b></button>'
        return "".join([*buttons, picked])

    def _onward(self) -> str:
        links = [(self.number - 1, "Previous page", "prev")] if self.number > 1 else []
        links += [(self.number + 1, "Next page", "next")] if self.more else []
        anchors = [f'<a rel="{rel}" href="{address(page_name(number))}">{label}</a>' for number, label, rel in links]
        return f'<p class="onward">{"".join(anchors)}</p>' if anchors else ""


def _list(pages: Iterable[_Page]) -> str:
    lines = [
        f'<li><a href="{address(page_name(page.number))}">Page {page.number}</a>: '
        + ", ".join(
            f'<a{"" if state == "saved" else " class=bad"} href="{address(page_name(page.number))}#{state}">'
            f"{count:,} {LABELS[state]}</a>"
            for state, count in page.totals.counted()
        )
        + "</li>"
        for page in pages
    ]
    if len(lines) < 2:
        return ""
    return f'<details class="pages"><summary>{len(lines):,} pages</summary><ol>{"".join(lines)}</ol></details>'


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _asset(name: str) -> str:
    return files(__name__).joinpath(name).read_text("utf-8")
