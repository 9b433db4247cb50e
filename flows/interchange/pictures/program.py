"""Draws one picture and writes it to standard output. `apart` runs it as a program; nothing imports it.

resvg keeps Python's lock as long as it draws, which is seconds for a large flow, and both take much memory.
"""

import json
import os
import resource
import sys
from typing import Any

LESS_URGENT = 10


def png(order: dict[str, Any]) -> bytes:
    """Draw an SVG as a PNG."""
    import resvg_py

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=order["svg"],
            width=order["width"],
            height=order["height"],
            skip_system_fonts=True,
            font_files=order["fonts"],
            font_family="Inter",
            sans_serif_family="Inter",
            monospace_family="DejaVu Sans",
        )
    )


def pdf(order: dict[str, Any]) -> bytes:
    """Set a page of Typst."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=order["fonts"])
    return bytes(typst.compile(order["source"].encode(), format="pdf", font_paths=fonts, timestamp=0))


def main() -> None:
    """Read what to draw from standard input, as JSON."""
    order = json.load(sys.stdin.buffer)
    os.nice(LESS_URGENT)
    resource.setrlimit(resource.RLIMIT_CPU, (order["seconds"], order["seconds"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write({"png": png, "pdf": pdf}[order["kind"]](order))


if __name__ == "__main__":
    main()
