"""What a text shows to people, whatever it names."""

import re
import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
"""Categories that show nothing. Unassigned characters are not among them: they may be newer than our Unicode."""

_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""What Unicode lets a drawing leave out (Default_Ignorable_Code_Point), and the braille pattern without dots."""


def shows_something(text: str) -> bool:
    """Tell whether a text has at least one character that can be seen."""
    return any(
        unicodedata.category(character) not in _INVISIBLE and not _IGNORABLE.match(character) for character in text
    )
