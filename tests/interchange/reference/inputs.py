"""What the tools are asked about: the corpus, the traps, and files that we write."""

from pathlib import Path

from tests.interchange.reading import write
from tests.interchange.samples import all_kinds, odd_labels
from tests.interchange.traps import traps

CORPUS = Path(__file__).parents[1] / "corpus"
VECTORS = Path(__file__).parents[2] / "vectors" / "interchange_text.json"

REFUSED = ("refused", "tolerated", "corpus: lint_no_diagram", "corpus: lint_unquoted")
"""How names begin of what the tools refuse."""

MARKUP_SHOWN = ("corpus: pydot_hash.gv", "corpus: pydot_html_labels.gv")
"""Files with names in angle brackets: Graphviz draws their tags, a flow has what they say."""


def exports(format: str) -> dict[str, str]:
    """Return what we write, by name."""
    return {f"export: {flow.__name__}": write(format, flow())[0] for flow in (all_kinds, odd_labels)}


def inputs(format: str) -> dict[str, str]:
    """Return all texts of a format, by name."""
    files = {f"corpus: {path.name}": path.read_text(encoding="utf-8") for path in sorted((CORPUS / format).iterdir())}
    return files | traps(format) | exports(format)
