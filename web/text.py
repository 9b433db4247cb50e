"""What a text of any kind shows to people."""

import unicodedata

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5")
"""Characters that show nothing although Unicode counts them as letters, marks or symbols."""


def shows_something(text: str) -> bool:
    """Tell whether a text has at least one character that can be seen."""
    return any(character not in _BLANK and unicodedata.category(character)[0] not in "ZC" for character in text)
