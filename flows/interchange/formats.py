"""The formats that flows come from and go to: one row each, and each read and written by a module of its own.

A module is imported when its format is first used: an export to PDF loads what sets type, and nothing else does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, TypeAlias, cast

from flows.interchange.budget import Budget
from flows.interchange.neutral import ExportedFlow, NeutralFlow
from flows.interchange.report import Report

Reader: TypeAlias = Callable[[bytes, Budget, Report], NeutralFlow]
Writer: TypeAlias = Callable[..., bytes]
"""Takes the flow and a report; those of pictures also `theme` and `scale`."""

ReadableName: TypeAlias = Literal["json", "yaml", "mermaid", "dot", "drawio", "reactflow", "n8n", "nodered"]
PictureName: TypeAlias = Literal["svg", "png", "pdf"]
FormatName: TypeAlias = ReadableName | PictureName
Theme: TypeAlias = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Format:
    """One format. `module` has `read` and `write`, that of a picture only `write`; `ending` is that of its files.

    What stands in one of our `own` formats comes back to the letter, but for secrets in labels and descriptions.
    """

    name: FormatName
    title: str
    ending: str
    content_type: str
    module: str
    is_own: bool = False
    is_picture: bool = False

    @property
    def read(self) -> Reader:
        """What makes a neutral flow of a file's bytes."""
        return cast(Reader, self._function("read"))

    @property
    def write(self) -> Writer:
        """What makes a file's bytes of a flow."""
        return cast(Writer, self._function("write"))

    def _function(self, name: str) -> Any:
        return getattr(import_module(f"{__package__}.{self.module}"), name)


_ALL = (
    Format("json", "JSON", "json", "application/json", "json_format", is_own=True),
    Format("yaml", "YAML", "yaml", "application/yaml", "yaml_format", is_own=True),
    Format("mermaid", "Mermaid", "mmd", "text/vnd.mermaid", "mermaid"),
    Format("dot", "Graphviz DOT", "dot", "text/vnd.graphviz", "dot"),
    Format("drawio", "draw.io", "drawio", "application/vnd.jgraph.mxfile", "drawio"),
    Format("reactflow", "React Flow", "json", "application/json", "reactflow"),
    Format("n8n", "n8n", "json", "application/json", "n8n"),
    Format("nodered", "Node-RED", "json", "application/json", "nodered"),
    Format("svg", "SVG", "svg", "image/svg+xml", "pictures.svg", is_picture=True),
    Format("png", "PNG", "png", "image/png", "pictures.png", is_picture=True),
    Format("pdf", "PDF", "pdf", "application/pdf", "pictures.pdf", is_picture=True),
)

FORMATS: Mapping[str, Format] = {format.name: format for format in _ALL}


def readable() -> Mapping[str, Format]:
    """Return the formats that can be read."""
    return {name: format for name, format in FORMATS.items() if not format.is_picture}


__all__ = ["FORMATS", "ExportedFlow", "Format", "FormatName", "PictureName", "ReadableName", "Theme", "readable"]
