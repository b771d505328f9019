"""Markdown of others as HTML (a model's card, an agreement's text): no raw markup, cleaned, its headings below ours."""

from typing import Final

import nh3
from markdown_it import MarkdownIt

LONGEST: Final = 200_000  # characters that are rendered
TAGS: Final = {
    "a", "blockquote", "br", "code", "dd", "del", "dl", "dt", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "s", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
DEEPEST: Final = 6


def html(text: str, *, below: int = 1) -> str:
    """Safe HTML, its headings ``below`` ours by so many levels. No images: a card may not call other servers."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    tokens = markdown.parse(text[:LONGEST])
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(DEEPEST, int(token.tag[1]) + below)}"
    rendered = markdown.renderer.render(tokens, markdown.options, {})
    return nh3.clean(
        rendered, tags=TAGS, attributes={"a": {"href", "title"}}, url_schemes={"http", "https", "mailto"},
        link_rel="nofollow ugc noopener",
    )  # fmt: skip
