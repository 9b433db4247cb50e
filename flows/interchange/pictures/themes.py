"""The colours of the pages, as plain values: read from `tokens.css`, so that a picture has those of the canvas."""

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

from django.contrib.staticfiles import finders

ThemeName: TypeAlias = Literal["light", "dark"]
TOKEN = re.compile(r"--([\w-]+): light-dark\((rgba\([^)]*\)|#\w+), (rgba\([^)]*\)|#\w+)\)")
RGBA = re.compile(r"rgba\((\d+), (\d+), (\d+), ([\d.]+)\)")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_Three: TypeAlias = tuple[float, float, float]


@lru_cache
def theme(name: ThemeName) -> Mapping[str, str]:
    """Return the colours of a theme by token, as `#rrggbb` or, where they let through, as `#rrggbb` and opacity."""
    found: dict[str, str] = {}
    for token, light, dark in TOKEN.findall(Path(str(finders.find("css/tokens.css"))).read_text()):
        found.setdefault(token, light if name == "light" else dark)
    return found


def paint(colour: str, what: str = "fill") -> str:
    """Return the SVG attributes that paint with a colour of a theme."""
    if match := RGBA.fullmatch(colour):
        red, green, blue, opacity = match.groups()
        return f'{what}="{_hex((int(red), int(green), int(blue)))}" {what}-opacity="{float(opacity):g}"'
    return f'{what}="{colour}"'


@lru_cache(512)
def chip_colours(colour: str, name: ThemeName) -> tuple[str, str]:
    """Return chip and ink of a colour that a person picked, by the recipe of `kinds.css`."""
    behind, share = ("#ffffff", 0.13) if name == "light" else (theme("dark")["node"], 0.22)
    one, other = _bytes(colour), _bytes(behind)
    chip = (_mix(one[0], other[0], share), _mix(one[1], other[1], share), _mix(one[2], other[2], share))
    light, a, b = _oklab(one)
    return _hex(chip), _hex(_inside(min(light, 0.48) if name == "light" else max(light, 0.78), a, b))


def _mix(one: float, other: float, share: float) -> float:
    return one * share + other * (1 - share)


def _bytes(colour: str) -> _Three:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _hex(colour: _Three) -> str:
    return "#" + "".join(f"{min(max(round(part), 0), 255):02x}" for part in colour)


def _oklab(colour: _Three) -> _Three:
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour))
    l = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)  # noqa: E741  (its usual name)
    m = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    s = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return (
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    )


def _inside(light: float, a: float, b: float) -> _Three:
    """Return the colour with this lightness and as much of its chroma as a screen can show."""
    for step in range(20, -1, -1):
        found = _srgb(light, a * step / 20, b * step / 20)
        if all(-0.5 <= part <= 255.5 for part in found):
            return found
    return found


def _srgb(light: float, a: float, b: float) -> _Three:
    l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3  # noqa: E741
    m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
        _gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
        _gamma(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s),
    )


def _gamma(part: float) -> float:
    return 255 * (12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055)
