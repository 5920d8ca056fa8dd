"""What the mock server makes of images and prompts: remixes, transparent images, descriptions, magic prompts."""

import json
from itertools import combinations
from typing import Any

import pytest
from driver import case
from hypothesis import given
from hypothesis import strategies as st
from mock_pictures import BLUE, RED, allowed, ask, distance, picture, saved, shapes
from mock_requests import HEADERS, get, json_prompt, send
from PIL import Image

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import (
    OPERATIONS,
    POST_DESCRIBE_V4,
    POST_GENERATE_IMAGE_V4,
    POST_GENERATE_IMAGE_V4_TRANSPARENT,
    POST_MAGIC_PROMPT_V4,
    POST_REMIX_IMAGE_V4,
    POST_REMIX_IMAGE_V4_ASYNC,
    Operation,
)
from ideogram_ai.testing import UNSAFE_WORD, MockServer, check_request, review_request
from ideogram_ai.testing.drawing import rendering
from ideogram_ai.testing.drawing.picture import INK
from ideogram_ai.testing.drawing.reading import fitting_size, image_problem, image_size
from ideogram_ai.testing.prompts import COLOURS, RATIOS, colours_in, name_of_colour, resolve_ratio, write_prompt


def test_a_remix_keeps_the_shape_and_is_the_more_like_its_source_the_greater_the_weight(mock_url: str) -> None:
    source = shapes()
    by_weight = {
        weight: picture(
            ask(mock_url, POST_REMIX_IMAGE_V4, {"image": saved(source)}, text_prompt="at night", image_weight=weight),
            POST_REMIX_IMAGE_V4,
        )
        for weight in (1, 50, 100)
    }
    assert {image.size for image in by_weight.values()} == {source.size}
    far = [distance(image, source) for image in by_weight.values()]
    assert far[0] > far[1] > far[2]
    assert far[2] < 30, "at the greatest weight, words and footer alone are added"
    wide = ask(mock_url, POST_REMIX_IMAGE_V4, {"image": saved(source)}, text_prompt="at night", resolution="832x1248")
    assert picture(wide, POST_REMIX_IMAGE_V4).size == (832, 1248)


def test_the_same_remix_is_the_same_picture_and_another_source_is_another(server: MockServer) -> None:
    def made(source: Image.Image) -> tuple[int, bytes]:
        response = ask(server.url, POST_REMIX_IMAGE_V4, {"image": saved(source)}, text_prompt="at night")
        (image,) = response.json()["data"]
        return image["seed"], get(image["url"]).content

    first, again, other = made(shapes()), made(shapes()), made(shapes((400, 400)))
    assert first == again
    assert first[0] != other[0]
    described = dict(server.ledger[0].fields)["image"]
    facts = {"filename": "cat.png", "content_type": "image/png", "size": len(saved(shapes()))}
    assert described == facts | {"sha256": described["sha256"]}


@pytest.mark.parametrize("operation", [POST_REMIX_IMAGE_V4, POST_REMIX_IMAGE_V4_ASYNC, POST_DESCRIBE_V4])
def test_an_image_that_cannot_be_read_is_refused(server: MockServer, operation: Operation) -> None:
    name = "image_file" if operation is POST_DESCRIBE_V4 else "image"
    prompt: dict[str, Any] = {} if operation is POST_DESCRIBE_V4 else {"text_prompt": "at night"}
    whole = saved(shapes())
    for content, words in [
        (b"", "the file is empty"),
        (b"no image", "cannot be read as a JPEG, PNG or WebP image: it has another format"),
        (whole[:400], "cannot be read as a JPEG, PNG or WebP image"),
        (saved(shapes(), "GIF"), "it has another format"),
    ]:
        response = ask(server.url, operation, {name: content}, **prompt)
        with case(response.text):
            assert response.status_code == 400
            assert response.json()["errors"][0]["pointer"] == f"#/{name}"
            assert words in response.json()["detail"]
            assert "0x" not in response.text
    missing = ask(server.url, operation, {}, **(prompt or {"include_bbox": True}))
    assert f'"{name}" is a required property' in missing.json()["detail"]
    assert not any(each.billed for each in server.ledger)


def test_a_weight_and_a_resolution_of_another_shape_exclude_each_other(mock_url: str) -> None:
    def status(**values: Any) -> int:
        return ask(mock_url, POST_REMIX_IMAGE_V4, {"image": saved(shapes())}, text_prompt="x", **values).status_code

    assert status(image_weight=50, resolution="2880x1440") == 200
    assert status(image_weight=50) == status(resolution="1024x1024") == 200
    assert status(image_weight=50, resolution="1024x1024") == 400


def test_the_name_of_a_file_can_fail_the_safety_check(mock_url: str) -> None:
    unsafe = [("image_file", (f"{UNSAFE_WORD}.png", saved(shapes()), "image/png"))]
    response = send("POST", mock_url + POST_DESCRIBE_V4.path, files=unsafe, headers=HEADERS)
    assert response.status_code == 422
    assert read_view(POST_DESCRIBE_V4.operation_id).response_validator(422).is_valid(response.json())


PROMPTS: dict[str, Any] = {
    "text_prompt": "A sticker of a smiling cat",
    "json_prompt": json_prompt(
        {"type": "obj", "desc": "a sun", "bbox": [300, 300, 700, 700], "color_palette": ["#FF0000"]}
    ),
}


@pytest.mark.parametrize("name", PROMPTS)
def test_a_transparent_image_is_opaque_where_something_is_drawn(mock_url: str, name: str) -> None:
    operation = POST_GENERATE_IMAGE_V4_TRANSPARENT
    image = picture(ask(mock_url, operation, {}, **{name: PROMPTS[name]}, aspect_ratio="16x9"), operation)
    assert image.mode == "RGBA"
    width, height = image.size
    assert abs(width / height - 16 / 9) < 0.02
    assert abs(width * height / 1024**2 - 1) < 0.03, "the budget of pixels is 1K by default"
    alpha = image.getchannel("A")
    assert (alpha.getpixel((5, 5)), alpha.getpixel((width // 2, height // 2))) == (0, 255)
    *ink, translucent = image.getpixel((width // 2, height - 4))  # type: ignore[misc]
    assert translucent == 205, "the footer"
    assert max(abs(a - b) for a, b in zip(ink, INK, strict=True)) <= 2, "its colour, without the ground's"
    if name == "json_prompt":
        # On the diagonal of the box, not on the cross in it and not under its label.
        red, green, blue, opaque = image.getpixel((width * 4 // 10, height // 2))  # type: ignore[misc]
        assert (red > 240, green < 15, blue < 15, opaque) == (True, True, True, 255), "no ground shines through"


def test_a_transparent_image_has_the_ratio_and_the_budget_that_were_asked_for(
    mock_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = POST_GENERATE_IMAGE_V4_TRANSPARENT
    for values, size in [
        ({"aspect_ratio": "AUTO"}, "1024x1024"),
        ({"aspect_ratio": "AUTO", "text_prompt": "a wide landscape"}, "1360x768"),
        ({"aspect_ratio": "1x3", "output_resolution": "2K"}, "1184x3552"),
        ({"output_resolution": "4K"}, "4096x4096"),
    ]:
        response = ask(mock_url, operation, {}, **{"text_prompt": "a cat", **values})
        assert allowed(response, operation)["data"][0]["resolution"] == size
    monkeypatch.setattr(rendering, "_MOST_DRAWN", 128 * 128)
    large = ask(mock_url, operation, {}, text_prompt="a cat", aspect_ratio="4x1")
    assert picture(large, operation).size == (2048, 512), "a large image is drawn small and enlarged"


def described(url: str, content: bytes, **values: Any) -> dict[str, Any]:
    response = ask(url, POST_DESCRIBE_V4, {"image_file": content}, **values)
    prompt: dict[str, Any] = allowed(response, POST_DESCRIBE_V4)["json_prompt"]
    assert check_request({"json_prompt": prompt}) == []
    assert review_request({"json_prompt": prompt}) == []
    assert ask(url, POST_GENERATE_IMAGE_V4, {}, json_prompt=prompt).status_code == 200
    return prompt


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_description_says_what_stands_where_in_which_colours(mock_url: str, kind: str) -> None:
    content = saved(shapes(), kind, quality=95)
    prompt = described(mock_url, content)
    assert "800x400" in prompt["high_level_description"]
    assert "beige" in prompt["compositional_deconstruction"]["background"]
    red, blue = sorted(prompt["compositional_deconstruction"]["elements"], key=lambda element: element["bbox"][0])
    for element, words, box in (
        (red, ("red", "upper left"), [100, 100, 500, 400]),
        (blue, ("blue", "lower right"), [600, 600, 900, 900]),
    ):
        assert [word for word in words if word not in element["desc"]] == [], element["desc"]
        assert max(abs(a - b) for a, b in zip(element["bbox"], box, strict=True)) < 30, "rows first"
    for element, code in ((red, RED), (blue, BLUE)):
        nearest = element["color_palette"][0]
        assert max(abs(a - b) for a, b in zip(bytes.fromhex(nearest[1:]), bytes.fromhex(code[1:]), strict=True)) < 24
    bare = described(mock_url, content, include_bbox=False)
    assert all("bbox" not in element for element in bare["compositional_deconstruction"]["elements"])
    assert {"style_description", "tags"} & prompt.keys() == set(), "the public operation answers neither"


def test_any_image_has_a_description(mock_url: str) -> None:
    gradient = Image.linear_gradient("L").resize((300, 200)).convert("RGB")
    noise = Image.effect_noise((200, 300), 120).convert("RGB")
    clear = Image.new("RGBA", (90, 90))
    clear.paste((255, 0, 0, 255), (30, 30, 60, 60))
    plain = [Image.new("L", (1, 1)), Image.new("RGB", (50, 50), "white")]
    for image in (gradient, noise, *plain, clear, shapes().convert("P")):
        prompt = described(mock_url, saved(image))
        elements = prompt["compositional_deconstruction"]["elements"]
        assert bool(elements) == (image not in plain), "only a plain image has none"
    assert "a transparent background" in described(mock_url, saved(clear))["compositional_deconstruction"]["background"]


def test_pictures_of_a_mock_server_give_back_their_prompt_whichever_server_drew_them(mock_url: str) -> None:
    prompt = json_prompt({"type": "text", "bbox": [1, 2, 3, 4], "text": "é", "desc": "letters"}, tags=["a"])
    with MockServer() as another:
        (made,) = ask(another.url, POST_GENERATE_IMAGE_V4, {}, json_prompt=prompt).json()["data"]
        content = get(made["url"]).content
    assert described(mock_url, content) == {name: value for name, value in prompt.items() if name != "tags"}
    (made,) = ask(mock_url, POST_GENERATE_IMAGE_V4, {}, text_prompt='A poster that says "HI"').json()["data"]
    elements = described(mock_url, get(made["url"]).content)["compositional_deconstruction"]["elements"]
    assert [element.get("text") for element in elements] == [None, "HI"]


def test_a_picture_with_a_long_prompt_can_be_read(mock_url: str) -> None:
    (made,) = ask(mock_url, POST_GENERATE_IMAGE_V4, {}, text_prompt="a cat " * 200_000, resolution="512x1536").json()[
        "data"
    ]
    content = get(made["url"]).content
    assert image_problem(content) is None
    assert "512x1536" in described(mock_url, content)["high_level_description"]


def turned(image: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(image, "JPEG", exif=exif)


def test_photographs_are_upright(mock_url: str) -> None:
    content = turned(shapes())
    assert image_size(content) == (400, 800)
    assert "tall picture of 400x800" in described(mock_url, content)["high_level_description"]
    remix = ask(mock_url, POST_REMIX_IMAGE_V4, {"image": content}, text_prompt="x", image_weight=100)
    assert distance(picture(remix, POST_REMIX_IMAGE_V4), shapes().rotate(-90, expand=True)) < 30
    sizes = {(5000, 100): (4096, 82), (5000, 50): (4096, 64), (10, 40): (64, 256), (1, 5000): (64, 4096)}
    assert {size: fitting_size(saved(Image.new("L", size))) for size in sizes} == sizes


def magic(url: str, **values: Any) -> dict[str, Any]:
    response = send("POST", url + POST_MAGIC_PROMPT_V4.path, json=values, headers=HEADERS)
    return allowed(response, POST_MAGIC_PROMPT_V4)


def test_a_magic_prompt_fits_the_text(mock_url: str) -> None:
    text = 'A jazz poster that says "BLUE HOUR" and “Friday”, a brass saxophone and a navy moon against a cream paper'
    made = magic(mock_url, text_prompt=text)
    assert made["aspect_ratio"] == "2x3", "a poster"
    prompt = made["json_prompt"]
    assert prompt["high_level_description"] == text
    assert prompt["style_description"]["color_palette"] == [COLOURS["cream"], COLOURS["navy"]], "the ground first"
    parts = prompt["compositional_deconstruction"]
    assert parts["background"] == "a cream paper"
    described = [(element["type"], element.get("text", element["desc"])) for element in parts["elements"]]
    assert described == [
        ("obj", "A jazz poster"),
        ("obj", "a brass saxophone"),
        ("obj", "a navy moon"),
        ("text", "BLUE HOUR"),
        ("text", "Friday"),
    ]
    boxes = [element["bbox"] for element in parts["elements"]]
    for a, b in combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], "they overlap"
    more = write_prompt("a moon on a navy ground, a gold star")["compositional_deconstruction"]
    assert more["background"] == "a navy ground"
    assert [each["desc"] for each in more["elements"]] == ["a moon", "a gold star"]
    assert magic(mock_url, text_prompt=text, aspect_ratio="16x9")["aspect_ratio"] == "16x9"
    assert magic(mock_url, text_prompt="a cat", aspect_ratio="AUTO")["aspect_ratio"] == "1x1"


@given(
    text=st.text()
    | st.lists(st.sampled_from(['"a"', " and ", "a ", "the ", ",", " on ", "red", "'", "“b”"])).map("".join)
)
def test_every_magic_prompt_keeps_the_contract_and_the_guide(text: str) -> None:
    prompt = write_prompt(text)
    assert check_request({"json_prompt": prompt}) == []
    assert review_request({"json_prompt": prompt}) == []


def test_ratios_are_those_of_the_contract() -> None:
    choices = read_view(POST_MAGIC_PROMPT_V4.operation_id).fields["aspect_ratio"].choices
    shapes = ["a story for phones", "a panorama", "a desktop wallpaper", "a photo", "a book cover", "in 16:10", "4:1"]
    for text in ("", *shapes):
        assert resolve_ratio(text) in choices
        assert RATIOS.fullmatch(resolve_ratio(text))
    assert (resolve_ratio("in 16:10"), resolve_ratio("a panorama")) == ("16x10", "3x1")


def test_colours_have_names() -> None:
    assert colours_in("A Red ball, dark blue sea; reddish, gray, light blue") == [
        COLOURS[name] for name in ("red", "navy", "grey", "sky blue")
    ]
    for name, code in COLOURS.items():
        assert name_of_colour(tuple(bytes.fromhex(code[1:]))) == name


def test_latency_and_refusals_hold_for_every_operation() -> None:
    calls: dict[str, Any] = {
        POST_DESCRIBE_V4.operation_id: lambda url: ask(url, POST_DESCRIBE_V4, {"image_file": saved(shapes())}),
        POST_MAGIC_PROMPT_V4.operation_id: lambda url: send(
            "POST", url + POST_MAGIC_PROMPT_V4.path, json={"text_prompt": "a cat"}, headers=HEADERS
        ),
    }
    with MockServer(latency=0.2, in_flight=0) as server:
        for operation_id, call in calls.items():
            assert call(server.url).status_code == 200, "neither makes images, so neither is in their limit"
            exchange = server.ledger[-1]
            assert exchange.answered_at is not None
            assert (exchange.answered_at - exchange.received_at).total_seconds() >= 0.2, operation_id
    with MockServer() as server:
        for operation in OPERATIONS.values():
            url = server.url + operation.path.replace("{generation_id}", "abc")
            for status in (404, 429, 503):
                forced = send(operation.method, url, headers=HEADERS | {"Prefer": f"code={status}"})
                assert forced.status_code == status, operation.operation_id
            keyless = send(operation.method, url)
            assert keyless.status_code == (401 if operation.authenticated else 200), operation.operation_id
            unread = send(operation.method, url, headers=HEADERS, content=b"x" if operation.media_type else None)
            assert unread.status_code == (415 if operation.media_type else unread.status_code)
        assert not any(exchange.billed for exchange in server.ledger)
        assert json.dumps([dict(exchange.fields) for exchange in server.ledger])
