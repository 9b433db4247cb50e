"""draw.io's files: `mxfile` with its pages, packed or plain, and the bare `mxGraphModel`."""

from flows.interchange.drawio.reading import read
from flows.interchange.drawio.writing import write

__all__ = ["read", "write"]
