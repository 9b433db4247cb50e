"""What we did not write is what its authors published, with its licence, and nothing else."""

import hashlib
import json
import re
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())


def test_every_file_is_named_with_its_digest() -> None:
    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert found == MANIFEST["files"]


def test_every_package_comes_with_its_licence() -> None:
    for package in MANIFEST["packages"]:
        assert {"name", "version", "licence", "source"} <= package.keys()
        assert f"{package['folder']}/LICENSE" in MANIFEST["files"]


def test_every_icon_that_a_template_or_script_names_is_in_the_sprite() -> None:
    root = VENDOR.parents[1]
    sprite = (VENDOR / "lucide-static-1.62.0" / "sprite.svg").read_text()
    named = set()
    for path in (root / "templates").rglob("*.html"):
        named |= set(re.findall(r'{% icon "([a-z0-9-]+)"', path.read_text()))
        named |= set(re.findall(r"icon_sheet %}#([a-z0-9-]+)", path.read_text()))
    for path in (root / "static" / "js").rglob("*.js"):
        named |= set(re.findall(r'\bicon\("([a-z0-9-]+)"\)', path.read_text()))
        named |= set(re.findall(r'\bentry\("([a-z0-9-]+)"', path.read_text()))
    assert len(named) > 20
    assert [name for name in sorted(named) if f'id="{name}"' not in sprite] == []
