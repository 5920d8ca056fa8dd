"""Answers whose words have the request's API key in them, spelt in a way that a search for the key does not find."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Final

from ideogram_ai.generated.operations import API_KEY_HEADER

from . import content
from .fault import Fault, Phase, status_may_have_run
from .wire import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .exchange import Exchange

_MARK: Final = "THE-KEY-STANDS-HERE"
_WORDS: Final = f"There is no key {_MARK} in use."
_HTML: Final = "html_"


def _one_escape(key: str) -> str:
    """The key with one character escaped: the first that is no letter and no digit, or the one in the middle."""
    place = next((at for at, character in enumerate(key) if not character.isalnum()), len(key) // 2)
    return "".join(f"\\u{ord(char):04x}" if at == place else json.dumps(char)[1:-1] for at, char in enumerate(key))


def _each(form: str) -> Callable[[str], str]:
    return lambda key: "".join(form % ord(character) for character in key)


def _plain(key: str) -> str:
    return json.dumps(key)[1:-1]


_WAYS: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "plain": ("as it is", _plain),
    "json_one": ("one character escaped as JSON may", _one_escape),
    "json_all": ("every character escaped as JSON may", _each("\\u%04x")),
    "json_upper": ("every character escaped as JSON may, in upper-case digits", _each("\\u%04X")),
    "html_decimal": ("every character as a decimal entity of HTML", _each("&#%d;")),
    "html_hex": ("every character as a hexadecimal entity of HTML", _each("&#x%x;")),
    "percent": ("every character percent-encoded", _each("%%%02X")),
    "base64": ("in base64", lambda key: base64.b64encode(key.encode()).decode()),
    "header": ("in two headers", str),
    "utf16": ("in JSON that is UTF-16, as its charset says", _plain),
    "gzip": ("below gzip", _plain),
}

SPELLINGS: Final = tuple(_WAYS)
"""How a key is spelt in a JSON text, in a page of HTML (`html_`), in a header, in UTF-16, or below gzip; by name."""


def spell(spelling: str, key: str) -> str:
    """The key in a spelling."""
    return _WAYS[spelling][1](key)


def echo_key(spelling: str, status: int = 400) -> Fault:
    """Make a behaviour: answer with the key that the request brought, spelt in this way.

    Args:
        spelling: A name in SPELLINGS.
        status: Status of the answer. A 200 is a good answer whose prompt has the key.
    """
    if spelling not in _WAYS:
        raise ValueError(f"spelling: there is no {spelling!r}; known are {', '.join(SPELLINGS)}")

    def act(exchange: Exchange) -> None:
        exchange.read_request()
        exchange.answer(_echo(exchange, spelling, status))

    return Fault(
        name=f"echo_{status}_{spelling}",
        does=f"Answers {status} with the request's key in its words, {_WAYS[spelling][0]}.",
        phase=Phase.IN_ANSWER,
        may_have_run=status_may_have_run(status),
        act=act,
        status=status,
        harmless=status == 200 and not spelling.startswith((_HTML, "utf16")),
    )


def _echo(exchange: Exchange, spelling: str, status: int) -> Answer:
    if status == 200 and exchange.method != "POST":
        return exchange.good_answer()  # an image has no words
    key = exchange.header(API_KEY_HEADER) or ""
    if spelling == "header":
        answer = exchange.good_answer() if status == 200 else content.refusal(status)
        words = _WORDS.replace(_MARK, spell(spelling, key))
        return answer.with_header("X-Reason", words).with_header("WWW-Authenticate", f'ApiKey realm="{words}"')
    if spelling.startswith(_HTML):
        page = f"<!DOCTYPE html>\n<html><body><h1>{_WORDS}</h1></body></html>\n"
        return Answer(status, page.replace(_MARK, spell(spelling, key)).encode(), (content.HTML,))
    answer = _with_words(exchange, status)
    text = answer.body.decode().replace(_MARK, spell(spelling, key))
    if spelling == "utf16":
        rest = tuple(header for header in answer.headers if header != content.JSON)
        return Answer(status, text.encode("utf-16"), (("Content-Type", "application/json; charset=utf-16"), *rest))
    if spelling == "gzip":
        return answer.with_header("Content-Encoding", "gzip").with_body(gzip.compress(text.encode(), mtime=0))
    return answer.with_body(text.encode())


def _with_words(exchange: Exchange, status: int) -> Answer:
    """The contract's example of an answer, its words with the mark in them."""
    answer = exchange.good_answer() if status == 200 else content.refusal(status)
    document = json.loads(answer.body)
    if status == 200:
        document["data"] = [entry | {"prompt": _WORDS} for entry in document["data"]]
    else:
        document |= {"detail": _WORDS, "error": _WORDS}
    return answer.with_body(json.dumps(document).encode())


ECHOES: Final = (
    *(echo_key(spelling) for spelling in SPELLINGS),
    *(echo_key("json_one", status) for status in (401, 422, 429, 500)),
    echo_key("plain", 200),
    echo_key("json_one", 200),
)
