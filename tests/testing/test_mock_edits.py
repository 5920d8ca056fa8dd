"""What the mock server makes of images: filled, reframed, cut out, enlarged, put together, without their words."""

from io import BytesIO
from typing import Any

import httpx
import pytest
from driver import case
from mock_pictures import allowed, ask, distance, picture, pictures, saved, shapes
from mock_requests import HEADERS, get, json_prompt, send
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import OPERATIONS, Operation
from ideogram_ai.testing import DEPRECATED_WORD, UNSAFE_WORD, WITHHELD_WORD, MockServer
from ideogram_ai.testing.behaviour import Treatment, behaviour_of, treatment_of
from ideogram_ai.testing.drawing.reading import PROMPT_KEY, SEED_KEY

BY_NAME = {operation.method_name: operation for operation in OPERATIONS.values()}
MAKE_IMAGES = [operation for operation in OPERATIONS.values() if operation.result == "images"]
PARROT = "A green parrot"


def requests(operation: Operation) -> tuple[dict[str, bytes | list[bytes]], dict[str, Any]]:
    """The files and the other fields of a request: what the operation requires, made of the shapes."""
    view = read_view(operation.operation_id)
    mask = Image.new("L", shapes().size, 255)
    ImageDraw.Draw(mask).rectangle((500, 20, 760, 180), 0)
    files: dict[str, bytes | list[bytes]] = {}
    values: dict[str, Any] = {}
    for name, rule in view.fields.items():
        if rule.takes_files and (name in {"mask", "image", "image_file"}):
            files[name] = saved(mask if name == "mask" else shapes())
        elif name == "images":
            files[name] = [saved(shapes()), saved(Image.new("RGB", (90, 60), "#20A040"))]
        elif name in {"prompt", "text_prompt"}:
            values[name] = PARROT
        elif name == "image_request":
            values[name] = {"prompt": PARROT}
        elif name == "model":
            values[name] = "V_2"
        elif name == "resolution" and treatment_of(view) is Treatment.REFRAME:
            values[name] = next(choice for choice in rule.choices if "1344" in choice)
    return files, values


def answer(url: str, operation: Operation, **changes: Any) -> httpx.Response:
    files, values = requests(operation)
    if isinstance(values.get("image_request"), dict) and "image_request" not in changes:
        values["image_request"] |= {name: changes.pop(name) for name in list(changes) if name not in files}
    if operation.media_type == "application/json":
        return send(operation.method, url + operation.path, json=values | changes, headers=HEADERS)
    return ask(url, operation, files, **values | changes)


def made(url: str, name: str, **changes: Any) -> Image.Image:
    return picture(answer(url, BY_NAME[name], **changes), BY_NAME[name])


def test_every_operation_makes_as_many_images_as_are_asked_for_and_says_how(server: MockServer) -> None:
    counted, drawn = 0, set[str]()
    for operation in MAKE_IMAGES:
        with case(operation.method_name):
            behaviour = behaviour_of(operation)
            if behaviour not in drawn:
                small = {"resolution": "512x1536"} if operation.method_name == "generate" else {}
                (image,) = pictures(answer(server.url, operation, **small), operation)
                assert image.mode == ("RGBA" if "transparent" in behaviour else "RGB")
                drawn.add(behaviour)
            schemas = {*read_view(operation.operation_id).fields, *requests(operation)[1].get("image_request", {})}
            if "num_images" in schemas or "image_request" in schemas:
                seeded = allowed(answer(server.url, operation, num_images=3, seed=7), operation)["data"]
                assert [image["seed"] for image in seeded] == [7, 8, 9]
                assert len({image["url"] for image in seeded}) == 3
                counted += 1
    assert counted == len(MAKE_IMAGES) - 4, "4.0 and remove_background have no count"
    assert all(exchange.billed for exchange in server.ledger)
    sentences = {operation.method_name: behaviour_of(operation) for operation in OPERATIONS.values()}
    assert all(text[0].isupper() and text.endswith((".", "it")) for text in sentences.values()), sentences


def test_words_work_in_every_prompt(mock_url: str) -> None:
    for operation in MAKE_IMAGES:
        with case(operation.method_name):
            name = next(
                (name for name in ("prompt", "text_prompt", "image_request") if name in requests(operation)[1]), ""
            )
            for word in (UNSAFE_WORD, WITHHELD_WORD, DEPRECATED_WORD) if name else ():
                value = {"prompt": word} if name == "image_request" else word
                response = answer(mock_url, operation, **{name: value})
                if word == UNSAFE_WORD:
                    assert response.status_code == 422
                    continue
                body = allowed(response, operation)
                assert [image["is_image_safe"] for image in body["data"]] == [word == DEPRECATED_WORD]
                assert ("deprecation" in response.headers) == (word == DEPRECATED_WORD)


@pytest.mark.parametrize(
    ("name", "values", "size", "more"),
    [
        ("v3.generate", {}, (1024, 1024), {"style_type": "GENERAL"}),
        ("v3.generate", {"aspect_ratio": "16x9", "style_type": "DESIGN"}, (1312, 736), {"style_type": "DESIGN"}),
        ("v3.generate", {"resolution": "512x1536"}, (512, 1536), {}),
        ("v3.generate_transparent", {"aspect_ratio": "3x1"}, (1776, 592), {}),
        ("v3.generate_transparent", {"upscale_factor": "X2"}, (2048, 2048), {"resolution": "1024x1024"}),
        ("v3.remix", {}, (800, 400), {"prompt": PARROT}),
        ("v3.remix", {"aspect_ratio": "1x3"}, (512, 1536), {}),
        (
            "legacy.generate",
            {"aspect_ratio": "ASPECT_3_1", "style_type": "ANIME"},
            (1536, 512),
            {"style_type": "ANIME"},
        ),
        ("legacy.generate", {"resolution": "RESOLUTION_640_1024"}, (640, 1024), {}),
        ("legacy.reframe", {}, (640, 1344), {"resolution": "640x1344"}),
        ("upscale", {}, (1600, 800), {"resolution": "800x400", "upscaled_resolution": "1600x800"}),
        ("edit", {}, (800, 400), {}),
        ("edit", {"aspect_ratio": "9x16"}, (736, 1312), {}),
    ],
)
def test_a_picture_has_the_size_that_was_asked_for_or_that_of_its_image(
    mock_url: str, name: str, values: dict[str, Any], size: tuple[int, int], more: dict[str, Any]
) -> None:
    (image,) = allowed(answer(mock_url, BY_NAME[name], **values), BY_NAME[name])["data"]
    assert image.get("upscaled_resolution", image["resolution"]) == "{}x{}".format(*size)
    assert more.items() <= image.items()


def test_a_picture_is_made_of_its_image(mock_url: str) -> None:
    filled = made(mock_url, "v3.inpaint")
    assert filled.getpixel((10, 10)) == shapes().getpixel((10, 10)), "kept where the mask is white"
    assert filled.getpixel((220, 120)) == shapes().getpixel((220, 120))
    hole = (510, 30, 750, 170)
    assert distance(filled.crop(hole), shapes().crop(hole)) > 60, "new where it is black"
    assert distance(filled, made(mock_url, "legacy.edit")) < 20

    frame = made(mock_url, "v3.reframe")
    width, height = frame.size
    inner = shapes().resize((width, width // 2))
    top = (height - width // 2) // 2
    assert distance(frame.crop((0, top, width, top + width // 2)), inner) < 8, "in the middle"
    assert distance(frame.crop((0, 0, width, top)), Image.new("RGB", (8, 8), "black")) > 60, "drawn on around it"

    cut = made(mock_url, "remove_background")
    alpha = cut.getchannel("A")
    assert [alpha.getpixel(at) for at in ((10, 10), (200, 120), (600, 300), (450, 200))] == [0, 255, 255, 0]
    assert cut.getpixel((200, 120))[:3] == shapes().getpixel((200, 120))  # type: ignore[index]
    again = ask(mock_url, BY_NAME["remove_background"], {"image": saved(cut)})
    assert distance(picture(again, BY_NAME["remove_background"]).getchannel("A"), alpha) < 2, "alpha is kept"
    beach = made(mock_url, "v3.replace_background")
    assert beach.getpixel((200, 120)) == shapes().getpixel((200, 120))
    assert beach.getpixel((450, 100)) != shapes().getpixel((450, 100))
    assert distance(made(mock_url, "upscale"), shapes()) < 10

    both = made(mock_url, "edit")
    assert both.getpixel((100, 60)) != both.getpixel((600, 60))
    assert both.getpixel((600, 60)) == (0x20, 0xA0, 0x40), "the second image"
    clear = made(mock_url, "edit", transparent_background=True, aspect_ratio="1x1")
    assert (clear.mode, clear.getpixel((2, 2))[3]) == ("RGBA", 0)  # type: ignore[index]


def test_masks_and_links_are_checked(mock_url: str) -> None:
    small = saved(Image.new("L", (80, 40)))
    files, values = requests(BY_NAME["v3.inpaint"])
    other_size = ask(mock_url, BY_NAME["v3.inpaint"], files | {"mask": small}, **values)
    face = {"character_reference_images": saved(shapes()), "character_reference_images_mask": small}
    for response in (other_size, ask(mock_url, BY_NAME["v3.generate"], face, prompt=PARROT)):
        assert response.status_code == 400
        assert "it has 80x40 pixels, and its image has 800x400" in response.json()["detail"]
        assert "mask" in response.json()["errors"][0]["pointer"]
    (first,) = allowed(answer(mock_url, BY_NAME["v3.generate"]), BY_NAME["v3.generate"])["data"]
    again = ask(mock_url, BY_NAME["edit"], {}, prompt="x", image_urls=first["url"])
    with Image.open(BytesIO(get(first["url"]).content)) as drawn:
        assert distance(picture(again, BY_NAME["edit"]), drawn) < 25
    for link in ("https://ideogram.ai/a.png", "http://[", first["url"].replace("sig=", "sig=0"), ""):
        refused = ask(mock_url, BY_NAME["edit"], {}, prompt="x", image_urls=link)
        with case(link):
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "#/image_urls")


def layers(url: str, content: bytes) -> tuple[dict[str, Any], Image.Image]:
    operation = BY_NAME["v3.layerize_text"]
    body = allowed(ask(url, operation, {"image": content}), operation)
    with Image.open(BytesIO(get(body["base_image_url"]).content)) as base, Image.open(BytesIO(content)) as sent:
        assert base.size == sent.size
        with Image.open(BytesIO(get(body["original_image_url"]).content)) as original:
            assert distance(original, sent) < 2
        return body, base.copy()


def test_the_words_of_a_picture_are_found_and_taken_away(mock_url: str) -> None:
    caps = {"type": "text", "desc": "caps"}
    sun = {"type": "obj", "bbox": [500, 100, 900, 900], "desc": "a sun"}
    hour = caps | {"bbox": [50, 100, 250, 900], "text": "BLUE\nHOUR", "color_palette": ["#F2B705"]}
    prompt = json_prompt(sun, hour, caps | {"text": "nowhere"})
    operation = BY_NAME["generate"]
    for values, texts in (({"json_prompt": prompt}, ["BLUE\nHOUR"]), ({"text_prompt": "A blue vase"}, ["A blue vase"])):
        (image,) = allowed(ask(mock_url, operation, {}, resolution="1024x1024", **values), operation)["data"]
        content = get(image["url"]).content
        body, base = layers(mock_url, content)
        assert [block["text"] for block in body["text_blocks"]] == texts
        block = body["text_blocks"][0]
        box = (block["x"], block["y"], block["x"] + block["width"], block["y"] + block["height"])
        with Image.open(BytesIO(content)) as drawn:
            assert distance(drawn.crop(box), base.crop(box)) > 5, "the words are gone"
            below = (0, 520, 1024, 900)
            assert distance(drawn.crop(below), base.crop(below)) < (1 if "json_prompt" in values else 8), "nothing else"
        if "json_prompt" in values:
            assert (block["x"], block["y"], block["color"]) == (102, 51, "#F2B705")
        described = ask(mock_url, BY_NAME["describe_image"], {"image_file": content})
        (words,) = allowed(described, BY_NAME["describe_image"])["descriptions"]
        assert words["text"] == values.get("text_prompt", "A poster")
    (filled,) = allowed(answer(mock_url, BY_NAME["v3.inpaint"]), BY_NAME["v3.inpaint"])["data"]
    for content in (saved(shapes()), saved(shapes(), "JPEG"), get(filled["url"]).content):
        body, base = layers(mock_url, content)
        assert body["text_blocks"] == []
        with Image.open(BytesIO(content)) as sent:
            assert distance(base, sent) == 0
    for forged in ('{"compositional_deconstruction": 7}', "no JSON", "null"):
        info = PngInfo()
        info.add_text(PROMPT_KEY, forged)
        info.add_text(SEED_KEY, "7")
        assert layers(mock_url, saved(shapes(), pnginfo=info))[0]["text_blocks"] == []
    described = ask(mock_url, BY_NAME["describe_image"], {"image_file": saved(shapes())})
    assert "red shape" in allowed(described, BY_NAME["describe_image"])["descriptions"][0]["text"]
