"""Write docs/json-prompts.md, every key of a JSON prompt with a picture, or check it; regenerate.py runs this.

The keys, what they hold and what the model's guide advises come from the contract; the pictures from the mock server.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from PIL import Image
from regeneration.documents import ROOT

from ideogram_ai.cli.prompt import template
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4
from ideogram_ai.testing.drawing.picture import draw_layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER: Final = ROOT / "docs"
PAGE: Final = "json-prompts.md"
PICTURES: Final = "images/json-prompts"
_SIZE: Final = (360, 300)  # two stand side by side on a page, and one below the other on a phone
_COLOURS: Final = 128  # enough for flat colours, and a file of a few kilobytes
_SEED: Final = 7
_LISTS: Final = {"obj": 0, "text": 1}
"""Which element of the example is of which kind."""
_OTHERS: Final = {"photo": "35 mm lens"}
"""Keys that the example does not have, because the guide advises against them beside others."""
_HEAD: Final = """# JSON prompts, key by key

A JSON prompt says what is in the image, where, and how it looks. The service rewrites a plain text, but draws a JSON
prompt as it is. `python scripts/regenerate.py` makes this page from [the contract](../openapi/ideogram-v1.yaml); do not
edit it.

The pictures are [the mock server](mock-server.md)'s previews of the layout, which cost nothing. They show what a prompt
says and where; the service draws an image from it. In each pair, the first prompt lacks the key (or has the other
`type`), and the second has it. The small letters belong to the preview: the image has only the words of its texts.

## A whole prompt

Save this as `poster.json`:

```json
{example}
```

![The layout of the whole prompt]({pictures}/prompt.png)

See its layout for free, and then make the image:

```sh
ideogram generate --json-prompt poster.json --mock -o layout.png
ideogram generate --json-prompt poster.json -o poster.png
```

[`ideogram prompt`](command-line.md#write-a-structured-prompt-ideogram-prompt) writes an example, checks yours, and
writes a JSON Schema for your editor. [In Python](client.md#structured-prompts), use
`client.generate(json_prompt=...)` with a mapping, or with objects that editors complete.
[`describe`](from-a-picture-to-a-picture.md) makes such a prompt of an image, and
[`magic_prompt`](operations.md#clientmagic_prompt) makes one of a plain text.
"""


def _example() -> dict[str, Any]:
    """Return the contract's example, with the keys that it does not have."""
    example = template(read_view(POST_GENERATE_IMAGE_V4.operation_id))
    example["compositional_deconstruction"]["elements"][_LISTS["text"]]["color_palette"] = ["#F4EFE4"]
    return {**example, "tags": ["poster", "music"]}


class PromptKey(NamedTuple):
    """A key of a JSON prompt, and what the contract says of it and of its object, references followed.

    The path is its place in words, for example `("style_description", "photo")`; the place has the numbers of elements.
    """

    path: tuple[str, ...]
    place: tuple[str | int, ...]
    schema: dict[str, Any]
    parent: dict[str, Any]
    about: str
    required: bool

    @property
    def title(self) -> str:
        """The path as text, for example `style_description.photo`."""
        return ".".join(self.path)

    @property
    def name(self) -> str:
        """The key itself."""
        return self.path[-1]

    def of(self, prompt: dict[str, Any]) -> Any:
        """Return what a prompt has in the place of the key's object."""
        holder: Any = prompt
        for step in self.place[:-1]:
            holder = holder[step]
        return holder


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 1 when --check finds a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if page or pictures differ")
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="FOLDER", help="another folder")
    options = parser.parse_args(argv)
    keys, folder = list(_keys()), options.out
    text = "\n".join(_lines(keys)) + "\n"
    prompts = {"prompt": _example()} | {f"without.{key.title}": _without(key) for key in keys}
    prompts |= {key.title: _example_with(key) for key in keys if key.name in _OTHERS}
    pictures = {
        folder / PICTURES / f"{name}.png": draw_layout(*_SIZE, _SEED, prompt) for name, prompt in prompts.items()
    }
    if not options.check:
        (folder / PICTURES).mkdir(parents=True, exist_ok=True)
        (folder / PAGE).write_text(text, "utf-8")
        for path, image in pictures.items():
            path.write_bytes(_png(image))
    elif not _is_written(folder / PAGE, text) or not all(_is_drawn(*picture) for picture in pictures.items()):
        print(
            f"error: {folder / PAGE} is not what the contract makes: scripts/regenerate.py updates it", file=sys.stderr
        )
        return 1
    return 0


def _is_written(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


def _is_drawn(path: Path, image: Image.Image) -> bool:
    """Compare pixels: the bytes of a PNG depend on the library that compressed it."""
    if not path.exists():
        return False
    with Image.open(path) as found, Image.open(BytesIO(_png(image))) as expected:
        return found.convert("RGB").tobytes() == expected.convert("RGB").tobytes()


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.quantize(_COLOURS, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def _keys() -> Iterator[PromptKey]:
    """Yield every key that the contract has, in the order of the model's guide, and those of each kind of element."""
    view = read_view(POST_GENERATE_IMAGE_V4.operation_id)

    def walk(schema: dict[str, Any], path: tuple[str, ...], place: tuple[str | int, ...]) -> Iterator[PromptKey]:
        members, required = view.members(schema)
        order = schema.get("x-advice", {}).get("order", [])
        for name in sorted(members, key=lambda name: order.index(name) if name in order else len(order)):
            member = view.resolve(members[name])
            about = members[name].get("description") or member.get("description", "")
            yield PromptKey((*path, name), (*place, name), member, schema, about, name in required)
            yield from walk(member, (*path, name), (*place, name))
            item = view.resolve(member.get("items", {}))
            for kind, reference in item.get("discriminator", {}).get("mapping", {}).items():
                inner = view.resolve({"$ref": reference})
                yield from walk(inner, (*path, name, kind), (*place, name, _LISTS[kind]))

    yield from walk(view.resolve(view.schemas["json_prompt"]), (), ())


def _lines(keys: Sequence[PromptKey]) -> Iterator[str]:
    example = re.sub(r"\[\s+([^\[\]{}]+?)\s+\]", _in_one_line, json.dumps(_example(), indent=2))
    yield _HEAD.format(example=example, pictures=PICTURES)
    for key in keys:
        kind = key.path[-2] if isinstance(key.place[-2:][0], int) else ""
        yield from (f"{'#' * (len(key.path) + 1 - bool(kind))} `{key.name}`{kind and f' of `{kind}`'}", "")
        yield from (textwrap.fill(key.about, 120, break_on_hyphens=False), "")
        yield f"- {'required' if key.required else 'optional'}, {_value(key.schema)}"
        yield from (f"- the model's guide advises: {advice}" for advice in _advice(key))
        shown = json.dumps(key.of(_example_with(key))[key.name], ensure_ascii=False)
        if "{" not in shown:
            yield f"- for example `{shown}`"
        whole = key.title if key.name in _OTHERS else "prompt"
        yield ""
        yield f"![Without it]({PICTURES}/without.{key.title}.png) ![With `{key.name}`]({PICTURES}/{whole}.png)"
        yield ""


def _in_one_line(found: re.Match[str]) -> str:
    return f"[{' '.join(found[1].split())}]"


def _example_with(key: PromptKey) -> dict[str, Any]:
    """Return the example, with a key that it has, or with one of the others instead of what excludes it."""
    example = _example()
    holder = key.of(example)
    if key.name in _OTHERS:
        for name in key.parent["x-advice"]["one_of"]:
            holder.pop(name, None)
        holder[key.name] = _OTHERS[key.name]
    elif key.name not in holder:
        sys.exit(f"error: the example of {Path(__file__).name} does not have the contract's key {key.title}: add it")
    return example


def _value(schema: dict[str, Any]) -> str:
    """Say what a key holds."""
    if "const" in schema:
        return f"always `{schema['const']}`"
    item = read_view(POST_GENERATE_IMAGE_V4.operation_id).resolve(schema.get("items", {}))
    names = {"string": "text", "integer": "whole number", "object": "object"}
    if not item:
        return names[schema["type"]]
    count = f"{schema['minItems']} " if schema.get("minItems", 0) == schema.get("maxItems") else ""
    bounds = f" from {item['minimum']} to {item['maximum']}" if "minimum" in item else ""
    plain = {"text": "texts", "whole number": "whole numbers", "object": "objects"}[names[item.get("type", "object")]]
    return f"a list of {count}{plain}{bounds}" + (f" like `{item['pattern']}`" if "pattern" in item else "")


def _advice(key: PromptKey) -> Iterator[str]:
    """Say what the model's guide advises beyond the contract."""
    advice, around = key.schema.get("x-advice", {}), key.parent.get("x-advice", {})
    if "order" in advice:
        yield f"this order of keys: {', '.join(f'`{name}`' for name in advice['order'])}"
    if key.name in around.get("one_of", ()):
        yield f"one of {' and '.join(f'`{name}`' for name in around['one_of'])}, not both"
    if key.name in around.get("at_most", {}):
        yield f"at most {around['at_most'][key.name]}"
    for low, high in advice.get("ascending", ()):
        yield f"number {low + 1} is not above number {high + 1}"


def _without(key: PromptKey) -> dict[str, Any]:
    """Return the example without a key; without its content if the key is required."""
    prompt = _example_with(key)
    holder = key.of(prompt)
    if "const" in key.schema:
        holder |= {"type": "obj"} if holder["type"] == "text" else {"type": "text", "text": "an object?"}
    elif key.required:
        holder[key.name] = _blank(key.schema)
    else:
        del holder[key.name]
    return prompt


def _blank(schema: dict[str, Any]) -> Any:
    """Return the emptiest value that the contract allows."""
    view = read_view(POST_GENERATE_IMAGE_V4.operation_id)
    if schema["type"] == "object":
        members, required = view.members(schema)
        return {name: _blank(view.resolve(members[name])) for name in required}
    return [] if schema["type"] == "array" else ""


if __name__ == "__main__":
    sys.exit(main())
