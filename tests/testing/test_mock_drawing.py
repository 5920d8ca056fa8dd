"""The pictures of the mock server: the right size, the same every time, everything where the prompt puts it."""

import unicodedata
from collections.abc import Iterator
from io import BytesIO
from itertools import product
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mock_requests import json_prompt
from PIL import Image, ImageChops, ImageDraw

from ideogram_ai.contract.view import read_view
from ideogram_ai.testing import requests
from ideogram_ai.testing.drawing import draw_png, lettering
from ideogram_ai.testing.drawing.lettering import MAX_TEXT, clusters, draw_line, drawable, fit_text, width_of, wrap
from ideogram_ai.testing.drawing.picture import INK, PAPER, contrast, from_seed, ink_on, read_element
from ideogram_ai.testing.images import Picture

SMALL = st.sampled_from([(64, 192), (192, 64), (128, 128)])
PROMPTS = requests().filter(lambda request: "json_prompt" in request).map(lambda request: request["json_prompt"])
ELEMENTS = st.builds(
    lambda kind, bbox, text, desc, palette: {
        "type": kind,
        "desc": desc,
        **({"bbox": bbox} if bbox else {}),
        **({"text": text} if kind == "text" else {}),
        **({"color_palette": palette} if palette else {}),
    },
    st.sampled_from(["obj", "text"]),
    st.none() | st.lists(st.integers(0, 1000), min_size=4, max_size=4),
    st.text(max_size=80),
    st.text(max_size=80),
    st.lists(st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True), max_size=7),
)


@pytest.fixture
def other_fonts() -> Iterator[None]:
    """Forget the fonts before and after a test that changes them."""
    lettering.forget_fonts()
    yield
    lettering.forget_fonts()


def draw(prompt: str | dict[str, Any], *, size: tuple[int, int] = (400, 400), seed: int = 7) -> Image.Image:
    with Image.open(BytesIO(draw_png(Picture(*size, seed, prompt)))) as image:
        image.load()
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", size)
        return image.copy()


def changed(first: Image.Image, second: Image.Image) -> tuple[int, int, int, int] | None:
    return ImageChops.difference(first, second).getbbox()


def test_a_picture_has_the_size_that_was_requested() -> None:
    for resolution, prompt in (("1296x3168", "A photo of a cat"), ("3168x1296", json_prompt())):
        assert resolution in read_view().fields["resolution"].choices
        width, height = map(int, resolution.split("x"))
        draw(prompt, size=(width, height))


def test_the_same_picture_has_the_same_bytes_and_another_seed_or_prompt_has_not() -> None:
    assert changed(draw("a cat"), draw("a dog"))
    for prompt in ("a cat", json_prompt({"type": "obj", "desc": "a cat", "bbox": [0, 0, 500, 500]})):
        first, again, other = (draw_png(Picture(200, 200, seed, prompt)) for seed in (1, 1, 2))
        assert first == again != other


@pytest.mark.parametrize("size", [(400, 400), (600, 200), (200, 600)])
def test_an_object_is_in_its_box_rows_first_in_its_colour(size: tuple[int, int]) -> None:
    box = {"type": "obj", "desc": "", "bbox": [200, 600, 500, 900], "color_palette": ["#FF0000"]}
    picture = draw(json_prompt(box, style_description={"color_palette": ["#FFFFFF"]}), size=size)
    inside = [(0.62, 0.45), (0.88, 0.45), (0.88, 0.22)]
    outside = [(0.57, 0.35), (0.93, 0.35), (0.75, 0.16), (0.75, 0.55), (0.35, 0.75)]
    for x, y in (*inside, *outside):
        place = int(x * size[0]), int(y * size[1])
        red, green, _ = picture.crop((*place, place[0] + 1, place[1] + 1)).tobytes()
        assert (red - green > 60) is ((x, y) in inside), (x, y)


def test_a_box_with_its_minimum_above_its_maximum_is_turned_and_says_so() -> None:
    for bbox, turned in (([200, 600, 500, 900], False), ([500, 900, 200, 600], True)):
        element = read_element(1, {"type": "obj", "desc": "", "bbox": bbox, "color_palette": ["#0b1D3A"]})
        assert (element.box, element.turned, element.palette) == ((0.6, 0.2, 0.9, 0.5), turned, ((11, 29, 58),))


def test_the_words_of_a_text_fill_its_box_and_stay_in_it() -> None:
    element = {"type": "text", "desc": "x", "bbox": [300, 100, 600, 900], "color_palette": ["#C00000"]}
    empty, words = (
        draw(json_prompt(element | {"text": text}, style_description={"color_palette": ["#FFFFFF"]}), size=(800, 800))
        for text in ("", "BLUE HOUR")
    )
    left, top, right, bottom = changed(empty, words) or (0, 0, 0, 0)
    assert (80 <= left < 160, 640 < right <= 720) == (True, True)
    assert (top >= 240, bottom <= 480, bottom - top > 80) == (True, True, True)


def test_words_lie_over_objects() -> None:
    words = {"type": "text", "desc": "", "text": "W", "bbox": [0, 0, 1000, 1000], "color_palette": ["#0000FF"]}
    cover = {"type": "obj", "desc": "", "bbox": [0, 0, 1000, 1000], "color_palette": ["#FFFFFF"]}
    colours = draw(json_prompt(words, cover)).getcolors(1 << 20) or []
    assert (0, 0, 255) in {colour for _, colour in colours}


def test_everything_in_a_prompt_is_seen() -> None:
    element = {"type": "obj", "desc": "a dog", "bbox": [400, 400, 900, 900]}
    style: dict[str, Any] = {"medium": "oil", "color_palette": ["#EEEEEE"]}
    whole = json_prompt(element, style_description=style)
    parts = whole["compositional_deconstruction"]
    changes: list[dict[str, Any]] = [
        {"high_level_description": "Another poster"},
        {"style_description": style | {"medium": "ink"}},
        {"style_description": style | {"color_palette": ["#EEEEEE", "#00AA00"]}},
        {"compositional_deconstruction": parts | {"background": "stone"}},
        {"compositional_deconstruction": parts | {"elements": [element, {"type": "obj", "desc": "a fly"}]}},
        {"compositional_deconstruction": parts | {"elements": [element | {"desc": "a cat"}]}},
    ]
    plain = draw(whole)
    for change in changes:
        assert changed(plain, draw(whole | change)), change
    assert changed(plain, draw(whole, seed=8))


HARD_LAYOUTS: list[list[dict[str, Any]]] = [
    [],
    [{"type": "obj", "desc": "", "bbox": [0, 0, 0, 0]}],
    [{"type": "text", "desc": "", "text": "x", "bbox": [1000, 1000, 1000, 1000]}],
    [{"type": "obj", "desc": "line", "bbox": [0, 500, 1000, 500]}],
    [{"type": "text", "desc": "line", "text": "x", "bbox": [500, 0, 500, 1000]}],
    [{"type": "obj", "desc": "turned", "bbox": [1000, 1000, 0, 0]}],
    [{"type": "obj", "desc": "floats", "bbox": [0.0, 10.0, 500.0, 1000.0]}],
    [{"type": "obj", "desc": "d" * 5000, "bbox": [0, 0, 900, 900], "color_palette": ["#ABCDEF"] * 300}],
    [{"type": "text", "desc": "", "text": "W" * 20_000, "bbox": [0, 0, 900, 900]}],
    [{"type": "text", "desc": "", "text": "w " * 10_000, "bbox": [0, 0, 900, 900]}],
    [{"type": "text", "desc": "", "text": "\n" * 5000, "bbox": [0, 0, 900, 900]}],
    [{"type": "text", "desc": "", "text": "a\nbb\nccc", "bbox": [0, 0, 900, 900]}],
    [{"type": "obj", "desc": "one of many", "bbox": [n, n, 1000, 1000]} for n in range(400)],
    [{"type": "obj", "desc": "nowhere"}] * 400,
    [{"type": "text", "desc": "\x00\u200d", "text": "👩‍👩‍👧 שלום 東京\u202e\ufffd", "bbox": [0, 0, 900, 900]}],
]


def test_hard_layouts_are_drawn() -> None:
    for elements in HARD_LAYOUTS:
        for size in ((256, 512), (320, 100)):
            draw(json_prompt(*elements), size=size)


@pytest.mark.parametrize(
    "prompts", [PROMPTS, st.lists(ELEMENTS, max_size=8).map(lambda each: json_prompt(*each)), st.text(max_size=300)]
)
def test_every_prompt_is_drawn_on_a_ground_and_without(prompts: st.SearchStrategy[Any]) -> None:
    @settings(suppress_health_check=list(HealthCheck), max_examples=25)
    @given(prompt=prompts, size=SMALL, seed=st.integers(*read_view().seeds))
    def check(prompt: Any, size: tuple[int, int], seed: int) -> None:
        draw(prompt, size=size, seed=seed)
        with Image.open(BytesIO(draw_png(Picture(*size, seed, prompt, transparent=True)))) as image:
            assert (image.mode, image.size) == ("RGBA", size)

    check()


def test_a_text_is_drawn_with_every_letter_that_a_font_has() -> None:
    for text in (
        "plain 'text' 100%",
        "CAFÉ ZÜRICH Ördögház",
        "5 × 5 — straße → Øl",  # noqa: RUF001
        "Привет Καλημέρα Tiếng Việt",
        "مرحبا שלום नमस्ते สวัสดี",
        "🎉👩\u200d👩\u200d👧🇩🇪👍🏽",
        "東京 한국어 cat",
        "\u0301",
    ):
        assert drawable(text) == text
    assert drawable("e\u0301 \u200b\ufeff\x07x\ty") == "é x y"
    assert drawable("a\u2028b\u00a0c") == "a b c"
    assert drawable("\U00012000 cat \U00012001") == "\ufffd cat \ufffd"
    assert drawable("x" * (MAX_TEXT + 1)) == "x" * MAX_TEXT + "..."


SCRIPTS = ["CAFÉ ZÜRICH", "Привет", "Ωραία", "مرحبا", "שלום", "नमस्ते", "สวัสดี", "東京タワー", "서울", "🎉🐈"]


@pytest.mark.parametrize("text", SCRIPTS)
def test_the_letters_of_every_script_differ_from_each_other_and_from_what_is_missing(text: str) -> None:
    """A box in place of each letter would look the same whatever the text is."""
    letters = list(dict.fromkeys(cluster for cluster in clusters(text) if not cluster.isspace()))
    pictures = {cluster: drawn_letters(cluster) for cluster in [*letters, "\ufffd"]}
    assert len({picture.tobytes() for picture in pictures.values()}) == len(pictures)
    for cluster in letters:
        bare = unicodedata.normalize("NFD", cluster)[0]
        assert bare == cluster or drawn_letters(bare).tobytes() != pictures[cluster].tobytes(), "a mark is missing"


def drawn_letters(line: str) -> Image.Image:
    image = Image.new("L", (400, 80))
    draw_line(ImageDraw.Draw(image), 20, 10, line, 40, fill=255)
    return image


@pytest.mark.skipif(not lettering.RAQM, reason="Pillow cannot join letters here")
def test_letters_are_joined_and_run_from_right_to_left() -> None:
    for joined in ("عالم", "नमस्ते"):
        assert width_of(joined, 40) != pytest.approx(sum(width_of(letter, 40) for letter in joined), rel=0.02)
    assert columns("שלום abc") == columns("abc שלום") == ["abc", " ", "שלום"]
    assert columns("abc שלום עולם def") == ["abc", " ", "עולם", " ", "שלום", " ", "def"]
    assert columns("שלום (2024) abc, עולם") == ["עולם", " ", "abc,", " ", "(2024)", " ", "שלום"]
    assert columns("مرحبا 2024") == ["2024", " ", "مرحبا"]


def columns(line: str) -> list[str]:
    """The words and spaces of a line from left to right, told by what is drawn."""
    calls: list[tuple[float, str]] = []
    pen = ImageDraw.Draw(Image.new("L", (10, 10)))
    with mock.patch.object(pen, "text", lambda place, text, **_: calls.append((place[0], text))):
        draw_line(pen, 0, 0, line, 40)
    return [text for _, text in sorted(calls)]


def test_without_raqm_letters_are_in_their_order_and_there_is_a_warning(
    other_fonts: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lettering, "RAQM", False)
    assert columns("שלום") == ["םולש"]
    assert columns("abc") == ["abc"]
    columns("नमस्ते")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "libfribidi" in caplog.text


def test_a_letter_that_no_font_has_is_reported_once_for_its_script(
    other_fonts: None, caplog: pytest.LogCaptureFixture
) -> None:
    assert drawable("\U00012000\U00012001 cat \U00013000") == "\ufffd\ufffd cat \ufffd"
    words = [record.getMessage().split(":")[0] for record in caplog.records]
    assert words == ["No font here has \U00012000 (Cuneiform)", "No font here has \U00013000 (Egyptian)"]


def test_without_a_japanese_font_the_picture_and_the_log_say_so_with_the_cure(
    other_fonts: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    prompt = json_prompt({"type": "text", "desc": "", "text": "東京タワー", "bbox": [100, 100, 900, 900]})
    shown = draw(prompt, size=(800, 400))
    lettering.forget_fonts()
    monkeypatch.setattr(lettering, "_PACKAGES", ("manimgx_fonts",))
    monkeypatch.setattr(lettering, "_SYSTEM_FONTS", ())
    hidden = draw(prompt, size=(800, 400))
    assert drawable("東京タワー") == "\ufffd" * 5
    box = changed(shown, hidden)
    assert box is not None
    assert box[3] > 400 - 20, "the footer counts them"
    assert len(caplog.records) == 2  # ideographs and katakana
    assert "manimgx-fonts-cjk" in caplog.text


def test_lines_of_scripts_without_spaces_break_between_letters_and_not_before_a_full_stop() -> None:
    lines = wrap("東京の夜空に輝く。「ネオン」", 110, 20)
    assert lines.whole
    assert "".join(lines.lines) == "東京の夜空に輝く。「ネオン」"
    assert len(lines.lines) > 2
    assert all(line[0] not in "。」" and line[-1] != "「" for line in lines.lines)


@given(text=st.text("ab \n", max_size=120), width=st.integers(10, 300), height=st.integers(5, 300))
def test_fitted_text_fits_and_loses_nothing_unless_it_says_so(text: str, width: int, height: int) -> None:
    block = fit_text(text, width, height, 40, 6)
    if block is None:
        assert height < 8
        return
    assert block.height <= height
    assert all(width_of(line, 6) <= width + 1 for line in block.lines)
    if block.whole:
        assert "".join("".join(block.lines).split()) == "".join(text.split())


def test_text_is_as_large_as_it_can_be() -> None:
    block = fit_text("cat", 200, 100, 500, 6)
    assert block is not None
    larger = wrap("cat", 200, round(block.line_height / 1.2) + 1)
    assert not larger.whole or larger.height > 100


def test_the_authors_lines_are_kept_when_asked() -> None:
    text = "a long first line\nx"
    broken, kept = fit_text(text, 100, 200, 60, 6), fit_text(text, 100, 200, 60, 6, keep_lines=True)
    assert broken is not None
    assert kept is not None
    assert len(broken.lines) > 2
    assert kept.lines == ("a long first line", "x")


def test_ink_can_be_read_on_any_ground() -> None:
    for ground in product(range(0, 256, 51), repeat=3):
        assert contrast(ink_on(ground), ground) > 4
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert len({from_seed(7, place) for place in range(10)}) == 10
    assert (ink_on((255, 255, 255)), ink_on((0, 0, 0))) == (INK, PAPER)
