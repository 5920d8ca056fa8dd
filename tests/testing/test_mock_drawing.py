"""The pictures of the mock server: the right size, the same every time, everything where the prompt puts it."""

import unicodedata
from io import BytesIO
from typing import Any, cast
from unittest import mock

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mock_requests import json_prompt
from PIL import Image, ImageChops, ImageDraw

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing.drawing import draw_png, faces, lettering
from ideogram_ai.testing.drawing.colours import INK, PAPER, contrast, from_hex, from_seed, ink_on
from ideogram_ai.testing.drawing.lettering import (
    LONGEST_TEXT,
    clusters,
    count_missing,
    draw_line,
    fit,
    length,
    set_lines,
    showable,
)
from ideogram_ai.testing.drawing.scene import read_scene
from ideogram_ai.testing.service import Picture

SIZES = read_view().fields["resolution"].choices
SMALL = st.sampled_from([(64, 192), (192, 64), (128, 128)])
BODIES: st.SearchStrategy[dict[str, Any]] = (
    schemathesis.openapi.from_dict(read_contract())[OPERATION.path][OPERATION.method]
    .as_strategy()
    .map(lambda case: cast("dict[str, Any]", case.body))
)
PROMPTS = BODIES.filter(lambda body: "json_prompt" in body).map(lambda body: body["json_prompt"])
BBOXES = st.lists(st.integers(0, 1000), min_size=4, max_size=4)
ELEMENTS = st.builds(
    lambda kind, bbox, text, desc, palette: {
        "type": kind,
        "desc": desc,
        **({"bbox": bbox} if bbox else {}),
        **({"text": text} if kind == "text" else {}),
        **({"color_palette": palette} if palette else {}),
    },
    st.sampled_from(["obj", "text"]),
    st.none() | BBOXES,
    st.text(max_size=80),
    st.text(max_size=80),
    st.lists(st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True), max_size=7),
)


def draw(prompt: str | dict[str, Any], *, size: tuple[int, int] = (400, 400), seed: int = 7) -> Image.Image:
    with Image.open(BytesIO(draw_png(Picture(*size, seed, prompt)))) as image:
        image.load()
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", size)
        return image.copy()


def changed(first: Image.Image, second: Image.Image) -> tuple[int, int, int, int] | None:
    return ImageChops.difference(first, second).getbbox()


@pytest.mark.parametrize("resolution", [SIZES[0], "1296x3168", "3168x1296", "512x1536"])
@pytest.mark.parametrize("prompt", ["A photo of a cat", json_prompt({"type": "text", "desc": "", "text": "CAT"})])
def test_a_picture_has_the_size_that_was_asked_for(resolution: str, prompt: str | dict[str, Any]) -> None:
    width, height = map(int, resolution.split("x"))
    draw(prompt, size=(width, height))


def test_the_same_picture_has_the_same_bytes_and_another_seed_has_not() -> None:
    for prompt in ("a cat", json_prompt({"type": "obj", "desc": "a cat", "bbox": [0, 0, 500, 500]})):
        first, again, other = (draw_png(Picture(200, 200, seed, prompt)) for seed in (1, 1, 2))
        assert first == again != other


def test_different_words_are_different_pictures() -> None:
    assert changed(draw("a cat"), draw("a dog"))


@pytest.mark.parametrize("size", [(400, 400), (600, 200), (200, 600)])
def test_an_object_stands_in_its_box_rows_first_in_its_colour(size: tuple[int, int]) -> None:
    box = {"type": "obj", "desc": "", "bbox": [200, 600, 500, 900], "color_palette": ["#FF0000"]}
    style = {"color_palette": ["#FFFFFF"]}
    picture = draw(json_prompt(box, style_description=style), size=size)
    width, height = size
    inside = [(0.62, 0.45), (0.88, 0.45), (0.88, 0.22)]
    outside = [(0.57, 0.35), (0.93, 0.35), (0.75, 0.16), (0.75, 0.55), (0.35, 0.75)]
    for x, y in inside:
        red, green, _ = pixel(picture, x * width, y * height)
        assert (red > 180, green < 120) == (True, True), (x, y)
    for x, y in outside:
        red, green, _ = pixel(picture, x * width, y * height)
        assert abs(red - green) < 40, (x, y)


def test_a_box_with_its_minimum_above_its_maximum_is_turned_and_says_so() -> None:
    scenes = [
        read_scene(json_prompt({"type": "obj", "desc": "", "bbox": bbox}))
        for bbox in ([200, 600, 500, 900], [500, 900, 200, 600])
    ]
    right, turned = (scene.elements[0].box for scene in scenes)
    assert right is not None
    assert turned is not None
    assert (right.left, right.top, right.right, right.bottom) == (0.6, 0.2, 0.9, 0.5)
    assert (turned.left, turned.top, turned.right, turned.bottom) == (0.6, 0.2, 0.9, 0.5)
    assert (right.turned, turned.turned) == (False, True)


def test_the_words_of_a_text_fill_its_box_and_stay_in_it() -> None:
    element = {"type": "text", "desc": "x", "bbox": [300, 100, 600, 900], "color_palette": ["#C00000"]}
    style = {"color_palette": ["#FFFFFF"]}
    empty = draw(json_prompt({**element, "text": ""}, style_description=style), size=(800, 800))
    words = draw(json_prompt({**element, "text": "BLUE HOUR"}, style_description=style), size=(800, 800))
    box = changed(empty, words)
    assert box is not None
    left, top, right, bottom = box
    assert 80 <= left < 160
    assert 640 < right <= 720
    assert top >= 240
    assert bottom <= 480
    assert bottom - top > 80


def test_words_lie_over_objects() -> None:
    words = {"type": "text", "desc": "", "text": "W", "bbox": [0, 0, 1000, 1000], "color_palette": ["#0000FF"]}
    cover = {"type": "obj", "desc": "", "bbox": [0, 0, 1000, 1000], "color_palette": ["#FFFFFF"]}
    colours = draw(json_prompt(words, cover)).getcolors(1 << 20) or []
    assert (0, 0, 255) in {colour for _, colour in colours}


@pytest.mark.parametrize("change", ["description", "background", "style", "palette", "unplaced", "desc", "seed"])
def test_everything_in_a_prompt_is_seen(change: str) -> None:
    def prompt(altered: str) -> dict[str, Any]:
        element: dict[str, Any] = {"type": "obj", "desc": "a dog", "bbox": [400, 400, 900, 900]}
        made = json_prompt(element, style_description={"medium": "oil", "color_palette": ["#EEEEEE"]})
        match altered:
            case "description":
                made["high_level_description"] = "Another poster"
            case "background":
                made["compositional_deconstruction"]["background"] = "stone"
            case "style":
                made["style_description"]["medium"] = "ink"
            case "palette":
                made["style_description"]["color_palette"].append("#00AA00")
            case "unplaced":
                made["compositional_deconstruction"]["elements"].append({"type": "obj", "desc": "a fly"})
            case "desc":
                element["desc"] = "a cat"
        return made

    assert changed(draw(prompt("")), draw(prompt(change), seed=8 if change == "seed" else 7))


@pytest.mark.parametrize(
    "elements",
    [
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
    ],
)
@pytest.mark.parametrize("size", [(512, 1536), (320, 100)])
def test_hard_layouts_are_drawn(elements: list[dict[str, Any]], size: tuple[int, int]) -> None:
    draw(json_prompt(*elements), size=size)


@settings(suppress_health_check=list(HealthCheck), max_examples=40)
@given(prompt=PROMPTS, size=SMALL)
def test_every_prompt_of_the_contract_is_drawn(prompt: dict[str, Any], size: tuple[int, int]) -> None:
    draw(prompt, size=size)


@settings(suppress_health_check=list(HealthCheck), max_examples=40)
@given(elements=st.lists(ELEMENTS, max_size=8), size=SMALL, seed=st.integers(*read_view().seeds))
def test_every_layout_is_drawn(elements: list[dict[str, Any]], size: tuple[int, int], seed: int) -> None:
    draw(json_prompt(*elements), size=size, seed=seed)


@settings(suppress_health_check=list(HealthCheck), max_examples=40)
@given(text=st.text(max_size=300), size=SMALL, seed=st.integers(*read_view().seeds))
def test_every_text_is_drawn(text: str, size: tuple[int, int], seed: int) -> None:
    draw(text, size=size, seed=seed)


@pytest.mark.parametrize(
    ("text", "shown", "missing"),
    [
        ("plain 'text' 100%", "plain 'text' 100%", 0),
        ("CAFÉ ZÜRICH Ördögház", "CAFÉ ZÜRICH Ördögház", 0),
        ("5 × 5 — straße → Øl", "5 × 5 — straße → Øl", 0),  # noqa: RUF001
        ("e\u0301 \u200b\ufeff\x07x\ty", "é x y", 0),
        ("Привет Καλημέρα Tiếng Việt", "Привет Καλημέρα Tiếng Việt", 0),
        ("مرحبا שלום नमस्ते สวัสดี", "مرحبا שלום नमस्ते สวัสดี", 0),
        ("🎉👩\u200d👩\u200d👧🇩🇪👍🏽", "🎉👩\u200d👩\u200d👧🇩🇪👍🏽", 0),
        ("東京 한국어 cat", "東京 한국어 cat", 0),
        ("\U00012000 cat \U00012001", "\ufffd cat \ufffd", 2),
        ("a\u2028b\u00a0c", "a b c", 0),
        ("\u0301", "\u0301", 0),
    ],
)
def test_a_text_is_shown_with_every_letter_that_a_font_has(text: str, shown: str, missing: int) -> None:
    assert showable(text) == shown
    assert count_missing(showable(text)) == missing


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


@pytest.mark.skipif(not faces.RAQM, reason="Pillow cannot join letters here")
def test_letters_are_joined_and_run_from_right_to_left() -> None:
    for joined in ("عالم", "नमस्ते"):
        assert length(joined, 40) != pytest.approx(sum(length(letter, 40) for letter in joined), rel=0.02)
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


def test_without_raqm_letters_stand_in_their_order_and_somebody_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(faces, "RAQM", False)
    monkeypatch.setattr(faces, "_told", set())
    lettering._in_sight.cache_clear()
    try:
        assert columns("שלום") == ["םולש"]
        assert columns("abc") == ["abc"]
        columns("नमस्ते")
    finally:
        lettering._in_sight.cache_clear()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "libfribidi" in caplog.text


def test_a_letter_that_no_font_has_is_told_once_for_its_script(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(faces, "_told", set())
    for cached in (faces.face_of, lettering._show):
        cached.cache_clear()
    assert showable("\U00012000\U00012001 cat \U00013000") == "\ufffd\ufffd cat \ufffd"
    words = [record.getMessage().split(":")[0] for record in caplog.records]
    assert words == ["No font here has \U00012000 (Cuneiform)", "No font here has \U00013000 (Egyptian)"]


def test_where_no_font_has_japanese_the_picture_and_the_log_say_so_with_the_cure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    element = {"type": "text", "desc": "", "text": "東京タワー", "bbox": [100, 100, 900, 900]}
    shown = draw(json_prompt(element), size=(800, 400))
    monkeypatch.setattr(faces, "_told", set())
    monkeypatch.setattr(faces, "_packaged", lambda: (faces.primary(),))
    monkeypatch.setattr(faces, "_of_system", lambda: ())
    caches = (faces.face_of, lettering._show, lettering._in_sight, lettering._length)
    try:
        for cached in caches:
            cached.cache_clear()
        hidden = draw(json_prompt(element), size=(800, 400))
        assert showable("東京タワー") == "\ufffd" * 5
    finally:
        for cached in caches:
            cached.cache_clear()
    box = changed(shown, hidden)
    assert box is not None
    assert box[3] > 400 - 20, "the footer counts them"
    assert len(caplog.records) == 2  # ideographs and katakana
    assert "manimgx-fonts-cjk" in caplog.text


def test_lines_of_scripts_without_spaces_break_between_letters_and_not_before_a_full_stop() -> None:
    lines = set_lines("東京の夜空に輝く。「ネオン」", 110, 20)
    assert lines.whole
    assert "".join(lines.lines) == "東京の夜空に輝く。「ネオン」"
    assert len(lines.lines) > 2
    assert all(line[0] not in "。」" and line[-1] != "「" for line in lines.lines)


def test_a_very_long_text_is_cut_with_a_mark() -> None:
    shown = showable("x" * (LONGEST_TEXT + 1))
    assert shown == "x" * LONGEST_TEXT + "..."


@given(text=st.text("ab \n", max_size=120), width=st.integers(10, 300), height=st.integers(5, 300))
def test_fitted_text_fits_and_loses_nothing_unless_it_says_so(text: str, width: int, height: int) -> None:
    lettering = fit(text, width, height, 40, 6)
    if lettering is None:
        assert height < 8
        return
    assert lettering.height <= height
    assert all(length(line, 6) <= width + 1 for line in lettering.lines)
    if lettering.whole:
        assert "".join("".join(lettering.lines).split()) == "".join(text.split())


def test_text_is_as_large_as_it_can_be() -> None:
    lettering = fit("cat", 200, 100, 500, 6)
    assert lettering is not None
    larger = set_lines("cat", 200, round(lettering.line_height / 1.2) + 1)
    assert not larger.whole or larger.height > 100


def test_the_authors_lines_are_kept_when_asked() -> None:
    text = "a long first line\nx"
    broken, kept = fit(text, 100, 200, 60, 6), fit(text, 100, 200, 60, 6, keep_lines=True)
    assert broken is not None
    assert kept is not None
    assert len(broken.lines) > 2
    assert kept.lines == ("a long first line", "x")


def test_ink_can_be_read_on_any_ground() -> None:
    for red in range(0, 256, 51):
        for green in range(0, 256, 51):
            for blue in range(0, 256, 51):
                assert contrast(ink_on((red, green, blue)), (red, green, blue)) > 4
    assert ink_on((255, 255, 255)) == INK
    assert ink_on((0, 0, 0)) == PAPER


def test_colours_are_read_and_made() -> None:
    assert from_hex("#0b1D3A") == (11, 29, 58)
    assert len({from_seed(7, place) for place in range(10)}) == 10
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)


def pixel(image: Image.Image, x: float, y: float) -> tuple[int, int, int]:
    red, green, blue = image.crop((int(x), int(y), int(x) + 1, int(y) + 1)).tobytes()
    return red, green, blue
