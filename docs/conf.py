"""Settings of the documentation's site, which `nox -s docs` builds without network.

The pages are Markdown that GitHub shows too. What is done to them on their way to the site stands here: links to other
files of the project lead to its repository, the list of pages in index.md becomes the navigation and llms.txt, and
`.. public:: MODULE` is replaced by everything public of a module.
"""

from __future__ import annotations

import re
import sys
import tomllib
from enum import EnumType
from importlib import import_module
from inspect import isclass, isroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from docutils import nodes
from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import GoogleDocstring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx

DOCS: Final = Path(__file__).parent
ROOT: Final = DOCS.parent
METADATA: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
REPOSITORY: Final[str] = METADATA["urls"]["Source"]
SITE: Final[str] = METADATA["urls"]["Documentation"]
ELSEWHERE: Final = {"changelog": "CHANGELOG.md", "contributing": "CONTRIBUTING.md", "security": "SECURITY.md"}
"""Pages that are files at the top of the project, where GitHub looks for them."""
PUBLIC: Final = ("ideogram_ai.client", "ideogram_ai.batch", "ideogram_ai.testing", "ideogram_ai.generated.models")
INTERNAL: Final = (
    *(f"ideogram_ai.generated.{name}" for name in ("methods", "operations", "types")),
    *(f"ideogram_ai.batch.{name}" for name in ("checking", "prices", "reading", "store")),
    "ideogram_ai.contract.prices",
    "ideogram_ai.integrations.pydantic_ai",
)
"""Where types of these come from."""

ALIASES: Final = {
    "Image": "GeneratedImage",
    "Retry": "RetryPolicy",
    "Path": "pathlib.Path",
    "Decimal": "decimal.Decimal",
}
"""Types that are known by another name where they are used."""

project = "ideogram-ai"
author = copyright = "the contributors of ideogram-ai, MIT licence"  # noqa: A001 - the name that Sphinx reads
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_click", "sphinx_copybutton"]
nitpicky = True  # every type leads somewhere, but for those of other libraries, and what nobody makes by hand
nitpick_ignore_regex = [
    (
        "py:.*",
        r"(httpx\..*|Headers|ImageGeneration.*|Starlette|SearchStrategy|TracerProvider|UserError|Model\w*Error|ContentFilterError|Callable\[\[\])",
    )
]
smartquotes = False
default_role = "literal"  # docstrings have code between single backticks
myst_heading_anchors = 4
suppress_warnings = ["ref.python"]  # two packages have a Job
autodoc_default_options = {
    "members": True,
    "inherited-members": "Exception, BaseException, str, int, tuple, dict, Mapping",
}
autodoc_member_order = "bysource"
autodoc_mock_imports = ["ray"]  # large, and only looked at
maximum_signature_line_length = 80
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"
copybutton_exclude = ".linenos, .gp, .go"
html_theme = "furo"
html_title = project
html_favicon = "images/icon.svg"
html_baseurl = f"{SITE}/"
html_copy_source = False
html_theme_options = {
    "source_repository": REPOSITORY,
    "source_branch": "main",
    "source_directory": "docs/",
    "light_css_variables": {"color-brand-primary": "#7c2d6b", "color-brand-content": "#1f5fa8"},
    "dark_css_variables": {"color-brand-primary": "#e9a6da", "color-brand-content": "#8cb8f0"},
}


def prepare(name: str) -> str:
    """Return the text of a page for the site.

    Args:
        name: The page, for example `client`.
    """
    file = ROOT / ELSEWHERE[name] if name in ELSEWHERE else DOCS / f"{name}.md"
    text = file.read_text("utf-8")
    if name == "index":
        listed = re.findall(r"^- \[[^\]]*\]\(([\w-]+)\.\w+\)", text, flags=re.MULTILINE)
        titles = {
            page.stem: page.read_text("utf-8").partition("\n")[0].lstrip("# ") for page in sorted(DOCS.glob("*.md"))
        }
        more = [f"- [{title}]({page}.md): more" for page, title in titles.items() if page not in {"index", *listed}]
        text += "\n".join(["\n## More\n", *more, ""]) if more else ""
    return re.sub(
        r"(\]\(|^\[[^\]]+\]: )(?![a-z]+:|#)([^)\s#]+)",
        lambda link: link[1] + _target(file.parent / link[2]),
        text,
        flags=re.MULTILINE,
    )


def _target(path: Path) -> str:
    """Return where a link to a file of the project leads on the site."""
    path = path.resolve()
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    within = path.relative_to(ROOT).as_posix()
    page = {file: f"{name}.md" for name, file in ELSEWHERE.items()}.get(within)
    return page or f"{REPOSITORY}/{'tree' if path.is_dir() else 'blob'}/main/{within}"


def _read(app: Sphinx, name: str, source: list[str]) -> None:
    if Path(app.env.doc2path(name)).suffix == ".rst":
        pattern = r"^\.\. public:: (\S+)(?: (\S+))?$"
        source[0] = re.sub(pattern, lambda found: "\n".join(_public(*found.groups(""))), source[0], flags=re.MULTILINE)
        return
    if name in ELSEWHERE:
        app.env.note_dependency(ROOT / ELSEWHERE[name])
    source[0] = prepare(name)
    if name == "index":
        for title, section in re.findall(r"^## (.+)\n([^#]*)", source[0], flags=re.MULTILINE):
            pages = "\n".join(re.findall(r"^- \[[^\]]*\]\(([\w-]+)\.\w+\)", section, flags=re.MULTILINE))
            if pages:
                source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{pages}\n```\n"


def _public(module: str, pattern: str) -> Iterator[str]:
    """Return directives for everything public of a module whose name matches."""
    package = import_module(module)
    names = [name for name in getattr(package, "__all__", dir(package)) if re.search(pattern, name) and name[0] != "_"]
    kinds: dict[str, list[str]] = {"class": [], "function": [], "exception": [], "data": []}
    for name in names:
        thing = getattr(package, name)
        kind = "exception" if isclass(thing) and issubclass(thing, Exception) else "class" if isclass(thing) else "data"
        kinds["function" if isroutine(thing) else kind].append(name)
    for kind, members in kinds.items():
        for name in members:
            yield f".. auto{kind}:: {module}.{name}\n"
            if isinstance(getattr(package, name), EnumType):
                yield "   :undoc-members:\n"


def _docstring(app: Sphinx, what: Any, name: str, thing: Any, options: Any, lines: list[str]) -> None:  # noqa: PLR0917 - as Sphinx calls it
    """Read a docstring in Google's style; that of an attribute is a sentence, which may have a colon."""
    if what == "module":
        lines.clear()
    if what in {"module", "attribute", "property", "data"}:
        return
    if "    Attributes:" in lines:  # the generator indents them below a summary of two lines
        first = lines.index("    Attributes:")
        lines[first:] = [line.removeprefix("    ") for line in lines[first:]]
    text = re.sub(r"(\w)_(?= \()", r"\1\\_", "\n".join(lines))  # not a link of reStructuredText
    # What is returned is a sentence too, whose type stands in the signature.
    pattern = re.compile(r"^Returns:\n((?: {4}.*(?:\n|$)|\n)+)", flags=re.MULTILINE)
    text = pattern.sub(
        lambda found: f":returns: {re.sub(r' {2,}', ' ', found[1].replace(chr(10), ' ')).strip()}\n\n", text
    )
    config: Any = Config(napoleon_use_ivar=True)  # as its documentation has it; its types want another
    lines[:] = GoogleDocstring(text.splitlines(), config, app, what, name, thing, options).lines()


def _tidy(_app: Sphinx, tree: nodes.document, _name: str) -> None:
    """Write the dash between a parameter and its text as one, but not that of an option, and NAME=@FILE as a text."""
    for address in [found for found in tree.findall(nodes.reference) if found.get("refuri", "").startswith("mailto:")]:
        address.parent.replace(address, address.children)
    for text in [found for found in tree.findall(nodes.Text) if found == " -- "]:
        text.parent.replace(text, nodes.Text(" \N{EN DASH} "))


def _examples(_app: Sphinx, _context: Any, lines: list[str]) -> None:
    """Show the commands in the help of a command as code, which can be copied."""
    shown: list[str] = []
    for line in lines:
        is_code = line.startswith("| ")
        if is_code and not shown[-1:][0].startswith("   "):
            shown += (".. code-block:: sh", "")
        shown.append(f"   {line[2:]}" if is_code else line)
    lines[:] = shown


def _signature(
    _app: Sphinx, _what: str, _name: str, _thing: Any, _options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Show a default that is an object of ours as its call, without what it was made with."""
    plain = (signature or "").replace("= NOTHING", "= ...")  # of attrs, for a value that is made anew
    return re.sub(r"= ([A-Z]\w+)\((?:[^()]|\([^()]*\))*\)", r"= \1()", plain) or signature, returned


def _resolve(app: Sphinx, env: Any, reference: pending_xref, shown: nodes.Element) -> nodes.Element | None:
    """Find a type by its own name among the public ones, and those of Python in its documentation."""
    if reference.get("refdomain") != "py":
        return None
    target: str = reference["reftarget"]
    target = ALIASES.get(target.rpartition(".")[2], target)
    last = target.rpartition(".")[2]
    for module in (*PUBLIC, *INTERNAL):
        found = env.domains["py"].objects.get(f"{module}.{last}")
        if found is not None:
            uri = app.builder.get_relative_uri(reference["refdoc"], found.docname)
            return nodes.reference("", "", shown, internal=True, refuri=f"{uri}#{found.node_id}")
    module = target.rpartition(".")[0]
    if module.partition(".")[0] in sys.stdlib_module_names:
        return nodes.reference("", "", shown, refuri=f"https://docs.python.org/3/library/{module}.html#{target}")
    ours = [loaded for name, loaded in list(sys.modules.items()) if name.startswith("ideogram_ai.")]
    is_internal = reference["reftype"] != "exc" and any(hasattr(loaded, last) for loaded in ours)
    return shown if is_internal else None  # None is a warning: nobody knows it, or it is an error that has no place


def _write_texts(app: Sphinx, failure: Exception | None) -> None:
    """Write the pages as Markdown beside the others, and llms.txt, which lists them."""
    if failure:
        return
    texts = {name: prepare(name) for name in app.env.found_docs if (DOCS / f"{name}.md").exists()}
    for name, text in texts.items():
        texts[name] = re.sub(r"\]\(([\w-]+)\.rst", r"](\1.html", text)
        (app.outdir / f"{name}.md").write_text(texts[name], "utf-8")
    title, _, rest = texts["index"].partition("\n")
    rest = re.sub(r"\]\(([\w-]+\.(?:md|html))\)", rf"]({SITE}/\1)", rest)
    (app.outdir / "llms.txt").write_text(f"{title}\n\n> {METADATA['description']}.\n{rest}", "utf-8")


def setup(app: Sphinx) -> None:
    """Connect all of the above."""
    app.connect("source-read", _read)
    app.connect("autodoc-process-docstring", _docstring)
    app.connect("sphinx-click-process-description", _examples)
    app.connect("autodoc-process-signature", _signature)
    app.connect("doctree-resolved", _tidy)
    app.connect("missing-reference", _resolve)
    app.connect("build-finished", _write_texts)
