"""Record what Mermaid and Graphviz see: `python -m tests.interchange.reference`, after `install`."""

import json
import os

import django
from playwright.sync_api import sync_playwright

from tests.conftest import CHROMIUM
from tests.interchange.reference.inputs import VECTORS, inputs
from tests.interchange.reference.tools import Tools


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helix.settings")
    django.setup()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tools = Tools(browser)
        found = {
            format: {name: {"text": text, "seen": tools.read(format, text)} for name, text in inputs(format).items()}
            for format in ("dot", "mermaid")
        }
        browser.close()
    VECTORS.write_text(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


main()
