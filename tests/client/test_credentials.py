"""The API key: where it comes from, and what is refused before anything is sent."""

import pytest
from canned import SHELLS, Service, Shell, generate
from hypothesis import given
from hypothesis import strategies as st

from ideogram_ai.client import AsyncIdeogram, ConfigurationError, Ideogram, IdeogramError
from ideogram_ai.generated.operations import API_KEY_HEADER

CLIENTS = [Ideogram, AsyncIdeogram]
Client = type[Ideogram] | type[AsyncIdeogram]
REFUSED = {
    "blank": ("", "blank"),
    "spaces": ("   ", "blank"),
    "line end of a file": ("a-key\n", "line end of a file"),
    "space in front": (" a-key", "begins or ends with white space"),
    "space inside": ("a key", "white space"),
    "line end inside": ("a-key\r\nX-Evil: 1", "control characters"),
    "NUL": ("a\0key", "control characters"),
    "delete": ("a\x7fkey", "control characters"),
    "no-break space": ("a\u00a0key", "non-ASCII"),
    "byte order mark": ("\ufeffa-key", "non-ASCII"),
    "dash of a word processor": ("a\u2013key", "non-ASCII"),
    "surrogate": ("a\ud800key", "non-ASCII"),
    "bearer": ("Bearer", "without Bearer"),
    "bearer and a key": ("Bearer a-key", "without Bearer"),
    "header line": ("Api-Key: a-key", "a header's name"),
}
NOT_IN_AN_ENVIRONMENT = {"NUL", "surrogate"}


def key_that_was_sent(shell: Shell, key: str | None) -> str:
    service = Service()
    generate(shell, service, {"api_key": key}, text_prompt="a")
    return service.requests[0].headers[API_KEY_HEADER]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_key_is_the_argument_or_else_the_variable(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert key_that_was_sent(shell, "argument") == "argument"
    monkeypatch.setenv("IDEOGRAM_API_KEY", "variable")
    assert key_that_was_sent(shell, None) == "variable"
    assert key_that_was_sent(shell, "argument") == "argument"


@pytest.mark.parametrize("client", CLIENTS)
def test_without_a_key_the_message_says_both_ways_to_give_one(client: Client) -> None:
    with pytest.raises(ConfigurationError, match=r"No API key: pass api_key=.*or set IDEOGRAM_API_KEY"):
        client()


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("source", "case"),
    [("api_key", case) for case in REFUSED]
    + [("IDEOGRAM_API_KEY", case) for case in REFUSED if case not in NOT_IN_AN_ENVIRONMENT],
)
def test_a_key_that_cannot_be_one_is_refused(
    client: Client, source: str, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, reason = REFUSED[case]
    if source != "api_key":
        monkeypatch.setenv(source, key)
    with pytest.raises(ConfigurationError) as caught:
        client(key if source == "api_key" else None)
    message = str(caught.value)
    assert message.startswith(f"{source}: ")
    assert reason in message
    assert message.endswith("Nothing was sent, nothing billed.")
    assert caught.value.may_have_been_billed is False


@pytest.mark.parametrize("key", [b"a-key", 1, ["a-key"], True])
def test_a_key_of_another_type_is_refused(key: object) -> None:
    with pytest.raises(ConfigurationError, match=f"the API key is {type(key).__name__}, not a string"):
        Ideogram(key)  # type: ignore[arg-type]


def test_an_argument_that_cannot_be_used_is_not_replaced_by_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty setting of a program is a fault of it, and must not spend the money of whoever runs it."""
    monkeypatch.setenv("IDEOGRAM_API_KEY", "variable")
    with pytest.raises(ConfigurationError, match="api_key: the API key is blank"):
        Ideogram("")


@given(key=st.text(st.characters()))
def test_a_key_is_sent_as_it_is_or_refused_without_being_shown(key: str) -> None:
    try:
        sent = key_that_was_sent("sync", key)
    except IdeogramError as error:
        message = str(error)
        assert len(key) < 6 or key not in message
    else:
        assert sent == key
        assert key.isascii()
        assert key.isprintable()
