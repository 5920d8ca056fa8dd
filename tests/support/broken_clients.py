"""Ways in which broken_client.py breaks the contract, and the requirements that have to notice."""

from attrs import frozen

EVERYDAY = ("request.text_prompt", "request.json_prompt", "answer.401")


@frozen
class BrokenClient:
    """A fault: the requirement that describes it, others that it breaks too, and scenarios that show them."""

    caught_by: str
    also: frozenset[str] = frozenset()
    play: tuple[str, ...] = ()


def _broken(caught_by: str, *also: str, play: tuple[str, ...] = ()) -> BrokenClient:
    return BrokenClient(caught_by, frozenset(also), play)


_FLAG = "request.enable_copyright_detection"
_AFTER_CUTS = ("retry.never-after-close", "retry.never-after-half-head")
BROKEN_CLIENTS = {
    "fixed-boundary": _broken("wire.boundary", "request.text.injection", play=("request.text.injection",)),
    "python-booleans": _broken(f"{_FLAG}.true", f"{_FLAG}.false", play=(f"{_FLAG}.false",)),
    "none-as-text": _broken(f"{_FLAG}.null", play=(f"{_FLAG}.true",)),
    "keys-sorted": _broken("request.json_prompt.key-order", "request.json_prompt"),
    "prompt-rule-missing": _broken(
        "request.prompt-rule.both", "request.prompt-rule.neither", play=("request.prompt-rule.neither",)
    ),
    "both-prompts": _broken("request.text_prompt", "request.json_prompt"),
    "field-dropped": _broken("request.resolution"),
    "default-added": _broken("request.text_prompt", "request.json_prompt"),
    "line-ends-changed": _broken("request.text.line-ends"),
    "ascii-only": _broken("request.text.unicode"),
    "urlencoded": _broken("wire.form", "request.text_prompt", "request.json_prompt"),
    "fields-twice": _broken("wire.form"),
    "files-read": _broken(
        "request.text.leading-at", "request.text.leading-less-than", play=("request.text.leading-less-than",)
    ),
    "quotes-escaped": _broken("request.text.quotes"),
    "json-as-text": _broken("wire.json_prompt.part-type"),
    "other-path": _broken("wire.operation"),
    "key-in-query": _broken("wire.key-nowhere-else"),
    "key-in-form": _broken("wire.key-nowhere-else", "request.text_prompt", "request.json_prompt"),
    "key-with-a-word": _broken("wire.key"),
    "bearer": _broken("wire.no-authorization", "wire.key"),
    "key-to-image-host": _broken("image.no-key"),
    "image-redirect-with-key": _broken("image.no-key", play=("redirect.image",)),
    "redirects-followed": _broken("redirect.307", "image.no-key", "redirect.302", play=("redirect.302",)),
    "retry-after-reset": _broken("retry.never-after-reset", *_AFTER_CUTS, "billing.once", play=_AFTER_CUTS),
    "retry-on-5xx": _broken("retry.never-after-503", "billing.once"),
    "429-at-once": _broken("retry.429"),
    "sent-twice": _broken("billing.once", "request.text_prompt", "request.json_prompt"),
    "5xx-refused": _broken("answer.500", "answer.503", "answer.520", play=("answer.503", "answer.520")),
    "refusals-unknown": _broken("answer.401", "answer.422", play=("answer.422",)),
    "status-lost": _broken("answer.402", "answer.401"),
    "bad-200-refused": _broken("answer.200.html"),
    "closed-enum": _broken("answer.200.unknown-values", "program.output"),
    "closed-members": _broken("answer.200.unknown-members", "program.output"),
    "closed-answer": _broken("answer.200.deprecated", "program.output"),
    "withheld-as-image": _broken("answer.200.withheld.url-null", "image.bytes"),
    "null-alone-withheld": _broken("answer.200.withheld.url-empty", "image.bytes"),
    "url-taken-for-granted": _broken(
        "answer.200.withheld.url-absent",
        "program.output",
        "answer.200.withheld.url-empty",
        "image.bytes",
        play=("answer.200.withheld.url-empty",),
    ),
    "errors-are-json": _broken("answer.403.html", "program.output"),
    "image-cut": _broken("image.bytes"),
    "connection-kept": _broken("retry.glued-200", "retry.glued-422", play=("retry.glued-422",)),
    "303-refused": _broken("redirect.303"),
    "303-repeated": _broken("redirect.303", "billing.once"),
    "words-printed": _broken("program.no-key", play=("answer.401.key-echoed",)),
    "words-kept": _broken("program.no-key", play=("answer.401.key-echoed",)),
}
