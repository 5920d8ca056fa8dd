"""The gallery's HTML: what it says, how it is split, and that no text of others becomes a part of it."""

import re
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import attrs
import pytest
from batch_outcomes import StoredImage, failed, planned, put_image, request, saved, unknown, withheld
from hostile_texts import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from ideogram_ai.batch.gallery import write_gallery
from ideogram_ai.batch.gallery.card import card, money
from ideogram_ai.batch.model import ImageOutcome, Outcome, State
from ideogram_ai.batch.store import Store, open_store

TAGS_OF_A_CARD = {"li", "a", "span", "b", "img", "p", "bdi"}
ATTRIBUTES = {"class", "id", "href", "src", "dir", "loading", "decoding", "alt"} | {
    f"data-{name}" for name in ("state", "title", "id", "facts", "file", "reason", "json", "used")
}


class Reader(HTMLParser):
    """Reads a page: its tags with their attributes, and the text of each element of a class."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"img", "meta", "input"}:
            kind = dict(attrs).get("class") or tag
            self._open.append(kind)
            self.texts.setdefault(kind, []).append("")

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for kind in self._open:
            self.texts[kind][-1] += data


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "autumn posters") as store:
        yield store


def page(store: Store, number: int = 1) -> str:
    name = "index.html" if number == 1 else f"index-{number:04d}.html"
    with store.open(name) as file:
        return file.read().decode()


def names(store: Store) -> list[str]:
    return sorted(path.name for path in Path(store.location).glob("*.html"))


def hostile_card(text: str) -> Outcome:
    """A row in which everything that comes from outside is this text."""
    image = ImageOutcome(1, text, text, f"https://image.test/{text}", False, f"{text}.png", "ab" * 32, 5, text)
    row = attrs.evolve(request(1, text, **{text or "x": text}), key=text, file_name=text)
    return Outcome(row, State.SAVED, (image,), error=text, error_type=text, cost=Decimal("0.06"))


def shown(text: str) -> str:
    """What a page shows of a text: controls as pictures of themselves, and no half surrogates."""
    text = text.replace("\r\n", "\n")
    text = re.sub(r"[\x00-\x08\x0b-\x1f]", lambda match: chr(0x2400 + ord(match[0])), text).replace("\x7f", "\u2421")
    return re.sub("[\x80-\x9f\ud800-\udfff\ufffe\uffff]", "\ufffd", text)


@given(st.text(st.characters()) | st.sampled_from(HOSTILE))
def test_whatever_a_text_holds_it_stays_text(text: str) -> None:
    outcome = hostile_card(text)
    for each in (outcome, attrs.evolve(outcome, state=State.FAILED, images=()), failed(request(1, {"a": text}), text)):
        read = Reader(card(each, 1))
        assert {tag for tag, _ in read.tags} <= TAGS_OF_A_CARD
        assert {name for _, attributes in read.tags for name in attributes} <= ATTRIBUTES
        assert "\0" not in card(each, 1)
        card(each, 1).encode()
    read = Reader(card(outcome, 1))
    assert read.texts["prompt"] == [shown(text)]
    (link,) = [attributes["href"] for tag, attributes in read.tags if tag == "a"]
    assert link is not None
    assert re.fullmatch(r"\./[A-Za-z0-9%._~/-]*\.png", link)


def test_it_has_the_cost_of_each_speed(store: Store) -> None:
    image = put_image(store, 1, "cat")
    speeds = [{"rendering_speed": "TURBO"}, {}, {"rendering_speed": "QUALITY"}, {}]
    costs = ["0.03", "0.06", "0.10", "0.06"]
    rows = [
        attrs.evolve(saved(request(number, **fields), image), cost=Decimal(cost))
        for number, (fields, cost) in enumerate(zip(speeds, costs, strict=True))
    ]
    free = attrs.evolve(rows[0], cost=Decimal(0), request=attrs.evolve(rows[0].request, operation="remove_background"))
    edited = attrs.evolve(free, cost=Decimal("0.20"))
    write_gallery(store, [*rows, free, edited])
    (summary,) = Reader(page(store)).texts["summary"]
    assert summary.endswith("$0.45 billed (DEFAULT $0.12, QUALITY $0.10, TURBO $0.03, remove_background $0.20).")


def test_it_says_how_the_batch_went(store: Store) -> None:
    image = put_image(store, 1, "cat")
    row = request(1)
    rows = [saved(row, image), saved(row, image), withheld(row), failed(row), unknown(row), planned(row)]
    write_gallery(store, rows)
    first = page(store)
    write_gallery(store, rows)
    assert page(store) == first, "the same rows give the same bytes"
    read = Reader(first)
    assert read.texts["h1"] == ["autumn posters"]
    assert read.texts["summary"] == [
        "6 rows: 2 saved, 1 withheld, 1 failed, 1 unknown, 1 not sent. $0.18 billed. $0.06 more may have been billed."
    ]
    buttons = {
        data["data-show"]: data["aria-pressed"] for tag, data in read.tags if tag == "button" and "data-show" in data
    }
    others = ("saved", "withheld", "failed", "unknown", "picked")
    assert buttons == {"all": "true", **dict.fromkeys(others, "false")}
    assert len(read.texts["card"]) == 5
    for some, free, summary in (
        (rows, True, "6 rows: 2 saved, 1 withheld, 1 failed, 1 unknown, 1 not sent. A rehearsal: nothing was billed."),
        ([], False, "0 rows: none."),
        ([planned(request(1))], False, "1 row: 1 not sent."),
    ):
        write_gallery(store, some, free=free)
        assert Reader(page(store)).texts["summary"] == [summary]


def test_a_row_without_an_image_says_why() -> None:
    waiting = attrs.evolve(unknown(request(1)), state=State.ANSWERED, error=None)
    for outcome, reason in (
        (withheld(request(1)), "The safety check withheld the image. It is still billed."),
        (failed(request(1), "No balance."), "No balance."),
        (unknown(request(1)), "No answer came within 300 s. The image may have been made, and billed."),
        (waiting, "The next run does that for free."),
    ):
        assert Reader(card(outcome, 1)).texts["blank"][0].endswith(reason)


def test_a_prompt_that_was_rewritten_is_shown_beside_the_original() -> None:
    image = StoredImage("cat.png", "ab" * 32, 5)
    structured = {"high_level_description": "cat", "compositional_deconstruction": {}}
    same = '{"compositional_deconstruction": {}, "high_level_description": "cat"}'
    for prompt, used, shown_prompt in (
        ("cat", "a cat, golden hour", "a cat, golden hour"),
        ("cat", "cat", None),
        (structured, same, None),
        (structured, "[" * 100_000, "[" * 100_000),
    ):
        read = Reader(card(saved(request(1, prompt), image, prompt=used), 1))
        assert read.tags[0][1].get("data-used") == shown_prompt


def test_many_rows_are_split_and_the_first_page_lists_all_pages(store: Store) -> None:
    def row(number: int) -> Outcome:
        return failed(request(number)) if number % 10 else withheld(request(number))

    write_gallery(store, map(row, range(1, 26)), rows_per_page=10)
    assert names(store) == ["index-0002.html", "index-0003.html", "index.html"]
    pages = [Reader(page(store, number)) for number in (1, 2, 3)]
    assert [read.texts["summary"][0].partition(".")[0] for read in pages] == [
        "25 rows: 2 withheld, 23 failed",
        "10 rows: 1 withheld, 9 failed",
        "5 rows: 5 failed",
    ]
    cards = [text for read in pages for text in read.texts["meta"]]
    assert [int(text[:6]) for text in cards] == list(range(1, 26))
    links = [[data["href"] for tag, data in read.tags if tag == "a" and "rel" in data] for read in pages]
    assert links == [["./index-0002.html"], ["./index.html", "./index-0003.html"], ["./index-0002.html"]]
    listed = [data["href"] for tag, data in pages[0].tags if tag == "a" and (data["href"] or "").endswith("#failed")]
    assert listed == ["./index.html#failed", "./index-0002.html#failed", "./index-0003.html#failed"]
    write_gallery(store, map(row, range(1, 6)), rows_per_page=10)
    assert names(store) == ["index.html"]


def test_long_prompts_end_a_page_earlier_and_are_not_held_in_memory(store: Store) -> None:
    prompt = "long " * 40_000
    tracemalloc.start()
    write_gallery(store, (failed(request(number, prompt)) for number in range(1, 101)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(names(store)) == 2
    assert max(path.stat().st_size for path in Path(store.location).glob("*.html")) < 17_000_000
    assert peak < 4_000_000


def test_a_gallery_that_is_interrupted_leaves_the_earlier_one(store: Store) -> None:
    write_gallery(store, [failed(request(1))])
    before = page(store)

    def rows() -> Iterator[Outcome]:
        yield withheld(request(1))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_gallery(store, rows())
    assert page(store) == before
    assert list(store.workspace.iterdir()) == []


def test_money() -> None:
    amounts = {
        "0": "$0.00",
        "0.06": "$0.06",
        "0.0600": "$0.06",
        "1234.5": "$1,234.50",
        "0.003": "$0.003",
        "1E+2": "$100.00",
    }
    for amount, text in amounts.items():
        assert money(Decimal(amount)) == text
