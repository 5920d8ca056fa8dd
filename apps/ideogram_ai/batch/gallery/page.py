"""A page of the gallery around its cards. It needs nothing beside itself but the images and their thumbnails."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Final

from attrs import frozen

from .card import LABELS
from .text import address, escaped
from .totals import Totals

if TYPE_CHECKING:
    from collections.abc import Iterable

_CARDS: Final = "<!-- cards -->\n"


def page_name(number: int) -> str:
    """File name of a page, counted from 1."""
    return "index.html" if number == 1 else f"index-{number:04d}.html"


@frozen
class Page:
    """What stands around the cards of a page.

    Attributes:
        title: What the batch is called.
        number: The page's number, from 1.
        totals: Of the rows on this page.
        more: Whether another page follows.
    """

    title: str
    number: int
    totals: Totals
    more: bool

    def around(self, summary: str, others: Iterable[Page] = ()) -> tuple[str, str]:
        """The HTML before and after the cards.

        Args:
            summary: What stands under the title.
            others: All pages, for a list of them.
        """
        style, script = _asset("page.css"), _asset("page.js")
        text = Template(_asset("page.html")).substitute(
            policy=escaped(_policy(style, script)),
            title=escaped(self.title if self.number == 1 else f"{self.title}, page {self.number}"),
            style=style,
            script=script,
            summary=escaped(summary),
            pages=_list(others),
            filters=self._filters(),
            shown=f"{self.totals.rows:,} of {self.totals.rows:,} shown",
            onward=self._onward(),
        )
        before, _, after = text.partition(_CARDS)
        return before, after

    def _filters(self) -> str:
        chips = [("all", "all", self.totals.rows)]
        chips += [(state.value, LABELS[state], count) for state, count in self.totals.counted()]
        return "".join(
            f'<button type="button" data-show="{value}" aria-pressed="{"true" if value == "all" else "false"}">'
            f"{label} <b>{count:,}</b></button>"
            for value, label, count in chips
        )

    def _onward(self) -> str:
        links = [(self.number - 1, "Previous page", "prev")] if self.number > 1 else []
        links += [(self.number + 1, "Next page", "next")] if self.more else []
        anchors = [f'<a rel="{rel}" href="{address(page_name(number))}">{label}</a>' for number, label, rel in links]
        return f'<p class="onward">{"".join(anchors)}</p>' if anchors else ""


def _list(pages: Iterable[Page]) -> str:
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


def _policy(style: str, script: str) -> str:
    """Nothing runs but this script, nothing is fetched but pictures that lie beside the page."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src 'self' file:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _asset(name: str) -> str:
    return files(__name__.rpartition(".")[0]).joinpath(name).read_text("utf-8")
