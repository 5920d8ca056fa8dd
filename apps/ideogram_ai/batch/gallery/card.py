"""One row of a batch as a card of the gallery."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from attrs import define, field

from ideogram_ai.client.redaction import shorten_link

from ..model import State
from ..names import JSON_PROMPT, PROMPT_FIELDS, prompt_text
from ..saving import thumbnail_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ..model import ImageOutcome, Outcome

_CONTROLS: Final = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\N{SYMBOL FOR DELETE}",
    **dict.fromkeys((*range(0x80, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\N{REPLACEMENT CHARACTER}"),
}
"""What HTML forbids and UTF-8 cannot hold, by what shows that it is there."""


def escaped(text: str) -> str:
    """A text for HTML, between tags or in a quoted attribute."""
    return escape(text.replace("\r\n", "\n").translate(_CONTROLS))


def line(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


def attributes(**values: str | None) -> str:
    """Attributes `data-...` of an element, those without a value left out."""
    return "".join(f' data-{name}="{escaped(value)}"' for name, value in values.items() if value)


def address(name: str) -> str:
    """The relative address of a file of the store, whatever characters its name has."""
    return f"./{quote(name.encode('utf-8', 'replace'))}"


LABELS: Final = {
    State.SAVED: "saved",
    State.WITHHELD: "withheld",
    State.FAILED: "failed",
    State.UNKNOWN: "unknown",
    State.ANSWERED: "not downloaded",
    State.SENT: "in flight",
}
"""What people read, in the order in which filters stand."""
_REASONS: Final = {
    State.SAVED: "There is no image.",
    State.WITHHELD: "The safety check withheld the image. It is billed all the same.",
    State.FAILED: "No reason is known.",
    State.UNKNOWN: "The request left, and nobody knows what came of it. It may have been billed.",
    State.ANSWERED: "The image is made and paid for, and not downloaded yet. The next run does that for free.",
    State.SENT: "The request was on its way when this page was written.",
}
"""What is said where the outcome itself says nothing."""


@cache
def _template() -> Template:
    return Template(files(__name__.rpartition(".")[0]).joinpath("card.html").read_text("utf-8"))


def card(outcome: Outcome, number: int) -> str:
    """The HTML of a card.

    Args:
        outcome: What became of the row.
        number: The row's number in the gallery, from 1.
    """
    fields = outcome.request.fields
    structured = fields.get(JSON_PROMPT)
    asked = prompt_text(fields)
    image = next((image for image in outcome.images if image.file), None)
    reason = None if image else _reason(outcome)
    note = f"seed {outcome.seed}" if outcome.seed is not None else ""
    return _template().substitute(
        number=number,
        state=outcome.state.value,
        title=escaped(line(outcome.request.key)),
        href=escaped(address(image.file)) if image and image.file else f"#row-{number}",
        picture=_picture(image, LABELS[outcome.state], reason),
        prompt=escaped(asked),
        note=escaped(note),
        facts=escaped(_facts(outcome)),
        texts=attributes(
            file=address(image.file) if image and image.file else None,
            reason=reason,
            json=None if structured is None else _pretty(structured),
            used=_rewritten(outcome.prompt, asked, structured),
        ),
    )


def _picture(image: ImageOutcome | None, label: str, reason: str | None) -> str:
    if reason is not None or image is None or image.sha256 is None:
        return f'<span class="blank"><b>{escaped(label.capitalize())}</b><span>{escaped(reason or "")}</span></span>'
    return f'<img src="{escaped(address(thumbnail_name(image.sha256)))}" loading="lazy" decoding="async" alt="">'


def _reason(outcome: Outcome) -> str:
    return outcome.error or next((image.error for image in outcome.images if image.error), _REASONS[outcome.state])


def _facts(outcome: Outcome) -> str:
    """What the large view lists: a line for each, of name, value and maybe an address, with tabs between."""
    return "".join(
        "\t".join((name, *(line(part) for part in parts))) + "\n" for name, *parts in _list_facts(outcome) if parts[0]
    )


def _list_facts(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    yield "Outcome", LABELS[outcome.state]
    yield "Seed", "" if outcome.seed is None else str(outcome.seed)
    yield "Resolution", outcome.resolution or ""
    yield "Cost", _cost(outcome)
    for place, image in enumerate(outcome.images, start=1):
        which = f" {place}" if len(outcome.images) > 1 else ""
        if image.file:
            yield f"File{which}", image.file, address(image.file)
            yield f"Size{which}", "" if image.size is None else f"{image.size:,} bytes"
            yield f"SHA-256{which}", image.sha256 or ""
        elif image.error:
            yield f"Image{which}", image.error
        if image.url and not image.file:
            yield f"Link{which}", shorten_link(image.url)
    yield "Server", outcome.server or ""
    yield "Replaced by", outcome.replaced_by or ""
    yield "Asked for", _asked_for(outcome)
    yield "Error", outcome.error_type or ""
    yield "Status", str(outcome.status_code or "")
    yield "Attempts", str(outcome.attempts)
    yield "Sent", _moment(outcome.sent_at)
    yield "Answered", _moment(outcome.answered_at)
    yield "Saved", _moment(outcome.saved_at)
    yield "Line of the input", str(outcome.request.line or "")


def _asked_for(outcome: Outcome) -> str:
    fields = {name: value for name, value in outcome.request.fields.items() if name not in PROMPT_FIELDS}
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in fields.items()
    )


def _cost(outcome: Outcome) -> str:
    if outcome.cost is None:
        return ""
    if outcome.rehearsed:
        return f"nothing: a rehearsal, of what would be {money(outcome.cost)}"
    uncertain = outcome.state in {State.SENT, State.UNKNOWN}
    cost = f"{money(outcome.cost)} if it was billed" if uncertain else money(outcome.cost)
    return f"{cost}, and maybe {money(outcome.earlier_cost)} before" if outcome.earlier_cost else cost


def money(amount: Decimal) -> str:
    """An amount in US dollars, for people: with cents, and with more digits where it has them."""
    text = f"{amount.normalize():,f}"
    whole, _, digits = text.partition(".")
    return f"${whole}.{digits:0<2}"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _rewritten(used: str | None, asked: str, structured: Any) -> str | None:
    """The prompt that was used, if it is not the one that was asked for."""
    if not used or used == asked:
        return None
    if structured is not None:
        try:
            parsed = json.loads(used)
        except (ValueError, RecursionError):
            return used
        return None if parsed == structured else _pretty(parsed)
    return used


@define
class Totals:
    """Sums of the rows that were added.

    Attributes:
        free: Whether it was a rehearsal.
        states: Rows by state.
        cost: US dollars that were billed; None when no prices are known.
        uncertain: US dollars that may have been billed beside that.
    """

    free: bool = False
    states: Counter[State] = field(factory=Counter[State])
    cost: Decimal | None = None
    uncertain: Decimal = Decimal(0)

    def add(self, outcome: Outcome) -> None:
        """Count a row. One that was only rehearsed makes all of it a rehearsal: they are never mixed."""
        self.free = self.free or bool(outcome.rehearsed)
        self.states[outcome.state] += 1
        self.uncertain += outcome.earlier_cost
        if outcome.cost is None:
            return
        if outcome.state in {State.SENT, State.UNKNOWN}:
            self.uncertain += outcome.cost
        else:
            self.cost = (self.cost or Decimal(0)) + outcome.cost

    @property
    def rows(self) -> int:
        """Rows that have a card: all that were ever sent."""
        return self.states.total() - self.states[State.PLANNED]

    def counted(self) -> Iterator[tuple[State, int]]:
        """The states of those rows with their counts, none of them zero."""
        for state in LABELS:
            if self.states[state]:
                yield state, self.states[state]

    def sentence(self) -> str:
        """All of it for people."""
        counts = [f"{count:,} {LABELS[state]}" for state, count in self.counted()]
        if self.states[State.PLANNED]:
            counts.append(f"{self.states[State.PLANNED]:,} not sent")
        text = (
            f"{self.states.total():,} {'row' if self.states.total() == 1 else 'rows'}: {', '.join(counts) or 'none'}."
        )
        if self.free:
            return f"{text} A rehearsal: nothing was billed."
        if self.cost is not None:
            text += f" {money(self.cost)} billed."
        if self.uncertain:
            text += f" {money(self.uncertain)} more may have been billed."
        return text
