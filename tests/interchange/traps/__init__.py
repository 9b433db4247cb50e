"""Small inputs for each text format, one for each trap: `=== name` begins one.

A name that begins with `refused` must be refused, one with `tolerated` is what the format's own tool refuses and we
read; everything else both read alike.
"""

from pathlib import Path

_FOLDER = Path(__file__).parent


def traps(format: str) -> dict[str, str]:
    """Return the inputs of a format by name."""
    text = "\n" + (_FOLDER / f"{format}.txt").read_text(encoding="utf-8")
    parts = (part.partition("\n") for part in text.split("\n=== ")[1:])
    return {name: body for name, _newline, body in parts}
