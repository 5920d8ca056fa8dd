"""The gallery in a real browser: opened from disk, filtered, searched, looked at large, with hostile and many rows."""

import hashlib
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from batch_outcomes import StoredImage, failed, put_image, request, saved, unknown, withheld
from browser import open_browser, open_page
from hostile_texts import HOSTILE
from playwright.sync_api import BrowserContext, Locator, Page, expect

from ideogram_ai.batch.gallery import write_gallery
from ideogram_ai.batch.model import Outcome
from ideogram_ai.batch.names import stem_of
from ideogram_ai.batch.saving import thumbnail_name
from ideogram_ai.batch.store import open_store

PROMPTS = ["A cat on a windowsill", "Poster for a jazz night", "A lighthouse in a storm, " + "waves, " * 200, "猫と本"]
MANY = 1000
IN_SIGHT = (
    "cards => cards.filter(card => card.querySelector('.prompt').checkVisibility({contentVisibilityAuto: true})).length"
)
CONTRAST = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => parts(colour).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return parts(colour)[3] === 0 ? ground(element.parentElement) : colour;
  };
  return [...document.querySelectorAll("h1, .summary, .filters button, .status, .prompt, .blank b, .blank span, .meta")]
    .map((element) => {
      const [a, b] = [light(getComputedStyle(element).color), light(ground(element))];
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.className || element.localName];
    }).sort((a, b) => a[0] - b[0])[0];
}"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with open_browser(tmp_path_factory.mktemp("profile")) as context:
        yield context


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve rows: nine saved, and one each of withheld, failed and unknown."""
    folder = tmp_path_factory.mktemp("out") / "autumn posters #1"
    with open_store(folder) as store:
        rows: list[Outcome] = []
        for number in range(1, 10):
            row = request(number, PROMPTS[number % 4], resolution="1024x1024")
            used = f"{PROMPTS[number % 4]}, golden hour" if number == 4 else None
            rows.append(saved(row, put_image(store, number, stem_of(row)), seed=1000 + number, prompt=used))
        rows += [withheld(request(10)), failed(request(11, "A storm")), unknown(request(12))]
        write_gallery(store, rows)
    return folder / "index.html"


@pytest.fixture
def page(browser: BrowserContext, gallery: Path) -> Iterator[Page]:
    with open_page(browser, gallery) as page:
        yield page


def keys(page: Page) -> list[str]:
    """The keys of the rows that are to be seen."""
    return page.locator(".card:visible .meta bdi").all_inner_texts()


def loaded_images(page: Page) -> list[Locator]:
    """The cards' images, each of which comes when it is in sight."""
    images = page.locator(".card img").all()
    for image in images:
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("naturalWidth", 64)
    return images


def test_it_opens_from_disk_and_shows_every_thumbnail(page: Page) -> None:
    expect(page).to_have_title("autumn posters #1")
    expect(page.locator("#status")).to_have_text("12 of 12 shown")
    assert len(keys(page)) == 12
    assert len(loaded_images(page)) == 9


def test_filters_and_search_show_some_rows(browser: BrowserContext, gallery: Path, page: Page) -> None:
    expect(page.locator(".filters button")).to_have_text(
        ["all 12", "saved 9", "withheld 1", "failed 1", "unknown 1", "picked 0"]
    )
    page.get_by_role("button", name="failed").click()
    assert keys(page) == ["000011"]
    expect(page.locator("#status")).to_have_text("1 of 12 shown")
    expect(page.locator(".card:visible")).to_contain_text("The prompt failed the safety check. Nothing was billed.")
    expect(page.get_by_role("button", name="failed")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="all").click()
    for words, found in (
        ("STORM", ["000002", "000006", "000011"]),
        ("storm lighthouse", ["000002", "000006"]),
        ("golden", ["000004"]),
        ("猫", ["000003", "000007"]),
        ("nothing of the kind", []),
        ("  ", [f"{number:06d}" for number in range(1, 13)]),
    ):
        page.locator("#search").fill("")
        page.locator("#search").blur()
        page.keyboard.press("/")
        expect(page.locator("#search")).to_be_focused()
        page.keyboard.insert_text(words)
        assert keys(page) == found, words
        expect(page.locator("#none")).to_be_visible(visible=not found)
    page.get_by_role("button", name="saved").click()
    page.locator("#search").fill("storm")
    assert keys(page) == ["000002", "000006"]
    with open_page(browser, gallery, "withheld") as other:
        assert keys(other) == ["000010"], "a URL may name a filter"


def copied(page: Page) -> str:
    """The text in the clipboard."""
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_picked_images_are_exported(browser: BrowserContext, gallery: Path, page: Page) -> None:
    chip, export = page.get_by_role("button", name="picked"), page.locator("#picks")
    expect(chip).to_be_hidden()
    expect(export).to_be_hidden()
    page.locator("#row-2 .pick").click()
    page.locator("#row-4 .pick").click(modifiers=["Shift"])
    expect(chip).to_have_text("picked 3")
    page.locator("#row-3 .open").focus()
    page.keyboard.press("x")
    expect(chip).to_have_text("picked 2")
    page.locator("#row-11 .open").click()
    page.keyboard.press("x")
    expect(page.locator("#pick-this")).to_be_checked()
    page.keyboard.press("Escape")
    page.locator("#copy-redo").click()
    expect(page.locator("#copy-redo")).to_have_text("Copied")
    assert shlex.split(copied(page)) == ["--redo", "000002", "--redo", "000004", "--redo", "000011"]
    with page.expect_download() as download:
        page.get_by_role("link", name="Save file names").click()
    assert download.value.suggested_filename == "picked.txt"
    names = download.value.path().read_text("utf-8").splitlines()
    assert [name[:6] for name in names] == ["000002", "000004"], "a row without an image has no file"
    assert all((gallery.parent / name).is_file() for name in names)
    chip.click()
    assert keys(page) == ["000002", "000004", "000011"]
    page.locator("#search").fill("storm")
    assert keys(page) == ["000002", "000011"]
    page.locator("#unpick").click()
    expect(chip).to_be_hidden()
    assert keys(page) == ["000002", "000006", "000011"], "all that fit the search, again"
    page.get_by_role("button", name="Pick shown").click()
    expect(chip).to_have_text("picked 3")


def test_ids_are_quoted_for_a_shell(browser: BrowserContext, tmp_path: Path) -> None:
    names = ["plain", "two  spaces", "it's $HOME", "-x", "猫"]
    with open_store(tmp_path) as store:
        rows = [
            attrs.evolve(unknown(request(number)), request=attrs.evolve(request(number), key=name))
            for number, name in enumerate(names)
        ]
        again = attrs.evolve(unknown(request(9)), request=attrs.evolve(request(9), key="cat~1"), replaced_by="cat")
        write_gallery(
            store, [*rows, again, attrs.evolve(unknown(request(8)), request=attrs.evolve(request(8), key="cat"))]
        )
    with open_page(browser, tmp_path / "index.html") as page:
        page.get_by_role("button", name="Pick shown").click()
        page.locator("#copy-redo").click()
        expect(page.locator("#copy-redo")).to_have_text("Copied")
        words = shlex.split(copied(page))
    assert words == [word for name in [*names, "cat"] for word in ("--redo", name)], "each once, by the id of today"


def test_the_large_view_by_keyboard_alone(page: Page) -> None:
    page.locator("#search").fill("storm")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    view = page.locator("#view")
    expect(view).to_be_visible()
    expect(view.locator("#view-title")).to_have_text("000002")
    expect(view.locator("#place")).to_have_text("1 of 3")
    assert view.locator(".whole").inner_text() == PROMPTS[2]
    facts = dict(
        zip(view.locator("dt").all_inner_texts(), view.locator("dd > :first-child").all_inner_texts(), strict=True)
    )
    assert facts["Outcome"] == "saved"
    assert facts["Seed"] == "1002"
    assert facts["Cost"] == "$0.06"
    assert facts["Asked for"] == "resolution 1024x1024"
    file = view.get_by_role("link", name=facts["File"])
    assert file.get_attribute("href") == f"./{facts['File']}"
    expect(page.locator("#view-image")).to_have_js_property("naturalWidth", 64)

    expect(view.locator("#previous")).to_be_disabled()
    page.keyboard.press("ArrowRight")
    expect(view.locator("#view-title")).to_have_text("000006")
    page.keyboard.press("ArrowRight")
    expect(view.locator("#view-title")).to_have_text("000011")
    expect(view.locator("#view-reason")).to_have_text("The prompt failed the safety check. Nothing was billed.")
    expect(view.locator("#view-image")).to_be_hidden()
    expect(view.locator("#next")).to_be_disabled()
    page.keyboard.press("ArrowRight")
    expect(view.locator("#view-title")).to_have_text("000011")

    page.keyboard.press("Escape")
    expect(view).to_be_hidden()
    expect(page.locator("#row-11 .open")).to_be_focused()


def test_arrows_home_and_end_go_from_card_to_card(page: Page) -> None:
    page.set_viewport_size({"width": 1000, "height": 800})  # four columns
    page.locator("#row-1 .open").focus()
    moves = {"ArrowRight": 2, "ArrowDown": 6, "ArrowLeft": 5, "ArrowUp": 1, "End": 12, "Home": 1}
    for key, number in [*moves.items(), ("ArrowUp", 1)]:
        page.keyboard.press(key)
        expect(page.locator(f"#row-{number} .open")).to_be_focused()


def test_seed_and_prompts_are_copied(page: Page) -> None:
    page.locator("#row-4 .open").click()
    prompts = {"Prompt that was used": f"{PROMPTS[0]}, golden hour", "Prompt": PROMPTS[0]}
    for name, text in (prompts | {"Seed": "1004"}).items():
        button = page.get_by_role("button", name=f"Copy {name}", exact=True)
        button.click()
        expect(button).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == text
    page.evaluate("navigator.clipboard.writeText('other')")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})")
    button.click()
    page.evaluate("delete navigator.clipboard")
    page.wait_for_function("async () => await navigator.clipboard.readText() === '1004'")


def test_a_click_with_control_opens_the_file_itself(browser: BrowserContext, page: Page) -> None:
    with browser.expect_page() as opened:
        page.locator("#row-1 .open").click(modifiers=["Control"])
    assert opened.value.url.endswith(".png")
    opened.value.close()
    expect(page.locator("#view")).to_be_hidden()


def test_text_has_contrast_and_nothing_is_wider_than_the_window(page: Page) -> None:
    for width, scheme in ((360, "light"), (1400, "dark"), (360, "dark"), (1400, "light")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        ratio, where = page.evaluate(CONTRAST)
        assert ratio >= 4.5, (where, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.locator("#row-1 .open").click()
        assert page.locator("#view").evaluate("view => view.scrollWidth") <= width
        page.keyboard.press("Escape")


def test_hostile_texts_do_nothing_but_stand_there(browser: BrowserContext, tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        rows: list[Outcome] = []
        for number, text in enumerate(HOSTILE, start=1):
            row = attrs.evolve(request(number, text), key=text, file_name=text)
            image = put_image(store, number, stem_of(row))
            rows += [saved(row, image, prompt=text + text), failed(row, text)]
            rows.append(saved(request(number, {"high_level_description": text, text: text}), image))
        write_gallery(store, rows, title=HOSTILE[0])
    with open_page(browser, tmp_path / "index.html") as page:
        expect(page).to_have_title(HOSTILE[0])
        assert len(loaded_images(page)) == 2 * len(HOSTILE)
        prompts = page.locator(".prompt").evaluate_all("all => all.map(each => each.textContent)")
        assert prompts[0] == HOSTILE[0]
        page.locator("#row-1 .open").click()
        for _ in rows[1:]:
            page.keyboard.press("ArrowRight")
        expect(page.locator("#place")).to_have_text(f"{len(rows)} of {len(rows)}")
        assert page.evaluate("window.hacked") is None
        assert page.locator("script").count() == 1
        assert page.locator("li").count() == len(rows)


def test_what_is_smuggled_in_is_not_run(browser: BrowserContext, gallery: Path) -> None:
    """Were the escaping broken, the page's own policy would still stand."""
    text = gallery.read_text("utf-8")
    forged = gallery.with_name("forged.html")
    more = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'><style>h1 { color: red }</style>"
    forged.write_text(text.replace("<main>", f"{more}<main>"), "utf-8")
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(forged.as_uri())
    expect(page.locator("#status")).to_have_text("12 of 12 shown")
    assert page.evaluate("window.hacked") is None
    assert len([text for text in refused if "Content Security Policy" in text]) == 3
    page.close()


def test_a_broken_thumbnail_gives_way_to_the_image_and_that_to_words(browser: BrowserContext, tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        images = [put_image(store, number, f"cat-{number}") for number in (1, 2)]
        for image in images:
            (tmp_path / thumbnail_name(image.sha256)).write_bytes(b"broken")
        (tmp_path / images[1].file).write_bytes(b"broken too")
        write_gallery(store, [saved(request(number), image) for number, image in enumerate(images, start=1)])
    with open_page(browser, tmp_path / "index.html") as page:
        expect(page.locator("#row-2 .blank")).to_have_text("The image cannot be shown.")
        expect(page.locator("#row-1 img")).to_have_attribute("src", "./cat-1.png")
        expect(page.locator("#row-1 img")).to_have_js_property("naturalWidth", 64)


def test_many_rows_are_laid_out_and_loaded_as_they_come_into_sight(browser: BrowserContext, tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        image = put_image(store, 1, "cat")
        thumbnail = tmp_path / thumbnail_name(image.sha256)

        def rows() -> Iterator[Outcome]:
            for number in range(1, MANY + 1):
                own = StoredImage(image.file, hashlib.sha256(str(number).encode()).hexdigest(), image.size)
                os.link(thumbnail, tmp_path / thumbnail_name(own.sha256))
                yield saved(request(number, f"Cat number {number}"), own, seed=number)

        write_gallery(store, rows())
        # Found broken long before the page is there as a whole, and its script.
        broken = tmp_path / thumbnail_name(hashlib.sha256(b"1").hexdigest())
        broken.unlink()
        broken.write_bytes(b"broken")
    with open_page(browser, tmp_path / "index.html") as page:
        expect(page.locator("#row-1 img")).to_have_attribute("src", "./cat.png")
        loaded = "[...document.images].filter(image => image.naturalWidth).length"
        cards = page.locator(".card")
        expect(page.locator("#status")).to_have_text("1,000 of 1,000 shown")
        assert cards.count() == MANY
        assert 0 < cards.evaluate_all(IN_SIGHT) < 200
        assert page.evaluate(loaded) < 300
        page.locator("#row-1 .open").focus()
        page.keyboard.press("End")
        expect(page.locator(f"#row-{MANY} img")).to_have_js_property("naturalWidth", 64)
        expect(page.locator(f"#row-{MANY}")).to_be_in_viewport()
        assert page.evaluate(loaded) < 600
        page.locator("#search").fill("number 999")
        assert keys(page) == ["000999"]
