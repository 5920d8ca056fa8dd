"""One row of a batch as a card of the gallery, and the sums above the cards.

Prompts, errors and names come from others: every text is escaped.
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from html import escape
from pathlib import PurePath
from string import Template
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from attrs import define, field

from ideogram_ai.client.redaction import shorten_link
from ideogram_ai.client.request import is_array

from ..model import State
from ..names import JSON_PROMPT, TEXT_PROMPTS, caption_of, prompt_text
from ..operations import GENERATE
from ..prices import price_name
from ..saving import thumbnail_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ..model import ImageOutcome, Outcome

LABELS: Final = {
    State.SAVED: "saved",
    State.WITHHELD: "withheld",
    State.FAILED: "failed",
    State.UNKNOWN: "unknown",
    State.ANSWERED: "not downloaded",
    State.SUBMITTED: "in progress",
    State.SENT: "in flight",
}
"""What people read, in the order of the filters."""
_REASONS: Final = {
    State.SAVED: "There is no image.",
    State.WITHHELD: "The safety check withheld the image. It is still billed.",
    State.FAILED: "No reason is known.",
    State.UNKNOWN: "The request left, and its outcome is unknown. It may have been billed.",
    State.ANSWERED: "The image is made and paid for, and not downloaded yet. The next run does that for free.",
    State.SUBMITTED: "The service was making the image when this page was written. The next run asks for it, for free.",
    State.SENT: "The request was on its way when this page was written.",
}
"""Shown where the outcome has no error."""
_UNCERTAIN: Final = frozenset({State.SENT, State.SUBMITTED, State.UNKNOWN})
"""The states whose cost may not have been billed."""
_CONTROLS: Final = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\N{SYMBOL FOR DELETE}",
    **dict.fromkeys((*range(0x80, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\N{REPLACEMENT CHARACTER}"),
}
"""Visible signs for what HTML forbids and UTF-8 cannot encode."""
_CARD: Final = Template(
    '<li class="card" id="row-$number" data-state="$state" data-title="$title" data-facts="$facts"$texts>'
    '<a class="open" href="$href">$picture<span class="prompt" dir="auto">$prompt</span></a>'
    '<p class="meta"><bdi>$title</bdi><span>$note</span></p></li>\n'
)


def escaped(text: str) -> str:
    """A text for HTML, between tags or in a quoted attribute."""
    return escape(text.replace("\r\n", "\n").translate(_CONTROLS))


def address(name: str) -> str:
    """The relative URL of a file of the store."""
    return f"./{quote(name.encode('utf-8', 'replace'))}"


def money(amount: Decimal) -> str:
    """An amount in US dollars, for people: with cents, and with more digits if it has them."""
    whole, _, digits = f"{amount.normalize():,f}".partition(".")
    return f"${whole}.{digits:0<2}"


def _line(text: str) -> str:
    return " ".join(text.split())


def card(outcome: Outcome, number: int, place: int = 0) -> str:
    """The HTML of the card, by its number in the gallery, for one of the images of a row, by its place from 0."""
    structured = outcome.request.fields.get(JSON_PROMPT)
    prompt = prompt_text(outcome.request.fields)
    caption = caption_of(outcome.request)
    which = f"{place + 1} of {len(outcome.images)}" if len(outcome.images) > 1 else ""
    image = outcome.images[place] if outcome.images else None
    state = _state_of(outcome, image)
    href = reason = None
    if image is None or image.file is None:
        error = image.error if image else None
        reason = (None if which else outcome.error) or error or _REASONS[state]
    else:
        href = address(image.file)
    if image is None or image.file is None or image.sha256 is None:
        label = LABELS[state].capitalize()
        picture = f'<span class="blank"><b>{escaped(label)}</b><span>{escaped(reason or "")}</span></span>'
    else:
        thumbnail = escaped(address(thumbnail_name(image.sha256)))
        picture = f'<span class="frame"><img src="{thumbnail}" loading="lazy" decoding="async" alt=""></span>'
    title = _line(outcome.request.key)
    data = {
        "id": None if title == outcome.request.key else outcome.request.key,
        "caption": None if prompt else caption,  # what is shown is no prompt
        "file": href,
        "reason": reason,
        "json": None if structured is None else _pretty(structured),
        "used": _used_prompt(image.prompt if image else None, prompt, structured),
    }
    facts = "".join(
        "\t".join((name, *map(_line, parts))) + "\n"
        for name, *parts in _facts(outcome, image, state, which)
        if parts[0]
    )  # a line for each fact of the large view: name, value, and optionally an address, with tabs between
    return _CARD.substitute(
        number=number,
        state=state.value,
        title=escaped(title),
        href=escaped(href or f"#row-{number}"),
        picture=picture,
        prompt=escaped(prompt or caption),
        note=which or ("" if image is None or image.seed is None else f"seed {image.seed}"),
        facts=escaped(facts),
        texts="".join(f' data-{name}="{escaped(value)}"' for name, value in data.items() if value),
    )


def _state_of(outcome: Outcome, image: ImageOutcome | None) -> State:
    """The state of one image of a row."""
    if image is None or len(outcome.images) == 1:
        return outcome.state
    return State.SAVED if image.file else State.WITHHELD if image.withheld else outcome.state


def _facts(outcome: Outcome, image: ImageOutcome | None, state: State, which: str) -> Iterator[tuple[str, ...]]:
    fields = outcome.request.fields
    yield "Outcome", LABELS[state]
    yield "Image", which
    if image is not None:
        yield "Seed", "" if image.seed is None else str(image.seed)
        yield "Resolution", image.resolution or ""
        yield "Upscaled to", image.upscaled_resolution or ""
    yield f"Cost{' of the row' if which else ''}", _cost(outcome)
    if image is not None and image.file:
        yield "File", image.file, address(image.file)
        yield "Size", "" if image.size is None else f"{image.size:,} bytes"
        yield "SHA-256", image.sha256 or ""
    elif image is not None:
        yield "Not saved", image.error or ""
        yield "Link", shorten_link(image.url) if image.url else ""
    yield "Server", outcome.server or ""
    yield "Job", outcome.job_id or ""
    yield "Replaced by", outcome.replaced_by or ""
    yield "Operation", "" if outcome.request.operation == GENERATE else outcome.request.operation
    for name in outcome.request.files:
        yield f"Asked with {name}", _name_of(fields[name])
    yield (
        "Asked for",
        ", ".join(
            f"{name} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
            for name, value in fields.items()
            if name not in {*TEXT_PROMPTS, JSON_PROMPT, *outcome.request.files}
        ),
    )
    yield "Error", outcome.error_type or ""
    yield "Status", str(outcome.status_code or "")
    yield "Attempts", str(outcome.attempts)
    yield "Sent", _moment(outcome.sent_at)
    yield "Answered", _moment(outcome.answered_at)
    yield "Saved", _moment(outcome.saved_at)
    yield "Line of the input", str(outcome.request.line or "")


def _name_of(path: Any) -> str:
    """The name of a file, or of several, without the folders of this machine."""
    return ", ".join(map(_name_of, path)) if is_array(path) else PurePath(str(path)).name


def _cost(outcome: Outcome) -> str:
    if outcome.cost is None:
        return ""
    if outcome.rehearsed:
        return f"nothing: a rehearsal, of what would be {money(outcome.cost)}"
    unknown = outcome.state in _UNCERTAIN
    cost = f"{money(outcome.cost)} if it was billed" if unknown else money(outcome.cost)
    return f"{cost}, and maybe {money(outcome.earlier_cost)} before" if outcome.earlier_cost else cost


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _used_prompt(used: str | None, prompt: str, structured: Any) -> str | None:
    """The prompt that was used, if it differs from the one that was sent."""
    if not used or used == prompt:
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
        states: The number of images by state; a row without an image counts as one.
        cost: US dollars that were billed; None when no prices are known.
        uncertain: US dollars that may have been billed as well.
        by_price: US dollars that were billed by rendering speed, or by operation where that sets the price.
    """

    free: bool = False
    rows: int = 0
    states: Counter[State] = field(factory=Counter[State])
    cost: Decimal | None = None
    uncertain: Decimal = Decimal(0)
    by_price: dict[str, Decimal] = field(factory=dict[str, Decimal])

    def add(self, outcome: Outcome) -> None:
        """Count a row. A rehearsed row makes all of it a rehearsal, because the two are never mixed."""
        self.free = self.free or bool(outcome.rehearsed)
        self.rows += 1
        self.states.update(_state_of(outcome, image) for image in outcome.images or (None,))
        self.uncertain += outcome.earlier_cost
        if outcome.cost is not None and outcome.state in _UNCERTAIN:
            self.uncertain += outcome.cost
        elif outcome.cost is not None:
            self.cost = (self.cost or Decimal(0)) + outcome.cost
            name = price_name(outcome.request)
            self.by_price[name] = self.by_price.get(name, Decimal(0)) + outcome.cost

    @property
    def cards(self) -> int:
        """Cards: one for each image, and for each row without an image that was ever sent."""
        return self.states.total() - self.states[State.PLANNED]

    def counted(self) -> Iterator[tuple[State, int]]:
        """The states of those cards and their counts, without zeros."""
        for state in LABELS:
            if self.states[state]:
                yield state, self.states[state]

    def sentence(self) -> str:
        """The sums for people."""
        counts = [f"{count:,} {LABELS[state]}" for state, count in self.counted()]
        if self.states[State.PLANNED]:
            counts.append(f"{self.states[State.PLANNED]:,} not sent")
        images = f", {self.states.total():,} images" if self.states.total() > self.rows else ""
        text = f"{self.rows:,} {'row' if self.rows == 1 else 'rows'}{images}: {', '.join(counts) or 'none'}."
        if self.free:
            return f"{text} A rehearsal: nothing was billed."
        if self.cost is not None:
            shares = [f"{name} {money(cost)}" for name, cost in sorted(self.by_price.items()) if cost]
            text += f" {money(self.cost)} billed" + (f" ({', '.join(shares)})." if len(shares) > 1 else ".")
        if self.uncertain:
            text += f" {money(self.uncertain)} more may have been billed."
        return text
