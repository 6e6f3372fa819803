"""
HTML that is built, never pasted: whatever is not markup already becomes text on the way in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from ._text import command, printable

_VOID = frozenset({"meta", "link", "br"})


class Markup(str):
    """
    HTML that this module has made: the only text that is not escaped.
    """

    __slots__ = ()


NOTHING = Markup("")


def tag(name: str, /, *inside: object, **attributes: object) -> Markup:
    """
    An element. An attribute that is None or False is left out; `class_` is `class`, `aria_label` is `aria-label`.

    >>> tag("p", "1 < 2 ", tag("b", "&"), class_="note")
    '<p class="note">1 &lt; 2 <b>&amp;</b></p>'
    """
    opened = f"<{name}{''.join(_attribute(*pair) for pair in attributes.items())}>"
    if name in _VOID:
        return Markup(opened)
    return Markup(f"{opened}{joined(*inside)}</{name}>")


def joined(*parts: object) -> Markup:
    """
    Parts one after the other: markup as it is, anything else as text.
    """
    return Markup("".join(part if isinstance(part, Markup) else escape(printable(part)) for part in parts))


def spaced(*parts: object) -> Markup:
    """
    Parts with a space between them.
    """
    return Markup(" ".join(joined(part) for part in parts))


def verbatim(text: str) -> Markup:
    """
    Text with every space that was in it.
    """
    return Markup(escape(command(text)))


def raw(name: str, content: str, /, **attributes: object) -> Markup:
    """
    An element whose content no browser takes for HTML: a script or a style sheet, which must not contain its own end.

    Raises ValueError when it does.
    """
    if f"</{name}" in content.lower() or "<!--" in content:
        raise ValueError(f"this would end its own <{name}>")
    return Markup(f"<{name}{''.join(_attribute(*pair) for pair in attributes.items())}>{content}</{name}>")


def table(header: Sequence[object], rows: Iterable[Sequence[object]], *, caption: str, class_: str = "") -> Markup:
    """
    A table whose first column names its rows, in a region of its own that a keyboard can scroll.
    """
    head = tag("tr", *(tag("th", cell, scope="col") for cell in header))
    body = [tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows]
    inside = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body), class_=class_ or None)
    return tag("div", inside, class_="scroll", role="region", aria_label=caption, tabindex=0)


def bullets(sentences: Iterable[object]) -> Markup:
    """
    A list.
    """
    return tag("ul", *(tag("li", sentence) for sentence in sentences))


def _attribute(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    shown = name.rstrip("_").replace("_", "-")
    return f" {shown}" if value is True else f' {shown}="{escape(printable(value))}"'
