"""What a label of Mermaid says, as plain text.

`#quot;` and `#35;` are Mermaid's own entities. HTML is reduced to its text, marks of Markdown and icons go, and both
`\\n` and an end of a line are one.
"""

import re

from flows.interchange.text import plain_text, unescape_entities

LONGEST = 10_000
_ENTITY = re.compile(r"#(?:(?P<number>[0-9]{1,7})|(?P<name>[A-Za-z][A-Za-z0-9]{1,30}));")
_ICON = re.compile(r"\bfa[a-z]{0,2}:fa-[\w-]{1,60}[ \t]*")
_BREAK = re.compile(r"(?<![ \t])[ \t]*+(?:<br[ \t]*/?>|\\n)[ \t]*", re.IGNORECASE)
_AROUND_BREAK = re.compile(r"(?<![ \t])[ \t]*+\n[ \t]*")
_BLANKS = " \t\n"
_STRONG = re.compile(r"(?<!\s)\*{1,3}|\*{1,3}(?!\s)|(?<!\w)_{1,3}(?=\S)|(?<=\S)_{1,3}(?!\w)")


def label_text(raw: str, *, is_markdown: bool = False) -> str:
    """Return what a label says."""
    text = _AROUND_BREAK.sub("\n", _ICON.sub("", raw[:LONGEST]).strip(_BLANKS))
    text = _BREAK.sub("\n", text)
    if is_markdown:
        text = _STRONG.sub("", text)
    text = plain_text(text, keep_spaces=True) if "<" in text else unescape_entities(text)
    return _ENTITY.sub(_entity, text) if "#" in text else text


def _entity(found: re.Match[str]) -> str:
    code = f"&#{found['number']};" if found["number"] else f"&{found['name']};"
    said = unescape_entities(code)
    return found[0] if said == code else said
