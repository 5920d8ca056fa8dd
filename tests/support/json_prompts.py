"""Strategies for the keyword arguments of generate(): typed as the contract has them, and any Unicode in every text."""

from typing import Any

from hypothesis import strategies as st

from ideogram_ai.generated.contract import read_contract

SCHEMAS = read_contract()["components"]["schemas"]

texts = st.text(max_size=40)
"""Every character but surrogates: NUL, CR, LF, the byte order mark, right to left marks and the astral planes too."""
palettes = st.lists(st.text("0123456789abcdefABCDEF", min_size=6, max_size=6).map("#{}".format), max_size=5)
boxes = st.lists(st.integers(0, 1000), min_size=4, max_size=4)
unknown = st.dictionaries(
    st.text(max_size=5).map("x-{}".format), st.none() | st.booleans() | st.integers(-9, 9) | texts
)


def _shuffled(members: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The same members in any order: the order of an author is theirs."""
    return st.permutations(list(members.items())).map(dict)


def _object(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with some of the optional members, and now and then some that the contract does not know."""
    whole = st.fixed_dictionaries(required, optional=optional)
    return st.builds(lambda known, more: known | more, whole, unknown | st.just({})).flatmap(_shuffled)


elements = st.lists(
    _object({"type": st.just("obj"), "desc": texts}, {"bbox": boxes, "color_palette": palettes})
    | _object({"type": st.just("text"), "text": texts, "desc": texts}, {"bbox": boxes, "color_palette": palettes}),
    max_size=3,
)
styles = _object(
    {},
    dict.fromkeys(("aesthetics", "lighting", "photo", "medium", "art_style"), texts) | {"color_palette": palettes},
)
json_prompts = _object(
    {
        "high_level_description": texts,
        "compositional_deconstruction": _object({"background": texts, "elements": elements}, {}),
    },
    {"style_description": styles, "tags": st.lists(texts, max_size=3)},
)

arguments: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda prompt, others: prompt | others,
    st.fixed_dictionaries({"text_prompt": texts}) | st.fixed_dictionaries({"json_prompt": json_prompts}),
    st.fixed_dictionaries(
        {},
        optional={
            "resolution": st.none() | st.sampled_from(SCHEMAS["ResolutionV4"]["enum"]),
            "rendering_speed": st.none() | st.sampled_from(SCHEMAS["RenderingSpeedV4"]["enum"]),
            "enable_copyright_detection": st.none() | st.booleans(),
        },
    ),
).flatmap(_shuffled)
"""Keyword arguments for generate() that keep the contract."""
